from __future__ import annotations

import ast
from typing import NamedTuple

from testlsp.lint import Bad, Context, Fix, Good, Rule, on, on_call
from testlsp.lint.context import unsafe
from testlsp.text import Edit

_LISTS = {"os.listdir": "os.listdir", "glob.glob": "glob.glob"}
_ITERABLES = {
    **_LISTS,
    "glob.iglob": "glob.iglob",
    "os.scandir": "os.scandir",
    "builtins.set": "a set",
    "builtins.frozenset": "a set",
}
_OF_PATHS = frozenset({"iterdir", "glob", "rglob"})
_EQUALITIES = frozenset({"assertEqual", "assertListEqual", "assertTupleEqual", "assertSequenceEqual"})


class Unordered(NamedTuple):
    """A sequence in no certain order: what it is made *of*, and whether that is a set."""

    of: str
    is_set: bool


class UnorderedCompare(Rule):
    """Compares the members of a set or a directory, in the order they happen to come, with a list.

    The order of text in a set changes with every run of Python, that of
    the entries of a directory with the file system. Where the order means nothing,
    compare sorted lists or sets. Dicts keep the order in which they were filled and
    are left alone.

    Fix safety: the fixed test accepts any order, and members that cannot be
    compared with each other cannot be sorted.
    """

    code = "TL604"
    since = "0.1"
    message = "The order of a set is not defined; compare sorted lists"
    source = "https://docs.python.org/3/library/os.html#os.listdir"
    words = ("listdir", "glob", "iterdir", "scandir", "list", "tuple", "for ")
    examples = (
        Bad(
            """
            import os

            def test_export(tmp_path):
                export(tmp_path)
                assert os.listdir(tmp_path) == ["a.txt", "b.txt"]
                       ^^^^^^^^^^^^^^^^^^^^ The order of `os.listdir` is not defined; compare sorted lists
            """,
            fixed="""
            import os

            def test_export(tmp_path):
                export(tmp_path)
                assert sorted(os.listdir(tmp_path)) == ["a.txt", "b.txt"]
            """,
        ),
        Good(
            """
            import os

            def test_export(tmp_path):
                export(tmp_path)
                assert sorted(os.listdir(tmp_path)) == ["a.txt", "b.txt"]
                assert set(os.listdir(tmp_path)) == {"a.txt", "b.txt"}
            """
        ),
        Bad(
            """
            def test_names(users):
                names = {user.name for user in users}
                assert ["zoë 🎈", "adam"] == list(names)
                                            ^^^^^^^^^^^
                assert tuple(set(users.names())) == ("adam", "zoë")
                       ^^^^^^^^^^^^^^^^^^^^^^^^^
            """,
            fixed="""
            def test_names(users):
                names = {user.name for user in users}
                assert sorted(["zoë 🎈", "adam"]) == sorted(names)
                assert sorted(set(users.names())) == sorted(("adam", "zoë"))
            """,
        ),
        Bad(
            """
            import unittest

            class TestExport(unittest.TestCase):
                def test_export(self):
                    found = [path.name for path in self.folder.iterdir()]
                    self.assertEqual(found, [A, B])
                                     ^^^^^ The order of `iterdir` is not defined; compare sorted lists
            """,
            fixed="""
            import unittest

            class TestExport(unittest.TestCase):
                def test_export(self):
                    found = [path.name for path in self.folder.iterdir()]
                    self.assertEqual(sorted(found), sorted([A, B]))
            """,
        ),
        Bad(
            """
            def test_rows(folder):
                assert list(folder.glob("*.csv")) == [{"a": 1}, {"b": 1}]
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^ The order of `glob` is not defined; compare sorted lists
            """,
            why="Dicts cannot be sorted, so there is no fix.",
        ),
        Good(
            """
            import os

            def test_export(tmp_path):
                assert os.listdir(tmp_path) == ["a.txt"]
                assert list({1, 2, 3}) == [1, 2, 3]
                assert list({"a": 1, "b": 2}.keys()) == ["a", "b"]
                assert os.listdir(tmp_path) != ["a.txt", "b.txt"]
            """,
            why="One member has one order, so have small numbers in CPython, and dicts keep theirs.",
        ),
        Good(
            """
            import os

            def test_export(tmp_path):
                found = os.listdir(tmp_path)
                found.sort()
                assert found == ["a.txt", "b.txt"]

            def test_export_again(tmp_path):
                found = os.listdir(tmp_path)
                found = sorted(found)
                assert found == ["a.txt", "b.txt"]
            """,
            why="It is sorted before it is compared.",
        ),
        Good(
            """
            import os

            def test_export(monkeypatch):
                monkeypatch.setattr(os, "listdir", lambda path: ["a.txt", "b.txt"])
                assert os.listdir("x") == ["a.txt", "b.txt"]
            """,
            why="The list comes from the test itself.",
        ),
        Good(
            """
            import os

            def test_export(tmp_path, expected):
                if os.listdir(tmp_path) == ["a.txt", "b.txt"]:
                    return
                assert list(set(expected)) == expected
                assert [name for group in expected for name in set(group)] == ["a", "b"]
            """,
            why="No assertion, or none with a written order.",
        ),
    )

    @on(ast.Compare)
    def check_assert(self, ctx: Context, node: ast.Compare) -> None:
        """Report an asserted `==` of an unordered sequence and a list that is written out."""
        if len(node.ops) != 1 or not isinstance(node.ops[0], ast.Eq):
            return
        self._check(ctx, node.left, node.comparators[0], node)

    @on_call(*_EQUALITIES)
    def check_method(self, ctx: Context, node: ast.Call) -> None:
        """Report the same in the words of `unittest`."""
        if isinstance(node.func, ast.Attribute) and node.func.attr in _EQUALITIES and len(node.args) >= 2:
            self._check(ctx, node.args[0], node.args[1])

    def _check(self, ctx: Context, left: ast.expr, right: ast.expr, compared: ast.Compare | None = None) -> None:
        for found, literal in ((left, right), (right, left)):
            if not isinstance(literal, ast.List | ast.Tuple) or len(literal.elts) < 2:
                continue
            unordered = _unordered(ctx, found)
            if unordered is None or (unordered.is_set and _numbers(literal)):
                continue
            # Asked last: the nodes around a node cost a walk through the function.
            if compared is not None and not any(isinstance(each, ast.Assert) for each in ctx.ancestors(compared)):
                continue
            name = unordered.of if unordered.is_set else f"`{unordered.of}`"
            message = f"The order of {name} is not defined; compare sorted lists"
            ctx.report(found, message, fixes=_sorted(ctx, found, literal))


