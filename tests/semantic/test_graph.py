"""What the fixture graph answers beyond pytest's own question: users, dependents, files it wants, and changes."""

from __future__ import annotations

import importlib
import json
import time

import pytest
from testlsp.semantic import Collection, FileRole, SemanticModel
from testlsp.semantic.builtins import PYTEST_FIXTURES, plugin_fixtures
from testlsp.semantic.fixtures import Fixture
from testlsp.semantic.graph import FixtureGraph, Site
from testlsp.semantic.modules import Root
from testlsp.semantic.summary import FileSummary, summarise
from testlsp.syntax import parse
from testlsp.text import TextRange

PROJECT = {
    "/p/conftest.py": """
import pytest
from tests.kit import client

@pytest.fixture(scope="session")
def db(tmp_path_factory):
    yield 1

@pytest.fixture
async def app(db): ...
""",
    "/p/tests/kit.py": "import pytest\n@pytest.fixture\ndef client(app): pass\n@pytest.fixture\ndef spare(): pass\n",
    "/p/tests/base.py": "class Base:\n    def test_inherited(self, client): pass\n",
    "/p/tests/test_a.py": """
import pytest
from tests.base import Base
from tests.kit import spare as other

@pytest.fixture
def db(db): return db

class TestA(Base):
    @pytest.mark.usefixtures("app")
    def test_a(self, db, other): pass

@pytest.mark.parametrize("db", [1])
def test_shadowed(db): pass

@pytest.mark.parametrize("app", [1], indirect=True)
def test_indirect(app): pass

def test_dynamic(request):
    request.getfixturevalue("client")
""",
    "/p/tests/test_b.py": "def test_b(db, unheard_of): pass\n",
}
ROOT = Root("/p", usefixtures=("app",))


def summary_of(path: str, text: str) -> FileSummary:
    source = parse(path, text)
    return summarise(source, SemanticModel(source))


def graph_of(files: dict[str, str] = PROJECT, *roots: Root) -> FixtureGraph:
    return FixtureGraph([summary_of(path, text) for path, text in files.items()], roots or (ROOT,))


def named(graph: FixtureGraph, path: str, name: str) -> Fixture:
    return next(fixture for fixture in graph.summaries[path].fixtures if fixture.name == name)


def users(graph: FixtureGraph, fixture: Fixture) -> set[tuple[str, str, str]]:
    return {(user.site.function or user.site.path, user.kind, user.how) for user in graph.users(fixture)}


def test_unknown_names_stay_unknown() -> None:
    """A name that nobody is known to define resolves to nothing and is listed as unknown."""
    graph = graph_of()
    site = Site("/p/tests/test_b.py", (), "test_b")
    assert graph.resolve("unheard_of", site) is None
    assert graph.visible("unheard_of", site) == ()
    assert graph.closure(site).unknown == ("unheard_of",)


def test_skip_gives_the_overridden_one() -> None:
    """Skipping the most specific definition gives the one it overrides, and nothing when there is none."""
    graph = graph_of()
    site = Site("/p/tests/test_a.py")
    found = [graph.resolve("db", site, skip) for skip in range(3)]
    assert [fixture and fixture.path for fixture in found] == ["/p/tests/test_a.py", "/p/conftest.py", None]


def test_closure_lists_what_runs() -> None:
    """A test runs both definitions of an overridden fixture that asks for itself, and what getfixturevalue names."""
    graph = graph_of()
    closure = graph.closure(Site("/p/tests/test_a.py", ("TestA",), "test_a"))
    ran = [(fixture.name, fixture.path) for fixture in closure]
    assert {("db", "/p/tests/test_a.py"), ("db", "/p/conftest.py"), ("other", "/p/tests/kit.py")} <= set(ran)
    dynamic = graph.closure(Site("/p/tests/test_a.py", (), "test_dynamic"))
    assert set(dynamic.extra) == {"client"}
    assert "client" in {fixture.name for fixture in dynamic}
    assert not dynamic.opaque


def test_closure_of_a_fixture() -> None:
    """A fixture's closure holds what it asks for, its own name meaning the definition it overrides."""
    graph = graph_of()
    closure = graph.closure(Site("/p/tests/test_a.py", (), "db"))
    assert [fixture.path for fixture in closure if fixture.name == "db"] == ["/p/conftest.py"]


