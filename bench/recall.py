"""How many of the faults that are put into real suites are found.

usage: python bench/recall.py PROJECT... [--missed N]

What the tests of a PROJECT do through `monkeypatch` is done directly instead, as people do who do not know it
(`seeded_faults.py`), in one file after the other, in memory. A fault counts as found when TL1 or TL2 report anything in
its function, as one finding stands for all changes of the same thing there. Not all that is missed is a mistake: a
fixture of the project may put everything back, and many objects are the test's own. With --missed, N of those are
shown, picked at random.
"""

from __future__ import annotations

import argparse
import ast
import random
import sys
from pathlib import Path
from typing import NamedTuple

from seeded_faults import seeded_text
from testlsp.builtin import all_rules
from testlsp.project.checking import Checker
from testlsp.project.configuration import Configuration

RULES = tuple(rule for rule in all_rules() if rule.code.startswith(("TL1", "TL2")))


class Fault(NamedTuple):
    """A line that was changed, in *function*, and whether something was found there."""

    path: Path
    row: int
    text: str
    function: str
    found: bool


def faults(project: Path) -> list[Fault]:
    """Return the faults put into the test files of *project*."""
    checker = Checker(Configuration(cwd=str(project)), RULES, jobs=1)
    found: list[Fault] = []
    for path in sorted((*project.rglob("test_*.py"), *project.rglob("conftest.py"))):
        try:
            text = path.read_text("utf-8")
            seeded, count = seeded_text(text) if "monkeypatch" in text else (text, 0)
        except (UnicodeDecodeError, SyntaxError):
            continue
        if count:
            found += faults_in(path, text, seeded, checker)
    return found


def faults_in(path: Path, text: str, seeded: str, checker: Checker) -> list[Fault]:
    """Return the faults of *seeded*, which was made from *text*."""
    before = {line.strip() for line in text.splitlines()}
    report = checker.check_text(str(path), seeded)
    rows = {row for finding in report.findings for row in range(finding.start.row, finding.end.row + 1)}
    functions = [
        node for node in ast.walk(ast.parse(seeded)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    found = []
    for row, line in enumerate(seeded.splitlines(), 1):
        bare = line.strip()
        if bare in before or bare.startswith("import ") or not (" = " in bare or "os." in bare or "sys.path" in bare):
            continue
        around = [node for node in functions if node.lineno <= row <= (node.end_lineno or row)]
        if around:
            outer = min(around, key=lambda node: node.lineno)
            reported = not rows.isdisjoint(range(outer.lineno, (outer.end_lineno or row) + 1))
            found.append(Fault(path, row, bare, outer.name, reported))
    return found


def main() -> int:
    """Print the share."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path, nargs="+")
    parser.add_argument("--missed", type=int, default=0)
    options = parser.parse_args()
    found = [fault for project in options.project for fault in faults(project.resolve())]
    missed = [fault for fault in found if not fault.found]
    share = 100 * (len(found) - len(missed)) / max(1, len(found))
    print(f"{len(found) - len(missed)} of {len(found)} faults in {len(options.project)} projects found, {share:.0f} %")
    for fault in random.Random(0).sample(missed, min(options.missed, len(missed))):
        print(f"{fault.path}:{fault.row}: {fault.text[:100]} ({fault.function})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
