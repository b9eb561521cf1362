from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rewrite, Rule, on
from testlsp.lint.context import unsafe
from testlsp.lint.patching import Form, form_for, idiom_form, with_parameter
from testlsp.rewrite import remove_statement, replace_statement
from testlsp.semantic.cleanup import cleanup_place
from testlsp.semantic.functions import Function, FunctionKind

from testlsp_rules.process_state._forms import Patch, patched


class GlobalStatement(Rule):
    """Writes a global variable in a test or fixture.

    The value stays when the test has ended: the next test that reads the variable
    depends on this one having run. A fixture can return the value instead;
    `monkeypatch.setattr(sys.modules[__name__], ...)` writes the variable and puts
    it back.

    Fix safety: unsafe, because later tests may have come to rely on the value.
    """

    code = "TL211"
    since = "0.1"
    message = "A global variable is written here and keeps its value after the test"
    options = ("idiom", "target-version")
    ruff = ("PLW0603",)
    related = ("PLW0603 (ruff)",)
    source = "https://github.com/asottile/detect-test-pollution"
    examples = (
        Bad(
            """
            rate = 1.0

            def test_discount():
                global rate
                rate = 0.5
                ^^^^^^^^^^ The global variable `rate` keeps this value after the test
                assert price(10) == 5
            """,
            fixed="""
            import sys

            rate = 1.0

            def test_discount(monkeypatch):
                monkeypatch.setattr(sys.modules[__name__], "rate", 0.5)
                assert price(10) == 5
            """,
        ),
        Good(
            """
            import sys

            rate = 1.0

            def test_discount(monkeypatch):
                monkeypatch.setattr(sys.modules[__name__], "rate", 0.5)
                assert price(10) == 5
            """
        ),
        Bad(
            """
            rate = 1.0

            def test_discount():
                global rate
                rate = 0.5
                ^^^^^^^^^^ The global variable `rate` keeps this value after the test
                assert price(10) == 5
            """,
            fixed="""
            from unittest.mock import patch

            import sys

            rate = 1.0

            def test_discount():
                with patch.object(sys.modules[__name__], "rate", 0.5):
                    assert price(10) == 5
            """,
            settings={"idiom": "patch.dict"},
            why="for suites that keep to `unittest.mock`",
        ),
        Bad(
            """
            rate = 1.0

            def test_discount():
                global rate
                rate = 0.5
                ^^^^^^^^^^ The global variable `rate` keeps this value after the test
                assert price(10) == 5
            """,
            fixed="""
            import sys

            rate = 1.0

            def test_discount(mocker):
                mocker.patch.object(sys.modules[__name__], "rate", 0.5)
                assert price(10) == 5
            """,
            settings={"idiom": "mocker"},
            why="for suites that use pytest-mock",
        ),
        Bad(
            """
            import pytest

            @pytest.fixture
            def client():
                global connection, pool
                "🙂"; connection = connect()
                     ^^^^^^^^^^^^^^^^^^^^^^ The global variable `connection` keeps this value after the test
                return Client(connection)
            """,
            fixed="""
            import pytest
            import sys

            @pytest.fixture
            def client(monkeypatch):
                global connection, pool
                "🙂"; monkeypatch.setattr(sys.modules[__name__], "connection", connect(), raising=False)
                return Client(connection)
            """,
            why="the variable may not exist before; `global` stays where it names others",
        ),
        Bad(
            """
            seen = 0
            last = None

            def test_callbacks(bus):
                def listen(event):
                    global last
                    last = event
                    ^^^^^^^^^^^^ The global variable `last` keeps this value after the test
                global seen
                seen += 1
                ^^^^^^^^^ The global variable `seen` keeps this value after the test
                seen = 2
                bus.listen(listen)
                assert bus.fire() == last
            """,
            why="no fix where a callback writes, or the old value is used, or there are several writes",
        ),
        Good(
            """
            import pytest

            rate, tax, mode = 1.0, 0.2, None

            def test_finally():
                global rate
                before = rate
                rate = 0.5
                try:
                    assert price(10) == 5
                finally:
                    rate = before

            @pytest.fixture
            def without_tax():
                global tax
                tax = 0.0
                yield
                tax = 0.2

            def teardown_function():
                global mode
                mode = None

            def test_mode():
                global mode
                mode = "fast"
                assert price(10) == 10
            """,
            why="put back by `finally`, behind the `yield`, by a tear-down",
        ),
        Good(
            """
            import pytest

            database, state, server = {}, [], None

            @pytest.fixture(autouse=True)
            def fresh():
                global database, state
                database = {}
                state = []

            def setup_module():
                global server
                server = start()

            @pytest.fixture(scope="session")
            def shared():
                global server
                server = start()

            def test_add():
                global database
                database = {"a": 1}
                assert add(database)

            def test_read():
                global server
                assert server.get()
            """,
            why="every test starts afresh; what hooks and wide fixtures set is meant for many tests; no write",
        ),
        Good(
            """
            def test_source(pytester):
                pytester.makepyfile("def test_it():\\n    global rate\\n    rate = 1\\n")
                assert pytester.runpytest().ret == 0
            """,
            why="code in a string does not run here",
        ),
        Good(
            """
            import pytest

            count = 0

            @pytest.fixture
            def name():
                global count
                count += 1
                return f"shop-{count}"
            """,
            why="a counter must go on counting, so that no two names are the same",
        ),
        Bad(
            """
            import unittest
            from hypothesis import given, strategies as st
            from unittest.mock import patch

            rate = 1.0

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                *,
                retries: int = 3,
            ) -> None:
                global rate
                rate = 0.5
                ^^^^^^^^^^ The global variable `rate` keeps this value after the test
                assert run(text, retries)

            @given(st.text())
            def test_any(text):
                global rate
                rate = 0.5
                ^^^^^^^^^^ The global variable `rate` keeps this value after the test
                assert run(text)

            class RunTest(unittest.TestCase):
                def test_run(self):
                    global rate
                    rate = 0.5
                    ^^^^^^^^^^ The global variable `rate` keeps this value after the test
                    self.assertTrue(run())

            def test_named(make_monkeypatch):
                monkeypatch = make_monkeypatch()
                global rate
                rate = 0.5
                ^^^^^^^^^^ The global variable `rate` keeps this value after the test
                assert run(monkeypatch)
            """,
            fixed="""
            import unittest
            from hypothesis import given, strategies as st
            from unittest.mock import patch
            import sys

            rate = 1.0

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                monkeypatch,
                *,
                retries: int = 3,
            ) -> None:
                monkeypatch.setattr(sys.modules[__name__], "rate", 0.5)
                assert run(text, retries)

            @given(st.text())
            def test_any(text):
                global rate
                rate = 0.5
                assert run(text)

            class RunTest(unittest.TestCase):
                def test_run(self):
                    global rate
                    rate = 0.5
                    self.assertTrue(run())

            def test_named(make_monkeypatch):
                monkeypatch = make_monkeypatch()
                global rate
                rate = 0.5
                assert run(monkeypatch)
            """,
            why="each place gets the form that fits it, or no fix",
        ),
        Good(
            """
            def test_constants():
                def sets():
                    global rate
                    rate = 0.5

                assert constants(sets.__code__) == [0.5]
            """,
            why="a function that is looked at, and never run",
        ),
    )

    @on(ast.Global, kinds=(FunctionKind.TEST, FunctionKind.FIXTURE, FunctionKind.NESTED))
    def check(self, ctx: Context, node: ast.Global) -> None:
        """Report the first write of each variable that nothing puts back."""
        function = ctx.function
        outer = function.outermost
        if outer.kind is FunctionKind.FIXTURE:
            if outer.fixture is None or outer.fixture.scope != "function" or outer.fixture.autouse is not False:
                return
        elif outer.kind is not FunctionKind.TEST:
            return
        if ctx.settings.reported_by_ruff(ctx.path, *self.ruff) or _is_only_looked_at(function):
            return
        for name in node.names:
            writes = _writes(function, name)
            if not writes or (function is not outer and _writes(outer, name)) or _is_put_back(ctx, outer, name):
                continue
            if outer.kind is FunctionKind.FIXTURE and all(isinstance(write, ast.AugAssign) for write in writes):
                continue  # what counts the values handed out, so that no two are the same, must go on counting
            message = f"The global variable `{name}` keeps this value after the test"
            ctx.report(writes[0], message, fixes=_fixes(ctx, node, name, writes))


