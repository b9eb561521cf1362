"""What an integration test brings together, read from its text."""

from __future__ import annotations

from textwrap import dedent

import pytest
from testlsp.semantic import SemanticModel
from testlsp.semantic.graph import FixtureGraph
from testlsp.semantic.seams import SeamFacts, markers, seam_facts, sentence
from testlsp.semantic.summary import summarise
from testlsp.syntax import parse


def facts(code: str) -> SeamFacts:
    """Return the facts about the test in *code*."""
    source = parse("/project/tests/test_a.py", dedent(code))
    assert not source.problems
    model = SemanticModel(source)
    graph = FixtureGraph([summarise(source, model)])
    [test] = [each for each in model.functions if each.name.startswith("test_")]
    return seam_facts(test, model, graph)


def test_fixtures_are_real_faked_or_mocked() -> None:
    """Names say it, and so does what a fixture is made of; pytest's own and parametrised names are left out."""
    found = facts("""
    import pytest
    from unittest.mock import Mock
    from fakeredis import FakeRedis

    @pytest.fixture
    def mailer():
        return Mock()

    @pytest.fixture
    def cache():
        return FakeRedis()

    @pytest.fixture
    def clock(mocker):
        return mocker.patch("time.time")

    @pytest.mark.parametrize("count, kind", [(1, 2)])
    def test_a(client, mailer, cache, clock, fake_bank, tmp_path, count, kind):
        pass
    """)
    assert (found.real, found.faked, found.mocked) == (("client",), ("cache", "fake_bank"), ("mailer", "clock"))


def test_routes_and_calls_come_in_order() -> None:
    """HTTP requests, calls of the project and of objects made here count; the library and helpers of tests do not."""
    found = facts("""
    import json, os
    import httpx
    from shop.orders import OrderService, place
    from tests.helpers import wait
    from . import local

    def test_a(client, repository):
        os.getcwd()
        wait(); local.go(); print(json.dumps({}))
        place("mug")
        service = OrderService()
        service.cancel(1)
        client.post(f"/orders/{service.last['id']}/items?x=1", json={})
        client.request("DELETE", "/orders")
        repository.session.commit()
        answer = httpx.get("https://shop.example/prices")
        answer.json()
        client.get(address)
    """)
    assert found.acts == (
        "orders.place",
        "OrderService",
        "OrderService.cancel",
        "POST /orders/{id}/items",
        "DELETE /orders",
        "repository.session.commit",
        "GET https://shop.example/prices",
        "client.get",
    )
    assert found.routes == ("POST /orders/{id}/items", "DELETE /orders", "GET https://shop.example/prices")


def test_assertions_are_the_criteria() -> None:
    """Plain assertions, those of mocks and expected exceptions, each on one line and cut when long."""
    found = facts("""
    import pytest

    def test_a(mailer, answer):
        assert answer == {
            "a": 1,
        }, "message"
        with pytest.raises(ValueError, match="x"):
            answer.go()
        mailer.send.assert_called_once_with("x")
        assert answer == "0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789"
    """)
    assert found.criteria[:3] == ("answer == {'a': 1}", "raises ValueError", "mailer.send.assert_called_once_with('x')")
    assert len(found.criteria[3]) <= 88
    assert found.criteria[3].endswith("...")


def test_f_strings_stay_as_they_are_written() -> None:
    """What is offered does not depend on the Python that testlsp runs on: 3.12 nests the same quotes, 3.11 does not."""
    found = facts("""
    def test_a(client, order):
        assert client.get(f"/orders/{order['id']}").status_code == 200
    """)
    assert found.criteria == ("client.get(f\"/orders/{order['id']}\").status_code == 200",)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("test_order_is_stored", "Order is stored"),
        ("testOrderIsStored", "Order Is Stored"),
        ("test", ""),
        ("test__a", "A"),
    ],
)
def test_a_name_is_a_sentence(name: str, words: str) -> None:
    """The words of the name, without the first."""
    assert sentence(name) == words


def test_marks_of_test_class_and_module_count() -> None:
    """A mark may stand on the test, on the class, in ``pytestmark`` of either, and behind a name."""
    source = parse(
        "test_a.py",
        dedent("""
        import pytest
        from pytest import mark
        pytestmark = [pytest.mark.module, mark.other("x")]
        slow = pytest.mark.slow

        @mark.outer
        class TestA:
            pytestmark = mark.inner

            @slow
            @mark.parametrize("a", [1])
            def test_a(self, a):
                pass
        """),
    )
    model = SemanticModel(source)
    function = model.function_named("test_a", ("TestA",))
    assert function is not None
    assert markers(function, model) == {"module", "other", "outer", "inner", "slow", "parametrize"}
