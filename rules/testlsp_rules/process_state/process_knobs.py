from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rule, on_call, on_effect
from testlsp.lint.context import unsafe
from testlsp.lint.signs import effect_sign
from testlsp.lint.with_blocks import in_with, rest_of_block
from testlsp.rewrite import wrap_in_with
from testlsp.semantic.effects import Effect, EffectKind
from testlsp.semantic.functions import FunctionKind
from testlsp.semantic.knobs import PER_CONTEXT, goes_back

from testlsp_rules.process_state._leaks import is_leak, put_back_at_once, put_back_later

_MANAGERS = {
    "numpy.seterr": "errstate",
    "numpy.set_printoptions": "printoptions",
    "pandas.set_option": "option_context",
}
"""Context managers that take the same arguments."""

_WIDE = frozenset({"class", "module", "package", "session"})


class ProcessKnobs(Rule):
    """Changes a setting of the whole process in a test and never sets it back for certain.

    The locale, signal handlers, the recursion limit, the decimal context and the
    like belong to the process: every later test runs with the new value. Warning
    filters are the opposite case: pytest resets them after each test, so those set
    in a wider fixture are there for the first test only.

    Fix safety: unsafe, because the setting now goes back at the end of the block,
    and other tests may have relied on it.
    """

    code = "TL214"
    words = (effect_sign(EffectKind.KNOB.resource), "simplefilter", "filterwarnings")
    since = "0.1"
    message = "A setting of the whole process is changed here and never set back"
    source = "https://docs.pytest.org/en/stable/how-to/capture-warnings.html"
    examples = (
        Bad(
            """
            import numpy as np

            def test_division(divide):
                "÷"
                np.seterr(divide="raise")
                ^^^^^^^^^^^^^^^^^^^^^^^^^ The error handling of NumPy is changed here for the whole process and never set back
                assert divide(1, 2) == 0.5
            """,
            fixed="""
            import numpy as np

            def test_division(divide):
                "÷"
                with np.errstate(divide="raise"):
                    assert divide(1, 2) == 0.5
            """,
        ),
        Good(
            """
            import numpy as np

            def test_division(divide):
                with np.errstate(divide="raise"):
                    assert divide(1, 2) == 0.5
            """
        ),
        Bad(
            """
            import decimal

            def test_rounding(third):
                decimal.getcontext().prec = 3
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ The decimal context is changed here for the whole process and never set back
                assert str(third()) == "0.333"
            """,
            fixed="""
            import decimal

            def test_rounding(third):
                with decimal.localcontext():
                    decimal.getcontext().prec = 3
                    assert str(third()) == "0.333"
            """,
        ),
        Bad(
            """
            import gc
            import signal
            import sys
            import unittest

            def test_deep(parse):
                before = sys.getrecursionlimit()
                sys.setrecursionlimit(150)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^ The recursion limit is set back only if nothing fails before
                assert parse("((()))")
                sys.setrecursionlimit(before)

            class StopTest(unittest.TestCase):
                def setUp(self):
                    signal.signal(signal.SIGINT, stop)
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ The signal handlers are changed here for the whole process and never set back
                    gc.disable()

                def tearDown(self):
                    gc.enable()
            """,
            why="a failing assertion skips the last line; the tear-down sets back one of two",
        ),
        Bad(
            """
            import pytest
            import warnings

            @pytest.fixture(scope="module")
            def quiet():
                warnings.simplefilter("ignore")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ pytest resets warning filters after each test: set in a fixture of scope module they last for the first one
                yield

            @pytest.fixture
            def loud():
                warnings.simplefilter("error")
            """,
        ),
        Good(
            """
            import gc
            import locale
            import pytest
            import signal
            import unittest

            @pytest.fixture
            def german():
                before = locale.setlocale(locale.LC_ALL)
                locale.setlocale(locale.LC_ALL, "de_DE")
                yield
                locale.setlocale(locale.LC_ALL, before)

            def test_stop(german, process):
                before = signal.signal(signal.SIGINT, process.stop)
                try:
                    assert process.run()
                finally:
                    signal.signal(signal.SIGINT, before)

            class StopTest(unittest.TestCase):
                def test_stop(self):
                    self.addCleanup(signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, stop))
                    gc.enable()
                    self.assertTrue(run())
            """,
            why="set back whatever happens; and the state that a process starts with",
        ),
        Good(
            """
            import numpy as np
            import os
            import signal

            def test_mode(path):
                umask = os.umask(0)
                os.umask(umask)
                assert path.stat().st_mode & umask == 0

            def test_child(run):
                def child():
                    signal.signal(signal.SIGINT, signal.SIG_IGN)

                assert run(preexec_fn=child)

            def test_thread(run):
                def first():
                    np.seterr(divide="raise")

                assert run(first)
            """,
            why="the only way to read the umask; what happens in another process or thread",
        ),
        Good(
            """
            import time

            def test_zone(monkeypatch, now):
                monkeypatch.setenv("TZ", "Asia/Tokyo")
                time.tzset()
                assert now().hour == 9
            """,
            files={
                "tests/conftest.py": """
                import pytest
                import time

                @pytest.fixture(autouse=True)
                def utc():
                    yield
                    time.tzset()
                """
            },
            why="an autouse fixture sets it back",
        ),
        Good(
            """
            import pytest
            import warnings

            @pytest.fixture(scope="module")
            def data():
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    return load()
            """,
            why="for the fixture's own code only",
        ),
        Good(
            """
            import warnings

            def test_quiet(load):
                warnings.simplefilter("ignore")
                assert load()
            """,
            why="pytest sets the filters of warnings back after each test",
        ),
        Bad(
            """
            import decimal
            import pytest
            import unittest
            from hypothesis import given, strategies as st
            from unittest.mock import patch

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                *,
                retries: int = 3,
            ) -> None:
                decimal.getcontext().prec = 3
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ The decimal context is changed here for the whole process and never set back
                assert run(text, retries)

            @given(st.text())
            def test_any(text):
                decimal.getcontext().prec = 3
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ The decimal context is changed here for the whole process and never set back
                assert run(text)

            @pytest.fixture(scope="module")
            def server():
                decimal.getcontext().prec = 3
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ The decimal context is changed here for the whole process and never set back
                yield start()

            class RunTest(unittest.TestCase):
                def test_run(self):
                    decimal.getcontext().prec = 3
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ The decimal context is changed here for the whole process and never set back
                    self.assertTrue(run())
            """,
            fixed="""
            import decimal
            import pytest
            import unittest
            from hypothesis import given, strategies as st
            from unittest.mock import patch

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                *,
                retries: int = 3,
            ) -> None:
                with decimal.localcontext():
                    decimal.getcontext().prec = 3
                    assert run(text, retries)

            @given(st.text())
            def test_any(text):
                with decimal.localcontext():
                    decimal.getcontext().prec = 3
                    assert run(text)

            @pytest.fixture(scope="module")
            def server():
                with decimal.localcontext():
                    decimal.getcontext().prec = 3
                    yield start()

            class RunTest(unittest.TestCase):
                def test_run(self):
                    with decimal.localcontext():
                        decimal.getcontext().prec = 3
                        self.assertTrue(run())
            """,
            why="each place gets the form that fits it, or no fix",
        ),
    )

    @on_effect(EffectKind.KNOB)
    def check(self, ctx: Context, effect: Effect) -> None:
        """Report a change that nothing takes back, or only a statement that may not be reached."""
        if effect.target in PER_CONTEXT and (effect.function.kind is FunctionKind.NESTED or effect.function.is_async):
            return  # perhaps in another thread or task
        if goes_back(effect.method, effect.value) or not is_leak(ctx, effect) or put_back_at_once(ctx, effect):
            return
        later = put_back_later(ctx, effect)
        ending = "set back only if nothing fails before"
        never = "changed here for the whole process and never set back"
        verb = "are" if (effect.target or "").partition(" of ")[0].endswith("s") else "is"
        message = f"The {effect.target} {verb} {ending if later else never}"
        ctx.report(effect.node, message, fixes=_fixes(ctx, effect))

    @on_call("simplefilter", "filterwarnings", kinds=(FunctionKind.FIXTURE,))
    def check_filters(self, ctx: Context, node: ast.Call) -> None:
        """Report warning filters that a wide fixture sets for its tests."""
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name not in {"simplefilter", "filterwarnings"} or ctx.function.fixture is None:
            return
        scope = ctx.function.fixture.scope
        if scope not in _WIDE or ctx.qualified_name(node.func) not in {f"warnings.{name}"}:
            return
        if any(isinstance(parent, ast.With | ast.AsyncWith) for parent in ctx.ancestors(node)):
            return
        ctx.report(
            node,
            f"pytest resets warning filters after each test: set in a fixture of scope {scope} they last for the first one",
        )


def _fixes(ctx: Context, effect: Effect) -> list[Fix]:
    """Return the fix for what has a context manager of its own."""
    whole, node = effect.whole, effect.node
    rest = rest_of_block(effect.function, whole) if whole is not None else None
    if whole is None or rest is None or effect.function.kind not in {FunctionKind.TEST, FunctionKind.FIXTURE}:
        return []
    if isinstance(node, ast.Call):
        manager = _MANAGERS.get(ctx.qualified_name(node.func) or "")
        if manager is None or not isinstance(node.func, ast.Attribute):
            return []
        module, call = ctx.source_of(node.func.value), ctx.source_of(node)
        header = f"{module}.{manager}{call[len(ctx.source_of(node.func)) :]}"
        return [unsafe(f"Use `{module}.{manager}`", lambda: in_with(ctx, whole, rest, header))]
    target = effect.container
    called = target.value.func if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Call) else None
    if not isinstance(called, ast.Attribute):
        return []
    manager = f"{ctx.source_of(called.value)}.localcontext()"
    return [unsafe(f"Use `{manager}`", lambda: wrap_in_with(ctx.statement, whole, rest[-1], manager))]
