from __future__ import annotations

from typing import TYPE_CHECKING

from testlsp.lint import Bad, Diagnostic, Fix, Good, Tag
from testlsp.lint.context import manual, safe
from testlsp.lint.silencing import without_comment, without_names
from testlsp.lint.suppressions import SuppressionRule, Verdict
from testlsp.text import Edit, TextRange

if TYPE_CHECKING:
    from testlsp.syntax import SourceFile


class UnusedSuppression(SuppressionRule):
    """Finds a comment, or a name in its list, that silences nothing.

    Such a comment says that something is wrong where nothing is, and it will hide
    the next mistake on its line. A comment is judged only when the rules it names
    ran on the file; `# noqa` belongs to other tools as well and is never judged.

    Fix safety: removing a comment that silences nothing is safe. Where a name
    is borne by no rule, a person chooses between the one that was probably
    meant, with which the comment begins to hide findings, and no comment.
    """

    code = "TL901"
    since = "0.1"
    words = ("testlsp:",)
    message = "This comment silences nothing"
    related = ("RUF100 (ruff)", "RUF102 (ruff)")
    source = "https://docs.astral.sh/ruff/rules/unused-noqa/"
    examples = (
        Bad(
            """
            def test_login(client):
                assert client.login() == "ok"  # testlsp: ignore[environ-setitem] -- set by the client
                                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """,
            fixed="""
            def test_login(client):
                assert client.login() == "ok"
            """,
        ),
        Good(
            """
            import os

            def test_login(client):
                os.environ["TOKEN"] = "abc"  # testlsp: ignore[environ-setitem] -- the process ends here
                assert client.login()
            """,
            why="it silences a finding",
        ),
        Bad(
            """
            import os

            def test_login(client):
                os.environ["TOKEN"] = "abc😀"  # testlsp: ignore[TL101, scope-mismatch] -- see #12
                                                                       ^^^^^^^^^^^^^^ `scope-mismatch` silences nothing here
                assert client.login() == "ok"
            """,
            fixed="""
            import os

            def test_login(client):
                os.environ["TOKEN"] = "abc😀"  # testlsp: ignore[TL101] -- see #12
                assert client.login() == "ok"
            """,
            why="the other name stays, and the reason",
        ),
        Bad(
            """
            # testlsp: ignore-file[environ-setitem]
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            def test_sum():
                assert 1 + 1 == 2  # testlsp: ignore  # noqa: PLR0133
                                   ^^^^^^^^^^^^^^^^^
            """,
            fixed="""
            def test_sum():
                assert 1 + 1 == 2  # noqa: PLR0133
            """,
            why="a comment alone on its line goes with it; what other tools read stays",
        ),
        Bad(
            """
            import os

            def test_login(client):
                os.environ["TOKEN"] = "abc"  # testlsp: ignore[environ-setitm]
                                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Unknown rule `environ-setitm`; did you mean `environ-setitem`?
                assert client.login() == "ok"
            """,
            fixed="""
            import os

            def test_login(client):
                os.environ["TOKEN"] = "abc"  # testlsp: ignore[environ-setitem]
                assert client.login() == "ok"
            """,
            alternatives={
                "Remove the comment": """
            import os

            def test_login(client):
                os.environ["TOKEN"] = "abc"
                assert client.login() == "ok"
            """
            },
        ),
        Bad(
            """
            import os

            def test_login(client):
                # testlsp: disable[environ-setitem]
                os.environ["TOKEN"] = "abc"
                # testlsp: enable[environ-setitem]
                assert client.login() == "ok"
                # testlsp: enable[environ-setitem]
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This comment ends no `disable`
            """,
            fixed="""
            import os

            def test_login(client):
                # testlsp: disable[environ-setitem]
                os.environ["TOKEN"] = "abc"
                # testlsp: enable[environ-setitem]
                assert client.login() == "ok"
            """,
        ),
        Bad(
            """
            def test_sum():
                assert 1 + 1 == 2  # testlsp: ignore TL101
                                   ^^^^^^^^^^^^^^^^^^^^^^^ This comment is not understood; write `# testlsp: ignore[name]`
            """,
            why="without brackets it does not say what it means to say, and it silences nothing",
        ),
        Good(
            """
            import os

            # testlsp: ignore[environ-setitem]
            def test_login(client):
                os.environ["TOKEN"] = "abc"
                assert client.login() == "ok"

            def test_logout(client):  # testlsp: ignore[environ]
                os.environ["TOKEN"] = "abc"
                assert client.logout() == "ok"
            """,
            why="above a definition or on its first line it speaks of all of it, and a family names its rules",
        ),
        Good(
            """
            def test_sum():
                assert 1 + 1 == 2  # noqa: TL101
            """,
            why="`noqa` is shared with other tools, and not judged here",
        ),
        Good(
            '''
            def test_page():
                assert render() == "# testlsp: ignore[environ-setitem]"
                assert page() == """
                # testlsp: ignore
                """
            ''',
            why="text in a string is no comment",
        ),
        Good(
            """
            def test_sum():
                # testlsp: see the guide for the names
                assert 1 + 1 == 2  # testlsp: ignore[unused-suppression, environ-setitem]
            """,
            why="prose is not judged, and a comment can vouch for itself by name",
        ),
        Good(
            """
            def test_sum(
                assert 1 + 1 == 2  # testlsp: ignore[environ-setitem]
            """,
            why="what does not parse may hold findings that nobody can see yet",
        ),
    )

    def judge(self, source: SourceFile, verdict: Verdict) -> Diagnostic | None:
        """Report a comment or the names in it that do nothing."""
        comment = verdict.comment
        place = comment.range
        gone = [part.selector for part in verdict.idle] + [part.selector for part, _ in verdict.unknown]
        whole = verdict.everything
        if not whole:
            places = [part.range for part in verdict.idle] + [part.range for part, _ in verdict.unknown]
            place = TextRange(min(each.start for each in places), max(each.end for each in places))
        return Diagnostic(
            self.code,
            self.name,
            _message(verdict, self.message),
            place,
            self.severity,
            tuple(self.fixes(source, verdict, gone, whole)),
            (),
            (Tag.UNNECESSARY,),
        )

    def fixes(self, source: SourceFile, verdict: Verdict, gone: list[str], whole: bool) -> list[Fix]:
        """Offer to write the name that was meant, and to take away what does nothing."""
        comment = verdict.comment
        start = source.starts[comment.statement]
        if comment.problem:
            return []

        def removed() -> list[Edit]:
            edits = without_comment(source, comment) if whole else without_names(comment, gone)
            return [Edit(edit.range.shifted(-start), edit.text) for edit in edits]

        title = "Remove the comment" if whole else "Remove " + ", ".join(f"`{name}`" for name in gone)
        if not verdict.unknown:
            return [safe(title, removed)]
        meant = [(part, name) for part, name in verdict.unknown if name]
        corrected = [
            manual(
                f"Write `{name}`",
                lambda part=part, name=name: [Edit(part.range.shifted(-start), name)],  # type: ignore[misc]
            )
            for part, name in meant
        ]
        return [*corrected, manual(title, removed)]


def _message(verdict: Verdict, plain: str) -> str:
    comment = verdict.comment
    if comment.problem:
        return comment.problem
    if verdict.unknown:
        part, meant = verdict.unknown[0]
        return f"Unknown rule `{part.selector}`" + (f"; did you mean `{meant}`?" if meant else "")
    if comment.kind == "enable":
        return "This comment ends no `disable`"
    if verdict.everything:
        return plain
    return ", ".join(f"`{part.selector}`" for part in verdict.idle) + (
        " silences nothing here" if len(verdict.idle) == 1 else " silence nothing here"
    )
