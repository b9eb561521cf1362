"""Compares the static fixture graph with what pytest resolved (see `fixture_oracle`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from testlsp.semantic import Collection, FileRole, SemanticModel
from testlsp.semantic.fixtures import Fixture
from testlsp.semantic.graph import FixtureGraph, Site
from testlsp.semantic.modules import Root
from testlsp.semantic.plugins import chosen_plugins, editable_directories, installed_plugins
from testlsp.semantic.summary import FileSummary, summarise
from testlsp.syntax import parse

# What pytest makes of ``setup_method`` and its like, and of the event loop, without a function somebody wrote.
_MADE_UP = ("_xunit_", "_unittest_", "xunit_", "unittest_")


class Difference(NamedTuple):
    """One name that the two resolve differently for one test."""

    test: str
    name: str
    expected: Any
    found: Any


class Comparison(NamedTuple):
    """How many items, test functions and names were compared, and where the two differ."""

    items: int
    functions: int
    names: int
    differences: list[Difference]


class Disk:
    """Reads directories and files for `testlsp.semantic.plugins`."""

    def list_dir(self, path: str) -> list[str]:
        return sorted(os.listdir(path))

    def read_text(self, path: str) -> str:
        return Path(path).read_text(encoding="utf-8", errors="replace")


def ask_pytest(
    project: Path,
    python: str = sys.executable,
    arguments: tuple[str, ...] = (),
    site: tuple[str, ...] = (),
    installed: bool = True,
) -> dict[str, Any]:
    """Collect *project* with pytest and return what the oracle wrote.

    *site* are further directories of packages; *installed* says whether installed plugins are loaded.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "oracle.json")
        path = os.pathsep.join([str(Path(__file__).parent), *site])
        environment = {
            **os.environ,
            "FIXTURE_ORACLE": str(out),
            "PYTHONPATH": path,
            "ORACLE_SITE": ":".join(site),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        environment.pop("PYTEST_ADDOPTS", None)
        if not installed:
            environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        command = [python, "-m", "pytest", "--collect-only", "-q", "-p", "fixture_oracle", "-p", "no:cacheprovider"]
        run = subprocess.run(
            [*command, *arguments],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        if not out.exists():
            raise RuntimeError(f"pytest wrote nothing:\n{run.stdout[-4000:]}\n{run.stderr[-4000:]}")
        found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        found["installed"] = installed
        found["closing"] = run.stdout.strip().rpartition("\n")[2]
        return found


def static_graph(oracle: dict[str, Any]) -> FixtureGraph:
    """Return the graph of the files that pytest collected and of those the graph asks for."""
    sites = [place for given in oracle["site"] for place in (given, *editable_directories(given, Disk()))]
    points = installed_plugins(sites, Disk()) if oracle["installed"] else ()
    plugins = chosen_plugins(points, [*oracle["addopts"], "-p", "no:cacheprovider"])
    root = Root(
        oracle["root"],
        oracle["confcutdir"],
        tuple(oracle["pythonpath"]),
        tuple(oracle["usefixtures"]),
        plugins,
        tuple(sites),
    )
    collection = Collection(tuple(oracle["python_functions"]), tuple(oracle["python_classes"]))
    summaries: dict[str, FileSummary] = {}
    pending = sorted({item["path"] for item in oracle["items"]})
    while pending:
        for path in pending:
            text = Path(path).read_text(encoding="utf-8", errors="replace")
            source = parse(path, text)
            summaries[path] = summarise(source, SemanticModel(source, FileRole.TEST_MODULE, collection))
        graph = FixtureGraph(summaries, [root])
        groups = [next((place for place in group if os.path.isfile(place)), None) for group in graph.missing()]
        pending = sorted({place for place in groups if place and place not in summaries})
    return graph


def compare(oracle: dict[str, Any], graph: FixtureGraph) -> Comparison:
    """Compare every test function that pytest collected: same names in the closure, same definitions of each."""
    differences: list[Difference] = []
    seen: set[str] = set()
    names = 0
    for item in oracle["items"]:
        site = Site(item["path"], tuple(item["chain"]), item["function"])
        label = "::".join([os.path.relpath(site.path, oracle["root"]), *site.chain, site.function or ""])
        key = label + json.dumps(item["definitions"], sort_keys=True)
        if key in seen:
            continue
        seen.add(key)
        expected = {name: found for name, found in item["definitions"].items() if not name.startswith(_MADE_UP)}
        if graph.test_at(site) is None:
            differences.append(Difference(label, "(the test itself)", "collected", "not found"))
            continue
        closure = graph.closure(site)
        for name in sorted(expected.keys() | closure.definitions.keys()):
            if name == "request":
                continue
            names += 1
            wanted: Any = "not asked for"
            if name in expected:
                wanted = [_told(found) for found in expected[name] if not found["direct"]]
            got: Any = "not asked for"
            if name in closure.definitions:
                got = [_known(found) for found in closure.definitions[name]]
            if not _equal(wanted, got):
                differences.append(Difference(label, name, wanted, got))
    functions = len({(item["path"], tuple(item["chain"]), item["function"]) for item in oracle["items"]})
    return Comparison(len(oracle["items"]), functions, names, differences)


def _told(found: dict[str, Any]) -> tuple[str, str, str, bool]:
    path = found["path"]
    inside = f"{os.sep}_pytest{os.sep}" in path and not path.endswith("pytester.py")
    return ("<pytest>" if inside else os.path.realpath(path), found["function"], found["scope"], found["autouse"])


def _known(fixture: Fixture) -> tuple[str, str, str | None, bool]:
    if fixture.path.startswith("<"):
        return (fixture.path, fixture.function, fixture.scope, fixture.autouse)
    # Of ``name = pytest.fixture(function)`` the graph knows the name, pytest the function.
    written = f"def {fixture.function}(" in Path(fixture.path).read_text(encoding="utf-8", errors="replace")
    return (
        os.path.realpath(fixture.path),
        fixture.function if written else "(called)",
        fixture.scope,
        fixture.autouse,
    )


def _equal(wanted: Any, got: Any) -> bool:
    """Whether the lists agree; an unknown scope agrees with any, and the table of plugins knows no files."""
    if isinstance(wanted, str) or isinstance(got, str):
        return bool(wanted == got)
    return len(wanted) == len(got) and all(
        (theirs[0] == ours[0] or ours[0].startswith("<"))
        and (theirs[1] == ours[1] or ours[1] == "(called)" or ours[0].startswith("<"))
        and (theirs[2] == ours[2] or ours[2] is None)
        for theirs, ours in zip(wanted, got, strict=True)
    )
