"""Applying fixes to files: in memory until they come to rest, then written, each file as a whole."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from testlsp.lint import Applicability, Diagnostic, Fix
from testlsp.lint.fixing import Applied, accepted, fix_text
from testlsp.lint.run import FileFindings
from testlsp.project.analysis import analyse_source
from testlsp.project.discovery import Discovery
from testlsp.project.files import FileProblem, FileText, WriteProblem, read_file, write_file
from testlsp.syntax import SourceFile, parse

if TYPE_CHECKING:
    from testlsp.project.checking import Checker, FixOutcome

_PASSES = 3
"""A fixed conftest can give its tests new findings, and the other way round; more passes than this were never
needed."""


def fix_files(checker: Checker, discovery: Discovery, threshold: Applicability, write: bool) -> FixOutcome:
    """Fix the files of *discovery*; see `Checker.fix`."""
    from testlsp.project.checking import FixOutcome

    changes: dict[str, tuple[str, str]] = {}
    originals: dict[str, FileText] = {}
    fixed: Counter[str] = Counter()
    problems: list[str] = []
    reports: list[FileReport] = []
    for _ in range(_PASSES if write else 1):
        reports = checker.check(discovery)
        changed = False
        for report in reports:
            if not _may_be_fixed(report, threshold):
                continue
            try:
                file = originals.setdefault(report.path, read_file(report.path))
                text = changes[report.path][1] if report.path in changes else file.text
                new, applied, problem = fixed_text(
                    checker, report.path, text, threshold, report.path in discovery.explicit
                )
                if problem is not None:
                    problems.append(problem)
                if new == text:
                    continue
                if write:
                    write_file(report.path, new, file)
            except (FileProblem, WriteProblem) as error:
                problems.append(f"{report.path}: {error.message}")
                continue
            changes[report.path] = (file.text, new)
            fixed.update(item.diagnostic.code for item in applied)
            changed = True
        checker.reset()
        if not changed:
            break
    else:
        reports = checker.check(discovery) if write else reports
    if not write:
        reports = [_report_after(checker, report, changes, discovery) for report in reports]
    else:
        reports = checker.check(discovery, details=True)
    return FixOutcome(changes, fixed, reports, tuple(problems))


def _report_after(
    checker: Checker, report: FileReport, changes: dict[str, tuple[str, str]], discovery: Discovery
) -> FileReport:
    if report.path not in changes:
        return report
    return checker.check_text(report.path, changes[report.path][1])


def _may_be_fixed(report: FileReport, threshold: Applicability) -> bool:
    return any(
        Applicability[fix.applicability.upper()] >= threshold for finding in report.findings for fix in finding.fixes
    )


def fixed_text(
    checker: Checker, path: str, text: str, threshold: Applicability, explicit: bool
) -> tuple[str, list[Applied], str | None]:
    """Return *text* after fixes, what was applied, and a complaint about a fix of ours that broke the text, if any."""
    settings, selection = checker.selection(path)
    last: list[SourceFile] = []

    def lint(current: str) -> tuple[SourceFile, FileFindings]:
        source = parse(path, current, known=last[0].statements if last else ())
        last[:] = [source]
        analysis = analyse_source(source, settings, selection, checker.summaries, explicit)
        return source, analysis.findings

    def choose(diagnostic: Diagnostic) -> Fix | None:
        return accepted(diagnostic, threshold) if diagnostic.code in selection.fixable else None

    result = fix_text(parse(path, text), lint, choose)
    problem = None
    if result.broken is not None:
        code = result.broken.diagnostic.code
        problem = f"{path}: the fix of {code} would have broken the file and was not applied; please report this"
    return result.text, result.applied, problem


if TYPE_CHECKING:
    from testlsp.project.checking import FileReport