def test_inherited_test_is_seen_from_the_class_that_collects_it() -> None:
    """A test that a class inherits from another file sees the fixtures of the inheriting module."""
    closure = graph_of().closure(Site("/p/tests/test_a.py", ("TestA",), "test_inherited"))
    assert [fixture.path for fixture in closure.definitions["db"]] == ["/p/conftest.py", "/p/tests/test_a.py"]


def test_users_are_found_across_files() -> None:
    """Users are those who get this very definition: by parameter, mark, indirectly, literal name or setting."""
    graph = graph_of()
    assert users(graph, named(graph, "/p/conftest.py", "db")) == {
        ("app", "fixture", "parameter"),
        ("db", "fixture", "parameter"),
        ("test_b", "test", "parameter"),
    }
    assert users(graph, named(graph, "/p/tests/test_a.py", "db")) == {("test_a", "test", "parameter")}
    assert users(graph, named(graph, "/p/conftest.py", "app")) == {
        ("client", "fixture", "parameter"),
        ("test_a", "test", "usefixtures"),
        ("test_indirect", "test", "indirect"),
        ("test_indirect", "test", "parameter"),
        ("/p", "root", "usefixtures"),
    }
    assert users(graph, named(graph, "/p/tests/kit.py", "client")) == {
        ("test_dynamic", "test", "getfixturevalue"),
        ("test_inherited", "test", "parameter"),
    }
    assert users(graph, named(graph, "/p/tests/kit.py", "spare")) == {("test_a", "test", "parameter")}


def test_dependents_follow_conftests_imports_and_plugins() -> None:
    """A conftest reaches all below it, a module those that import it and what they reach, a test module nobody."""
    graph = graph_of()
    everything = set(PROJECT)
    assert graph.dependents("/p/conftest.py") == everything - {"/p/conftest.py"}
    assert graph.dependents("/p/tests/kit.py") == everything - {"/p/tests/kit.py"}
    assert graph.dependents("/p/tests/base.py") == {"/p/tests/test_a.py"}
    assert graph.dependents("/p/tests/test_a.py") == frozenset()
    plugin = {"/site/acme.py": "", "/p/test_a.py": "", "/q/test_b.py": ""}
    roots = (Root("/p", plugins=("acme",), site=("/site",)), Root("/q"))
    assert graph_of(plugin, *roots).dependents("/site/acme.py") == {"/p/test_a.py"}


def test_wanted_names_files_to_read() -> None:
    """The graph asks for conftests, imported test modules and plugins it has not seen, and not for application code."""
    text = (
        "from app.models import User\nfrom tests.kit import db\nimport os\nfrom .near import *\ndef test_a(db): pass\n"
    )
    root = Root("/p", plugins=("acme.plugin",), site=("/site",), pythonpath=("/p/src",))
    graph = graph_of({"/p/tests/test_a.py": text, "/p/conftest.py": ""}, root)
    groups = graph.wanted("/p/tests/test_a.py")
    assert ("/p/tests/conftest.py",) in groups
    assert ("/p/conftest.py",) not in groups
    assert any("/p/tests/kit.py" in group and "/p/src/tests/kit.py" in group for group in groups)
    assert ("/p/tests/near.py", "/p/tests/near/__init__.py") in [group[:2] for group in groups]
    assert any("/site/acme/plugin.py" in group for group in groups)
    places = {place for group in groups for place in group}
    assert not {"/p/app/models.py", "/p/src/app/models.py", "/p/tests/os.py"} & places


def test_conftest_chain_ends_at_the_root() -> None:
    """Conftests above the root directory are not loaded, unless confcutdir says so."""
    files = dict.fromkeys(("/conftest.py", "/p/conftest.py", "/p/a/b/conftest.py", "/p/c/conftest.py"), "")
    graph = graph_of(files, Root("/p"))
    assert graph.conftest_chain("/p/a/b/test_x.py") == ("/p/conftest.py", "/p/a/b/conftest.py")
    cut = graph_of(files, Root("/p", confcutdir="/p/a"))
    assert cut.conftest_chain("/p/a/b/test_x.py") == ("/p/a/b/conftest.py",)


def test_summary_survives_json() -> None:
    """A summary written as JSON and read again is equal to what it was."""
    for path, text in PROJECT.items():
        summary = summary_of(path, text)
        assert FileSummary.from_data(json.loads(json.dumps(summary.to_data()))) == summary


