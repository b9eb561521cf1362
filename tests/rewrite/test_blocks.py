"""Blocks are wrapped, unwrapped and cut with their comments and strings."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from testlsp.rewrite import (
    CannotRewrite,
    add_parameter,
    dedent_out,
    remove_statement,
    replace_expression,
    replace_statement,
    unwrap_block,
    wrap_body,
    wrap_in_with,
)
from testlsp.syntax import Statement, parse
from testlsp.text import OverlappingEdits, apply_edits

SAVED = '''\
def test_login(client):
    """Doc."""
    # above
    old = os.environ.get("A")  # old value
    os.environ["A"] = "1"  # new value
    try:  # at work
        # inner
        text = """one
    two"""

        assert client.login(text)  # here
        # last
    finally:
        # gone
        os.environ["A"] = old

    # between
    done()
'''


def function_in(source: str) -> tuple[Statement, Any]:
    """Return the first statement of *source* and the function it is."""
    statement = parse("t.py", source).statements[0]
    return statement, statement.body[0]


def test_save_and_restore_becomes_one_call() -> None:
    """Four edits of one function make the save and restore idiom one call; comments of what stays stay."""
    statement, function = function_in(SAVED)
    _, save, write, guard, _ = function.body
    edits = [
        *add_parameter(statement, function, "monkeypatch"),
        *remove_statement(statement, save),
        *replace_statement(statement, write, 'monkeypatch.setenv("A", "1")'),
        *unwrap_block(statement, guard),
    ]
    expected = '''\
def test_login(client, monkeypatch):
    """Doc."""
    # above
    monkeypatch.setenv("A", "1")  # new value
    # at work
    # inner
    text = """one
    two"""

    assert client.login(text)  # here
    # last

    # between
    done()
'''
    assert apply_edits(statement.text, edits) == expected


def test_body_is_wrapped_behind_its_docstring() -> None:
    """Every line moves but those inside strings; findings in the body can be mended in the same round."""
    statement, function = function_in(
        "def f():\n\t'''Doc.'''\n\n\tx = '''\n\ty'''\n\n\tif x:\n\t\tg(x,\n\t# odd\n1)\n\t\t# end\n"
    )
    call = function.body[2].body[0].value
    edits = [*wrap_body(statement, function, "m() as mp"), *replace_expression(statement, call.func, "h")]
    expected = (
        "def f():\n\t'''Doc.'''\n\n\twith m() as mp:\n\t\tx = '''\n\ty'''\n\n\t\tif x:\n\t\t\th(x,\n\t\t# odd\n1)\n"
    )
    assert apply_edits(statement.text, edits) == expected


def test_equal_wraps_count_once_and_different_ones_overlap() -> None:
    """Two findings that wrap the same body give one wrap; two wraps that share a line are never done together."""
    statement, function = function_in("def f():\n    a\n    b\n    c\n")
    one = wrap_body(statement, function, "x()")
    assert apply_edits(statement.text, [*one, *wrap_body(statement, function, "x()")]).count("with") == 1
    for first, last, header in [(1, 2, "x()"), (0, 2, "y()"), (1, 1, "x()")]:
        with pytest.raises(OverlappingEdits):
            apply_edits(
                statement.text, [*one, *wrap_in_with(statement, function.body[first], function.body[last], header)]
            )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f(): a; b  # c\n", "def f():\n    with x:\n        a; b  # c\n"),
        ("class C:\n  def f(self): a\n", "class C:\n  def f(self):\n    with x:\n      a\n"),
    ],
)
def test_body_on_the_line_of_its_header(before: str, after: str) -> None:
    """A one-line function gets lines."""
    statement, function = function_in(before)
    if isinstance(function, ast.ClassDef):
        function = function.body[0]
    assert apply_edits(before, wrap_body(statement, function, "x")) == after


def test_custom_header() -> None:
    """A header that ends in a colon is taken as it is."""
    statement, function = function_in("def f():\n    a\n")
    edits = wrap_in_with(statement, function.body[0], function.body[0], "async with x as y:")
    assert apply_edits(statement.text, edits) == "def f():\n    async with x as y:\n        a\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f():\n    with x: a; b  # c\n", "def f():\n    a; b  # c\n"),
        ("def f():\n    with (\n        x,  # c\n    ):\n        a\n    b\n", "def f():\n    a\n    b\n"),
        ("def f():\n    with x[lambda: 1]:\n        a\n", "def f():\n    a\n"),
        ("def f():\r\n\twith x:\r\n\t\ta\r\n", "def f():\r\n\ta\r\n"),
        ("def f():\n    try: a\n    finally: b\n    c\n", "def f():\n    a\n    c\n"),
        ("def f():\n    try:\n        a\n    # to b\n    except E:\n        b\n        # b too", "def f():\n    a\n"),
    ],
)
def test_unwrapped(before: str, after: str) -> None:
    """The block takes the place of the whole statement."""
    statement, function = function_in(before)
    assert apply_edits(before, unwrap_block(statement, function.body[0])).startswith(after)


def test_unwrapped_to_another_block() -> None:
    """Any block can be the one that stays."""
    statement, function = function_in("def f():\n    try:\n        a\n    finally:  # c\n        b\n")
    assert (
        apply_edits(statement.text, unwrap_block(statement, function.body[0], "finalbody"))
        == "def f():\n    # c\n    b\n"
    )
    with pytest.raises(CannotRewrite):
        unwrap_block(statement, function.body[0], "orelse")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "def f():\n    with x:\n        g()\n\n        # why\n        if e:\n            h('''\n        x''')\n",
            "def f():\n    with x:\n        g()\n\n    # why\n    if e:\n        h('''\n        x''')\n",
        ),
        ("def f():\n\twith x: a; b  # c\n\td\n", "def f():\n\twith x: a\n\tb  # c\n\td\n"),
    ],
)
def test_end_of_a_with_moves_out(before: str, after: str) -> None:
    """What follows the raising call stands behind the block, its comments too."""
    statement, function = function_in(before)
    compound = function.body[0]
    assert apply_edits(before, dedent_out(statement, compound, compound.body[1])) == after


def test_first_statement_cannot_move_out() -> None:
    """A block must keep a statement."""
    statement, function = function_in("def f():\n    with x:\n        a\n")
    with pytest.raises(CannotRewrite):
        dedent_out(statement, function.body[0], function.body[0].body[0])
