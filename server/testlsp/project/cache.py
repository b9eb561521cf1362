"""Results of earlier runs, kept by content in a folder of the project.

The cache is data: a SQLite file of text that is checked before it is believed, so that a cache inside somebody's
repository cannot run code. Anything wrong with it (corrupt, read-only, of another version) means that there is no
cache, never an error.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, MutableMapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from testlsp import __version__
from testlsp.project.outcome import digest
from testlsp.text.named import NamedTuple

if TYPE_CHECKING:
    import sqlite3

_SCHEMA = """
CREATE TABLE IF NOT EXISTS summaries (path TEXT PRIMARY KEY, digest TEXT, env TEXT, key TEXT, summary TEXT);
CREATE TABLE IF NOT EXISTS results (path TEXT PRIMARY KEY, digest TEXT, env TEXT, deps TEXT, users TEXT,
                                    findings TEXT, notes TEXT, suppressed INTEGER);
CREATE TABLE IF NOT EXISTS configuration (key TEXT PRIMARY KEY, value TEXT);
"""


@lru_cache(maxsize=1)
def program_key() -> str:
    """Return what stands for this program: its version, its files and the grammar it parses with."""
    parts: list[str] = [__version__, sys.version]
    here = os.path.dirname(os.path.dirname(__file__))
    folders = [here]
    rules = sys.modules.get("testlsp_rules")
    if rules is not None:
        folders += list(rules.__path__)
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.is_dir() and entry.name != "__pycache__":
                    folders.append(entry.path)
                elif entry.name.endswith(".py"):
                    status = entry.stat()
                    parts.append(f"{entry.name}:{status.st_size}:{status.st_mtime_ns}")
    return digest("\n".join(parts).encode())


class SummaryRow(NamedTuple):
    """A kept summary: the content it was made from, under which settings, and its own digest."""

    digest: str
    env: str
    key: str


class ResultRow(NamedTuple):
    """A kept result; *deps* are pairs of a path and what it must still say, *users* stands for the whole project or is
    "".
    """

    digest: str
    env: str
    deps: str
    users: str
    findings: str
    notes: str
    suppressed: int


class Cache:
    """One cache folder. Reading happens at once, writing at the end of a run."""

    def __init__(self, folder: str) -> None:
        """Open the cache in *folder*; nothing is created before something is written."""
        self.folder = folder
        self._path = os.path.join(folder, f"{program_key()}.db")
        self.results: dict[str, ResultRow] = {}
        self.summaries: dict[str, SummaryRow] = {}
        self.configuration = _Kept()
        try:
            self._load()
        except Exception:  # whatever is wrong with a file that anybody may have written
            self.results, self.summaries = {}, {}
            self.configuration = _Kept()

    def _load(self) -> None:
        if not os.path.isfile(self._path):
            return
        connection = self._connect(read_only=True)
        try:
            for path, *row in connection.execute(
                "SELECT path, digest, env, deps, users, findings, notes, suppressed FROM results"
            ):
                self.results[path] = ResultRow(*row)
            for path, *row in connection.execute("SELECT path, digest, env, key FROM summaries"):
                self.summaries[path] = SummaryRow(*row)
            self.configuration = _Kept(connection.execute("SELECT key, value FROM configuration"))
        finally:
            connection.close()

    def _connect(self, read_only: bool = False) -> sqlite3.Connection:
        import sqlite3

        if read_only:
            return sqlite3.connect(f"file:{_in_address(self._path)}?mode=ro", uri=True, timeout=1)
        return sqlite3.connect(self._path, timeout=2)

    def summary_data(self, paths: Iterable[str]) -> dict[str, list[Any]]:
        """Return the kept summaries of *paths* as data, as far as they can be read."""
        found: dict[str, list[Any]] = {}
        try:
            connection = self._connect(read_only=True)
            try:
                for path in paths:
                    for (text,) in connection.execute("SELECT summary FROM summaries WHERE path = ?", (path,)):
                        found[path] = json.loads(text)
            finally:
                connection.close()
        except Exception:
            return {}
        return found

    def write(
        self, summaries: Iterable[tuple[str, SummaryRow, list[Any]]], results: Iterable[tuple[str, ResultRow]]
    ) -> None:
        """Keep what a run found out. A folder that cannot be written to is no reason to complain."""
        try:
            self._prepare()
            try:
                self._write(summaries, results)
            except Exception:
                os.unlink(self._path)  # corrupt: begin anew
                self._write(summaries, results)
        except Exception:
            return

    def _prepare(self) -> None:
        os.makedirs(self.folder, exist_ok=True)
        ignore = os.path.join(self.folder, ".gitignore")
        if not os.path.exists(ignore):
            with open(ignore, "w", encoding="utf-8") as file:
                file.write("# Made by testlsp.\n*\n")
        for name in os.listdir(self.folder):
            if name.endswith(".db") and name != os.path.basename(self._path):
                os.unlink(os.path.join(self.folder, name))

    def _write(
        self, summaries: Iterable[tuple[str, SummaryRow, list[Any]]], results: Iterable[tuple[str, ResultRow]]
    ) -> None:
        connection = self._connect()
        try:
            connection.executescript(_SCHEMA)
            with connection:
                connection.executemany(
                    "INSERT OR REPLACE INTO summaries VALUES (?, ?, ?, ?, ?)",
                    [(path, *row, json.dumps(data)) for path, row, data in summaries],
                )
                connection.executemany(
                    "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    [(path, *row) for path, row in results],
                )
                connection.executemany(
                    "INSERT OR REPLACE INTO configuration VALUES (?, ?)", self.configuration.new.items()
                )
        finally:
            connection.close()


class _Kept(MutableMapping[str, str]):
    """What configuration files say, by content; remembers what is new."""

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._items = dict(items)
        self.new: dict[str, str] = {}

    def __getitem__(self, key: str) -> str:
        return self._items[key]

    def __setitem__(self, key: str, value: str) -> None:
        self._items[key] = self.new[key] = value

    def __delitem__(self, key: str) -> None:
        del self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)


def _in_address(path: str) -> str:
    """Return *path* as part of an address that SQLite takes (https://www.sqlite.org/uri.html); `urllib` costs 20 ms."""
    path = path.replace(os.sep, "/").replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return path if path.startswith("/") else f"/{path}"
