"""Runs the checker and both grades of fixes over real projects and prints what it saw.

usage: python bench/corpus.py FOLDER [--project NAME ...] [--json FILE] [--markdown FILE]

FOLDER holds unpacked source distributions, one folder each. For every project: all test files are checked; then, each
on a fresh copy, safe fixes and safe plus unsafe fixes are applied. What must hold, and makes the exit status 1 where it
does not: no exception and no rule that fails; each range lies inside its file; fixing comes to rest; what parsed before
parses after; a second run changes nothing; nothing outside the fixed statements changes, added imports aside.
"""

from __future__ import annotations

import argparse
import difflib
import gc
import json
import platform
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from corpus_projects import configuration
from testlsp import __version__
from testlsp.builtin import all_rules
from testlsp.lint import Applicability
from testlsp.project.checking import Checker, FileReport, FixOutcome
from testlsp.project.discovery import Discovery, discover
from testlsp.syntax import parse
from testlsp.text import LineIndex


def checker_for(root: Path) -> tuple[Checker, Discovery]:
    """Return a checker and the test files of the project at *root*."""
    settings = configuration(root)
    return Checker(settings, all_rules(), jobs=1), discover([str(root)], settings.for_folder)


def ranges_outside(report: FileReport) -> list[str]:
    """Return complaints about findings whose range is not inside the file."""
    if report.text is None:
        return []
    lines = LineIndex(report.text)
    complaints = []
    for finding in report.findings:
        for place in (finding.start, finding.end):
            row, column = place.row - 1, place.column - 1
            if not (0 <= row < len(lines.starts) and 0 <= column <= len(lines.line_text(row))):
                complaints.append(f"{report.path}:{place.row}:{place.column}: {finding.code} lies outside the file")
        if finding.end < finding.start:
            complaints.append(f"{report.path}: {finding.code} ends before it begins")
    return complaints


def changed_elsewhere(path: str, old: str, new: str, rows: set[int]) -> list[str]:
    """Return complaints about statements that changed although no finding in them was fixed; *rows* are those of
    findings."""
    before, after = parse(path, old), parse(path, new)
    lines = LineIndex(old)
    fixed = {before.index_at(lines.offset(row - 1, 0)) for row in rows}
    left = [piece.text for piece in before.statements]
    right = [piece.text for piece in after.statements]
    complaints = []
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            continue
        touched = [index for index in range(start, end) if index not in fixed]
        added = "".join(right[new_start:new_end])
        only_imports = all(not line.strip() or line.startswith(("import ", "from ")) for line in added.splitlines())
        unexplained = [
            index for index in touched if not added.endswith(left[index]) and not _gained_import(left[index], added)
        ]
        if (tag == "insert" and not only_imports) or (tag != "insert" and unexplained):
            complaints.append(
                f"{path}: changed outside the fixed statements: {left[touched[0]][:60] if touched else added[:60]!r}"
            )
    return complaints


def _gained_import(old: str, new: str) -> bool:
    kept = [line for line in new.splitlines() if not line.startswith(("import ", "from "))]
    return [line for line in old.splitlines() if not line.startswith(("import ", "from "))] == kept


def fixed_copy(source: Path, threshold: Applicability, scratch: Path) -> tuple[FixOutcome, list[str], float]:
    """Fix a fresh copy of the project at *source*; return what was done, what is wrong with it, and the seconds."""
    copy = scratch / source.name
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(source, copy, symlinks=True)
    checker, files = checker_for(copy)
    rows = {report.path: {finding.start.row for finding in report.findings} for report in checker.check(files)}
    began = time.perf_counter()
    outcome = checker.fix(files, threshold, write=True)
    seconds = time.perf_counter() - began
    complaints = list(outcome.problems)
    for path, (old, new) in outcome.changes.items():
        if not parse(path, old).problems and parse(path, new).problems:
            complaints.append(f"{path}: does not parse after fixing")
        complaints += changed_elsewhere(path, old, new, rows.get(path, set()))
    checker, files = checker_for(copy)
    again = checker.fix(files, threshold, write=False)
    complaints += [f"{path}: a second run changes it again" for path in again.changes]
    return outcome, complaints, seconds