def _writes(function: Function, name: str) -> list[ast.stmt]:
    """Return the statements of *function* that bind or delete its global variable *name*."""
    if not any(name in getattr(node, "names", ()) for node in function.bag.get(ast.Global, ())):
        return []
    found: list[ast.stmt] = []
    for node in function.bag.get(ast.Name, ()):
        assert isinstance(node, ast.Name)
        if node.id == name and node.ctx.__class__ is not ast.Load:
            statement: ast.AST | None = node
            while statement is not None and not isinstance(statement, ast.stmt):
                statement = function.parents.get(statement)
            if statement is not None:
                found.append(statement)
    return sorted(found, key=lambda item: item.lineno)


def _is_only_looked_at(function: Function) -> bool:
    """Whether a nested function is never run, but an attribute of it read: ``f.__code__``."""
    around = function.parent
    if around is None or (function.node is not None and function.node.decorator_list):
        return False
    uses = [use for use in around.bag.get(ast.Name, ()) if isinstance(use, ast.Name) and use.id == function.name]
    return bool(uses) and all(isinstance(around.parents.get(use), ast.Attribute) for use in uses)


def _is_put_back(ctx: Context, outer: Function, name: str) -> bool:
    """Whether clean-up code of the test writes the variable too, or a hook or another fixture of the file does."""
    for scope in (outer, *outer.nested):
        if any(cleanup_place(scope, write, ctx.model) is not None for write in _writes(scope, name)):
            return True
    return any(
        _writes(other, name)
        for other in ctx.model.functions
        if other is not outer
        and (other.kind is FunctionKind.XUNIT or (other.kind is FunctionKind.FIXTURE and other.name != outer.name))
        and "global" in other.statement.text
    )


