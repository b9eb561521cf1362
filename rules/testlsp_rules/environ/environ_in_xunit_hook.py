from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rewrite, Rule, on_effect
from testlsp.lint.context import unsafe
from testlsp.lint.patching import patch_name
from testlsp.rewrite import indentation_of, insert_after, newline_of, replace_statement, wrap_in_with
from testlsp.semantic.effects import Effect, EffectKind, effects_of
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.text import Edit, TextRange
from testlsp.text.patterns import pattern

from testlsp_rules.environ._leaks import leaks
from testlsp_rules.environ._patch_dict import patch_dict_lines
from testlsp_rules.environ._writes import begins_its_line, fixes_for, in_context, monkeypatch_call

_CHANGES = (EffectKind.ENV_SET, EffectKind.ENV_DELETE, EffectKind.ENV_BULK)
_SCOPES = {"setup_method": "function", "setup_function": "function", "setup_module": "module"}


class EnvironInXunitHook(Rule):
    """Changes the environment in `setUp`, `setup_method` and the like, without a tear-down that restores it.

    The change outlives the class or module: every later test in the same process
    sees it. A `unittest.TestCase` can enter `patch.dict(os.environ)` with
    `enterContext`, which is left when the test ends; anywhere else an autouse
    fixture does what the hook did and can ask for `monkeypatch`.

    Fix safety: unsafe, because tests of other classes may have come to rely on the
    variable, and because a fixture that replaces a hook can run at another point
    among the fixtures and hooks of the class.
    """

    code = "TL110"
    since = "0.1"
    message = "This hook changes `os.environ`, and no tear-down restores it"
    options = ("idiom", "target-version")
    source = "https://docs.python.org/3/library/unittest.html#unittest.TestCase.enterContext"
    examples = (
        Bad(
            """
            import os
            import unittest

            class LoginTest(unittest.TestCase):
                def setUp(self):
                    os.environ["USER"] = "ada"
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^
                    self.client = make_client()

                def test_login(self):
                    self.assertTrue(self.client.login())
            """,
            fixed="""
            import os
            import unittest
            from unittest.mock import patch

            class LoginTest(unittest.TestCase):
                def setUp(self):
                    self.enterContext(patch.dict(os.environ, {"USER": "ada"}))
                    self.client = make_client()

                def test_login(self):
                    self.assertTrue(self.client.login())
            """,
            settings={"target_version": "3.12"},
        ),
        Good(
            """
            import os
            import unittest
            from unittest.mock import patch

            class LoginTest(unittest.TestCase):
                def setUp(self):
                    self.enterContext(patch.dict(os.environ, {"USER": "ada"}))
                    self.client = make_client()
            """
        ),
        Bad(
            """
            import os
            import pytest

            def setup_module():
                global server
                os.environ["PORT"] = "0"
                ^^^^^^^^^^^^^^^^^^^^^^^^
                server = start()
            """,
            fixed="""
            import os
            import pytest
            from unittest.mock import patch

            @pytest.fixture(scope="module", autouse=True)
            def environ_port():
                global server
                with patch.dict(os.environ):
                    os.environ["PORT"] = "0"
                    server = start()
                    yield
            """,
            settings={"idiom": "patch.dict"},
            why="for suites that keep to `unittest.mock`",
        ),
        Bad(
            """
            import os

            class TestLogin:
                def setup_method(self, method):
                    "🙂"; os.environ["USER"] = "ada"  # who
                         ^^^^^^^^^^^^^^^^^^^^^^^^^^
                    os.environ.pop("TOKEN", None)
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                    self.client = make_client()

                def test_login(self):
                    assert self.client.login()
            """,
            fixed="""
            import os
            import pytest

            class TestLogin:
                @pytest.fixture(autouse=True)
                def environ_user(self, mocker):
                    "🙂"; mocker.patch.dict(os.environ, {"USER": "ada"})  # who
                    mocker.patch.dict(os.environ)
                    os.environ.pop("TOKEN", None)
                    self.client = make_client()

                def test_login(self):
                    assert self.client.login()
            """,
            settings={"idiom": "mocker"},
            why="for suites that use pytest-mock",
        ),
        Bad(
            """
            import os

            class TestLogin:
                def setup_method(self, method):
                    "🙂"; os.environ["USER"] = "ada"  # who
                         ^^^^^^^^^^^^^^^^^^^^^^^^^^
                    os.environ.pop("TOKEN", None)
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                    self.client = make_client()

                def test_login(self):
                    assert self.client.login()
            """,
            fixed="""
            import os
            import pytest

            class TestLogin:
                @pytest.fixture(autouse=True)
                def environ_user(self, monkeypatch):
                    "🙂"; monkeypatch.setenv("USER", "ada")  # who
                    monkeypatch.delenv("TOKEN", raising=False)
                    self.client = make_client()

                def test_login(self):
                    assert self.client.login()
            """,
            why="a hook takes no fixtures, an autouse fixture does",
        ),
        Bad(
            """
            import os
            import pytest

            def setup_module():
                global server
                os.environ["PORT"] = "0"
                ^^^^^^^^^^^^^^^^^^^^^^^^
                server = start()
            """,
            fixed="""
            import os
            import pytest

            @pytest.fixture(scope="module", autouse=True)
            def environ_port():
                global server
                with pytest.MonkeyPatch.context() as mp:
                    mp.setenv("PORT", "0")
                    server = start()
                    yield
            """,
        ),
        Bad(
            """
            import os
            import unittest

            class LoginTest(unittest.TestCase):
                @classmethod
                def setUpClass(cls):
                    super().setUpClass()
                    os.environ.update(USER="ada")
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """,
            fixed="""
            import os
            import unittest
            from unittest.mock import patch

            class LoginTest(unittest.TestCase):
                @classmethod
                def setUpClass(cls):
                    super().setUpClass()
                    cls.enterClassContext(patch.dict(os.environ, USER="ada"))
            """,
            settings={"target_version": "3.11"},
        ),
        Bad(
            """
            import os

            class TestLogin:
                def setup_method(self, method):
                    os.environ["USER"] = method.__name__
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

            class TestAgain:
                def setup_method(self):
                    os.environ["USER"] = "ada"
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^

                def test_two_users(self):
                    login()
                    self.setup_method()
                    assert login()

            class TestNames:
                def setup_method(self):
                    for name in ("A", "B"):
                        os.environ[name] = "1"
                        ^^^^^^^^^^^^^^^^^^^^^^
                    os.environ["C"] = os.environ["D"] = ""
                    ^^^^^^^^^^^^^^^
                                      ^^^^^^^^^^^^^^^

            class TestOnce:
                @classmethod
                def setup_class(cls):
                    os.environ["USER"] = "ada"
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^
            """,
            why="no fixture can take the place of a hook that needs its argument, is called, or does two things at once",
        ),
        Bad(
            """
            import os
            import unittest

            class LoginTest(unittest.TestCase):
                def setUp(self):
                    os.environ["USER"] = "ada"
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^
            """,
            fixed="""
            import os
            import unittest
            from unittest.mock import patch

            class LoginTest(unittest.TestCase):
                def setUp(self):
                    patcher = patch.dict(os.environ, {"USER": "ada"})
                    patcher.start()
                    self.addCleanup(patcher.stop)
            """,
            settings={"target_version": "3.10"},
            why="`enterContext` came with Python 3.11",
        ),
        Good(
            """
            import os
            import unittest
            from shared import ShopTestCase

            class LoginTest(unittest.TestCase):
                def setUp(self):
                    os.environ["USER"] = "ada"
                    os.environ["TOKEN"] = "abc"
                    self.addCleanup(os.environ.pop, "TOKEN")

                def tearDown(self):
                    del os.environ["USER"]

            class OrderTest(LoginTest):
                def setUp(self):
                    super().setUp()
                    os.environ["USER"] = "bob"

            class CartTest(ShopTestCase):
                def setUp(self):
                    os.environ["CART"] = "1"

            class TestSaved:
                def setup_method(self):
                    self.saved = dict(os.environ)
                    os.environ["USER"] = "ada"

                def teardown_method(self):
                    os.environ.clear()
                    os.environ.update(self.saved)
            """,
            why="restored by a tear-down, a clean-up, the tear-down of a base class, or possibly by an unknown one",
        ),
        Good(
            """
            import os

            class TestLogin:
                def setup_method(self):
                    self.env = os.environ.copy()
                    self.env["USER"] = "ada"
            """,
            why="a copy is not the environment",
        ),
        Good(
            """
            import os
            from unittest.mock import patch

            class TestLogin:
                @patch.dict(os.environ)
                def setup_method(self):
                    os.environ["USER"] = "ada"
            """,
            why="what the patch of the hook covers is undone before the test begins: useless, but it leaks nothing",
        ),
    )

    @on_effect(*_CHANGES, kinds=(FunctionKind.XUNIT, FunctionKind.NESTED))
    def check(self, ctx: Context, effect: Effect) -> None:
        """Report a change that nothing undoes."""
        if leaks(ctx, effect, FunctionKind.XUNIT):
            ctx.report(effect.node, fixes=_fixes(ctx, effect))


