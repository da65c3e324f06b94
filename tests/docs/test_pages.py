"""What the pages say exists: links, files, commands, settings, metrics, models, protocols."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from flows.cli.commands import COMMANDS
from pipelines.blend.hybrid import MEMBERS
from pipelines.choice.evaluation.split import PROTOCOLS
from pipelines.settings import Settings
from pipelines.settings_names import PREFIX, known_variables
from tests.flows.conftest import published, published_folder
from warehouse.query import ask, open_releases

__all__ = ["published", "published_folder"]

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "playbill_client/README.md")]
PAGES += sorted((ROOT / "docs").glob("*.md"))
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
ROOMS = ("flows/", "pipelines/", "serving/", "warehouse/", "tests/", "bench/", "docs/", "playbill_client/")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """Return the anchors that a page's headings have on GitHub."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name: str) -> None:
    page, wrong = ROOT / name, []
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(name)):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            wrong.append(target)
    assert wrong == []


@pytest.mark.parametrize("name", NAMES)
def test_files_that_are_named_exist(name: str) -> None:
    named = re.findall(r"`((?:\w+/)+[\w.\-]+\.(?:py|sql|toml|md|jsonl|ipynb|svg))`", text_of(name))
    wrong = [path for path in named if path.startswith(ROOMS) and "*" not in path and not (ROOT / path).exists()]
    assert wrong == []


@pytest.mark.parametrize("name", NAMES)
def test_commands_and_settings_that_are_named_exist(name: str) -> None:
    text = text_of(name)
    commands = set(re.findall(r"(?:`|\.venv/bin/|^)playbill ([a-z][a-z-]+)", text, re.MULTILINE))
    assert commands - set(COMMANDS) == set()
    known = set(known_variables(Settings))
    settings = {one.rstrip("_") for one in re.findall(rf"\b{PREFIX}[A-Z_]+[A-Z]\b", text)}
    beginnings = {variable.partition("__")[0] for variable in known}
    assert {one for one in settings if one not in known | beginnings} == set()


def test_the_rooms_hold_what_the_architecture_names() -> None:
    rows = re.findall(r"^\| `([\w/]+/)`[^|]*\| ([^|]+) \|", text_of("ARCHITECTURE.md"), re.MULTILINE)
    assert len(rows) > 12
    for room, what in rows:
        known = {path.name.removesuffix(".py") for path in (ROOT / room).rglob("*") if path.suffix in ("", ".py")}
        named = {name.strip("/") for name in re.findall(r"`(\w+(?:\.py)?/?)`", what)}
        assert {name.removesuffix(".py") for name in named} - known == set(), room
    rooms = {room.split("/")[1] for room, _ in rows if room.startswith("pipelines/")}
    packages = {path.parent.name for path in (ROOT / "pipelines").glob("*/__init__.py")}
    assert packages - rooms == {"recipes"} & packages


def test_every_page_is_linked_from_the_readme_or_another_page() -> None:
    linked = "".join(text_of(name) for name in NAMES)
    pages = sorted(page.name for page in (ROOT / "docs").glob("*.md"))
    assert [page for page in pages if f"{page})" not in linked and f"{page}#" not in linked] == []


def table_names(text: str, heading: str) -> list[str]:
    """Return the names in the first column of the table under a heading."""
    section = text.partition(f"## {heading}")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([\w-]+)`", cell)]


def test_evaluation_has_every_protocol_and_metric(published: list[str], run_settings: Settings) -> None:
    text = text_of("docs/evaluation.md")
    assert table_names(text, "Protocols") == list(PROTOCOLS)
    with open_releases(run_settings.folder) as con:
        measured = {name for (name,) in ask(con, "SELECT DISTINCT metric FROM model_metrics").rows}
    assert set(table_names(text, "Metrics")) == measured | {"rmse", "mae"}


def test_models_has_every_model() -> None:
    text = text_of("docs/models.md")
    sections = re.findall(r"^## (\w+)", text, re.MULTILINE)
    assert set(sections) >= {*MEMBERS, "hybrid"}
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        if section.split()[0] in {*MEMBERS, "hybrid"}:
            for part in ("**Paper.**", "**Cost.**", "**When.**"):
                assert part in section, (section.split()[0], part)


def test_operations_watches_what_is_measured() -> None:
    from serving.metrics import Metrics

    page = generate_latest(Metrics(None).registry).decode()
    measured = set(re.findall(r"^# TYPE (playbill_\w+)", page, re.MULTILINE))
    named = set(re.findall(r"`(playbill_[a-z_]+)", text_of("docs/operations.md"))) - {"playbill_client"}
    assert named
    assert named - measured == set()


def test_readme_s_figures_of_the_hybrid_are_those_of_the_table() -> None:
    readme, table = (ROOT / "README.md").read_text(), (ROOT / "docs" / "evaluation-table.md").read_text()
    cells = re.findall(r"^\| ([\w-]+) \| `([\w-]+)` \S+ \| \d+ \| (0\.\d{4}) ", table, re.MULTILINE)
    measured = {(name, protocol): float(value) for name, protocol, value in cells}
    told = re.findall(r"^\| ([\w-]+), `([\w-]+)`, .* \*\*(0\.\d+)\*\* \|$", readme, re.MULTILINE)
    assert len(told) == 4
    for name, protocol, value in told:
        assert abs(measured[name.lower(), protocol] - float(value)) <= 0.0005 + 1e-9
    above = sum(line.endswith("| above |") for line in table.splitlines())
    assert f"for certain in {above}, and below it in none" in " ".join(readme.split())
    assert not any(line.endswith("| below |") for line in table.splitlines())
