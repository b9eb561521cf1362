"""Read the supplier's price list: `sku;price;stock` a line."""

from __future__ import annotations

from decimal import Decimal

from shop.repository import Product


def parse(text: str) -> list[Product]:
    products = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            sku, price, stock = line.split(";")
            products.append(Product(sku.strip(), Decimal(price.strip()), int(stock)))
        except (ValueError, ArithmeticError):
            raise ValueError(f"line {number}: expected sku;price;stock") from None
    return products
