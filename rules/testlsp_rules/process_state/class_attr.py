from __future__ import annotations

from testlsp.lint import Bad, Context, Good, Rule, on_effect
from testlsp.semantic.effects import Effect, EffectKind
from testlsp.semantic.functions import FunctionKind
from testlsp.semantic.imported_objects import is_asserted_otherwise, is_class_attribute, is_original, is_reset

from testlsp_rules.process_state._attributes import setattr_fixes, shown
from testlsp_rules.process_state._leaks import is_leak, put_back_later


class ClassAttr(Rule):
    """Replaces an attribute of an imported class in a test and never puts it back for certain.

    All instances in all later tests get the replacement, those of subclasses too,
    so that tests fail or pass depending on what ran before them.
    `monkeypatch.setattr` undoes the change when the test ends.

    Fix safety: unsafe, because `monkeypatch.setattr` needs `raising=False` where the
    attribute is not known to exist and then no longer tells of a misspelt name, and
    because a class whose attribute was inherited gets it back as one of its own
    in older versions of pytest. With another `idiom`, `create=True` stands for
    `raising=False`.
    """

    code = "TL204"
    since = "0.1"
    message = "An attribute of a class is replaced here and never put back"
    options = ("idiom", "target-version")
    related = ("S8997 (SonarPython)", "ruff issue 12850")
    source = "https://docs.pytest.org/en/stable/how-to/monkeypatch.html#monkeypatching-functions"
    examples = (
        Bad(
            """
            from shop.shipping import Shipment

            def test_dispatch(order):
                Shipment.send = lambda self: "sent"
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `Shipment.send` is replaced here and never put back
                assert order.dispatch() == "sent"
            """,
            fixed="""
            from shop.shipping import Shipment

            def test_dispatch(order, monkeypatch):
                monkeypatch.setattr(Shipment, "send", lambda self: "sent", raising=False)
                assert order.dispatch() == "sent"
            """,
        ),
        Good(
            """
            from shop.shipping import Shipment

            def test_dispatch(order, monkeypatch):
                monkeypatch.setattr(Shipment, "send", lambda self: "sent")
                assert order.dispatch() == "sent"
            """
        ),
        Bad(
            """
            from shop.shipping import Shipment

            def test_dispatch(order):
                Shipment.send = lambda self: "sent"
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `Shipment.send` is replaced here and never put back
                assert order.dispatch() == "sent"
            """,
            fixed="""
            from shop.shipping import Shipment
            from unittest.mock import patch

            def test_dispatch(order):
                with patch.object(Shipment, "send", lambda self: "sent", create=True):
                    assert order.dispatch() == "sent"
            """,
            settings={"idiom": "patch.dict"},
            why="for suites that keep to `unittest.mock`",
        ),
        Bad(
            """
            from shop import shipping

            def test_dispatch(order):
                send = shipping.Shipment.send
                "🙂"; setattr(shipping.Shipment, "send", lambda self: "sent")
                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `shipping.Shipment.send` is put back only if nothing fails before
                assert order.dispatch() == "sent"
                shipping.Shipment.send = send
            """,
            fixed="""
            from shop import shipping

            def test_dispatch(order, monkeypatch):
                send = shipping.Shipment.send
                "🙂"; monkeypatch.setattr(shipping.Shipment, "send", lambda self: "sent")
                assert order.dispatch() == "sent"
                shipping.Shipment.send = send
            """,
            why="a failing assert skips the last line",
        ),
        Bad(
            """
            from unittest.mock import Mock
            from shop.shipping import Shipment

            def test_dispatch(order):
                Shipment.send = Mock(return_value="sent")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `Shipment.send` is replaced here and never put back
                assert order.dispatch() == "sent"
            """,
            fixed="""
            from unittest.mock import Mock
            from shop.shipping import Shipment

            def test_dispatch(order, mocker):
                mocker.patch.object(Shipment, "send", Mock(return_value="sent"), create=True)
                assert order.dispatch() == "sent"
            """,
            settings={"idiom": "mocker"},
        ),
        Good(
            """
            from unittest.mock import MagicMock
            from shop.shipping import FakeShipment, Shipment

            class Parcel(Shipment):
                pass

            def test_own_class(order):
                class Letter(Shipment):
                    pass
                Letter.send = lambda self: "sent"
                Parcel.send = lambda self: "sent"
                assert order.dispatch() == "sent"

            def test_double(order):
                FakeShipment.send = lambda self: "sent"
                Shipment.send.return_value = "sent"
                shipment = Shipment()
                shipment.send = lambda: "sent"
                assert order.dispatch() == "sent"
            """,
            why="a class of this test or this file, a double, what a mock returns, an instance",
        ),
        Good(
            """
            from shop.shipping import Shipment

            def test_dispatch(order):
                send = Shipment.send
                try:
                    Shipment.send = lambda self: "sent"
                    assert order.dispatch() == "sent"
                finally:
                    Shipment.send = send

            def test_patched(order, monkeypatch):
                monkeypatch.setattr(Shipment, "send", None)
                Shipment.send = lambda self: "sent"
                assert order.dispatch() == "sent"
            """,
            why="put back, whatever happens; `monkeypatch` remembers what was there before",
        ),
        Good(
            """
            from shop.shipping import Shipment

            def test_first_use(order):
                Shipment._instance = None
                Shipment.cache = {}
                assert order.dispatch() == "sent"

            def test_cleared(order):
                Shipment.latest = order
                assert order.shipment() is order
                Shipment.clear_latest()

            def test_set_by_code(order):
                Shipment.carrier = "none"
                order.dispatch()
                assert Shipment.carrier == "post"
            """,
            why="a cache is emptied; the code under test is to replace the attribute",
        ),
        Good(
            """
            from shop import shipping

            original_send = shipping.Shipment.send

            def test_starts_afresh(order):
                shipping.Shipment.send = original_send
                assert order.dispatch() == "sent"

            def test_dispatch(order):
                shipping.URL.default = "x"
                shipping.Shipment.meta.ordering = "id"
                assert order.dispatch() == "sent"
            """,
            why="the original, saved when the file was imported; a constant, and something behind a class, may be anything",
        ),
        Bad(
            """
            import pytest
            import unittest
            from hypothesis import given, strategies as st
            from shop.shipping import Shipment
            from unittest.mock import patch

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                *,
                retries: int = 3,
            ) -> None:
                Shipment.send = fake_send
                ^^^^^^^^^^^^^^^^^^^^^^^^^ `Shipment.send` is replaced here and never put back
                assert run(text, retries)

            @given(st.text())
            def test_any(text):
                Shipment.send = fake_send
                ^^^^^^^^^^^^^^^^^^^^^^^^^ `Shipment.send` is replaced here and never put back
                assert run(text)

            @pytest.fixture(scope="module")
            def server():
                Shipment.send = fake_send
                ^^^^^^^^^^^^^^^^^^^^^^^^^ `Shipment.send` is replaced here and never put back
                yield start()

            class RunTest(unittest.TestCase):
                def test_run(self):
                    Shipment.send = fake_send
                    ^^^^^^^^^^^^^^^^^^^^^^^^^ `Shipment.send` is replaced here and never put back
                    self.assertTrue(run())

            class TestHook:
                def setup_method(self):
                    Shipment.send = fake_send
                    ^^^^^^^^^^^^^^^^^^^^^^^^^ `Shipment.send` is replaced here and never put back
                    self.client = start()

            def test_steps():
                def step():
                    Shipment.send = fake_send
                    ^^^^^^^^^^^^^^^^^^^^^^^^^ `Shipment.send` is replaced here and never put back
                step()
                assert run()
            """,
            fixed="""
            import pytest
            import unittest
            from hypothesis import given, strategies as st
            from shop.shipping import Shipment
            from unittest.mock import patch

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                monkeypatch,
                *,
                retries: int = 3,
            ) -> None:
                monkeypatch.setattr(Shipment, "send", fake_send, raising=False)
                assert run(text, retries)

            @given(st.text())
            def test_any(text):
                with pytest.MonkeyPatch.context() as monkeypatch:
                    monkeypatch.setattr(Shipment, "send", fake_send, raising=False)
                    assert run(text)

            @pytest.fixture(scope="module")
            def server():
                with pytest.MonkeyPatch.context() as monkeypatch:
                    monkeypatch.setattr(Shipment, "send", fake_send, raising=False)
                    yield start()

            class RunTest(unittest.TestCase):
                def test_run(self):
                    patcher = patch.object(Shipment, "send", fake_send, create=True)
                    patcher.start()
                    self.addCleanup(patcher.stop)
                    self.assertTrue(run())

            class TestHook:
                def setup_method(self):
                    Shipment.send = fake_send
                    self.client = start()

            def test_steps(monkeypatch):
                def step():
                    monkeypatch.setattr(Shipment, "send", fake_send, raising=False)
                step()
                assert run()
            """,
            why="each place gets the form that fits it, or no fix",
        ),
    )

    @on_effect(
        EffectKind.MODULE_ATTR,
        kinds=(FunctionKind.TEST, FunctionKind.FIXTURE, FunctionKind.XUNIT, FunctionKind.NESTED),
    )
    def check(self, ctx: Context, effect: Effect) -> None:
        """Report a change of a class that nothing undoes, or only a statement that may not be reached."""
        if not is_class_attribute(effect) or is_reset(effect) or is_original(effect, ctx.model):
            return
        if is_asserted_otherwise(effect) or not is_leak(ctx, effect):
            return
        ending = (
            "is put back only if nothing fails before"
            if put_back_later(ctx, effect)
            else "is replaced here and never put back"
        )
        fixes = setattr_fixes(ctx, effect, certain=False)
        ctx.report(effect.node, f"`{shown(ctx, effect)}` {ending}", fixes=fixes)
