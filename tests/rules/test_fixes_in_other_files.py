"""What a fix does to the files around the one with the finding."""

from __future__ import annotations

import pytest
from rule_harness import ROOT, all_fixed_by, everything, lint_files
from testlsp.config.settings import Settings
from testlsp.lint.fixing import edits_of
from testlsp.rewrite import CannotRewrite

CONFTEST = """import pytest


@pytest.fixture(scope="session")
def prices():
    # What the shop asks for.
    return {"mug": 9.9}


@pytest.fixture
def total(prices):
    \"\"\"The sum.\"\"\"
    return sum(prices.values())
"""
OTHER = """class TestPrices:
    def test_mug(self, prices):
        assert prices["mug"] == 9.9
"""
MAIN = """def test_discount(prices):
    prices["mug"] *= 0.5
    assert prices
"""
FILES = {"tests/conftest.py": CONFTEST, "tests/test_other.py": OTHER, "tests/test_main.py": MAIN}
RULE = tuple(rule for rule in everything() if rule.name == "shared-fixture-mutated")


def fixed(title: str, files: dict[str, str]) -> dict[str, str]:
    linted = lint_files(files, "tests/test_main.py", RULE, Settings(root=ROOT))
    [found] = linted.findings.diagnostics
    [fix] = [fix for fix in found.fixes if fix.title == title]
    return {path.removeprefix(f"{ROOT}/"): text for path, text in all_fixed_by(linted, found, fix, files).items()}


def test_scope_of_a_fixture_in_a_conftest() -> None:
    """The fixture gets the other scope where it is defined, and nothing else changes."""
    assert fixed("Give `prices` function scope", FILES) == {
        **FILES,
        "tests/conftest.py": CONFTEST.replace('"session"', '"function"'),
    }


def test_factory_reaches_every_user() -> None:
    """The fixture hands out a function, and all tests and fixtures that request it call it first."""
    after = fixed("Let `prices` hand out a factory", FILES)
    assert after == {
        "tests/conftest.py": CONFTEST.replace("return {", "return lambda: {").replace(
            '."""\n    return', '."""\n    prices = prices()\n    return'
        ),
        "tests/test_other.py": OTHER.replace("prices):\n", "prices):\n        prices = prices()\n"),
        "tests/test_main.py": MAIN.replace("prices):\n", "prices):\n    prices = prices()\n"),
    }
    linted = lint_files(after, "tests/test_main.py", RULE, Settings(root=ROOT))
    assert linted.findings.diagnostics == ()


@pytest.mark.parametrize(
    ("old", "new", "titles"),
    [
        ("@pytest.fixture\n", '@pytest.fixture(scope="module")\n', {"Let `prices` hand out a factory"}),
        ("return {", "made = {", {"Give `prices` function scope"}),
        ("return {", "return load() or {", set()),
    ],
    ids=["requested by a wider one", "made in several steps", "unknown value"],
)
def test_remedies_that_do_not_fit_are_not_offered(old: str, new: str, titles: set[str]) -> None:
    """A wider fixture cannot request a narrow one, and only what is made at once becomes a factory."""
    conftest = CONFTEST.replace(old, new)
    if new.startswith("made"):
        conftest = conftest.replace("9.9}\n", '9.9}\n    made["lamp"] = 79.0\n    return made\n')
    linted = lint_files({**FILES, "tests/conftest.py": conftest}, "tests/test_main.py", RULE, Settings(root=ROOT))
    offered = {fix.title for found in linted.findings.diagnostics for fix in found.fixes}
    assert offered - {"Work on a copy of `prices`"} == titles


def test_files_that_are_gone_refuse_the_fix() -> None:
    """A fix whose other file cannot be had changes nothing at all."""
    linted = lint_files(FILES, "tests/test_main.py", RULE, Settings(root=ROOT))
    [found] = linted.findings.diagnostics
    for fix in found.fixes[1:]:
        with pytest.raises(CannotRewrite):
            edits_of(linted.source, 0, fix)
        with pytest.raises(CannotRewrite):
            edits_of(linted.source, 0, fix, lambda path: None)
