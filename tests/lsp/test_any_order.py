"""Whatever happens in whatever order, a server says of the final state what a fresh one says.

One server process serves a whole class of examples. At the end of each, what it has published for the open files is
compared with what a second process says that learns only the final state: it opens the folder, then the files. Each
folder is forgotten after its example.

`TESTLSP_ORDERS` is the number of examples (12 if it is not set); set it to some thousands for a long search.
"""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

ORDERS = int(os.environ.get("TESTLSP_ORDERS", "12"))
PATIENCE = 30.0
PATIENCE_FOR_FINDINGS = 2.0
UNIT = "utf-16-le"

FILES = ("conftest.py", "test_a.py", "test_c.py", "sub/conftest.py", "sub/test_b.py", "helpers.py")
PIECES = (
    "import os\nimport pytest\n\n",
    "from helpers import *\n",
    "@pytest.fixture(scope='session')\ndef prices():\n    return {1: 2}\n\n",
    "@pytest.fixture\ndef prices():\n    return {1: 2}\n\n",
    "@pytest.fixture(scope='module')\ndef shop(prices):\n    return [prices]\n\n",
    "def test_one(prices):\n    prices[1] = 3\n    assert len(prices) == 1\n\n",
    "def test_two(prices, shop):\n    assert prices == {1: 2}  # noqa\n\n",
    "def test_env(client):\n\tx = '🎈é'; os.environ['A'] = 'b'\n\tassert client.get(x) == 1\n\n",
    "def test_crlf(client):\r\n    os.environ['A'] = 'b'\r\n    assert client.get() == 1\r\n\r\n",
    "def test_quiet(client):\n    os.environ['A'] = 'b'  # testlsp: ignore[TL101] -- 🎈\n    client.get()\n\n",
    "class TestIt:\n    def test_x(self, shop):\n        shop.append(1)\n        assert shop[0] == 1\n\n",
    "def broken(:\n",
    "    pass\n",
    "x = '''\n",
    "# a comment\n",
    "\r\n",
)
TYPED = ("", "\n", " ", "\t", "#", "'", '"""', "(", ")", "\\", "\r", ":", "x", "# c", "  # noqa", "é🎈", "@", *PIECES)
BROKEN = "[tool.testlsp]\nseverity = 3\n"
CONFIGS = (
    "",
    "[tool.testlsp]\nignore = ['TL101']\n",
    "[tool.testlsp]\nselect = ['ALL']\n",
    BROKEN,
    "[tool.pytest.ini_options]\npython_files = ['*_b.py']\n",
)
CONFTEST = "".join(PIECES[number] for number in (0, 2))
TESTS = "".join(PIECES[number] for number in (0, 5, 10))
"""A test changes the value of a fixture that the other gets: what is said of it depends on the scope elsewhere."""
OTHER = "def test_more(prices):\n    assert prices == {1: 2}\n"
pieces = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)
texts = st.sampled_from([CONFTEST, CONFTEST.replace("'session'", "'function'"), TESTS, OTHER]) | pieces


