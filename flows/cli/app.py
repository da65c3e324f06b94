"""The `playbill` command: its groups put together, and its errors made into one line."""

from __future__ import annotations

import atexit
import os
import sys

import typer

from flows.cli import doctor, evaluate, lists, query, releases, run, serve, stages
from flows.cli.console import err
from warehouse.errors import PlaybillError

INTERRUPTED = 130

app = typer.Typer(
    name="playbill",
    help="Nightly film recommendations as immutable releases.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (run, stages, evaluate, lists, releases, query, serve, doctor):
    module.register(app)


def main() -> None:
    """Run the command; a problem is one line on standard error and an exit code other than 0."""
    code = [0]
    # Registered first, so run last, when Prefect has stopped its server: DuckDB's bindings print pages about
    # "leaked" objects while the interpreter is taken apart, which says nothing to a user and is skipped here.
    atexit.register(_leave, code)
    code[0] = run_command()
    sys.exit(code[0])


def run_command() -> int:
    """Run the command and return its exit code, its problem already told."""
    try:
        app()
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else int(done.code is not None)
    except PlaybillError as problem:
        err.print(f"playbill: {problem}", markup=False)
        return problem.exit_code
    except KeyboardInterrupt:
        err.print("playbill: interrupted; what was published before is served, run it again to go on")
        return INTERRUPTED
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - nobody reads on
    return 0


def _leave(code: list[int]) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code[0])
