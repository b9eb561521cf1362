from __future__ import annotations

import ast

from testlsp.lint import Applicability, Bad, Context, Fix, Good, Rule, on_effect
from testlsp.lint.context import unsafe
from testlsp.rewrite import replace_statement
from testlsp.semantic.effects import Effect, EffectKind, effects_of
from testlsp.semantic.functions import FileRole, FunctionKind
from testlsp.semantic.graph import Site

from testlsp_rules.process_state._forms import Patch, monkeypatched
from testlsp_rules.process_state._leaks import SEEN, is_guarded, is_leak, put_back_later
from testlsp_rules.process_state._mapping import patch_dict, set_items
from testlsp_rules.process_state._owners import is_shared_app


class DependencyOverrides(Rule):
    """Overrides a FastAPI dependency of a shared app and does not take it back for certain.

    The app is the same for all tests of the process, so later tests get the fake as
    well: a test of a login passes because another one has replaced the login. And
    `clear()` takes back the overrides of everybody, those of wider fixtures too,
    which are not set again. `monkeypatch.setitem` undoes one key when the test ends.

    Fix safety: unsafe where `clear()` is replaced by taking back single keys, in
    nested functions, in wider fixtures and in methods of a `TestCase`, because other
    overrides are left or the override is taken back at another moment.
    """

    code = "TL207"
    since = "0.1"
    message = "A dependency of a shared app is overridden here and never set back"
    options = ("idiom", "target-version")
    related = ("isolation checks (pytest-review)",)
    source = "https://fastapi.tiangolo.com/advanced/testing-dependencies/"
    examples = (
        Bad(
            """
            from app.main import app, get_user

            def test_me(client):
                app.dependency_overrides[get_user] = lambda: "Ada 👩"
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert client.get("/me").json() == "Ada 👩"
            """,
            fixed="""
            from app.main import app, get_user

            def test_me(client, monkeypatch):
                monkeypatch.setitem(app.dependency_overrides, get_user, lambda: "Ada 👩")
                assert client.get("/me").json() == "Ada 👩"
            """,
        ),
        Good(
            """
            from app.main import app, get_user

            def test_me(client, monkeypatch):
                monkeypatch.setitem(app.dependency_overrides, get_user, lambda: "Ada")
                assert client.get("/me").json() == "Ada"
            """
        ),
        Bad(
            """
            from app.main import app, get_user

            def test_me(client):
                app.dependency_overrides[get_user] = lambda: "Ada 👩"
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert client.get("/me").json() == "Ada 👩"
            """,
            fixed="""
            from app.main import app, get_user
            from unittest.mock import patch

            def test_me(client):
                with patch.dict(app.dependency_overrides, {get_user: lambda: "Ada 👩"}):
                    assert client.get("/me").json() == "Ada 👩"
            """,
            settings={"idiom": "patch.dict"},
            why="for suites that keep to `unittest.mock`",
        ),
        Bad(
            """
            from app.main import app, get_user

            def test_me(client):
                app.dependency_overrides[get_user] = fake_user
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert client.get("/me").json() == "Ada"
            """,
            fixed="""
            from app.main import app, get_user

            def test_me(client, mocker):
                mocker.patch.dict(app.dependency_overrides, {get_user: fake_user})
                assert client.get("/me").json() == "Ada"
            """,
            settings={"idiom": "mocker"},
            why="for projects that use pytest-mock",
        ),
        Bad(
            """
            import pytest
            from app.main import app, get_db, get_user

            @pytest.fixture
            def client(db, user):
                app.dependency_overrides[get_db] = lambda: db
                app.dependency_overrides[get_user] = lambda: user
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                yield TestClient(app)
                app.dependency_overrides.pop(get_db)
            """,
            fixed="""
            import pytest
            from app.main import app, get_db, get_user

            @pytest.fixture
            def client(db, user, monkeypatch):
                app.dependency_overrides[get_db] = lambda: db
                monkeypatch.setitem(app.dependency_overrides, get_user, lambda: user)
                yield TestClient(app)
                app.dependency_overrides.pop(get_db)
            """,
            why="clean-up is by key: one of two is taken back",
        ),
        Bad(
            """
            from fastapi import FastAPI
            from fastapi.testclient import TestClient

            app = FastAPI()
            client = TestClient(app)

            def test_me():
                app.dependency_overrides.update({get_user: fake, get_db: fake_db})
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ The override is set back only if nothing fails before
                assert client.get("/me").json() == "Ada"
                app.dependency_overrides = {}

            def test_you():
                client.app.dependency_overrides = {get_user: fake}
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert client.get("/you").json() == "Ada"
            """,
            fixed="""
            from fastapi import FastAPI
            from fastapi.testclient import TestClient

            app = FastAPI()
            client = TestClient(app)

            def test_me(monkeypatch):
                monkeypatch.setitem(app.dependency_overrides, get_user, fake)
                monkeypatch.setitem(app.dependency_overrides, get_db, fake_db)
                assert client.get("/me").json() == "Ada"
                app.dependency_overrides = {}

            def test_you(monkeypatch):
                monkeypatch.setattr(client.app, "dependency_overrides", {get_user: fake})
                assert client.get("/you").json() == "Ada"
            """,
            why="an app of the file is shared by its tests",
        ),
        Bad(
            """
            import pytest
            from app.main import app, get_user

            @pytest.fixture(scope="module")
            def client():
                app.dependency_overrides[get_user] = lambda: "Ada"
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                yield TestClient(app)
            """,
            fixed="""
            import pytest
            from app.main import app, get_user

            @pytest.fixture(scope="module")
            def client():
                with pytest.MonkeyPatch.context() as monkeypatch:
                    monkeypatch.setitem(app.dependency_overrides, get_user, lambda: "Ada")
                    yield TestClient(app)
            """,
        ),
        Bad(
            """
            import unittest
            from app.main import app, get_user

            class MeTest(unittest.TestCase):
                def setUp(self):
                    app.dependency_overrides[get_user] = fake_user
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """,
            fixed="""
            import unittest
            from app.main import app, get_user

            class MeTest(unittest.TestCase):
                def setUp(self):
                    self.addCleanup(app.dependency_overrides.pop, get_user, None)
                    app.dependency_overrides[get_user] = fake_user
            """,
        ),
        Bad(
            """
            from app.main import app, get_user

            def test_me(client):
                app.dependency_overrides[get_user] = fake_user
                try:
                    assert client.get("/me")
                finally:
                    app.dependency_overrides.clear()
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ This also drops what the fixture `client`, of scope session, has overridden for other tests
            """,
            fixed="""
            from app.main import app, get_user

            def test_me(client):
                app.dependency_overrides[get_user] = fake_user
                try:
                    assert client.get("/me")
                finally:
                    app.dependency_overrides.pop(get_user, None)
            """,
            files={
                "tests/conftest.py": """
                import pytest
                from app.main import app, get_db

                @pytest.fixture(scope="session")
                def client():
                    app.dependency_overrides[get_db] = fake_db
                    yield TestClient(app)
                """
            },
            why="the other tests of the session go on with the real database",
        ),
        Bad(
            """
            from app.main import app, get_user

            app.dependency_overrides[get_user] = lambda: "Ada"
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ The override is set when this file is imported, for all tests

            def test_it():
                assert run()
            """,
            why="at module level there is nothing that could take it back",
        ),
        Good(
            """
            from fastapi import FastAPI

            def test_me(client):
                app = FastAPI()
                app.dependency_overrides[get_user] = fake_user
                assert client.get("/me")

            def test_you(app, make):
                app.dependency_overrides[get_user] = fake_user
                make().dependency_overrides[get_user] = fake_user
                local = make_client(app)
                local.app.dependency_overrides[get_user] = fake_user
                assert client.get("/you")
            """,
            why="the app is the test's own, or a fixture's that may well be",
        ),
        Good(
            """
            import pytest
            from app.main import app, get_user

            @pytest.fixture
            def client():
                app.dependency_overrides[get_user] = fake_user
                try:
                    yield TestClient(app)
                finally:
                    app.dependency_overrides.pop(get_user, None)

            @pytest.fixture
            def other():
                app.dependency_overrides[get_user] = fake_user
                yield TestClient(app)
                app.dependency_overrides.clear()
            """,
            why="taken back in the tear-down",
        ),
        Good(
            """
            from app.main import app, get_user

            def test_me(client):
                app.dependency_overrides[get_user] = fake_user
                assert client.get("/me")
            """,
            files={
                "tests/conftest.py": """
                import pytest
                from app.main import app

                @pytest.fixture(autouse=True)
                def no_overrides():
                    yield
                    app.dependency_overrides.clear()
                """
            },
            why="an autouse fixture takes all of them back",
        ),
        Good(
            """
            from unittest.mock import patch
            from app.main import app, get_user

            def test_me(client):
                with patch.dict(app.dependency_overrides, {get_user: fake_user}):
                    assert client.get("/me")

            def test_you(client):
                with patch.dict(app.dependency_overrides):
                    app.dependency_overrides[get_user] = fake_user
                    assert client.get("/you")
            """
        ),
        Good(
            """
            from fastapi import FastAPI

            app = FastAPI()
            app.dependency_overrides[get_user] = fake_user
            """,
            why="set-up of the file's own app",
        ),
        Good(
            """
            from app.main import app, get_db

            app.dependency_overrides[get_db] = fake_db
            """,
            path="tests/conftest.py",
            why="a conftest sets up the whole run",
        ),
        Good(
            """
            import pytest
            from fastapi import FastAPI
            from fastapi.testclient import TestClient

            @pytest.fixture
            def client():
                app = FastAPI()
                app.dependency_overrides[get_user] = fake_user
                return TestClient(app)
            """,
            why="the app is built in the fixture",
        ),
        Bad(
            """
            from app.main import app, get_user
            from hypothesis import given, strategies as st
            from unittest.mock import patch

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                *,
                retries: int = 3,
            ) -> None:
                app.dependency_overrides[get_user] = fake_user
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert run(text, retries)

            @given(st.text())
            def test_any(text):
                app.dependency_overrides[get_user] = fake_user
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                assert run(text)

            class TestHook:
                def setup_method(self):
                    app.dependency_overrides[get_user] = fake_user
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                    self.client = start()

            def test_steps():
                def step():
                    app.dependency_overrides[get_user] = fake_user
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
                step()
                assert run()
            """,
            fixed="""
            from app.main import app, get_user
            from hypothesis import given, strategies as st
            from unittest.mock import patch
            import pytest

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                monkeypatch,
                *,
                retries: int = 3,
            ) -> None:
                monkeypatch.setitem(app.dependency_overrides, get_user, fake_user)
                assert run(text, retries)

            @given(st.text())
            def test_any(text):
                with pytest.MonkeyPatch.context() as monkeypatch:
                    monkeypatch.setitem(app.dependency_overrides, get_user, fake_user)
                    assert run(text)

            class TestHook:
                def setup_method(self):
                    app.dependency_overrides[get_user] = fake_user
                    self.client = start()

            def test_steps(monkeypatch):
                def step():
                    monkeypatch.setitem(app.dependency_overrides, get_user, fake_user)
                step()
                assert run()
            """,
            why="each place gets the form that fits it, or no fix",
        ),
    )

    @on_effect(EffectKind.OVERRIDE, kinds=SEEN)
    def check(self, ctx: Context, effect: Effect) -> None:
        """Report an override of a shared app that nothing takes back, and a ``clear`` that takes too many."""
        if effect.method in {"pop", "popitem", "delitem", "delattr"}:
            return
        if _is_emptied(effect):
            _check_clear(ctx, effect)
            return
        if not is_shared_app(ctx, effect):
            return
        if effect.function.kind is FunctionKind.IMPORT_TIME:
            imported = ctx.qualified_name(effect.container) is not None
            if imported and ctx.model.role is not FileRole.CONFTEST and not is_guarded(ctx, effect):
                ctx.report(effect.node, "The override is set when this file is imported, for all tests")
            return
        if is_leak(ctx, effect):
            later = put_back_later(ctx, effect)
            message = "The override is set back only if nothing fails before" if later else None
            ctx.report(effect.node, message, fixes=_fixes(ctx, effect))


