"""Edit real files at random for a long time: no exception is logged, and the server's memory stays flat.

usage: python bench/soak.py FOLDER... [--edits N] [--seed N]

A server process is spoken to over its standard streams, with each FOLDER as a folder of its workspace and a few test
files of each open. Most edits are small; now and then a file is put back to what it was, closed and opened again, or
code actions are asked for and resolved. Nothing is written. The memory is what /proc/PID/status says.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from keystroke import TESTLSP, Session

SNIPPETS = (
    "x",
    " ",
    "\n",
    "\r\n",
    "    ",
    "\t",
    "(",
    ")",
    "'",
    '"""',
    ":",
    "# c",
    "import os\n",
    "def test_x(a):\n    assert a\n",
    "@pytest.fixture(scope='session')\ndef data():\n    return {}\n",
    "\\",
    "é🎈",
    "=",
    ",",
)
FILES = 4


def chosen(folders: list[Path], draw: random.Random) -> list[Path]:
    """Return some test files of each folder, of up to 1,500 lines."""
    files: list[Path] = []
    for folder in folders:
        found = [path for path in sorted(folder.rglob("test_*.py")) if 1_000 < path.stat().st_size < 60_000]
        files += draw.sample(found, min(FILES, len(found)))
    return files


class Soak:
    """An editor that types at random."""

    def __init__(self, folders: list[Path], draw: random.Random) -> None:
        self.draw = draw
        self.errors: list[str] = []
        self.ready = False
        self.texts = {path: path.read_bytes().decode("utf-8", "replace") for path in chosen(folders, draw)}
        self.now = dict(self.texts)
        self.version = dict.fromkeys(self.texts, 0)
        workspace = [{"uri": folder.as_uri(), "name": folder.name} for folder in folders]
        self.session = Session(TESTLSP, folders[0], params={"workspaceFolders": workspace})
        self.session.overheard = self._overhear
        for path in self.texts:
            self.open(path)
        while not self.ready:  # what the workspace defines is kept, and is no growth
            self.session.wait(lambda message: message.get("method") == "testlsp/status")

    def _overhear(self, message: dict[str, Any]) -> None:
        params = message.get("params") or {}
        method = message.get("method")
        failed = (method == "window/logMessage" and params["type"] == 1) or (
            method == "testlsp/status" and params.get("crashes")
        )
        if method == "testlsp/status":
            self.ready = params["state"] == "ready"
        if failed:
            self.errors.append(params["message"])
        elif "error" in message and message["error"]["code"] != -32801:  # an action that came too late is refused
            self.errors.append(str(message["error"]))

    def tell(self, method: str, params: dict[str, Any]) -> None:
        self.session.send({"method": method, "params": params})

    def open(self, path: Path) -> None:
        self.now[path] = self.texts[path]
        self.version[path] += 1
        item = {"uri": path.as_uri(), "languageId": "python", "version": self.version[path], "text": self.now[path]}
        self.tell("textDocument/didOpen", {"textDocument": item})
        self.session.published(path.as_uri(), self.version[path])

    def edit(self, path: Path) -> None:
        """Edit once to thrice, with one notification."""
        changes = []
        for _ in range(self.draw.choice((1, 1, 1, 2, 3))):
            text = self.now[path]
            start = self.draw.randrange(len(text) + 1)
            end = min(len(text), start + self.draw.choice((0, 0, 0, 1, 1, 3, 20)))
            start, end = (at - (text[at - 1 : at + 1] == "\r\n") for at in (start, end))
            new = self.draw.choice(SNIPPETS)
            changes.append({"range": {"start": position(text, start), "end": position(text, end)}, "text": new})
            self.now[path] = text[:start] + new + text[end:]
        self.change(path, changes)

    def undo(self, path: Path) -> None:
        """Put the text back to what it was."""
        text = self.now[path]
        whole = {"start": {"line": 0, "character": 0}, "end": position(text, len(text))}
        self.now[path] = self.texts[path]
        self.change(path, [{"range": whole, "text": self.texts[path]}])

    def change(self, path: Path, changes: list[dict[str, Any]]) -> None:
        self.version[path] += 1
        identifier = {"uri": path.as_uri(), "version": self.version[path]}
        self.tell("textDocument/didChange", {"textDocument": identifier, "contentChanges": changes})
        self.session.published(path.as_uri(), self.version[path])

    def ask(self, path: Path) -> None:
        """Ask for the code actions of all lines, and resolve one of them."""
        where = {"start": {"line": 0, "character": 0}, "end": {"line": 5000, "character": 0}}
        context = {"diagnostics": [], "only": ["quickfix", "source.fixAll.testlsp"]}
        params = {"textDocument": {"uri": path.as_uri()}, "range": where, "context": context}
        offered = self.session.request("textDocument/codeAction", params)
        if offered:
            self.session.request("codeAction/resolve", self.draw.choice(offered))

    def resident(self) -> int:
        """Return the server's memory in kilobytes."""
        status = Path(f"/proc/{self.session.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


def position(text: str, offset: int) -> dict[str, int]:
    """Return the position of *offset*, its column in UTF-16 units."""
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    column = len(before.rpartition("\n")[2].encode("utf-16-le", "surrogatepass")) // 2
    return {"line": before.count("\n"), "character": column}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--edits", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    draw = random.Random(given.seed)
    soak = Soak([folder.resolve() for folder in given.folders], draw)
    tenths: list[list[int]] = [[] for _ in range(10)]
    paths = list(soak.texts)
    begun = perf_counter()
    for number in range(given.edits):
        path = draw.choice(paths)
        if number % 40 == 39:
            soak.tell("textDocument/didClose", {"textDocument": {"uri": path.as_uri()}})
            soak.open(path)
        elif number % 20 == 19 or len(soak.now[path]) > 2 * len(soak.texts[path]) + 2000:
            soak.undo(path)
        else:
            soak.edit(path)
        if number % 25 == 24:
            soak.ask(path)
        if number % 20 == 10:
            tenths[min(9, number * 10 // given.edits)].append(soak.resident())
        if given.edits >= 10 and (number + 1) % (given.edits // 10) == 0:
            print(f"{number + 1} edits, {perf_counter() - begun:.0f} s, {soak.resident() / 1024:.1f} MB", flush=True)
    mean = [sum(each) / max(1, len(each)) / 1024 for each in tenths]
    growth = mean[9] / mean[1] - 1
    print(f"{given.edits} edits of {len(paths)} files in {perf_counter() - begun:.0f} s; errors: {len(soak.errors)}")
    for error in soak.errors[:5]:
        print(error)
    print("resident MB by tenth: " + " ".join(f"{each:.1f}" for each in mean))
    print(f"last tenth against the second: {growth:+.1%}")
    soak.session.end()
    return 0 if growth <= 0.10 and not soak.errors else 1


if __name__ == "__main__":
    sys.exit(main())
