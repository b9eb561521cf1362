"""What a keystroke, the first findings, a fix and the start cost, side by side with `ruff server`.

usage: python bench/keystroke.py SMALL.py LARGE.py [--index FOLDER]

SMALL has 700 to 900 lines, LARGE more than 7,000. With --index a workspace of 2,000 copies of the test files of FOLDER
is opened, and the latency is taken while it is indexed. All numbers are milliseconds unless they say otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

EDITS = 60
TESTLSP = [sys.executable, "-m", "testlsp.lsp"]
EMPTY = [
    sys.executable,
    "-c",
    "from pygls.lsp.server import LanguageServer as S; S('empty', '1').start_io()",
]
LEAK = "\n\ndef test_of_the_bench(client):\n    os.environ['BENCH'] = 'x'\n    assert client.get() == 1\n"


class Session:
    """A server process and what it says."""

    def __init__(
        self,
        command: list[str],
        root: Path,
        text: dict[str, Any] | None = None,
        params: dict[str, Any] | None = None,
    ) -> None:
        """Start it; *text* are further capabilities for documents, *params* further ones of the introduction."""
        self.begun = perf_counter()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=root
        )
        self.inbox: queue.Queue[tuple[float, dict[str, Any]]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        capabilities = {
            "textDocument": {
                "publishDiagnostics": {"versionSupport": True},
                "codeAction": {
                    "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix"]}},
                    "dataSupport": True,
                    "resolveSupport": {"properties": ["edit"]},
                },
                **(text or {}),
            },
            "workspace": {"workspaceFolders": True, "workspaceEdit": {"documentChanges": True}},
        }
        self.overheard: Callable[[dict[str, Any]], None] = lambda message: None
        told: dict[str, Any] = {"processId": os.getpid(), "rootUri": root.as_uri(), "capabilities": capabilities}
        told["workspaceFolders"] = [{"uri": root.as_uri(), "name": "bench"}]
        self.request("initialize", {**told, **(params or {})})
        self.answered = (perf_counter() - self.begun) * 1e3
        self.send({"method": "initialized", "params": {}})

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while True:
            length = 0
            while line := stream.readline().strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if not length:
                return
            body = stream.read(length)
            self.inbox.put((perf_counter(), json.loads(body)))

    def send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def wait(self, wanted: Any) -> tuple[float, dict[str, Any]]:
        while True:
            when, message = self.inbox.get(timeout=60)
            self.overheard(message)
            if "id" in message and "method" in message:
                self.send({"id": message["id"], "result": None})
            if wanted(message):
                return when, message

    def request(self, method: str, params: Any) -> Any:
        self.send({"id": method, "method": method, "params": params})
        return self.wait(lambda message: message.get("id") == method and "method" not in message)[1].get("result")

    def published(self, uri: str, version: int) -> tuple[float, dict[str, Any]]:
        return self.wait(
            lambda message: (
                message.get("method") == "textDocument/publishDiagnostics"
                and message["params"]["uri"] == uri
                and message["params"].get("version") == version
            )
        )

    def memory(self) -> float:
        """Return the resident memory in MB."""
        fields = Path(f"/proc/{self.process.pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def end(self) -> None:
        self.request("shutdown", None)
        self.send({"method": "exit"})
        self.process.wait(10)


def place_of(lines: list[str]) -> int:
    """Return the last line behind which a comment can be typed."""
    closed = (":", ",", "(", "[", "{", '"""', "\\")
    return max(
        number
        for number, line in enumerate(lines)
        if line.startswith("    ") and line.strip() and not line.rstrip().endswith(closed)
    )


