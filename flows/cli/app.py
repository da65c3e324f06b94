"""The `playbill` command: its groups put together, and its errors made into one line."""

from __future__ import annotations

import atexit
import os
import sys
import traceback
from typing import Annotated

import typer
from typer.exceptions import Abort, TyperException

from flows.cli.commands import CONTEXT, LONG, Commands
from flows.cli.console import be_quiet, tell
from flows.cli.stopping import stopped
from flows.cli.supervise import supervised
from warehouse.errors import PlaybillError
from warehouse.failures import foreseen

INTERRUPTED = 130
UNEXPECTED = 70
"""Exit code of a fault in Playbill itself: sysexits' EX_SOFTWARE."""
HELP = {"-h", "--help"}
QUIET = {"-q", "--quiet"}

app = typer.Typer(name="playbill", cls=Commands, pretty_exceptions_enable=False, rich_markup_mode=None)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"playbill {version('playbill')}")
        raise typer.Exit


@app.callback(no_args_is_help=True, context_settings=CONTEXT)
def playbill(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and leave.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No log lines and no progress; may stand behind the command too.")
    ] = False,
) -> None:
    """Nightly film recommendations as immutable releases."""
    if quiet:
        be_quiet()


def main() -> None:
    """Run the command; a problem is one line on standard error and an exit code other than 0."""
    os.umask(0o077)  # what Playbill and its children write is about people: for this user alone
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
    words = sys.argv[1:]
    if QUIET & {*words}:
        words = ["--quiet", *(word for word in words if word not in QUIET)]
    try:
        # an exit asked for by the command comes back as its code
        code = app(words, prog_name="playbill", standalone_mode=False)
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else int(done.code is not None)
    except (KeyboardInterrupt, Abort):
        tell("interrupted; what was published before is served, run it again to go on")
        return INTERRUPTED
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - nobody reads on
        return 0
    except TyperException as misuse:
        return _misused(misuse)
    except Exception as error:
        return told(error)
    return code if isinstance(code, int) else 0


def _misused(misuse: TyperException) -> int:
    """Tell what of the command line cannot be understood; without any word on it, show the help."""
    context = getattr(misuse, "ctx", None)
    if type(misuse).__name__ == "NoArgsIsHelpError":
        typer.echo(misuse.format_message())
    else:
        where = context.command_path if context is not None else "playbill"
        tell(f"{misuse.format_message().rstrip('.')}; see {where} --help")
    return int(misuse.exit_code)


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
