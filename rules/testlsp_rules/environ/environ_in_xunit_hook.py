from __future__ import annotations

from testlsp.lint import Bad, Context, Fix, Good, Rewrite, Rule, on_effect
from testlsp.lint.context import unsafe
from testlsp.lint.patching import patch_name
from testlsp.rewrite import replace_statement
from testlsp.semantic.effects import Effect
from testlsp.semantic.functions import FunctionKind

from testlsp_rules.environ._leaks import leaks
from testlsp_rules.environ._patch_dict import patch_dict_lines
from testlsp_rules.environ._writes import CHANGES, fixes_for


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

    @on_effect(*CHANGES, kinds=(FunctionKind.XUNIT, FunctionKind.NESTED))
    def check(self, ctx: Context, effect: Effect) -> None:
        """Report a change that nothing undoes."""
        if leaks(ctx, effect, FunctionKind.XUNIT):
            ctx.report(effect.node, fixes=_fixes(ctx, effect))


def _fixes(ctx: Context, effect: Effect) -> list[Fix]:
    function = effect.function
    if function.kind is FunctionKind.NESTED:
        return []
    if not function.in_unittest:
        from testlsp_rules.environ._hook_as_fixture import as_fixture

        return as_fixture(ctx, function)
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
