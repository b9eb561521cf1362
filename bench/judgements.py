"""Replays what was judged of findings in real projects: what was right is still found, what was wrong no longer.

usage: python bench/judgements.py FOLDER

FOLDER holds unpacked source distributions. The judgements are in tests/corpus/judgements, a file per family; those of
projects that are not in FOLDER are counted and passed over. Exit status 1 when one does not hold.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

from corpus import configuration
from testlsp.builtin import all_rules
from testlsp.config.load import Layer
from testlsp.project.checking import Checker
from testlsp.project.configuration import Configuration
from testlsp.project.discovery import discover

JUDGEMENTS = Path(__file__).parents[1] / "tests" / "corpus" / "judgements"


def checker_for(root: Path) -> Checker:
    """Return a checker of all rules, opt-in ones included, for the project at *root*."""
    usual = configuration(root)
    overrides = (*usual.overrides, Layer("judgements", str(root), {"select": ("ALL",), "defer_to_ruff": "never"}))
    return Checker(Configuration(cwd=str(root), overrides=overrides), all_rules(), jobs=1)


def main() -> int:
    """Run the command."""
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    folder = Path(sys.argv[1])
    judged: dict[str, list[dict[str, str]]] = defaultdict(list)
    for path in sorted(JUDGEMENTS.glob("*.json")):
        for item in json.loads(path.read_text("utf-8")):
            judged[item["project"]].append(item)
    counts: Counter[str] = Counter()
    broken = 0
    for project, items in sorted(judged.items()):
        root = folder / project
        if not root.is_dir():
            counts["of projects that are not here"] += len(items)
            continue
        checker = checker_for(root)
        # All files, because what is shared is known from all of them.
        files = discover([str(root)], checker.configuration.for_folder)
        named = {str(root / item["path"]) for item in items} - set(files.files)
        more = discover(sorted(path for path in named if Path(path).exists()), checker.configuration.for_folder)
        reports = {report.path: report for found in (files, more) for report in checker.check(found)}
        for item in items:
            path = root / item["path"]
            if not path.exists():
                counts["of files that are not here"] += 1
                continue
            report = reports.get(str(path))
            found = report is not None and any(
                finding.code == item["rule"] and finding.start.row == int(item["line"]) for finding in report.findings
            )
            holds = found == (item["verdict"] == "right")
            counts[f"{item['verdict']}, {'holds' if holds else 'does not hold'}"] += 1
            if not holds:
                broken += 1
                print(
                    f"{project}/{item['path']}:{item['line']}: {item['rule']} judged {item['verdict']}, "
                    f"{'found' if found else 'not found'}: {item['text'][:90]}"
                )
    for name, number in sorted(counts.items()):
        print(f"{number:5} {name}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
