"""What is changed by an attribute write, what is patched before, and which act is the last one."""

from __future__ import annotations

import pytest
from testlsp.semantic import FileRole, SemanticModel
from testlsp.semantic.effects import Effect, effects_of
from testlsp.semantic.graph import FixtureGraph
from testlsp.semantic.imported_objects import (
    is_asserted_otherwise,
    is_class_attribute,
    is_original,
    is_reset,
    is_shared,
    surely_exists,
)
from testlsp.semantic.order import is_last_act
from testlsp.semantic.patches import is_patched
from testlsp.semantic.restoration import RestoredBy, restoration
from testlsp.semantic.summary import summarise
from testlsp.syntax import parse

HEADER = (
    "import os, sys, time\nfrom unittest.mock import patch\nfrom app import config, app, Model, FAKE, mock_db, g\n\n"
)


def effects(body: str, head: str = "def test_it(monkeypatch, mocker, tmp_path):") -> tuple[SemanticModel, list[Effect]]:
    """Return the effects of one test function with *body*, and the model of its file."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    source = parse("/p/test_it.py", f"{HEADER}{head}\n{lines}")
    model = SemanticModel(source, FileRole.TEST_MODULE)
    function = model.function_named("test_it")
    assert function is not None
    return model, effects_of(function, model)


@pytest.mark.parametrize(
    ("line", "shared"),
    [
        ("config.DEBUG = True", True),
        ("app.state.user = 1", True),
        ("time.time = None", True),
        ("Model.send = None", False),
        ("Model.objects.limit = 1", False),
        ("config.client.get.return_value = 1", False),
        ("mock_db.rows = 1", False),
        ("FAKE.rows = 1", False),
        ("g.user = 1", False),
    ],
)
def test_only_modules_and_imported_objects_are_shared(line: str, shared: bool) -> None:
    """Classes, test doubles and objects of one request are not what other tests see."""
    _, [effect] = effects(line)

    assert is_shared(effect) is shared


@pytest.mark.parametrize(
    ("line", "of_class"),
    [
        ("Model.send = None", True),
        ("config.Model.send = None", True),
        ("Model.objects.limit = 1", False),
        ("Model.send.return_value = 1", False),
        ("config.FakeModel.send = 1", False),
        ("config.URL.host = 1", False),
        ("config.DEBUG = True", False),
    ],
)
def test_classes_are_told_by_their_names(line: str, of_class: bool) -> None:
    """An attribute of an imported class itself belongs to all its instances; what is behind one may be anything."""
    _, [effect] = effects(line)

    assert is_class_attribute(effect) is of_class


def test_the_original_is_known_by_its_name() -> None:
    """Who saves an attribute when the file is imported and assigns that starts a test afresh."""
    model, found = effects("Model.send = saved\nModel.get = saved", "saved = Model.send\ndef test_it():")

    assert [is_original(effect, model) for effect in found] == [True, False]


@pytest.mark.parametrize(
    ("line", "reset"),
    [
        ("config._cache = {}", True),
        ("config.instance = None", True),
        ("config._seen = set()", True),
        ("config.DEBUG = None", False),
        ("config._enabled = False", False),
        ("config._client = Fake()", False),
        ("del config.cached", True),
        ("del config.DEBUG", False),
    ],
)
def test_emptying_a_cache_is_a_reset(line: str, reset: bool) -> None:
    """A cache that starts empty is no fake; a flag that is switched off is one."""
    _, [effect] = effects(line)

    assert is_reset(effect) is reset


@pytest.mark.parametrize(
    ("body", "exists"),
    [
        ("time.sleep = None", True),
        ("old = config.DEBUG\nconfig.DEBUG = True", True),
        ("assert not config.DEBUG\nconfig.DEBUG = True", True),
        ("old = x and config.DEBUG\nconfig.DEBUG = True", False),
        ("if x:\n    old = config.DEBUG\nconfig.DEBUG = True", False),
        ("config.DEBUG = True\nold = config.DEBUG", False),
    ],
)
def test_an_attribute_exists_when_it_was_surely_read_before(body: str, exists: bool) -> None:
    """A read that may not have happened proves nothing."""
    _, [effect] = effects(body)

    assert surely_exists(effect) is exists


def test_an_attribute_that_the_code_under_test_replaces() -> None:
    """An assertion that expects another value tells that somebody else wrote it."""
    _, [stale] = effects("config.URL = 'a'\nload()\nassert config.URL == 'b'")
    _, [kept] = effects("config.URL = 'a'\nload()\nassert config.URL == 'a'")

    assert is_asserted_otherwise(stale)
    assert not is_asserted_otherwise(kept)


@pytest.mark.parametrize(
    ("body", "patched"),
    [
        ("monkeypatch.setattr(config, 'DEBUG', 1)\nconfig.DEBUG = 2", True),
        ("monkeypatch.setattr('app.config', 1)\nconfig.DEBUG = 2", True),
        ("mocker.patch('app.config.DEBUG')\nconfig.DEBUG = 2", True),
        ("with patch.object(config, 'DEBUG'):\n    config.DEBUG = 2", True),
        ("with patch.object(config, 'DEBUG'):\n    pass\nconfig.DEBUG = 2", False),
        ("if x:\n    monkeypatch.setattr(config, 'DEBUG', 1)\nconfig.DEBUG = 2", False),
        ("config.DEBUG = 2\nmonkeypatch.setattr(config, 'DEBUG', 1)", False),
        ("monkeypatch.setattr(config, 'OTHER', 1)\nconfig.DEBUG = 2", False),
        ("monkeypatch.chdir(tmp_path)\nos.chdir('a')", True),
        ("monkeypatch.syspath_prepend(tmp_path)\nsys.path.append('a')", True),
        ("monkeypatch.setitem(sys.modules, 'a', 1)\nsys.modules['a'] = 2", True),
        ("monkeypatch.setitem(sys.modules, 'b', 1)\nsys.modules['a'] = 2", False),
    ],
)
def test_a_change_of_something_patched_is_undone_with_the_patch(body: str, patched: bool) -> None:
    """The patch has to be on when the change happens, and of the same thing."""
    model, [effect] = effects(body)

    assert is_patched(effect, model) is patched


@pytest.mark.parametrize(
    ("body", "last"),
    [
        ("run()\nconfig.DEBUG = 1", True),
        ("run()\nconfig.DEBUG = 1\nassert result == expected", True),
        ("run()\nconfig.DEBUG = 1\nassert run()", False),
        ("run()\nconfig.DEBUG = 1\nrun()", False),
        ("config.DEBUG = 1", False),
        ("for x in y:\n    run()\n    config.DEBUG = 1", False),
        ("with x:\n    run()\n    config.DEBUG = 1", True),
    ],
)
def test_the_last_act_is_followed_by_nothing_that_could_notice(body: str, last: bool) -> None:
    """What no later code can see is there to clean up."""
    model, [effect] = effects(body)

    assert is_last_act(effect, model) is last


@pytest.mark.parametrize(
    "body",
    [
        "old = os.getcwd()\nos.chdir('a')\nrun()\nos.chdir(old)\nrun()",
        "config.DEBUG = True\nrun()\nconfig.DEBUG = False\nrun()",
        "sys.modules['a'] = 1\nrun()\ndel sys.modules['a']\nrun()",
        "app.dependency_overrides[a] = 1\nrun()\napp.dependency_overrides.clear()",
    ],
)
def test_what_a_later_statement_puts_back(body: str) -> None:
    """It is put back, unless the test fails before."""
    model, [effect, _] = effects(body)

    restored = restoration(effect, model)
    assert restored is not None
    assert restored.by is RestoredBy.LATER


def test_an_override_is_taken_back_by_its_own_key_only() -> None:
    """Popping one key leaves the other."""
    body = "o = app.dependency_overrides\napp.dependency_overrides[a] = 1\napp.dependency_overrides[b] = 1\ntry:\n"
    body += "    run()\nfinally:\n    app.dependency_overrides.pop(a)"
    model, [first, second, _] = effects(body)

    assert restoration(first, model) is not None
    assert restoration(second, model) is None


def test_summaries_say_what_fixtures_change_and_restore() -> None:
    """Other files learn it from the summary, and the graph lets a test profit from it."""
    conftest = parse(
        "/p/conftest.py",
        "import pytest\nfrom app import app\n\n@pytest.fixture(autouse=True)\ndef fresh():\n"
        "    app.dependency_overrides['x'] = 1\n    yield\n    app.dependency_overrides.clear()\n",
    )
    summary = summarise(conftest, SemanticModel(conftest, FileRole.CONFTEST))
    [fixture] = summary.fixtures
    assert fixture.effects == ("dependency_overrides",)
    assert fixture.restores == ("dependency_overrides",)

    model, [effect] = effects("app.dependency_overrides[a] = 1\nrun()")
    graph = FixtureGraph([summary, summarise(model.source, model)])
    assert restoration(effect, model) is None
    restored = restoration(effect, model, graph)
    assert restored is not None
    assert restored.fixture == "fresh"
