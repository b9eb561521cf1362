"""Runs a project's test suite before and after `testlsp check --fix` and prints the tests that changed state.

usage: python bench/fix_safety.py FOLDER PROJECT [PROJECT ...] [--unsafe] [--select LIST] [--random] [--markdown FILE]

FOLDER holds unpacked source distributions; PROJECT is the beginning of a folder's name, or `all` for those listed in
REQUIREMENTS. The suite runs in a virtual environment of its own, which is kept under --environments and used again.
Every test that passed before must pass after: a test that fails then, or is gone, makes the exit status 1. With
--random the suites are also run in a random order, the same before and after, where order-dependent failures may only
become fewer.
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
from pathlib import Path
from typing import NamedTuple

from testlsp import __version__

# What each suite needs besides the project itself, and how it is run.
REQUIREMENTS: dict[str, list[str]] = {
    "attrs": ["pytest", "hypothesis", "cloudpickle", "pympler", "pytest-xdist"],
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
OPTIONS: dict[str, list[str]] = {
    "attrs": ["tests", "-p", "no:xdist"],
    "dynaconf": ["tests"],
    # A server that reloads itself is waited for in vain on a machine without a network.
    "werkzeug": ["--timeout=60", "--deselect", "tests/test_serving.py"],
}
MINUTES = 15


class Change(NamedTuple):
    """A test whose state changed."""

    test: str
    before: str
    after: str


def environment(folder: Path, project: Path, python: str) -> str:
    """Return the interpreter of a virtual environment in which the suite of *project* can run."""
    name = project.name.partition("-")[0].lower()
    place = folder / name
    interpreter = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not interpreter.exists():
        subprocess.run([python, "-m", "venv", str(place)], check=True)
        install = [str(interpreter), "-m", "pip", "install", "-q"]
        subprocess.run([*install, *REQUIREMENTS[name], "pytest-randomly"], check=True, timeout=60 * MINUTES)
        # The code under test; the tests themselves are run from the copy.
        subprocess.run([*install, str(project)], check=True, timeout=60 * MINUTES)
    return str(interpreter)


def states(project: Path, interpreter: str, scratch: Path, seed: int | None) -> dict[str, str]:
    """Run the suite in *project* and return the state of each test: passed, failed, error or skipped."""
    name = project.name.partition("-")[0].lower()
    report = scratch / "report.xml"
    report.unlink(missing_ok=True)
    order = ["-p", "no:randomly"] if seed is None else ["-p", "randomly", "-p", f"randomly_seed={seed}"]
    if seed is not None:
        order = ["-p", "randomly", f"--randomly-seed={seed}"]
    command = [
        interpreter,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--continue-on-collection-errors",
        f"--junitxml={report}",
        *order,
        *OPTIONS.get(name, []),
    ]
    variables = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "PYTHON"))}
    subprocess.run(command, cwd=project, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   timeout=60 * MINUTES, check=False)  # fmt: skip
    found: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        kinds = {child.tag for child in case}
        state = next((kind for kind in ("error", "failure", "skipped") if kind in kinds), "passed")
        found[f"{case.get('classname')}::{case.get('name')}"] = state
    return found


def compared(before: dict[str, str], after: dict[str, str]) -> list[Change]:
    """Return the tests that passed before and do not pass after."""
    return [
        Change(test, state, after.get(test, "gone"))
        for test, state in sorted(before.items())
        if state == "passed" and after.get(test) != "passed"
    ]


def examine(
    source: Path, interpreter: str, arguments: list[str], seed: int | None
) -> tuple[dict[str, str], dict[str, str], str, list[Change]]:
    """Return the states before and after, what the fix said, and what changed for the worse."""
    with tempfile.TemporaryDirectory(prefix="testlsp-safety") as scratch:
        place = Path(scratch)
        copy = place / source.name
        shutil.copytree(source, copy, symlinks=True)
        before = states(copy, interpreter, place, seed)
        # A test that does not pass twice in a row says nothing about the fix.
        again = states(copy, interpreter, place, seed)
        steady = {test: state for test, state in before.items() if again.get(test) == state}
        shutil.rmtree(copy)
        shutil.copytree(source, copy, symlinks=True)
        command = [
            sys.executable,
            "-m",
            "testlsp",
            "check",
            "--no-cache",
            "--fix",
            "--exit-zero",
            "--quiet",
            "--statistics",
            *arguments,
        ]
        said = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
        if said.returncode != 0:
            raise SystemExit(f"testlsp failed on {source.name}: {said.stderr}")
        patch = subprocess.run(
            ["diff", "-ru", str(source), str(copy)], capture_output=True, text=True, check=False
        ).stdout
        after = states(copy, interpreter, place, seed)
        changes = compared(steady, after)
        if changes:
            kept = Path(tempfile.gettempdir()) / f"{source.name}.fix-safety.diff"
            kept.write_text(patch, encoding="utf-8")
            print(f"  the fixes are in {kept}")
        changed = sum(line.startswith("+++ ") for line in patch.splitlines())
        return steady, after, f"{changed} files", changes


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("projects", nargs="+")
    parser.add_argument("--unsafe", action="store_true", help="apply unsafe fixes, too")
    parser.add_argument("--select", default="", help="selectors, separated by commas")
    parser.add_argument("--random", action="store_true", help="run in a random order, too")
    parser.add_argument("--python", default=sys.executable, help="interpreter the environments are made with")
    parser.add_argument("--environments", type=Path, default=Path.home() / ".cache/testlsp-fix-safety")
    parser.add_argument("--markdown", type=Path)
    options = parser.parse_args()
    arguments = ["--unsafe-fixes"] if options.unsafe else []
    if options.select:
        arguments += ["--select", options.select]
    wanted = list(REQUIREMENTS) if options.projects == ["all"] else options.projects
    rows = []
    worse = 0
    for name in wanted:
        (source,) = [path for path in options.folder.iterdir() if path.name.lower().startswith(name.lower())]
        interpreter = environment(options.environments, source, options.python)
        for seed in (None, 20240229) if options.random else (None,):
            before, after, files, changes = examine(source, interpreter, arguments, seed)
            passed = sum(state == "passed" for state in before.values())
            label = source.name if seed is None else f"{source.name}, random order"
            still = sum(state == "passed" for state in after.values())
            rows.append(f"| {label} | {len(before):,} | {passed:,} | {files} | {still:,} | {len(changes)} |")
            print(rows[-1], flush=True)
            for change in changes:
                print(f"    {change.test}: {change.before} -> {change.after}", flush=True)
            worse += len(changes)
    grade = "safe and unsafe" if options.unsafe else "safe"
    versions = f"testlsp {__version__}, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}"
    text = "\n".join(
        [
            f"{versions}; {grade} fixes, rules: {options.select or 'default'}",
            "",
            "| suite | tests | passed before | changed | passed after | changed for the worse |",
            "|---|---:|---:|---:|---:|---:|",
            *rows,
        ]
    )
    print(text)
    if options.markdown:
        options.markdown.write_text(text + "\n", encoding="utf-8")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
