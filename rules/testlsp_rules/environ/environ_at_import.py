from __future__ import annotations

import ast
import sys
from fnmatch import fnmatchcase

from testlsp.lint import Bad, Context, Fix, Good, Rewrite, Rule, Severity, on_effect
from testlsp.lint.context import manual
from testlsp.lint.patching import patch_name
from testlsp.rewrite import replace_statement
from testlsp.semantic.effects import Effect, EffectKind
from testlsp.semantic.functions import FileRole, FunctionKind
from testlsp.semantic.names import statement_names
from testlsp.semantic.restoration import restoration

from testlsp_rules.environ._patch_dict import patch_dict_lines
from testlsp_rules.environ._writes import monkeypatch_call

_HARMLESS = frozenset({"pytest", *sys.stdlib_module_names})
"""What reads no variables of the project when it is imported."""


class EnvironAtImport(Rule):
    """Changes the environment when a test file is imported.

    pytest imports all test files before it runs the first test, so the change is
    there for every test of the run, also for those of other files, and only if
    this file is collected. What the whole run needs belongs into
    `pytest_configure` or the `env` setting of pytest-env; what these tests need,
    into a fixture. Where a variable has to be set before an import, name it in
    `allow-import-time-env`.

    In a conftest, where this is a common way to configure the run, the finding is
    a mere information.

    Fix safety: only for a person to apply, because the variable is set later than
    before: code that reads it when it is imported does not see it any more.
    """

    code = "TL109"
    since = "0.1"
    message = "`os.environ` is changed when this file is imported, for all tests of the run"
    options = ("allow-import-time-env", "idiom")
    related = ("jest/require-hook",)
    source = "https://docs.pytest.org/en/stable/how-to/writing_hook_functions.html"
    examples = (
        Bad(
            """
            import os
            import pytest

            os.environ["CURRENCY"] = "EUR"
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

            def test_price():
                assert price() == 3
            """,
            fixed="""
            import os
            import pytest

            @pytest.fixture(scope="module", autouse=True)
            def environ_currency():
                with pytest.MonkeyPatch.context() as mp:
                    mp.setenv("CURRENCY", "EUR")
                    yield

            def test_price():
                assert price() == 3
            """,
        ),
        Good(
            """
            import pytest

            @pytest.fixture(scope="module", autouse=True)
            def environ_currency():
                with pytest.MonkeyPatch.context() as mp:
                    mp.setenv("CURRENCY", "EUR")
                    yield

            def test_price():
                assert price() == 3
            """
        ),
        Bad(
            """
            import os
            import pytest

            os.environ["CURRENCY"] = "EUR"
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

            def test_price():
                assert price() == 3
            """,
            fixed="""
            import os
            import pytest
            from unittest.mock import patch

            @pytest.fixture(scope="module", autouse=True)
            def environ_currency():
                with patch.dict(os.environ, {"CURRENCY": "EUR"}):
                    yield

            def test_price():
                assert price() == 3
            """,
            settings={"idiom": "patch.dict"},
            why="for suites that keep to `unittest.mock`",
        ),
        Bad(
            """
            import os
            import pytest

            os.environ["CURRENCY"] = "EUR"
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

            def test_price():
                assert price() == 3
            """,
            fixed="""
            import os
            import pytest
            from unittest.mock import patch

            @pytest.fixture(scope="module", autouse=True)
            def environ_currency():
                with patch.dict(os.environ, {"CURRENCY": "EUR"}):
                    yield

            def test_price():
                assert price() == 3
            """,
            settings={"idiom": "mocker"},
            why="for suites that use pytest-mock",
        ),
        Bad(
            """
            import os

            os.environ.setdefault("SETTINGS", "🙂")
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            if os.name == "nt":
                "🙂"; del os.environ["HOME"]
                     ^^^^^^^^^^^^^^^^^^^^^^

            class TestPrice:
                os.environ.update(A="1")
                ^^^^^^^^^^^^^^^^^^^^^^^^
            """,
            path="tests/conftest.py",
            why="where the value depends on what is there, or on a condition, no fix is offered",
        ),
        Good(
            """
            import os
            from unittest.mock import patch

            os.environ["QT_QPA_PLATFORM"] = "offscreen"
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")

            with patch.dict(os.environ, {"A": "1"}):
                os.environ["B"] = "2"
                import shop

            if __name__ == "__main__":
                os.environ["A"] = "1"
            """,
            settings={"allow_import_time_env": ["QT_*", "DJANGO_SETTINGS_MODULE"]},
            why="variables that must be set before an import; a restored change; a script",
        ),
        Good(
            """
            import os

            os.environ["A"] = "1"
            """,
            path="tests/run_server.py",
            why="a file that pytest does not collect",
        ),
        Bad(
            """
            import os
            import pytest

            os.environ["DATABASE_URL"] = "sqlite://"
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

            from app import database

            os.environ["CURRENCY"] = "EUR"
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^

            def test_price():
                assert database.price() == 3
            """,
            fixed="""
            import os
            import pytest

            os.environ["DATABASE_URL"] = "sqlite://"

            from app import database

            @pytest.fixture(scope="module", autouse=True)
            def environ_currency():
                with pytest.MonkeyPatch.context() as mp:
                    mp.setenv("CURRENCY", "EUR")
                    yield

            def test_price():
                assert database.price() == 3
            """,
            why="a fixture would be too late for what the import reads; behind the import, nothing is lost",
        ),
        Good(
            """
            import os

            os.environ["DATABASE_URL"] = "sqlite://"

            from app import database
            """,
            path="conftest.py",
            settings={"allow_import_time_env": ["DATABASE_URL"]},
            why="it must precede the import of the app, and the project says so",
        ),
    )

    @on_effect(EffectKind.ENV_SET, EffectKind.ENV_DELETE, EffectKind.ENV_BULK, kinds=(FunctionKind.IMPORT_TIME,))
    def check(self, ctx: Context, effect: Effect) -> None:
        """Report a change at module level."""
        role = ctx.model.role
        if role is FileRole.OTHER or _is_allowed(ctx, effect) or _is_script(ctx, effect):
            return
        if restoration(effect, ctx.model) is not None:
            return
        severity = Severity.INFORMATION if role is FileRole.CONFTEST else None
        ctx.report(effect.node, fixes=self.fixes(ctx, effect), severity=severity)

    def fixes(self, ctx: Context, effect: Effect) -> list[Fix]:
        """Return the fix that makes a fixture of the statement."""
        if _precedes_import(ctx, effect):
            return []
        whole, call = effect.whole, monkeypatch_call(ctx, effect, "mp")
        if whole is None or call is None or not call.exact or not any(item is whole for item in ctx.statement.body):
            return []
        name = f"environ_{(effect.literal_key or '').lower()}".rstrip("_")
        if not name.isidentifier() or name in ctx.model.names.table:
            return []
        scope = "session" if ctx.model.role is FileRole.CONFTEST else "module"
        imports: tuple[str, ...] = ("import pytest",)
        block = ["pytest.MonkeyPatch.context() as mp", *call.lines]
        if ctx.settings.idiom != "monkeypatch":
            known = patch_name(ctx)
            if known is None:
                return []
            block, imports = patch_dict_lines(ctx, effect, known[0], ""), (*imports, *known[1])
        lines = [
            f'@pytest.fixture(scope="{scope}", autouse=True)',
            f"def {name}():",
            f"    with {block[0]}:",
            *(f"        {line}" for line in block[1:]),
            "        yield",
        ]
        return [
            manual(
                "Make it an autouse fixture",
                lambda: Rewrite(replace_statement(ctx.statement, whole, lines), imports),
            )
        ]


def _is_allowed(ctx: Context, effect: Effect) -> bool:
    name = effect.literal_key
    return name is not None and any(fnmatchcase(name, glob) for glob in ctx.settings.allow_import_time_env)


def _precedes_import(ctx: Context, effect: Effect) -> bool:
    """Whether code that may read the variable is imported further down: a fixture would be too late for it."""
    statements = ctx.source.statements
    for statement in statements[statements.index(ctx.statement) :]:
        names = statement_names(statement)
        imported = [binding.target or "" for binding in names.bindings if binding.kind == "import"]
        if any(name.partition(".")[0] not in _HARMLESS for name in (*imported, *names.stars)):
            return True
    return False


def _is_script(ctx: Context, effect: Effect) -> bool:
    """Whether it is under ``if __name__ == "__main__"``."""
    return any(
        isinstance(parent, ast.If)
        and isinstance(parent.test, ast.Compare)
        and isinstance(parent.test.left, ast.Name)
        and parent.test.left.id == "__name__"
        for parent in ctx.ancestors(effect.node)
    )
