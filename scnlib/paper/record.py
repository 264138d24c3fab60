"""One number of a paper, with the place it was read from. Nothing here comes from memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

STATUSES = ("printed", "derived", "not reported", "not legible")


@dataclass(frozen=True)
class Published:
    """A cell of a published table.

    Attributes:
        table: paper and number, ``"scn-2"``, ``"lrn-1"``, ``"scn-fig5"``; numbers in running text are ``"scn-text"``.
        row, column: the paper's labels, spelled out.
        value: accuracy in percent (mean class accuracy on AffectNet), gains in points; None where there is no number.
        status: ``"printed"``: legible in a source. ``"derived"``: computed from printed numbers, the note says how.
            ``"not reported"``: the paper's cell is empty. ``"not legible"``: no source shows the number.
        place: where it stands.
        note: derivation, marker or trap; may be empty.
    """

    table: str
    row: str
    column: str
    value: float | None
    status: str
    place: str
    note: str = ""

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"{self.table}, {self.row}, {self.column}: status {self.status!r} is none of {STATUSES}")
        if (self.value is None) != (self.status in ("not reported", "not legible")):
            raise ValueError(f"{self.table}, {self.row}, {self.column}: {self.status} with the value {self.value}")


def printed(
    table: str,
    place: str,
    columns: Sequence[str],
    rows: Mapping[str, Sequence[float | None]],
    notes: Mapping[tuple[str, str], str] | None = None,
) -> tuple[Published, ...]:
    """The cells of a legible table, row by row; None is a cell that the paper left empty.

    Args:
        table, place: of every cell.
        columns: the labels of the columns.
        rows: label of a row -> its values, one for each column.
        notes: (row, column) -> note.

    Raises:
        ValueError: if a row has more or fewer values than there are columns.
    """
    return tuple(
        Published(
            table=table,
            row=row,
            column=column,
            value=value,
            status="not reported" if value is None else "printed",
            place=place,
            note=(notes or {}).get((row, column), ""),
        )
        for row, values in rows.items()
        for column, value in zip(columns, values, strict=True)
    )


def points(larger: float, smaller: float) -> float:
    """``larger - smaller`` rounded to the two decimals that the papers print."""
    return round(larger - smaller, 2)
