from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Good, Rule, on
from testlsp.semantic.functions import FunctionKind
from testlsp.semantic.graph import Site
from testlsp.semantic.marks import mark_names, own_decorators
from testlsp.semantic.names import dotted

_VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "request")
_OPENS = frozenset(f"{library}.{verb}" for library in ("requests", "httpx") for verb in _VERBS) | frozenset(
    "httpx.stream urllib.request.urlopen urllib.request.urlretrieve urllib3.request".split()
)
_CLOUD = frozenset({"boto3.client", "boto3.resource"})
_ELSEWHERE = frozenset({"endpoint_url", "proxies", "proxy", "config", "transport", None})
"""Arguments that send a request somewhere else than its address says."""

_LIBRARIES = frozenset(
    "moto responses respx httpretty requests_mock vcr betamax aioresponses pook pytest_httpx localstack".split()
)
_LOCAL = ("localhost", "127.", "0.0.0.0", "[::1]", "testserver", "test", "host.docker.internal")
_UNREAL = (".test", ".invalid", ".localhost", ".local", ".internal")
_STAND_INS = (
    "mock aws moto respons respx httpretty vcr cassette betamax recorder localstack minio patch intercept aioresp "
    "pook server stub fake wiremock"
).split()
_DECLARED = frozenset(
    "network online internet integration remote remote_data enable_socket vcr live e2e external slow smoke".split()
)


class RealNetwork(Rule):
    """Talks to a real host from a test.

    The test fails when the host, the line or the name server does, it is slow, and
    it can do damage. Answer from a stand-in (`responses`, `respx`, `moto`), record
    the answer once (`vcr`), or say with a mark that the test needs the network, so
    that it can be left out.
    """

    code = "TL602"
    since = "0.1"
    default = False
    message = "This talks to a real host; use a stand-in, or mark the test"
    options = ("integration-markers", "integration-paths")
    related = ("PTD304 (pytest-tidy)",)
    source = "https://docs.pytest.org/en/stable/explanation/flaky.html"
    words = ("requests", "httpx", "urllib", "boto3")
    examples = (
        Bad(
            """
            import requests

            def test_rates():
                answer = requests.get("https://api.example.com/rates", timeout=3)
                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert answer.json()["💶"] > 1
            """,
        ),
        Good(
            """
            import requests
            import responses

            @responses.activate
            def test_rates():
                responses.get("https://api.example.com/rates", json={"EUR": 2})
                assert requests.get("https://api.example.com/rates").json()["EUR"] == 2
            """
        ),
        Bad(
            """
            import boto3
            from urllib.request import urlopen

            PATH = "/rates"

            class TestRates:
                def test_rates(self):
                    assert urlopen(f"http://example.com{PATH}").status == 200
                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                    assert boto3.client("s3").list_buckets() == []
                           ^^^^^^^^^^^^^^^^^^
            """,
        ),
        Good(
            """
            import boto3
            import requests

            def test_health(base):
                assert requests.get("http://localhost:8000/health").status_code == 200
                assert requests.get("http://shop.test/").status_code == 200
                assert requests.get(base + "/health").status_code == 200
                assert requests.get(f"{base}/health").status_code == 200
                assert boto3.client("s3", endpoint_url="http://localhost:4566").list_buckets() == []
                assert requests.get("http://example.com", proxies={"http": base}).ok is True
            """,
            why="A local or invented host, or one that is not known.",
        ),
        Good(
            """
            import pytest
            import requests
            from unittest import mock

            @pytest.mark.network
            def test_rates():
                assert requests.get("https://example.com").ok is True

            @mock.patch("requests.get")
            def test_patched(get):
                assert requests.get("https://example.com") is get.return_value

            @connected
            def test_decorated():
                assert requests.get("https://example.com").ok is True
            """,
            why="It is marked, replaced, or a decorator is not known.",
        ),
        Good(
            """
            import pytest
            import requests
            from tools import answer_with_stubs

            def test_with():
                with answer_with_stubs({"https://example.com": "ok"}):
                    assert requests.get("https://example.com").text == "ok"

            def test_no_network():
                with pytest.raises(requests.ConnectionError):
                    requests.get("https://example.com")

            def test_fixture(httpx_mock):
                assert requests.get("https://example.com").ok is True
            """,
            files={
                "tests/conftest.py": """
                import pytest

                @pytest.fixture
                def httpx_mock():
                    yield object()
                """
            },
            why="A stand-in in a block or a fixture, or a failure that is expected.",
        ),
        Good(
            """
            import boto3
            from moto import mock_aws

            class TestStore:
                def setup_method(self):
                    self.aws = mock_aws()
                    self.aws.start()

                def test_buckets(self):
                    assert boto3.client("s3").list_buckets()["Buckets"] == []
            """,
            why="The file imports a library that stands in for the network.",
        ),
        Good(
            """
            import requests

            def test_rates():
                assert requests.get("https://example.com").ok is True
            """,
            path="tests/integration/test_rates.py",
            why="The path says so.",
        ),
        Good(
            """
            import requests

            def test_rates():
                answer = requests.get("https://api.example.com/rates", timeout=3)
                assert answer.json()["💶"] > 1
            """,
            path="e2e/test_example.py",
            settings={"integration_paths": ["e2e/**"]},
            why="where the integration tests of the project lie",
        ),
        Good(
            """
            import pytest
            import requests

            @pytest.mark.contract
            def test_rates():
                assert requests.get("https://api.example.com/rates", timeout=3).ok
            """,
            settings={"integration_markers": ["contract"]},
            why="how the project marks its integration tests",
        ),
    )

    @on(ast.Call, kinds=(FunctionKind.TEST,))
    def check(self, ctx: Context, node: ast.Call) -> None:
        """Report a call that opens a connection to a host outside."""
        name = dotted(node.func)
        full = ctx.qualified_name(node.func) if name else None
        if any(keyword.arg in _ELSEWHERE for keyword in node.keywords):
            return
        if full in _OPENS:
            if not _is_outside(_address(node, full)):
                return
        elif full not in _CLOUD:
            return
        if not _is_declared(ctx) and not _is_replaced(ctx, node):
            ctx.report(node)


