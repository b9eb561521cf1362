"""What can be said on the command line."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from testlsp.text.named import NamedTuple

OUTPUT_FORMATS = ("full", "concise", "json", "github")
COLOURS = ("auto", "always", "never")


class CheckOptions(NamedTuple):
    """The options of ``testlsp check``, as given; lists that were separated by commas are split."""

    paths: list[str] = []
    fix: bool = False
    unsafe_fixes: bool = False
    diff: bool = False
    exit_non_zero_on_fix: bool = False
    select: list[str] | None = None
    extend_select: list[str] | None = None
    ignore: list[str] | None = None
    per_file_ignores: list[tuple[str, str]] | None = None
    config: list[str] = []
    isolated: bool = False
    output_format: str = "full"
    output_file: str | None = None
    stdin_filename: str | None = None
    exclude: list[str] | None = None
    force_exclude: bool = False
    no_cache: bool = False
    cache_dir: str | None = None
    jobs: int = 0
    statistics: bool = False
    profile: bool = False
    exit_zero: bool = False
    quiet: bool = False
    color: str = "auto"
    show_settings: bool = False
    show_files: bool = False

    @property
    def reads_stdin(self) -> bool:
        """Whether the text to check comes from standard input."""
        return self.stdin_filename is not None or "-" in self.paths


def check_options(arguments: Sequence[str]) -> CheckOptions:
    """Return what *arguments* say; leaves with status 2 and a message when they make no sense."""
    parser = check_parser()
    given = vars(parser.parse_args(arguments))
    options = CheckOptions(**{name: value for name, value in given.items() if name != "help"})
    if options.isolated and any("=" not in each for each in options.config):
        parser.error("--isolated leaves no room for a configuration file in --config (key=value is fine)")
    if options.reads_stdin and len([path for path in options.paths if path != "-"]) > 0:
        parser.error("standard input is checked alone: give either `-` or paths")
    return options


def check_parser() -> argparse.ArgumentParser:
    """Return the parser of ``testlsp check``."""
    parser = _parser("check", "Find faults in a pytest suite, and mend them.")
    add = parser.add_argument
    add(
        "paths",
        nargs="*",
        metavar="PATH",
        help="files or folders; - for standard input [default: pytest's testpaths, or .]",
    )
    add(
        "--show-settings",
        action="store_true",
        help="show the settings in force for the given files, and where each is from",
    )
    add("--show-files", action="store_true", help="list the files that would be checked, and check nothing")
    _add_fixing(parser)
    _add_selection(parser)
    _add_files(parser)
    _add_output(parser)
    return parser


def _add_fixing(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("fixes").add_argument
    add("--fix", action="store_true", help="apply safe fixes")
    add("--unsafe-fixes", action="store_true", help="count unsafe fixes in: apply them with --fix, show them without")
    add("--diff", action="store_true", help="write no file, show what --fix would change; status 1 if anything")
    add("--exit-non-zero-on-fix", action="store_true", help="status 1 if a file was changed, even if nothing is left")


def _add_selection(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("rules and settings").add_argument
    rules = "RULES"
    add(
        "--select",
        type=_comma,
        action="extend",
        metavar=rules,
        help="rules to run: codes, names, code prefixes, families, ALL",
    )
    add("--ignore", type=_comma, action="extend", metavar=rules, help="rules not to run")
    add("--extend-select", type=_comma, action="extend", metavar=rules, help="rules to run besides the others")
    add(
        "--per-file-ignores",
        type=_pairs,
        action="extend",
        metavar="GLOB:RULE",
        help="rules not to report in some files",
    )
    add(
        "--config",
        action="append",
        default=[],
        metavar="FILE|KEY=VALUE",
        help="configuration file, or one setting as TOML",
    )
    add("--isolated", action="store_true", help="read no configuration of testlsp and ruff")


def _add_files(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("files").add_argument
    add("--exclude", type=_comma, action="extend", metavar="GLOBS", help="files and folders to skip")
    add("--force-exclude", action="store_true", help="skip excluded files even if they are named")
    add("--stdin-filename", metavar="FILE", help="name of what is read from standard input")
    add(
        "--cache-dir",
        default=os.environ.get("TESTLSP_CACHE_DIR"),
        metavar="FOLDER",
        help="where results are kept [.testlsp_cache]",
    )
    add(
        "-n",
        "--no-cache",
        action="store_true",
        default=bool(os.environ.get("TESTLSP_NO_CACHE")),
        help="keep no results",
    )
    add("-j", "--jobs", type=_jobs, default=0, metavar="N", help="processes to use [one per processor]")


def _add_output(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("output").add_argument
    wanted = os.environ.get("TESTLSP_OUTPUT_FORMAT", "full")
    add(
        "--output-format", choices=OUTPUT_FORMATS, default=wanted if wanted in OUTPUT_FORMATS else "full", help="[full]"
    )
    add("-o", "--output-file", metavar="FILE", help="write the report there instead of to standard output")
    add("--statistics", action="store_true", help="show how often each rule found something, not where")
    add("--profile", action="store_true", help="show what each rule costs, not what it finds")
    add("-q", "--quiet", action="store_true", help="show findings and errors, nothing else")
    add("-e", "--exit-zero", action="store_true", help="status 0 even if there are findings")
    add("--color", choices=COLOURS, default="auto", help="when to use colours [auto]")


def rule_parser() -> argparse.ArgumentParser:
    """Return the parser of ``testlsp rule``."""
    parser = _parser("rule", "Explain a rule.")
    parser.add_argument("rule", nargs="?", metavar="RULE", help="code or name [default: list all]")
    parser.add_argument("--all", action="store_true", help="explain all rules")
    parser.add_argument("--output-format", choices=("text", "json", "markdown"), default="text", help="[text]")
    parser.add_argument("--color", choices=COLOURS, default="auto", help="when to use colours [auto]")
    return parser


def config_parser() -> argparse.ArgumentParser:
    """Return the parser of ``testlsp config``."""
    parser = _parser("config", "List the settings.")
    parser.add_argument("key", nargs="?", metavar="KEY", help="show this setting alone")
    parser.add_argument("--output-format", choices=("text", "json"), default="text", help="[text]")
    parser.add_argument("--color", choices=COLOURS, default="auto", help="when to use colours [auto]")
    return parser


def server_parser() -> argparse.ArgumentParser:
    """Return the parser of ``testlsp server``."""
    parser = _parser("server", "Run the language server.")
    parser.add_argument("--stdio", action="store_true", help="speak over standard input and output (the default)")
    parser.add_argument("--tcp", metavar="HOST:PORT", help="listen there instead")
    return parser


def clean_parser() -> argparse.ArgumentParser:
    """Return the parser of ``testlsp clean``."""
    parser = _parser("clean", "Remove the caches below the current folder.")
    parser.add_argument("-q", "--quiet", action="store_true", help="do not say what was removed")
    return parser


def _parser(command: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=f"testlsp {command}", description=description, allow_abbrev=False, formatter_class=_Formatter
    )


class _Formatter(argparse.HelpFormatter):
    """Knows its width; argparse would ask `shutil`, which imports three compression libraries, for every argument."""

    def __init__(self, prog: str) -> None:
        try:
            width = os.get_terminal_size().columns
        except OSError:
            width = int(os.environ.get("COLUMNS") or 80)
        super().__init__(prog, width=width - 2)


def _comma(text: str) -> list[str]:
    found = [word.strip() for word in text.split(",") if word.strip()]
    if not found:
        raise argparse.ArgumentTypeError("nothing is named")
    return found


def _pairs(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for pair in _comma(text):
        # The last colon: the first one may belong to a drive.
        glob, colon, selector = pair.rpartition(":")
        if not colon or not glob.strip() or not selector.strip():
            raise argparse.ArgumentTypeError(f"`{pair}` is not of the form `glob:rule`")
        found.append((glob.strip(), selector.strip()))
    return found


def _jobs(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"`{text}` is not a number of processes")
    return int(text)
