"""TOML as text: parse it, and find the line on which a key stands."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Any

from testlsp.text.named import NamedTuple

# Not compiled here: they are needed only when something is wrong, and compiling takes longer than this import.
_HEADER = r"\s*\[{1,2}\s*([^\]#]+?)\s*\]"
_ASSIGNMENT = r"""\s*((?:[\w.-]+|"[^"\n]*"|'[^'\n]*'|\s*\.\s*)+?)\s*="""
_PART = r"""[\w-]+|"([^"\n]*)"|'([^'\n]*)'"""


class BrokenToml(NamedTuple):
    """Why a text is not TOML; *line* counts from 1, 0 if unknown."""

    line: int
    message: str


def parse_toml(text: str) -> dict[str, Any] | BrokenToml:
    """Return what the TOML *text* says, or why it says nothing."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        return tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = re.search(r"\s*\(at (?:line (\d+), column \d+|end of document)\)", message)
        if place is None:
            return BrokenToml(0, message)
        line = int(place[1]) if place[1] else text.count("\n") + 1
        return BrokenToml(line, message[: place.start()] + message[place.end() :])
    except RecursionError:
        return BrokenToml(0, "nested too deeply")


def line_of(text: str, path: Sequence[str]) -> int:
    """Return the line (from 1) on which the key *path* is set in the TOML *text*, or its closest table; 0 if none is.

    A search by lines, not a parse: text inside a multi-line string that looks like a key can mislead it.
    """
    wanted = tuple(path)
    table: tuple[str, ...] = ()
    best, depth = 0, 0
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(_HEADER, line)
        if header is not None and "=" not in header[1].replace("'", '"').split('"')[0]:
            table = full = _parts(header[1])
        else:
            assignment = re.match(_ASSIGNMENT, line)
            if assignment is None:
                continue
            full = table + _parts(assignment[1])
        if full[: len(wanted)] == wanted:
            return number
        shared = len(full) if full == wanted[: len(full)] else 0
        if shared > depth:
            best, depth = number, shared
    return best


def _parts(key: str) -> tuple[str, ...]:
    return tuple(match[1] or match[2] or match[0] for match in re.finditer(_PART, key))
