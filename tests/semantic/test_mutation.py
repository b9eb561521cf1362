"""What a fixture hands out, and where a function changes what it was handed."""

from __future__ import annotations

from textwrap import dedent

import pytest
from testlsp.semantic import SemanticModel
from testlsp.semantic.mutation import mutations
from testlsp.semantic.summary import summarise
from testlsp.syntax import parse


def handed_out(body: str, scope: str = "session") -> bool | None:
    """Return what the summary says about a fixture with that body."""
    code = dedent(f"""
    import json, pytest
    from collections import defaultdict
    from types import MappingProxyType, SimpleNamespace
    @pytest.fixture(scope="{scope}")
    def value(other):
        {{}}
    """).format(body.replace("\n", "\n    "))
    source = parse("conftest.py", code)
    assert not source.problems
    return summarise(source, SemanticModel(source)).fixtures[0].returns_mutable


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return {}", True),
        ("return [each for each in other]", True),
        ("return defaultdict(list)", True),
        ("return json.loads('{}')", True),
        ("yield SimpleNamespace(a=1)", True),
        ("made = {}\nmade['a'] = 1\nyield made", True),
        ("if other:\n    return []\nreturn {}", True),
        ("return (1, 2)", False),
        ("return MappingProxyType({})", False),
        ("return 'text'", False),
        ("if other:\n    return []\nreturn ()", None),
        ("return other", None),
        ("return make()", None),
        ("made = {}\nmade = freeze(made)\nreturn made", None),
        ("rows = []\nyield rows\nwrite(rows)", None),
        ("yield from make()", None),
        ("pass", None),
        ("def inner():\n    return {}\nreturn inner", None),
    ],
)
def test_what_a_fixture_hands_out(body: str, expected: bool | None) -> None:
    """Only plain data made in sight is known to be mutable, and what is read later is collected on purpose."""
    assert handed_out(body) is expected


def test_a_fixture_of_function_scope_shares_nothing() -> None:
    """Nothing is worked out for a value that no second test gets."""
    assert handed_out("return {}", "function") is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("value['a'] = 1", ["setitem"]),
        ("value['a']['b'] += 1", ["augment"]),
        ("value.name = 1", ["setattr"]),
        ("del value['a'], value.b", ["delitem", "delattr"]),
        ("value.append(1)", ["append"]),
        ("value['rows'].append(1)", ["append"]),
        ("def inner():\n    value.clear()", ["clear"]),
        ("value['session'].add(1)", []),
        ("value.get('a')", []),
        ("value = dict(value)\nvalue['a'] = 1", []),
        ("def inner(value):\n    value['a'] = 1", []),
        ("other['a'] = 1", []),
        ("match value:\n    case True:\n        pass", []),
    ],
)
def test_where_a_value_is_changed(body: str, expected: list[str]) -> None:
    """Changes in place count, those of a copy or of another name do not."""
    source = parse("test_a.py", "def test_a(value):\n    " + body.replace("\n", "\n    ") + "\n")
    assert not source.problems
    [function] = [each for each in SemanticModel(source).functions if each.name == "test_a"]
    assert [found.method for found in mutations(function, frozenset({"value"}))] == expected
