from __future__ import annotations

import ast

from testlsp.config.settings import HEADINGS
from testlsp.lint import Bad, Context, Good, Rule, Severity, on_function
from testlsp.lint.context import manual
from testlsp.lint.integration import is_integration_test
from testlsp.rewrite import append_to_docstring, indentation_of, newline_of
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.seams import seam_facts
from testlsp.text import Edit, TextRange

from testlsp_rules.seams._sections import Section, docstring_of, sections_of
from testlsp_rules.seams._skeleton import section


class GivenWhenThenIncomplete(Rule):
    """Finds a docstring that has two of Given, When and Then, and lacks the third.

    The three belong together: without Given nobody knows where the story begins,
    without When what happens, without Then what must be seen. Integration tests are
    the business of `seam-section-missing`; this rule looks at all others.

    Fix safety: only for a person to apply. The line is filled with what the test
    shows; what nobody can read there stays a `TODO`.

    It is off by default, and speaks only where `sections` is "given-when-then".
    """

    code = "TL513"
    since = "0.1"
    message = "This docstring lacks one of Given, When and Then"
    severity = Severity.INFORMATION
    default = False
    options = ("sections", "headings")
    words = ("hen", "HEN")
    source = "https://martinfowler.com/bliki/GivenWhenThen.html"
    examples = (
        Bad(
            '''
            def test_missing_order(client):
                """Unknown orders are not found 😀.

                Given: no order
                ^^^^^ This docstring lacks `When`
                Then: the answer is 404
                """
                assert client.get("/orders/0").status_code == 404
            ''',
            fixed='''
            def test_missing_order(client):
                """Unknown orders are not found 😀.

                Given: no order
                When: GET /orders/0
                Then: the answer is 404
                """
                assert client.get("/orders/0").status_code == 404
            ''',
            settings={"sections": "given-when-then"},
        ),
        Good(
            '''
            def test_missing_order(client):
                """Unknown orders are not found.

                Given: no order
                When: it is asked for
                Then: the answer is 404
                """
                assert client.get("/orders/0").status_code == 404
            ''',
            settings={"sections": "given-when-then"},
        ),
        Bad(
            '''
            def test_missing_order(client):
                """
                Given no order
                ^^^^^ This docstring lacks `Then`
                When it is asked for
                """
                assert client.get("/orders/0").status_code == 404
            ''',
            fixed='''
            def test_missing_order(client):
                """
                Given no order
                When it is asked for
                Then: client.get('/orders/0').status_code == 404
                """
                assert client.get("/orders/0").status_code == 404
            ''',
            settings={"sections": "given-when-then"},
        ),
        Good(
            '''
            def test_missing_order(client):
                """Unknown orders are not found, as given in the
                then current version
                of the specification,

                    when asked for.

                Given up hope.
                """
                assert client.get("/orders/0").status_code == 404

            def test_given_words(client):
                """
                Given that nobody knows it,
                then the answer is 404
                """
                assert client.get("/orders/0").status_code == 404

            def test_order(client):
                """
                When: an order is asked for
                """
                assert client.get("/orders/0").status_code == 404

            def test_nothing(client):
                assert client.get("/orders/0").status_code == 404
            ''',
            settings={"sections": "given-when-then"},
            why="prose, whose lines begin as they happen to; and one word alone",
        ),
        Good(
            '''
            def test_missing_order(client):
                """
                Given: no order
                Then: the answer is 404
                """
                assert client.get("/orders/0").status_code == 404
            ''',
            why="the project does not write in this style",
        ),
        Good(
            '''
            def test_missing_order(client):
                """
                Given: no order
                Then: the answer is 404
                """
                assert client.get("/orders/0").status_code == 404
            ''',
            path="tests/integration/test_orders.py",
            settings={"sections": "given-when-then"},
            why="an integration test: `seam-section-missing` says it",
        ),
        Good(
            '''
            def test_missing_order(client):
                """Unknown orders are not found.

                Given: no order
                Then: the answer is 404
                """
                assert client.get("/orders/0").status_code == 404
            ''',
            settings={"sections": "given-when-then", "headings": ["Owner"]},
            why="the project has headings of its own",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Report the one of the three that is missing."""
        if ctx.settings.section_headings != HEADINGS["given-when-then"]:
            return
        docstring = docstring_of(function)
        if docstring is None:
            return
        found = sections_of(ctx, docstring, HEADINGS["given-when-then"])
        present = {one.heading for one in found}
        if len(present) != 2 or not self._are_headings(ctx, found) or is_integration_test(ctx, function):
            return
        missing = next(heading for heading in HEADINGS["given-when-then"] if heading not in present)
        ctx.report(
            found[0].place,
            f"This docstring lacks `{missing}`",
            fixes=[manual(f"Add `{missing}`", lambda: self.fix(ctx, function, docstring, missing, found))],
        )

    def _are_headings(self, ctx: Context, found: list[Section]) -> bool:
        """Whether all of them have a colon, or are written large and so begin a sentence."""
        text = ctx.statement.text
        return all(text[one.place.start].isupper() for one in found) or all(text[one.place.end] == ":" for one in found)

    def fix(
        self, ctx: Context, function: Function, docstring: ast.Expr, missing: str, found: list[Section]
    ) -> list[Edit]:
        """Put the line where it belongs."""
        assert function.node is not None
        order = HEADINGS["given-when-then"]
        lines = section(seam_facts(function, ctx.model, ctx.graph), missing)
        after = [one.place.start for one in found if order.index(one.heading) > order.index(missing)]
        if not after:
            return append_to_docstring(ctx.statement, function.node, lines, blank_line=False)
        text = ctx.statement.text
        row = text.rfind("\n", 0, after[0]) + 1
        if row <= ctx.statement.range(docstring).start:
            row = after[0]
        lead = indentation_of(ctx.statement, docstring) if row != after[0] else ""
        newline = newline_of(text)
        return [Edit(TextRange(row, row), "".join(lead + line + newline for line in lines))]
