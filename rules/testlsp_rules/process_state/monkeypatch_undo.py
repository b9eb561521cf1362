from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rewrite, Rule, on_call
from testlsp.lint.context import unsafe
from testlsp.lint.patching import Form, form_for
from testlsp.rewrite import remove_statement, wrap_in_with
from testlsp.semantic.builtins import PYTEST
from testlsp.semantic.cleanup import cleanup_place
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.graph import Site
from testlsp.text import Edit

from testlsp_rules.process_state._owners import patches_own_object

_FIXTURE = "monkeypatch"
_PATCHING = frozenset("setattr delattr setitem delitem setenv delenv syspath_prepend chdir".split())


class MonkeypatchUndo(Rule):
    """Calls `monkeypatch.undo()` in the middle of a test, which undoes what fixtures have patched as well.

    All fixtures and the test share one `monkeypatch`, so `undo()` takes back every
    change, also the one that keeps the test from the real network or the real home
    directory. A block `with monkeypatch.context() as m:` takes back its own changes
    only, and does so when the test fails, too.

    Fix safety: unsafe, because what fixtures have patched now stays patched in the
    rest of the test.
    """

    code = "TL216"
    since = "0.1"
    words = ("undo",)
    message = "`monkeypatch.undo()` also undoes what fixtures have patched for this test"
    source = "https://docs.pytest.org/en/stable/reference/reference.html#pytest.MonkeyPatch.undo"
    examples = (
        Bad(
            """
            def test_offline(client, monkeypatch):
                monkeypatch.setattr(client, "send", None)  # 📡
                assert client.cached() == []
                monkeypatch.undo()
                ^^^^^^^^^^^^^^^^^^
                assert client.fetch() == ["a"]
            """,
            fixed="""
            def test_offline(client, monkeypatch):
                with monkeypatch.context() as m:
                    m.setattr(client, "send", None)  # 📡
                    assert client.cached() == []
                assert client.fetch() == ["a"]
            """,
        ),
        Good(
            """
            def test_offline(client, monkeypatch):
                with monkeypatch.context() as m:
                    m.setattr(client, "send", None)
                    assert client.cached() == []
                assert client.fetch() == ["a"]
            """
        ),
        Bad(
            """
            def test_home(home, monkeypatch):
                m = home / "x"
                monkeypatch.chdir(m)
                monkeypatch.undo()
                ^^^^^^^^^^^^^^^^^^ `monkeypatch.undo()` also undoes what the fixture `home` has patched
                assert not m.exists()
            """,
            fixed="""
            def test_home(home, monkeypatch):
                m = home / "x"
                with monkeypatch.context() as patch:
                    patch.chdir(m)
                assert not m.exists()
            """,
            files={
                "tests/conftest.py": """
                import pytest

                @pytest.fixture
                def home(monkeypatch, tmp_path):
                    monkeypatch.setenv("HOME", str(tmp_path))
                    return tmp_path
                """
            },
            why="the test goes on in the real home directory",
        ),
        Bad(
            """
            def test_twice(monkeypatch, run):
                for name in ("A", "B"):
                    monkeypatch.setenv(name, "1")
                    assert run()
                    monkeypatch.undo()
                    ^^^^^^^^^^^^^^^^^^

            def test_nested(monkeypatch, run):
                monkeypatch.setenv("A", "1")

                def step():
                    monkeypatch.setenv("B", "1")
                    return run()

                assert step()
                monkeypatch.undo()
                ^^^^^^^^^^^^^^^^^^
                assert run()
            """,
            fixed="""
            def test_twice(monkeypatch, run):
                for name in ("A", "B"):
                    with monkeypatch.context() as m:
                        m.setenv(name, "1")
                        assert run()

            def test_nested(monkeypatch, run):
                monkeypatch.setenv("A", "1")

                def step():
                    monkeypatch.setenv("B", "1")
                    return run()

                assert step()
                monkeypatch.undo()
                assert run()
            """,
            why="what a nested function patches belongs to no block",
        ),
        Good(
            """
            import pytest

            @pytest.fixture
            def env(monkeypatch):
                monkeypatch.setenv("A", "1")
                yield
                monkeypatch.undo()

            def test_last(monkeypatch, run):
                monkeypatch.setenv("A", "1")
                try:
                    assert run()
                finally:
                    monkeypatch.undo()

            def test_end(monkeypatch, run):
                monkeypatch.setenv("A", "1")
                assert run()
                monkeypatch.undo()
            """,
            why="nothing of the test follows: needless, but harmless",
        ),
        Good(
            """
            import pytest

            def test_own(history):
                history.undo()
                monkeypatch = pytest.MonkeyPatch()
                monkeypatch.setenv("A", "1")
                monkeypatch.undo()
                assert history.empty()
            """,
            why="another object, or an instance of its own (`monkeypatch-instance`)",
        ),
        Good(
            """
            import pytest

            @pytest.fixture
            def monkeypatch():
                return History()

            def test_own(monkeypatch):
                monkeypatch.undo()
                assert monkeypatch.empty()
            """,
            why="the project's own fixture of that name",
        ),
        Good(
            """
            def test_own(monkeypatch):
                numbers = {"x": 1}
                monkeypatch.setitem(numbers, "x", 2)
                monkeypatch.undo()
                assert numbers == {"x": 1}
            """,
            why="it is `monkeypatch` itself that is tested",
        ),
    )

    @on_call("undo", kinds=(FunctionKind.TEST, FunctionKind.FIXTURE))
    def check(self, ctx: Context, node: ast.Call) -> None:
        """Report ``monkeypatch.undo()`` that something follows."""
        func = node.func
        if not isinstance(func, ast.Attribute) or func.attr != "undo" or node.args:
            return
        function = ctx.function
        if not isinstance(func.value, ast.Name) or func.value.id != _FIXTURE or not _is_fixture(function):
            return
        statement = ctx.parent(node)
        if not isinstance(statement, ast.Expr) or cleanup_place(function, node, ctx.model) is not None:
            return
        if not _is_followed(function, statement):
            return
        graph = ctx.graph
        if graph is None or _patches_own_objects(ctx):
            return
        site = Site(ctx.path, function.chain, function.name)
        found = graph.resolve(_FIXTURE, site)
        if found is not None and found.path != PYTEST:
            return  # the project's own fixture of that name
        own = (ctx.path, function.chain, function.name)
        other = next(
            (item.name for item in graph.closure(site).active if _FIXTURE in item.requests and item.identity != own),
            None,
        )
        message = f"`monkeypatch.undo()` also undoes what the fixture `{other}` has patched" if other else None
        ctx.report(node, message, fixes=_fixes(ctx, statement))


