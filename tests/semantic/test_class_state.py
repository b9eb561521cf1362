"""What the tests of a class share through it, and who changes it."""

from __future__ import annotations

import ast

import pytest
from function_models import model_of
from testlsp.semantic.class_state import class_changes, class_writes, containers, mentions, rebinds
from testlsp.semantic.functions import Function


def method(body: str) -> Function:
    """Return a test method with that body."""
    text = "class TestIt:\n    items = []\n    def test_it(self, other):\n        " + body.replace("\n", "\n        ")
    found = model_of(text).function_named("test_it", ("TestIt",))
    assert found is not None
    return found


def test_containers_are_what_the_class_body_makes_once() -> None:
    """Lists, dicts and sets count; constants, what is bound twice and what is a ClassVar do not."""
    [node] = ast.parse(
        "class TestIt:\n"
        "    a = []\n    b: dict = dict()\n    c = ()\n    d = {1}\n    d = {2}\n"
        "    e: ClassVar[list] = []\n    f = Shop()\n"
    ).body
    assert isinstance(node, ast.ClassDef)
    assert list(containers(node)) == ["a", "b"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("self.items.append(1)", [False]),
        ("self.items[0] = 1", [False]),
        ("self.items += [1]", [False]),
        ("TestIt.items.extend(other)", [False]),
        ("type(self).items.sort()", [False]),
        ("self.__class__.items.pop()", [True]),
        ("del self.items[0]", [True]),
        ("other.items.append(1)", []),
        ("self.others.append(1)", []),
        ("self.items = [1]", []),
        ("len(self.items)", []),
    ],
)
def test_changes_in_place_are_found(body: str, expected: list[bool]) -> None:
    """Through the instance and through the class; a new object for the instance is no change."""
    assert [change.removes for change in class_changes(method(body), frozenset({"items"}))] == expected


def test_mentions_and_new_objects_are_told_apart() -> None:
    """Whoever rebinds the name on the instance has an object of its own."""
    assert mentions(method("def inner():\n    return self.items"), "items")
    assert not mentions(method("return other.items"), "items")
    assert rebinds(method("self.items = []"), "items")
    assert not rebinds(method("self.items += [1]"), "items")


def test_writes_to_the_class_are_told_from_those_to_the_instance() -> None:
    """Only what is set on the class outlives the test."""
    body = "type(self).a = self.__class__.b = TestIt.c = 1\nself.d = other.e = 2\nTestIt.f[0] = 3"
    assert [name for _, name in class_writes(method(body))] == ["a", "b", "c"]
