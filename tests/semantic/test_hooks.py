"""What conftests and plugins register, and what looks like a test without being one."""

from __future__ import annotations

import pytest
from testlsp.semantic import FileRole, SemanticModel
from testlsp.semantic.graph import FixtureGraph
from testlsp.semantic.hooks import ANY, loaded, marks_registered
from testlsp.semantic.marks import mark_names
from testlsp.semantic.modules import Root
from testlsp.semantic.summary import FileSummary, summarise
from testlsp.syntax import parse


def summary_of(path: str, text: str) -> FileSummary:
    source = parse(path, text)
    role = FileRole.CONFTEST if path.endswith("conftest.py") else FileRole.TEST_MODULE
    return summarise(source, SemanticModel(source, role))


def graph_of(**files: str) -> FixtureGraph:
    paths = {f"/p/{name}.py": text for name, text in files.items()}
    summaries = {path: summary_of(path, text) for path, text in paths.items()}
    return FixtureGraph(summaries, roots=(Root("/p"),))


@pytest.mark.parametrize(
    ("body", "marks"),
    [
        ("config.addinivalue_line('markers', 'slow(reason): takes long')", ("slow",)),
        ("config.addinivalue_line('markers', f'slow: {1}')", ("slow",)),
        ("config.addinivalue_line('markers', f'{name}: x')", (ANY,)),
        ("config.addinivalue_line('markers', LINE)", (ANY,)),
        ("config.addinivalue_line('filterwarnings', 'error')", ()),
        ("register(config)", (ANY,)),
        ("config.x = getattr(config, 'y')", ()),
    ],
)
def test_marks_that_a_conftest_registers(body: str, marks: tuple[str, ...]) -> None:
    """What is written out is known by name, all else may be any mark."""
    found = summary_of("/p/conftest.py", f"def pytest_configure(config):\n    {body}\n")
    assert found.registered == marks
    assert found.hooks == ("pytest_configure",)


def test_marks_of_plugins_are_known_when_the_plugins_can_be_read() -> None:
    """Plugins named by a conftest count like the conftest; one that is not there leaves the marks unknown."""
    plugin = "def pytest_configure(config):\n    config.addinivalue_line('markers', 'slow')\n"
    known = graph_of(conftest="pytest_plugins = ['tools', 'pytester']\n", tools=plugin, test_a="")
    assert marks_registered(loaded(known, "/p/test_a.py")) == frozenset({"slow"})

    unknown = graph_of(conftest="pytest_plugins = ['tools', 'company.tools']\n", tools=plugin, test_a="")
    assert loaded(unknown, "/p/test_a.py").unread == ("company.tools",)
    assert marks_registered(loaded(unknown, "/p/test_a.py")) is None


TEXT = """
import pytest
from pytest import mark as m
from unittest.mock import patch

pytestmark = [pytest.mark.module]

@m.outer
class TestA:
    pytestmark = pytest.mark.inner

    @m.own(1)
    @patch("a.b")
    def test_all(self, b): ...

    @something
    def test_unknown(self): ...

class TestB(Base):
    def test_inherited(self): ...
"""


@pytest.mark.parametrize(
    ("name", "marks"),
    [("test_all", {"module", "outer", "inner", "own"}), ("test_unknown", None), ("test_inherited", None)],
)
def test_marks_of_a_test_come_from_everything_around_it(name: str, marks: set[str] | None) -> None:
    """Function, classes and module count; what is not known makes the answer unknown."""
    model = SemanticModel(parse("/p/test_a.py", TEXT))
    [function] = [function for function in model.functions if function.name == name]
    assert mark_names(function, model, graph_of(test_a=TEXT)) == marks


@pytest.mark.parametrize(
    ("text", "idle"),
    [
        ("def tset_a(): ...\n", ("tset_a",)),
        ("def Test_a(): ...\nclass AccountTests: ...\n", ("AccountTests", "Test_a")),
        ("def tset_a(): ...\nx = tset_a\n", ()),
        ("def tset_a(): ...\ndef test_a(): ...\n", ()),
        ("def text_a(): ...\nclass BaseTests: ...\nclass TestA: ...\ndef test_b(): ...\n", ()),
    ],
)
def test_idle_names_look_like_tests_and_are_not_mentioned(text: str, idle: tuple[str, ...]) -> None:
    """Names that are used, that are other words, or that cannot be mended are left out."""
    assert summary_of("/p/test_a.py", text).idle == idle
    assert summary_of("/p/conftest.py", text).idle == ()
