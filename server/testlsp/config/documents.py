"""One configuration file read once for everybody: testlsp's settings, pytest's and ruff's.

What was read is plain data that a cache can keep by content, so that a second run imports neither pydantic nor a TOML
parser.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

from testlsp import __version__
from testlsp.config.load import Layer, broken, read_pyproject_document, read_table
from testlsp.config.problems import ConfigProblem
from testlsp.config.pytest_ini import CONFIG_NAMES, PytestTable, read_pytest_config, read_pytest_document
from testlsp.config.ruff import RUFF_NAMES, RuffTable, read_ruff_document
from testlsp.config.toml_text import BrokenToml, parse_toml
from testlsp.text.named import NamedTuple

TESTLSP_NAMES = ("testlsp.toml", "pyproject.toml")

# Every file name that can matter in a folder.
ALL_NAMES = tuple(dict.fromkeys((*TESTLSP_NAMES, *RUFF_NAMES, *CONFIG_NAMES)))

_REQUIRES = r"^[ \t]*requires-python[ \t]*=[ \t]*[\"'][^\"'\n]*?(?:>=|~=|==)[ \t]*(3\.\d+)"
_TABLES = ("tool.testlsp", "tool.ruff", "tool.pytest", "[tool]")


class ConfigDocument(NamedTuple):
    """What one file says to each of its readers; None means that it does not speak to that one."""

    path: str
    base: str
    """The absolute folder it lies in."""
    text: str
    layer: Layer | None = None
    pytest: PytestTable | None = None
    ruff: RuffTable | None = None
    requires_python: str = ""
    problems: tuple[ConfigProblem, ...] = ()


def read_document(
    path: str, base: str, name: str, text: str, cache: MutableMapping[str, str] | None = None
) -> ConfigDocument:
    """Read the *text* of the file *path*, called *name*, in the folder *base*.

    *cache* maps a digest of the content to what was read, as JSON; a damaged entry is read anew. Only files that need
    a parser are looked up.
    """
    if not _speaks(name, text):
        return ConfigDocument(path, base, text, requires_python=_requires(name, text))
    if cache is None:
        return _read(path, base, name, text)
    key = _digest(name, text)
    kept = _revived(cache.get(key), path, base, text)
    if kept is None:
        kept = _read(path, base, name, text)
        cache[key] = _as_json(kept)
    return kept


def _speaks(name: str, text: str) -> bool:
    if name == "pyproject.toml":
        return any(table in text for table in _TABLES)
    return name not in ("tox.ini", "setup.cfg") or "pytest" in text


def _requires(name: str, text: str) -> str:
    if name != "pyproject.toml" or "requires-python" not in text:
        return ""
    found = re.search(_REQUIRES, text, re.MULTILINE)
    return found[1] if found else ""


def _read(path: str, base: str, name: str, text: str) -> ConfigDocument:
    if not name.endswith(".toml"):
        table, problems = read_pytest_config(path, name, text)
        return ConfigDocument(path, base, text, pytest=table, problems=problems)
    parsed = parse_toml(text)
    if isinstance(parsed, BrokenToml):
        table = PytestTable("toml", {}) if name in ("pytest.toml", ".pytest.toml") else None
        empty = Layer(path, base) if name not in (*CONFIG_NAMES, *RUFF_NAMES) else None
        return ConfigDocument(path, base, text, layer=empty, pytest=table, problems=(broken(path, parsed),))
    if name in ("pytest.toml", ".pytest.toml"):
        table, problems = read_pytest_document(path, name, parsed, text)
        return ConfigDocument(path, base, text, pytest=table, problems=problems)
    if name in ("ruff.toml", ".ruff.toml"):
        return ConfigDocument(path, base, text, ruff=read_ruff_document(name, parsed))
    if name != "pyproject.toml":
        loaded = read_table(parsed, path, base, text=text)
        return ConfigDocument(path, base, text, layer=loaded.layer, problems=loaded.problems)
    loaded = read_pyproject_document(parsed, path, base, text)
    table, problems = read_pytest_document(path, name, parsed, text)
    return ConfigDocument(
        path,
        base,
        text,
        layer=loaded.layer,
        pytest=table,
        ruff=read_ruff_document(name, parsed),
        requires_python=_requires(name, text),
        problems=(*loaded.problems, *problems),
    )


def _digest(name: str, text: str) -> str:
    from hashlib import blake2b

    content = f"{__version__}\0{name}\0{text}".encode("utf-8", "surrogatepass")
    return blake2b(content, digest_size=16).hexdigest()


def _as_json(document: ConfigDocument) -> str:
    import json

    return json.dumps(
        {
            "layer": None if document.layer is None else document.layer.values,
            "pytest": document.pytest,
            "ruff": document.ruff,
            "requires": document.requires_python,
            "problems": [problem[1:] for problem in document.problems],
        },
        # A date in pytest's table is no JSON, and no option of pytest's either.
        default=str,
    )


def _revived(entry: str | None, path: str, base: str, text: str) -> ConfigDocument | None:
    if entry is None:
        return None
    import json

    try:
        data: dict[str, Any] = json.loads(entry)
        return ConfigDocument(
            path,
            base,
            text,
            layer=None if data["layer"] is None else Layer(path, base, dict(data["layer"])),
            pytest=None if data["pytest"] is None else PytestTable(*data["pytest"]),
            ruff=None if data["ruff"] is None else RuffTable(*data["ruff"]),
            requires_python=str(data["requires"]),
            problems=tuple(ConfigProblem(path, *rest) for rest in data["problems"]),
        )
    except (ValueError, KeyError, TypeError):
        # A damaged cache costs time and nothing else.
        return None
