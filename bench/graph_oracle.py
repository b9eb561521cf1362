"""Compare the static fixture graph with pytest's own resolution on a real project.

    python bench/graph_oracle.py PROJECT_DIR --python PYTHON_OF_THE_PROJECT [-- pytest arguments]

Prints a table: collected items, test functions, resolved names, differences. Exit status 1 when there are differences.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "semantic"))

from comparison import ask_pytest, compare, static_graph


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path, help="root of the project")
    parser.add_argument("--python", default=sys.executable, help="interpreter that can collect the project's tests")
    parser.add_argument("--show", type=int, default=20, help="how many differences to print")
    parser.add_argument("arguments", nargs="*", help="arguments for pytest")
    options = parser.parse_args()
    oracle = ask_pytest(options.project.resolve(), options.python, tuple(options.arguments))
    started = time.perf_counter()
    graph = static_graph(oracle)
    built = time.perf_counter()
    result = compare(oracle, graph)
    compared = time.perf_counter()
    print(f"pytest {oracle['pytest']}: {oracle['closing']}")
    print(f"{'project':24} {'items':>7} {'tests':>7} {'names':>7} {'files':>6} {'differences':>12} ", end="")
    print(f"{'read s':>7} {'ask s':>6}")
    print(
        f"{options.project.name:24} {result.items:7} {result.functions:7} {result.names:7} {len(graph.summaries):6} "
        f"{len(result.differences):12} {built - started:7.2f} {compared - built:6.2f}"
    )
    for difference in result.differences[: options.show]:
        print(f"\n{difference.test}: {difference.name}\n  pytest: {difference.expected}\n  graph:  {difference.found}")
    return 1 if result.differences else 0


if __name__ == "__main__":
    sys.exit(main())
