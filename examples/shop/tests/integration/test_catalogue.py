"""What customers see before they buy."""

import os

import pytest

os.environ["SHOP_SENDER"] = "tests@shop.example"

from shop.api import app  # noqa: E402

pytestmark = pytest.mark.integration


def test_products_are_listed_with_their_prices(shop, fresh_settings, monkeypatch):
    """The list shows each product with its price in the currency of the shop.

    Integration Scope:
        HTTP interface, Repository, pricing, settings.

    Seam Under Test:
        GET /products -> Repository.products -> pricing.price_tag

    Business Impact:
        A price in the wrong currency is a price we must honour.

    Test Strategy:
        - Set the currency of the shop
        - Ask for the list over HTTP

    Success Criteria:
        - Every product is there, in order, with currency and stock
    """
    monkeypatch.setenv("SHOP_CURRENCY", "GBP")

    assert shop.get("/products").json() == [
        {"sku": "lamp", "price": "79.00 GBP", "stock": 5},
        {"sku": "mug", "price": "9.90 GBP", "stock": 5},
        {"sku": "poster", "price": "14.50 GBP", "stock": 5},
    ]


def test_product_page(shop):
    page = shop.get("/products/mug").json()
    assert page
    assert "price" in page


def test_missing_product(shop):
    """A product that is not sold is not found."""
    response = shop.get("/products/sofa")
    assert response.status_code == 404
    assert response.json() == {"detail": "no product 'sofa'"}


def test_health(client):
    assert client.get("/health").status_code == 200


@pytest.fixture
def maintenance(monkeypatch):
    monkeypatch.setattr(app.state, "maintenance", True)


def test_shop_is_closed_for_maintenance(client, maintenance):
    """While the shop is being repaired the balancer sees it as unhealthy."""
    assert client.get("/health").status_code == 503
