"""Recipes: what ships is valid, and one setting can be laid over another."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pipelines.blend.catalogue import MODELS
from pipelines.choice.recipes import RECIPES, make_model, merge, read_file, read_recipe, to_toml
from warehouse.errors import ConfigError, UnknownModelError

SHIPPED = sorted(RECIPES.glob("*.toml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_recipe_makes_its_model(path: Path) -> None:
    name, _, protocol = path.stem.partition(".")
    model = make_model(name, protocol=protocol or None)
    written = tomllib.loads(path.read_text(encoding="utf-8"))
    for key, value in written.items():
        found = model.config.model_dump(mode="json")[key]
        if isinstance(value, dict):
            assert found | value == found
        else:
            assert found == value


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_recipe_says_where_it_comes_from(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("# ")


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_model_can_be_made_for_every_protocol(name: str) -> None:
    for protocol in (None, "next", "last-out", "stratified", "temporal", "strong"):
        assert make_model(name, protocol=protocol).name == name


def test_a_protocols_own_file_replaces_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "ease.toml").write_text("regularization = 1.0\nmax_items = 7\n")
    (tmp_path / "ease.stratified.toml").write_text("regularization = 2.0\n")
    assert read_recipe("ease", "stratified", (tmp_path,)) == {"regularization": 2.0}
    assert read_recipe("ease", "next", (tmp_path,)) == {"regularization": 1.0, "max_items": 7}
    assert read_recipe("als", "next", (tmp_path,)) == {}


def test_the_hybrids_members_bring_their_recipes(tmp_path: Path) -> None:
    (tmp_path / "ease.toml").write_text("regularization = 1.0\n")
    (tmp_path / "hybrid.toml").write_text("[weights]\nease = 1.0\n[members.ease]\nmax_items = 7\n")
    model = make_model("hybrid", folders=(tmp_path,))
    assert model.members["ease"].config.regularization == 1.0
    assert model.members["ease"].config.max_items == 7
    assert set(model.members) == {"content", "covisitation", "ease"}


def test_members_that_only_tell_of_likeness_bring_their_recipes_too(tmp_path: Path) -> None:
    (tmp_path / "content.toml").write_text("neighbours = 9\n")
    (tmp_path / "hybrid.toml").write_text("[weights]\nease = 1.0\n")
    assert make_model("hybrid", folders=(tmp_path,)).members["content"].config.neighbours == 9


def test_values_are_laid_over_tables() -> None:
    values = {"a": 1, "t": {"x": 1, "y": 2}}
    assert merge(values, {"t.x": 5, "b": 2}) == {"a": 1, "b": 2, "t": {"x": 5, "y": 2}}
    assert merge(values, {"t": {"y": 9}, "u.v.w": 3}) == {"a": 1, "t": {"x": 1, "y": 9}, "u": {"v": {"w": 3}}}
    assert values == {"a": 1, "t": {"x": 1, "y": 2}}


def test_single_values_can_be_set() -> None:
    model = make_model("als", {"factors": 3, "history.decay": 0.5})
    assert (model.config.factors, model.config.history.decay) == (3, 0.5)


def test_toml_is_read_back_as_it_was(tmp_path: Path) -> None:
    values = {"a": 0.1 + 0.2, "on": True, "name": 'say "hi"', "list": [1, 2], "t": {"x": 1e-4, "deep": {"y": 3}}}
    (tmp_path / "als.toml").write_text(to_toml(values, "one\ntwo"))
    assert read_file("als", None, (tmp_path,)) == {**values, "a": 0.3}


def test_mistakes_are_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownModelError, match="'alz'"):
        make_model("alz")
    with pytest.raises(ConfigError, match="factorz"):
        make_model("als", {"factorz": 3})
    with pytest.raises(ConfigError, match=r"history\.decay"):
        make_model("als", {"history.decay": 7})
    (tmp_path / "als.toml").write_text("factors = = 3")
    with pytest.raises(ConfigError, match=r"als\.toml"):
        read_recipe("als", folders=(tmp_path,))


def test_a_channels_weight_is_set_written_and_read_by_its_name(tmp_path: Path) -> None:
    weights = {"ease": 1.0, "ease.likes": 0.5, "covisitation.last": 0.25}
    laid = merge({"weights": {"ease": 1.0, "ease.likes": 0.1}}, {"weights.ease.likes": 0.5})
    assert merge(laid, {"weights": {"covisitation.last": 0.25}}) == {"weights": weights}
    (tmp_path / "hybrid.toml").write_text(to_toml({"weights": weights, "members": {"ease": {"max_items": 7}}}))
    assert read_recipe("hybrid", None, (tmp_path,))["weights"] == weights
    assert make_model("hybrid", {"weights.ease.likes": 2.0}, folders=(tmp_path,)).config.weights["ease.likes"] == 2
