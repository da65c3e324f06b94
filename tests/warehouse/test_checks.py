"""What a check tells of the rows that offend it: never whose they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.people.identity import SQL_MACROS
from pipelines.sources.movielens.landing import land_movielens
from tests.conftest import SetMaker
from warehouse.build import build_warehouse, read_sql
from warehouse.builds import building
from warehouse.checks import Finding, check_all, run_checks, stop_on_errors
from warehouse.contracts.release import RELEASE_TABLES
from warehouse.db import connect
from warehouse.errors import QualityError
from warehouse.folder import DataFolder

SOMEBODY = "ml_770077"


def found_by(findings: list[Finding]) -> dict[str, str | None]:
    return {finding.check_name: finding.example for finding in findings if not finding.ok}


def test_an_example_of_the_warehouse_names_nobody(make_set: SetMaker, tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    batch = land_movielens(make_set(), folder)
    with building(folder) as home:
        build_warehouse(
            home, folder, {"movielens": folder.batches("movielens") / batch.batch_id}, macros=SQL_MACROS
        )  # fmt: skip
    with connect(folder.warehouse_file) as con:
        for _ in range(2):
            con.execute(
                "INSERT INTO fct_interactions BY NAME "
                "SELECT ? AS user_id, 501 AS movie_id, 9.0 AS rating, ['movielens'] AS sources, "
                "TIMESTAMPTZ '2999-01-01 00:00:00+00' AS rated_at",
                [SOMEBODY],
            )
    findings = run_checks(folder.warehouse_file)
    examples = found_by(findings)
    assert examples["duplicate_interactions"] == '{"movie_id": 501, "found": 2}'
    assert examples["rating_out_of_range"] == '{"movie_id": 501, "rating": 9.0}'
    assert '"movie_id": 501, "rated_at": "2999-' in str(examples["rated_in_the_future"])
    assert SOMEBODY not in str(findings)
    with pytest.raises(QualityError) as stopped:
        stop_on_errors(findings)
    assert SOMEBODY not in str(stopped.value)


def test_an_example_that_is_a_person_and_nothing_else_is_none() -> None:
    with connect() as con:
        for relation in RELEASE_TABLES.values():
            con.execute(relation.create_sql)
        for view in read_sql("release"):
            con.execute(f'CREATE VIEW "{view.name}" AS {view.query}')
        columns = RELEASE_TABLES["histories"].columns
        con.execute(
            f"INSERT INTO histories VALUES ({', '.join('?' for _ in columns)})",
            [
                SOMEBODY if column.name == "user_id" else (0 if column.name == "fingerprint" else [])
                for column in columns
            ],
        )
        con.execute("SET VARIABLE list_length = 10")
        findings = check_all(con, "release_checks")
    assert found_by(findings) == {"people_without_a_list": None}
    with pytest.raises(QualityError, match=r"people_without_a_list: 1 row; everybody with a history is promised"):
        stop_on_errors(findings)


@pytest.mark.parametrize(("stars", "offending"), [(2.0, 1), (0.5, 1), (2.5, 0)])
def test_a_reason_that_cites_a_dislike_stops_a_release(stars: float, offending: int) -> None:
    with connect() as con:
        for relation in RELEASE_TABLES.values():
            con.execute(relation.create_sql)
        for view in read_sql("release"):
            con.execute(f'CREATE VIEW "{view.name}" AS {view.query}')
        con.execute(
            "INSERT INTO histories BY NAME SELECT 'a' AS user_id, [1, 2] AS movie_ids, [5.0, ?] AS ratings, "
            "[1, 1] AS weights, [now(), now()] AS rated_at, ['movielens', 'movielens'] AS sources, 0 AS fingerprint",
            [stars],
        )
        con.execute(
            "INSERT INTO recommendation_lists BY NAME SELECT 'a' AS user_id, [3, 4, 5] AS movie_ids, [3, 2, 1] AS "
            "scores, ['hybrid', 'hybrid', 'popular'] AS sources, now() AS generated_at, "
            "[[{movie_id: 1, share: 1.0}], [{movie_id: 1, share: 0.6}, {movie_id: 2, share: 0.4}], []] AS because"
        )
        con.execute("SET VARIABLE list_length = 3")
        findings = {finding.check_name: finding for finding in check_all(con, "release_checks")}
    assert findings["reasons_that_cite_a_dislike"].rows_found == offending
    assert findings["reasons_that_cite_a_dislike"].severity == "error"
