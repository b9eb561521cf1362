"""Break real test files at random: nothing fails on them, and no fix breaks or loses anything.

usage: python bench/mutations.py FOLDER... [--seconds N] [--seed N]

Each text is a part of a test file below a FOLDER with up to three things put in, taken out or repeated at random. It is
checked with all rules, and all fixes are applied, unsafe ones too. What goes wrong is printed, and the text kept in a
temporary folder that is named: an exception, a rule that fails, a fix that makes more not parse than before, a line of
a statement that did not parse and that is gone. Nothing is written below a FOLDER.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from testlsp.builtin import all_rules
from testlsp.lint import Applicability
from testlsp.project.checking import Checker
from testlsp.project.configuration import Configuration
from testlsp.project.fixing import fixed_text
from testlsp.syntax import parse

SNIPPETS = (
    *('b"x"', '"a" b"b"', 't"{x}"', 'f"{x!r:>{w}}"', '"""', "'", "#", "\\", "\\\n", "\t", "\x0c", "\r", "\r\n", "\n"),
    *("    ", "match x:", 'case {"a": 1}:', "async ", "await ", "yield ", "lambda: ", "*", "**", "(", ")", "[", "]"),
    *("{", "}", ":", "@", ";", "->", "=", "==", "...", "_ = ", "é", "😀", "\ufeff", "\x00", "type X = int\n"),
    *("class A:\n", "def test_x(", "global x\n", "nonlocal y\n", "del x\n", "if x:\n", "else:\n", "try:\n"),
    *("finally:\n", "except* E:\n", "with a as b, c as d:\n", "import os\n", 'os.environ["A"] = "b"\n'),
)
LONGEST = 150
"""Lines of a file from which on a part of it is taken, so that more texts are seen."""


def texts(files: list[Path], draw: random.Random) -> Iterator[tuple[Path, str]]:
    """Yield mutated parts of *files* without end."""
    while True:
        path = draw.choice(files)
        lines = path.read_text("utf-8", "replace").splitlines(keepends=True)
        if len(lines) > LONGEST:
            first = draw.randrange(len(lines) - LONGEST + 1)
            lines = lines[:15] + lines[first : first + draw.randrange(20, LONGEST)]
        text = "".join(lines)
        for _ in range(draw.choice((0, 1, 1, 2, 3))):
            text = mutated(text, draw)
        yield path, text


def mutated(text: str, draw: random.Random) -> str:
    """Return *text* with one thing put in, taken out or repeated."""
    place, kind = draw.randrange(len(text) + 1), draw.random()
    if kind < 0.45:
        return text[:place] + draw.choice(SNIPPETS) + text[place:]
    if kind < 0.8:
        return text[:place] + text[place + draw.randrange(1, 30) :]
    other = draw.randrange(len(text) + 1)
    return text[:place] + text[other : other + draw.randrange(1, 200)] + text[place:]


def faults(checker: Checker, path: str, text: str) -> list[str]:
    """Return what goes wrong with *text* as the content of *path*."""
    try:
        report = checker.check_text(path, text, details=True)
        found = [note.message for note in report.notes if note.kind in ("crash", "fault")]
        fixed, _, problem = fixed_text(checker, path, text, Applicability.UNSAFE, True)
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    broken = [statement.text for statement in parse(path, text).statements if statement.problem]
    found += ["a line of a statement that does not parse is gone" for piece in broken if not is_kept(piece, fixed)]
    return [*found, problem] if problem is not None else found


def is_kept(piece: str, text: str) -> bool:
    """Whether all lines of *piece* are in *text*, in their order; an import may have been put between them."""
    lines = iter(text.splitlines())
    return all(line in lines for line in piece.splitlines())


def main() -> int:
    """Mutate until the time is over; 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="+")
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    files = sorted(path for folder in options.folder for path in folder.rglob("test_*.py"))
    kept = Path(tempfile.mkdtemp(prefix="testlsp-mutations-"))
    path = str(kept / "tests" / "test_mutated.py")
    checker = Checker(Configuration(cwd=str(kept)), all_rules(), jobs=1)
    began, count, failed, longest = perf_counter(), 0, 0, 0.0
    for origin, text in texts(files, random.Random(options.seed)):
        started = perf_counter()
        if started - began > options.seconds:
            break
        count += 1
        wrong = faults(checker, path, text)
        longest = max(longest, perf_counter() - started)
        if wrong:
            failed += 1
            place = kept / f"{count}.py"
            place.write_text(text, "utf-8", newline="")
            print(f"{place} ({origin}): {'; '.join(wrong)}")
        if count % 50 == 0:
            checker.reset()
    print(
        f"{count} texts of {len(files)} files, seed {options.seed}: {failed} failed; the longest took {longest:.2f} s"
    )
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
