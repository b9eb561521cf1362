"""Expressions are replaced with brackets exactly where they are needed."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from testlsp.rewrite import CannotRewrite, replace_expression
from testlsp.syntax import Statement, children, parse
from testlsp.text import apply_edits


def expression_in(source: str, wanted: str, number: int = 0) -> tuple[Statement, Any]:
    """Return the statement of *source* and its expression number *number* that reads *wanted*."""
    statement = parse("t.py", source).statements[0]
    meant = ast.dump(ast.parse(wanted, mode="eval").body)
    found = [
        node
        for node in ast.walk(ast.Module(list(statement.body), []))
        if isinstance(node, ast.expr) and ast.dump(node) == meant
    ]
    return statement, found[number]


@pytest.mark.parametrize(
    ("source", "wanted", "new", "result"),
    [
        ("x = a * b\n", "a", "c + d", "x = (c + d) * b\n"),
        ("x = a + b\n", "a", "c * d", "x = c * d + b\n"),
        ("x = é + b  # a\n", "b", "ü", "x = é + ü  # a\n"),
        ("x = (a).b\n", "a", "c + d", "x = (c + d).b\n"),
        ("x = a.b\n", "a", "c + d", "x = (c + d).b\n"),
        ("x = not a\n", "a", "b if c else d", "x = not (b if c else d)\n"),
        ("f(a, b)\n", "a", "c, d", "f((c, d), b)\n"),
        ("f(a, b)\n", "a", "c := d", "f((c := d), b)\n"),
        ("f(i for i in x)\n", "(i for i in x)", "y", "f(y)\n"),
        ("f[a]\n", "a", "b, c", "f[b, c]\n"),
        ("assert a\n", "a", "b, c", "assert (b, c)\n"),
        ("assert a, 'm'\n", "a", "b == 1", "assert b == 1, 'm'\n"),
        ("x = a\n", "a", "b +\n c", "x = (b +\n c)\n"),
        ("def f(): return'a'\n", "'a'", "b", "def f(): return b\n"),
        ("with a: pass\n", "a", "(b, c)", "with ((b, c)): pass\n"),
        ("with a as x, b: pass\n", "b", "c()", "with a as x, c(): pass\n"),
        ("@a\ndef f(): pass\n", "a", "b(1)", "@b(1)\ndef f(): pass\n"),
        ("def f(x=a): pass\n", "a", "lambda: 1", "def f(x=lambda: 1): pass\n"),
        ("x = -a ** b\n", "a", "-1", "x = -(-1) ** b\n"),
        ("match x:\n    case 1 if a:\n        b\n", "a", "c or d", "match x:\n    case 1 if c or d:\n        b\n"),
    ],
)
def test_brackets_only_where_needed(source: str, wanted: str, new: str, result: str) -> None:
    """The new text means the same in its place as alone."""
    statement, node = expression_in(source, wanted)
    assert apply_edits(source, replace_expression(statement, node, new)) == result


def in_order(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes below *node* as they are written."""
    for child in children(node):
        yield child
        yield from in_order(child)


@pytest.mark.parametrize(
    ("source", "number", "result"),
    [
        ("x = f'{a} {a}'\n", 0, "x = f'{new} {a}'\n"),
        ("x = f'{a} {a}'\n", 1, "x = f'{a} {new}'\n"),
        ("x = 'é' f'aa {a!r:>{w}} b'\n", 0, "x = 'é' f'aa {new!r:>{w}} b'\n"),
        ("x = f'''\n{w:{a}}'''\n", 0, "x = f'''\n{w:{new}}'''\n"),
        ("x = (f'a {{a}} '\n     rf'{ a.b(a) }')\n", 0, "x = (f'a {{a}} '\n     rf'{ new.b(a) }')\n"),
        ("x = (f'a {{a}} '\n     rf'{ a.b(a) }')\n", 1, "x = (f'a {{a}} '\n     rf'{ a.b(new) }')\n"),
    ],
)
def test_names_inside_f_strings(source: str, number: int, result: str) -> None:
    """Each of several equal names is found, also where the running Python's `ast` misplaces them."""
    statement = parse("t.py", source).statements[0]
    found = [node for node in in_order(statement.body[0]) if isinstance(node, ast.Name) and node.id == "a"]
    assert apply_edits(source, replace_expression(statement, found[number], "new")) == result


@pytest.mark.parametrize(
    ("source", "wanted", "new"),
    [
        ("x = f'{a}'\n", "a", "b['c']"),
        ("x = f'{a}'\n", "a", "b(\n)"),
        ("x = f'{a=}'\n", "a", "b"),
        ("x = a\n", "a", "b c"),
        ("x = a\n", "a", "b) + (c"),
        ("x = a\n", "a", ""),
    ],
)
def test_what_does_not_fit_is_refused(source: str, wanted: str, new: str) -> None:
    """Text that is no expression, or none for every supported Python at that place, is not written."""
    statement, node = expression_in(source, wanted)
    with pytest.raises(CannotRewrite):
        replace_expression(statement, node, new)


def test_libcst_is_imported_for_f_strings_only() -> None:
    """The import costs a quarter of a second, so it waits for the fix that needs it."""
    import subprocess

    code = (
        "import sys\n"
        "from testlsp import rewrite\n"
        "from testlsp.syntax import parse\n"
        "[s] = parse('t.py', 'def f(a):\\n    return a\\n').statements\n"
        "rewrite.add_parameter(s, s.body[0], 'b'); rewrite.wrap_body(s, s.body[0], 'x')\n"
        "rewrite.replace_expression(s, s.body[0].body[0].value, 'b')\n"
        "print('libcst' in sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "False\n"
