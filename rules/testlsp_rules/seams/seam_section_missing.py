from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Good, Rule, Severity, on_function
from testlsp.lint.context import manual
from testlsp.lint.integration import is_integration_test
from testlsp.lint.signs import INTEGRATION
from testlsp.rewrite import append_to_docstring, indentation_of, newline_of
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.seams import seam_facts
from testlsp.text import Edit, TextRange

from testlsp_rules.seams._orders import ORDER_IS_STORED
from testlsp_rules.seams._outline import misspelt_headings
from testlsp_rules.seams._sections import (
    accepted_sets,
    described_by_class,
    docstring_of,
    missing_headings,
    sections_of,
)
from testlsp_rules.seams._skeleton import section


class SeamSectionMissing(Rule):
    """Finds the docstring of an integration test that lacks one of the agreed sections.

    The sections are what a reader asks first when the test fails: what is brought
    together, at which seam, what it is worth, how it is tried and what must be seen.
    The five of the `seam` preset pass, Given, When and Then pass, and so do the
    `headings` of the project.

    Fix safety: only for a person to apply. The sections are filled with what the test
    shows; what nobody can read there stays a `TODO`.
    """

    code = "TL502"
    words = (INTEGRATION,)
    since = "0.1"
    message = "The docstring of this integration test lacks a section"
    severity = Severity.INFORMATION
    options = ("integration-paths", "integration-markers", "sections", "headings")
    related = ("D417 (ruff)", "GL07 (numpydoc)")
    source = "The sections are those of one team's guide to integration tests, which is not published."
    examples = (
        Bad(
            '''
            def test_order_is_stored(client, repository):
                """An order placed over HTTP is in the database 😀.
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This docstring lacks `Seam Under Test`, `Success Criteria`

                Integration Scope:
                    HTTP interface, OrderService, Repository

                Business Impact:
                    Without it customers pay for orders that nobody packs.

                Test Strategy:
                    - Order two mugs over HTTP
                """
                response = client.post("/orders", json={"mug": 2})
                assert response.status_code == 201
            ''',
            fixed=ORDER_IS_STORED,
            path="tests/integration/test_orders.py",
        ),
        Good(
            '''
            def test_order_is_stored(client, repository):
                """An order placed over HTTP is in the database.

                **Integration Scope**: HTTP interface, OrderService, Repository

                ## Seam Under Test
                POST /orders

                Business impact
                ---------------
                Without it customers pay for orders that nobody packs.

                Test Strategy:
                    - Order two mugs over HTTP

                success criteria: it is in the database
                """
                response = client.post("/orders", json={"mug": 2})
                assert response.status_code == 201
            ''',
            path="tests/integration/test_orders.py",
            why="headings are known in all the ways in which they are written",
        ),
        Bad(
            """
            import pytest

            @pytest.mark.integration
            def test_missing_order(client):
                'Unknown orders are not found.'
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This docstring lacks `Given`, `When`, `Then`
                assert client.get("/orders/0").status_code == 404
            """,
            fixed='''
            import pytest

            @pytest.mark.integration
            def test_missing_order(client):
                """Unknown orders are not found.

                Given: client
                When: GET /orders/0
                Then: client.get('/orders/0').status_code == 404
                """
                assert client.get("/orders/0").status_code == 404
            ''',
            settings={"sections": "given-when-then"},
        ),
        Bad(
            '''
            def test_missing_order(client):
                """
                ^^^ This docstring lacks `Then`
                Given: no order
                When: one is asked for
                """
                assert client.get("/orders/0").status_code == 404
            ''',
            fixed='''
            def test_missing_order(client):
                """
                Given: no order
                When: one is asked for

                Then: client.get('/orders/0').status_code == 404
                """
                assert client.get("/orders/0").status_code == 404
            ''',
            path="tests/integration/test_orders.py",
            why="a docstring is measured against the set of headings that it has most of",
        ),
        Good(
            '''
            def test_missing_order(client):
                """
                Given no order has been placed
                When one is asked for
                Then the shop does not know it
                """
                assert client.get("/orders/0").status_code == 404

            class TestOrders:
                """Orders.

                Given: a client
                When: orders are placed
                Then: they are stored
                """

                def test_order(self, client):
                    """An order."""
                    assert client.get("/orders/0").status_code == 404
            ''',
            path="tests/integration/test_orders.py",
            why="Given, When and Then pass under either preset, and a class speaks for its tests",
        ),
        Good(
            '''
            def test_missing_order(client):
                """Unknown orders are not found."""
                assert client.get("/orders/0").status_code == 404

            def test_another(client):
                assert client.get("/orders/0").status_code == 404
            ''',
            why="not an integration test",
        ),
        Good(
            '''
            def test_missing_order(client):
                """Unknown orders are not found.

                Given: no order
                Wehn: one is asked for

                Integration Scope: HTTP
                Seam Under Tset: GET /orders
                Business Impact: none
                Test Strategy: ask for one
                Success Criteria: 404
                """
                assert client.get("/orders/0").status_code == 404
            ''',
            path="tests/integration/test_orders.py",
            why="`seam-section-order-or-typo` speaks of a heading that is misspelt",
        ),
        Good(
            '''
            def test_missing_order(client):
                """Unknown orders are not found.

                Owner: the team of the shop
                """
                assert client.get("/orders/0").status_code == 404

            def test_another(client):
                assert client.get("/orders/0").status_code == 404
            ''',
            path="tests/integration/test_orders.py",
            settings={"headings": ["Owner"]},
            why="the headings of the project; a test without docstring is the business of `seam-docstring-missing`",
        ),
        Bad(
            '''
            def test_missing_order(client):
                """
                ^^^ This docstring lacks `Then`
                Given: no order
                When: one is asked for
                """
                assert client.get("/orders/0").status_code == 404
            ''',
            fixed='''
            def test_missing_order(client):
                """
                Given: no order
                When: one is asked for

                Then: client.get('/orders/0').status_code == 404
                """
                assert client.get("/orders/0").status_code == 404
            ''',
            path="e2e/test_orders.py",
            settings={"integration_paths": ["e2e/**"]},
            why="where the integration tests of the project lie",
        ),
        Bad(
            '''
            import pytest

            @pytest.mark.e2e
            def test_missing_order(client):
                """
                ^^^ This docstring lacks `Then`
                Given: no order
                When: one is asked for
                """
                assert client.get("/orders/0").status_code == 404
            ''',
            fixed='''
            import pytest

            @pytest.mark.e2e
            def test_missing_order(client):
                """
                Given: no order
                When: one is asked for

                Then: client.get('/orders/0').status_code == 404
                """
                assert client.get("/orders/0").status_code == 404
            ''',
            settings={"integration_markers": ["e2e"]},
            why="how the project marks its integration tests",
        ),
    )

    @on_function(FunctionKind.TEST)
    def check(self, ctx: Context, function: Function) -> None:
        """Report the sections that are missing."""
        docstring = docstring_of(function)
        if docstring is None or not is_integration_test(ctx, function):
            return
        missing = missing_headings(ctx, docstring)
        if missing:
            misspelt = {found.heading for found in misspelt_headings(ctx, docstring)}
            missing = tuple(heading for heading in missing if heading not in misspelt)
        if not missing or described_by_class(ctx, function):
            return
        start = ctx.statement.range(docstring).start
        place = TextRange(start, start + len(ctx.statement.text[start:].partition("\n")[0].rstrip()))
        names = ", ".join(f"`{heading}`" for heading in missing)
        title = "Add the section" if len(missing) == 1 else "Add the sections"
        ctx.report(
            place,
            f"This docstring lacks {names}",
            fixes=[manual(f"{title} {names}", lambda: self.fix(ctx, function, docstring, missing))],
        )

    def fix(self, ctx: Context, function: Function, docstring: ast.Expr, missing: tuple[str, ...]) -> list[Edit]:
        """Put each section before the next one that is there, the last ones at the end."""
        assert function.node is not None
        facts = seam_facts(function, ctx.model, ctx.graph)
        headings = next(found for found in accepted_sets(ctx.settings) if set(missing) <= set(found))
        present = {found.heading: found.place for found in sections_of(ctx, docstring, headings)}
        text = ctx.statement.text
        newline, indentation = newline_of(text), indentation_of(ctx.statement, docstring)
        before: dict[int, list[str]] = {}
        last: list[str] = []
        for heading in missing:
            following = [present[other].start for other in headings[headings.index(heading) :] if other in present]
            gap = [] if {heading, *headings} <= {"Given", "When", "Then"} else [""]
            if not following:
                last += [*(gap if last else []), *section(facts, heading)]
                continue
            row = text.rindex("\n", 0, min(following)) + 1
            before.setdefault(row, []).extend([*section(facts, heading), *gap])
        edits = [
            Edit(TextRange(row, row), "".join((indentation + line if line else "") + newline for line in lines))
            for row, lines in before.items()
        ]
        return edits + (append_to_docstring(ctx.statement, function.node, last) if last else [])
