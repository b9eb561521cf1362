"""The command that makes the skeleton of a rule."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what a new rule touches and what tests it."""
    unwanted = shutil.ignore_patterns("__pycache__")
    for folder in ("server", "rules", "tests/rules"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=unwanted)
    for file in ("pyproject.toml", "tests/rule_harness.py"):
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in *checkout*, on its packages and not on those that are installed."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(checkout / name) for name in ("server", "rules"))}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)


def run_tests(checkout: Path, rule: str) -> subprocess.CompletedProcess[str]:
    """Run the tests about *rule*, and those about the files that are generated."""
    files = [f"tests/rules/test_{name}.py" for name in ("examples", "contract", "index", "pages")]
    chosen = f"{rule} or catalogue or current"
    return run(checkout, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files, "-k", chosen)


@pytest.mark.slow
def test_a_skeleton_passes_except_what_its_writer_must_say(checkout: Path) -> None:
    """The examples of a new rule pass, its files are current, and only what is marked for the writer fails."""
    made = run(checkout, "rules/new_rule.py", "process_state/umask-changed")
    assert made.returncode == 0, made.stderr
    code = made.stdout.split()[0]
    assert re.fullmatch(r"TL2\d\d", code)
    assert not re.search(f"^{code} ", (ROOT / "tests/rules/catalogue.txt").read_text("utf-8"), flags=re.MULTILINE)
    assert f"| {code} | [umask-changed](umask-changed.md) |" in (checkout / "rules/docs/README.md").read_text("utf-8")

    tested = run_tests(checkout, "umask-changed")

    failed = set(re.findall(r"^FAILED \S+::(\w+)\[", tested.stdout, flags=re.MULTILINE))
    assert failed == {"test_nothing_is_left_to_write", "test_a_claim_has_a_source"}, tested.stdout
    assert int(re.findall(r"(\d+) passed", tested.stdout)[0]) > 15
    # Someone who has filled it in is done.
    rule = checkout / "rules/testlsp_rules/process_state/umask_changed.py"
    text = rule.read_text("utf-8").replace(" TODO: what the rule finds, in the third person.", "")
    text = re.sub('TODO: the address.+?"', 'https://docs.python.org/3/library/os.html#os.umask"', text)
    rule.write_text(text.replace("TODO: why", "Why"), "utf-8")
    run(checkout, "-m", "testlsp.report.pages", "--write", "rules/docs")
    finished = run_tests(checkout, "umask-changed")
    assert finished.returncode == 0, finished.stdout


@pytest.mark.slow
def test_the_rule_that_is_shown_works(checkout: Path) -> None:
    """The whole rule on the page about writing rules, put in place of its skeleton, passes everything."""
    code = run(checkout, "rules/new_rule.py", "flakiness/breakpoint-left").stdout.split()[0]
    shown = re.search(r"^```python\n(.*?)^```", (ROOT / "rules/docs/writing-rules.md").read_text("utf-8"), re.M | re.S)
    assert shown is not None
    rule = checkout / "rules/testlsp_rules/flakiness/breakpoint_left.py"
    rule.write_text(shown[1].replace("TL699", code), "utf-8")
    run(checkout, "-m", "testlsp.builtin", "--write")
    run(checkout, "-m", "testlsp.report.pages", "--write", "rules/docs")

    tested = run_tests(checkout, "breakpoint-left")

    assert tested.returncode == 0, tested.stdout
    assert int(re.findall(r"(\d+) passed", tested.stdout)[0]) > 20


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("process/umask-changed", "there is no family `process`; there are assertions, environ, "),
        ("environ/environ-setitem", "there is, or was, a rule called `environ-setitem`"),
        ("environ/../setitem", "`../setitem` is no name for a rule"),
        ("environ", "usage: "),
    ],
)
def test_what_cannot_be_made_changes_nothing(checkout: Path, wanted: str, reason: str) -> None:
    """An unknown family, a name that is taken or is none: the reason is said, and nothing is written."""
    before = sorted(path for path in checkout.rglob("*") if "__pycache__" not in path.parts)
    catalogue = (checkout / "tests/rules/catalogue.txt").read_bytes()

    refused = run(checkout, "rules/new_rule.py", wanted)

    assert refused.returncode == 2
    assert reason in refused.stderr
    assert sorted(path for path in checkout.rglob("*") if "__pycache__" not in path.parts) == before
    assert (checkout / "tests/rules/catalogue.txt").read_bytes() == catalogue
