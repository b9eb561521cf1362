from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rewrite, Rule, on
from testlsp.lint.context import unsafe
from testlsp.lint.with_blocks import in_with, rest_of_block
from testlsp.rewrite import remove_statement
from testlsp.semantic.cleanup import cleanup_place
from testlsp.semantic.functions import Function, FunctionKind

from testlsp_rules.process_state._forms import CONTEXT_MANAGER
from testlsp_rules.process_state._leaks import base_is_known
from testlsp_rules.process_state._owners import patches_own_object

_NAMES = frozenset({"pytest.MonkeyPatch", "_pytest.monkeypatch.MonkeyPatch"})


class MonkeypatchInstance(Rule):
    """Makes a `pytest.MonkeyPatch()` whose changes are never undone for certain.

    Unlike the fixture, an instance made by hand undoes nothing by itself: without
    `undo()` in the tear-down its changes last until the end of the run.
    `pytest.MonkeyPatch.context()` undoes them when its block ends, whatever happens.

    Fix safety: unsafe, because the changes are taken back at another moment: at the
    end of the block, which reaches to the end of the function.
    """

    code = "TL217"
    since = "0.1"
    words = ("MonkeyPatch",)
    message = "What this `MonkeyPatch` changes is never undone"
    source = "https://docs.pytest.org/en/stable/reference/reference.html#pytest.MonkeyPatch"
    examples = (
        Bad(
            """
            import pytest

            @pytest.fixture(scope="session")
            def api():
                mp = pytest.MonkeyPatch()  # 🐒
                     ^^^^^^^^^^^^^^^^^^^^
                mp.setenv("API", "http://localhost")
                yield start_api()
            """,
            fixed="""
            import pytest

            @pytest.fixture(scope="session")
            def api():
                with pytest.MonkeyPatch.context() as mp:
                    # 🐒
                    mp.setenv("API", "http://localhost")
                    yield start_api()
            """,
        ),
        Good(
            """
            import pytest

            @pytest.fixture(scope="session")
            def api():
                with pytest.MonkeyPatch.context() as mp:
                    mp.setenv("API", "http://localhost")
                    yield start_api()
            """
        ),
        Bad(
            """
            from _pytest.monkeypatch import MonkeyPatch

            def test_url(client):
                mp = MonkeyPatch()
                     ^^^^^^^^^^^^^ What this `MonkeyPatch` changes is undone only if nothing fails before
                mp.setenv("API", "http://localhost")
                assert client.url() == "http://localhost"
                mp.undo()
            """,
            fixed="""
            from _pytest.monkeypatch import MonkeyPatch
            import pytest

            def test_url(client):
                with pytest.MonkeyPatch.context() as mp:
                    mp.setenv("API", "http://localhost")
                    assert client.url() == "http://localhost"
            """,
            why="a failing assertion skips the last line",
        ),
        Bad(
            """
            import pytest

            class TestUrl:
                def setup_method(self):
                    self.mp = pytest.MonkeyPatch()
                              ^^^^^^^^^^^^^^^^^^^^
                    self.mp.setenv("API", "http://localhost")

                def test_url(self):
                    pytest.MonkeyPatch().setenv("USER", "ada")
                    ^^^^^^^^^^^^^^^^^^^^
                    assert url()

            @pytest.fixture(scope="module")
            def patch():
                yield pytest.MonkeyPatch()
                      ^^^^^^^^^^^^^^^^^^^^
            """,
            why="where the block would have to end is not clear: no fix",
        ),
        Good(
            """
            import pytest

            @pytest.fixture(scope="module")
            def api():
                mp = pytest.MonkeyPatch()
                mp.setenv("API", "http://localhost")
                yield mp
                mp.undo()

            @pytest.fixture(scope="module")
            def other(request):
                mp = pytest.MonkeyPatch()
                request.addfinalizer(mp.undo)
                mp.setenv("API", "http://localhost")

            def test_url(stack):
                mp, third = pytest.MonkeyPatch(), pytest.MonkeyPatch()
                mine = pytest.MonkeyPatch()
                try:
                    mine.setenv("API", "http://localhost")
                    assert url()
                finally:
                    mine.undo()
                given = pytest.MonkeyPatch()
                set_up(given)
            """,
            why="undone in the tear-down, or by somebody who cannot be followed",
        ),
        Good(
            """
            import pytest

            class TestUrl:
                def setup_method(self):
                    self.mp = pytest.MonkeyPatch()
                    self.mp.setenv("API", "http://localhost")

                def teardown_method(self):
                    self.mp.undo()
            """
        ),
        Good(
            """
            import pytest
            from project.cases import Case

            class TestUrl(Case):
                def setUp(self):
                    self.mp = pytest.MonkeyPatch()
            """,
            why="the base class may well undo it",
        ),
        Good(
            """
            from pytest import MonkeyPatch

            def test_setattr():
                class A:
                    x = 1

                mp = MonkeyPatch()
                mp.setattr(A, "x", 2)
                assert A.x == 2

            def test_undo(monkeypatch):
                patch = MonkeyPatch()
                patch.setenv("A", "1")
                patch.undo()
                assert not has_a()

            def test_context():
                patch = MonkeyPatch()
                with patch.context() as m:
                    m.setenv("A", "1")
            """,
            why="only the test's own objects are changed; it is the undoing that is tested",
        ),
    )

    @on(
        ast.Call,
        kinds=(FunctionKind.TEST, FunctionKind.FIXTURE, FunctionKind.XUNIT, FunctionKind.NESTED),
    )
    def check(self, ctx: Context, node: ast.Call) -> None:
        """Report an instance that nothing undoes, or only a statement that may not be reached."""
        func = node.func
        if (func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")) != "MonkeyPatch":
            return
        if node.args or ctx.qualified_name(func) not in _NAMES:
            return
        parent = ctx.parent(node)
        target = parent.targets[0] if isinstance(parent, ast.Assign) and len(parent.targets) == 1 else None
        if isinstance(target, ast.Name) and isinstance(parent, ast.Assign):
            undone = _undone(ctx, target.id)
            if undone is not None:
                ending = "undone only if nothing fails before" if undone else "never undone"
                message = f"What this `MonkeyPatch` changes is {ending}"
                ctx.report(node, message, fixes=_fixes(ctx, parent, target.id, undone))
        elif isinstance(parent, ast.Attribute):
            if parent.attr not in {"undo", "context"}:
                ctx.report(node)
        elif isinstance(target, ast.Attribute) or (
            isinstance(parent, ast.Yield | ast.Return) and ctx.function.kind is FunctionKind.FIXTURE
        ):
            if ".undo" not in ctx.source.text and base_is_known(ctx, ctx.function.outermost):
                ctx.report(node)


def _undone(ctx: Context, name: str) -> list[ast.Call] | None:
    """Return the later calls of ``undo`` that may not be reached; None when all is well, or may be."""
    function = ctx.function
    later: list[ast.Call] = []
    foreign = False
    for scope in (function, *function.nested):
        for node in scope.bag.get(ast.Name, ()):
            if not isinstance(node, ast.Name) or node.id != name or not isinstance(node.ctx, ast.Load):
                continue
            parent = scope.parents.get(node)
            if isinstance(parent, ast.Yield) and function.kind is FunctionKind.FIXTURE:
                foreign = True
                if ".undo" in ctx.source.text:
                    return None
                continue
            if not isinstance(parent, ast.Attribute):
                return None  # handed on
            call = scope.parents.get(parent)
            if not isinstance(call, ast.Call) or call.func is not parent:
                return None
            if parent.attr == "undo":
                if scope is not function or cleanup_place(scope, node, ctx.model) is not None:
                    return None
                later.append(call)
            elif parent.attr != "context" and not patches_own_object(call, scope):
                foreign = True
    if not foreign or _asserts_behind(function, later):
        return None
    return later


def _asserts_behind(function: Function, calls: list[ast.Call]) -> bool:
    """Whether something is asserted once all is undone: then it is the undoing that is tested."""
    first = min((call.lineno for call in calls), default=0)
    return bool(first) and any(getattr(node, "lineno", 0) > first for node in function.bag.get(ast.Assert, ()))


def _fixes(ctx: Context, assign: ast.Assign, name: str, undone: list[ast.Call]) -> list[Fix]:
    rest = rest_of_block(ctx.function, assign)
    if rest is None or ctx.function.kind is FunctionKind.XUNIT:
        return []
    last = rest[-1]
    ends = isinstance(last, ast.Expr) and any(last.value is call for call in undone) and len(rest) > 1

    def build() -> Rewrite:
        body = rest[:-1] if ends else rest
        made = in_with(ctx, assign, body, f"{CONTEXT_MANAGER} as {name}")
        removed = remove_statement(ctx.statement, last) if ends else []
        return Rewrite([*made.edits, *removed], ("import pytest",))

    return [unsafe("Use `pytest.MonkeyPatch.context()`", build)]