def _is_emptied(effect: Effect) -> bool:
    if effect.method == "assign":
        value = effect.value
        return not isinstance(value, ast.Dict | ast.DictComp | ast.Name) or (
            isinstance(value, ast.Dict) and not value.keys
        )
    return effect.method == "clear"


def _check_clear(ctx: Context, effect: Effect) -> None:
    outer = effect.function.outermost
    if outer.kind is FunctionKind.FIXTURE and (outer.fixture is None or outer.fixture.scope != "function"):
        return
    if outer.kind not in {FunctionKind.TEST, FunctionKind.FIXTURE} or effect.function is not outer:
        return
    if not is_shared_app(ctx, effect) or ctx.graph is None:
        return
    for fixture in ctx.graph.closure(Site(ctx.path, outer.chain, outer.name)).active:
        if "dependency_overrides" in fixture.effects and fixture.scope in {"class", "module", "package", "session"}:
            own = [
                other for other in effects_of(outer, ctx.model) if other.method == "setitem" and other.key is not None
            ]
            message = f"This also drops what the fixture `{fixture.name}`, of scope {fixture.scope}, has overridden for other tests"
            ctx.report(effect.node, message, fixes=_pop_instead(ctx, effect, own))
            return


def _pop_instead(ctx: Context, effect: Effect, own: list[Effect]) -> list[Fix]:
    whole, container = effect.whole, effect.container
    keys = [(other.container, other.key) for other in own if other.kind is EffectKind.OVERRIDE]
    if whole is None or container is None or not keys:
        return []

    def lines() -> list[str]:
        made = [f"{ctx.source_of(app)}.pop({ctx.source_of(key)}, None)" for app, key in keys if app and key]
        return list(dict.fromkeys(made))

    return [
        unsafe(
            "Take back the overrides of this function only", lambda: replace_statement(ctx.statement, whole, lines())
        )
    ]


def _fixes(ctx: Context, effect: Effect) -> list[Fix]:
    container, value = effect.container, effect.value
    if effect.method == "assign" and isinstance(container, ast.Attribute) and value is not None:
        return monkeypatched(
            ctx,
            effect,
            "Use `monkeypatch.setattr`",
            lambda: f"monkeypatch.setattr({_replaced(ctx, container, value)})",
            patch=Patch("object", lambda: _replaced(ctx, container, value)),
        )
    items = set_items(ctx, effect)
    if items is None:
        return []

    def cleanup() -> str | None:
        if container is None or effect.key is None:
            return None
        return f"{ctx.source_of(container)}.pop, {ctx.source_of(effect.key)}, None"

    grade = Applicability.UNSAFE if effect.function.outermost.in_unittest else Applicability.SAFE
    patch = patch_dict(ctx, effect)
    return monkeypatched(ctx, effect, "Use `monkeypatch.setitem`", items, grade, cleanup, patch=patch)


def _replaced(ctx: Context, overrides: ast.Attribute, value: ast.expr) -> str:
    return f'{ctx.source_of(overrides.value)}, "dependency_overrides", {ctx.source_of(value)}'
