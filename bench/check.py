"""Times `testlsp check` beside `ast.parse` and flake8 over the same files, in one run, and prints ratios.

usage: python bench/check.py FOLDER [--runs N] [--markdown FILE]

FOLDER holds test files, best a large suite (tens of thousands of lines). Whole processes are timed, the competitors in
turn (A B C A B C ...), so that a machine whose speed drifts does so for all; medians are quoted. flake8 with
flake8-pytest-style must be installed. Exit status 1 when a bound is missed:

- cold, one process: at most 3 times `ast.parse` of the same files (read, decoded and parsed by a bare Python)
- cold: at least 10 times faster than `flake8 --select PT`
- nothing changed: at most 5 % of the cold run, plus the start of a process
- one small file: at most half of flake8 on it, with neither pygls, lsprotocol, libcst nor pydantic imported
- peak memory below 250 MB
- no rule takes more than a tenth of a run in one process (`--profile`)
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

PARSE = """
import ast, sys
for path in open(sys.argv[1], encoding="utf-8").read().splitlines():
    with open(path, "rb") as file:
        data = file.read()
    try:
        ast.parse(data)
    except (SyntaxError, ValueError):
        pass
"""

SMALL = '''"""A small test module."""

import pytest


@pytest.fixture
def numbers():
    return [1, 2, 3]


def test_sum(numbers):
    assert sum(numbers) == 6


@pytest.mark.parametrize("value", [1, 2])
def test_positive(value):
    assert value > 0
'''


class Timing(NamedTuple):
    """Seconds and peak memory in MB of one run of a process and its children."""

    seconds: float
    megabytes: float


def timed(command: list[str]) -> Timing:
    """Run *command* and measure it; its output is thrown away."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    # Linux counts in kilobytes, macOS in bytes.
    scale = 1024 * 1024 if platform.system() == "Darwin" else 1024
    return Timing(time.perf_counter() - began, usage.ru_maxrss / scale)


def in_turn(commands: dict[str, Callable[[], list[str]]], runs: int) -> dict[str, list[Timing]]:
    """Run the commands in turn, *runs* times after one round of warming up."""
    found: dict[str, list[Timing]] = {name: [] for name in commands}
    for number in range(runs + 1):
        for name, command in commands.items():
            timing = timed(command())
            if number:
                found[name].append(timing)
    return found


def median(timings: list[Timing]) -> float:
    """Return the median of the seconds."""
    return statistics.median(timing.seconds for timing in timings)


def ratio(first: list[Timing], second: list[Timing]) -> float:
    """Return the median of the ratios, pair by pair."""
    return statistics.median(a.seconds / b.seconds for a, b in zip(first, second, strict=True))


HEAVY = ("pygls", "lsprotocol", "libcst", "pydantic", "rich")


def imported(path: str) -> set[str]:
    """Return which heavy packages a check of one file imports."""
    code = (
        "import sys, json\nfrom testlsp.cli import main\n"
        f"sys.argv = ['testlsp', 'check', '--no-cache', {path!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    return set(json.loads(output.splitlines()[-1]))


def dearest_rule(check: list[str], folder: str) -> tuple[str, float]:
    """Return the rule that takes the largest share of a run over *folder*, and that share."""
    output = subprocess.run([*check, "--profile", folder], capture_output=True, text=True, check=True).stdout
    row = next(line for line in output.splitlines() if line.startswith("| TL"))
    name, share = row.strip("| ").split(" | ")[:2]
    return name, float(share.rstrip("%")) / 100


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--select", default="", help="rules to run instead of those on by default")
    parser.add_argument("--markdown", type=Path)
    options = parser.parse_args()
    folder = str(options.folder.resolve())
    testlsp = [sys.executable, "-m", "testlsp", "check", "--exit-zero", "--output-format", "concise"]
    if options.select:
        testlsp += ["--select", options.select]
    flake8 = [sys.executable, "-m", "flake8", "--isolated", "--exit-zero"]
    with tempfile.TemporaryDirectory() as scratch:
        cache = os.path.join(scratch, "cache")
        small = os.path.join(scratch, "test_small.py")
        Path(small).write_text(SMALL, encoding="utf-8")
        shown = subprocess.run(
            [*testlsp[:3], "check", "--show-files", folder], capture_output=True, text=True, check=True
        ).stdout
        listing = os.path.join(scratch, "files.txt")
        files = shown.splitlines()
        Path(listing).write_text(shown, encoding="utf-8")
        lines = sum(Path(path).read_bytes().count(b"\n") for path in files)

        def forgetful() -> list[str]:
            shutil.rmtree(cache, ignore_errors=True)
            return [*testlsp, "--cache-dir", cache, folder]

        many = in_turn(
            {
                "parse": lambda: [sys.executable, "-c", PARSE, listing],
                "single": lambda: [*testlsp, "--no-cache", "--jobs", "1", folder],
                "flake8": lambda: [*flake8, "--select", "PT", *_folders(files, folder)],
                "cold": forgetful,
                "warm": lambda: [*testlsp, "--cache-dir", cache, folder],
            },
            options.runs,
        )
        one = in_turn(
            {
                "python": lambda: [sys.executable, "-c", "pass"],
                "testlsp": lambda: [*testlsp, "--no-cache", small],
                "flake8": lambda: [*flake8, small],
            },
            max(options.runs, 9),
        )
        heavy = imported(small)
        dearest, share = dearest_rule(testlsp, folder)
    start = median(one["testlsp"])
    peak = max(timing.megabytes for name in ("single", "cold", "warm") for timing in many[name])
    warm_bound = 0.05 * median(many["cold"]) + start
    rows = [
        ("cold, one process / ast.parse", ratio(many["single"], many["parse"]), "<= 3", lambda value: value <= 3),
        ("flake8 --select PT / cold", ratio(many["flake8"], many["cold"]), ">= 10", lambda value: value >= 10),
        ("warm, s", median(many["warm"]), f"<= {warm_bound:.2f}", lambda value: value <= warm_bound),
        ("small file: testlsp / flake8", ratio(one["testlsp"], one["flake8"]), "<= 0.5", lambda value: value <= 0.5),
        ("heavy imports on a small file", float(len(heavy)), "0", lambda value: value == 0),
        ("peak memory, MB", peak, "< 250", lambda value: value < 250),
        (f"share of {dearest}", share, "<= 0.1", lambda value: value <= 0.1),
    ]
    text = [
        (
            f"{options.folder.name}: {len(files)} files, {lines:,} lines; Python {platform.python_version()}, "
            f"{options.runs} runs, {time.strftime('%Y-%m-%d')}"
        ),
        "",
        "| whole process | median, s |",
        "|---|---:|",
        *(f"| {name} | {median(timings):.2f} |" for name, timings in many.items()),
        *(f"| small file: {name} | {median(timings):.3f} |" for name, timings in one.items()),
        "",
        "| bound | measured | asked | kept |",
        "|---|---:|---:|---|",
        *(
            f"| {name} | {value:.2f} | {asked} | {'yes' if kept(value) else '**no**'} |"
            for name, value, asked, kept in rows
        ),
    ]
    print("\n".join(text))
    if options.markdown:
        options.markdown.write_text("\n".join(text) + "\n", encoding="utf-8")
    return 0 if all(kept(value) for _, value, _, kept in rows) else 1


def _folders(files: list[str], folder: str) -> list[str]:
    """Return *files* when they fit on a command line, else the folder."""
    return files if sum(map(len, files)) < 1_000_000 else [folder]


if __name__ == "__main__":
    sys.exit(main())
