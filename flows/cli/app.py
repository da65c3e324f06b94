"""The `playbill` command: its groups put together, and its errors made into one line."""

from __future__ import annotations

import atexit
import os
import sys
import traceback

import typer

from flows.cli import doctor, evaluate, forget, lists, query, releases, run, serve, stages
from flows.cli.console import tell
from flows.cli.stopping import stopped
from flows.cli.supervise import supervised
from warehouse.errors import PlaybillError
from warehouse.failures import foreseen

INTERRUPTED = 130
LONG = {"run", "ingest", "enrich", "build", "train", "evaluate", "rating-errors", "tune", "promote", "publish"}
"""Commands that may take minutes."""
HELP = {"-h", "--help"}
UNEXPECTED = 70
"""Exit code of a fault in Playbill itself: sysexits' EX_SOFTWARE."""

app = typer.Typer(
    name="playbill",
    help="Nightly film recommendations as immutable releases.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (run, stages, evaluate, lists, releases, query, serve, forget, doctor):
    module.register(app)


def main() -> None:
    """Run the command; a problem is one line on standard error and an exit code other than 0."""
    code = [UNEXPECTED]
    # Registered first, so run last, when Prefect has stopped its server: DuckDB's bindings print pages about
    # "leaked" objects while the interpreter is taken apart, which says nothing to a user and is skipped here.
    atexit.register(_leave, code)
    command = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    code[0] = supervised(run_command, stopped) if command in LONG and not HELP & {*sys.argv} else run_command()
    sys.exit(code[0])


def run_command() -> int:
    """Run the command and return its exit code, its problem already told.

    Nothing but a command that ended well gives 0: a problem with a name has its class's code, what the machine did 1,
    a fault in Playbill itself 70 after its traceback.
    """
    try:
        app()
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else int(done.code is not None)
    except KeyboardInterrupt:
        tell("interrupted; what was published before is served, run it again to go on")
        return INTERRUPTED
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - nobody reads on
    except Exception as error:
        return told(error)
    return 0


def told(error: Exception) -> int:
    """Tell what went wrong and return the exit code that it has, never 0."""
    if isinstance(error, PlaybillError):
        tell(str(error))
        return error.exit_code
    known = foreseen(error)
    if known is not None:
        tell(known)
        return 1
    traceback.print_exception(error)
    tell(f"this should not have happened ({type(error).__name__}); what was published before is served")
    return UNEXPECTED


def _leave(code: list[int]) -> None:
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        os._exit(code[0] or 1)
    os._exit(code[0])
