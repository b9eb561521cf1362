"""What the analysis of one file on disk comes to, in a form that another process or a later run can use."""

from __future__ import annotations

import os
from typing import Any

from testlsp.config.settings import Settings
from testlsp.lint.run import told_error
from testlsp.project.analysis import Analysis, analyse, notes_of, records_of, with_edits
from testlsp.project.files import FileProblem, decode, read_bytes
from testlsp.project.records import Finding, Note
from testlsp.project.rules import Selection
from testlsp.project.summaries import Summaries
from testlsp.text import LineIndex
from testlsp.text.named import NamedTuple

Dependency = tuple[str, str]
"""A path and what it must still say: the digest of its summary, "" when it must not exist, "@..." for a folder's
age."""


class Outcome(NamedTuple):
    """The result for one file. *summary* is data; *provisional* says that the findings depend on files not yet
    known.
    """

    path: str
    digest: str
    summary: list[Any] | None
    deps: tuple[Dependency, ...]
    findings: tuple[Finding, ...]
    notes: tuple[Note, ...]
    suppressed: int
    provisional: bool = False


def digest(data: bytes) -> str:
    """Return a short text that stands for *data*."""
    import hashlib

    return hashlib.blake2b(data, digest_size=12).hexdigest()


def unreadable(path: str, problem: FileProblem) -> Outcome:
    """Return the outcome for a file that cannot be read or decoded."""
    return Outcome(path, "", None, (), (), (Note("read", problem.message),), 0)


def outcome_on_disk(
    path: str,
    settings: Settings,
    selection: Selection,
    summaries: Summaries,
    *,
    explicit: bool = False,
    details: bool = False,
    whole_project: bool = False,
    alone: bool = False,
    data: bytes | None = None,
) -> Outcome:
    """Analyse the file at *path*; never raises for what is in it, be it that we fail: then a note says so.

    *alone* says that nobody keeps the outcome or asks for what it depends on; *data* is what the file holds, if it
    was read already.
    """
    try:
        if data is None:
            data = read_bytes(path)
        text = decode(data, path).text
    except FileProblem as problem:
        return unreadable(path, problem)
    try:
        analysis = analyse(path, text, settings, selection, summaries, explicit, whole_project)
        if not explicit:
            summaries.checked(path, analysis.summary)
        content = "" if alone else digest(data)
        outcome = outcome_of(analysis, content, summaries, details=details, whole_project=whole_project)
        analysis.model.forget()  # so that memory is free without the garbage collector
    except Exception as error:
        return _failed(path, error)
    return outcome


def _failed(path: str, error: Exception) -> Outcome:
    import logging

    logging.getLogger("testlsp").debug("%s could not be analysed", path, exc_info=error)
    message = f"could not be analysed, which is a fault in testlsp: {told_error(error)}"
    return Outcome(path, "", None, (), (), (Note("fault", message),), 0)


def outcome_of(
    analysis: Analysis, content: str, summaries: Summaries, *, details: bool = False, whole_project: bool = False
) -> Outcome:
    """Return *analysis* as data; *content* stands for the bytes that were analysed."""
    source = analysis.source
    silent = not (analysis.findings.diagnostics or source.problems)
    lines = LineIndex("" if silent else source.text)
    findings = records_of(analysis, lines)
    if details:
        findings = tuple(
            with_edits(finding, diagnostic, index, analysis, lines) if diagnostic.fixes else finding
            for finding, diagnostic, index in zip(
                findings, analysis.findings.diagnostics, analysis.findings.statements, strict=True
            )
        )
    return Outcome(
        source.path,
        content,
        analysis.summary.to_data(),
        dependencies_of(source.path, summaries) if analysis.used_graph and content else (),
        findings,
        notes_of(analysis, lines) if source.problems or analysis.findings.crashes else (),
        len(analysis.findings.suppressed),
        analysis.used_users and not whole_project,
    )


def dependencies_of(path: str, summaries: Summaries) -> tuple[Dependency, ...]:
    """Return what the answers about *path* depend on, as it is now."""
    found: list[Dependency] = []
    for place in summaries.dependencies(path):
        summary = summaries.known.get(place)
        found.append((place, digest(repr(summary).encode()) if summary is not None else ""))
    found += [(place, "") for place in summaries.absent(path)]
    found += [(site, age_of(site)) for site in summaries.sites(path)]
    return tuple(found)


def age_of(folder: str) -> str:
    """Return a mark that changes when something is installed into or removed from *folder*."""
    try:
        return f"@{os.stat(folder).st_mtime_ns}"
    except OSError:
        return "@"