def _address(node: ast.Call, name: str) -> str:
    """Return the address, as far as it is written out."""
    position = 1 if name.endswith((".request", ".stream")) and name != "urllib.request.request" else 0
    given = node.args[position] if len(node.args) > position else None
    given = next((keyword.value for keyword in node.keywords if keyword.arg == "url"), given)
    if isinstance(given, ast.JoinedStr) and given.values:
        given = given.values[0]
    return given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else ""


def _is_outside(address: str) -> bool:
    scheme, found, rest = address.partition("://")
    host = rest.partition("/")[0].partition("@")[2] or rest.partition("/")[0]
    if not found or scheme not in {"http", "https", "ftp"} or "." not in host:
        return False
    return not host.startswith(_LOCAL) and not host.partition(":")[0].endswith(_UNREAL)


def _is_declared(ctx: Context) -> bool:
    """Whether path or marks say that the network is needed; what is not known may say so."""
    if ctx.settings.is_integration_path(ctx.path):
        return True
    marks = mark_names(ctx.function, ctx.model, ctx.graph)
    return marks is None or not marks.isdisjoint(_DECLARED.union(ctx.settings.integration_markers))


def _is_replaced(ctx: Context, node: ast.Call) -> bool:
    """Whether a stand-in is in sight: in the imports of the file, around the call, in the fixtures of the test."""
    targets = (binding.target or "" for binding in ctx.model.names.table.values() if binding.kind == "import")
    if any(target.partition(".")[0] in _LIBRARIES for target in targets):
        return True
    names = [dotted(getattr(item, "func", item)) or "" for item in own_decorators(ctx.function)]
    for ancestor in ctx.ancestors(node):
        if isinstance(ancestor, ast.With | ast.AsyncWith):
            names += [dotted(getattr(item.context_expr, "func", item.context_expr)) or "" for item in ancestor.items]
    if any(name.rpartition(".")[2] in {"raises", "assertRaises", "assertRaisesRegex"} for name in names):
        return True
    graph = ctx.graph
    if graph is None:
        return True
    closure = graph.closure(Site(ctx.path, ctx.function.chain, ctx.function.name))
    names += [*ctx.function.params, *closure.definitions]
    return closure.opaque or any(word in name.lower() for name in names for word in _STAND_INS)
