"""How long the server's event loop is held up, and by what.

usage: python bench/blocking.py FOLDER [--open FILE ...] [--bound MS]

The server runs with a task that wakes every 5 ms and notes how late it was, while an editor opens the largest test
files of FOLDER (or those given), types into them, asks all kinds of questions, changes settings, reports changed files
and pulls the findings of the whole workspace. Printed are the longest delays of each stage, in milliseconds of the
clock and of the processor (the second is the server's own work, without what other processes took), and where the
server was while it did not answer. Fails when one delay took more than the bound of processor time. Reads only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import threading
import traceback
from collections import Counter
from itertools import pairwise
from pathlib import Path
from time import perf_counter, sleep, thread_time
from typing import Any

from keystroke import Session, place_of

TICK = 0.005
SUSPICIOUS = 0.02


# -- the server's side -------------------------------------------------------------------------------------------------


class Probe:
    """Notes delays of the event loop, and what the loop's thread was doing meanwhile."""

    def __init__(self, report: str) -> None:
        self.delays: list[tuple[float, float, float]] = []
        self.stacks: list[tuple[float, str]] = []
        self.beat = perf_counter()
        self.report = report
        self.thread = threading.get_ident()

    async def run(self) -> None:
        threading.Thread(target=self._watch, daemon=True).start()
        while True:
            begun, worked = perf_counter(), thread_time()
            self.beat = begun
            await asyncio.sleep(TICK)
            late = perf_counter() - begun - TICK
            if late > 0.005:
                self.delays.append((begun, late, thread_time() - worked))

    def _watch(self) -> None:
        while True:
            sleep(0.007)
            if perf_counter() - self.beat > SUSPICIOUS + TICK:
                frame = sys._current_frames().get(self.thread)
                frames = [each for each in traceback.extract_stack(frame) if "testlsp" in each.filename]
                where = " > ".join(f"{Path(each.filename).stem}.{each.name}:{each.lineno}" for each in frames[-5:])
                self.stacks.append((perf_counter(), where or "(outside testlsp)"))

    def write(self) -> None:
        Path(self.report).write_text(json.dumps({"delays": self.delays, "stacks": self.stacks}))


def serve(report: str) -> None:
    """Be the server, with a probe in its loop."""
    from testlsp.lsp import server

    probe = Probe(report)
    talk, leave = server._talk, server._leave

    async def probed(*arguments: Any) -> None:
        task = asyncio.ensure_future(probe.run())
        await talk(*arguments)
        task.cancel()

    def written(*arguments: Any) -> None:
        probe.write()
        leave(*arguments)

    server._talk, server._leave = probed, written
    server.run([])


# -- the editor's side -------------------------------------------------------------------------------------------------


