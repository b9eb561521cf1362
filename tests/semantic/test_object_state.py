"""What tests set on the objects that they are handed, and which others look at it."""

from __future__ import annotations

import textwrap

import pytest
from testlsp.semantic import FileRole, SemanticModel
from testlsp.semantic.object_state import StateUse, state_uses
from testlsp.semantic.summary import FileSummary, summarise
from testlsp.syntax import parse


def model(code: str) -> SemanticModel:
    """Return the model of a test module."""
    return SemanticModel(parse("/p/test_it.py", textwrap.dedent(code)), FileRole.TEST_MODULE)


def told(code: str) -> list[tuple[str, str, str]]:
    """Return targets, how they are used, and by which test."""
    return [(use.target, use.how, use.name) for use in state_uses(model(code))]


WRITES = "def test_a(box):\n    box.full = True\n\n"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("assert box.full", "read"),
        ("assert run(box.full)", "read"),
        ("assert other(box.lid) or box.full", None),
        ("box.close()\n    assert box.full", None),
        ("run(box)\n    assert box.full", None),
        ("assert box.lid", None),
        ("assert box['full']", None),
        ("box.full = 2", "write"),
        ("box.full += 1", "write"),
        ("box.full = 1\n    box.full = 2", "change"),
        ("full = box", None),
        ("box = Box()\n    assert box.full", None),
        ("box = Box()\n    box.full = True", None),
        ("with Box() as box:\n        assert box.full", None),
    ],
)
def test_a_read_counts_until_something_is_done_with_the_object(line: str, wanted: str | None) -> None:
    """What a call may have changed says nothing about what another test left."""
    found = {name: how for target, how, name in told(f"{WRITES}def test_b(box):\n    {line}\n") if target == "box.full"}
    assert found.get("test_b") == wanted


def test_only_what_a_test_is_handed_counts() -> None:
    """Neither its own object, nor a local, nor a global; and nothing is told where nothing is set."""
    code = """
    class TestBox:
        def test_self(self, box):
            self.full = True
            lid = box
            lid.full = True
            BOX.full = True

        def test_read(self, box):
            assert self.full or box.full
    """
    assert told(code) == []
    assert told(code.replace("self.full = True", "box.full = True")) == [
        ("box.full", "write", "test_self"),
        ("box.full", "read", "test_read"),
    ]


def test_a_summary_keeps_it() -> None:
    """The graph, and the cache on disk, hand it to the rules."""
    known = model(f"{WRITES}class TestIt:\n    def test_b(self, box):\n        assert box.full\n")
    summary = summarise(known.source, known)
    assert summary.states == (
        StateUse("box.full", "write", (), "test_a"),
        StateUse("box.full", "read", ("TestIt",), "test_b"),
    )
    assert FileSummary.from_data(summary.to_data()) == summary
