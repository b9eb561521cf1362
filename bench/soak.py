"""Edit real files at random for a long time: no exception, and memory that stays flat.

usage: python bench/soak.py FOLDER [EDITS]
"""

from __future__ import annotations

import gc
import os
import random
import sys
from pathlib import Path
from time import perf_counter

from testlsp.builtin import all_rules
from testlsp.project.project import Closed, Edited, Opened, Project
from testlsp.project.workspace import Folder

SNIPPETS = (
    "x",
    " ",
    "\n",
    "    ",
    "(",
    ")",
    "'",
    '"""',
    ":",
    "# c",
    "def test_x(a):\n    assert a\n",
    "\\",
    "é🎈",
    "=",
    ",",
)
FILES = 12


def resident() -> int:
    """Return the memory of this process in kilobytes."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def main() -> int:
    folder, edits = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
    draw = random.Random(7)
    found = [path for path in sorted(folder.rglob("test_*.py")) if 1_000 < path.stat().st_size < 30_000]
    chosen = draw.sample(found, min(FILES, len(found)))
    project = Project(all_rules(), [Folder(str(folder))])
    texts = {str(path): path.read_bytes().decode("utf-8", "replace") for path in chosen}
    for path, text in texts.items():
        project.apply(Opened(path, text, 1))
        project.analyse(path)
    gc.collect()
    tenths: list[list[int]] = [[] for _ in range(10)]
    begun = perf_counter()
    for number in range(edits):
        path = draw.choice(list(texts))
        document = project.documents[path]
        length = len(document.lines.text)
        if number % 40 == 39 or length > 2 * len(texts[path]) + 2000:  # back to what it was, as undo does
            project.apply(Closed(path))
            project.apply(Opened(path, texts[path], 1))
        else:
            start = draw.randrange(length + 1)
            end = min(length, start + draw.choice((0, 0, 0, 1, 1, 3, 20)))
            project.apply(Edited(path, start, end, draw.choice(SNIPPETS), document.version + 1))
        project.analyse(path)
        if number % 7 == 0:
            project.snapshot()
        if number % 50 == 49:
            gc.collect()
            tenths[min(9, number * 10 // edits)].append(resident())
    mean = [sum(each) / max(1, len(each)) / 1024 for each in tenths]
    growth = mean[9] / mean[1] - 1
    seconds = perf_counter() - begun
    print(f"{edits} edits of {len(texts)} files in {seconds:.0f} s; failed rules: {sorted(project.crashes)}")
    print("resident MB by tenth: " + " ".join(f"{each:.1f}" for each in mean))
    print(f"last tenth against the second: {growth:+.1%}")
    return 0 if growth <= 0.10 and not project.crashes else 1


if __name__ == "__main__":
    sys.exit(main())
