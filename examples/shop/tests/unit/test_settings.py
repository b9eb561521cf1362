import os
from decimal import Decimal
from unittest.mock import patch

import pytest

from shop.settings import SettingsError, get_settings


@pytest.fixture(autouse=True)
def uncached():
    get_settings.cache_clear()


@pytest.fixture
def production():
    os.environ["SHOP_ENV"] = "production"
    os.environ["SHOP_SENDER"] = "orders@shop.example"
    yield get_settings()


def test_defaults(monkeypatch):
    monkeypatch.delenv("SHOP_TAX_RATE", raising=False)
    assert get_settings().tax_rate == Decimal("0.19")


def test_currency_from_environment():
    os.environ["SHOP_CURRENCY"] = "USD"  # the American branch

    assert get_settings().currency == "USD"


def test_production(production):
    assert production.environment == "production"
    assert production.sender == "orders@shop.example"


def test_reduced_tax_rate():
    old = os.environ.get("SHOP_TAX_RATE")
    os.environ["SHOP_TAX_RATE"] = "0.07"
    try:
        assert get_settings().tax_rate == Decimal("0.07")
    finally:
        if old is None:
            del os.environ["SHOP_TAX_RATE"]
        else:
            os.environ["SHOP_TAX_RATE"] = old


def test_environment_defaults_to_development():
    os.environ.pop("SHOP_ENV", None)
    assert get_settings().environment == "development"


def test_swiss_shop():
    os.environ.update({"SHOP_CURRENCY": "CHF", "SHOP_TAX_RATE": "0.081"})
    settings = get_settings()
    assert settings.currency == "CHF"
    assert settings.tax_rate == Decimal("0.081")


def test_database_is_a_path():
    with patch.dict(os.environ, {"SHOP_DATABASE": "/srv/shop/shop.db"}):
        assert get_settings().database == "/srv/shop/shop.db"


def test_tax_rate_must_be_a_number(monkeypatch):
    monkeypatch.setenv("SHOP_TAX_RATE", "nineteen")
    with pytest.raises(SettingsError, match="nineteen"):
        get_settings()
