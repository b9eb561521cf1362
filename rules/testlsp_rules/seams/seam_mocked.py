from __future__ import annotations

from testlsp.lint import Bad, Context, Good, Rule, Severity, on_function
from testlsp.lint.integration import is_integration_test
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.replacements import replacements_of

from testlsp_rules.seams._mocked import mocked_seams


class SeamMocked(Rule):
    """Replaces the very seam that the docstring says is tested.

    The docstring promises that two parts meet, and one of them is a mock: whatever the
    test shows, it is not that. Use the real part, or write down the seam that is left.
    """

    code = "TL507"
    since = "0.1"
    message = "The seam under test is replaced"
    severity = Severity.INFORMATION
    options = ("integration-paths", "integration-markers", "headings")
    related = ("RSpec/SubjectStub (rubocop)",)
    words = ("patch", "setattr")
    source = "https://docs.rubocop.org/rubocop-rspec/cops_rspec.html#rspecsubjectstub"
    examples = (
        Bad(
            '''
            from unittest.mock import patch
            from shop.orders import OrderService

            def test_order_is_paid(client):
                """An order is paid 😀.

                Seam Under Test:
                    OrderService -> PaymentGateway
                """
                with patch("shop.payments.PaymentGateway.charge") as charge:
                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `PaymentGateway` is documented as the seam under test, and replaced here
                    OrderService().place("mug")
                charge.assert_called_once()
            ''',
            path="tests/integration/test_orders.py",
        ),
        Good(
            '''
            from shop.orders import OrderService

            def test_order_is_paid(gateway):
                """An order is paid.

                Seam Under Test:
                    OrderService -> PaymentGateway
                """
                OrderService(gateway).place("mug")
                assert gateway.charges() == ["mug"]
            ''',
            path="tests/integration/test_orders.py",
        ),
        Bad(
            '''
            import pytest
            from unittest.mock import patch
            from shop import orders

            @pytest.mark.integration
            @patch.object(orders, "reserve_stock")
             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `reserve_stock` is documented as the seam under test, and replaced here
            def test_order(reserve, monkeypatch):
                """
                Boundary: place() with `send` and reserve_stock
                """
                monkeypatch.setattr("shop.mail.send", lambda *args: None)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `send` is documented as the seam under test, and replaced here
                assert orders.place("mug") == 1
            ''',
            settings={"headings": ["Boundary"]},
            why="all ways to patch, and headings of the project's own",
        ),
        Good(
            '''
            from unittest.mock import patch
            from shop.orders import OrderService

            def test_order(client):
                """
                Integration Scope:
                    OrderService, Repository, and Mailer.deliver (faked)

                Seam Under Test:
                    OrderService -> Repository, whose orders we save and then send

                Business Impact:
                    Orders that PriceService lost.
                """
                with patch("shop.mail.send"), patch("shop.prices.PriceService.quote"), patch("shop.Mailer.deliver"):
                    with patch("shop.orders.OrderService._now"), patch("shop.orders.OrderService.clock"):
                        assert OrderService().place("mug") == 1
            ''',
            path="tests/integration/test_orders.py",
            why="prose, other sections, and the clock inside a part of the seam",
        ),
        Good(
            '''
            from unittest.mock import patch

            def test_order(client):
                """
                Seam Under Test: OrderService -> PaymentGateway
                """
                with patch("shop.payments.PaymentGateway.charge", side_effect=ConnectionError):
                    assert client.post("/orders").status_code == 503
            ''',
            path="tests/integration/test_orders.py",
            why="the seam is there, one side of it fails",
        ),
        Good(
            '''
            from unittest.mock import patch

            def test_order(client):
                """
                Seam Under Test: OrderService -> PaymentGateway
                """
                with patch("shop.payments.PaymentGateway.charge"):
                    assert client.post("/orders").status_code == 201
            ''',
            why="not an integration test",
        ),
        Bad(
            '''
            from unittest.mock import patch
            from shop.orders import OrderService

            def test_order_is_paid(client):
                """An order is paid 😀.

                Seam Under Test:
                    OrderService -> PaymentGateway
                """
                with patch("shop.payments.PaymentGateway.charge") as charge:
                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `PaymentGateway` is documented as the seam under test, and replaced here
                    OrderService().place("mug")
                charge.assert_called_once()
            ''',
            path="e2e/test_orders.py",
            settings={"integration_paths": ["e2e/**"]},
            why="where the integration tests of the project lie",
        ),
        Bad(
            '''
            import pytest
            from unittest.mock import patch
            from shop.orders import OrderService

            @pytest.mark.e2e
            def test_order_is_paid(client):
                """An order is paid 😀.

                Seam Under Test:
                    OrderService -> PaymentGateway
                """
                with patch("shop.payments.PaymentGateway.charge") as charge:
                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `PaymentGateway` is documented as the seam under test, and replaced here
                    OrderService().place("mug")
                charge.assert_called_once()
            ''',
            settings={"integration_markers": ["e2e"]},
            why="how the project marks its integration tests",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Report each stand-in that the section about the seam names."""
        replaced = replacements_of(function, ctx.model)
        if not replaced or not is_integration_test(ctx, function):
            return
        for index, name in mocked_seams(ctx, function).items():
            message = f"`{name}` is documented as the seam under test, and replaced here"
            ctx.report(replaced[index].node, message)
