"""Which rules a project's ruff configuration turns on, so that the same mistake is not reported twice.

https://docs.astral.sh/ruff/configuration/ (which file counts) and https://docs.astral.sh/ruff/settings/ (its keys).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from testlsp.config.settings import RuffSettings
from testlsp.text.named import NamedTuple

# The files ruff looks for in a folder, strongest first; a pyproject.toml counts only with a table [tool.ruff].
RUFF_NAMES = (".ruff.toml", "ruff.toml", "pyproject.toml")

# What ruff runs when `select` is not set: "E4", "E7", "E9" and "F" for years; newer versions run more, of which only
# what rules of ours may defer to is listed here (from `ruff check --isolated --show-settings` of 0.17.5). Nothing in a
# configuration tells ruff's version, so with an older one such a finding is missed rather than reported twice.
_DEFAULT_SELECT = ("E4", "E7", "E9", "F")
_NEWER_DEFAULTS = ("B015", "B017", "BLE001", "PGH005", "PLR0124", "PLW0129", "PT014", "PT026", "S110", "S112")


class RuffTable(NamedTuple):
    """What one file says to ruff, by ruff's own keys; *extend* is the path of the file it builds on."""

    extend: str
    values: dict[str, Any]


_LISTS = ("select", "ignore", "extend-select", "extend-ignore")
_TABLES = ("per-file-ignores", "extend-per-file-ignores")


def read_ruff_document(name: str, document: Mapping[str, Any]) -> RuffTable | None:
    """Read ruff's settings from the parsed TOML *document* of a file called *name*; None if it has none.

    What is not of the right type is passed over: to complain is ruff's business.
    """
    table: Any = document
    if name == "pyproject.toml":
        tool = document.get("tool")
        table = tool.get("ruff") if isinstance(tool, dict) else None
    if not isinstance(table, dict):
        return None
    extend = table.get("extend")
    values: dict[str, Any] = {}
    # [tool.ruff.lint] holds what [tool.ruff] held before 0.2, which ruff still accepts.
    for source in (table, table.get("lint")):
        if not isinstance(source, dict):
            continue
        for key in _LISTS:
            if isinstance(source.get(key), list):
                values[key] = [item for item in source[key] if isinstance(item, str)]
        for key in _TABLES:
            if isinstance(source.get(key), dict):
                values[key] = {
                    glob: [code for code in codes if isinstance(code, str)]
                    for glob, codes in source[key].items()
                    if isinstance(codes, list)
                }
    return RuffTable(extend if isinstance(extend, str) else "", values)


def ruff_settings(path: str, root: str, tables: list[RuffTable]) -> RuffSettings:
    """Return what the chain *tables* (the extended file first, that of *path* last) turns on.

    *root* is the folder of *path*, to which the globs belong.
    """
    select: list[str] = [*_DEFAULT_SELECT, *_NEWER_DEFAULTS]
    ignore: list[str] = []
    per_file: dict[str, tuple[str, ...]] = {}
    for _, values in tables:
        if "select" in values:
            select = list(values["select"])
        select += values.get("extend-select", ())
        ignore = [code for code in ignore if code not in select] if "select" in values else ignore
        ignore += [*values.get("ignore", ()), *values.get("extend-ignore", ())]
        if "per-file-ignores" in values:
            per_file = {}
        for key in _TABLES:
            for glob, codes in values.get(key, {}).items():
                per_file[glob] = (*per_file.get(glob, ()), *codes)
    return RuffSettings(path, tuple(select), tuple(ignore), tuple(per_file.items()), root)
