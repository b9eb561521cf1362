"""Leaks that a name beside them could hide, and one that something beside it puts back."""

from __future__ import annotations

import textwrap

import pytest
from rule_harness import ROOT, everything, lint_files
from testlsp.config.settings import Settings

RULES = tuple(rule for rule in everything() if rule.code in ("TL101", "TL203"))
HOME = 'import os\n\ndef test_home():\n    os.environ["HOME"] = "/"\n    assert load()\n'


def found(text: str, conftest: str = "") -> list[tuple[str, str | None]]:
    """Return codes, and the first fix of each, of what is found in a test module beside a conftest."""
    files = {"tests/test_it.py": textwrap.dedent(text), "tests/conftest.py": textwrap.dedent(conftest)}
    diagnostics = lint_files(files, "tests/test_it.py", RULES, Settings(root=ROOT)).findings.diagnostics
    return [(each.code, each.fixes[0].title if each.fixes else None) for each in diagnostics]


@pytest.mark.parametrize(
    ("imported", "line"),
    [
        ("from IPython.lib import demo", "demo.pause = None or make()"),
        ("import IPython", "IPython.start = make()"),
        ("import builtins", "builtins.open = make()"),
        ("import urllib.request", "urllib.request.urlopen = make()"),
        ("import uuid", "uuid.uuid4 = make()\n    run()\n    uuid.uuid4.assert_called_once_with()"),
    ],
)
def test_replaced_in_a_module(imported: str, line: str) -> None:
    """A package with a name like a class, builtins, a module called like a proxy, a mock that is asked later."""
    assert found(f"{imported}\n\ndef test_it():\n    {line}\n    assert run()\n") == [
        ("TL203", "Use `monkeypatch.setattr`")
    ]


@pytest.mark.parametrize("imported", ["from shop import Basket", "from . import Basket"])
def test_classes_are_another_rules(imported: str) -> None:
    """An attribute of a class is a finding of TL204."""
    assert found(f"{imported}\n\ndef test_it():\n    Basket.total = make()\n    assert run()\n") == []


@pytest.mark.parametrize(
    "line", ["shop.virtualenv.forget()", "shop.env.find_tool.cache_clear()", "forget_venvs()", "close_envelopes()"]
)
def test_fixtures_that_clean_up_something_else(line: str) -> None:
    """Who empties a cache or has to do with virtual environments does not put environment variables back."""
    conftest = f"import pytest, shop\n\n@pytest.fixture(autouse=True)\ndef around():\n    yield\n    {line}\n"
    assert found(HOME, conftest) == [("TL101", "Use `monkeypatch.setenv`")]


@pytest.mark.parametrize("line", ["restore_environ()", "shop.reset_env()", "env.restore()"])
def test_fixtures_that_put_it_back(line: str) -> None:
    """Of a function that is called after the environment nobody knows that it does not."""
    conftest = f"import pytest, shop\n\n@pytest.fixture(autouse=True)\ndef around():\n    yield\n    {line}\n"
    assert found(HOME, conftest) == []


def test_a_context_manager_of_the_same_file() -> None:
    """It can be read, and does or does not put the variable back."""
    text = """
    import contextlib, os

    @contextlib.contextmanager
    def at_home():
        try:
            yield
        finally:
            os.environ.pop("SHOPRC", None)

    def test_home():
        with at_home():
            os.environ["SHOPRC"] = "."
            assert load()
    """
    assert found(text) == []
    assert found(text.replace("environ.pop(", "environ.get(")) == [("TL101", "Use `monkeypatch.setenv`")]