def _fixes(ctx: Context, effect: Effect) -> list[Fix]:
    function = effect.function
    if function.kind is FunctionKind.NESTED:
        return []
    if not function.in_unittest:
        return _as_fixture(ctx, function)
    if function.name in {"setUpClass", "setUpTestData"}:
        return _entered_by_class(ctx, effect)
    return fixes_for(ctx, effect)


def _entered_by_class(ctx: Context, effect: Effect) -> list[Fix]:
    whole, known = effect.whole, patch_name(ctx, effect.function)
    if whole is None or known is None or ctx.settings.python_version < (3, 11) or effect.function.params != ("cls",):
        return []

    def build() -> Rewrite:
        lines = patch_dict_lines(ctx, effect, f"cls.enterClassContext({known[0]}", ")")
        return Rewrite(replace_statement(ctx.statement, whole, lines), known[1])

    return [unsafe(f"Use `cls.enterClassContext({known[0]}.dict(...))`", build)]


def _as_fixture(ctx: Context, function: Function) -> list[Fix]:
    """Return the fix that makes an autouse fixture of a hook of pytest; it is the same for all changes in the hook."""
    scope, node = _SCOPES.get(function.name), function.node
    if scope is None or node is None or node.decorator_list or function.is_async:
        return []
    effects = [effect for effect in effects_of(function, ctx.model) if effect.kind in _CHANGES]
    idiom = ctx.settings.idiom
    if any(effect.whole is None for effect in effects):
        return []
    if idiom == "monkeypatch" and any(monkeypatch_call(ctx, effect) is None for effect in effects):
        return []
    name = _name_for(effects)
    header = _header(ctx, function)
    if header is None or _is_taken(ctx, name) or _is_needed_as_hook(ctx, function):
        return []
    first = next((item for item in node.body if item is effects[0].whole), None)
    block = scope == "module" or idiom == "patch.dict"
    if block and (first is None or not begins_its_line(function, first) or ast.Return in function.bag):
        return []
    known = patch_name(ctx, function)
    if block and idiom != "monkeypatch" and known is None:
        return []
    fixture = "mocker" if idiom == "mocker" else "monkeypatch"

    def build() -> Rewrite:
        given = f'scope="{scope}", ' if scope != "function" else ""
        parameters = [*function.params[:1]] if function.class_info else []
        parameters += [] if block else [fixture]
        start = f"{newline_of(ctx.statement.text)}{indentation_of(ctx.statement, node)}"
        text = f"@pytest.fixture({given}autouse=True){start}def {name}({', '.join(parameters)})"
        edits: list[Edit] = [Edit(header, text)]
        if not block:
            for effect in effects:
                edits += _undone(ctx, effect)
            return Rewrite(edits, ("import pytest",))
        assert first is not None
        edits += insert_after(ctx.statement, node.body[-1], ["    yield"])
        if idiom == "monkeypatch" or known is None:
            return Rewrite([*edits, *in_context(ctx, effects, first, node.body[-1]).edits], ("import pytest",))
        environ = effects[0].container
        target = ctx.source_of(environ) if environ is not None else '"os.environ"'
        edits += wrap_in_with(ctx.statement, first, node.body[-1], f"{known[0]}.dict({target})")
        return Rewrite(edits, ("import pytest", *known[1]))

    return [unsafe("Make the hook an autouse fixture", build)]


