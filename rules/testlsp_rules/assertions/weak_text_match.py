from __future__ import annotations

import ast
import re

from testlsp.lint import Bad, Context, Fix, Good, Rule, on_function
from testlsp.lint.context import unsafe
from testlsp.rewrite import add_argument, remove_statement
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.raises import RaisesBlock, raises_blocks
from testlsp.text import Edit

from testlsp_rules.assertions._checks import can_fail
from testlsp_rules.assertions._claims import Claim, claims_of

_TEXTS = frozenset({"text", "content", "body", "data", "output", "stdout", "stderr", "out", "err"})


class WeakTextMatch(Rule):
    """Looks for a word in a text and checks nothing else.

    `"error" in response.text` holds for the page that lists the errors as well
    as for the one that has failed. For an exception, `match=` says the same in
    the block itself; for an answer, a field says more.

    Fix safety: `match=` searches in the text of the exception, which is what
    the assertion did; a block with several calls may have raised another one.

    Off by default: how much of a text is worth comparing is a matter of taste.
    """

    code = "TL324"
    since = "0.1"
    message = "Only that this text contains a word is checked"
    default = False
    related = ("TL304", "RUF043 (ruff)")
    source = "https://docs.pytest.org/en/stable/how-to/assert.html#matching-exception-messages"
    examples = (
        Bad(
            """
            import pytest

            def test_negative_amount(account):
                with pytest.raises(ValueError) as error:
                    account.withdraw(-1)
                assert "🍎 (negative)" in str(error.value)
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `match=` asks the same of the exception
            """,
            fixed="""
            import pytest

            def test_negative_amount(account):
                with pytest.raises(ValueError, match=r"🍎 \\(negative\\)") as error:
                    account.withdraw(-1)
            """,
        ),
        Good(
            """
            import pytest

            def test_negative_amount(account):
                with pytest.raises(ValueError, match="negative"):
                    account.withdraw(-1)
            """
        ),
        Bad(
            """
            def test_page(client):
                response = client.get("/")
                assert "error" in response.text
                       ^^^^^^^^^^^^^^^^^^^^^^^^
                assert response.text.startswith("<html>")
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """
        ),
        Good(
            """
            import pytest

            def test_page(client):
                response = client.get("/")
                assert response.status_code == 400
                assert "error" in response.text

            def test_negative_amount(account):
                with pytest.raises(ValueError) as error:
                    account.withdraw(-1)
                assert "negative" in str(error.value)
                assert error.value.code == 3

            def test_names(account):
                assert "apple" in account.names

            def test_help(account):
                assert "shows this text and exits" in account.help().output
            """,
            why="Something else is checked, it is no text, or more than a word.",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Report the assertions on an exception's text, and those on other texts where there are no others."""
        claims = claims_of(function)
        if not claims:
            return
        blocks = raises_blocks(function, ctx.model)
        for block in blocks:
            self._check_block(ctx, block, claims)
        if not blocks and all(_is_weak(claim.test) for claim in claims):
            if not can_fail(ctx, *(claim.node for claim in claims)):
                for claim in claims:
                    ctx.report(claim.test)

    def _check_block(self, ctx: Context, block: RaisesBlock, claims: tuple[Claim, ...]) -> None:
        if block.info is None or block.expectation.narrowed or not block.expectation.of_pytest:
            return
        uses = [
            node
            for node in ctx.function.bag.get(ast.Name, ())
            if isinstance(node, ast.Name) and node.id == block.info and isinstance(node.ctx, ast.Load)
        ]
        if len(uses) != 1:
            return
        for claim in claims:
            word = _word_in(claim.test, block.info)
            if word is not None and claim.node.lineno > (block.node.end_lineno or 0):
                ctx.report(claim.test, "`match=` asks the same of the exception", fixes=_match(ctx, block, claim, word))


def _word_in(test: ast.expr, info: str) -> str | None:
    """Return the text of which *test* says that it is in ``str(info.value)``."""
    match test:
        case ast.Compare(
            left=ast.Constant(value=str(word)),
            ops=[ast.In()],
            comparators=[
                ast.Call(func=ast.Name(id="str"), args=[ast.Attribute(value=ast.Name(id=name), attr="value")])
            ],
        ) if name == info:
            return word
        case _:
            return None


def _is_weak(test: ast.expr) -> bool:
    match test:
        case ast.Compare(left=ast.Constant(value=str()), ops=[ast.In()], comparators=[ast.Attribute(attr=attribute)]):
            return attribute in _TEXTS and _is_word(test.left)
        case ast.Call(
            func=ast.Attribute(value=ast.Attribute(attr=attribute), attr="startswith" | "endswith"), args=[word]
        ):
            return attribute in _TEXTS and _is_word(word)
        case _:
            return False


def _is_word(node: ast.expr) -> bool:
    """Whether *node* is a text of one word: longer ones say what is meant."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value.split()) == 1


def _match(ctx: Context, block: RaisesBlock, claim: Claim, word: str) -> list[Fix]:
    call, node = block.expectation.call, claim.node
    pattern = re.escape(word).replace("\\ ", " ")
    if (
        not isinstance(node, ast.Assert)
        or '"' in pattern
        or "\n" in pattern
        or any(k.arg == "match" for k in call.keywords)
    ):
        return []
    literal = f'r"{pattern}"' if "\\" in pattern else f'"{pattern}"'

    def build() -> list[Edit]:
        return [*add_argument(ctx.statement, call, f"match={literal}"), *remove_statement(ctx.statement, node)]

    return [unsafe("Say it with `match=`", build)]
