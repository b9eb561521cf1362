"""Checking many files: from the cache, in this process or in several.

Each file is analysed with what its answers depend on, read on demand. A finding that depends on who else uses a fixture
is provisional until all files have been read; those files are then analysed once more, knowing everything.
"""

from __future__ import annotations

import gc
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from testlsp.config.settings import Settings
from testlsp.lint.diagnostic import Applicability
from testlsp.lint.library import AnyRule
from testlsp.project.cache import Cache, ResultRow, SummaryRow, digest
from testlsp.project.configuration import Configuration
from testlsp.project.discovery import Discovery
from testlsp.project.files import FileProblem, read_bytes, read_file
from testlsp.project.outcome import Outcome, age_of, outcome_of, outcome_on_disk, unreadable
from testlsp.project.records import Finding, Note, finding_from, note_from
from testlsp.project.rules import Selection, Selector
from testlsp.project.summaries import Summaries
from testlsp.semantic.summary import FileSummary

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
        self.cache = Cache(cache_dir) if cache_dir is not None else None
        if self.cache is not None and configuration.cache is None:
            configuration.cache = self.cache.configuration
        self._envs: dict[tuple[int, frozenset[str], bool], tuple[Settings, str]] = {}
        self.reset()

    def reset(self) -> None:
        """Forget what files say, because some have changed."""
        self.summaries = Summaries(self.configuration.for_file, self._text_of)
        self._current: dict[str, str] = {}

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
        contents = self._read(paths, found)
        self._from_cache(contents, explicit, details, found)
        missing = [path for path in paths if path not in found]
        fresh = self._analysed(missing, explicit, details, sum(len(contents[path]) for path in missing))
        found.update(fresh)
        self._settle(paths, explicit, details, found, fresh)
        self._keep(fresh, explicit, found)
        return found

    def _read(self, paths: Sequence[str], found: dict[str, Outcome]) -> dict[str, bytes]:
        contents: dict[str, bytes] = {}
        for path in paths:
            try:
                contents[path] = read_bytes(path)
            except FileProblem as problem:
                found[path] = unreadable(path, problem)
        return contents

    def _analysed(self, paths: Sequence[str], explicit: frozenset[str], details: bool, size: int) -> dict[str, Outcome]:
        if len(paths) > 1 and self.jobs > 1 and size > PARALLEL_ABOVE:
            from testlsp.project.workers import analyse_in_parallel

            outcomes = analyse_in_parallel(self, paths, explicit, details)
            if outcomes is not None:
                return outcomes
        found: dict[str, Outcome] = {}
        for path in paths:
            found[path] = self.analyse_one(path, explicit, details)
            self.advance()
        return found

    def analyse_one(self, path: str, explicit: frozenset[str], details: bool, whole_project: bool = False) -> Outcome:
        """Analyse one file on disk."""
        settings, selection = self.selection(path)
        return outcome_on_disk(
            path,
            settings,
            selection,
            self.summaries,
            explicit=path in explicit,
            details=details,
            whole_project=whole_project,
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
        if self.cache is not None and unread:
            data.update(self.cache.summary_data(unread))
        self.summaries.put_all({path: FileSummary.from_data(summary) for path, summary in data.items()})
        for path in provisional:
            found[path] = fresh[path] = self.analyse_one(path, explicit, details, True)._replace(provisional=True)

    # -- the cache ---------------------------------------------------------------------------------------------------

    def _env(self, path: str, explicit: bool) -> str:
        """Return what stands for everything but content that findings depend on."""
        settings, selection = self.selection(path)
        key = (id(settings), selection.codes, explicit)
        kept = self._envs.get(key)
        if kept is None or kept[0] is not settings:
            kept = self._envs[key] = (settings, digest(f"{settings!r}|{sorted(selection.codes)}|{explicit}".encode()))
        return kept[1]

    def _from_cache(
        self, contents: dict[str, bytes], explicit: frozenset[str], details: bool, found: dict[str, Outcome]
    ) -> None:
        if self.cache is None or not self.cache.results:
            return
        digests = {path: digest(data) for path, data in contents.items()}
        project: str | None = None
        for path, content in digests.items():
            row = self.cache.results.get(path)
            if row is None or row.digest != content or row.env != self._env(path, path in explicit):
                continue
            if row.users:
                project = self._project_key(digests, explicit) if project is None else project
                if row.users != project:
                    continue
            if row.deps and not self._still_true(row.deps):
                continue
            outcome = _outcome_from(path, row)
            if outcome is not None and not (details and _lacks_edits(outcome)):
                found[path] = outcome
                self.advance()

    def _project_key(self, digests: dict[str, str], explicit: frozenset[str]) -> str:
        """Return what stands for the summaries of all files; a random text if one of them is not known."""
        assert self.cache is not None
        keys: list[tuple[str, str]] = []
        for path, content in digests.items():
            row = self.cache.summaries.get(path)
            if row is None or row.digest != content or row.env != self._env(path, path in explicit):
                return "unknown"
            keys.append((path, row.key))
        return digest(repr(sorted(keys)).encode())

    def _still_true(self, deps: str) -> bool:
        for path, wanted in json.loads(deps):
            current = self._current.get(path)
            if current is None:
                current = self._current[path] = self._says(path, wanted)
            if current != wanted:
                return False
        return True

    def _says(self, path: str, wanted: str) -> str:
        """Return what *path* says now, in the terms of a dependency."""
        if wanted.startswith("@"):
            return age_of(path)
        assert self.cache is not None
        if not os.path.isfile(path):
            return ""
        row = self.cache.summaries.get(path)
        if row is not None:
            try:
                if row.digest == digest(read_bytes(path)) and row.env == self._env(path, False):
                    return row.key
            except FileProblem:
                return ""
        self.summaries.load(path)
        summary = self.summaries.known.get(path)
        return digest(repr(summary).encode()) if summary is not None else ""

    def _keep(self, fresh: dict[str, Outcome], explicit: frozenset[str], found: dict[str, Outcome]) -> None:
        if self.cache is None or not (fresh or self.cache.configuration.new):
            return
        summaries: list[tuple[str, SummaryRow, list[object]]] = []
        keys: dict[str, str] = {}
        for path, outcome in fresh.items():
            if outcome.summary is None:
                continue
            key = keys[path] = digest(repr(FileSummary.from_data(outcome.summary)).encode())
            summaries.append(
                (path, SummaryRow(outcome.digest, self._env(path, path in explicit), key), outcome.summary)
            )
        for path, summary in self.summaries.known.items():
            if path not in fresh and path not in found:
                try:
                    row = SummaryRow(digest(read_bytes(path)), self._env(path, False), digest(repr(summary).encode()))
                except FileProblem:
                    continue
                summaries.append((path, row, summary.to_data()))
        users = ""
        if any(outcome.provisional for outcome in found.values()):
            rows = self.cache.summaries
            users = digest(
                repr(
                    sorted((path, keys.get(path) or rows[path].key) for path in found if path in keys or path in rows)
                ).encode()
            )
        results = [
            (path, _row_of(outcome, self._env(path, path in explicit), users if outcome.provisional else ""))
            for path, outcome in fresh.items()
            if outcome.digest and not any(note.kind == "crash" for note in outcome.notes)
        ]
        self.cache.write(summaries, results)

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


@contextmanager
def without_collector() -> Iterator[None]:
    """Hold the garbage collector off: it would walk every syntax tree again and again, and triples the cost of
    parsing."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _row_of(outcome: Outcome, env: str, users: str) -> ResultRow:
    return ResultRow(
        outcome.digest,
        env,
        json.dumps(outcome.deps) if outcome.deps else "",
        users,
        json.dumps(outcome.findings) if outcome.findings else "",
        json.dumps(outcome.notes) if outcome.notes else "",
        outcome.suppressed,
    )


def _outcome_from(path: str, row: ResultRow) -> Outcome | None:
    try:
        findings = tuple(map(finding_from, json.loads(row.findings))) if row.findings else ()
        notes = tuple(map(note_from, json.loads(row.notes))) if row.notes else ()
    except (ValueError, TypeError):
        return None
    return Outcome(path, row.digest, None, (), findings, notes, row.suppressed)


def _lacks_edits(outcome: Outcome) -> bool:
    return any(fix.edits is None for finding in outcome.findings for fix in finding.fixes)
