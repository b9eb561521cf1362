"""Checking many files: from the cache, in this process or in several.

Each file is analysed with what its answers depend on, read on demand. A finding that depends on who else uses a fixture
is provisional until all files have been read; those files are then analysed once more, knowing everything.
"""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from testlsp.config.settings import Settings
from testlsp.lint.diagnostic import Applicability
from testlsp.lint.library import AnyRule
from testlsp.project.configuration import Configuration
from testlsp.project.discovery import Discovery
from testlsp.project.files import FileProblem, read_bytes, read_file
from testlsp.project.outcome import Outcome, outcome_of, outcome_on_disk, unreadable
from testlsp.project.records import Finding, Note
from testlsp.project.rules import Selection, Selector
from testlsp.project.summaries import Summaries
from testlsp.semantic.summary import FileSummary
from testlsp.text.named import NamedTuple

if TYPE_CHECKING:
    from testlsp.project.kept import KeptResults

PARALLEL_ABOVE = 1_500_000
"""Bytes of source that are worth starting further processes for; one process reads about 4 MB a second."""

Progress = Callable[[int, int], None]


class FileReport(NamedTuple):
    """What is to be said about a file. *text* is there when details were asked for and the file has findings."""

    path: str
    findings: tuple[Finding, ...]
    notes: tuple[Note, ...] = ()
    suppressed: int = 0
    text: str | None = None


class FixOutcome(NamedTuple):
    """What fixing did: old and new text of each changed file, how many findings of each rule, and what is left."""

    changes: dict[str, tuple[str, str]]
    fixed: Counter[str]
    reports: list[FileReport]
    problems: tuple[str, ...]


