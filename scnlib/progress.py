"""A bar for long work on files and faces, for a person who watches and for a log."""

import builtins
import os
import sys
from typing import TextIO

from tqdm import tqdm

from scnlib.distributed import rank


def stream() -> TextIO:
    """Where bars go: to stderr, so that stdout holds results; in a notebook, which paints stderr red, to stdout."""
    return sys.stdout if hasattr(builtins, "__IPYTHON__") else sys.stderr


def bar(total: int, what: str, unit: str, before: int = 0) -> tqdm:
    """A progress bar; where ``SCN_HEADLESS`` says that nobody watches, a line every half minute.

    Args:
        total: how many are to be done now.
        before: how many an earlier call did.
    """
    pause = 30 if os.environ.get("SCN_HEADLESS") else 0.2
    done = f" ({before:,} done before)" if before else ""
    return tqdm(
        total=total, desc=f"{what}{done}", unit=unit, file=stream(), mininterval=pause, maxinterval=2 * pause,
        disable=rank() > 0,
    )  # fmt: skip
