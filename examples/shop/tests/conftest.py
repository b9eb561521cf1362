"""Fixtures for the whole suite."""

from __future__ import annotations

import os
from decimal import Decimal
from unittest.mock import Mock

import pytest

from shop.api import app
from shop.notifications import Mailer
from shop.orders import OrderService
from shop.repository import Product, Repository
from shop.settings import get_settings
from shop.web import Client


@pytest.fixture(scope="session", autouse=True)
def environment():
    os.environ["SHOP_ENV"] = "test"
    os.environ["SHOP_DATABASE"] = ":memory:"
    yield


@pytest.fixture(scope="session")
def price_list():
    """Prices as the supplier sends them."""
    return {"mug": "9.90", "poster": "14.50", "lamp": "79.00"}


@pytest.fixture
def repository(price_list):
    repository = Repository(":memory:")
    for sku, price in price_list.items():
        repository.add_product(Product(sku, Decimal(price), stock=5))
    yield repository
    repository.close()


@pytest.fixture
def mailer():
    return Mock(spec=Mailer)


@pytest.fixture
def service(repository, mailer):
    return OrderService(repository, mailer)


@pytest.fixture
def client():
    return Client(app)


@pytest.fixture
def fresh_settings():
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()
