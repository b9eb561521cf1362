from __future__ import annotations

import ast

from testlsp.lint import Applicability, Bad, Context, Fix, Good, Rule, on_effect
from testlsp.lint.context import manual
from testlsp.semantic.effects import Effect, EffectKind
from testlsp.semantic.functions import FunctionKind

from testlsp_rules.process_state._attributes import shown
from testlsp_rules.process_state._forms import Patch, monkeypatched
from testlsp_rules.process_state._leaks import is_leak, put_back_later

_STREAMS = frozenset({"stdout", "stderr"})
_WATCHED = _STREAMS | set(
    "argv stdin exit platform executable prefix base_prefix exec_prefix version version_info byteorder maxsize "
    "excepthook displayhook breakpointhook meta_path path_hooks".split()
)


class SysStreamsArgv(Rule):
    """Replaces `sys.argv`, `sys.platform`, a standard stream or the like in a test and never puts it back for certain.

    Later tests of the process find the arguments, the input or the output of this
    one; a replaced `sys.stdout` also takes away what pytest captures.
    `monkeypatch.setattr` undoes the change when the test ends. For output there are
    `capsys` and `contextlib.redirect_stdout`.

    Fix safety: for `sys.stdout` and `sys.stderr` only for a person to apply, because
    `capsys` is mostly the better way to see what was written. Unsafe in nested
    functions and wider fixtures, where the value is put back at another moment.
    """

    code = "TL206"
    since = "0.1"
    words = ("sys",)
    message = "An attribute of `sys` is replaced here and never put back"
    options = ("idiom", "target-version")
    related = ("S8997 (SonarPython)",)
    source = "https://docs.pytest.org/en/stable/how-to/capture-stdout-stderr.html#accessing-captured-output-from-a-test-function"
    examples = (
        Bad(
            """
            import sys

            def test_version(shop):
                sys.argv = ["shop", "--version"]
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `sys.argv` is replaced here and never put back
                assert shop.main() == 0
            """,
            fixed="""
            import sys

            def test_version(shop, monkeypatch):
                monkeypatch.setattr(sys, "argv", ["shop", "--version"])
                assert shop.main() == 0
            """,
        ),
        Good(
            """
            import sys

            def test_version(shop, monkeypatch):
                monkeypatch.setattr(sys, "argv", ["shop", "--version"])
                assert shop.main() == 0
            """
        ),
        Bad(
            """
            import sys

            def test_version(shop):
                sys.argv = ["shop", "--version"]
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `sys.argv` is replaced here and never put back
                assert shop.main() == 0
            """,
            fixed="""
            import sys
            from unittest.mock import patch

            def test_version(shop):
                with patch.object(sys, "argv", ["shop", "--version"]):
                    assert shop.main() == 0
            """,
            settings={"idiom": "patch.dict"},
            why="for suites that keep to `unittest.mock`",
        ),
        Bad(
            """
            import io
            import sys

            def test_question(shop):
                before = sys.stdin
                "🙂"; sys.stdin = io.StringIO("y")
                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `sys.stdin` is put back only if nothing fails before
                assert shop.main() == 0
                sys.stdin = before
            """,
            fixed="""
            import io
            import sys

            def test_question(shop, monkeypatch):
                before = sys.stdin
                "🙂"; monkeypatch.setattr(sys, "stdin", io.StringIO("y"))
                assert shop.main() == 0
                sys.stdin = before
            """,
            why="a failing assert skips the last line",
        ),
        Bad(
            """
            import io
            import sys

            def test_output(shop):
                sys.stdout = io.StringIO()
                ^^^^^^^^^^^^^^^^^^^^^^^^^^ `sys.stdout` is replaced here and never put back
                shop.main()
                assert sys.stdout.getvalue() == "hello"
            """,
            fixed="""
            import io
            import sys

            def test_output(shop, monkeypatch):
                monkeypatch.setattr(sys, "stdout", io.StringIO())
                shop.main()
                assert sys.stdout.getvalue() == "hello"
            """,
        ),
        Bad(
            """
            import sys
            import unittest

            class ShopTest(unittest.TestCase):
                def setUp(self):
                    sys.argv = ["shop"]
                    ^^^^^^^^^^^^^^^^^^^ `sys.argv` is replaced here and never put back
            """,
            fixed="""
            import sys
            import unittest

            class ShopTest(unittest.TestCase):
                def setUp(self):
                    self.addCleanup(setattr, sys, "argv", sys.argv)
                    sys.argv = ["shop"]
            """,
        ),
        Bad(
            """
            import sys

            def test_version(shop):
                sys.argv = ["shop", "--version"]
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `sys.argv` is replaced here and never put back
                assert shop.main() == 0
            """,
            fixed="""
            import sys

            def test_version(shop, mocker):
                mocker.patch.object(sys, "argv", ["shop", "--version"])
                assert shop.main() == 0
            """,
            settings={"idiom": "mocker"},
        ),
        Bad(
            """
            import sys

            def test_version(shop):
                sys.argv += ["--version"]
                ^^^^^^^^^^^^^^^^^^^^^^^^^ `sys.argv` is replaced here and never put back
                assert shop.main() == 0
            """,
            why="the list itself grows, so that no fix is offered",
        ),
        Good(
            """
            import contextlib
            import io
            import sys
            import pytest

            def test_redirected(shop):
                with contextlib.redirect_stdout(io.StringIO()) as out:
                    shop.main()
                assert out.getvalue() == "hello"

            def test_finally(shop):
                before, sys.argv = sys.argv, ["shop"]
                try:
                    assert shop.main() == 0
                finally:
                    sys.argv = before

            @pytest.fixture
            def arguments():
                before = sys.argv
                sys.argv = ["shop"]
                yield
                sys.argv = before

            def test_without_streams(runner, shop):
                with runner.isolation():
                    sys.stdout = None
                    assert shop.main() == 0

            def test_with_fixture(arguments, shop):
                sys.argv = ["shop", "--help"]
                assert shop.main() == 0
            """,
            why="put back, whatever happens",
        ),
        Good(
            """
            import sys

            def test_original(shop):
                sys.stdout = sys.__stdout__
                assert shop.main() == 0

            def test_other(shop):
                sys.tracebacklimit = 0
                assert shop.main() == 0
            """,
            why="the stream that Python started with; other attributes",
        ),
        Bad(
            """
            import sys

            def test_paths_on_windows(shop):
                sys.platform = "win32"
                ^^^^^^^^^^^^^^^^^^^^^^ `sys.platform` is replaced here and never put back
                assert shop.folder() == "C:"
            """,
            fixed="""
            import sys

            def test_paths_on_windows(shop, monkeypatch):
                monkeypatch.setattr(sys, "platform", "win32")
                assert shop.folder() == "C:"
            """,
            why="what Python tells about itself and the machine",
        ),
        Bad(
            """
            import pytest
            import sys
            from hypothesis import given, strategies as st
            from unittest.mock import patch

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                *,
                retries: int = 3,
            ) -> None:
                sys.argv = ["shop"]
                ^^^^^^^^^^^^^^^^^^^ `sys.argv` is replaced here and never put back
                assert run(text, retries)

            @given(st.text())
            def test_any(text):
                sys.argv = ["shop"]
                ^^^^^^^^^^^^^^^^^^^ `sys.argv` is replaced here and never put back
                assert run(text)

            @pytest.fixture(scope="module")
            def server():
                sys.argv = ["shop"]
                ^^^^^^^^^^^^^^^^^^^ `sys.argv` is replaced here and never put back
                yield start()

            class TestHook:
                def setup_method(self):
                    sys.argv = ["shop"]
                    ^^^^^^^^^^^^^^^^^^^ `sys.argv` is replaced here and never put back
                    self.client = start()

            def test_steps():
                def step():
                    sys.argv = ["shop"]
                    ^^^^^^^^^^^^^^^^^^^ `sys.argv` is replaced here and never put back
                step()
                assert run()
            """,
            fixed="""
            import pytest
            import sys
            from hypothesis import given, strategies as st
            from unittest.mock import patch

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                monkeypatch,
                *,
                retries: int = 3,
            ) -> None:
                monkeypatch.setattr(sys, "argv", ["shop"])
                assert run(text, retries)

            @given(st.text())
            def test_any(text):
                with pytest.MonkeyPatch.context() as monkeypatch:
                    monkeypatch.setattr(sys, "argv", ["shop"])
                    assert run(text)

            @pytest.fixture(scope="module")
            def server():
                with pytest.MonkeyPatch.context() as monkeypatch:
                    monkeypatch.setattr(sys, "argv", ["shop"])
                    yield start()

            class TestHook:
                def setup_method(self):
                    sys.argv = ["shop"]
                    self.client = start()

            def test_steps(monkeypatch):
                def step():
                    monkeypatch.setattr(sys, "argv", ["shop"])
                step()
                assert run()
            """,
            why="each place gets the form that fits it, or no fix",
        ),
    )

    @on_effect(
        EffectKind.SYS_ATTR,
        kinds=(FunctionKind.TEST, FunctionKind.FIXTURE, FunctionKind.XUNIT, FunctionKind.NESTED),
    )
    def check(self, ctx: Context, effect: Effect) -> None:
        """Report a change that nothing undoes, or only a statement that may not be reached."""
        attribute = (effect.target or "").removeprefix("sys.")
        if attribute not in _WATCHED or _is_original(ctx, effect) or not is_leak(ctx, effect):
            return
        ending = (
            "is put back only if nothing fails before"
            if put_back_later(ctx, effect)
            else "is replaced here and never put back"
        )
        ctx.report(effect.node, f"`{shown(ctx, effect)}` {ending}", fixes=_fixes(ctx, effect, attribute))


def _is_original(ctx: Context, effect: Effect) -> bool:
    return (ctx.qualified_name(effect.value) or "").startswith("sys.__") if effect.value is not None else False


def _fixes(ctx: Context, effect: Effect, attribute: str) -> list[Fix]:
    value, container = effect.value, effect.container
    if value is None or container is None or effect.method == "augment":
        return []
    owner = ctx.source_of(container)

    def given() -> str:
        text = ctx.source_of(value)
        return f"({text})" if isinstance(value, ast.Tuple) and not text.startswith("(") else text

    made = monkeypatched(
        ctx,
        effect,
        "Use `monkeypatch.setattr`",
        lambda: f'monkeypatch.setattr({owner}, "{attribute}", {given()})',
        Applicability.SAFE,
        lambda: f'setattr, {owner}, "{attribute}", {owner}.{attribute}',
        patch=Patch("object", lambda: f'{owner}, "{attribute}", {given()}'),
    )
    return [manual(fix.title, fix.build) for fix in made] if attribute in _STREAMS else made
