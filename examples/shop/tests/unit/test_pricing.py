from decimal import Decimal

import pytest

from shop import pricing


def test_total_adds_shipping_below_the_limit():
    assert pricing.total([Decimal("10.00"), Decimal("5.50")]) == Decimal("20.40")


def test_total_ships_large_orders_for_free():
    assert pricing.total([Decimal("50.00")]) == Decimal("50.00")


@pytest.mark.parametrize(
    ("voucher", "expected"),
    [(None, "0.00"), ("WELCOME10", "4.00"), ("STAFF30", "12.00")],
)
def test_discount(voucher, expected):
    assert pricing.discount(Decimal("40.00"), voucher) == Decimal(expected)


def test_unknown_voucher():
    with pytest.raises(Exception):
        pricing.discount(Decimal("40.00"), "FREEBEER")


def test_unknown_voucher_names_the_voucher():
    with pytest.raises(pricing.UnknownVoucher) as caught:
        pricing.total([Decimal("40.00")], "FREEBEER")
        assert "FREEBEER" in str(caught)


def test_price_tag():
    assert pricing.price_tag(Decimal("9.9")) == "9.90 EUR"


def test_tax_included():
    tax = pricing.tax_included(Decimal("119.00"))
    assert tax is not None


def test_free_shipping_in_december():
    pricing.FREE_SHIPPING_FROM = Decimal("20.00")
    assert pricing.total([Decimal("25.00")]) == Decimal("25.00")


def test_total_rounds_half_up(monkeypatch):
    monkeypatch.setattr(pricing, "SHIPPING", Decimal("0.005"))
    assert pricing.total([Decimal("1.00")]) == Decimal("1.01")
