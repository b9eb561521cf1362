"""The command that runs suites before and after they are fixed: what it calls worse, and the faults that it seeds."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).parents[2] / "bench"

CAREFUL = '''\
"""Tests of the shop."""
from __future__ import annotations
import pytest

def test_login(monkeypatch, tmp_path):
    monkeypatch.setenv("TOKEN", "ü")
    monkeypatch.delenv("DEBUG", raising=False); token = 1
    monkeypatch.setattr(
        shop, "now",
        lambda: 3,
    )
    monkeypatch.setattr("shop.later", None)
    with monkeypatch.context() as patch:
        patch.chdir(tmp_path)
'''
CARELESS = '''\
"""Tests of the shop."""
from __future__ import annotations
import os
import sys
import pytest

def test_login(monkeypatch, tmp_path):
    os.environ["TOKEN"] = "ü"
    os.environ.pop("DEBUG", None); token = 1
    shop.now = lambda: 3
    monkeypatch.setattr("shop.later", None)
    with monkeypatch.context() as patch:
        patch.chdir(tmp_path)
'''


class Suite:
    """A suite whose tests end in a state that is known, by tree and kind of order."""

    label = "shop"

    def __init__(self, states: dict[str, dict[str, dict[str, str]]]) -> None:
        self.known = states

    def states(self, tree: str, order: Any) -> dict[str, str]:
        return self.known[tree][order.kind]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCH))
    return importlib.import_module("fix_safety")


def test_what_fails_or_is_gone_only_after_fixing_is_worse(command: Any) -> None:
    """A test that is gone, or fails where it passed, counts; one that depended on the order before does not."""
    passing = {"a": "passed", "b": "passed", "c": "passed"}
    before = {"in order": passing, "random": {**passing, "b": "failure"}, "parallel": passing}
    after = {
        "in order": {"a": "passed", "b": "passed"},
        "random": {**passing, "a": "failure"},
        "parallel": {**passing, "b": "error"},
    }
    suite = Suite({"before": before, "after": after})
    wanted = command.orders([1], 1)
    then, now = command.Runs(suite, "before", wanted, 2), command.Runs(suite, "after", wanted, 1)

    changes = command.worse(then, now, wanted)

    assert [(change.test, change.order.kind, change.after) for change in changes] == [
        ("c", "in order", "gone"),
        ("a", "random", "failure"),
    ]
    assert command.rows_of(suite, then, now, 1, wanted, changes)[1] == (
        "| shop | 1 files | random, 1 runs | 3 | 2 | 2 | 1 | 1 | 1 |"
    )


def test_a_careful_suite_becomes_careless(command: Any) -> None:
    """Statements that go through `monkeypatch` are done directly, where that is the same but for the end."""
    assert importlib.import_module("seeded_faults").seeded_text(CAREFUL) == (CARELESS, 3)
