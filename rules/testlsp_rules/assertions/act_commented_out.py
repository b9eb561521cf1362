from __future__ import annotations

import ast
import re

from testlsp.lint import Bad, Context, Good, Rule, Severity, on_function
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.names import dotted
from testlsp.syntax import Statement
from testlsp.text import TextRange
from testlsp.text.patterns import pattern

from testlsp_rules.assertions._claims import below

_LOOKS_LIKE_CALL = pattern(
    r"^[ \t]*#[ \t]?(?P<code>[ \t]*(?:\w[\w, ]*=\s*)?(?:await\s+)?[A-Za-z_][\w.]*\(.*\))[ \t]*$", re.M
)
_HARMLESS = frozenset(
    "builtins.len builtins.list builtins.dict builtins.set builtins.tuple builtins.str builtins.int builtins.float "
    "builtins.isinstance builtins.sorted builtins.repr builtins.range builtins.type".split()
)
_NO_ACT = pattern(r"(^|\.)(print|pprint|debug|info|warning|log|breakpoint|set_trace|sleep|assert\w*|embed|show|skip)$")


class ActCommentedOut(Rule):
    """Finds a test whose call of the code under test is commented out.

    What is left makes objects and asserts what it has put into them: nothing
    of the project runs, and the test is green.
    """

    code = "TL325"
    since = "0.1"
    words = ("#",)
    message = "The call under test is commented out: only preparations are left to assert on"
    severity = Severity.INFORMATION
    related = ("ERA001 (ruff)",)
    source = "https://docs.pytest.org/en/stable/explanation/anatomy.html"
    examples = (
        Bad(
            """
            def test_pays(shop):
                order = Order("🍎")
                order.paid = True
                # shop.pay(order)
                ^^^^^^^^^^^^^^^^^
                assert order.paid
            """
        ),
        Good(
            """
            def test_pays(shop):
                order = Order("🍎")
                order.paid = True
                shop.pay(order)
                assert order.paid
            """
        ),
        Bad(
            """
            async def test_pays(shop):
                result = {"paid": True}
                #result = await shop.pay(Order("apple"))
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert len(result) == 1
            """
        ),
        Good(
            """
            def test_pays(shop):
                order = shop.order()
                # shop.check(order)
                assert order.paid
            """,
            why="Something of the shop still runs.",
        ),
        Good(
            """
            def test_pays(order):
                # print(order)
                # as in shop.pay(order), which is slow
                # nobody.knows(this)
                text = "# order.pay()"
                assert order.paid
            """,
            why="Prose, prints, texts, and names that this test does not have.",
        ),
        Good(
            """
            def test_pays(order):
                order.total = 3
                # order.pay()
                assert order.pay() == 3
            """,
            why="The assertion makes the call.",
        ),
        Good(
            """
            def test_pays(shop):
                order = Order("apple")
                order.paid = True
                # assert shop.pay(order) == 3  -- rounds up on Windows
                assert order.paid
            """,
            why="An assertion that was turned off, with the reason.",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Look for commented calls in a test that makes none."""
        if "#" not in ctx.statement.text or function.node is None or ast.Assert not in function.bag or function.nested:
            return
        commented = _commented(ctx.statement) if _only_prepares(ctx, function) else []
        if not commented:
            return
        start, end = ctx.statement.range(function.node)
        for found in commented:
            if not start <= found.start() < end:
                continue
            if _is_act(ctx, found["code"].strip()) and _is_comment(ctx.statement, found.start("code")):
                begin = ctx.statement.text.index("#", found.start())
                ctx.report(TextRange(begin, found.end("code")))
                return


def _commented(statement: Statement) -> list[re.Match[str]]:
    """Return the lines that may be commented calls; searched once for all methods of a class."""
    memo = statement.memo
    if "commented calls" not in memo:
        memo["commented calls"] = list(_LOOKS_LIKE_CALL.finditer(statement.text)) if "#" in statement.text else []
    found: list[re.Match[str]] = memo["commented calls"]
    return found


def _only_prepares(ctx: Context, function: Function) -> bool:
    """Whether the test calls nothing but classes and the plainest builtins."""
    for node in function.bag.get(ast.Call, ()):
        assert isinstance(node, ast.Call)
        name = dotted(node.func)
        if name is None:
            return False
        if ctx.qualified_name(node.func) in _HARMLESS:
            continue
        if not name.rpartition(".")[2][:1].isupper():
            return False
    return ast.With not in function.bag and ast.AsyncWith not in function.bag and ast.Await not in function.bag


def _is_act(ctx: Context, code: str) -> bool:
    """Whether *code* is one call of something that the test has."""
    try:
        body = ast.parse(f"async def _():\n    {code}").body[0]
    except SyntaxError:
        return False
    assert isinstance(body, ast.AsyncFunctionDef)
    statement = body.body[0]
    value = statement.value if isinstance(statement, ast.Expr | ast.Assign) else None
    if isinstance(value, ast.Await):
        value = value.value
    if not isinstance(value, ast.Call):
        return False
    name = dotted(value.func)
    if name is None or _NO_ACT.search(name):
        return False
    root, _, rest = name.partition(".")
    if root in ctx.function.params or ctx.model.is_local(root, ctx.function):
        return bool(rest)
    binding = ctx.model.names.table.get(root)
    return binding is not None and not name.rpartition(".")[2][:1].isupper()


def _is_comment(statement: Statement, offset: int) -> bool:
    """Whether *offset* is in a comment and not inside a string of several lines."""
    line = statement.text.count("\n", 0, offset) + 1
    for node in statement.body:
        for part in below(node):
            if isinstance(part, ast.Constant | ast.JoinedStr) and part.lineno <= line <= (part.end_lineno or 0):
                return False
    return True
