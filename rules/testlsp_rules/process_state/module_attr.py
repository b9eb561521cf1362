from __future__ import annotations

from testlsp.lint import Bad, Context, Good, Rule, on_effect
from testlsp.semantic.effects import Effect, EffectKind
from testlsp.semantic.functions import FileRole, FunctionKind
from testlsp.semantic.imported_objects import is_asserted_otherwise, is_reset, is_shared, is_test_mode

from testlsp_rules.process_state._attributes import setattr_fixes, shown
from testlsp_rules.process_state._leaks import SEEN, is_guarded, is_leak, put_back_later


class ModuleAttr(Rule):
    """Replaces an attribute of an imported module or object in a test and never puts it back for certain.

    The module or object is the same for all tests of the process, so every later
    test sees the replacement, and the result of a test depends on which tests ran
    before it. `monkeypatch.setattr` undoes the change when the test ends.

    Fix safety: unsafe unless the attribute is known to exist, because
    `monkeypatch.setattr` needs `raising=False` otherwise and then no longer tells of
    a misspelt name; and in nested functions, in wider fixtures and for `+=`, where
    the value is put back at another moment or is another object. With another
    `idiom`, `create=True` stands for `raising=False`, and `patch.object` then removes
    what an object merely passes on (such as `app.state`) instead of putting it back.
    """

    code = "TL203"
    since = "0.1"
    message = "An attribute of an imported object is replaced here and never put back"
    options = ("idiom", "target-version")
    related = ("S8997 (SonarPython)",)
    source = "https://docs.pytest.org/en/stable/how-to/monkeypatch.html"
    examples = (
        Bad(
            """
            from app import config

            def test_debug_page(client):
                assert config.DEBUG is False
                config.DEBUG = True  # 🐞
                ^^^^^^^^^^^^^^^^^^^ `config.DEBUG` is replaced here and never put back
                assert "Traceback" in client.get("/boom").text
            """,
            fixed="""
            from app import config

            def test_debug_page(client, monkeypatch):
                assert config.DEBUG is False
                monkeypatch.setattr(config, "DEBUG", True)  # 🐞
                assert "Traceback" in client.get("/boom").text
            """,
        ),
        Good(
            """
            from app import config

            def test_debug_page(client, monkeypatch):
                monkeypatch.setattr(config, "DEBUG", True)
                assert "Traceback" in client.get("/boom").text
            """
        ),
        Bad(
            """
            from app import config

            def test_debug_page(client):
                assert config.DEBUG is False
                config.DEBUG = True  # 🐞
                ^^^^^^^^^^^^^^^^^^^ `config.DEBUG` is replaced here and never put back
                assert "Traceback" in client.get("/boom").text
            """,
            fixed="""
            from app import config
            from unittest.mock import patch

            def test_debug_page(client):
                assert config.DEBUG is False
                with patch.object(config, "DEBUG", True):
                    # 🐞
                    assert "Traceback" in client.get("/boom").text
            """,
            settings={"idiom": "patch.dict"},
            why="for suites that keep to `unittest.mock`",
        ),
        Bad(
            """
            from app.main import app

            def test_user(client, fake_user):
                app.state.user = fake_user
                ^^^^^^^^^^^^^^^^^^^^^^^^^^ `app.state.user` is replaced here and never put back
                assert client.get("/me").json()
            """,
            fixed="""
            from app.main import app

            def test_user(client, fake_user, monkeypatch):
                monkeypatch.setattr(app.state, "user", fake_user, raising=False)
                assert client.get("/me").json()
            """,
            why="whether the attribute exists is not known here: `raising=False`, and unsafe",
        ),
        Bad(
            """
            from app.main import app

            def test_user(client, fake_user):
                app.state.user = fake_user
                ^^^^^^^^^^^^^^^^^^^^^^^^^^ `app.state.user` is replaced here and never put back
                assert client.get("/me").json()
            """,
            fixed="""
            from app.main import app

            def test_user(client, fake_user, mocker):
                mocker.patch.object(app.state, "user", fake_user, create=True)
                assert client.get("/me").json()
            """,
            settings={"idiom": "mocker"},
            why="for projects that use pytest-mock",
        ),
        Bad(
            """
            import time

            async def test_timeout(service):
                old = time.monotonic
                time.monotonic = lambda: 9e9
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `time.monotonic` is put back only if nothing fails before
                assert await service.expired()
                time.monotonic = old
            """,
            fixed="""
            import time

            async def test_timeout(service, monkeypatch):
                old = time.monotonic
                monkeypatch.setattr(time, "monotonic", lambda: 9e9)
                assert await service.expired()
                time.monotonic = old
            """,
            why="a failing assert skips the last line",
        ),
        Bad(
            """
            import unittest
            from app import limits

            class LimitTest(unittest.TestCase):
                def test_two(self):
                    before = limits.MAXIMUM
                    limits.MAXIMUM = 2
                    ^^^^^^^^^^^^^^^^^^ `limits.MAXIMUM` is replaced here and never put back
                    self.assertLess(limits.count(), before)
            """,
            fixed="""
            import unittest
            from app import limits

            class LimitTest(unittest.TestCase):
                def test_two(self):
                    before = limits.MAXIMUM
                    self.addCleanup(setattr, limits, "MAXIMUM", limits.MAXIMUM)
                    limits.MAXIMUM = 2
                    self.assertLess(limits.count(), before)
            """,
        ),
        Bad(
            """
            import pytest
            from app import plugins

            @pytest.fixture(scope="package")
            def extra():
                plugins.FOUND += ["extra"]
                ^^^^^^^^^^^^^^^^^^^^^^^^^^ `plugins.FOUND` is replaced here and never put back
                yield

            def test_missing():
                del plugins.FOUND
                ^^^^^^^^^^^^^^^^^ `plugins.FOUND` is replaced here and never put back
                setattr(plugins, "EXTRA", [])
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `plugins.EXTRA` is replaced here and never put back
                assert plugins.load() == []
            """,
            fixed="""
            import pytest
            from app import plugins

            @pytest.fixture(scope="package")
            def extra():
                with pytest.MonkeyPatch.context() as monkeypatch:
                    monkeypatch.setattr(plugins, "FOUND", plugins.FOUND + (["extra"]))
                    yield

            def test_missing(monkeypatch):
                monkeypatch.delattr(plugins, "FOUND")
                monkeypatch.setattr(plugins, "EXTRA", [], raising=False)
                assert plugins.load() == []
            """,
        ),
        Bad(
            """
            from app import config

            def test_private(FakeBackend):
                config._backend = FakeBackend()
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `config._backend` is replaced here and never put back
                assert config.url()

            def test_without_tls(expected, available):
                config.TLS = available
                ^^^^^^^^^^^^^^^^^^^^^^ `config.TLS` is put back only if nothing fails before
                result = config.url()
                config.TLS = True
                assert result == expected
            """,
            fixed="""
            from app import config

            def test_private(FakeBackend, monkeypatch):
                monkeypatch.setattr(config, "_backend", FakeBackend(), raising=False)
                assert config.url()

            def test_without_tls(expected, available, monkeypatch):
                monkeypatch.setattr(config, "TLS", available, raising=False)
                result = config.url()
                config.TLS = True
                assert result == expected
            """,
        ),
        Bad(
            """
            from app import config

            def test_new_option():
                config.NEW = True
                ^^^^^^^^^^^^^^^^^ `config.NEW` is put back only if nothing fails before
                assert "NEW" in config.dump()
                del config.NEW
            """,
            why="the deletion would have to go as well: no fix",
        ),
        Bad(
            """
            import app.config

            app.config.URL = "http://localhost"
            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `app.config.URL` is replaced when the file is imported, for all tests

            def test_it():
                assert run()
            """,
            why="at module level there is nothing that could put it back",
        ),
        Good(
            """
            from app import config, client, make_app
            from unittest.mock import MagicMock
            from tests.doubles import mock_client

            other = make_app()

            def test_own_objects(settings, monkeypatch):
                settings.DEBUG = True
                app = make_app()
                app.state.user = "u"
                make_app().debug = True
                other.state.user = "u"
                mock_client.answer = 1
                client.get.return_value = 2
                client.post.side_effect = ValueError
                MagicMock.__await__ = None
                assert app

            def test_new_client():
                global client
                client = make_client()
                client.timeout = 1
                assert client.get()
            """,
            why="parameters, locals, results of calls, own objects and test doubles are not shared with other tests",
        ),
        Good(
            """
            from app.models import Shipment

            def test_sent():
                Shipment.send = lambda self: None
                Shipment.objects.limit = 1
                assert Shipment().send() is None
            """,
            why="attributes of classes are another matter (`class-attr`)",
        ),
        Good(
            """
            from flask import g, session

            def test_user(client):
                g.user = "u"
                session.permanent = True
                assert client.get("/me")
            """,
            why="these belong to one request",
        ),
        Good(
            """
            from app import registry, settings

            def test_first_use():
                registry._instance = None
                registry._found = set()
                del registry.cached_table
                settings.TESTING = True
                assert registry.get()
            """,
            why="emptying a cache leaves less behind, not more; test mode is meant for the whole run",
        ),
        Good(
            """
            import logging
            import pytest
            from app import config

            @pytest.fixture
            def handlers():
                before = logging.root.handlers[:]
                logging.root.handlers = []
                yield
                logging.root.handlers[:] = before

            def test_debug():
                config.DEBUG = True
                try:
                    assert config.dump()
                finally:
                    config.reload()
            """,
            why="the clean-up has to do with the changed object",
        ),
        Good(
            """
            from unittest import mock
            from app import config

            def test_one(monkeypatch):
                monkeypatch.setattr(config, "DEBUG", False)
                config.DEBUG = True
                assert config.dump()

            @mock.patch("app.config.DEBUG", False)
            def test_two():
                config.DEBUG = True
                assert config.dump()

            def test_three(mocker):
                mocker.patch.object(config, "backend")
                config.backend.name = "x"
                assert config.dump()
            """,
            why="what is patched already is put back along with the patch",
        ),
        Good(
            """
            from app import config

            class TestConfig:
                def test_debug(self):
                    config.DEBUG = True
                    assert config.dump()
            """,
            files={
                "tests/conftest.py": """
                import pytest
                from app import config

                @pytest.fixture(autouse=True)
                def fresh_config():
                    yield
                    config.DEBUG = False
                """
            },
            why="an autouse fixture puts it back",
        ),
        Good(
            """
            from app import config

            def test_reload():
                config.URL = "http://stale"
                config.load()
                assert config.URL == "http://localhost"
            """,
            why="the code under test is there to replace it",
        ),
        Good(
            """
            import unittest
            from app.db import connection

            class ConnectionTest(unittest.TestCase):
                def setUp(self):
                    self.addCleanup(connection.close)

                def test_errors(self):
                    connection.errors_occurred = True
                    self.assertFalse(connection.usable())
            """,
            why="a registered clean-up has to do with the changed object",
        ),
        Good(
            """
            import pytest
            from shop import options

            @pytest.fixture
            def reset_options():
                options.current = options.Options()
            """,
            why="a fixture that brings back what every test is to begin with",
        ),
        Good(
            """
            import pytest
            from app import config

            def test_frozen():
                with pytest.raises(AttributeError):
                    config.DEBUG = True
            """,
            why="it is the point of the test that this fails",
        ),
        Good(
            """
            import enum

            if not hasattr(enum, "StrEnum"):
                enum.StrEnum = enum.Enum

            def test_it():
                assert run()
            """,
            why="a polyfill",
        ),
        Good(
            """
            from app import basic

            basic.log = print

            if __name__ == "__main__":
                basic.main()
            """,
            path="tests/data/test_log.py",
            why="a script without tests",
        ),
        Good(
            """
            from app import config

            config.URL = "http://localhost"
            """,
            path="tests/conftest.py",
            why="a conftest sets up the whole run",
        ),
        Good(
            """
            from app import Client

            class TestClient:
                def setup_method(self):
                    self.client = Client()

                def test_timeout(self):
                    self.timeout = 3
                    self.client.timeout = self.timeout
                    assert self.client.get()
            """,
            why="attributes of `self`, and of what hangs on it",
        ),
        Bad(
            """
            import time
            from hypothesis import given, strategies as st
            from unittest.mock import patch

            @patch("app.load")
            def test_decorated(
                load,
                text: str,
                *,
                retries: int = 3,
            ) -> None:
                time.monotonic = lambda: 9e9
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `time.monotonic` is replaced here and never put back
                assert run(text, retries)

            @given(st.text())
            def test_any(text):
                time.monotonic = lambda: 9e9
                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `time.monotonic` is replaced here and never put back
                assert run(text)

            class TestHook:
                def setup_method(self):
                    time.monotonic = lambda: 9e9
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ `time.monotonic` is replaced here and never put back
                    self.client = start()
            """,
            fixed="""
            import time
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
                monkeypatch.setattr(time, "monotonic", lambda: 9e9)
                assert run(text, retries)

            @given(st.text())
            def test_any(text):
                with pytest.MonkeyPatch.context() as monkeypatch:
                    monkeypatch.setattr(time, "monotonic", lambda: 9e9)
                    assert run(text)

            class TestHook:
                def setup_method(self):
                    time.monotonic = lambda: 9e9
                    self.client = start()
            """,
            why="each place gets the form that fits it, or no fix",
        ),
    )

    @on_effect(EffectKind.MODULE_ATTR, kinds=SEEN)
    def check(self, ctx: Context, effect: Effect) -> None:
        """Report a change of something shared that nothing undoes, or only a statement that may not be reached."""
        if not is_shared(effect) or is_reset(effect) or is_test_mode(effect):
            return
        name = shown(ctx, effect)
        if effect.function.kind is FunctionKind.IMPORT_TIME:
            if ctx.model.role is not FileRole.CONFTEST and not is_guarded(ctx, effect):
                ctx.report(effect.node, f"`{name}` is replaced when the file is imported, for all tests")
            return
        if is_asserted_otherwise(effect) or not is_leak(ctx, effect):
            return
        later = put_back_later(ctx, effect)
        ending = "is put back only if nothing fails before" if later else "is replaced here and never put back"
        ctx.report(effect.node, f"`{name}` {ending}", fixes=setattr_fixes(ctx, effect))
