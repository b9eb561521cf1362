"""Settings, read from the environment once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache


class SettingsError(ValueError):
    """A variable holds something that cannot be used."""


@dataclass(frozen=True)
class Settings:
    environment: str
    currency: str
    tax_rate: Decimal
    database: str
    sender: str


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    rate = os.environ.get("SHOP_TAX_RATE", "0.19")
    try:
        tax_rate = Decimal(rate)
    except ArithmeticError:
        raise SettingsError(f"SHOP_TAX_RATE is not a number: {rate!r}") from None
    return Settings(
        environment=os.environ.get("SHOP_ENV", "development"),
        currency=os.environ.get("SHOP_CURRENCY", "EUR"),
        tax_rate=tax_rate,
        database=os.environ.get("SHOP_DATABASE", "shop.db"),
        sender=os.environ.get("SHOP_SENDER", "orders@shop.example"),
    )
