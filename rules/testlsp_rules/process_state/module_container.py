from __future__ import annotations

import ast

from testlsp.lint import Applicability, Bad, Context, Fix, Good, Rule, on_effect
from testlsp.semantic.effects import Effect, EffectKind, effects_of
from testlsp.semantic.functions import Function, FunctionKind
from testlsp.semantic.order import dominates

from testlsp_rules.process_state._forms import monkeypatched
from testlsp_rules.process_state._leaks import is_leak, put_back_later
from testlsp_rules.process_state._mapping import patch_dict, set_items

_REMOVING = frozenset({"clear", "pop", "popitem", "remove", "discard", "delitem"})


class ModuleContainer(Rule):
    """Changes a list, dict or set of a module in a test and never changes it back for certain.

    It lives as long as the module, so every later test finds what this one has put
    there, and the result of a test depends on which tests ran before it.
    `monkeypatch.setitem` takes an item back when the test ends.

    Fix safety: unsafe in nested functions, in wider fixtures and for whatever is no
    setting of items, because other objects keep the container that was replaced.
    """

    code = "TL212"
    since = "0.1"
    message = "Something that belongs to a module is changed in place here and never changed back"
    options = ("idiom", "target-version")
    related = ("isolation checks (pytest-review)",)
    source = "https://docs.pytest.org/en/stable/how-to/monkeypatch.html"
    examples = (
        Bad(
            """
            from app.config import DEFAULTS

            def test_limit(client):
                DEFAULTS["limit"] = 3  # 📏
                ^^^^^^^^^^^^^^^^^^^^^ `DEFAULTS` is changed in place here and never changed back
                assert len(client.list()) == 3
            """,
            fixed="""
            from app.config import DEFAULTS

            def test_limit(client, monkeypatch):
                monkeypatch.setitem(DEFAULTS, "limit", 3)  # 📏
                assert len(client.list()) == 3
            """,
        ),
        Good(
            """
            from app.config import DEFAULTS

            def test_limit(client, monkeypatch):
                monkeypatch.setitem(DEFAULTS, "limit", 3)
                assert len(client.list()) == 3
            """
        ),
        Bad(
            """
            from app.config import DEFAULTS

            def test_limit(client):
                DEFAULTS["limit"] = 3  # 📏
                ^^^^^^^^^^^^^^^^^^^^^ `DEFAULTS` is changed in place here and never changed back
                assert len(client.list()) == 3
            """,
            fixed="""
            from app.config import DEFAULTS
            from unittest.mock import patch

            def test_limit(client):
                with patch.dict(DEFAULTS, {"limit": 3}):
                    # 📏
                    assert len(client.list()) == 3
            """,
            settings={"idiom": "patch.dict"},
            why="for suites that keep to `unittest.mock`",
        ),
        Bad(
            """
            from app.config import DEFAULTS

            def test_limit(client):
                DEFAULTS["limit"] = 3  # 📏
                ^^^^^^^^^^^^^^^^^^^^^ `DEFAULTS` is changed in place here and never changed back
                assert len(client.list()) == 3
            """,
            fixed="""
            from app.config import DEFAULTS

            def test_limit(client, mocker):
                mocker.patch.dict(DEFAULTS, {"limit": 3})  # 📏
                assert len(client.list()) == 3
            """,
            settings={"idiom": "mocker"},
            why="for suites that use pytest-mock",
        ),
        Bad(
            """
            from app.config import DEFAULTS

            def test_limit(client):
                DEFAULTS["limit"] = 3
                ^^^^^^^^^^^^^^^^^^^^^ `DEFAULTS` is changed back only if nothing fails before
                assert len(client.list()) == 3
                del DEFAULTS["limit"]
            """,
            why="the deletion would have to go as well: no fix",
        ),
        Bad(
            """
            from app import registry

            USER = {"name": "Ada", "roles": []}

            def test_plugin(load):
                registry.PLUGINS.append("extra")
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `registry.PLUGINS` is changed in place here and never changed back
                assert "extra" in load()

            def test_rename(client):
                USER["name"] = "Grace"
                ^^^^^^^^^^^^^^^^^^^^^^ `USER` is changed in place here and never changed back
                USER.update({"age": 3})
                ^^^^^^^^^^^^^^^^^^^^^^^ `USER` is changed in place here and never changed back
                assert client.put(USER).ok

            class TestUser:
                def test_key(self, client):
                    USER.pop("name")
                    ^^^^^^^^^^^^^^^^ `USER` is changed in place here and never changed back
                    assert not client.put(USER).ok

                def test_first(self, load):
                    registry.PLUGINS[0] = "other"
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `registry.PLUGINS` is changed in place here and never changed back
                    assert load()
            """,
            fixed="""
            from app import registry

            USER = {"name": "Ada", "roles": []}

            def test_plugin(load):
                registry.PLUGINS.append("extra")
                assert "extra" in load()

            def test_rename(client, monkeypatch):
                monkeypatch.setitem(USER, "name", "Grace")
                monkeypatch.setitem(USER, "age", 3)
                assert client.put(USER).ok

            class TestUser:
                def test_key(self, client, monkeypatch):
                    monkeypatch.delitem(USER, "name")
                    assert not client.put(USER).ok

                def test_first(self, load):
                    registry.PLUGINS[0] = "other"
                    assert load()
            """,
            why="the next test gets another user; a list has no such fix",
        ),
        Good(
            """
            import pytest
            from unittest.mock import patch
            from app import registry
            from app.config import DEFAULTS, PLUGINS

            @pytest.fixture
            def plugin():
                PLUGINS.append("extra")
                yield
                PLUGINS.remove("extra")

            def test_limit(client, plugin):
                with patch.dict(DEFAULTS):
                    DEFAULTS["limit"] = 3
                    assert len(client.list()) == 3

            class TestPlugins:
                def setup_method(self):
                    self.before = registry.PLUGINS.copy()
                    registry.PLUGINS.add("extra")

                def teardown_method(self):
                    registry.PLUGINS = self.before

            @patch("app.config.DEFAULTS", {})
            def test_low(client):
                DEFAULTS["limit"] = 1
                assert len(client.list()) == 1

            def test_high(client):
                try:
                    DEFAULTS["limit"] = 9
                    assert len(client.list()) == 9
                finally:
                    del DEFAULTS["limit"]
            """,
            why="changed back whatever happens",
        ),
        Good(
            """
            import pytest

            CALLS = []
            seen = {}

            @pytest.fixture(autouse=True)
            def fresh():
                CALLS.clear()

            def test_calls(app, name):
                @app.route("/")
                def index():
                    CALLS.append("index")

                CALLS.append("start")
                CALLS = [] if name else None
                seen["start"] = True
                assert app.get("/")
            """,
            why="a local of the same name; what a test file records for itself",
        ),
        Good(
            """
            CALLS = []
            NAMES = ["a"]

            def test_calls(app):
                CALLS.clear()
                CALLS.append("start")
                NAMES = NAMES_OF[app]
                NAMES.append("b")
                assert app.get("/", CALLS)

            def test_afterwards(app):
                CALLS.append("start")
                assert app.get("/", CALLS) == ["start"]

            def setup_function():
                global NAMES
                NAMES = []
                CALLS.clear()

            def test_names(app):
                NAMES.append("b")
                assert app.get("/", NAMES)
            """,
            why="emptied or made anew before use, by the test or by a hook; and a local variable",
        ),
        Good(
            """
            from app.models import USER, Model
            from app.config import DEFAULTS as defaults, limits

            def test_user(client):
                USER.name = "x"
                limits["a"] = 1
                Model.FIELDS_OF.get("a")
                USER.clear()
                assert client.get("/")
            """,
            why="not known to be a container, or emptied to start afresh",
        ),
        Bad(
            """
            import pytest
            import unittest
            from app.config import DEFAULTS
            from hypothesis import given, strategies as st
            from unittest.mock import patch

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                *,
                retries: int = 3,
            ) -> None:
                DEFAULTS["limit"] = 3
                ^^^^^^^^^^^^^^^^^^^^^ `DEFAULTS` is changed in place here and never changed back
                assert run(text, retries)

            @given(st.text())
            def test_any(text):
                DEFAULTS["limit"] = 3
                ^^^^^^^^^^^^^^^^^^^^^ `DEFAULTS` is changed in place here and never changed back
                assert run(text)

            @pytest.fixture(scope="module")
            def server():
                DEFAULTS["limit"] = 3
                ^^^^^^^^^^^^^^^^^^^^^ `DEFAULTS` is changed in place here and never changed back
                yield start()

            class RunTest(unittest.TestCase):
                def test_run(self):
                    DEFAULTS["limit"] = 3
                    ^^^^^^^^^^^^^^^^^^^^^ `DEFAULTS` is changed in place here and never changed back
                    self.assertTrue(run())

            class TestHook:
                def setup_method(self):
                    DEFAULTS["limit"] = 3
                    ^^^^^^^^^^^^^^^^^^^^^ `DEFAULTS` is changed in place here and never changed back
                    self.client = start()
            """,
            fixed="""
            import pytest
            import unittest
            from app.config import DEFAULTS
            from hypothesis import given, strategies as st
            from unittest.mock import patch

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                monkeypatch,
                *,
                retries: int = 3,
            ) -> None:
                monkeypatch.setitem(DEFAULTS, "limit", 3)
                assert run(text, retries)

            @given(st.text())
            def test_any(text):
                with pytest.MonkeyPatch.context() as monkeypatch:
                    monkeypatch.setitem(DEFAULTS, "limit", 3)
                    assert run(text)

            @pytest.fixture(scope="module")
            def server():
                with pytest.MonkeyPatch.context() as monkeypatch:
                    monkeypatch.setitem(DEFAULTS, "limit", 3)
                    yield start()

            class RunTest(unittest.TestCase):
                def test_run(self):
                    patcher = patch.dict(DEFAULTS, {"limit": 3})
                    patcher.start()
                    self.addCleanup(patcher.stop)
                    self.assertTrue(run())

            class TestHook:
                def setup_method(self):
                    DEFAULTS["limit"] = 3
                    self.client = start()
            """,
            why="each place gets the form that fits it, or no fix",
        ),
    )

    @on_effect(EffectKind.CONTAINER, kinds=(FunctionKind.TEST, FunctionKind.FIXTURE, FunctionKind.XUNIT))
    def check(self, ctx: Context, effect: Effect) -> None:
        """Report a change of a constant that nothing takes back, or only a statement that may not be reached."""
        target, container = effect.target or "", effect.container
        if container is None or not target.rpartition(".")[2].isupper() or effect.method == "clear":
            return
        if target.startswith(".") and _is_emptied(ctx, effect):
            return
        if not is_leak(ctx, effect):
            return
        later = put_back_later(ctx, effect)
        ending = (
            "changed back only if nothing fails before" if later else "changed in place here and never changed back"
        )
        ctx.report(effect.node, f"`{ctx.source_of(container)}` is {ending}", fixes=_fixes(ctx, effect))


