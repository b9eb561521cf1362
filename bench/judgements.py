"""Replays what was judged of findings in real projects: what was right is still found, what was wrong no longer.

usage: python bench/judgements.py FOLDER

FOLDER holds unpacked source distributions (`bench/fetch_corpus.py` makes one). The judgements are in
tests/corpus/judgements, a file per family; those of projects that are not in FOLDER are counted and passed over. Exit
status 1 when one does not hold.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from corpus_projects import Judgement, judgements, replay


def main() -> int:
    """Run the command."""
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    folder = Path(sys.argv[1])
    judged: dict[str, list[Judgement]] = defaultdict(list)
    for item in judgements():
        judged[item.project].append(item)
    counts: Counter[str] = Counter()
    for project, items in sorted(judged.items()):
        if not (folder / project).is_dir():
            counts["of projects that are not here"] += len(items)
            continue
        complaints = replay(folder / project, items)
        print("\n".join(complaints), end="\n" if complaints else "")
        counts["do not hold"] += len(complaints)
        counts["hold"] += len(items) - len(complaints)
    for name, number in sorted(counts.items()):
        print(f"{number:5} {name}")
    return 1 if counts["do not hold"] else 0


if __name__ == "__main__":
    sys.exit(main())
