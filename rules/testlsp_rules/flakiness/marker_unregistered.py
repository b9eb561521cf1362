from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rewrite, Rule, Severity, on
from testlsp.lint.context import manual, unsafe
from testlsp.semantic.functions import FunctionKind
from testlsp.semantic.graph import FixtureGraph, Site
from testlsp.semantic.hooks import loaded, marks_registered
from testlsp.semantic.marks import PLUGIN_MARKS, PYTEST_MARKS, mark_at
from testlsp.text import Edit, TextRange

_CONFTEST = """
def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes more than a second")
"""


class MarkerUnregistered(Rule):
    """Uses a mark that nobody has registered.

    A mark comes into being when it is used, so a misspelt one selects nothing:
    `-m "not slow"` runs the test marked `slwo`. pytest warns about marks
    that are not in its `markers` setting, and refuses them with
    `--strict-markers`. The rule speaks in projects that register marks of their
    own, or are strict; it knows what conftests and plugins register.

    Fix safety: the registered mark of a similar name may not be the one that was
    meant, and a mark changes which tests are run. Adding a mark to the
    configuration changes another file, so only a person does it.
    """

    code = "TL610"
    since = "0.1"
    message = "This mark is not registered"
    source = "https://docs.pytest.org/en/stable/how-to/mark.html#registering-marks"
    words = ("mark",)
    examples = (
        Bad(
            """
            import pytest

            @pytest.mark.slwo  # 🐌
                         ^^^^ `slwo` is not registered in pytest's `markers`; did you mean `slow`?
            def test_login(client):
                assert client.login() == "ok"
            """,
            fixed="""
            import pytest

            @pytest.mark.slow  # 🐌
            def test_login(client):
                assert client.login() == "ok"
            """,
            files={"tests/conftest.py": _CONFTEST},
        ),
        Good(
            """
            import pytest

            @pytest.mark.slow
            @pytest.mark.parametrize("user", ["a"])
            @pytest.mark.timeout(3)
            def test_login(client, user):
                assert client.login(user) == "ok"
            """,
            files={"tests/conftest.py": _CONFTEST},
        ),
        Bad(
            """
            from pytest import mark, param

            pytestmark = [mark.slow, mark.database("main")]
                                          ^^^^^^^^ `database` is not registered in pytest's `markers`

            @mark.parametrize("user", [param("a", marks=mark.windows)])
                                                             ^^^^^^^ `windows` is not registered in pytest's `markers`
            def test_login(client, user):
                assert client.login(user) == "ok"
            """,
            files={"tests/conftest.py": _CONFTEST},
        ),
        Good(
            """
            import pytest

            @pytest.mark.database
            def test_login(client):
                assert client.login() == "ok"
            """,
            why="This project registers nothing, and pytest is not strict: its own warning is enough.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.database
            def test_login(client):
                assert client.login() == "ok"
            """,
            files={
                "conftest.py": _CONFTEST,
                "tests/conftest.py": """
                def pytest_configure(config):
                    for name in ("database", "windows"):
                        config.addinivalue_line("markers", f"{name}: needs it")
                """,
            },
            why="A conftest registers marks whose names are computed.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.database
            def test_login(client):
                assert client.login() == "ok"
            """,
            files={
                "tests/conftest.py": """
                from tools import register

                def pytest_configure(config):
                    config.addinivalue_line("markers", "slow: takes more than a second")
                    register(config)
                """,
            },
            why="Somebody else gets the configuration, and may register marks.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.database
            def test_login(client):
                assert client.login() == "ok"
            """,
            files={"tests/conftest.py": 'pytest_plugins = ["company.testing"]\n' + _CONFTEST},
            why="A plugin that cannot be read may register it.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.database
            def test_login(client):
                assert client.login() == "ok"
            """,
            files={
                "tests/conftest.py": 'pytest_plugins = ["tests.plugin"]\n' + _CONFTEST,
                "tests/plugin.py": """
                def pytest_configure(config):
                    config.addinivalue_line("markers", "database(name): needs one")
                """,
            },
            why="A plugin of the project registers it.",
        ),
        Good(
            """
            from tools import pytest

            @pytest.mark.slwo
            def test_login(client):
                assert client.login() == "ok"

            def test_marks(request):
                mark = request.mark.slwo
                assert mark is None
            """,
            files={"tests/conftest.py": _CONFTEST},
            why="Not the marks of pytest.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.database
            def test_login(client):
                assert client.login() == "ok"
            """,
            files={
                "tests/conftest.py": """
                def pytest_configure(config):
                    config.addinivalue_line("markers", "slow: takes more than a second")
                    config.addinivalue_line("markers", "database: needs a database")
                """,
            },
            why="A conftest registers it.",
        ),
        Good(
            """
            import pytest

            @pytest.mark.httpx2_mock(assert_all_called=False)
            def test_login(httpx2_mock, client):
                assert client.login() == "ok"
            """,
            files={"tests/conftest.py": _CONFTEST},
            why="The fixture of that name comes from nowhere, so both are of a plugin that is not installed.",
        ),
    )

    @on(ast.Attribute, kinds=(FunctionKind.IMPORT_TIME,))
    def check(self, ctx: Context, node: ast.Attribute) -> None:
        """Report a mark that neither the configuration, nor a conftest, nor a plugin registers."""
        owner = node.value
        if not (owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")).endswith("mark"):
            return
        mark = mark_at(node, ctx.model, ctx.function)
        pytest = ctx.settings.pytest
        if mark is None or mark.name in PYTEST_MARKS or mark.name in PLUGIN_MARKS or mark.name in pytest.markers:
            return
        graph = ctx.graph
        registered = marks_registered(loaded(graph, ctx.path)) if graph is not None else None
        if (
            graph is None
            or registered is None
            or mark.name in registered
            or _is_of_a_plugin(graph, ctx.path, mark.name)
        ):
            return
        own = {*pytest.markers, *registered} - PLUGIN_MARKS
        if not own and not pytest.strict_markers:
            return
        place = self._place(ctx, node)
        meant = _nearest(mark.name, own)
        message = f"`{mark.name}` is not registered in pytest's `markers`"
        severity = Severity.ERROR if pytest.strict_markers else self.severity
        fixes = [_renamed(place, meant)] if meant is not None else []
        if pytest.marker_place is not None:
            fixes.append(_registered(mark.name, pytest.inifile, *pytest.marker_place))
        if meant is not None:
            message += f"; did you mean `{meant}`?"
        ctx.report(place, message, severity=severity, fixes=fixes)

    def _place(self, ctx: Context, node: ast.Attribute) -> TextRange:
        end = ctx.statement.range(node).end
        return TextRange(end - len(node.attr), end)


def _is_of_a_plugin(graph: FixtureGraph, path: str, name: str) -> bool:
    """Whether a fixture called like the mark is requested, and not defined: both come from what is not installed."""
    summary = graph.summaries.get(path)
    if summary is None or graph.visible(name, Site(path)):
        return False
    return any(name in (*test.requests, *test.dynamic) for test in summary.tests) or any(
        name in (*fixture.requests, *fixture.dynamic) for fixture in summary.fixtures
    )


def _nearest(name: str, registered: set[str]) -> str | None:
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, sorted(registered), 1, 0.75)), None)


def _renamed(place: TextRange, meant: str) -> Fix:
    def build() -> list[Edit]:
        return [Edit(place, meant)]

    return unsafe(f"Write `{meant}`", build)


def _registered(name: str, file: str, offset: int, before: str, after: str) -> Fix:
    """Return the fix that adds the mark to the configuration of pytest, which only a person may apply."""
    title = f"Register `{name}` in {file.replace(chr(92), '/').rpartition('/')[2]}"
    edit = Edit(TextRange(offset, offset), f"{before}{name}{after}", file)
    return manual(title, lambda: Rewrite([], (), (edit,)))