def _is_emptied(ctx: Context, effect: Effect) -> bool:
    """Whether the test, a hook or a fixture of the file empties the container or makes it anew: it is there to record."""
    function = effect.function
    for other in effects_of(function, ctx.model):
        if other.target == effect.target and other.method == "clear" and dominates(function, other.node, effect.node):
            return True
    around = _around(ctx, function)
    name = (effect.target or "").lstrip(".")
    if any(name in getattr(node, "names", ()) for each in (function, *around) for node in each.bag.get(ast.Global, ())):
        return True
    return any(
        other.target == effect.target and other.method in {"clear", "delitem"}
        for helper in around
        for other in effects_of(helper, ctx.model)
    )


def _around(ctx: Context, function: Function) -> list[Function]:
    """Return what runs around tests: hooks and fixtures of the file and of the class."""
    return [
        other
        for other in ctx.model.functions
        if other.kind in {FunctionKind.XUNIT, FunctionKind.FIXTURE} and other is not function
        if not other.chain or other.chain == function.chain
    ]


def _fixes(ctx: Context, effect: Effect) -> list[Fix]:
    container, function = effect.container, effect.function
    others = effects_of(function, ctx.model)
    if container is None or any(
        other is not effect and other.target == effect.target and other.method in _REMOVING for other in others
    ):
        return []  # monkeypatch would fail to take back what the test has taken out itself
    if effect.method in {"delitem", "pop"} and effect.key is not None:
        if effect.literal_key is None:
            return []  # perhaps a list, which monkeypatch does not know
        missing = ", raising=False" if effect.value is not None else ""
        key = effect.key

        def delete() -> str:
            return f"monkeypatch.delitem({ctx.source_of(container)}, {ctx.source_of(key)}{missing})"

        put_back = patch_dict(ctx, effect)
        return monkeypatched(ctx, effect, "Use `monkeypatch.delitem`", delete, Applicability.UNSAFE, patch=put_back)
    items = set_items(ctx, effect)
    if items is None or (effect.key is not None and effect.literal_key is None):
        return []
    grade = Applicability.SAFE if effect.method == "setitem" else Applicability.UNSAFE
    return monkeypatched(ctx, effect, "Use `monkeypatch.setitem`", items, grade, patch=patch_dict(ctx, effect))
