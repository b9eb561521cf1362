from __future__ import annotations

import ast
import sys

from testlsp.lint import Bad, Context, Fix, Good, Related, Rule, on_function
from testlsp.lint.context import unsafe
from testlsp.rewrite import replace_expression
from testlsp.semantic.bases import has_unknown_base
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.patch_targets import PatchTarget, patch_targets
from testlsp.semantic.sites import Site

_FRESH = (
    "reload(",
    "import_module(",
    "__import__(",
    "sys.modules",
    "subprocess",
    "call_command",
    "pytester",
    "testdir",
)
"""Signs that modules are imported while the test runs, by whatever name."""

_HARMLESS = frozenset(
    "monkeypatch tmp_path tmp_path_factory tmpdir capsys capfd capsysbinary capfdbinary caplog recwarn request cache "
    "pytestconfig record_property doctest_namespace mocker class_mocker module_mocker session_mocker anyio_backend "
    "event_loop worker_id subtests faker freezer time_machine benchmark snapshot requests_mock httpx_mock respx_mock "
    "responses".split()
)
"""Fixtures of pytest and its plugins that bring no code of the project with them."""


class PatchWhereDefined(Rule):
    """Patches a name in the module that defines it, although the code under test has imported the name from there.

    `from shop.mail import send` gives a module a name of its own for the function,
    once, when it is imported. A patch of `shop.mail.send` comes later and changes
    nothing for it: the real function runs, and the mock is never called. Patch the
    name where it is looked up: `shop.orders.send`.

    All modules of the project that the test file, its conftests and their imports
    reach are read. The rule is silent when one of them looks the name up through
    its module, and wherever that cannot be told.

    Fix safety: unsafe, because the test may fail once the patch has an effect.
    """

    code = "TL219"
    since = "0.1"
    words = ("patch(", "setattr(")
    message = "This patch has no effect on the code under test"
    related = ("PYTEST-MOC-001 (pytest-linter)",)
    source = "https://docs.python.org/3/library/unittest.mock.html#where-to-patch"
    examples = (
        Bad(
            """
            from unittest.mock import patch
            from shop.orders import place

            def test_place():
                "📧"; mail = patch("shop.mail.send")
                                  ^^^^^^^^^^^^^^^^ `shop.orders` imports `send` by name, so that this patch of `shop.mail.send` changes nothing there
                with mail as send:
                    place("book")
                send.assert_called_once()
            """,
            fixed="""
            from unittest.mock import patch
            from shop.orders import place

            def test_place():
                "📧"; mail = patch("shop.orders.send")
                with mail as send:
                    place("book")
                send.assert_called_once()
            """,
            files={
                "shop/__init__.py": "",
                "shop/mail.py": """
                def send(text): ...
                """,
                "shop/orders.py": """
                from shop.mail import send

                def place(article):
                    send(article)
                """,
            },
        ),
        Good(
            """
            from unittest.mock import patch
            from shop.orders import place

            def test_place():
                with patch("shop.orders.send") as send:
                    place("book")
                send.assert_called_once()
            """,
            files={
                "shop/mail.py": """
                def send(text): ...
                """,
                "shop/orders.py": """
                from shop.mail import send

                def place(article):
                    send(article)
                """,
            },
        ),
        Bad(
            """
            import unittest
            from unittest import mock
            from shop import place

            def test_lambda(monkeypatch):
                monkeypatch.setattr('shop.mail.send', lambda text: None)
                                    ^^^^^^^^^^^^^^^^ `shop.orders` imports `send` by name, so that this patch of `shop.mail.send` changes nothing there
                place("book")

            class OrderTest(unittest.TestCase):
                @mock.patch("shop.mail.connect")
                            ^^^^^^^^^^^^^^^^^^^ `shop.orders` imports `connect` by name, so that this patch of `shop.mail.connect` changes nothing there
                def test_decorated(self, connect):
                    place("book")
            """,
            fixed="""
            import unittest
            from unittest import mock
            from shop import place

            def test_lambda(monkeypatch):
                monkeypatch.setattr('shop.orders.post', lambda text: None)
                place("book")

            class OrderTest(unittest.TestCase):
                @mock.patch("shop.mail.connect")
                def test_decorated(self, connect):
                    place("book")
            """,
            files={
                "src/shop/__init__.py": "from .orders import place",
                "src/shop/mail.py": """
                def send(text): ...

                def connect(): ...
                """,
                "src/shop/orders.py": """
                from fastapi import Depends
                from .mail import connect, send as post

                def place(article, connection=Depends(connect)):
                    post(article)
                """,
            },
            why="under another name; `Depends` has captured the function, whatever is patched",
        ),
        Good(
            """
            from unittest.mock import patch
            from shop import mail
            from shop.orders import place

            def test_through_the_module():
                with patch("shop.mail.send") as send:
                    place("book")

            def test_by_its_own_module():
                with patch("shop.mail.connect") as connect:
                    place("book")

            def test_when_it_runs():
                with patch("shop.mail.quit"), patch("shop.mail.noop"):
                    place("book")

            def test_itself():
                with patch("shop.mail.close") as close:
                    mail.close()

            def test_method():
                with patch("shop.mail.Letter.fold"):
                    place("book")
            """,
            files={
                "shop/mail.py": """
                class Letter:
                    def fold(self): ...

                def connect(): ...

                def close(): ...

                def quit(): ...

                def noop(): ...

                def send(text):
                    connect()
                """,
                "shop/orders.py": """
                from shop import basket
                from shop.mail import Letter, close, connect, noop, quit, send

                def place(article):
                    send(Letter(connect(), close(), quit(), noop()))
                """,
                "shop/basket.py": """
                import shop.mail as m

                def fill():
                    from shop.mail import quit
                    quit(m.send, getattr(m, "noop"))
                """,
            },
            why="somebody uses the module's attribute, or imports it when it runs; a class is shared by all who import it",
        ),
        Good(
            """
            import importlib
            from unittest.mock import patch
            from shop import orders
            from shop.orders import place

            def test_both():
                with patch("shop.mail.send") as send, patch("shop.orders.send", send):
                    place("book")

            def test_afresh():
                with patch("shop.mail.send"):
                    importlib.reload(orders).place("book")

            def test_unknown_client(client):
                with patch("shop.mail.send"):
                    client.post("/orders")

            def test_later():
                with patch("shop.mail.send"):
                    from shop.later import place_later
                    place_later("book")

            def test_unknown_module():
                with patch("elsewhere.mail.send"), patch("shop.dynamic.send"):
                    place("book")
            """,
            files={
                "shop/mail.py": """
                def send(text): ...
                """,
                "shop/dynamic.py": """
                from shop.mail import *

                def send(text): ...
                """,
                "shop/orders.py": """
                from shop.dynamic import send as resend
                from shop.mail import send

                def place(article):
                    send(article) or resend(article)
                """,
            },
            why="patched in both places; imported again; code that cannot be told, or that is imported after the patch",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Report what the test patches by name and nobody looks up."""
        targets = patch_targets(function, ctx.model)
        if not targets or has_unknown_base(function, ctx.model):
            return
        text = function.statement.text
        if any(word in text for word in _FRESH):
            return
        for target in targets:
            name = target.target.rpartition(".")[2]
            if _is_used(ctx, function, name) or ctx.graph is None:
                continue
            from testlsp.semantic.captures import taken_over

            taken = taken_over(ctx.graph.namespaces, ctx.path, target.target)
            if not taken or _brings_more(ctx, function) or _imports_later(ctx, function):
                continue
            if any(f"{one.module}.{one.bound}" == other.target for one in taken for other in targets):
                continue
            ctx.report(
                target.node,
                f"`{taken[0].module}` imports `{name}` by name, "
                f"so that this patch of `{target.target}` changes nothing there",
                fixes=_fixes(
                    ctx, target, [f"{one.module}.{one.bound}" for one in taken if one.looked_up and one.module]
                ),
                related=[Related(one.path, "imported here", None, one.bound) for one in taken],
            )


def _is_used(ctx: Context, function: Function, name: str) -> bool:
    """Whether the test's own statement, or a helper of its file, looks an attribute of that name up or imports it."""
    for other in ctx.model.functions_of(function.statement):
        for scope in (other, *other.nested):
            if any(isinstance(node, ast.Attribute) and node.attr == name for node in scope.bag.get(ast.Attribute, ())):
                return True
            if any(
                binding.kind == "import" and (binding.target or "").endswith(f".{name}")
                for binding in scope.locals.values()
            ):
                return True
    return any(f".{name}" in piece.text for piece in ctx.model.shared if piece is not function.statement)


def _brings_more(ctx: Context, function: Function) -> bool:
    """Whether a fixture may bring code with it that the imports do not tell of: a client, a running server."""
    graph = ctx.graph
    assert graph is not None
    site = Site(ctx.path, function.chain, function.name)
    test = graph.test_at(site)
    closure = graph.closure(site)
    if test is None or closure.opaque:
        return True
    asked = {*test.requests, *test.marks.usefixtures} - set(graph.marks(site).direct)
    foreign = {
        fixture.name for fixture in closure.active if fixture.path.startswith("<") or "-packages/" in fixture.path
    }
    asked |= {name for fixture in closure.active if fixture.name not in foreign for name in fixture.requests}
    return not (asked & (foreign | set(closure.unknown))) <= _HARMLESS


def _imports_later(ctx: Context, function: Function) -> bool:
    """Whether the test itself imports something that is not in the standard library, maybe for the first time and after the patch."""
    return any(
        binding.kind == "import" and (binding.target or "").partition(".")[0] not in sys.stdlib_module_names
        for scope in (function, *function.nested)
        for binding in scope.locals.values()
    )


def _fixes(ctx: Context, target: PatchTarget, places: list[str]) -> list[Fix]:
    """Offer the place where the name is looked up, if there is one only."""
    written = ctx.source_of(target.node)
    if len(places) != 1 or written[1:-1] != target.target:
        return []
    new = f"{written[0]}{places[0]}{written[-1]}"
    return [unsafe(f"Patch `{places[0]}`", lambda: replace_expression(ctx.statement, target.node, new))]