def _undone(ctx: Context, effect: Effect) -> list[Edit]:
    """Return the edits that let a fixture make the change."""
    assert effect.whole is not None
    call = monkeypatch_call(ctx, effect)
    lines = call.lines if call is not None and ctx.settings.idiom == "monkeypatch" else None
    return replace_statement(ctx.statement, effect.whole, lines or patch_dict_lines(ctx, effect, "mocker.patch", ""))


def _name_for(effects: list[Effect]) -> str:
    keys = [effect.literal_key for effect in effects if effect.literal_key]
    return f"environ_{keys[0].lower()}" if keys and keys[0].isidentifier() else "environ_for_tests"


def _is_taken(ctx: Context, name: str) -> bool:
    return name in ctx.model.names.table or name in ctx.statement.text


_HEADER = pattern(r"def[ \t]+\w+[ \t]*\([^()#]*\)")


def _header(ctx: Context, function: Function) -> TextRange | None:
    """Return where ``def setup_method(self, method)`` stands when it is that simple."""
    start = ctx.statement.range(function.node).start if function.node is not None else 0
    found = _HEADER.match(ctx.statement.text, start)
    return TextRange(start, found.end()) if found else None


def _is_needed_as_hook(ctx: Context, function: Function) -> bool:
    """Whether somebody calls the hook or inherits it, or it reads what pytest hands it."""
    info = function.class_info
    if info is not None:
        if info.node.bases or info.name in ctx.model.names.bases or ctx.statement.text.count(function.name) > 1:
            return True
    given = function.params[1:] if info is not None else function.params
    return any(isinstance(name, ast.Name) and name.id in given for name in function.bag.get(ast.Name, ()))
