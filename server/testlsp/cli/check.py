"""``testlsp check``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from testlsp.builtin import rule_index
from testlsp.cli.arguments import CheckOptions, check_options
from testlsp.cli.configured import Configured, cache_folder, complain, configured, default_paths, relative
from testlsp.cli.progress import Progress
from testlsp.cli.terminal import Terminal
from testlsp.lint.diagnostic import Applicability
from testlsp.lint.library import AnyRule
from testlsp.project.checking import Checker, FileReport
from testlsp.project.discovery import Discovery, discover
from testlsp.project.records import Finding, Note
from testlsp.report.entries import Entry, entry, totals

if TYPE_CHECKING:
    from testlsp.project.checking import FixOutcome

CLEAN, FOUND, FAILED = 0, 1, 2


def check(arguments: list[str], terminal: Terminal) -> int:
    """Run ``testlsp check`` and return its exit status."""
    options = check_options(arguments)
    terminal.use_colours(options.color)
    return run_check(options, rule_index(), terminal)


def run_check(options: CheckOptions, rules: Sequence[AnyRule], terminal: Terminal) -> int:
    """Check as *options* say, with *rules*, and return the exit status."""
    setup = configured(options)
    if options.show_settings:
        from testlsp.cli.in_force import show_settings

        return show_settings(options, setup, rules, terminal)
    if options.output_file is not None:
        try:
            terminal.send_to(options.output_file, options.color)
        except OSError as error:
            terminal.error(f"{options.output_file}: cannot be written: {error.strerror or error}")
            return FAILED
    try:
        if options.reads_stdin:
            from testlsp.cli.stdin import check_stdin

            status = check_stdin(options, setup, rules, terminal)
        else:
            status = _Run(options, setup, rules, terminal).run()
        terminal.close()
    except OSError as error:
        if options.output_file is None or error.filename is not None:
            raise
        terminal.error(f"{options.output_file}: cannot be written: {error.strerror or error}")
        return FAILED
    return status


class _Run:
    """One run over files."""

    def __init__(self, options: CheckOptions, setup: Configured, rules: Sequence[AnyRule], terminal: Terminal) -> None:
        self.options = options
        self.setup = setup
        self.rules = rules
        self.terminal = terminal
        self.configuration = setup.configuration
        self.failed = False

    def run(self) -> int:
        """Return the exit status."""
        discovery = self._discover()
        if complain(self.setup, self.rules, self.terminal):
            self.terminal.error("the configuration is not valid, so nothing was checked")
            return FAILED
        self._tell_problems(discovery)
        if self.options.show_files:
            for path in discovery.files:
                self.terminal.write(f"{path}\n")
            return FAILED if self.failed else CLEAN
        watched = not self.options.quiet and self.options.output_format in ("full", "concise")
        progress = Progress() if watched else None
        if self.options.profile:
            from testlsp.cli.profile import profile

            profile(self.configuration, self.rules, discovery, self.terminal)
            return FAILED if self.failed else CLEAN
        try:
            checker = Checker(
                self.configuration,
                self.rules,
                cache_dir=cache_folder(self.options, self.configuration),
                jobs=self.options.jobs,
                progress=progress,
            )
            if self.options.fix or self.options.diff:
                outcome = checker.fix(discovery, threshold_of(self.options), write=not self.options.diff)
                reports, fixed = outcome.reports, outcome.fixed.total()
            else:
                outcome = None
                reports, fixed = checker.check(discovery, details=wants_details(self.options)), 0
        finally:
            if progress is not None:
                progress.close()
        self._tell_notes(reports, discovery)
        if outcome is not None:
            self._tell_fixing(outcome)
            if self.options.diff:
                return self._status(
                    show_changes(outcome.changes, self.options, self.configuration.cwd, self.terminal), False
                )
        entries = self._entries(reports, checker)
        show_entries(entries, fixed, self.options, self.terminal)
        return self._status(bool(entries), fixed > 0)

    def _discover(self) -> Discovery:
        paths = self.options.paths or default_paths(self.configuration)
        discovery = discover(paths, self.configuration.for_folder, cwd=self.configuration.cwd)
        for path in discovery.explicit:
            self.configuration.for_file(path)  # so that what is wrong there is known before anything is said
        return discovery

    def _tell_problems(self, discovery: Discovery) -> None:
        for problem in discovery.problems:
            message = f"{relative(problem.path, self.configuration.cwd)}: {problem.message}"
            if problem.fatal:
                self.failed = True
                self.terminal.error(message)
            elif not self.options.quiet:
                self.terminal.warning(message)
        if not discovery.files and not self.failed and not self.options.quiet:
            self.terminal.warning("no test files found under the given paths")

    def _tell_notes(self, reports: Iterable[FileReport], discovery: Discovery) -> None:
        for report in reports:
            for note in report.notes:
                # As bad as a file that is not there: one that was named and cannot be read, and one at which we fail.
                if note.kind == "fault" or (note.kind == "read" and report.path in discovery.explicit):
                    self.failed = True
                    self.terminal.error(told(report.path, note, self.configuration.cwd))
                else:
                    self.terminal.warning(told(report.path, note, self.configuration.cwd))

    def _tell_fixing(self, outcome: FixOutcome) -> None:
        for problem in outcome.problems:
            self.failed = True
            self.terminal.error(relative(problem, self.configuration.cwd))

    def _entries(self, reports: Iterable[FileReport], checker: Checker) -> list[Entry]:
        threshold = threshold_of(self.options)
        entries: list[Entry] = []
        for report in reports:
            if report.findings:
                shown = relative(report.path, self.configuration.cwd)
                fixable = checker.selection(report.path)[1].fixable
                for each in report.findings:
                    finding = with_relative_paths(each, self.configuration.cwd)
                    entries.append(entry(shown, report.path, finding, threshold, fixable, report.text))
        return entries

    def _status(self, found: bool, fixed: bool) -> int:
        if self.failed:
            return FAILED
        return status_of(self.options, found, fixed)


def threshold_of(options: CheckOptions) -> Applicability:
    """Return how far a fix must be trusted to be applied."""
    return Applicability.UNSAFE if options.unsafe_fixes else Applicability.SAFE


def wants_details(options: CheckOptions) -> bool:
    """Whether the report shows sources and edits, which cost something to make."""
    return not options.statistics and options.output_format in ("full", "json")


def status_of(options: CheckOptions, found: bool, fixed: bool) -> int:
    """Return the exit status of a run in which nothing went wrong."""
    if options.exit_zero:
        return CLEAN
    return FOUND if found or (fixed and options.exit_non_zero_on_fix) else CLEAN


def told(path: str, note: Note, cwd: str) -> str:
    """Return *note* about the file *path* as a line."""
    place = relative(path, cwd)
    if note.start is not None:
        place = f"{place}:{note.start.row}:{note.start.column}"
    return f"{place}: {note.message}"


def with_relative_paths(finding: Finding, cwd: str) -> Finding:
    """Return *finding* with the places that explain it named as people see them."""
    if not finding.related:
        return finding
    return finding._replace(related=tuple(each._replace(path=relative(each.path, cwd)) for each in finding.related))


def show_entries(entries: Sequence[Entry], fixed: int, options: CheckOptions, terminal: Terminal) -> None:
    """Write *entries* in the form asked for; *fixed* findings were mended before."""
    if options.output_format in ("json", "github"):
        from testlsp.report import machines

        if options.statistics and options.output_format == "json":
            import json

            from testlsp.report.summary import statistics_data

            terminal.write(json.dumps(statistics_data(entries), indent=2) + "\n")
            return
        for line in machines.json_lines(entries) if options.output_format == "json" else machines.github(entries):
            terminal.write(line)
        return
    if entries:
        from testlsp.report import people
        from testlsp.report.summary import statistics

        show = statistics if options.statistics else people.full if options.output_format == "full" else people.concise
        for line in show(entries, terminal.style):
            terminal.write(line)
    if not options.quiet:
        from testlsp.report.summary import summary

        for line in summary(totals(entries, fixed), terminal.style, unsafe=options.unsafe_fixes):
            terminal.write(line)


def show_changes(changes: dict[str, tuple[str, str]], options: CheckOptions, cwd: str, terminal: Terminal) -> bool:
    """Write the diff of *changes* (old and new text by path) and return whether there are any."""
    from testlsp.report.changes import unified_diff

    for path in changes:
        for line in unified_diff(relative(path, cwd), *changes[path], terminal.style):
            terminal.write(line)
    if not options.quiet:
        sys.stdout.flush()
        files = "1 file" if len(changes) == 1 else f"{len(changes)} files"
        terminal.note(f"Would change {files}." if changes else "No fixes to apply.")
    return bool(changes)
