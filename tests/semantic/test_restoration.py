"""What counts as putting state back."""

from __future__ import annotations

import textwrap

import pytest
from function_models import PRELUDE, function_of, model_of
from testlsp.semantic import FileRole
from testlsp.semantic.effects import effects_of
from testlsp.semantic.graph import FixtureGraph
from testlsp.semantic.modules import Root
from testlsp.semantic.restoration import RestoredBy, restoration
from testlsp.semantic.summary import summarise


def restored(text: str, name: str = "test_it") -> list[RestoredBy | None]:
    """Return by what each effect of the function is undone, seen from its own file alone."""
    function, model = function_of(text, name)
    if not effects_of(function, model) and function.nested:
        function = function.nested[0]
    found = [restoration(effect, model) for effect in effects_of(function, model)]
    return [None if item is None else item.by for item in found]


def body(text: str, header: str = "def test_it(monkeypatch, mocker):") -> str:
    """Return a function with this body."""
    return header + "\n" + textwrap.indent(textwrap.dedent(text).strip("\n"), "    ") + "\n"


SET = 'os.environ["A"] = "1"'


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (SET, None),
        (f'{SET}\ntry:\n    run()\nfinally:\n    del os.environ["A"]', RestoredBy.FINALLY),
        (f"{SET}\ntry:\n    run()\nfinally:\n    os.remove('x')", None),
        (f"{SET}\ntry:\n    run()\nfinally:\n    reset_environment()", RestoredBy.FINALLY),
        (f"with patch.dict(os.environ):\n    {SET}", RestoredBy.CONTEXT),
        (f"with patch.dict('os.environ', clear=True):\n    {SET}", RestoredBy.CONTEXT),
        (f"with patch.dict(settings):\n    {SET}", None),
        (f"with patch.dict(os.environ):\n    run()\n{SET}", None),
        (f"with patch('os.environ', dict()):\n    {SET}", RestoredBy.PATCH),
        (f"with temporary_environ():\n    {SET}", RestoredBy.CONTEXT),
        (f"with pytest.raises(ValueError):\n    {SET}", None),
        (f"mocker.patch.dict(os.environ)\n{SET}", RestoredBy.PATCH),
        (f"monkeypatch.setenv('A', '0')\n{SET}", RestoredBy.PATCH),
        (f"monkeypatch.setenv('B', '0')\n{SET}", None),
        (f"if x:\n    monkeypatch.setenv('A', '0')\nelse:\n    monkeypatch.delenv('A')\n{SET}", RestoredBy.PATCH),
        (f"if x:\n    monkeypatch.setenv('A', '0')\nelse:\n    monkeypatch.delenv('B')\n{SET}", None),
        (f"if x:\n    monkeypatch.setenv('A', '0')\n{SET}", None),
        (f"monkeypatch.setattr(os, 'environ', dict())\n{SET}", RestoredBy.PATCH),
        (f"{SET}\nrequest.addfinalizer(lambda: os.environ.pop('A'))", RestoredBy.CALLBACK),
        (f"stack.callback(os.environ.pop, 'A', None)\n{SET}", RestoredBy.CALLBACK),
        (f"stack.callback(os.environ.pop, 'B', None)\n{SET}", None),
        (f"{SET}\nrun()\ndel os.environ['A']", RestoredBy.LATER),
        (f"{SET}\nrun()\ndel os.environ['B']", None),
    ],
)
def test_the_first_change_is_restored_by_what_is_there(text: str, wanted: RestoredBy | None) -> None:
    """Each means is recognised, and neither another variable's clean-up nor a block that has ended counts."""
    assert restored(body(text))[0] is wanted


