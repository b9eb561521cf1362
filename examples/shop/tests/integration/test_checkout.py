"""From the basket to the stored order."""

from decimal import Decimal
from unittest.mock import Mock

import pytest

from shop.api import app, get_mailer, get_repository
from shop.notifications import Mailer
from shop.repository import Repository

pytestmark = pytest.mark.integration


def test_order_is_stored_and_confirmed(shop, repository, mailer):
    """An order placed over HTTP is in the database, and its customer is told.

    Integration Scope:
        HTTP interface, OrderService, Repository; the mail server is replaced.

    Seam Under Test:
        POST /orders -> OrderService.place -> Repository.add_order

    Business Impact:
        Without it customers pay for orders that nobody packs.

    Test Strategy:
        - Order two mugs over HTTP
        - Read the order back from the database

    Success Criteria:
        - The answer is 201 with the total
        - The order in the database has the same total
        - One confirmation is sent
    """
    response = shop.post("/orders", {"customer": "ada@example.org", "lines": {"mug": 2}})

    assert response.status_code == 201
    assert response.json()["total"] == "24.70"
    assert repository.order(response.json()["id"]).total == Decimal("24.70")
    mailer.confirm.assert_called_once()


def test_checkout_with_voucher(shop):
    """A voucher lowers what the customer pays.

    Integration Scope:
        HTTP interface, OrderService, pricing.

    Seam Under Test:
        TODO

    Business Impact:
        Vouchers are printed on every parcel.
    """
    response = shop.post(
        "/orders",
        {"customer": "ada@example.org", "lines": {"lamp": 1}, "voucher": "WELCOME10"},
    )
    assert response.status_code in (200, 201)
    assert response.json()["total"] == "71.10"


def test_invalid_orders_are_handled(shop):
    for body in ({}, {"customer": "ada"}, {"customer": "ada@example.org", "lines": {"sofa": 1}}):
        response = shop.post("/orders", body)
        assert response.status_code in [200, 201, 400, 422]


def test_last_item_is_sold_once(shop):
    """Given one lamp on the shelf
    When two customers order it
    Then the second is told that it is gone
    """
    assert shop.post("/orders", {"customer": "ada@example.org", "lines": {"lamp": 5}}).status_code == 201
    second = shop.post("/orders", {"customer": "grace@example.org", "lines": {"lamp": 1}})
    assert second.status_code == 409
    assert second.json()["detail"] == "only 0 of 'lamp' left"


def test_order_survives_mail_outage(client, repository):
    mailer = Mock(spec=Mailer)
    mailer.confirm.side_effect = TimeoutError
    app.dependency_overrides[get_repository] = lambda: repository
    app.dependency_overrides[get_mailer] = lambda: mailer

    response = client.post("/orders", {"customer": "ada@example.org", "lines": {"mug": 1}})

    assert response.status_code == 201


def test_cancel_is_idempotent_enough(shop):
    order = shop.post("/orders", {"customer": "ada@example.org", "lines": {"mug": 1}}).json()
    assert shop.delete(f"/orders/{order['id']}").status_code == 204
    # testlsp: ignore[TL302] -- the shop answered 410 until version 2
    assert shop.delete(f"/orders/{order['id']}").status_code == 404


@pytest.fixture
def empty_shop(client):
    app.dependency_overrides[get_repository] = lambda: Repository(":memory:")
    yield client
    app.dependency_overrides.pop(get_repository)


def test_nothing_to_buy(empty_shop):
    """An empty shop shows no products."""
    assert empty_shop.get("/products").json() == []