def _fixes(ctx: Context, node: ast.Global, name: str, writes: list[ast.stmt]) -> list[Fix]:
    write, function = writes[0], ctx.function
    if len(writes) > 1 or not isinstance(write, ast.Assign) or not isinstance(write.targets[0], ast.Name):
        return []
    if function.kind is FunctionKind.NESTED or len(write.targets) > 1:
        return []
    value = ctx.source_of(write.value)
    if isinstance(write.value, ast.Tuple | ast.NamedExpr) and not value.startswith("("):
        value = f"({value})"
    known = name in ctx.model.names.table
    target = f'sys.modules[__name__], "{name}", {value}'
    if ctx.settings.idiom == "monkeypatch":
        if form_for(ctx, function) is not Form.FIXTURE:
            return []
        line = f"monkeypatch.setattr({target}{'' if known else ', raising=False'})"
        made = [
            unsafe(
                "Use `monkeypatch.setattr`",
                lambda: with_parameter(ctx, replace_statement(ctx.statement, write, line), "monkeypatch", function),
            )
        ]
    else:
        patch = Patch("object", lambda: f"{target}{'' if known else ', create=True'}")
        made = patched(ctx, function, write, patch, idiom_form(ctx, function), unsafe)
    return [_without_global(ctx, fix, node, name) for fix in made]


def _without_global(ctx: Context, fix: Fix, node: ast.Global, name: str) -> Fix:
    """Return *fix* with the ``global`` statement removed that it makes superfluous."""

    def build() -> Rewrite:
        made = fix.build()
        removed = remove_statement(ctx.statement, node) if node.names == [name] else []
        return Rewrite([*made.edits, *removed], (*made.imports, "import sys"))

    return unsafe(fix.title, build)