def test_decorators_and_hooks_restore_what_a_method_changes() -> None:
    """``@patch.dict``, the tear-down of the class or of a base class in the file, and ``setUp`` with a patch."""
    text = PRELUDE + textwrap.dedent(
        """
        import unittest

        class Base(unittest.TestCase):
            def tearDown(self):
                os.environ.pop("A", None)

        class TestOne(Base):
            def test_it(self):
                os.environ["A"] = "1"
                os.environ["B"] = "1"

        class TestTwo(unittest.TestCase):
            def setUp(self):
                self.patcher = patch.dict(os.environ)
                self.patcher.start()
                self.addCleanup(self.patcher.stop)

            def test_it(self):
                os.environ["A"] = "1"

        @patch.dict(os.environ)
        class TestThree:
            def test_it(self):
                os.environ["A"] = "1"

        class TestFour(app.EnvironmentCase):
            def test_it(self):
                os.environ["A"] = "1"
        """
    )
    model = model_of(text)
    found = {}
    for chain in ("TestOne", "TestTwo", "TestThree", "TestFour"):
        function = model.function_named("test_it", (chain,))
        assert function is not None
        made = [restoration(effect, model) for effect in effects_of(function, model)]
        found[chain] = [None if item is None else item.by for item in made]
    assert found == {
        "TestOne": [RestoredBy.HOOK, None],
        "TestTwo": [RestoredBy.PATCH],
        "TestThree": [RestoredBy.DECORATOR],
        "TestFour": [RestoredBy.UNKNOWN],
    }


def test_hooks_may_call_what_restores_and_decorators_may_be_named_after_the_variable() -> None:
    """A stand-in for ``os.environ`` that ``tearDown`` leaves, a method that speaks of it, and ``run_with_tz``."""
    text = PRELUDE + textwrap.dedent(
        """
        import unittest
        from support import run_with_tz

        class TestOne(unittest.TestCase):
            def tearDown(self):
                {}

            @run_with_tz("UTC")
            def test_it(self):
                os.environ["TZ"] = "1"
                os.environ["B"] = "1"
        """
    )
    for call, wanted in (("os.environ.__exit__()", True), ("self.reset_env()", True), ("self.stop()", False)):
        model = model_of(text.format(call))
        function = model.function_named("test_it", ("TestOne",))
        assert function is not None
        first, second = effects_of(function, model)
        assert restoration(first, model) is not None
        assert (restoration(second, model) is not None) is wanted


def test_other_processes_end_with_their_environment() -> None:
    """What runs in another process needs no restoring; a nested function that is merely called does."""
    assert restored("@run_in_subprocess\ndef test_it():\n    os.environ['A'] = '1'\n") == [RestoredBy.ELSEWHERE]
    nested = "def test_it():\n    def child():\n        os.environ['A'] = '1'\n    {}\n"
    assert restored(nested.format("Process(target=child).start()")) == [RestoredBy.ELSEWHERE]
    assert restored(nested.format("child()")) == [None]


CONFTEST = """
import os
import pytest
from unittest.mock import patch

@pytest.fixture
def everything():
    saved = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(saved)

@pytest.fixture
def one(request):
    yield
    os.environ.pop("A", None)

@pytest.fixture
def patched(monkeypatch):
    monkeypatch.setenv("A", "0")

@pytest.fixture
def inside():
    with patch.dict(os.environ):
        yield

@pytest.fixture
def outside():
    with patch.dict(os.environ):
        return make()

@pytest.fixture
def through(everything):
    return 1

@pytest.fixture
def nothing():
    yield
    stop()
"""


@pytest.mark.parametrize(
    ("fixture", "variables"),
    [
        ("everything", "AB"),
        ("through", "AB"),
        ("inside", "AB"),
        ("one", "A"),
        ("patched", "A"),
        ("outside", ""),
        ("nothing", ""),
        ("fresh_env", "AB"),
    ],
)
def test_fixtures_restore_what_they_clean_up(fixture: str, variables: str) -> None:
    """A requested fixture counts for the variables it restores; one that nobody knows counts when its name says so."""
    path, conftest = "/project/tests/test_x.py", "/project/tests/conftest.py"
    text = f'import os\ndef test_it({fixture}):\n    os.environ["A"] = "1"\n    os.environ["B"] = "1"\n'
    module, around = model_of(text, path), model_of(CONFTEST, conftest, FileRole.CONFTEST)
    summaries = {model.source.path: summarise(model.source, model) for model in (module, around)}
    graph = FixtureGraph(summaries, roots=(Root("/project"),))
    function = module.function_named("test_it")
    assert function is not None
    silent = [effect.literal_key or "" for effect in effects_of(function, module) if restoration(effect, module, graph)]
    assert "".join(silent) == variables
