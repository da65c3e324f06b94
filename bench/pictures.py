"""What README and the tour show, made from a real run of the sample: ``python -m bench.pictures``.

Writes ``docs/list.svg``, somebody's list as the terminal shows it, and the outputs of ``docs/tour.ipynb``.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from flows.cli.lists import list_table
from flows.cli.printable import PlainConsole
from pipelines.settings import load_settings
from warehouse.folder import DataFolder
from warehouse.query import open_releases

DOCS = Path(__file__).resolve().parents[1] / "docs"
PERSON, SHOWN, WIDTH = "sample_10", 10, 132
FONTS = re.compile(r"@font-face \{\{.*?\}\}\s*", re.DOTALL)
"""rich's pictures name fonts on a server; a picture in a README asks nobody."""


def draw() -> None:
    """Run the sample in a folder that goes away, and write both."""
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"PLAYBILL_DATA_DIR": f"{home}/data", "PLAYBILL_MLRUNS_DIR": f"{home}/mlruns"}
        command = [sys.executable, "-c", "from flows.cli import main; main()", "run", "--quiet"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (DOCS / "list.svg").write_text(picture(load_settings().folder), encoding="utf-8")
        run_notebook(DOCS / "tour.ipynb", write=True)


def picture(folder: DataFolder) -> str:
    """Return somebody's list as a picture of a terminal, SVG."""
    from rich._export_format import CONSOLE_SVG_FORMAT

    with open_releases(folder) as con:
        console = PlainConsole(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
        console.print(list_table(con, PERSON, SHOWN))
    plain = FONTS.sub("", CONSOLE_SVG_FORMAT)
    return console.export_svg(title=f"playbill recommend {PERSON}", code_format=plain, unique_id="list")


def run_notebook(path: Path, *, write: bool) -> None:
    """Run a notebook from its first cell to its last, in the environment of this process.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell fails.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    resources = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources).execute()
    if write:
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)
            if cell.cell_type == "code":  # what libraries say on standard error names this machine's folders
                cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    draw()