def type_into(session: Session, uri: str, text: str, edits: int = EDITS, first: int = 2) -> list[float]:
    """Type a comment, character by character; return the latencies, sorted."""
    lines = text.split("\n")
    row = place_of(lines)
    typed = "  # typing a comment as a person would do it here " * (edits // 40 + 2)
    found = []
    for number in range(edits):
        where = {"line": row, "character": len(lines[row]) + number}
        change = {"range": {"start": where, "end": where}, "text": typed[number]}
        begun = perf_counter()
        identifier = {"uri": uri, "version": first + number}
        session.send(
            {"method": "textDocument/didChange", "params": {"textDocument": identifier, "contentChanges": [change]}}
        )
        when, _ = session.published(uri, first + number)
        found.append((when - begun) * 1e3)
        sleep(0.03)
    return sorted(found)


def measure(command: list[str], source: Path, root: Path, own: bool) -> dict[str, float]:
    """Return all numbers for one server and one file."""
    text = source.read_text(encoding="utf-8")
    if own:
        text = "import os\n" + text + LEAK
    target = root / "tests" / source.name
    target.parent.mkdir(exist_ok=True)
    target.write_text(text, encoding="utf-8")
    uri = target.as_uri()
    session = Session(command, root)
    begun = perf_counter()
    document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
    session.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
    when, _ = session.published(uri, 1)
    numbers = {"initialize": session.answered, "open": (when - begun) * 1e3}
    latencies = type_into(session, uri, text)
    numbers["p50"], numbers["p95"] = latencies[len(latencies) // 2], latencies[int(0.95 * len(latencies))]
    if own:
        numbers.update(_actions(session, uri, text))
    numbers["MB"] = session.memory()
    session.end()
    return numbers


def _actions(session: Session, uri: str, text: str) -> dict[str, float]:
    sleep(4)  # what builds edits is loaded when nobody types
    line = next(number for number, each in enumerate(text.split("\n")) if "'BENCH'" in each)
    where = {"line": line, "character": 6}
    params = {"textDocument": {"uri": uri}, "range": {"start": where, "end": where}, "context": {"diagnostics": []}}
    numbers = {"action": 1e9, "resolve": 1e9}
    for _ in range(5):
        begun = perf_counter()
        offered = session.request("textDocument/codeAction", params)
        numbers["action"] = min(numbers["action"], (perf_counter() - begun) * 1e3)
        begun = perf_counter()
        session.request("codeAction/resolve", offered[0])
        numbers["resolve"] = min(numbers["resolve"], (perf_counter() - begun) * 1e3)
    return numbers


def while_indexing(folder: Path, small: Path, root: Path) -> None:
    """Open *small* in a workspace of 2,000 test files and type while those are read."""
    sources = [path for path in sorted(folder.rglob("test_*.py")) if path.stat().st_size < 60_000]
    for number in range(2000):
        target = root / f"part{number % 40}" / f"test_{number}.py"
        target.parent.mkdir(exist_ok=True)
        shutil.copy(sources[number % len(sources)], target)
    text = small.read_text(encoding="utf-8")
    uri = (root / small.name).as_uri()
    (root / small.name).write_text(text, encoding="utf-8")
    session = Session(TESTLSP, root)
    document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
    session.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
    session.published(uri, 1)
    latencies = type_into(session, uri, text, 200)
    p95 = latencies[int(0.95 * len(latencies))]
    print(f"while 2,000 files are indexed: p50 {latencies[100]:.2f}, p95 {p95:.2f}; {session.memory():.0f} MB")
    session.end()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("small", type=Path)
    parser.add_argument("large", type=Path)
    parser.add_argument("--index", type=Path)
    given = parser.parse_args()
    ruff = shutil.which("ruff", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    keys = ("p50", "p95", "open", "action", "resolve", "initialize", "MB")
    print(f"{'':24}" + "".join(f"{key:>11}" for key in keys))
    for name, path in (("small", given.small), ("large", given.large)):
        for server, command in (("testlsp", TESTLSP), ("ruff server", [ruff, "server"] if ruff else None)):
            if command is None:
                continue
            with tempfile.TemporaryDirectory() as root:
                numbers = measure(command, path, Path(root), command is TESTLSP)
            cells = "".join(f"{numbers[key]:11.2f}" if key in numbers else f"{'':>11}" for key in keys)
            print(f"{name + ', ' + server:24}{cells}")
    starts = []
    for command in (EMPTY, TESTLSP):
        found = []
        for _ in range(7):
            with tempfile.TemporaryDirectory() as root:
                session = Session(command, Path(root))
                found.append(session.answered)
                session.end()
        starts.append(sorted(found)[3])
    print(f"start to the answer of initialize: empty pygls {starts[0]:.0f}, testlsp {starts[1]:.0f}, "
          f"ratio {starts[1] / starts[0]:.2f}")  # fmt: skip
    if given.index is not None:
        with tempfile.TemporaryDirectory() as root:
            while_indexing(given.index, given.small, Path(root))


if __name__ == "__main__":
    main()
