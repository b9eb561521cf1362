"""pytest's own configuration, read as pytest reads it, from text.

Source: ``_pytest/config/findpaths.py`` of pytest 9.2 (which files, in which order, which tables) and the ``addini``
calls of pytest and pytest-asyncio (types of the options).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from testlsp.config.load import broken
from testlsp.config.marker_place import marker_place
from testlsp.config.problems import ConfigProblem
from testlsp.config.settings import PytestSettings
from testlsp.config.toml_text import BrokenToml, line_of, parse_toml
from testlsp.text.named import NamedTuple

# The files pytest looks for in a folder; the first that speaks of pytest wins.
CONFIG_NAMES = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")

# These count even when they are empty.
_DEDICATED = frozenset(CONFIG_NAMES[:4])

# Options that are lists of shell words, and those that are lists of lines.
_WORDS = frozenset({"python_files", "python_classes", "python_functions", "testpaths", "norecursedirs", "usefixtures"})
_PATHS = frozenset({"pythonpath"})


# A distribution in a list of requirements, whichever way the list is written.
_REQUIRED = r"""(?:^[ \t]*|["'=][ \t]*)(pytest-[a-z0-9][a-z0-9-]*)(?=\s*(?:$|["'\[=<>~!;,#@]))"""


class PytestTable(NamedTuple):
    """The options of one file: text or lists of text in "ini" mode, TOML's types in "toml" mode."""

    mode: Literal["ini", "toml"]
    values: dict[str, Any]


class PytestFound(NamedTuple):
    """What one file says to pytest; *table* is None when it is not a pytest configuration at all."""

    table: PytestTable | None
    problems: tuple[ConfigProblem, ...] = ()


def read_pytest_config(path: str, name: str, text: str) -> PytestFound:
    """Read the *text* of the file *path* whose base name is *name*, one of `CONFIG_NAMES`.

    A dedicated file (pytest.ini, pytest.toml) that is broken still is the configuration, an empty one.
    """
    if name not in _DEDICATED and "pytest" not in text:
        return PytestFound(None)
    if name.endswith(".toml"):
        document = parse_toml(text)
        if isinstance(document, BrokenToml):
            table = PytestTable("toml", {}) if name in _DEDICATED else None
            return PytestFound(table, (broken(path, document),))
        return read_pytest_document(path, name, document, text)
    return _read_ini(path, name, text)


def read_pytest_document(path: str, name: str, document: Mapping[str, Any], text: str) -> PytestFound:
    """Read pytest's tables from the parsed TOML *document* whose text is *text*."""
    if name in _DEDICATED:
        values = document.get("pytest", {})
        stray = [key for key, value in document.items() if not isinstance(value, dict)]
        if "pytest" not in document and stray:
            message = "pytest's options must be in the table [pytest]"
            return PytestFound(
                PytestTable("toml", {}), (ConfigProblem(path, line_of(text, stray[:1]), stray[0], message),)
            )
        return PytestFound(PytestTable("toml", values if isinstance(values, dict) else {}))
    tool = document.get("tool")
    table = tool.get("pytest") if isinstance(tool, dict) else None
    if not isinstance(table, dict):
        return PytestFound(None)
    native = {key: value for key, value in table.items() if key != "ini_options"}
    ini = table.get("ini_options")
    if native:
        problems: tuple[ConfigProblem, ...] = ()
        if ini:
            line = line_of(text, ("tool", "pytest", "ini_options"))
            message = "pytest refuses [tool.pytest] together with [tool.pytest.ini_options]"
            problems = (ConfigProblem(path, line, "tool.pytest.ini_options", message),)
        return PytestFound(PytestTable("toml", native), problems)
    if isinstance(ini, dict):
        return PytestFound(PytestTable("ini", {k: v if isinstance(v, list) else str(v) for k, v in ini.items()}))
    return PytestFound(None)


def _read_ini(path: str, name: str, text: str) -> PytestFound:
    from iniconfig import IniConfig, ParseError

    empty = PytestTable("ini", {}) if name in _DEDICATED else None
    try:
        parsed = IniConfig(path, data=text)
    except ParseError as error:
        return PytestFound(empty, (ConfigProblem(path, error.lineno + 1, "", f"not a valid ini file: {error.msg}"),))
    section = "tool:pytest" if name == "setup.cfg" else "pytest"
    if section in parsed.sections:
        return PytestFound(PytestTable("ini", dict(parsed.sections[section])))
    if name == "setup.cfg" and "pytest" in parsed.sections:
        line = (parsed.lineof("pytest") or 1) if hasattr(parsed, "lineof") else 1
        return PytestFound(
            None, (ConfigProblem(path, line, "pytest", "pytest reads [tool:pytest] here, not [pytest]"),)
        )
    return PytestFound(empty)


def plugins_required(text: str) -> set[str]:
    """Return the distributions ``pytest-...`` that *text*, a list of requirements in any notation, asks for.

    As modules are called: ``pytest_xdist``.
    """
    if "pytest-" not in text:
        return set()
    return {name.replace("-", "_") for name in re.findall(_REQUIRED, text, re.MULTILINE)}


def pytest_settings(
    table: PytestTable | None, *, rootdir: str, inifile: str = "", text: str = ""
) -> tuple[PytestSettings, tuple[ConfigProblem, ...]]:
    """Return what *table* (of the file *inifile*, whose text is *text*) sets, and what is wrong in it.

    An option of the wrong type is left at its default. `addopts` is followed where it changes what is collected:
    ``-p``, ``-o``, ``--import-mode``, ``--strict-markers``, ``--asyncio-mode``, and where it makes tests run in
    several processes: ``-n``, ``--numprocesses``, ``--dist``.
    """
    if table is None:
        return PytestSettings(rootdir=rootdir), ()
    reader = _Reader(table, inifile, text)
    addopts = reader.words("addopts") or ()
    given = _from_addopts(addopts)
    overrides = _Reader(PytestTable("ini", given.pop("overrides")), inifile, text)
    values: dict[str, Any] = {"rootdir": rootdir, "inifile": inifile, "addopts": addopts}
    for name in (*_WORDS, *_PATHS):
        words = overrides.words(name)
        words = reader.words(name) if words is None else words
        if words is not None:
            values[name] = words
    lines = overrides.lines("markers")
    lines = reader.lines("markers") if lines is None else lines
    if lines is not None:
        values["markers"] = tuple(name for name in map(_marker_name, lines) if name)
        values["marker_place"] = marker_place(inifile.replace("\\", "/").rpartition("/")[2], text)
    mode = overrides.string("asyncio_mode") or reader.string("asyncio_mode")
    if mode in ("auto", "strict"):
        values["asyncio_mode"] = mode
    if reader.truth("strict_markers") or reader.truth("strict"):
        values["strict_markers"] = True
    if any(found.truth(name) for found in (overrides, reader) for name in ("strict_xfail", "xfail_strict", "strict")):
        values["xfail_strict"] = True
    if reader.string("anyio_mode") == "auto" or reader.truth("trio_mode"):
        values["async_auto"] = True
    return PytestSettings(**{**values, **given}), tuple(reader.problems)


class _Reader:
    """Converts the values of one table to the types pytest gives them."""

    def __init__(self, table: PytestTable, path: str, text: str) -> None:
        self.table = table
        self.path = path
        self.text = text
        self.problems: list[ConfigProblem] = []

    def words(self, name: str) -> tuple[str, ...] | None:
        value = self.table.values.get(name)
        if isinstance(value, str) and self.table.mode == "ini":
            return self._split(name, value)
        return self._list(name, value)

    def lines(self, name: str) -> tuple[str, ...] | None:
        value = self.table.values.get(name)
        if isinstance(value, str) and self.table.mode == "ini":
            return tuple(line.strip() for line in value.split("\n") if line.strip())
        return self._list(name, value)

    def string(self, name: str) -> str | None:
        value = self.table.values.get(name)
        if value is None or isinstance(value, str):
            return value
        self._wrong(name, "text", value)
        return None

    def truth(self, name: str) -> bool:
        value = self.table.values.get(name)
        return value is True or (
            isinstance(value, str) and value.strip().lower() in ("1", "true", "yes", "on", "y", "t")
        )

    def _split(self, name: str, value: str) -> tuple[str, ...] | None:
        if "'" not in value and '"' not in value and "\\" not in value:
            return tuple(value.split())
        import shlex

        try:
            return tuple(shlex.split(value))
        except ValueError as error:
            self.problems.append(self._problem(name, f"`{name}`: {error}"))
            return None

    def _list(self, name: str, value: object) -> tuple[str, ...] | None:
        if value is None:
            return None
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self._wrong(name, "a list of strings", value)
        return None

    def _wrong(self, name: str, wanted: str, value: object) -> None:
        self.problems.append(self._problem(name, f"`{name}` must be {wanted}, not {value!r}"))

    def _problem(self, name: str, message: str) -> ConfigProblem:
        line = next(
            (number for number, line in enumerate(self.text.splitlines(), 1) if line.lstrip().startswith(name)), 0
        )
        return ConfigProblem(self.path, line, name, message)


def _marker_name(line: str) -> str:
    """Return the name in a line of `markers`, like ``slow(reason): takes long``."""
    return line.partition(":")[0].partition("(")[0].strip()


_TAKES_NEXT = frozenset("-p -o --override-ini --import-mode --asyncio-mode -n --numprocesses --dist".split())
"""Options whose value may be the next word."""


def _from_addopts(addopts: Sequence[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    plugins: list[str] = []
    disabled: list[str] = []
    overrides: dict[str, str] = {}
    words = iter(addopts)
    for word in words:
        if word in _TAKES_NEXT:
            option, value = word, next(words, "")
        elif word.startswith("--"):
            option, _, value = word.partition("=")
        else:
            option, value = word[:2], word[2:]
        if option == "-p" and value.startswith("no:"):
            disabled.append(value[3:])
        elif option == "-p" and value:
            plugins.append(value)
        elif option in ("-o", "--override-ini") and "=" in value:
            key, _, setting = value.partition("=")
            overrides[key.strip()] = setting
        elif option == "--import-mode" and value:
            given["import_mode"] = value
        elif option == "--asyncio-mode" and value in ("auto", "strict"):
            given["asyncio_mode"] = value
        elif option in ("--strict-markers", "--strict"):
            given["strict_markers"] = True
        elif option in ("-n", "--numprocesses"):
            given["xdist"] = value != "0"
        elif option == "--dist":
            given["dist"] = value
    if "xdist" in disabled:
        given["xdist"] = False
    return {**given, "plugins": tuple(plugins), "disabled_plugins": tuple(disabled), "overrides": overrides}