def test_summary_has_no_position() -> None:
    """Moving code about and changing bodies leaves the summary equal; a new parameter does not."""
    text = PROJECT["/p/tests/test_a.py"]
    before = summary_of("/p/tests/test_a.py", text)
    moved = "# a comment\n\n" + text.replace("return db", "return [db, 1]")
    assert summary_of("/p/tests/test_a.py", moved) == before
    assert summary_of("/p/tests/test_a.py", text.replace("(self, db, other)", "(self, db)")) != before


def test_unchanged_statements_are_not_read_again() -> None:
    """After an edit only the statement under the cursor is read for the summary, whatever new names it binds."""
    source = parse("/p/test_x.py", "import pytest\n@pytest.fixture\ndef db(): pass\ndef test_a(db): pass\n")
    first = summarise(source, SemanticModel(source))
    at = source.text.index("test_a") + 6
    edited = source.edited(TextRange(at, at), "b")
    second = summarise(edited, SemanticModel(edited))
    assert second.fixtures == first.fixtures
    assert edited.statements[1].memo["facts"] is source.statements[1].memo["facts"]
    assert [test.name for test in second.tests] == ["test_ab"]


def test_changed_meaning_of_an_import_is_noticed() -> None:
    """A decorator that comes to mean something else changes statements whose text stayed the same."""
    text = "from pytest import fixture\n@fixture\ndef db(): pass\n"
    source = parse("/p/test_x.py", text)
    assert summarise(source, SemanticModel(source)).fixtures
    edited = source.edited(TextRange(5, 11), "factory")
    assert summarise(edited, SemanticModel(edited)).fixtures == ()


def test_collection_settings_decide_what_is_a_test() -> None:
    """``python_functions`` says which functions are tests, also for a file that was read with other settings."""
    source = parse("/p/test_x.py", "def check_a(db): pass\n")
    collection = Collection(("check",), ("Test",))
    assert summarise(source, SemanticModel(source)).tests == ()
    assert summarise(source, SemanticModel(source, FileRole.TEST_MODULE, collection)).tests[0].name == "check_a"


def test_a_change_gives_a_graph_like_a_fresh_one() -> None:
    """After any change of one file, the graph that shares old answers equals one made from nothing."""
    changes: dict[str, list[str | None]] = {
        "/p/conftest.py": [PROJECT["/p/conftest.py"].replace('scope="session"', "autouse=True"), "", None],
        "/p/tests/kit.py": ["import pytest\n@pytest.fixture\ndef client(db): pass\n", "", None],
        "/p/tests/base.py": ["class Base:\n    def test_inherited(self, app): pass\n", None],
        "/p/tests/test_a.py": [PROJECT["/p/tests/test_a.py"].replace("def db(db)", "def db()"), "", None],
        "/p/tests/conftest.py": ["import pytest\n@pytest.fixture\ndef db(): pass\n"],
    }
    for path, texts in changes.items():
        for text in texts:
            graph = graph_of()
            answers(graph)
            files = {**PROJECT, path: text} if text is not None else {k: v for k, v in PROJECT.items() if k != path}
            changed = graph.with_summary(path, summary_of(path, text) if text is not None else None)
            assert answers(changed) == answers(graph_of(files)), (path, text)
            assert answers(graph) == answers(graph_of())


def answers(graph: FixtureGraph) -> dict[str, object]:
    found: dict[str, object] = {}
    for path, summary in graph.summaries.items():
        found[path] = (graph.dependents(path), graph.wanted(path), graph.conftest_chain(path))
        for test in summary.tests:
            closure = graph.closure(Site(path, test.owner, test.name))
            found[f"{path} {test.owner} {test.name}"] = (closure.initial, dict(closure.definitions), closure.active)
        for fixture in summary.fixtures:
            found[f"{path} {fixture.name}"] = frozenset(graph.users(fixture))
    return found


def test_equal_summary_gives_the_same_graph() -> None:
    """Nothing is made anew when a file still says the same."""
    graph = graph_of()
    assert (
        graph.with_summary("/p/tests/test_b.py", summary_of("/p/tests/test_b.py", PROJECT["/p/tests/test_b.py"]))
        is graph
    )


def test_unknown_plugin_source_falls_back_to_the_table() -> None:
    """Of a well-known plugin whose source is not found at least names and scopes are known; of others nothing."""
    graph = graph_of({"/p/test_a.py": ""}, Root("/p", plugins=("pytest_mock", "never_heard_of")))
    assert graph.names(Site("/p/test_a.py"))["session_mocker"].scope == "session"
    assert graph.resolve("never_heard_of", Site("/p/test_a.py")) is None
    assert plugin_fixtures("never_heard_of") == []


