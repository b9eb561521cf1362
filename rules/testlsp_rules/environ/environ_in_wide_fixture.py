from __future__ import annotations

import ast

from testlsp.lint import Bad, Context, Fix, Good, Rewrite, Rule, on_function
from testlsp.lint.context import unsafe
from testlsp.lint.patching import patch_name
from testlsp.lint.with_blocks import in_with, rest_of_block, yielding
from testlsp.rewrite import wrap_in_with
from testlsp.semantic.effects import Effect, EffectKind, effects_of
from testlsp.semantic.functions import FileRole, Function, FunctionKind
from testlsp.semantic.save_restore import ENVIRONMENT

from testlsp_rules.environ._leaks import leaks
from testlsp_rules.environ._patch_dict import patch_arguments
from testlsp_rules.environ._writes import begins_its_line, in_context, monkeypatch_call

_CHANGES = {EffectKind.ENV_SET, EffectKind.ENV_DELETE, EffectKind.ENV_BULK}


class EnvironInWideFixture(Rule):
    """Changes the environment in a fixture that is shared by several tests and does not restore it.

    A fixture of class, module, package or session scope cannot ask for
    `monkeypatch`, so the change stays for all tests of the process that come
    later, not only for those that asked for it.
    `with pytest.MonkeyPatch.context() as mp` around the rest of the fixture undoes
    it when the fixture ends; with another `idiom`, `with patch.dict(os.environ)`.

    Fix safety: unsafe, because tests outside the scope of the fixture may have come
    to rely on the variable.
    """

    code = "TL108"
    since = "0.1"
    words = ("environ", "putenv", "unsetenv")
    message = "This fixture changes `os.environ` for the rest of the run"
    options = ("idiom",)
    related = ("pytest issue 363",)
    source = "https://docs.pytest.org/en/stable/reference/reference.html#pytest.MonkeyPatch.context"
    examples = (
        Bad(
            """
            import os
            import pytest

            @pytest.fixture(scope="module")
            def server():
                os.environ["PORT"] = "0"
                ^^^^^^^^^^^^^^^^^^^^^^^^
                server = start()
                yield server
                server.stop()
            """,
            fixed="""
            import os
            import pytest

            @pytest.fixture(scope="module")
            def server():
                with pytest.MonkeyPatch.context() as mp:
                    mp.setenv("PORT", "0")
                    server = start()
                    yield server
                    server.stop()
            """,
        ),
        Good(
            """
            import pytest

            @pytest.fixture(scope="module")
            def server():
                with pytest.MonkeyPatch.context() as mp:
                    mp.setenv("PORT", "0")
                    server = start()
                    yield server
                    server.stop()
            """
        ),
        Bad(
            """
            import os
            import pytest

            @pytest.fixture(scope="module")
            def server():
                os.environ["PORT"] = "0"
                ^^^^^^^^^^^^^^^^^^^^^^^^
                server = start()
                yield server
                server.stop()
            """,
            fixed="""
            import os
            import pytest
            from unittest.mock import patch

            @pytest.fixture(scope="module")
            def server():
                with patch.dict(os.environ, {"PORT": "0"}):
                    server = start()
                    yield server
                    server.stop()
            """,
            settings={"idiom": "patch.dict"},
            why="for suites that keep to `unittest.mock`",
        ),
        Bad(
            """
            import os
            import pytest

            @pytest.fixture(scope="module")
            def server():
                os.environ["PORT"] = "0"
                ^^^^^^^^^^^^^^^^^^^^^^^^
                server = start()
                yield server
                server.stop()
            """,
            fixed="""
            import os
            import pytest
            from unittest.mock import patch

            @pytest.fixture(scope="module")
            def server():
                with patch.dict(os.environ, {"PORT": "0"}):
                    server = start()
                    yield server
                    server.stop()
            """,
            settings={"idiom": "mocker"},
            why="for suites that use pytest-mock",
        ),
        Bad(
            '''
            import os
            import pytest

            @pytest.fixture(scope="session")
            def server() -> str:
                """🙂 Start."""
                "🙂"; os.environ.pop("HOST", None)
                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                return start()

            @pytest.fixture(scope="class", autouse=True)
            def settings():
                os.environ.update({
                ^^^^^^^^^^^^^^^^^^^
                    "A": "1",
                    "B": "2",
                })
                load()
                os.environ["C"] = "3"

            @pytest.fixture(scope="package")
            def late():
                prepare()
                os.environ["C"] = "3"
                ^^^^^^^^^^^^^^^^^^^^^
            ''',
            fixed='''
            import os
            import pytest

            @pytest.fixture(scope="session")
            def server() -> str:
                """🙂 Start."""
                "🙂"; os.environ.pop("HOST", None)
                return start()

            @pytest.fixture(scope="class", autouse=True)
            def settings():
                with pytest.MonkeyPatch.context() as mp:
                    mp.setenv("A", "1")
                    mp.setenv("B", "2")
                    load()
                    mp.setenv("C", "3")
                    yield

            @pytest.fixture(scope="package")
            def late():
                prepare()
                with pytest.MonkeyPatch.context() as mp:
                    mp.setenv("C", "3")
                    yield
            ''',
            why="one finding a fixture; without a `yield` it gets one",
        ),
        Bad(
            """
            import os
            from collections.abc import Iterator
            import pytest

            @pytest.fixture(scope="session")
            def server() -> str:
                os.environ.pop("HOST", None)
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                return start()
            """,
            fixed="""
            import os
            from collections.abc import Iterator
            import pytest

            @pytest.fixture(scope="session")
            def server() -> Iterator[str]:
                with pytest.MonkeyPatch.context() as mp:
                    mp.delenv("HOST", raising=False)
                    yield start()
            """,
            why="the annotation follows",
        ),
        Bad(
            """
            import os
            import pytest

            @pytest.fixture(scope="module")
            def server(request):
                if request.config.getoption("local"):
                    os.environ["HOST"] = "localhost"
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                    return start()
                return None
            """,
            why="several ways out make the `with` a matter of taste",
        ),
        Good(
            """
            import os
            import pytest

            @pytest.fixture(scope="module")
            def server():
                saved = dict(os.environ)
                os.environ["PORT"] = "0"
                yield start()
                os.environ.clear()
                os.environ.update(saved)

            @pytest.fixture(scope="class")
            def settings():
                os.environ["A"] = "1"
                yield load()
                del os.environ["A"]

            @pytest.fixture
            def narrow():
                os.environ["A"] = "1"
                return load()
            """,
            why="restored behind the `yield`; and narrow fixtures have a rule of their own",
        ),
        Good(
            """
            import os
            import pytest

            @pytest.fixture(scope="session", autouse=True)
            def settings():
                os.environ["A"] = "1"
            """,
            path="tests/conftest.py",
            why="for every test and from the first one on: it is how the run is configured",
        ),
    )

    @on_function(FunctionKind.FIXTURE)
    def check(self, ctx: Context, function: Function) -> None:
        """Report the first change that nothing undoes."""
        mark = function.fixture
        if mark is None or mark.scope in {"function", None}:
            return
        effects = [effect for effect in effects_of(function, ctx.model) if effect.kind in _CHANGES]
        if not effects:
            return
        if mark.scope == "session" and mark.autouse and ctx.model.role is FileRole.CONFTEST:
            return
        leaking = [effect for effect in effects if leaks(ctx, effect, FunctionKind.FIXTURE)]
        if leaking:
            ctx.report(leaking[0].node, fixes=self.fixes(ctx, function, leaking))

    def fixes(self, ctx: Context, function: Function, effects: list[Effect]) -> list[Fix]:
        """Return the fix that puts the rest of the fixture into a ``with``."""
        assert function.node is not None
        body = function.node.body
        whole = [effect.whole for effect in effects if monkeypatch_call(ctx, effect) is not None]
        first = next((item for item in body if item is whole[0]), None) if whole else None
        exits = [*function.bag.get(ast.Return, ()), *function.bag.get(ast.Yield, ())]
        if (
            first is None
            or not begins_its_line(function, first)
            or len(whole) != len(effects)
            or len(exits) > 1
            or ast.YieldFrom in function.bag
        ):
            return []
        if exits and (getattr(exits[0], "lineno", 0) <= first.lineno or _is_inner_return(exits[0], body)):
            return []

        def build() -> Rewrite:
            made = in_context(ctx, effects, first, body[-1]) if known is None else _patched(ctx, function, first, known)
            edits, imports = yielding(ctx, function) if ast.Yield not in function.bag else ([], ())
            return Rewrite([*made.edits, *edits], (*made.imports, *imports))

        known = None
        if ctx.settings.idiom != "monkeypatch":
            known = patch_name(ctx, function)
            if known is None:
                return []
        manager = "pytest.MonkeyPatch.context()" if known is None else f"{known[0]}.dict(...)"
        return [unsafe(f"Use `with {manager}`", build)]


def _patched(ctx: Context, function: Function, first: ast.stmt, known: tuple[str, tuple[str, ...]]) -> Rewrite:
    """Put *first* and the rest of *function* under ``with patch.dict(os.environ)``."""
    assert function.node is not None
    spelling, imports = known
    changes = [effect for effect in effects_of(function, ctx.model) if effect.kind in ENVIRONMENT]
    values = patch_arguments(ctx, changes[0]) if len(changes) == 1 and changes[0].whole is first else None
    rest = rest_of_block(function, first)
    if values is not None and rest:
        return Rewrite(in_with(ctx, first, rest, f"{spelling}.dict({values})").edits, imports)
    header = f"{spelling}.dict({ctx.source_of(changes[0].container) if changes[0].container else 'os.environ'})"
    return Rewrite(wrap_in_with(ctx.statement, first, function.node.body[-1], header), imports)


def _is_inner_return(node: ast.AST, body: list[ast.stmt]) -> bool:
    return isinstance(node, ast.Return) and node is not body[-1]
