"""docs/tour.ipynb runs from its first cell to its last, and README's picture is of the command as it is."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest

from flows.cli.lists import list_table
from pipelines.settings import Settings
from pipelines.sources.sample.films import load_films
from tests.flows.conftest import published, published_folder
from warehouse.query import open_releases

__all__ = ["published", "published_folder"]

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_tour_runs(published: list[str], run_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from bench.pictures import run_notebook

    monkeypatch.setenv("PLAYBILL_DATA_DIR", str(run_settings.data_dir))
    monkeypatch.setenv("PLAYBILL_MLRUNS_DIR", str(run_settings.mlruns_dir))
    monkeypatch.setenv("PYTHONPATH", str(DOCS.parent))
    before = (DOCS / "tour.ipynb").read_bytes()
    run_notebook(DOCS / "tour.ipynb", write=False)
    assert (DOCS / "tour.ipynb").read_bytes() == before


def test_the_tour_as_it_is_kept_has_run() -> None:
    cells = [cell for cell in json.loads((DOCS / "tour.ipynb").read_text())["cells"] if cell["cell_type"] == "code"]
    assert len(cells) >= 6
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr" or "site-packages" in json.dumps(output)]


def test_the_picture_is_of_the_command(published: list[str], run_settings: Settings) -> None:
    picture = (DOCS / "list.svg").read_text(encoding="utf-8")
    text = unescape(" ".join(re.findall(r"<text[^>]*>([^<]*)</text>", picture))).replace("\xa0", " ")
    with open_releases(run_settings.folder) as con:
        columns = [str(column.header) for column in list_table(con, "ml_1", 3).columns]
    for column in columns:
        assert column in text
    known = set(load_films()["title"].to_pylist())
    shown = re.findall(r"│\s*\d+\s*│\s*(.+?) \(\d{4}\)", text)
    assert len(shown) == 10
    assert [title for title in shown if title not in known] == []
    assert "http" not in picture.replace("http://www.w3.org", "").replace("https://www.textualize.io", "")
    assert len(picture) < 60_000
