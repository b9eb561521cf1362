"""Statements are replaced, removed and inserted with the comments and the layout around them."""

from __future__ import annotations

import ast

import pytest
from testlsp.rewrite import (
    CannotRewrite,
    insert_after,
    insert_before,
    newline_of,
    remove_statement,
    remove_statements,
    replace_statement,
    replace_statements,
)
from testlsp.syntax import Statement, parse
from testlsp.text import apply_edits


def body_of(source: str) -> tuple[Statement, list[ast.stmt]]:
    """Return the only statement of *source* and the statements of the function or block it is."""
    statement = parse("t.py", source).statements[0]
    node = statement.body[0]
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.If | ast.ClassDef)
    return statement, node.body


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f():\n    # why\n    a = 1  # what\n    b\n", "def f():\n    # why\n    new()  # what\n    b\n"),
        ("def f():\n\ta(\n\t\t1,\n\t)  # what\n", "def f():\n\tnew()  # what\n"),
        ("def f(): a; b  # c\n", "def f(): new(); b  # c\n"),
        ("def f():\r\n    é = 'é'; b\r\n", "def f():\r\n    new(); b\r\n"),
        ("def f():\n    @d(\n        1)\n    def g(): pass\n", "def f():\n    new()\n"),
    ],
)
def test_replaced_by_one_statement(before: str, after: str) -> None:
    """Only the statement's own text changes; the comment behind it stays."""
    statement, body = body_of(before)
    assert apply_edits(before, replace_statement(statement, body[0], "new()")) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f():\n    a  # c\n", "def f():\n    with x:\n        y()  # c\n"),
        ("def f():\r\n\ta\r\n\tb\r\n", "def f():\r\n\twith x:\r\n\t\ty()\r\n\tb\r\n"),
        ("if x:\n  a;\n", "if x:\n  with x:\n    y();\n"),
    ],
)
def test_replaced_by_several_lines(before: str, after: str) -> None:
    """New lines get the indentation, the unit of indentation and the line ends of the place."""
    statement, body = body_of(before)
    assert apply_edits(before, replace_statement(statement, body[0], ["with x:", "    y()"])) == after


def test_text_of_several_lines_is_taken_as_it_is() -> None:
    """A string is one statement: what it holds behind a line end may be inside a string of the user's."""
    statement, body = body_of("def f():\n    a\n")
    edits = replace_statement(statement, body[0], 'setenv("A", """x\ny""")')
    assert apply_edits(statement.text, edits) == 'def f():\n    setenv("A", """x\ny""")\n'


@pytest.mark.parametrize("source", ["def f(): a; b\n", "def f():\n    a; b\n"])
def test_compound_statement_cannot_share_a_line(source: str) -> None:
    """What needs its own lines is refused where there are none."""
    statement, body = body_of(source)
    with pytest.raises(CannotRewrite):
        replace_statement(statement, body[0], ["with x:", "    y()"])


def test_run_of_statements_is_replaced() -> None:
    """A run becomes the new lines; what stands around it stays."""
    statement, body = body_of("def f():\n    # c\n    a\n\n    b  # d\n    e\n")
    edits = replace_statements(statement, body[0], body[1], ["x()", "y()"])
    assert apply_edits(statement.text, edits) == "def f():\n    # c\n    x()\n    y()  # d\n    e\n"


@pytest.mark.parametrize(
    ("before", "index", "after"),
    [
        ("def f():\n    a  # c\n    b\n", 0, "def f():\n    b\n"),
        ("def f():\n    # stays\n    a\n\n    b\n", 0, "def f():\n    # stays\n\n    b\n"),
        ("def f():\n    a\n\n    b\n", 0, "def f():\n    b\n"),
        ("def f():\n    a\n\n    b\n", 1, "def f():\n    a\n"),
        ("def f():\n    a\n\n    b\n\n    c\n", 1, "def f():\n    a\n\n    c\n"),
        ("def f():\n    a; b\n", 0, "def f():\n    b\n"),
        ("def f():\n    a; b  # c\n", 1, "def f():\n    a  # c\n"),
        ("def f(): a; b; c\n", 1, "def f(): a; c\n"),
        ("def f():\n    a  # c\n", 0, "def f():\n    pass  # c\n"),
        ("def f(): a\n", 0, "def f(): pass\n"),
        ("def f():\n    a\n    b", 1, "def f():\n    a\n"),
        ("def f():\n    if a:\n        b\n        # with it\n    c\n", 0, "def f():\n    c\n"),
    ],
)
def test_removed(before: str, index: int, after: str) -> None:
    """The line goes with its comment, blank lines do not pile up, an emptied block gets `pass`."""
    statement, body = body_of(before)
    assert apply_edits(before, remove_statement(statement, body[index])) == after


def test_block_that_loses_everything_gets_one_pass() -> None:
    """Removing all statements of a block at once leaves a block."""
    statement, body = body_of("def f():\n    a\n    b\n")
    assert apply_edits(statement.text, remove_statements(statement, body)) == "def f():\n    pass\n"


@pytest.mark.parametrize(
    ("before", "above", "below"),
    [
        (
            "def f():\n    # c\n    a  # d\n",
            "def f():\n    # c\n    new()\n    a  # d\n",
            "def f():\n    # c\n    a  # d\n    new()\n",
        ),
        ("def f(): a  # d\n", "def f(): new(); a  # d\n", "def f(): a; new()  # d\n"),
        ("def f():\n    a", "def f():\n    new()\n    a", "def f():\n    a\n    new()"),
        ("def f():\r\n\ta; b\r\n", "def f():\r\n\tnew()\r\n\ta; b\r\n", "def f():\r\n\ta; new(); b\r\n"),
        (
            "class C:\n    @d\n    def g(self):\n        a\n        # e\n",
            "class C:\n    new()\n    @d\n    def g(self):\n        a\n        # e\n",
            "class C:\n    @d\n    def g(self):\n        a\n    new()\n        # e\n",
        ),
    ],
)
def test_inserted(before: str, above: str, below: str) -> None:
    """New lines stand directly above or below, behind comments that belong to the statement."""
    statement, body = body_of(before)
    assert (
        apply_edits(statement.text, insert_before(statement, body[0], "new()")) + before[len(statement.text) :] == above
    )
    assert (
        apply_edits(statement.text, insert_after(statement, body[0], "new()")) + before[len(statement.text) :] == below
    )


def test_elif_is_left_alone() -> None:
    """An `elif` is a statement to `ast` only."""
    statement, _ = body_of("if a:\n    b\nelif c:\n    d\n")
    node = statement.body[0]
    assert isinstance(node, ast.If)
    for rewrite in (remove_statement, lambda s, n: replace_statement(s, n, "x"), lambda s, n: insert_before(s, n, "x")):
        with pytest.raises(CannotRewrite):
            rewrite(statement, node.orelse[0])


def test_newline_of() -> None:
    """The line end used most decides, and a text without any has the plain one."""
    assert [newline_of(text) for text in ("", "a", "a\r\nb\n\r\n", "a\nb\r\n\n", "a\rb")] == [
        "\n",
        "\n",
        "\r\n",
        "\n",
        "\r",
    ]
