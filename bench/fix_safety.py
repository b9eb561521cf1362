"""Runs a project's test suite before and after `testlsp check --fix` and prints the tests that changed state.

usage: python bench/fix_safety.py FOLDER PROJECT [PROJECT ...] [--fixes GRADE:RULES ...] [--random] [--parallel]
           [--seeded]

FOLDER holds unpacked source distributions; PROJECT is the beginning of a folder's name, or `all` for those listed in
REQUIREMENTS. `--fixes` says what is applied, for example `safe:ALL` or `unsafe:TL1,TL2,TL4`; given more than once, each
is compared with the same runs before. The suite runs in a virtual environment of its own, which is kept under
--environments and used again.

Every test that passed before must pass after: a test that fails then, or is gone, makes the exit status 1. With
--random the suites are also run in random orders (pytest-randomly), with the same seeds before and after, and with
--parallel in two processes (pytest-xdist). A test that passes in the order of the files and fails in such a run depends
on the order, and those may only become fewer. A change for the worse counts when it shows a second time, and the suite
as it was does not show it either then.

Careful suites leave little to fix. With --seeded, what they do through `monkeypatch` is done directly before the first
run, so that they are fixed in many places, and depend on their order before.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from seeded_faults import seed
from testlsp import __version__

# What each suite needs besides the project itself, and how it is run.
REQUIREMENTS: dict[str, list[str]] = {
    "attrs": ["pytest", "hypothesis", "cloudpickle", "pympler"],
    "click": ["pytest"],
    "dynaconf": [
        "pytest",
        "pytest-mock",
        "flask",
        "django",
        "python-dotenv",
        "toml",
        "configobj",
        "redis",
        "hvac",
        "boto3",
        "pyyaml",
    ],
    "flask": ["pytest<9", "asgiref", "greenlet", "python-dotenv"],
    "python_dotenv": ["pytest", "click", "ipython"],
    "werkzeug": ["pytest", "pytest-timeout", "cffi", "cryptography", "ephemeral-port-reserve", "watchdog"],
}
# For the orders in which suites are run.
ORDERING = ["pytest-randomly", "pytest-xdist"]
OPTIONS: dict[str, list[str]] = {
    "attrs": ["tests"],
    "dynaconf": ["tests"],
    # A server that reloads itself is waited for in vain on a machine without a network.
    "werkzeug": ["--timeout=60", "--deselect", "tests/test_serving.py"],
}
MINUTES = 15
WORSE_FIRST = ("gone", "error", "failure", "skipped", "passed")

States = dict[str, str]
"""State by test: one of `WORSE_FIRST` except "gone"."""


class Order(NamedTuple):
    """One way to run a suite; *kind* is "in order", "random" or "parallel"."""

    kind: str
    options: tuple[str, ...]


class Change(NamedTuple):
    """A test whose state changed for the worse, in one order."""

    test: str
    order: Order
    before: str
    after: str


class Treatment(NamedTuple):
    """What `testlsp check --fix` is asked for."""

    grade: str
    rules: str

    @property
    def arguments(self) -> list[str]:
        """The options that ask for it."""
        return ["--select", self.rules, *(["--unsafe-fixes"] if self.grade == "unsafe" else [])]


IN_ORDER = Order("in order", ("-p", "no:randomly", "-p", "no:xdist"))


def orders(seeds: Sequence[int], parallel: int) -> list[Order]:
    """Return the orders to compare: that of the files, one for each of *seeds*, and *parallel* times two processes."""
    shuffled = [Order("random", ("-p", "no:xdist", f"--randomly-seed={seed}")) for seed in seeds]
    # How the tests are dealt out differs from run to run, so the same options are no repetition.
    together = [Order("parallel", ("-p", "no:randomly", "-n", "2")) for _ in range(parallel)]
    return [IN_ORDER, *shuffled, *together]


class Suite:
    """A project with the interpreter that its tests need, and a folder for copies."""

    def __init__(self, source: Path, environments: Path, python: str, scratch: Path) -> None:
        self.name = source.name.partition("-")[0].lower()
        self.source = source
        self.label = source.name
        self.scratch = scratch
        self.interpreter = environment(environments, source, self.name, python)

    def states(self, tree: Path, order: Order) -> States:
        """Run the tests of *tree* and return the state of each."""
        # Always at the same place, because paths can be part of what a test sees.
        copy = self.scratch / "run" / self.source.name
        shutil.copytree(tree, copy, symlinks=True)
        report = self.scratch / "report.xml"
        report.unlink(missing_ok=True)
        command = [self.interpreter, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += ["--continue-on-collection-errors", f"--junitxml={report}", *order.options]
        command += OPTIONS.get(self.name, [])
        variables = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "PYTHON"))}
        with (self.scratch / "output").open("wb") as output:
            subprocess.run(command, cwd=copy, env=variables, stdout=output, stderr=subprocess.STDOUT,
                           stdin=subprocess.DEVNULL, timeout=60 * MINUTES, check=False)  # fmt: skip
        shutil.rmtree(copy)
        if not report.exists():
            raise SystemExit(f"{self.name} did not run:\n{(self.scratch / 'output').read_text(errors='replace')}")
        return states_in(report)

    def seeded(self) -> Path:
        """Return a copy of the project with faults put into its tests."""
        tree = self.scratch / "seeded" / self.source.name
        shutil.copytree(self.source, tree, symlinks=True)
        self.label = f"{self.source.name}, {seed(tree)} seeded"
        return tree

    def fixed(self, source: Path, treatment: Treatment) -> tuple[Path, int]:
        """Return a copy of the project with the fixes applied, and how many files they changed."""
        tree = self.scratch / "fixed" / self.source.name
        shutil.rmtree(tree, ignore_errors=True)
        shutil.copytree(source, tree, symlinks=True)
        command = [sys.executable, "-m", "testlsp", "check", "--no-cache", "--fix", "--exit-zero", "--quiet"]
        said = subprocess.run([*command, *treatment.arguments], cwd=tree, capture_output=True, text=True, check=False)
        if said.returncode != 0:
            raise SystemExit(f"testlsp failed on {self.source.name}: {said.stderr}")
        patch = subprocess.run(
            ["diff", "-ru", str(source), str(tree)], capture_output=True, text=True, check=False
        ).stdout
        kept = Path(tempfile.gettempdir()) / f"{self.source.name}.{treatment.grade}.fix-safety.diff"
        kept.write_text(patch, encoding="utf-8")
        return tree, sum(line.startswith("+++ ") for line in patch.splitlines())


def environment(folder: Path, project: Path, name: str, python: str) -> str:
    """Return the interpreter of a virtual environment in which the suite of *project* can run."""
    place = folder / name
    interpreter = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = "\n".join([*REQUIREMENTS[name], *ORDERING, project.name])
    holds = place / "holds.txt"
    if not holds.exists() or holds.read_text(encoding="utf-8") != wanted:
        subprocess.run([python, "-m", "venv", str(place)], check=True)
        install = [str(interpreter), "-m", "pip", "install", "-q"]
        subprocess.run([*install, *REQUIREMENTS[name], *ORDERING], check=True, timeout=60 * MINUTES)
        # The code under test; the tests themselves are run from the copy.
        subprocess.run([*install, str(project)], check=True, timeout=60 * MINUTES)
        holds.write_text(wanted, encoding="utf-8")
    return str(interpreter)


def states_in(report: Path) -> States:
    """Return the state of each test in a JUnit *report*; of one that is named twice, as for its teardown, the worst."""
    found: States = {}
    for case in ElementTree.parse(report).iter("testcase"):
        kinds = {child.tag for child in case}
        test = f"{case.get('classname')}::{case.get('name')}"
        states = kinds & set(WORSE_FIRST) | {found[test]} if test in found else kinds & set(WORSE_FIRST)
        found[test] = next((state for state in WORSE_FIRST if state in states), "passed")
    return found


def compared(before: States, after: States, order: Order) -> list[Change]:
    """Return the tests that passed before and do not pass after."""
    return [
        Change(test, order, state, after.get(test, "gone"))
        for test, state in sorted(before.items())
        if state == "passed" and after.get(test) != "passed"
    ]


class Runs:
    """The states of all tests of one tree by order; *steady* are tests that always pass in the order of the files."""

    def __init__(self, suite: Suite, tree: Path, wanted: Sequence[Order], times: int) -> None:
        self.suite = suite
        self.tree = tree
        self.states = [suite.states(tree, order) for order in wanted]
        self.first = self.states[0]
        again = [suite.states(tree, IN_ORDER) for _ in range(times - 1)]
        # A test that does not do the same twice says nothing about a fix.
        self.steady = {
            test for test, state in self.first.items() if state == "passed" and all(r.get(test) == state for r in again)
        }

    def depending(self, kind: str, wanted: Sequence[Order]) -> set[str]:
        """Return the tests that pass in the order of the files and not in some run of this kind."""
        return {
            test
            for order, states in zip(wanted, self.states, strict=True)
            if order.kind == kind
            for test in self.steady
            if states.get(test) != "passed"
        }


def worse(before: Runs, after: Runs, wanted: Sequence[Order]) -> list[Change]:
    """Return the changes for the worse that show again, and that the suite as it was still does not show."""
    known = {test for kind in ("random", "parallel") for test in before.depending(kind, wanted)}
    found = []
    for order, was, now in zip(wanted, before.states, after.states, strict=True):
        suspects = [change for change in compared(was, now, order) if change.test in before.steady]
        if order.kind != "in order":
            suspects = [change for change in suspects if change.test not in known]
        if suspects:
            again = after.suite.states(after.tree, order)
            once_more = before.suite.states(before.tree, order)
            for change in suspects:
                if again.get(change.test) != "passed" and once_more.get(change.test) == "passed":
                    found.append(change)
                else:
                    print(f"    not steady, {order.kind}: {change.test}", flush=True)
    return found


def rows_of(
    suite: Suite, before: Runs, after: Runs | None, files: int, wanted: Sequence[Order], changes: Sequence[Change]
) -> list[str]:
    """Return the lines of the table about one suite; without *after* nothing was changed."""
    rows = []
    later = after or before
    for kind in ("random", "parallel"):
        for test in sorted(later.depending(kind, wanted))[:10]:
            print(f"    still depends on the order, {kind}: {test}", flush=True)
    for kind in dict.fromkeys(order.kind for order in wanted):
        times = sum(order.kind == kind for order in wanted)
        label = kind if kind == "in order" else f"{kind}, {times} runs"
        depending = ["", ""]
        if kind != "in order":
            depending = [str(len(runs.depending(kind, wanted))) for runs in (before, later)]
        count = len({change.test for change in changes if change.order.kind == kind})
        passed = [f"{_always(runs, kind, wanted):,}" for runs in (before, later)]
        cells = [suite.label, f"{files} files", label, f"{len(before.first):,}", *passed, *depending, str(count)]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _always(runs: Runs, kind: str, wanted: Sequence[Order]) -> int:
    """Return how many tests pass in every run of this kind."""
    own = [states for order, states in zip(wanted, runs.states, strict=True) if order.kind == kind]
    return sum(all(states.get(test) == "passed" for states in own) for test in own[0])


HEAD = [
    "| suite | changed | run | tests | passed before | after | depend on the order before | after | worse |",
    "|---|---:|---|---:|---:|---:|---:|---:|---:|",
]


def treatment(text: str) -> Treatment:
    """Return what an argument such as "unsafe:TL1,TL2" asks for."""
    grade, _, rules = text.partition(":")
    if grade not in ("safe", "unsafe"):
        raise argparse.ArgumentTypeError("GRADE is `safe` or `unsafe`")
    return Treatment(grade, rules or "DEFAULT")


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("projects", nargs="+")
    parser.add_argument("--fixes", type=treatment, action="append", metavar="GRADE:RULES", help="default: safe:DEFAULT")
    parser.add_argument("--random", action="store_true", help="run in random orders, too")
    parser.add_argument("--seeds", default="1,2,3", help="of the random orders, separated by commas")
    parser.add_argument("--parallel", action="store_true", help="run in two processes, twice, too")
    parser.add_argument("--seeded", action="store_true", help="put faults into the suites first")
    parser.add_argument("--python", default=sys.executable, help="interpreter the environments are made with")
    parser.add_argument("--environments", type=Path, default=Path.home() / ".cache/testlsp-fix-safety")
    parser.add_argument("--markdown", type=Path)
    options = parser.parse_args()
    seeds = [int(seed) for seed in options.seeds.split(",")] if options.random else []
    wanted = orders(seeds, 2 if options.parallel else 0)
    tables: dict[Treatment, list[str]] = {one: [] for one in options.fixes or [Treatment("safe", "DEFAULT")]}
    count = 0
    for name in list(REQUIREMENTS) if options.projects == ["all"] else options.projects:
        (source,) = [path for path in options.folder.iterdir() if path.name.lower().startswith(name.lower())]
        with tempfile.TemporaryDirectory(prefix="testlsp-safety") as scratch:
            suite = Suite(source, options.environments, options.python, Path(scratch))
            original = suite.seeded() if options.seeded else source
            before = Runs(suite, original, wanted, times=2)
            for one, rows in tables.items():
                tree, files = suite.fixed(original, one)
                after = Runs(suite, tree, wanted, times=1) if files else None
                changes = worse(before, after, wanted) if after is not None else []
                rows += rows_of(suite, before, after, files, wanted, changes)
                print(f"{one.grade}:{one.rules}", *rows[-len({order.kind for order in wanted}) :], sep="\n", flush=True)
                for change in changes:
                    print(f"    {change.order.kind}: {change.test}: {change.before} -> {change.after}", flush=True)
                count += len(changes)
    versions = f"testlsp {__version__}, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}"
    blocks = []
    for one, rows in tables.items():
        grades = "safe and unsafe" if one.grade == "unsafe" else "safe"
        blocks.append("\n".join([f"{versions}; {grades} fixes, rules: {one.rules}", "", *HEAD, *rows]))
    text = "\n\n".join(blocks)
    print(text)
    if options.markdown:
        options.markdown.write_text(text + "\n", encoding="utf-8")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
