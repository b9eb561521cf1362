"""Test files that change the process in every way that families 1 and 2 mend, each with tests that see the change."""

from __future__ import annotations

LIBRARY = """
import os

DEBUG = False
DEFAULTS = {"limit": 10, "name": "shop"}


class State:
    pass


class App:
    def __init__(self):
        self.dependency_overrides = {}


app = App()


class Shipment:
    def send(self):
        return "really sent"


def get_user():
    return "nobody"


def user():
    return app.dependency_overrides.get(get_user, get_user)()


def mail():
    return "really mailed"


def register():
    return mail()


def total():
    return globals().get("NEW", 0) + globals().get("OTHER", 0)


def names():
    return sorted(DEFAULTS)


def token():
    return os.environ.get("TOKEN")
"""

WATCHER = """
import json
import os
import pathlib
import sys

import pytest

import lib

FOLDER = pathlib.Path(__file__).parent
LEFT = {}
BEFORE = {}


def state():
    return {
        "environment": {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"},
        "path": list(sys.path),
        "directory": os.getcwd(),
        "argv": list(sys.argv),
        "modules": {name: sys.modules.get(name) for name in ("redis_stand_in", "colorsys")},
        "lib": {name: value for name, value in vars(lib).items() if not name.startswith("__")},
        "defaults": dict(lib.DEFAULTS),
        "overrides": dict(lib.app.dependency_overrides),
        "send": lib.Shipment.__dict__.get("send"),
    }


def put_back(before):
    current = os.environ.pop("PYTEST_CURRENT_TEST", None)
    os.environ.clear()
    os.environ.update(before["environment"])
    if current is not None:
        os.environ["PYTEST_CURRENT_TEST"] = current
    sys.path[:] = before["path"]
    os.chdir(before["directory"])
    sys.argv[:] = before["argv"]
    for name, module in before["modules"].items():
        sys.modules.pop(name, None)
        if module is not None:
            sys.modules[name] = module
    vars(lib).update(before["lib"])
    lib.DEFAULTS.clear()
    lib.DEFAULTS.update(before["defaults"])
    lib.app.dependency_overrides.clear()
    lib.app.dependency_overrides.update(before["overrides"])
    lib.Shipment.send = before["send"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    name = item.path.stem.removeprefix("test_")
    if name not in BEFORE:
        BEFORE[name] = state() | {"globals": {key: repr(value) for key, value in own(item)}}
    result = yield
    if nextitem is None or nextitem.path != item.path:
        before = BEFORE[name]
        after = state() | {"globals": {key: repr(value) for key, value in own(item)}}
        LEFT[name] = [key for key in after if after[key] != before[key]]
        put_back(before)
    return result


def own(item):
    return [(key, value) for key, value in vars(item.module).items() if key.isupper()]


def pytest_sessionfinish(session):
    (FOLDER / "left.json").write_text(json.dumps(LEFT))
"""

