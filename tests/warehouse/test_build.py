from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.people.identity import SQL_MACROS
from pipelines.sources.movielens.landing import land_movielens
from tests.conftest import RATINGS_HEADER, SetMaker
from warehouse.build import SqlFile, build_warehouse, in_order, read_sql
from warehouse.builds import building
from warehouse.checks import Finding, run_checks, stop_on_errors
from warehouse.columns import Relation, integer
from warehouse.db import connect
from warehouse.errors import ContractError, QualityError, WarehouseError
from warehouse.folder import DataFolder

RATINGS = f"{RATINGS_HEADER}\n1,10,4.0,100\n1,20,3.0,200\n1,30,5.0,300\n2,10,2.5,50\n2,40,1.0,60\n3,20,4.5,70\n"
MOVIES = (
    "movieId,title,genres\n"
    '10,"Godfather, The (1972)",Crime|Drama\n20,Twin Film (1999),Comedy\n30,Twin Film again (1999),Comedy\n'
    "40,Unlinked (2001),Drama\n"
)
LINKS = "movieId,imdbId,tmdbId\n10,0068646,238\n20,0000020,77\n30,0000030,77\n40,0000040,\n"


@pytest.fixture
def built(make_set: SetMaker, tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    batch = land_movielens(make_set(ratings_csv=RATINGS, movies_csv=MOVIES, links_csv=LINKS), folder)
    rebuild(folder, {"movielens": folder.batches("movielens") / batch.batch_id})
    return folder


def rebuild(folder: DataFolder, batches: dict[str, Path]) -> None:
    with building(folder) as home:
        build_warehouse(home, folder, batches, macros=SQL_MACROS)


def rows(folder: DataFolder, query: str) -> list[tuple[object, ...]]:
    with connect(folder.warehouse_file, read_only=True) as con:
        return con.execute(query).fetchall()


def test_two_films_of_one_tmdb_id_are_merged_and_the_later_rating_counts(built: DataFolder) -> None:
    query = "SELECT user_id, movie_id, rating FROM fct_interactions ORDER BY ALL"
    assert rows(built, query) == [("ml_1", 77, 5.0), ("ml_1", 238, 4.0), ("ml_2", 238, 2.5), ("ml_3", 77, 4.5)]
    assert rows(built, "SELECT movielens_id, title, year, imdb_id FROM dim_movies ORDER BY movie_id") == [
        (20, "Twin Film", 1999, "tt0000020"),
        (10, "The Godfather", 1972, "tt0068646"),
    ]


def test_every_dropped_rating_is_counted(built: DataFolder) -> None:
    assert rows(built, "SELECT reason, ratings FROM mart_dropped_ratings ORDER BY ALL") == [
        ("a later rating of the same film replaces it", 1),
        ("film has no TMDB id", 1),
    ]


def test_a_films_ratings_by_hand(built: DataFolder) -> None:
    # film 238: 4 and 2.5 stars
    assert rows(built, "SELECT ratings, mean_rating FROM mart_movie_stats WHERE movie_id = 238") == [(2, 3.25)]


def test_a_profile_names_what_somebody_likes(built: DataFolder) -> None:
    found = rows(built, "SELECT ratings, top_genres, top_directors FROM mart_user_profiles WHERE user_id = 'ml_1'")
    assert found == [(2, ["Comedy", "Crime", "Drama"], [])]


def test_the_mapping_is_a_ledger_that_a_later_run_does_not_override(built: DataFolder, make_set: SetMaker) -> None:
    changed = LINKS.replace("10,0068646,238", "10,0068646,999").replace("40,0000040,", "40,0000040,400")
    batch = land_movielens(make_set(ratings_csv=RATINGS, movies_csv=MOVIES, links_csv=changed), built)
    rebuild(built, {"movielens": built.batches("movielens") / batch.batch_id})
    found = rows(built, "SELECT movielens_id, movie_id FROM dim_tmdb_mapping ORDER BY ALL")
    assert found == [(10, 238), (20, 77), (30, 77), (40, 400)]


def test_all_checks_pass_on_good_data(built: DataFolder) -> None:
    bad = {finding.check_name for finding in run_checks(built.warehouse_file) if not finding.ok}
    # in so small a set one dropped film of four and two people of three with one rating are worth a warning
    assert bad == {"many_dropped_ratings", "people_with_one_rating"}


def test_an_empty_warehouse_stops_the_run(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    rebuild(folder, {})
    with pytest.raises(QualityError, match="no_interactions"):
        stop_on_errors(run_checks(folder.warehouse_file))


def test_a_warning_does_not_stop() -> None:
    stop_on_errors([Finding("x", "warn", "why", 3, "{}"), Finding("y", "error", "why", 0, None)])


def test_sql_files_come_after_what_they_read() -> None:
    names = [file.name for file in in_order(read_sql("staging") + read_sql("core") + read_sql("marts"))]
    assert names.index("stg_movielens_ratings") < names.index("int_ratings") < names.index("fct_interactions")
    with pytest.raises(ContractError, match="no_such_thing"):
        in_order([SqlFile("a", {"upstream": "no_such_thing"}, "SELECT 1")])


def test_a_relation_that_differs_from_its_contract_is_named() -> None:
    relation = Relation("t", "a test", "a row", ("a",), (integer("a", "first"), integer("b", "second")))
    with connect() as con:
        con.execute("CREATE TABLE t (a INTEGER, b VARCHAR)")
        with pytest.raises(ContractError, match="b VARCHAR where its contract says b INTEGER"):
            relation.check(con)
        con.execute("CREATE OR REPLACE TABLE t (a INTEGER)")
        with pytest.raises(ContractError, match="nothing"):
            relation.check(con)
        con.execute("CREATE OR REPLACE TABLE t (a INTEGER, b INTEGER)")
        relation.check(con)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    path.write_text("not a database")
    with pytest.raises(WarehouseError, match=r"x\.duckdb cannot be opened"), connect(path, read_only=True):
        pass
    with pytest.raises(WarehouseError, match="playbill run"), connect(tmp_path / "none.duckdb", read_only=True):
        pass
