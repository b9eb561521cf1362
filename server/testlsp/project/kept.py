"""Results of earlier runs, believed as far as nothing they depend on has changed."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from testlsp.config.settings import Settings
from testlsp.project.cache import Cache, ResultRow, SummaryRow
from testlsp.project.files import FileProblem, read_bytes
from testlsp.project.outcome import Outcome, age_of, digest
from testlsp.project.records import finding_from, note_from
from testlsp.semantic.summary import FileSummary

if TYPE_CHECKING:
    from testlsp.project.checking import Checker


class KeptResults:
    """Finds what a cache has for the files of a checker, and adds to it what the checker found out."""

    def __init__(self, cache: Cache, checker: Checker) -> None:
        """Serve *checker* from *cache*."""
        self._cache = cache
        self._checker = checker
        self._envs: dict[tuple[int, frozenset[str], bool], tuple[Settings, str]] = {}
        self._current: dict[str, str] = {}

    def forget(self) -> None:
        """Look at files again, because some have changed."""
        self._current = {}

    def _env(self, path: str, explicit: bool) -> str:
        """Return what stands for everything but content that findings depend on."""
        settings, selection = self._checker.selection(path)
        key = (id(settings), selection.codes, explicit)
        kept = self._envs.get(key)
        if kept is None or kept[0] is not settings:
            kept = self._envs[key] = (settings, digest(f"{settings!r}|{sorted(selection.codes)}|{explicit}".encode()))
        return kept[1]

    def recall(
        self, contents: dict[str, bytes], explicit: frozenset[str], details: bool, found: dict[str, Outcome]
    ) -> None:
        """Put into *found* the outcomes that still hold for *contents*, the bytes of the files by path."""
        if not self._cache.results:
            return
        digests = {path: digest(data) for path, data in contents.items()}
        project: str | None = None
        for path, content in digests.items():
            row = self._cache.results.get(path)
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
                self._checker.advance()

    def _project_key(self, digests: dict[str, str], explicit: frozenset[str]) -> str:
        """Return what stands for the summaries of all files; a random text if one of them is not known."""
        keys: list[tuple[str, str]] = []
        for path, content in digests.items():
            row = self._cache.summaries.get(path)
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
        if not os.path.isfile(path):
            return ""
        row = self._cache.summaries.get(path)
        if row is not None:
            try:
                if row.digest == digest(read_bytes(path)) and row.env == self._env(path, False):
                    return row.key
            except FileProblem:
                return ""
        self._checker.summaries.load(path)
        summary = self._checker.summaries.known.get(path)
        return digest(repr(summary).encode()) if summary is not None else ""

    def summary_data(self, paths: Sequence[str]) -> dict[str, list[Any]]:
        """Return the kept summaries of *paths* as data."""
        return self._cache.summary_data(paths)

    def keep(self, fresh: dict[str, Outcome], explicit: frozenset[str], found: dict[str, Outcome]) -> None:
        """Keep the *fresh* ones of the outcomes *found*."""
        if not (fresh or self._cache.configuration.new):
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
        for path, summary in self._checker.summaries.known.items():
            if path not in fresh and path not in found:
                try:
                    row = SummaryRow(digest(read_bytes(path)), self._env(path, False), digest(repr(summary).encode()))
                except FileProblem:
                    continue
                summaries.append((path, row, summary.to_data()))
        users = ""
        if any(outcome.provisional for outcome in found.values()):
            rows = self._cache.summaries
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
        self._cache.write(summaries, results)


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