class Client:
    """A server process, spoken to in plain messages, and what it published last for each address."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "testlsp.lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.inbox: queue.Queue[dict[str, Any] | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.published: dict[str, Any] = {}
        self.log: list[str] = []
        self.indexing = False
        self._numbers = count(1)
        capabilities = {
            "workspace": {"workspaceFolders": True, "didChangeWatchedFiles": {"dynamicRegistration": False}},
            "textDocument": {"publishDiagnostics": {"versionSupport": True, "relatedInformation": True}},
        }
        # No plugins of an environment are read, which would take most of the time.
        settings = {"python": "/none"}
        introduction = {"rootUri": None, "capabilities": capabilities, "initializationOptions": settings}
        self.ask("initialize", {"processId": os.getpid(), **introduction})
        self.tell("initialized", {})

    def _read(self) -> None:
        assert self.process.stdout is not None
        while True:
            length = 0
            while line := self.process.stdout.readline().strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if not length:
                self.inbox.put(None)
                return
            self.inbox.put(json.loads(self.process.stdout.read(length)))

    def send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def tell(self, method: str, params: Any) -> None:
        self.send({"method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        number = next(self._numbers)
        self.send({"id": number, "method": method, "params": params})
        answer: dict[str, Any] = {}

        def answered(message: dict[str, Any]) -> bool:
            nonlocal answer
            if message.get("id") == number and "method" not in message:
                answer = message
            return bool(answer)

        self.until(answered)
        assert "error" not in answer, answer
        return answer.get("result")

    def until(self, wanted: Any) -> None:
        """Take in messages until one is *wanted*."""
        end = monotonic() + PATIENCE
        while True:
            message = self.inbox.get(timeout=max(0.01, end - monotonic()))
            assert message is not None, f"the server is gone: {self.log}"
            method, params = message.get("method"), message.get("params") or {}
            if method == "textDocument/publishDiagnostics":
                self.published[params["uri"]] = params
            elif method == "window/logMessage" and params["type"] == 1:
                self.log.append(params["message"])
            elif method == "testlsp/status":
                self.indexing = params["state"] != "ready"
            elif method is not None and "id" in message:
                self.send({"id": message["id"], "result": None})
            if wanted(message):
                return

    def settle(self) -> None:
        """Return when the server has taken in what it was told, has read the folder, and has had time to say so."""
        for _ in range(2):
            while True:
                self.ask("workspace/executeCommand", {"command": "testlsp.showIndex", "arguments": ["file:///none.py"]})
                if not self.indexing:
                    break
                self.until(lambda message: not self.indexing)
        assert not self.log, self.log

    def listen(self) -> None:
        """Take in what has arrived."""
        sleep(0.01)
        while not self.inbox.empty():
            self.until(lambda message: True)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            with suppress(BrokenPipeError):
                stream.close()


def columns(text: str, offset: int) -> dict[str, int]:
    """Return the position of *offset*, its column in UTF-16 units."""
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    return {"line": before.count("\n"), "character": len(before.rpartition("\n")[2].encode(UNIT)) // 2}


class Orders(RuleBasedStateMachine):
    """Opens, edits, saves, closes, and changes behind the editor's back."""

    clients: tuple[Client, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        if not self.clients:
            type(self).clients = (Client(), Client())
        self.root = Path(tempfile.mkdtemp(prefix="testlsp")).resolve()
        (self.root / "sub").mkdir()
        self.server, self.fresh = self.clients
        self.open_files: dict[str, str] = {}
        self.versions: dict[str, int] = {}

    # -- what happens ------------------------------------------------------------------------------------------------

    @initialize(more=pieces, config=st.sampled_from(("", *CONFIGS)))
    def begin(self, more: str, config: str) -> None:
        """Begin with a conftest, test files and settings on disk, and one of the tests open."""
        begun = {"conftest.py": CONFTEST, "test_a.py": TESTS + more, "test_c.py": OTHER, "pyproject.toml": config}
        for name, text in begun.items():
            (self.root / name).write_bytes(text.encode())
        self.folders(self.server, added=True)
        self.open("test_a.py", None)

    @rule(name=st.sampled_from(FILES), text=st.none() | texts)
    def open(self, name: str, text: str | None) -> None:
        """Open a file, as it is on disk or with what was not saved before."""
        if name in self.open_files:
            return
        path = self.root / name
        on_disk = path.read_bytes().decode() if path.exists() else ""
        self.open_files[name] = on_disk if text is None else text
        self.versions[name] = self.versions.get(name, 0) + 1
        self.tell_open(self.server, name)

    @precondition(lambda self: self.open_files)
    @rule(data=st.data(), changes=st.integers(1, 4), whole=st.sampled_from([False] * 7 + [True]))
    def edit(self, data: st.DataObject, changes: int, whole: bool) -> None:
        """Edit an open file in several places with one notification, each change upon the one before."""
        name = data.draw(st.sampled_from(sorted(self.open_files)))
        text, told = self.open_files[name], []
        for _ in range(changes):
            start = data.draw(st.integers(0, len(text)))
            end = data.draw(st.integers(start, min(len(text), start + 12)))
            new = data.draw(st.sampled_from(TYPED))
            if text[start - 1 : start + 1] == "\r\n" or text[end - 1 : end + 1] == "\r\n":
                continue  # no position names the place between the two
            where = {"start": columns(text, start), "end": columns(text, end)}
            text = text[:start] + new + text[end:]
            told.append({"text": text} if whole else {"range": where, "text": new})
        self.open_files[name] = text
        self.versions[name] += 1
        identifier = {"uri": self.uri(name), "version": self.versions[name]}
        self.server.tell("textDocument/didChange", {"textDocument": identifier, "contentChanges": told})

    @precondition(lambda self: self.open_files)
    @rule(data=st.data(), new=st.sampled_from(["'session'", "'function'", "shop", "prices", "items"]))
    def renamed_within(self, data: st.DataObject, new: str) -> None:
        """A name or a scope in an open file becomes another one."""
        name = data.draw(st.sampled_from(sorted(self.open_files)))
        text = self.open_files[name]
        found = list(re.finditer(r"'session'|'function'|\bshop\b|\bprices\b|\bitems\b", text))
        if not found:
            return
        start, end = data.draw(st.sampled_from(found)).span()
        where = {"start": columns(text, start), "end": columns(text, end)}
        self.open_files[name] = text[:start] + new + text[end:]
        self.versions[name] += 1
        identifier = {"uri": self.uri(name), "version": self.versions[name]}
        changes = [{"range": where, "text": new}]
        self.server.tell("textDocument/didChange", {"textDocument": identifier, "contentChanges": changes})

    @precondition(lambda self: self.open_files)
    @rule(data=st.data())
    def save(self, data: st.DataObject) -> None:
        """Save an open file."""
        name = data.draw(st.sampled_from(sorted(self.open_files)))
        (self.root / name).write_bytes(self.open_files[name].encode())
        self.server.tell("textDocument/didSave", {"textDocument": {"uri": self.uri(name)}})

    @precondition(lambda self: self.open_files)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        """Close an open file; what is on disk counts again."""
        name = data.draw(st.sampled_from(sorted(self.open_files)))
        del self.open_files[name]
        self.server.tell("textDocument/didClose", {"textDocument": {"uri": self.uri(name)}})

    @rule(name=st.sampled_from(FILES), text=texts)
    def written(self, name: str, text: str) -> None:
        """Something else writes a file."""
        existed = (self.root / name).exists()
        (self.root / name).write_bytes(text.encode())
        self.watched((name, 2 if existed else 1))

    @rule(name=st.sampled_from(FILES))
    def deleted(self, name: str) -> None:
        """Something else removes a file."""
        (self.root / name).unlink(missing_ok=True)
        self.watched((name, 3))

    @rule(old=st.sampled_from(FILES), new=st.sampled_from(FILES), by_editor=st.booleans())
    def renamed(self, old: str, new: str, by_editor: bool) -> None:
        """A file that is not open gets the name of another one, in the editor or behind its back."""
        if old == new or old in self.open_files or not (self.root / old).exists():
            return
        (self.root / old).replace(self.root / new)
        if by_editor:
            files = [{"oldUri": self.uri(old), "newUri": self.uri(new)}]
            self.server.tell("workspace/didRenameFiles", {"files": files})
        else:
            self.watched((old, 3), (new, 1))

    @rule(text=st.sampled_from(CONFIGS))
    def configured(self, text: str) -> None:
        """The settings change."""
        (self.root / "pyproject.toml").write_bytes(text.encode())
        self.watched(("pyproject.toml", 2))

    @precondition(lambda self: self.open_files)
    @rule(data=st.data(), method=st.sampled_from(["codeAction", "hover", "diagnostic", "codeLens"]))
    def asked(self, data: st.DataObject, method: str) -> None:
        """Somebody asks something, which must leave no trace."""
        name = data.draw(st.sampled_from(sorted(self.open_files)))
        zero = {"line": 0, "character": 0}
        params: dict[str, Any] = {"textDocument": {"uri": self.uri(name)}, "position": zero}
        params |= {"range": {"start": zero, "end": {"line": 99, "character": 0}}, "context": {"diagnostics": []}}
        self.server.ask(f"textDocument/{method}", params)

    @rule(everything=st.booleans())
    def waited(self, everything: bool) -> None:
        """Nothing happens for a moment, so that the server gets something or *everything* done."""
        if everything:
            self.server.settle()
        else:
            sleep(0.005)

    # -- how it is told ----------------------------------------------------------------------------------------------

    def uri(self, name: str) -> str:
        return (self.root / name).as_uri()

    def folders(self, client: Client, added: bool) -> None:
        folder = [{"uri": self.root.as_uri(), "name": "it"}]
        event = {"added": folder if added else [], "removed": [] if added else folder}
        client.tell("workspace/didChangeWorkspaceFolders", {"event": event})

    def tell_open(self, client: Client, name: str) -> None:
        item = {"uri": self.uri(name), "languageId": "python", "version": self.versions[name]}
        client.tell("textDocument/didOpen", {"textDocument": {**item, "text": self.open_files[name]}})

    def watched(self, *changes: tuple[str, int]) -> None:
        told = [{"uri": self.uri(name), "type": kind} for name, kind in changes]
        self.server.tell("workspace/didChangeWatchedFiles", {"changes": told})

    # -- what must hold ----------------------------------------------------------------------------------------------

    def compare(self) -> None:
        """The server that went through all of it has told what one says that begins with the end."""
        if (self.root / "pyproject.toml").read_text() == BROKEN:
            self.configured("")  # the last good settings are in force, which only who was there can know
        fresh = self.fresh
        self.folders(fresh, added=True)
        for name in self.open_files:
            self.tell_open(fresh, name)
        fresh.settle()
        self.server.settle()
        told = expected = None
        end = monotonic() + PATIENCE_FOR_FINDINGS
        while (told is None or told != expected) and monotonic() < end:
            told = {name: self.told(self.server, name) for name in self.open_files}
            expected = {name: self.told(fresh, name) for name in self.open_files}
            if told != expected:
                fresh.listen()
                self.server.listen()
        self.forget(fresh)
        for name, text in self.open_files.items():
            note(f"{name}: {text!r}")
        assert told == expected

    def told(self, client: Client, name: str) -> Any:
        params = client.published.get(self.uri(name))
        if params is None:
            return None
        return params.get("version"), sorted(json.dumps(each, sort_keys=True) for each in params["diagnostics"])

    def forget(self, client: Client) -> None:
        for name in self.open_files:
            client.tell("textDocument/didClose", {"textDocument": {"uri": self.uri(name)}})
        self.folders(client, added=False)
        client.settle()
        client.published.clear()

    def teardown(self) -> None:
        """Compare at the end, then forget the folder."""
        try:
            self.compare()
            self.forget(self.server)
        except BaseException:
            self.end()  # what went wrong must not follow the next example
            raise
        finally:
            shutil.rmtree(self.root)

    @classmethod
    def end(cls) -> None:
        """End the servers; the next example starts its own."""
        for client in cls.clients:
            client.end()
        cls.clients = ()


@pytest.mark.skipif(os.name == "nt", reason="files that are open elsewhere cannot be replaced there")
def test_findings_do_not_depend_on_the_order_of_events() -> None:
    """Any interleaving of events leaves the findings that a fresh server has for the final state."""
    try:
        run_state_machine_as_test(
            Orders,
            settings=settings(
                max_examples=ORDERS,
                stateful_step_count=25,
                deadline=None,
                # The few of every run are always the same; what the many find is kept, to be tried first next time.
                derandomize=ORDERS <= 12,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
            ),
        )
    finally:
        Orders.end()
