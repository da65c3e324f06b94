"""What every source gives back: the batch that it landed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from warehouse.errors import TooManyBadRowsError, WarehouseError


@dataclass(frozen=True)
class Batch:
    """One landed batch: a folder ``lake/<source>/<batch_id>/`` that never changes.

    Attributes
    ----------
    source, dataset, batch_id : str
    ratings, films : int
        Rows landed.
    bad_rows : int
        Rows kept aside in the quarantine, over all files.
    reasons : dict of str to int
        Bad rows by reason.
    new : bool
        False when the same content had landed before.
    """

    source: str
    dataset: str
    batch_id: str
    ratings: int
    films: int
    bad_rows: int
    reasons: dict[str, int]
    new: bool

    def write(self, folder: Path) -> None:
        """Put the batch's own record beside its files."""
        text = json.dumps({**asdict(self), "new": False}, indent=1, ensure_ascii=False)
        (folder / "batch.json").write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Batch:
        """Read the record of a batch that has landed before.

        Raises
        ------
        WarehouseError
            If it cannot be read.
        """
        try:
            return cls(**json.loads((folder / "batch.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise WarehouseError(
                f"{folder}/batch.json cannot be read ({error}); delete the folder, run again"
            ) from error


def check_share(what: str, bad_rows: int, rows: int, allowed: float, *, first: str, kept_in: Path) -> None:
    """Refuse a source of which more is unusable than is let through: one rule for all of them.

    Parameters
    ----------
    what : str
        The file or table, as the reader knows it.
    bad_rows, rows : int
        Unusable rows, and all rows with them.
    allowed : float
        Share of the rows that may be unusable, 0 to 1 (``quality.max_bad_share``).
    first : str
        ``line 7: not JSON``, without anything of the row.
    kept_in : Path
        Where the unusable rows are.

    Raises
    ------
    TooManyBadRowsError
        If the share is larger.
    """
    share = bad_rows / max(1, rows)
    if share > allowed:
        raise TooManyBadRowsError(
            f"{what}: {bad_rows:,} of {rows:,} rows are unusable ({share:.2%}, allowed {allowed:.2%}); first {first}; "
            f"they are in {kept_in}; mend the source, or raise PLAYBILL_QUALITY__MAX_BAD_SHARE for one run"
        )