class Editor:
    """Does what people do, and remembers when."""

    def __init__(self, root: Path, report: str, pulls: bool) -> None:
        self.stages: list[tuple[str, float]] = []
        self.mark("start")
        text: dict[str, Any] = {"diagnostic": {}} if pulls else {}
        self.session = Session([sys.executable, __file__, "--serve", report], root, text)
        self.root = root
        self.versions: dict[Path, int] = {}
        self.texts: dict[Path, str] = {}
        self.pulls = pulls
        self._ids = 0

    def mark(self, stage: str) -> None:
        self.stages.append((stage, perf_counter()))

    def ask(self, method: str, params: Any) -> Any:
        self._ids += 1
        self.session.send({"id": self._ids, "method": method, "params": params})
        wanted = self._ids
        answer = self.session.wait(lambda message: message.get("id") == wanted and "method" not in message)[1]
        return answer.get("result")

    def tell(self, method: str, params: Any) -> None:
        self.session.send({"method": method, "params": params})

    def settle(self, path: Path) -> None:
        """Wait until the findings of what is in the editor are known."""
        if self.pulls:
            self.ask("textDocument/diagnostic", {"textDocument": {"uri": path.as_uri()}})
        else:
            self.session.published(path.as_uri(), self.versions[path])

    def open(self, path: Path) -> None:
        self.texts[path], self.versions[path] = path.read_text(encoding="utf-8"), 1
        item = {"uri": path.as_uri(), "languageId": "python", "version": 1, "text": self.texts[path]}
        self.tell("textDocument/didOpen", {"textDocument": item})
        self.settle(path)

    def edit(self, path: Path, line: int, column: int, removed: int, new: str, wait: bool = True) -> None:
        self.versions[path] += 1
        where = {"start": {"line": line, "character": column}, "end": {"line": line, "character": column + removed}}
        self.change(path, {"range": where, "text": new}, wait)

    def change(self, path: Path, change: dict[str, Any], wait: bool = True) -> None:
        identifier = {"uri": path.as_uri(), "version": self.versions[path]}
        self.tell("textDocument/didChange", {"textDocument": identifier, "contentChanges": [change]})
        if wait:
            self.settle(path)

    def type_code(self, path: Path, count: int, pause: float) -> None:
        """Type a call at the end of a line of code in the largest function, then take it back."""
        lines = self.texts[path].split("\n")
        row = place_of(lines)
        typed = "; print('typing', 1)"[:count]
        for at, letter in enumerate(typed):
            self.edit(path, row, len(lines[row]) + at, 0, letter, wait=pause > 0)
            sleep(pause)
        self.edit(path, row, len(lines[row]), len(typed), "")

    def stages_of(self, path: Path) -> None:
        name = f"{path.name} ({len(path.read_bytes().splitlines())} lines)"
        uri = {"uri": path.as_uri()}
        self.mark(f"open {name}")
        self.open(path)
        lines = self.texts[path].count("\n")
        self.mark(f"type code slowly into {name}")
        self.type_code(path, 12, 0.05)
        self.mark(f"type code fast into {name}")
        self.type_code(path, 20, 0.0)
        self.mark(f"new import at the top of {name}")
        self.edit(path, 0, 0, 0, "import os\nimport sys\n")
        self.mark(f"an unclosed string at the top of {name}, and closed")
        self.edit(path, 2, 0, 0, 'x = """\n')
        self.edit(path, 2, 0, 4, "y = 1")
        self.mark(f"the whole text of {name} anew")
        self.versions[path] += 1
        self.change(path, {"text": self.texts[path] + "\n# the end\n"})
        everything = {"start": {"line": 0, "character": 0}, "end": {"line": lines, "character": 0}}
        asked = {"textDocument": uri, "range": everything, "context": {"diagnostics": []}}
        self.mark(f"quick fixes for all of {name}")
        offered = self.ask("textDocument/codeAction", asked) or []
        self.mark(f"fix-all of {name}")
        asked["context"]["only"] = ["source.fixAll.testlsp"]
        offered = (self.ask("textDocument/codeAction", asked) or []) + offered
        for action in [each for each in offered if "ll" in each["title"]][:4]:
            self.ask("codeAction/resolve", action)
        self.mark(f"code lenses of {name}")
        self.ask("textDocument/codeLens", {"textDocument": uri})

    def fixtures(self, conftest: Path) -> None:
        """Ask about each fixture of a conftest, and change what it says."""
        self.open(conftest)
        lines = self.texts[conftest].split("\n")
        for method in ("hover", "definition", "references"):
            self.mark(f"{method} of the fixtures of {conftest.parent.name}/{conftest.name}")
            for row, line in enumerate(lines):
                if "fixture" not in (lines[row - 1] if row else "") or not line.startswith(("def ", "async def ")):
                    continue
                where = {"line": row, "character": line.index("def ") + 5}
                params = {"textDocument": {"uri": conftest.as_uri()}, "position": where}
                self.ask(f"textDocument/{method}", {**params, "context": {"includeDeclaration": True}})
        self.mark("a new fixture in the conftest")
        self.edit(
            conftest,
            len(lines),
            0,
            0,
            "\nimport pytest\n@pytest.fixture(scope='session')\ndef data():\n    return {}\n",
        )
        sleep(0.5)

    def workspace(self, files: list[Path]) -> None:
        self.mark("settings change")
        for line_length in ({"ignore": ["TL301"]}, {}):
            self.tell("workspace/didChangeConfiguration", {"settings": {"testlsp": line_length}})
            sleep(1.5)
        self.mark(f"{len(files)} files change on disk")
        changes = [{"uri": path.as_uri(), "type": 2} for path in files]
        self.tell("workspace/didChangeWatchedFiles", {"changes": changes})
        sleep(2)
        if self.pulls:
            for round_ in ("first", "second"):
                self.mark(f"workspace pull, {round_}")
                self.ask("workspace/diagnostic", {"previousResultIds": [], "partialResultToken": "w"})
        self.mark("fix one rule in the workspace")
        self.ask("workspace/executeCommand", {"command": "testlsp.fixRuleInWorkspace", "arguments": ["TL101"]})


