"""Numbers in sentences."""


def counted(number: int, thing: str, things: str = "") -> str:
    """``1 face``, ``1,204 faces``.

    Args:
        things: several of them, where that is not ``thing`` with an s.
    """
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"