def examine(project: Path, scratch: Path) -> dict[str, Any]:
    """Return the figures for one project; complaints under "wrong"."""
    gc.disable()
    checker, files = checker_for(project)
    began = time.perf_counter()
    reports = checker.check(files, details=True)
    seconds = time.perf_counter() - began
    wrong = [complaint for report in reports for complaint in ranges_outside(report)]
    wrong += [f"{report.path}: {note.message}" for report in reports for note in report.notes if note.kind == "crash"]
    lines = 0
    for path in files.files:
        lines += Path(path).read_bytes().count(b"\n")
    result: dict[str, Any] = {
        "project": project.name,
        "files": len(files.files),
        "lines": lines,
        "seconds": round(seconds, 2),
        "findings": Counter(finding.code for report in reports for finding in report.findings),
        "notes": sum(len(report.notes) for report in reports),
    }
    for name, threshold in (("safe", Applicability.SAFE), ("unsafe", Applicability.UNSAFE)):
        outcome, complaints, took = fixed_copy(project, threshold, scratch)
        result[name] = sum(outcome.fixed.values())
        result[f"{name}_files"] = len(outcome.changes)
        result[f"{name}_seconds"] = round(took, 2)
        wrong += [f"[{name}] {complaint}" for complaint in complaints]
    result["wrong"] = wrong
    gc.enable()
    gc.collect()
    return result


def table(results: list[dict[str, Any]]) -> str:
    """Return the figures as a Markdown table, and the findings per rule as another."""
    rows = [
        "| project | files | lines | findings | check, s | safe fixes | unsafe fixes too | wrong |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for each in [*results, _total(results)]:
        rows.append(
            f"| {each['project']} | {each['files']:,} | {each['lines']:,} | {sum(each['findings'].values()):,} "
            f"| {each['seconds']} | {each['safe']} | {each['unsafe']} | {len(each['wrong'])} |"
        )
    codes = sorted({code for each in results for code in each["findings"]})
    rows += ["", "| rule | " + " | ".join(each["project"].partition("-")[0] for each in results) + " | all |"]
    rows += ["|---|" + "---:|" * (len(results) + 1)]
    for code in codes:
        counts = [each["findings"].get(code, 0) for each in results]
        rows.append(f"| {code} | " + " | ".join(str(count or "") for count in counts) + f" | {sum(counts)} |")
    return "\n".join(rows)


def _total(results: list[dict[str, Any]]) -> dict[str, Any]:
    total: dict[str, Any] = {"project": "**all**", "findings": Counter(), "wrong": []}
    for each in results:
        total["findings"].update(each["findings"])
        total["wrong"] += each["wrong"]
    for key in ("files", "lines", "safe", "unsafe"):
        total[key] = sum(each[key] for each in results)
    total["seconds"] = round(sum(each["seconds"] for each in results), 1)
    return total


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--project", action="append", default=[])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    options = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory(prefix="testlsp-corpus") as scratch:
        for project in sorted(path for path in options.folder.iterdir() if path.is_dir()):
            if options.project and not any(project.name.startswith(name) for name in options.project):
                continue
            result = examine(project, Path(scratch))
            results.append(result)
            print(
                f"{project.name}: {result['files']} files, {sum(result['findings'].values())} findings, "
                f"{result['seconds']} s, fixes {result['safe']} safe, {result['unsafe']} with unsafe, "
                f"{len(result['wrong'])} wrong",
                flush=True,
            )
            for complaint in result["wrong"][:20]:
                print("   ", complaint.replace(str(options.folder), ""), flush=True)
    heading = f"testlsp {__version__}, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}"
    text = f"{heading}\n\n{table(results)}\n"
    print(text)
    if options.markdown:
        options.markdown.write_text(text, encoding="utf-8")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1), encoding="utf-8")
    return 1 if any(each["wrong"] for each in results) else 0


if __name__ == "__main__":
    sys.exit(main())
