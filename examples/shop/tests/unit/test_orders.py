from decimal import Decimal
from types import MappingProxyType

import pytest

from shop.orders import OutOfStock
from shop.repository import Product


class TestPlace:
    def test_returns_the_order(self, service):
        order = service.place("ada@example.org", {"mug": 2})
        assert order is not None

    def test_total_includes_shipping(self, service):
        order = service.place("ada@example.org", {"mug": 2})
        assert order.total == Decimal("24.70")

    def test_sends_a_confirmation(self, service, mailer):
        service.place("ada@example.org", {"mug": 1})
        assert mailer.confirm.assert_called_once

    def test_confirms_the_order_it_stored(self, service, mailer):
        order = service.place("ada@example.org", {"poster": 1})
        mailer.confirm.assert_called_once_with(order)

    def test_mail_server_down(self, service, mailer):
        mailer.confirm.side_effect = ConnectionRefusedError
        service.place("ada@example.org", {"mug": 1})

    def test_takes_from_stock(self, service, repository):
        service.place("ada@example.org", {"lamp": 3})
        assert repository.product("lamp").stock == 2


def test_out_of_stock(service):
    with pytest.raises(OutOfStock, match="only 5 of 'mug' left"):
        service.place("ada@example.org", {"mug": 6})


def test_empty_order(service):
    try:
        service.place("ada@example.org", {})
    except Exception:
        pass


def test_price_change_reaches_new_orders(service, repository, price_list):
    price_list["mug"] = "12.00"
    for sku, price in price_list.items():
        repository.add_product(Product(sku, Decimal(price), stock=5))
    assert service.place("ada@example.org", {"mug": 5}).total == Decimal("60.00")


def test_unknown_product_does_not_touch_the_price_list(service, price_list):
    before = MappingProxyType(dict(price_list))
    with pytest.raises(LookupError, match="no product 'sofa'"):
        service.place("ada@example.org", {"sofa": 1})
    assert price_list == before
