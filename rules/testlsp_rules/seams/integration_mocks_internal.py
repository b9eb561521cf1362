from __future__ import annotations

from testlsp.lint import Bad, Context, Good, Rule, Severity, on_function
from testlsp.lint.integration import is_integration_test
from testlsp.semantic.first_party import is_first_party
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.replacements import is_boundary, replacements_of

from testlsp_rules.seams._mocked import mocked_seams


class IntegrationMocksInternal(Rule):
    """Patches one of the project's own parts in an integration test.

    Such a test is there to show that the parts work together. Where one of them is a
    mock, it shows that the others work with what somebody believed about it; when the
    real part changes, the test still passes. Use the real part, or a faithful fake of
    what lies behind it (`fakeredis`, a database in a container).

    Networks, other people's packages, clocks and settings may be replaced, and so may
    a part that is made to fail. The rule knows a project's own modules by the folders
    around the test and by its imports.
    """

    code = "TL510"
    since = "0.1"
    message = "An integration test replaces a part of the project"
    severity = Severity.INFORMATION
    options = ("integration-paths", "integration-markers")
    words = ("patch", "setattr")
    source = "https://martinfowler.com/bliki/IntegrationTest.html"
    examples = (
        Bad(
            """
            from unittest.mock import patch
            from shop.orders import OrderService

            def test_order_is_stored(repository):
                with patch("shop.inventory.Inventory.reserve") as reserve:  # 😀
                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This integration test replaces `shop.inventory.Inventory.reserve`, a part of the project
                    OrderService(repository).place("mug")
                assert repository.orders() == ["mug"]
            """,
            path="tests/integration/test_orders.py",
        ),
        Good(
            """
            from shop.inventory import Inventory
            from shop.orders import OrderService

            def test_order_is_stored(repository):
                OrderService(repository, Inventory({"mug": 2})).place("mug")
                assert repository.orders() == ["mug"]
            """,
            path="tests/integration/test_orders.py",
        ),
        Bad(
            """
            import pytest
            from unittest.mock import Mock, patch
            from shop import pricing
            from shop.orders import OrderService, Repository

            class FreePricing:
                pass

            @pytest.mark.integration
            @patch.object(Repository, "save")
             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This integration test replaces `shop.orders.Repository.save`, a part of the project
            async def test_order(save, monkeypatch, mocker):
                monkeypatch.setattr(pricing, "Prices", FreePricing)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This integration test replaces `shop.pricing.Prices`, a part of the project
                monkeypatch.setattr("shop.pricing.discount", lambda order: 0)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This integration test replaces `shop.pricing.discount`, a part of the project
                mocker.patch("shop.inventory.reserve", new=Mock())
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This integration test replaces `shop.inventory.reserve`, a part of the project
                assert await OrderService().place("mug") == 1
            """,
        ),
        Good(
            """
            import stripe
            from unittest.mock import patch
            from shop import clock, settings
            from shop.orders import OrderService

            @patch("stripe.Charge.create")
            @patch("shop.payments.requests.post")
            @patch("shop.payments.PaymentGateway.charge")
            @patch("shop.orders.utcnow")
            @patch("somewhere.else.entirely")
            def test_order(entirely, utcnow, charge, post, create, monkeypatch):
                monkeypatch.setattr(clock, "sleep", lambda seconds: None)
                monkeypatch.setattr(settings, "get_limit", lambda: 3)
                assert OrderService().place("mug") == 1
            """,
            path="tests/integration/test_orders.py",
            why="other people's packages, the network, the clock, settings; and what nobody knows to be the project's",
        ),
        Good(
            """
            from unittest.mock import patch
            from shop import orders
            from shop.orders import OrderService

            @patch("shop.orders.LIMIT", 3)
            @patch("shop.orders.page_size", new=10)
            @patch("shop.inventory.reserve", wraps=orders.reserve)
            @patch("shop.orders.Repository.save", side_effect=ConnectionError)
            def test_order(save, reserve, monkeypatch):
                monkeypatch.setattr(orders, "page_size", 3)
                monkeypatch.delattr(orders, "legacy", raising=False)
                assert OrderService().place("mug") == 1
            """,
            path="tests/integration/test_orders.py",
            why="a value is changed, the real thing is watched, or a part is made to fail",
        ),
        Good(
            """
            from unittest.mock import patch
            from shop.orders import OrderService

            def test_order_of_broken_store():
                with patch("shop.orders.Repository.save") as save:
                    save.side_effect = ConnectionError("gone")
                    assert OrderService().place("mug") is None
            """,
            path="tests/integration/test_orders.py",
            why="the part is made to fail, later",
        ),
        Good(
            '''
            from unittest.mock import patch
            from shop.orders import OrderService

            def test_order():
                """An order.

                Seam Under Test: OrderService -> Inventory.reserve
                """
                with patch("shop.inventory.Inventory.reserve"):
                    assert OrderService().place("mug") == 1
            ''',
            path="tests/integration/test_orders.py",
            why="`seam-mocked` says more",
        ),
        Good(
            """
            from unittest.mock import patch
            from shop.orders import OrderService

            def test_order():
                with patch("shop.inventory.Inventory.reserve"):
                    assert OrderService().place("mug") == 1
            """,
            why="not an integration test",
        ),
        Bad(
            """
            from unittest.mock import patch
            from shop.orders import OrderService

            def test_order_is_stored(repository):
                with patch("shop.inventory.Inventory.reserve") as reserve:  # 😀
                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This integration test replaces `shop.inventory.Inventory.reserve`, a part of the project
                    OrderService(repository).place("mug")
                assert repository.orders() == ["mug"]
            """,
            path="e2e/test_orders.py",
            settings={"integration_paths": ["e2e/**"]},
            why="where the integration tests of the project lie",
        ),
        Bad(
            """
            import pytest
            from unittest.mock import patch
            from shop.orders import OrderService

            @pytest.mark.e2e
            def test_order_is_stored(repository):
                with patch("shop.inventory.Inventory.reserve") as reserve:  # 😀
                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This integration test replaces `shop.inventory.Inventory.reserve`, a part of the project
                    OrderService(repository).place("mug")
                assert repository.orders() == ["mug"]
            """,
            settings={"integration_markers": ["e2e"]},
            why="how the project marks its integration tests",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Report each stand-in for something of the project's own."""
        replaced = replacements_of(function, ctx.model)
        inner = [(index, one) for index, one in enumerate(replaced) if not is_boundary(one.target)]
        if not inner or not is_integration_test(ctx, function):
            return
        documented = mocked_seams(ctx, function)
        root = ctx.settings.root
        for index, one in inner:
            if index in documented:
                continue
            ours = is_first_party(one.target, function, ctx.model, root)
            if ours or is_first_party(one.target, function, ctx.model, root, ctx.graph):
                name = one.target.lstrip(".")
                ctx.report(one.node, f"This integration test replaces `{name}`, a part of the project")
