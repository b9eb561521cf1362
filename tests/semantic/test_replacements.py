"""What a test replaces, and which names are the project's own."""

from __future__ import annotations

from textwrap import dedent

import pytest
from testlsp.semantic import SemanticModel
from testlsp.semantic.first_party import is_first_party
from testlsp.semantic.graph import FixtureGraph
from testlsp.semantic.replacements import is_boundary, replacements_of
from testlsp.semantic.summary import summarise
from testlsp.syntax import parse

PATH = "/srv/web-shop/backend/tests/test_a.py"


def model_of(code: str, path: str = PATH) -> SemanticModel:
    """Return the model of *code*."""
    source = parse(path, dedent(code))
    assert not source.problems
    return SemanticModel(source)


def replaced(code: str) -> list[str]:
    """Return the names that the test in *code* replaces."""
    model = model_of(code)
    [test] = [each for each in model.functions if each.name.startswith("test_")]
    return [one.target for one in replacements_of(test, model)]


def test_all_ways_to_put_a_stand_in() -> None:
    """Decorators come first, then the body; functions, classes, lambdas and mocks stand in."""
    assert replaced("""
    from unittest.mock import Mock, patch
    from shop import orders, testing

    def fake(): ...

    @patch("shop.a.one")
    @patch.object(orders, "two", autospec=True)
    def test_a(monkeypatch, mocker):
        class Three: ...
        monkeypatch.setattr(orders, "three", Three)
        monkeypatch.setattr("shop.a.four", fake)
        mocker.patch("shop.a.five", new=Mock())
        mocker.patch.object(orders, "six", lambda: 1)
        with patch("shop.a.seven", testing.FakeSeven()):
            pass
    """) == [f"shop.{name}" for name in "a.one orders.two orders.three a.four a.five orders.six a.seven".split()]


def test_values_spies_and_failures_replace_nobody() -> None:
    """A changed value, a watched original and a part that is made to fail are no stand-ins."""
    assert not replaced("""
    from unittest.mock import patch
    from shop import orders

    @patch("shop.a.one", 1)
    @patch.object(orders, "two", new=[2])
    @patch("shop.a.three", wraps=orders.three)
    @patch("shop.a.four", side_effect=[None, TimeoutError()])
    def test_a(monkeypatch, mocker, thing):
        monkeypatch.setattr(orders, "five", 5)
        monkeypatch.setattr(orders, "six", thing)
        monkeypatch.delattr(orders, "seven")
        monkeypatch.setenv("EIGHT", "8")
        mocker.spy(orders, "nine")
        patch(**{"target": "shop.ten"})
    """)


@pytest.mark.parametrize(
    ("target", "outside"),
    [
        ("shop.orders.Repository.save", False),
        ("shop.pricing.discount", False),
        ("shop.payments.requests.post", True),
        ("shop.payments.HTTPGateway.charge", True),
        ("shop.orders.utc_now", True),
        ("shop.orders.LIMIT", True),
        ("shop.core.get_settings", True),
        ("client.orders.place", False),
    ],
)
def test_boundaries_are_known_by_their_names(target: str, outside: bool) -> None:
    """Libraries, the outer world, clocks and settings are meant to be replaced; the package's own name says nothing."""
    assert is_boundary(target) is outside


def own(names: str, code: str, path: str = PATH, conftest: str = "") -> list[str]:
    """Return those of *names* that are the project's as seen from a test that follows *code*."""
    model = model_of(code + "\n\ndef test_a():\n    from billing import invoices\n", path)
    graph = None
    if conftest:
        above = model_of(conftest, "/srv/web-shop-1.2/conftest.py")
        graph = FixtureGraph([summarise(each.source, each) for each in (model, above)])
    [test] = [each for each in model.functions if each.name]
    return [name for name in names.split() if is_first_party(name, test, model, "/srv/web-shop-1.2", graph)]


def test_own_names_are_known_by_folders() -> None:
    """A package called like a folder around the test is the project's; what is imported besides is not, then."""
    path = "/srv/web-shop-1.2/backend/tests/test_a.py"
    assert own(".a backend.a web_shop.a invoices.a json.a tests.a", "import backend", path) == [
        ".a",
        "backend.a",
        "web_shop.a",
    ]
    assert not own("obscure.a billing.a", "import backend\nfrom obscure import a, b, c", path)


def test_own_names_are_known_by_imports() -> None:
    """Elsewhere it is the package from which most is imported; libraries never are, whatever is imported from them."""
    path = "/srv/web-shop-1.2/tests/test_a.py"
    code = "from shop.orders import a, b\nimport obscure\nfrom stripe import c, d, e"
    assert own("shop.a billing.a obscure.a stripe.c other.a", code, path) == ["shop.a"]
    assert own("billing.a other.a", "", path) == ["billing.a"]
    assert own("billing.a stock.a", "", path, "from stock import shelf, box") == ["stock.a"]