def largest(folder: Path, count: int) -> list[Path]:
    """Return the test files with the most lines, largest first."""
    found = [path for path in folder.rglob("*.py") if path.name.startswith("test") and ".git" not in path.parts]
    found.sort(key=lambda path: path.stat().st_size, reverse=True)
    return sorted(found[: 4 * count], key=lambda path: -len(path.read_bytes().splitlines()))[:count]


def run(root: Path, opened: list[Path], pulls: bool) -> list[tuple[str, float, float, str]]:
    """Go through all stages; return, for each, the worst delay of the clock, of the processor, and where."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        editor = Editor(root, str(report), pulls)
        editor.mark("load and index")
        for path in opened:
            editor.stages_of(path)
        conftests = sorted(root.rglob("conftest.py"), key=lambda path: -path.stat().st_size)
        if conftests:
            editor.fixtures(conftests[0])
        editor.workspace([path for path in sorted(root.rglob("test*.py")) if path.is_file()][:400])
        editor.mark("nothing happens")
        sleep(5)
        editor.mark("end")
        editor.session.end()
        found = json.loads(report.read_text())
    return worst_of(editor.stages, found)


def worst_of(stages: list[tuple[str, float]], found: dict[str, Any]) -> list[tuple[str, float, float, str]]:
    rows = []
    for (name, begin), (_, end) in pairwise(stages):
        delays = [each for each in found["delays"] if begin <= each[0] + each[1] and each[0] < end]
        if not delays:
            rows.append((name, 0.0, 0.0, ""))
            continue
        worst = max(delays, key=lambda each: each[2])
        inside = Counter(where for when, where in found["stacks"] if worst[0] <= when <= worst[0] + worst[1] + TICK)
        where = "; ".join(f"{count}x {stack}" for stack, count in inside.most_common(2))
        rows.append((name, 1e3 * max(each[1] for each in delays), 1e3 * worst[2], where))
    return rows


def main() -> int:
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2])
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--open", type=Path, nargs="*", help="the files to work on; the largest one if none is given")
    parser.add_argument("--bound", type=float, default=50.0, help="milliseconds that a delay may take (50)")
    parser.add_argument("--push", action="store_true", help="only the editor that is told findings")
    parser.add_argument("--pull", action="store_true", help="only the editor that asks for them")
    given = parser.parse_args()
    root = given.folder.resolve()
    opened = [path.resolve() for path in given.open or largest(root, 1)]
    over = 0
    for pulls in (False, True):
        if (given.push and pulls) or (given.pull and not pulls):
            continue
        print(f"\n{root.name}, findings are {'pulled' if pulls else 'pushed'}{'':30} clock  processor")
        for name, clock, worked, where in run(root, opened, pulls):
            over += worked > given.bound
            print(f"{name:64}{clock:8.1f}{worked:9.1f}  {where if worked > SUSPICIOUS * 1e3 else ''}"[:400])
    print(f"\n{over} stages above {given.bound:.0f} ms of processor time")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
