"""Parameters are added, renamed and removed in the layout the signature has."""

from __future__ import annotations

import ast

import pytest
from testlsp.rewrite import CannotRewrite, add_argument, add_parameter, remove_parameter, rename_parameter
from testlsp.syntax import Statement, parse
from testlsp.text import apply_edits

ADDED = [
    ("def f(): pass", "def f(new): pass"),
    ("def f( ): pass", "def f(new): pass"),
    ("def f(a): pass", "def f(a, new): pass"),
    ("def f(a,): pass", "def f(a, new,): pass"),
    ("def f(self, mock: int = 1): pass", "def f(self, new, mock: int = 1): pass"),
    ("def f(a, *rest, c=1, **k): pass", "def f(a, new, *rest, c=1, **k): pass"),
    ("def f(*, c): pass", "def f(new, *, c): pass"),
    ("def f(**k): pass", "def f(new, **k): pass"),
    ("def f(a, /): pass", "def f(a, /, new): pass"),
    ("def f(a, /, b, *, c): pass", "def f(a, /, b, new, *, c): pass"),
    (
        "async def f(a: dict[str, int], b: 'é, x') -> T[int]: pass",
        "async def f(a: dict[str, int], b: 'é, x', new) -> T[int]: pass",
    ),
    ("@d(x, y)\ndef f(a): pass", "@d(x, y)\ndef f(a, new): pass"),
    (
        "def f(\n    a,  # one\n    b,  # two\n):\n    pass",
        "def f(\n    a,  # one\n    b,  # two\n    new,\n):\n    pass",
    ),
    (
        "def f(\n    a,  # one\n    b  # two\n):\n    pass",
        "def f(\n    a,  # one\n    b,  # two\n    new\n):\n    pass",
    ),
    ("def f(\n    a,\n    b\n):\n    pass", "def f(\n    a,\n    b,\n    new\n):\n    pass"),
    ("def f(\n\ta,\n\tb=(\n\t\t1,\n\t),\n):\n\tpass", "def f(\n\ta,\n\tnew,\n\tb=(\n\t\t1,\n\t),\n):\n\tpass"),
    ("def f(\n    a, b\n):\n    pass", "def f(\n    a, b, new\n):\n    pass"),
    ("def f(a,\n      b):\n    pass", "def f(a,\n      b, new):\n    pass"),
    ("def f(a,  # why\n      *, b):\n    pass", "def f(a,  # why\n      new, *, b):\n    pass"),
    ("def f(\n    *,\n    x,\n):\n    pass", "def f(\n    new,\n    *,\n    x,\n):\n    pass"),
    ("def f(\n    # none\n):\n    pass", "def f(\n    # none\n    new,\n):\n    pass"),
    ("def f(\r\n    a,\r\n):\r\n    pass", "def f(\r\n    a,\r\n    new,\r\n):\r\n    pass"),
    ("def f(a, new): pass", "def f(a, new): pass"),
    ("def f(a, *, new): pass", "def f(a, *, new): pass"),
]


def function_in(source: str) -> tuple[Statement, ast.FunctionDef]:
    """Return the only statement of *source* and the function it is."""
    [statement] = parse("t.py", source).statements
    [node] = statement.body
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    return statement, node  # type: ignore[return-value]


@pytest.mark.parametrize(("before", "after"), ADDED)
def test_added_parameter_keeps_the_layout(before: str, after: str) -> None:
    """The parameter stands where pytest passes fixtures, and comments stay with the parameters they are about."""
    statement, function = function_in(before)
    assert apply_edits(before, add_parameter(statement, function, "new")) == after


def test_added_parameter_takes_an_annotation() -> None:
    """An annotation is written behind the name."""
    statement, function = function_in("def f(a: int): pass")
    edits = add_parameter(statement, function, "m", "pytest.MonkeyPatch")
    assert apply_edits(statement.text, edits) == "def f(a: int, m: pytest.MonkeyPatch): pass"


def test_equal_additions_count_once_and_different_ones_never_mix() -> None:
    """Two findings that add one parameter give one; two parameters are both added or overlap, never joined wrongly."""
    for before, _ in ADDED:
        statement, function = function_in(before)
        one, two = (add_parameter(statement, function, name) for name in ("x_1", "x_2"))
        assert one == add_parameter(statement, function, "x_1")
        try:
            result = apply_edits(before, [*one, *two])
        except ValueError:
            continue
        names = [argument.arg for argument in ast.walk(ast.parse(result)) if isinstance(argument, ast.arg)]
        assert {"x_1", "x_2"} <= set(names)


def test_no_parameter_behind_a_positional_only_default() -> None:
    """Nothing without a default can follow a positional-only default, so there is no rewrite."""
    statement, function = function_in("def f(a=1, /): pass")
    with pytest.raises(CannotRewrite):
        add_parameter(statement, function, "new")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f(a): pass", "def f(): pass"),
        ("def f(a, b): pass", "def f(b): pass"),
        ("def f(b, a): pass", "def f(b): pass"),
        ("def f(b, a=(1, 2), *, c): pass", "def f(b, *, c): pass"),
        ("def f(b, *, a, c): pass", "def f(b, *, c): pass"),
        ("def f(b, *args, a=1): pass", "def f(b, *args): pass"),
        ("def f(b, /, a): pass", "def f(b, /): pass"),
        ("def f(\n    b,\n    a,  # gone\n    c,\n): pass", "def f(\n    b,\n    c,\n): pass"),
    ],
)
def test_removed_parameter_takes_its_comma_and_line(before: str, after: str) -> None:
    """Removing leaves the other parameters as they were written."""
    statement, function = function_in(before)
    assert apply_edits(before, remove_parameter(statement, function, "a")) == after


@pytest.mark.parametrize("source", ["def f(a, /, b): pass", "def f(b, *, a): pass", "def f(b): pass"])
def test_parameter_that_cannot_go(source: str) -> None:
    """A bare slash or star would remain, or there is no such parameter."""
    statement, function = function_in(source)
    with pytest.raises(CannotRewrite):
        remove_parameter(statement, function, "a")


def test_renamed_parameter_with_annotation() -> None:
    """Name and annotation are replaced, nothing around them."""
    statement, function = function_in("def f(é, tmp_path: Path = None): pass")
    edits = rename_parameter(statement, function, "tmp_path", "factory", "TempPathFactory")
    assert apply_edits(statement.text, edits) == "def f(é, factory: TempPathFactory = None): pass"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f()", "f(k=1)"),
        ("f(a, *b)", "f(a, *b, k=1)"),
        ("f((a), )", "f((a), k=1, )"),
        ("(f)(a)(b)", "(f)(a)(b, k=1)"),
        ("é.f(\n    a,  # c\n)", "é.f(\n    a,  # c\n    k=1,\n)"),
    ],
)
def test_added_argument(before: str, after: str) -> None:
    """The argument is the last, in the layout of the call."""
    [statement] = parse("t.py", before).statements
    [node] = statement.body
    assert isinstance(node, ast.Expr)
    assert isinstance(node.value, ast.Call)
    assert apply_edits(before, add_argument(statement, node.value, "k=1")) == after
