"""What an order costs."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from shop.settings import get_settings

FREE_SHIPPING_FROM = Decimal("50.00")
SHIPPING = Decimal("4.90")
VOUCHERS = {"WELCOME10": Decimal("0.10"), "STAFF30": Decimal("0.30")}


class UnknownVoucher(LookupError):
    """The customer typed a voucher that does not exist."""


def rounded(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def discount(amount: Decimal, voucher: str | None) -> Decimal:
    if voucher is None:
        return Decimal("0.00")
    try:
        share = VOUCHERS[voucher]
    except KeyError:
        raise UnknownVoucher(voucher) from None
    return rounded(amount * share)


def shipping(amount: Decimal) -> Decimal:
    return Decimal("0.00") if amount >= FREE_SHIPPING_FROM else SHIPPING


def total(amounts: list[Decimal], voucher: str | None = None) -> Decimal:
    """Goods less discount, plus shipping; taxes are included in the prices of goods."""
    goods = sum(amounts, Decimal("0.00"))
    goods -= discount(goods, voucher)
    return rounded(goods + shipping(goods))


def tax_included(amount: Decimal) -> Decimal:
    rate = get_settings().tax_rate
    return rounded(amount - amount / (1 + rate))


def price_tag(amount: Decimal) -> str:
    return f"{rounded(amount)} {get_settings().currency}"