def _unordered(ctx: Context, node: ast.expr) -> Unordered | None:
    """Return what is known of the sequence *node*, None when it may have an order."""
    if isinstance(node, ast.Name):
        value = _only_value(ctx, node.id)
        return None if value is None or isinstance(value, ast.Name) else _unordered(ctx, value)
    if isinstance(node, ast.ListComp) and len(node.generators) == 1:
        return _unordered_iterable(ctx, node.generators[0].iter)
    if isinstance(node, ast.Call):
        name = ctx.qualified_name(node.func)
        if name in {"builtins.list", "builtins.tuple"} and len(node.args) == 1:
            return _unordered_iterable(ctx, node.args[0])
        if name in _LISTS and not _is_replaced(ctx, node.func):
            return Unordered(_LISTS[name], False)
    return None


def _unordered_iterable(ctx: Context, node: ast.expr) -> Unordered | None:
    if isinstance(node, ast.Name):
        value = _only_value(ctx, node.id)
        return None if value is None or isinstance(value, ast.Name) else _unordered_iterable(ctx, value)
    if isinstance(node, ast.SetComp) or (isinstance(node, ast.Set) and len(node.elts) > 1):
        return Unordered("a set", True)
    if not isinstance(node, ast.Call) or _is_replaced(ctx, node.func):
        return None
    name = ctx.qualified_name(node.func)
    if name in _ITERABLES:
        return Unordered(_ITERABLES[name], name.startswith("builtins.")) if node.args else None
    if isinstance(node.func, ast.Attribute) and node.func.attr in _OF_PATHS:
        if name is None or name.startswith("pathlib."):
            return Unordered(node.func.attr, False)
    return None


def _only_value(ctx: Context, name: str) -> ast.expr | None:
    """Return what the local *name* was given, when it was given one thing and nobody called a method of it."""
    bag = ctx.function.bag
    stores = [
        node
        for node in bag.get(ast.Name, ())
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
    ]
    for node in bag.get(ast.Attribute, ()):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name:
            return None
    if len(stores) != 1:
        return None
    assignment = ctx.parent(stores[0])
    return assignment.value if isinstance(assignment, ast.Assign) and assignment.targets == [stores[0]] else None


def _is_replaced(ctx: Context, called: ast.expr) -> bool:
    """Whether the test names the function in a string, as patches do."""
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    text = ctx.statement.text
    return f'{name}"' in text or f"{name}'" in text


def _numbers(literal: ast.List | ast.Tuple) -> bool:
    return all(isinstance(item, ast.Constant) and isinstance(item.value, int) for item in literal.elts)


def _sorted(ctx: Context, found: ast.expr, literal: ast.List | ast.Tuple) -> list[Fix]:
    if any(isinstance(item, ast.Dict | ast.Set | ast.Starred) for item in literal.elts):
        return []

    def build() -> list[Edit]:
        from testlsp.rewrite import replace_expression

        inner = found
        if isinstance(found, ast.Call) and ctx.qualified_name(found.func) in {"builtins.list", "builtins.tuple"}:
            inner = found.args[0]
        edits = replace_expression(ctx.statement, found, f"sorted({ctx.source_of(inner)})")
        texts = [item.value for item in literal.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)]
        in_order = isinstance(literal, ast.List) and len(texts) == len(literal.elts) and texts == sorted(texts)
        if not in_order:
            edits += replace_expression(ctx.statement, literal, f"sorted({ctx.source_of(literal)})")
        return edits

    return [unsafe("Compare sorted lists", build)]