def test_circular_imports_and_bases_end() -> None:
    """Modules that import each other and classes that inherit from each other are followed once."""
    files = {
        "/p/conftest.py": "from tests.a import *\nfrom tests.b import *\n",
        "/p/tests/a.py": "import pytest\nfrom tests.b import *\nfrom .b import two\n@pytest.fixture\ndef one(): pass\n",
        "/p/tests/b.py": "import pytest\nfrom tests.a import *\nfrom .a import one\n@pytest.fixture\ndef two(): pass\n",
        "/p/tests/test_c.py": "class TestA(TestB):\n    def test_a(self, one, two): pass\nclass TestB(TestA): pass\n",
    }
    graph = graph_of(files, Root("/p"))
    assert graph.closure(Site("/p/tests/test_c.py", ("TestA",), "test_a")).unknown == ()
    assert "/p/conftest.py" in graph.dependents("/p/tests/a.py")


def test_table_of_pytest_is_complete() -> None:
    """The table of pytest's own fixtures is what the pytest that runs this test registers, with the same scopes."""
    pytest.importorskip("_pytest.subtests", reason="the table is that of pytest 9")
    registered = {"request": "function"}
    modules = "cacheprovider capture doctest fixtures junitxml legacypath logging monkeypatch recwarn subtests tmpdir"
    for name in modules.split():
        module = importlib.import_module(f"_pytest.{name}")
        for holder in (module, getattr(module, "LegacyTmpdirPlugin", None)):
            for bound, value in vars(holder).items() if holder else ():
                marker = getattr(getattr(value, "__func__", value), "_fixture_function_marker", None)
                if marker is not None:
                    registered[marker.name or bound] = marker.scope
    assert {fixture.name: fixture.scope for fixture in PYTEST_FIXTURES} == registered


def test_two_thousand_files_are_quick() -> None:
    """Making the graph and asking for every test of 2,000 files stays far below what a user would notice."""
    text = "import pytest\nfrom tests.kit import other\n" + "".join(
        f"def test_{number}(db, client, tmp_path): pass\n" for number in range(20)
    )
    model = summary_of("/p/tests/test_0.py", text)
    kit = summary_of("/p/tests/kit.py", PROJECT["/p/tests/kit.py"])
    conftest = summary_of("/p/conftest.py", PROJECT["/p/conftest.py"])
    summaries = [model._replace(path=f"/p/tests/d{number % 40}/test_{number}.py") for number in range(2000)]
    started = time.process_time()
    graph = FixtureGraph([conftest, kit, *summaries], (ROOT,))
    made = time.process_time()
    assert len(graph.users(conftest.fixtures[0])) == 40_001
    assert len(graph.dependents("/p/tests/kit.py")) == 2001
    asked = time.process_time()
    changed = graph.with_summary(summaries[0].path, summaries[0]._replace(tests=()))
    assert changed is not graph
    ended = time.process_time()
    assert made - started < 0.5
    assert asked - made < 5
    assert ended - asked < 0.5


def test_project_installed_in_place_keeps_its_conftests() -> None:
    """An editable install puts the project's own folder among the installed ones; its tests are still its tests."""
    files = {"/p/tests/conftest.py": PROJECT["/p/conftest.py"], "/p/tests/test_a.py": "def test_a(db): pass\n"}
    for site in ("/p", "/p/src", "/"):
        graph = graph_of(files, Root("/p", site=("/v/site-packages", site)))
        found = graph.resolve("db", Site("/p/tests/test_a.py"))
        assert found is not None, site
        assert found.path == "/p/tests/conftest.py"


def test_anyio_mark_counts_for_async_tests() -> None:
    """Anyio's plugin lets marked ``async def`` tests use its backend fixture, so an override of it is in use."""
    files = {
        "/p/conftest.py": "import pytest\n@pytest.fixture\ndef anyio_backend(): return 'asyncio'\n",
        "/p/test_a.py": "import pytest\npytestmark = pytest.mark.anyio\nasync def test_a(): pass\ndef test_b(): pass\n",
    }
    graph = graph_of(files, Root("/p"))
    assert [fixture.name for fixture in graph.closure(Site("/p/test_a.py", (), "test_a"))] == ["anyio_backend"]
    assert len(graph.closure(Site("/p/test_a.py", (), "test_b"))) == 0
    assert graph.users(graph.summaries["/p/conftest.py"].fixtures[0]) != ()
