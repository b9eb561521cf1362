"""Placing an order: stock, price, mail."""

from __future__ import annotations

import logging

from shop import pricing
from shop.notifications import Mailer
from shop.repository import Order, Repository

log = logging.getLogger(__name__)


class OutOfStock(Exception):
    """There is less on the shelf than was asked for."""


class OrderService:
    def __init__(self, repository: Repository, mailer: Mailer) -> None:
        self.repository = repository
        self.mailer = mailer

    def place(self, customer: str, lines: dict[str, int], voucher: str | None = None) -> Order:
        if not lines:
            raise ValueError("an order needs at least one line")
        amounts = []
        for sku, count in lines.items():
            product = self.repository.product(sku)
            if product is None:
                raise LookupError(f"no product {sku!r}")
            if not self.repository.take(sku, count):
                raise OutOfStock(f"only {product.stock} of {sku!r} left")
            amounts.append(product.price * count)
        order = self.repository.add_order(customer, pricing.total(amounts, voucher))
        try:
            self.mailer.confirm(order)
        except OSError:
            log.warning("no confirmation for order %s", order.id)
        return order
