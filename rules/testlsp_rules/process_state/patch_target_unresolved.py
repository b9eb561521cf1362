from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rule, Severity, on_function
from testlsp.lint.context import unsafe
from testlsp.rewrite import replace_expression
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.patch_targets import PatchTarget, patch_targets


class PatchTargetUnresolved(Rule):
    """Patches a name that does not exist in the module of the project that it names.

    The test fails with an `AttributeError` or `ModuleNotFoundError` when it comes to
    the patch, perhaps long after the function was renamed, since nothing but a string
    holds the name. The editor can say so at once.

    Only modules of the project are judged whose source was read and which make no
    names while they run. Packages may have submodules that were not read; there a
    similar name must exist.

    Fix safety: unsafe, because a similar name need not be the one that was meant.
    """

    code = "TL218"
    since = "0.1"
    words = ("patch(", "setattr(", "delattr(")
    message = "The target of this patch does not exist"
    severity = Severity.INFORMATION
    related = ("jest/valid-mock-module-path (eslint)",)
    source = "https://docs.python.org/3/library/unittest.mock.html#unittest.mock.patch"
    examples = (
        Bad(
            """
            from unittest.mock import patch
            from shop import orders

            def test_place():
                "📧"; mail = patch("shop.orders.sned_mail")
                                  ^^^^^^^^^^^^^^^^^^^^^^^ `shop.orders` has no `sned_mail`: is `shop.orders.send_mail` meant?
                with mail:
                    orders.place("book")
            """,
            fixed="""
            from unittest.mock import patch
            from shop import orders

            def test_place():
                "📧"; mail = patch("shop.orders.send_mail")
                with mail:
                    orders.place("book")
            """,
            files={
                "shop/__init__.py": "",
                "shop/orders.py": """
                def send_mail(text): ...

                def place(article):
                    send_mail(article)
                """,
            },
        ),
        Good(
            """
            from unittest.mock import patch
            from shop import orders

            def test_place():
                with patch("shop.orders.send_mail"):
                    orders.place("book")
            """,
            files={
                "shop/__init__.py": "",
                "shop/orders.py": """
                def send_mail(text): ...

                def place(article):
                    send_mail(article)
                """,
            },
        ),
        Bad(
            """
            from shop import orders

            def test_module(monkeypatch):
                monkeypatch.setattr('shop.odrers.place', None)
                                    ^^^^^^^^^^^^^^^^^^^ `shop` has no `odrers`: is `shop.orders.place` meant?

            def test_nothing_like_it(mocker):
                mocker.patch("shop.orders.invoice")
                             ^^^^^^^^^^^^^^^^^^^^^ `shop.orders` has no `invoice`
            """,
            fixed="""
            from shop import orders

            def test_module(monkeypatch):
                monkeypatch.setattr('shop.orders.place', None)

            def test_nothing_like_it(mocker):
                mocker.patch("shop.orders.invoice")
            """,
            files={
                "src/shop/__init__.py": "",
                "src/shop/orders.py": """
                def place(article): ...
                """,
            },
            why="a module that does not exist; nothing that is similar",
        ),
        Good(
            """
            from unittest.mock import patch
            import pytest
            from shop import orders

            @patch("shop.orders.plcae", create=True)
            def test_made(plcae, monkeypatch):
                monkeypatch.setattr("shop.orders.plcae", None, raising=False)

            def test_expected():
                with pytest.raises(AttributeError):
                    with patch("shop.orders.plcae"):
                        pass
                try:
                    patch("shop.orders.plcae").start()
                except AttributeError:
                    pass

            def test_bound_somehow():
                with patch("shop.orders.open"), patch("shop.orders.fast"), patch("shop.orders.state"):
                    pass
                with patch("shop.orders.Order.close"), patch("shop.orders.__name__"), patch("shop.orders.json.dumps"):
                    pass

            def test_made_while_running():
                with patch("shop.lazy.plcae"), patch("shop.starred.plcae"), patch("shop.made.plcae"):
                    pass

            def test_not_python():
                with patch("shop._speedups.place"), patch("shop.parts.place"), patch("shop.part"), patch("elsewhere.a"):
                    pass
            """,
            files={
                "shop/__init__.py": "",
                "shop/parts/place.py": "",
                "shop/orders.py": """
                import json

                try:
                    from shop._speedups import fast
                except ImportError:
                    def fast(): ...

                class Order: ...

                def place():
                    global state
                    state = 1
                """,
                "shop/lazy.py": """
                def __getattr__(name): ...

                def place(): ...
                """,
                "shop/starred.py": """
                from shop.orders import *

                def other(): ...
                """,
                "shop/made.py": """
                for name in ("place", "plcae"):
                    globals()[name] = name.upper()
                """,
            },
            why="may be absent; expected to fail; bound in some way; made at run time; extensions and folders without source",
        ),
        Good(
            """
            from unittest.mock import patch

            def test_order():
                with patch("shop.test.tools.clock"), patch("tests.helpers.clock"):
                    pass
            """,
            files={
                "shop/__init__.py": """

                """,
                "shop/test/__init__.py": """

                """,
                "shop/test/tools.py": """
                class clock: ...
                """,
                "tests/helpers.py": """
                class clock: ...
                """,
            },
            why="of what lies beside tests it is not known which names there are",
        ),
    )

    @on_function(FunctionKind.TEST, FunctionKind.FIXTURE, FunctionKind.XUNIT, FunctionKind.HELPER)
    def check(self, ctx: Context, function: Function) -> None:
        """Report targets that are not there."""
        for target in patch_targets(function, ctx.model):
            if target.may_be_absent or _may_fail(ctx, target.call) or ctx.graph is None:
                continue
            from testlsp.semantic.absent import absent_target

            absent = absent_target(ctx.graph.namespaces, ctx.path, target.target)
            if absent is None:
                continue
            message = f"`{absent.owner}` has no `{absent.name}`"
            if len(absent.instead) == 1:
                message += f": is `{absent.instead[0]}` meant?"
            ctx.report(target.node, message, fixes=_fixes(ctx, target, absent.instead))


def _may_fail(ctx: Context, call: ast.Call) -> bool:
    """Whether an error is expected or caught around *call*."""
    return any(
        isinstance(parent, ast.Try)
        or (isinstance(parent, ast.With) and "raises" in ctx.source_of(parent.items[0].context_expr))
        for parent in ctx.ancestors(call)
    )


def _fixes(ctx: Context, target: PatchTarget, instead: tuple[str, ...]) -> list[Fix]:
    written = ctx.source_of(target.node)
    if len(instead) != 1 or written[1:-1] != target.target:
        return []
    new = f"{written[0]}{instead[0]}{written[-1]}"
    return [unsafe(f"Patch `{instead[0]}`", lambda: replace_expression(ctx.statement, target.node, new))]
