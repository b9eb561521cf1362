from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Good, Rule, on, on_effect
from testlsp.lint.context import unsafe
from testlsp.lint.with_blocks import in_with, rest_of_block
from testlsp.semantic.effects import PATCHES, Effect, EffectKind
from testlsp.semantic.functions import FileRole, FunctionKind

from testlsp_rules.process_state._leaks import base_is_known, is_raising
from testlsp_rules.process_state._patchers import Stop, how_stopped


class PatcherStart(Rule):
    """Starts a patch by hand and never stops it for certain, or makes a patch that is never started or ends at once.

    A patch that nobody stops stays for every later test of the process. One that
    is made and never started patches nothing, and the test runs with the real thing;
    so it does behind a `with patch(...): pass`. `with patch(...)` around what needs the
    patch does both, whatever happens.

    Fix safety: unsafe, because the patch now ends with the test or fixture and other
    tests may have relied on it; and because a patch that was never started begins to
    work, which can turn a green test red.
    """

    code = "TL208"
    since = "0.1"
    words = ("patch",)
    options = ("idiom",)
    message = "The patch is started here and never stopped"
    related = ("bare_patch (pytest-review)",)
    source = "https://docs.python.org/3/library/unittest.mock.html#patch-methods-start-and-stop"
    examples = (
        Bad(
            """
            from unittest.mock import patch

            def test_mail():
                send = patch("app.send").start()  # 📮
                       ^^^^^^^^^^^^^^^^^^^^^^^^^
                register("ada")
                send.assert_called_once()
            """,
            fixed="""
            from unittest.mock import patch

            def test_mail():
                with patch("app.send") as send:
                    # 📮
                    register("ada")
                    send.assert_called_once()
            """,
        ),
        Good(
            """
            from unittest.mock import patch

            def test_mail():
                with patch("app.send") as send:
                    register("ada")
                    send.assert_called_once()
            """
        ),
        Bad(
            """
            from unittest.mock import patch

            def test_mail():
                send = patch("app.send").start()  # 📮
                       ^^^^^^^^^^^^^^^^^^^^^^^^^
                register("ada")
                send.assert_called_once()
            """,
            fixed="""
            from unittest.mock import patch

            def test_mail():
                with patch("app.send") as send:
                    # 📮
                    register("ada")
                    send.assert_called_once()
            """,
            settings={"idiom": "patch.dict"},
            why="for suites that keep to `unittest.mock`",
        ),
        Bad(
            """
            from unittest.mock import patch

            def test_mail():
                send = patch("app.send").start()  # 📮
                       ^^^^^^^^^^^^^^^^^^^^^^^^^
                register("ada")
                send.assert_called_once()
            """,
            fixed="""
            from unittest.mock import patch

            def test_mail(mocker):
                send = mocker.patch("app.send")  # 📮
                register("ada")
                send.assert_called_once()
            """,
            settings={"idiom": "mocker"},
            why="for suites that use pytest-mock",
        ),
        Bad(
            """
            from unittest import mock

            def test_mail():
                patcher = mock.patch.object(app, "send")
                patcher.start()
                ^^^^^^^^^^^^^^^ The patch is stopped only if nothing fails before
                register("ada")
                patcher.stop()
            """,
            why="a failing call skips the stop; no fix, since the stop would have to go as well",
        ),
        Bad(
            """
            from unittest import TestCase, mock

            class MailTest(TestCase):
                def setUp(self):
                    self.send = mock.patch("app.send").start()
                                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                    self.patcher = mock.patch.dict("os.environ", A="1")
                    self.patcher.start()
                    ^^^^^^^^^^^^^^^^^^^^
            """,
            fixed="""
            from unittest import TestCase, mock

            class MailTest(TestCase):
                def setUp(self):
                    self.send = mock.patch("app.send").start()
                    self.addCleanup(mock.patch.stopall)
                    self.patcher = mock.patch.dict("os.environ", A="1")
                    self.patcher.start()
                    self.addCleanup(self.patcher.stop)
            """,
        ),
        Bad(
            """
            import pytest
            from unittest.mock import patch

            @pytest.fixture(scope="session")
            def send():
                patcher = patch("app.send")
                mock = patcher.start()
                       ^^^^^^^^^^^^^^^
                yield mock

            @pytest.fixture
            def clock():
                return patch("app.clock").start()
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^
            """,
            fixed="""
            import pytest
            from unittest.mock import patch

            @pytest.fixture(scope="session")
            def send():
                patcher = patch("app.send")
                with patcher as mock:
                    yield mock

            @pytest.fixture
            def clock():
                return patch("app.clock").start()
            """,
            why="a `return` inside the `with` would end the patch before the test: no fix",
        ),
        Bad(
            """
            from unittest.mock import patch

            def test_mail():
                patch("app.send")
                ^^^^^^^^^^^^^^^^^ The patch is made and never started: nothing is patched
                register("ada")
            """,
            fixed="""
            from unittest.mock import patch

            def test_mail():
                with patch("app.send"):
                    register("ada")
            """,
        ),
        Bad(
            """
            from unittest.mock import patch

            patch("app.send").start()
            ^^^^^^^^^^^^^^^^^^^^^^^^^ The patch is started when this file is imported, for all tests
            """
        ),
        Good(
            """
            from unittest import TestCase, mock

            class MailTest(TestCase):
                def setUp(self):
                    patcher = mock.patch("app.send")
                    patcher.start()
                    self.addCleanup(patcher.stop)
                    self.clock = mock.patch("app.clock")
                    self.clock.start()

                def tearDown(self):
                    self.clock.stop()
            """,
            why="stopped in the clean-up and the tear-down",
        ),
        Good(
            """
            from unittest.mock import patch

            def teardown_function():
                patch.stopall()

            def test_mail():
                patch("app.send").start()
                register("ada")
            """,
            why="`stopall` stops what was started",
        ),
        Good(
            """
            from unittest.mock import patch

            def test_mail(request, stack):
                patcher = patch("app.send")
                request.addfinalizer(patcher.stop)
                patcher.start()
                clock = patch("app.clock")
                try:
                    clock.start()
                    register("ada")
                finally:
                    clock.stop()
                patchers = [patch("app.a"), patch("app.b")]
                for each in patchers:
                    each.start()
                stack.enter_context(patch("app.c"))
            """,
            why="stopped whatever happens, entered, or not to be followed",
        ),
        Good(
            """
            import pytest
            from unittest.mock import patch

            @pytest.fixture
            def send():
                patcher = patch("app.send")
                yield patcher.start()
                patcher.stop()

            @pytest.fixture
            def sender(register):
                patcher = patch("app.send")
                patcher.start()
                register(patcher)
            """,
            why="stopped behind the `yield`, or handed to somebody who may stop it",
        ),
        Good(
            """
            from unittest.mock import patch

            def test_mail():
                patch("app.send").start()
                register("ada")
            """,
            files={
                "tests/conftest.py": """
                import pytest
                from unittest import mock

                @pytest.fixture(autouse=True)
                def stop_patches():
                    yield
                    mock.patch.stopall()
                """
            },
            why="an autouse fixture stops all patches",
        ),
        Good(
            """
            from unittest.mock import patch

            patch("app.send").start()
            """,
            path="tests/conftest.py",
            why="a conftest sets up the whole run",
        ),
        Good(
            """
            import pytest
            from unittest.mock import patch

            def test_bad_target():
                with pytest.raises(TypeError):
                    patch("app")
            """,
            why="it is the point of the test that this fails",
        ),
        Good(
            """
            from unittest import mock
            from shared import MailCase

            class MailTest(MailCase):
                def setUp(self):
                    mock.patch("app.send").start()
            """,
            why="the base class may well stop all patches",
        ),
        Good(
            """
            import pytest
            from unittest.mock import patch

            @pytest.fixture
            def client():
                with patch("app.connect"):
                    return Client()
            """,
            why="only what is made inside needs the patch: a `yield` would leave it active during the test",
        ),
        Bad(
            """
            import pytest
            from unittest.mock import patch

            @pytest.fixture
            def client():
                with patch("app.connect"):
                     ^^^^^^^^^^^^^^^^^^^^ The patch ends before anything runs with it
                    pass
                yield Client()

            def test_mail():
                with patch("app.send"), patch("app.clock") as clock:
                     ^^^^^^^^^^^^^^^^^ The patch ends before anything runs with it
                    ...
                register("ada")
            """,
            fixed="""
            import pytest
            from unittest.mock import patch

            @pytest.fixture
            def client():
                with patch("app.connect"):
                    yield Client()

            def test_mail():
                with patch("app.send"), patch("app.clock") as clock:
                    register("ada")
            """,
            why="an empty block has nothing to patch",
        ),
        Bad(
            """
            from hypothesis import given, strategies as st
            from unittest.mock import patch

            @given(st.text())
            def test_any(text):
                patch("app.send").start()
                ^^^^^^^^^^^^^^^^^^^^^^^^^
                assert run(text)

            class TestHook:
                def setup_method(self):
                    patch("app.send").start()
                    ^^^^^^^^^^^^^^^^^^^^^^^^^
                    self.client = start()
            """,
            fixed="""
            from hypothesis import given, strategies as st
            from unittest.mock import patch

            @given(st.text())
            def test_any(text):
                with patch("app.send"):
                    assert run(text)

            class TestHook:
                def setup_method(self):
                    patch("app.send").start()
                    self.client = start()
            """,
            why="each place gets the form that fits it, or no fix",
        ),
    )

    @on_effect(
        EffectKind.PATCH_START,
        kinds=(FunctionKind.TEST, FunctionKind.FIXTURE, FunctionKind.XUNIT, FunctionKind.IMPORT_TIME),
    )
    def check_started(self, ctx: Context, effect: Effect) -> None:
        """Report a patch that nothing stops, or only a statement that may not be reached."""
        function = effect.function
        if function.kind is FunctionKind.IMPORT_TIME:
            if ctx.model.role is not FileRole.CONFTEST and "stopall" not in ctx.source.text:
                ctx.report(effect.node, "The patch is started when this file is imported, for all tests")
            return
        if function.in_unittest is None or not base_is_known(ctx, function):
            return
        stop = how_stopped(ctx, effect)
        if stop is Stop.NEVER:
            from testlsp_rules.process_state._patch_bounds import kept_in_bounds

            ctx.report(effect.node, fixes=kept_in_bounds(ctx, effect))
        elif stop is Stop.LATER:
            ctx.report(effect.node, "The patch is stopped only if nothing fails before")

    @on(ast.Expr, kinds=(FunctionKind.TEST, FunctionKind.FIXTURE, FunctionKind.XUNIT))
    def check_made(self, ctx: Context, node: ast.Expr) -> None:
        """Report ``patch(...)`` as a statement of its own."""
        call = node.value
        if not isinstance(call, ast.Call) or ctx.qualified_name(call.func) not in PATCHES:
            return
        if any(
            isinstance(parent, ast.With | ast.AsyncWith) and is_raising(ctx, parent) for parent in ctx.ancestors(node)
        ):
            return
        from testlsp_rules.process_state._patch_bounds import made_by_mocker

        rest = rest_of_block(ctx.function, node)
        fixes = made_by_mocker(ctx, ctx.function, call, call)
        if not fixes and rest is not None and ctx.function.kind is not FunctionKind.XUNIT:
            header = ctx.source_of(call)
            fixes.append(unsafe("Patch with `with`", lambda: in_with(ctx, node, rest, header)))
        ctx.report(call, "The patch is made and never started: nothing is patched", fixes=fixes)

    @on(ast.With, kinds=(FunctionKind.TEST, FunctionKind.FIXTURE))
    def check_empty(self, ctx: Context, node: ast.With) -> None:
        """Report ``with patch(...): pass``."""
        call = node.items[0].context_expr
        if len(node.body) != 1 or not _is_nothing(node.body[0]) or not isinstance(call, ast.Call):
            return
        if ctx.qualified_name(call.func) not in PATCHES:
            return
        if any(
            isinstance(parent, ast.With | ast.AsyncWith) and is_raising(ctx, parent) for parent in ctx.ancestors(node)
        ):
            return
        rest = rest_of_block(ctx.function, node)
        fixes = []
        if rest is not None:
            header = ", ".join(_source_of_item(ctx, item) for item in node.items)
            fixes.append(unsafe("Patch what follows", lambda: in_with(ctx, node, rest, header)))
        ctx.report(call, "The patch ends before anything runs with it", fixes=fixes)


def _is_nothing(node: ast.stmt) -> bool:
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _source_of_item(ctx: Context, item: ast.withitem) -> str:
    name = f" as {ctx.source_of(item.optional_vars)}" if item.optional_vars is not None else ""
    return f"{ctx.source_of(item.context_expr)}{name}"