CASES = {
    "environ_set": """
        import os
        import lib

        def test_token():
            os.environ["TOKEN"] = "abc"
            assert lib.token() == "abc"

        def test_two(tmp_path):
            os.environ["TOKEN"] = "def"
            os.environ["OTHER"] = str(tmp_path)
            assert lib.token() == "def"
            assert os.environ["OTHER"]
        """,
    "environ_delete": """
        import os
        import lib

        os_path = os.environ["PATH"]

        def test_no_path():
            os.environ.pop("NOT_THERE", None)
            del os.environ["PATH"]
            assert "PATH" not in os.environ
        """,
    "environ_bulk": """
        import os
        import lib

        def test_token():
            os.environ.update({"TOKEN": "abc", "OTHER": "1"})
            assert lib.token() == "abc"

        def test_default(tmp_path):
            os.environ.setdefault("TOKEN", str(tmp_path))
            assert lib.token() == str(tmp_path) or lib.token() == "abc"
        """,
    "environ_fixture": """
        import os
        import pytest
        import lib

        @pytest.fixture
        def token():
            os.environ["TOKEN"] = "abc"
            return lib.token()

        @pytest.fixture
        def home(tmp_path):
            os.environ["HOME_OF_TEST"] = str(tmp_path)
            yield tmp_path

        @pytest.fixture
        def set_token():
            def setter(value):
                os.environ["TOKEN"] = value
            return setter

        def test_token(token, home):
            assert lib.token() == token == "abc"
            assert os.environ["HOME_OF_TEST"] == str(home)

        def test_setter(set_token):
            set_token("def")
            assert lib.token() == "def"
        """,
    "environ_wide_fixture": """
        import os
        import pytest
        import lib

        @pytest.fixture(scope="module")
        def token():
            os.environ["TOKEN"] = "abc"
            return lib.token()

        @pytest.fixture(scope="class", autouse=True)
        def others():
            os.environ["A"] = "1"
            os.environ["B"] = "2"
            yield

        def test_token(token):
            assert lib.token() == token == "abc"
            assert os.environ["A"] + os.environ["B"] == "12"

        def test_again(token):
            assert lib.token() == "abc"
        """,
    "environ_test_case": """
        import os
        import unittest
        import lib

        class TokenTest(unittest.TestCase):
            def setUp(self):
                os.environ["TOKEN"] = "abc"

            def test_token(self):
                self.assertEqual(lib.token(), "abc")

        class OtherTest(unittest.TestCase):
            def test_other(self):
                os.environ["OTHER"] = "1"
                self.assertEqual(os.environ["OTHER"], "1")
        """,
    "environ_hook": """
        import os
        import lib

        class TestToken:
            def setup_method(self):
                os.environ["TOKEN"] = "abc"
                self.token = lib.token()

            def test_token(self):
                assert self.token == lib.token() == "abc"
        """,
    "environ_given": """
        import os
        from hypothesis import given, settings, strategies as st

        @settings(max_examples=3, deadline=None, database=None)
        @given(st.integers())
        def test_any(number):
            os.environ["NUMBER"] = str(number)
            assert int(os.environ["NUMBER"]) == number
        """,
    "environ_decorated": """
        import os
        from unittest.mock import patch
        import lib

        @patch("lib.mail")
        def test_mail(mail, tmp_path):
            os.environ["TOKEN"] = "abc"
            assert lib.mail is mail
            assert lib.token() == "abc"
        """,
    "environ_by_hand": """
        import os
        import pytest
        import lib

        BEFORE = "PATH"

        def test_token():
            old = os.environ.get("TOKEN")
            os.environ["TOKEN"] = "abc"
            try:
                assert lib.token() == "abc"
            finally:
                if old is not None:
                    os.environ["TOKEN"] = old

        def test_not_reset(tmp_path):
            os.environ["TOKEN_OF_TEST"] = str(tmp_path)
            assert tmp_path.exists()
        """,
    "environ_putenv": """
        import os
        import lib

        def test_child():
            os.environ["TOKEN"] = "abc"
            os.putenv("TOKEN", "abc")
            assert lib.token() == "abc"
        """,
    "sys_path": """
        import sys

        def test_first(tmp_path):
            sys.path.insert(0, str(tmp_path))
            assert sys.path[0] == str(tmp_path)

        def test_last(tmp_path):
            sys.path.append(str(tmp_path))
            assert str(tmp_path) in sys.path
        """,
    "chdir": """
        import os
        import pytest

        @pytest.fixture(scope="module")
        def folder(tmp_path_factory):
            made = tmp_path_factory.mktemp("folder")
            os.chdir(made)
            yield made

        def test_there(folder):
            assert os.path.samefile(os.getcwd(), folder)

        def test_elsewhere(tmp_path):
            os.chdir(tmp_path)
            assert os.path.samefile(os.getcwd(), tmp_path)
        """,
    "module_attr": """
        import pytest
        import lib

        @pytest.fixture(scope="module")
        def debug():
            lib.DEBUG = True
            yield

        def test_debug(debug):
            assert lib.DEBUG is True

        def test_mail():
            lib.mail = lambda: "mailed"
            assert lib.register() == "mailed"

        def test_new():
            lib.NEW = 1
            lib.OTHER = 2
            assert lib.total() == 3
        """,
    "class_attr": """
        from lib import Shipment

        def test_send():
            Shipment.send = lambda self: "sent"
            assert Shipment().send() == "sent"
        """,
    "sys_modules": """
        import sys
        from importlib import import_module
        import colorsys

        def test_without():
            sys.modules["redis_stand_in"] = colorsys
            assert import_module("redis_stand_in") is colorsys

        def test_fresh():
            sys.modules.pop("colorsys", None)
            assert import_module("colorsys") is not colorsys
        """,
    "argv": """
        import sys
        import unittest

        class ArgumentTest(unittest.TestCase):
            def test_help(self):
                sys.argv = ["shop", "--help"]
                self.assertEqual(sys.argv[1], "--help")

        def test_version():
            sys.argv = ["shop", "--version"]
            assert sys.argv[1] == "--version"
        """,
    "overrides": """
        import pytest
        from lib import app, get_user, user

        @pytest.fixture
        def ada():
            app.dependency_overrides[get_user] = lambda: "Ada"
            yield

        @pytest.fixture
        def two():
            app.dependency_overrides[user] = lambda: "user"
            app.dependency_overrides[get_user] = lambda: "Bob"
            yield
            app.dependency_overrides.pop(user)

        def test_ada(ada):
            assert user() == "Ada"

        def test_two(two):
            assert user() == "Bob"

        def test_here():
            app.dependency_overrides[get_user] = lambda: "Eve"
            assert user() == "Eve"
        """,
    "patcher": """
        from unittest.mock import patch
        import lib

        def test_mail():
            mail = patch("lib.mail").start()
            lib.mail()
            mail.assert_called_once()
        """,
    "global_variable": """
        RATE = 1.0

        def price(value):
            return value * RATE

        def test_discount():
            global RATE
            RATE = 0.5
            assert price(10) == 5
        """,
    "container": """
        from lib import DEFAULTS, names

        def test_missing():
            DEFAULTS.pop("name")
            assert names() == ["limit"]

        def test_more():
            DEFAULTS["currency"] = "EUR"
            assert "currency" in names()
        """,
}
