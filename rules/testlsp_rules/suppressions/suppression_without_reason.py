from __future__ import annotations

from typing import TYPE_CHECKING

from testlsp.lint import Bad, Diagnostic, Good
from testlsp.lint.suppressions import Suppression, SuppressionRule

if TYPE_CHECKING:
    from testlsp.syntax import SourceFile


class SuppressionWithoutReason(SuppressionRule):
    """Finds a comment that silences a rule and does not say why.

    The next reader cannot tell whether the reason still holds, so the comment
    stays. Write it behind two dashes: `# testlsp: ignore[name] -- the reason`.
    """

    code = "TL902"
    since = "0.1"
    default = False
    message = "Say why this is silenced: `-- reason`"
    source = "https://docs.astral.sh/ruff/linter/#error-suppression"
    words = ("testlsp:",)
    examples = (
        Bad(
            """
            import os

            def test_login(client):
                os.environ["TOKEN"] = "🔑"  # testlsp: ignore[environ-setitem]
                                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert client.login() == "ok"
            """,
        ),
        Good(
            """
            import os

            def test_login(client):
                os.environ["TOKEN"] = "abc"  # testlsp: ignore[environ-setitem] -- the process ends here
                assert client.login() == "ok"
            """
        ),
        Bad(
            """
            # testlsp: ignore-file[environ-setitem]
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            import os

            def test_login(client):
                # testlsp: disable[environ-setitem] --
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                os.environ["TOKEN"] = "abc"
                # testlsp: enable[environ-setitem]
                assert client.login() == "ok"
            """,
            why="What begins a silence needs a reason, what ends it does not; two dashes alone say nothing.",
        ),
        Good(
            """
            import os

            def test_login(client):
                os.environ["TOKEN"] = "abc"  # noqa: TL101
                assert client.login() == "ok"  # testlsp: ignore TL101
            """,
            why="`noqa` has no place for a reason; what is not understood is another rule's finding.",
        ),
        Good(
            """
            import os

            def test_login(client):
                os.environ["TOKEN"] = "abc"  # testlsp: ignore[environ-setitem, suppression-without-reason]
                assert client.login() == "ok"
            """,
            why="It can be silenced by name like any other rule.",
        ),
    )

    def review(self, source: SourceFile, comment: Suppression) -> Diagnostic | None:
        """Report a comment that silences something and has no reason."""
        if comment.kind == "enable" or comment.reason or comment.problem:
            return None
        return Diagnostic(self.code, self.name, self.message, comment.range, self.severity)
