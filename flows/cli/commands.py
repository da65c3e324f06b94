"""Every command by purpose; a command's module is loaded when the command is used, so that help is there at once.

A new command is registered in its module and named here; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from warehouse.errors import ConfigError


@dataclass(frozen=True)
class Entry:
    """A command: the module of ``flows.cli`` that registers it, and its line in the help."""

    module: str
    line: str


GROUPS: dict[str, dict[str, Entry]] = {
    "Make a release": {
        "run": Entry("run", "the main job: from ratings to a published release"),
        "deploy": Entry("run", "the main job every night, through a Prefect server"),
    },
    "Stage by stage": {
        "ingest": Entry("stages", "land a data set, the app's table and its logs in the lake"),
        "enrich": Entry("stages", "ask TMDB for what is not known of the films yet"),
        "build": Entry("stages", "rebuild the warehouse from the lake and check it"),
        "train": Entry("stages", "train models on all ratings"),
        "evaluate": Entry("evaluate", "measure models on ratings they were not shown"),
        "promote": Entry("stages", "ask the gate whether the trained model may be published"),
        "publish": Entry("stages", "publish everybody's list as a new release"),
    },
    "Look at it": {
        "recommend": Entry("lists", "somebody's list, with the films that it is due to"),
        "why-not": Entry("lists", "why a film is not on somebody's list"),
        "predict": Entry("predict", "the stars that somebody would give a film"),
        "sql": Entry("query", "ask the releases and the lake in SQL"),
        "releases": Entry("releases", "what was published, and what is served"),
        "diff": Entry("diff", "what tells one release from another"),
        "mlflow": Entry("mlflow", "what was trained, how good it was, what is served"),
        "ab": Entry("ab", "two releases against what people went on to like"),
        "doctor": Entry("doctor", "what is configured, what answers, what is stale"),
    },
    "Serve it": {
        "serve": Entry("serve", "the current release over HTTP"),
        "rollback": Entry("releases", "serve an older release"),
        "rollback-model": Entry("stages", "publish lists ranked by the model before"),
        "pin": Entry("releases", "keep a release, and go on serving it if it is the served one"),
        "unpin": Entry("releases", "end a pin"),
        "forget": Entry("forget", "take a person out of the data and of what is served"),
    },
    "Make it better": {
        "tune": Entry("evaluate", "search a model's hyper-parameters and write a recipe"),
        "rating-errors": Entry("evaluate", "cross-validate SVD's rating estimates: RMSE and MAE"),
    },
}
COMMANDS: dict[str, Entry] = {name: entry for group in GROUPS.values() for name, entry in group.items()}
LONG = {
    "run",
    "ingest",
    "enrich",
    "build",
    "train",
    "evaluate",
    "rating-errors",
    "tune",
    "promote",
    "publish",
    "rollback-model",
}
"""Commands that may take minutes."""


class Commands(TyperGroup):
    """The group of all commands, each loaded when it is asked for."""

    def list_commands(self, _ctx: Any) -> list[str]:
        """Return the names, by purpose."""
        return list(COMMANDS)

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        """Load a command; None where there is none of that name."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        registered = typer.Typer(rich_markup_mode=None, add_completion=False)
        import_module(f"flows.cli.{entry.module}").register(registered)
        for info in registered.registered_commands:
            name = info.name or getattr(info.callback, "__name__", "")
            if name == cmd_name:
                info.context_settings = {**(info.context_settings or {}), **CONTEXT}
                return typer.main.get_command_from_info(info, pretty_exceptions_short=True, rich_markup_mode=None)
        return None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is asked for; one that is nearly spelled so is named.

        Raises
        ------
        ConfigError
            If there is none of that name.
        """
        if args and args[0] not in COMMANDS:
            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f"did you mean `playbill {near[0]}`?" if near else "see playbill --help"
            raise ConfigError(f"there is no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: Any, formatter: Any) -> None:
        """Write the commands by purpose."""
        for title, group in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name, entry.line) for name, entry in group.items()], col_max=20)


CONTEXT: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 120}
