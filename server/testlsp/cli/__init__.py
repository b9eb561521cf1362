"""The command ``testlsp``: arguments in, text and an exit status out.

Knows the terminal and nothing of how findings are made. Invariant: 0 means that nothing is left to report, 1 that
something is, 2 that something went wrong and was said on standard error; no traceback reaches a user who did not ask.

Nothing heavy is imported here, for a run on a small file has to be over in the time it takes to look up.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from testlsp import __version__

if TYPE_CHECKING:
    from testlsp.cli.terminal import Terminal

COMMANDS = {
    "check": "find faults in a pytest suite, and mend them",
    "rule": "explain a rule, or all of them",
    "config": "list the settings, with type, default and meaning",
    "server": "run the language server",
    "clean": "remove the caches below the current folder",
}

_USAGE = "usage: testlsp [-h] [--version] COMMAND ..."
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command given by *arguments* (those of the process by default) and return its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    from testlsp.cli.terminal import Terminal

    terminal = Terminal()
    try:
        return _dispatch(given, terminal)
    except KeyboardInterrupt:
        terminal.close()
        terminal.note("interrupted")
        return INTERRUPTED
    except SystemExit as leaving:  # argparse
        return leaving.code if isinstance(leaving.code, int) else 2
    except Exception as error:
        terminal.close()
        return _failed(error, given, terminal)
    finally:
        terminal.flush()


def _dispatch(given: list[str], terminal: Terminal) -> int:
    debug = [word for word in given if word == "--debug"]
    words = [word for word in given if word != "--debug"] if debug else given
    if debug:
        import logging

        logging.basicConfig(format="%(message)s")
        logging.getLogger("testlsp").setLevel(logging.DEBUG)
    command = words[0] if words else ""
    run = _command(command)
    if run is not None:
        return run(words[1:], terminal)
    if command in ("-V", "--version", "version"):
        terminal.write(f"testlsp {__version__}\n")
        return 0
    if command in ("-h", "--help", "help"):
        terminal.write(_help())
        return 0
    from testlsp.config.problems import unknown

    if command:
        terminal.error(unknown("command", command, COMMANDS))
    terminal.note(_USAGE)
    terminal.note(f"commands: {', '.join(COMMANDS)}")
    return 2


def _command(name: str) -> Callable[[list[str], Terminal], int] | None:
    if name == "check":
        from testlsp.cli.check import check

        return check
    if name == "rule":
        from testlsp.cli.explain import explain_rules

        return explain_rules
    if name == "config":
        from testlsp.cli.explain import explain_settings

        return explain_settings
    if name == "clean":
        from testlsp.cli.clean import clean

        return clean
    return _serve if name == "server" else None


def _serve(arguments: list[str], terminal: Terminal) -> int:
    from testlsp.cli.arguments import server_parser

    server_parser().parse_args(arguments)
    from importlib import import_module

    status = import_module("testlsp.lsp").main(arguments)
    return status if isinstance(status, int) else 0


def _help() -> str:
    width = max(map(len, COMMANDS))
    listed = "\n".join(f"  {name:<{width}}  {meaning}" for name, meaning in COMMANDS.items())
    return (
        f"{_USAGE}\n\nA language server and linter for the quality of pytest suites.\n\ncommands:\n{listed}\n\n"
        "options:\n  -h, --help  show this help, or that of a command\n  --version   show the version\n"
        "  --debug     show where an internal error arose\n"
    )


def _failed(error: Exception, given: list[str], terminal: Terminal) -> int:
    """Say that something broke that should not have."""
    if "--debug" in given:
        import traceback

        terminal.note("".join(traceback.format_exception(error)).rstrip())
    kind = type(error).__name__
    terminal.error(f"internal error: {kind}: {error}" if str(error) else f"internal error: {kind}")
    if "--debug" not in given:
        terminal.note("this is a fault in testlsp; please report it, with the output of the same command and `--debug`")
    return 2
