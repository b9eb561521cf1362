from __future__ import annotations

from testlsp.lint import Bad, Context, Good, Rule, on_function
from testlsp.semantic.functions import Function

from testlsp_rules.assertions._status import WHERE_STATUSES_ARE_CHECKED, accepted_statuses, exact_fixes


class StatusList(Rule):
    """Accepts any of several HTTP status codes where the request has one right answer.

    200 and 204 promise different bodies, 401 and 403 different remedies. A test
    that accepts both does not notice when the endpoint changes its mind, and
    does not tell its reader which of them is meant. Sets that a project accepts
    everywhere belong into `allow-status-sets`.

    Fix safety: which of the codes is right only a person can say, so each of
    them is a fix of its own and none is applied without being asked for.
    """

    code = "TL302"
    since = "0.1"
    words = ("status",)
    message = "Any of these status codes passes"
    options = ("allow-status-sets",)
    related = ("TL301",)
    source = "https://www.rfc-editor.org/rfc/rfc9110.html#name-status-codes"
    examples = (
        Bad(
            """
            def test_delete_order(client):
                response = client.delete("/orders/1")
                assert response.status_code in (200, 204)  # no body
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Any of these status codes passes: 200, 204
            """,
            fixed="""
            def test_delete_order(client):
                response = client.delete("/orders/1")
                assert response.status_code == 200  # no body
            """,
            alternatives={
                "Expect exactly 204": """
                def test_delete_order(client):
                    response = client.delete("/orders/1")
                    assert response.status_code == 204  # no body
                """
            },
        ),
        Good(
            """
            def test_delete_order(client):
                response = client.delete("/orders/1")
                assert response.status_code == 204  # no body
            """
        ),
        Bad(
            """
            def test_requires_login(client):
                status, body = client.fetch("/orders")
                assert status == 401 or status == 403
                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Any of these status codes passes: 401, 403
            """,
            fixed="""
            def test_requires_login(client):
                status, body = client.fetch("/orders")
                assert status == 401
            """,
        ),
        Good(
            """
            def test_delete_order(client):
                assert client.delete("/orders/1").status_code in (200, 404)
            """,
            why="A success and a failure together are a finding of `status-accepts-success-and-failure`.",
        ),
        Good(
            """
            def test_delete_order(client):
                assert client.delete("/orders/1").status_code in (200, 204)
            """,
            settings={"allow_status_sets": [[200, 202, 204]]},
            why="The project allows this set.",
        ),
        Good(
            """
            def test_delete_order(client):
                assert client.delete("/orders/1").status_code in (204, 204)
                assert client.delete("/orders/1").status_code in [204]
            """,
            why="There is only one code.",
        ),
    )

    @on_function(*WHERE_STATUSES_ARE_CHECKED)
    def check(self, ctx: Context, function: Function) -> None:
        """Report a set of codes that are all successes, or all not."""
        for item in accepted_statuses(ctx):
            if not item.mixed:
                numbers = ", ".join(str(number) for number in dict(item.codes))
                ctx.report(item.node, f"{self.message}: {numbers}", fixes=exact_fixes(ctx, item))