class Checker:
    """Checks files of one configuration with one set of rules."""

    def __init__(
        self,
        configuration: Configuration,
        rules: Sequence[AnyRule],
        *,
        cache_dir: str | None = None,
        jobs: int = 0,
        progress: Progress | None = None,
    ) -> None:
        """Check with *rules*; *cache_dir* None means no cache, *jobs* 0 as many processes as there are processors."""
        self.configuration = configuration
        self.selector = Selector(rules)
        self.jobs = jobs or os.cpu_count() or 1
        self.progress = progress
        self.works_for_another = False
        """Whether the outcomes go to a checker in another process, which may keep them."""
        self.kept: KeptResults | None = None
        if cache_dir is not None:
            from testlsp.project.cache import Cache
            from testlsp.project.kept import KeptResults

            cache = Cache(cache_dir)
            self.kept = KeptResults(cache, self)
            if configuration.cache is None:
                configuration.cache = cache.configuration
        self.reset()

    def reset(self) -> None:
        """Forget what files say, because some have changed."""
        self.summaries = Summaries(self.configuration.for_file, self._text_of)
        if self.kept is not None:
            self.kept.forget()

    def _text_of(self, path: str) -> str | None:
        try:
            return read_file(path).text
        except FileProblem:
            return None

    def selection(self, path: str) -> tuple[Settings, Selection]:
        """Return the settings and rules for *path*."""
        settings = self.configuration.for_file(path)
        return settings, self.selector.for_file(path, settings)

    # -- checking ----------------------------------------------------------------------------------------------------

    def check(self, discovery: Discovery, *, details: bool = False) -> list[FileReport]:
        """Return a report for each file, in the order of *discovery*; with *details* fixes carry their edits."""
        outcomes = self.outcomes(discovery.files, discovery.explicit, details=details)
        return [self._report(outcomes[path], details) for path in discovery.files]

    def check_text(self, path: str, text: str, *, details: bool = False) -> FileReport:
        """Return the report for *text* as the content of *path*, which need not exist."""
        outcome = self._analysed_text(path, text, details)
        return FileReport(path, outcome.findings, outcome.notes, outcome.suppressed, text if details else None)

    def _analysed_text(self, path: str, text: str, details: bool) -> Outcome:
        from testlsp.project.analysis import analyse

        settings, selection = self.selection(path)
        analysis = analyse(path, text, settings, selection, self.summaries, explicit=True)
        return outcome_of(analysis, "", self.summaries, details=details)

    def _report(self, outcome: Outcome, details: bool) -> FileReport:
        text = self._text_of(outcome.path) if details and (outcome.findings or outcome.notes) else None
        return FileReport(outcome.path, outcome.findings, outcome.notes, outcome.suppressed, text)

    def outcomes(
        self, paths: Sequence[str], explicit: frozenset[str] = frozenset(), *, details: bool = False
    ) -> dict[str, Outcome]:
        """Return the outcome for each path, from the cache where nothing it depends on has changed."""
        with without_collector():
            return self._outcomes(paths, explicit, details)

    def _outcomes(self, paths: Sequence[str], explicit: frozenset[str], details: bool) -> dict[str, Outcome]:
        self._done, self._total = 0, len(paths)
        found: dict[str, Outcome] = {}
        contents: dict[str, bytes] = {}
        if self.kept is not None:
            contents = self._read(paths, found)
            self.kept.recall(contents, explicit, details, found)
        missing = [path for path in paths if path not in found]
        fresh = self._analysed(missing, explicit, details, contents)
        found.update(fresh)
        self._settle(paths, explicit, details, found, fresh)
        if self.kept is not None:
            self.kept.keep(fresh, explicit, found)
        return found

    def _read(self, paths: Sequence[str], found: dict[str, Outcome]) -> dict[str, bytes]:
        contents: dict[str, bytes] = {}
        for path in paths:
            try:
                contents[path] = read_bytes(path)
            except FileProblem as problem:
                found[path] = unreadable(path, problem)
        return contents

    def _analysed(
        self, paths: Sequence[str], explicit: frozenset[str], details: bool, contents: dict[str, bytes]
    ) -> dict[str, Outcome]:
        if len(paths) > 1 and self.jobs > 1 and _size(paths) > PARALLEL_ABOVE:
            from testlsp.project.workers import analyse_in_parallel

            outcomes = analyse_in_parallel(self, paths, explicit, details)
            if outcomes is not None:
                return outcomes
        found: dict[str, Outcome] = {}
        self.summaries.expect(paths)
        for path in paths:
            found[path] = self.analyse_one(path, explicit, details, data=contents.pop(path, None))
            self.advance()
        return found

    def analyse_one(
        self,
        path: str,
        explicit: frozenset[str],
        details: bool,
        whole_project: bool = False,
        data: bytes | None = None,
    ) -> Outcome:
        """Analyse one file on disk, which holds *data* if that is known."""
        settings, selection = self.selection(path)
        return outcome_on_disk(
            path,
            settings,
            selection,
            self.summaries,
            explicit=path in explicit,
            details=details,
            whole_project=whole_project,
            alone=self.kept is None and not self.works_for_another,
            data=data,
        )

    def advance(self, steps: int = 1) -> None:
        """Tell that so many more files are done."""
        self._done += steps
        if self.progress is not None:
            self.progress(self._done, self._total)

    def _settle(
        self,
        paths: Sequence[str],
        explicit: frozenset[str],
        details: bool,
        found: dict[str, Outcome],
        fresh: dict[str, Outcome],
    ) -> None:
        """Analyse provisional files again, knowing all summaries."""
        provisional = [path for path in paths if found[path].provisional]
        if not provisional:
            return
        data = {path: outcome.summary for path, outcome in found.items() if outcome.summary is not None}
        unread = [path for path in paths if path not in data and found[path].digest]
        if self.kept is not None and unread:
            data.update(self.kept.summary_data(unread))
        self.summaries.put_all({path: FileSummary.from_data(summary) for path, summary in data.items()})
        for path in provisional:
            found[path] = fresh[path] = self.analyse_one(path, explicit, details, True)._replace(provisional=True)

    # -- fixing ------------------------------------------------------------------------------------------------------

    def fix(self, discovery: Discovery, threshold: Applicability, *, write: bool) -> FixOutcome:
        """Apply the fixes that *threshold* admits and report what is left; without *write* nothing is written."""
        from testlsp.project.fixing import fix_files

        return fix_files(self, discovery, threshold, write)

    def fix_text(self, path: str, text: str, threshold: Applicability) -> tuple[str, FileReport]:
        """Return *text* after the fixes that *threshold* admits, and the report for it."""
        from testlsp.project.fixing import fixed_text

        fixed, _, _ = fixed_text(self, path, text, threshold, explicit=True)
        return fixed, self.check_text(path, fixed, details=True)


def _size(paths: Sequence[str]) -> int:
    """Return how many bytes the files hold, as far as they can be asked."""
    size = 0
    for path in paths:
        with suppress(OSError, ValueError):
            size += os.stat(path).st_size
    return size


@contextmanager
def without_collector() -> Iterator[None]:
    """Hold the garbage collector off: it would walk every syntax tree again and again, and triples the cost of
    parsing.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            # What there is now was not looked at and stays; walking it at once would undo what was saved.
            gc.freeze()
            gc.enable()
