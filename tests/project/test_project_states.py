"""Whatever happens in whatever order, the project knows what a fresh one would know of the final state."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from testlsp.builtin import all_rules
from testlsp.project.documents import Closed, Edited, OnDisk, Opened
from testlsp.project.project import Project
from testlsp.project.workspace import Folder

NAMES = ("conftest.py", "test_a.py", "sub/conftest.py", "sub/test_b.py", "helpers.py")
PIECES = (
    "import os\nimport pytest\n\n",
    "from helpers import *\n",
    "@pytest.fixture(scope='session')\ndef prices():\n    return {1: 2}\n\n",
    "@pytest.fixture\ndef prices():\n    return {1: 2}\n\n",
    "@pytest.fixture(scope='module')\ndef shop(prices):\n    return [prices]\n\n",
    "def test_one(prices):\n    prices[1] = 3\n    assert len(prices) == 1\n\n",
    "def test_two(prices, shop):\n    assert prices == {1: 2}  # noqa\n\n",
    "def test_env(client):\n    os.environ['A'] = 'b'\n    assert client.get() == 1\n\n",
    "def test_quiet(client):\n    os.environ['A'] = 'b'  # testlsp: ignore[TL101] -- 🎈\n    client.get()\n\n",
    "class TestIt:\n    def test_x(self, shop):\n        shop.append(1)\n        assert shop[0] == 1\n\n",
    "def broken(:\n",
    "    pass\n",
    "x = '''\n",
    "# a comment\n",
    "\r\n",
)
SNIPPETS = (
    "",
    "\n",
    " ",
    "#",
    "'",
    '"""',
    "(",
    ")",
    "\\",
    "\r",
    ":",
    "x",
    "# c",
    "  # noqa",
    "    pass\n",
    "é🎈",
    "def f():\n",
    "@",
    *PIECES,
)
CONFIGS = (
    "",
    "[tool.testlsp]\nignore = ['TL101']\n",
    "[tool.testlsp]\nselect = ['ALL']\n",
    "[tool.pytest.ini_options]\npython_files = ['*_b.py']\n",
)

texts = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)


def told(project: Project, path: str) -> list[object]:
    """Return the findings of *path* as plain values."""
    state = project.lint(path)
    assert state is not None
    found = [
        (one.code, one.message, one.range, one.severity.value, one.ordinal, [fix.title for fix in one.fixes])
        for one in state.findings.diagnostics
    ]
    return [*found, *sorted((one.code, by.range) for one, by in state.findings.suppressed)]


class Sessions(RuleBasedStateMachine):
    """Opens, edits, saves, closes and changes behind the editor's back."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="testlsp"))
        (self.root / "sub").mkdir()
        (self.root / "pyproject.toml").write_text("")
        self.project = self.fresh()

    def teardown(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.root)

    def fresh(self) -> Project:
        """Return a project without history; no plugins are read, which would take most of the time."""
        return Project(all_rules(), [Folder(str(self.root), {"python": str(self.root / "none")})])

    def path(self, name: str) -> str:
        return str(self.root / name)

    @initialize(first=texts, second=texts)
    def write_some(self, first: str, second: str) -> None:
        """Begin with a conftest and a test file on disk."""
        self.changed_on_disk("conftest.py", first)
        self.changed_on_disk("test_a.py", second)

    @rule(name=st.sampled_from(NAMES), text=st.none() | texts)
    def open(self, name: str, text: str | None) -> None:
        """Open a file, as it is on disk or as something else."""
        path = self.path(name)
        if path in self.project.documents:
            return
        on_disk = Path(path).read_bytes().decode() if Path(path).exists() else ""
        self.project.apply(Opened(path, on_disk if text is None else text, 1))

    @precondition(lambda self: self.project.documents)
    @rule(data=st.data(), count=st.integers(1, 4), look=st.booleans())
    def edit(self, data: st.DataObject, count: int, look: bool) -> None:
        """Edit an open file several times, and look at it in between or not."""
        path = data.draw(st.sampled_from(sorted(self.project.documents)))
        for _ in range(count):
            document = self.project.documents[path]
            length = len(document.lines.text)
            start = data.draw(st.integers(0, length))
            end = data.draw(st.integers(start, min(length, start + 12)))
            new = data.draw(st.sampled_from(SNIPPETS))
            self.project.apply(Edited(path, start, end, new, document.version + 1))
            if look:
                self.project.analyse(path)

    @precondition(lambda self: self.project.documents)
    @rule(data=st.data())
    def save(self, data: st.DataObject) -> None:
        """Save an open file."""
        path = data.draw(st.sampled_from(sorted(self.project.documents)))
        Path(path).write_bytes(self.project.documents[path].lines.text.encode())
        self.project.apply(OnDisk((path,)))

    @precondition(lambda self: self.project.documents)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        """Close an open file; what is on disk counts again."""
        self.project.apply(Closed(data.draw(st.sampled_from(sorted(self.project.documents)))))

    @rule(name=st.sampled_from(NAMES), text=texts)
    def changed_on_disk(self, name: str, text: str) -> None:
        """Something else writes a file."""
        Path(self.path(name)).write_bytes(text.encode())
        self.project.apply(OnDisk((self.path(name),)))

    @rule(name=st.sampled_from(NAMES))
    def deleted(self, name: str) -> None:
        """Something else removes a file."""
        Path(self.path(name)).unlink(missing_ok=True)
        self.project.apply(OnDisk((self.path(name),)))

    @rule(text=st.sampled_from(CONFIGS))
    def configured(self, text: str) -> None:
        """The settings change."""
        (self.root / "pyproject.toml").write_text(text)
        self.project.refresh_settings()

    @invariant()
    def like_a_fresh_one(self) -> None:
        """A project that is told the final state only has the same findings."""
        fresh = self.fresh()
        for path, document in self.project.documents.items():
            fresh.apply(Opened(path, document.lines.text, document.version))
        for path in fresh.documents:
            fresh.analyse(path)  # what each says must be known before anything is compared
        for path in self.project.documents:
            self.project.analyse(path)
        on_disk = [self.path(name) for name in NAMES if (self.root / name).exists()]
        for project in (fresh, self.project):
            for path in on_disk:
                project.lint(path)
        for path in sorted({*self.project.documents, *on_disk}):
            assert told(self.project, path) == told(fresh, path), path


TestSessions = Sessions.TestCase
TestSessions.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def test_the_cost_of_opening_a_file_says_nothing_about_the_next_edit(tmp_path: Path) -> None:
    """Who waited as long as the last analysis took would wait for the first key as long as for the whole file."""
    path = str(tmp_path / "test_a.py").replace("\\", "/")
    project = Project(all_rules(), [Folder(str(tmp_path))])
    project.apply(Opened(path, "".join(PIECES[:6]), 1))
    project.analyse(path)
    document = project.documents[path]
    assert document.cost == 0
    project.apply(Edited(path, 0, 0, "import sys\n", 2))
    project.analyse(path)
    assert document.cost > 0