def _is_fixture(function: Function) -> bool:
    return _FIXTURE in function.params and not any(
        isinstance(name, ast.Name) and name.id == _FIXTURE and not isinstance(name.ctx, ast.Load)
        for name in function.bag.get(ast.Name, ())
    )


def _is_followed(function: Function, statement: ast.stmt) -> bool:
    """Whether anything of the function runs after *statement*."""
    assert function.node is not None
    last: ast.AST = function.node.body[-1]
    return last is not statement


def _fixes(ctx: Context, undo: ast.Expr) -> list[Fix]:
    function = ctx.function
    block = next(
        (
            body
            for name in ("body", "orelse", "finalbody")
            if isinstance(body := getattr(ctx.parent(undo), name, None), list) and any(item is undo for item in body)
        ),
        None,
    )
    if block is None or form_for(ctx, function) is not Form.FIXTURE:
        return []
    end = next(index for index, item in enumerate(block) if item is undo)
    uses = [node for node in function.bag.get(ast.Name, ()) if isinstance(node, ast.Name) and node.id == _FIXTURE]
    before = [node for node in uses if node.lineno < undo.lineno]
    touched = [
        next((i for i, item in enumerate(block[:end]) if item.lineno <= use.lineno <= (item.end_lineno or 0)), None)
        for use in before
    ]
    places = [place for place in touched if place is not None]
    if not places or len(places) != len(touched) or not all(_patches(ctx, use) for use in before):
        return []
    inner = (scope for scope in function.within() if scope is not function)
    if any(getattr(name, "id", "") == _FIXTURE for scope in inner for name in scope.bag.get(ast.Name, ())):
        return []
    name = "m" if "m" not in function.locals else "patch"
    if name in function.locals:
        return []
    first = block[min(places)]

    def build() -> Rewrite:
        wrap = wrap_in_with(ctx.statement, first, block[end - 1], f"{_FIXTURE}.context() as {name}")
        renamed = [Edit(ctx.statement.range(use), name) for use in before]
        return Rewrite([*wrap, *renamed, *remove_statement(ctx.statement, undo)])

    return [unsafe("Use `with monkeypatch.context()`", build)]


def _patches_own_objects(ctx: Context) -> bool:
    """Whether nothing of others is patched: then it is `monkeypatch` itself that is tested."""
    patched = [
        call
        for name in ctx.function.bag.get(ast.Name, ())
        if isinstance(name, ast.Name) and name.id == _FIXTURE and _patches(ctx, name)
        if isinstance(call := ctx.parent(ctx.ancestors(name)[0]), ast.Call)
    ]
    return bool(patched) and all(patches_own_object(call, ctx.function) for call in patched)


def _patches(ctx: Context, use: ast.Name) -> bool:
    parent = ctx.parent(use)
    return isinstance(parent, ast.Attribute) and parent.attr in _PATCHING
