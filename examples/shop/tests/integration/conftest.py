import pytest

from shop.api import app, get_mailer, get_repository
from shop.web import Client


@pytest.fixture
def shop(repository, mailer, monkeypatch):
    """A client of the shop with a database of its own and no mail server."""
    monkeypatch.setitem(app.dependency_overrides, get_repository, lambda: repository)
    monkeypatch.setitem(app.dependency_overrides, get_mailer, lambda: mailer)
    return Client(app)
