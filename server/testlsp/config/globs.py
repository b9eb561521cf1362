"""Globs over paths and over names, compiled to one regular expression each.

The language is that of .gitignore: ``*`` and ``?`` stop at ``/``, ``**`` does not, ``[...]`` is a class of characters,
``{a,b}`` gives alternatives. A glob without ``/`` names a file or folder at any depth; one with ``/`` is anchored to a
root. Whatever lies below a matching folder matches.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import lru_cache

_WILD = {"*": "[^/]*", "?": "[^/]"}


def translate(glob: str, *, alternatives: bool = True) -> str:
    """Return the regular expression for *glob*; it matches ``/``-separated paths in full.

    A bracket or brace that is never closed stands for itself. Without *alternatives*, braces always do, as in
    .gitignore.
    """
    if alternatives and glob.count("{") != glob.count("}"):
        alternatives = False
    pieces: list[str] = []
    position, braces = 0, 0
    while position < len(glob):
        if glob.startswith("**", position):
            piece, position = _stars(glob, position)
        elif glob[position] == "[":
            piece, position = _character_class(glob, position)
        elif glob[position] == "\\" and position + 1 < len(glob):
            piece, position = re.escape(glob[position + 1]), position + 2
        elif alternatives and glob[position] in "{},":
            piece, braces = _alternative(glob[position], braces)
            position += 1
        else:
            piece, position = _WILD.get(glob[position]) or re.escape(glob[position]), position + 1
        pieces.append(piece)
    return "".join(pieces) if not braces else translate(glob, alternatives=False)


def _stars(glob: str, position: int) -> tuple[str, int]:
    end = position
    while end < len(glob) and glob[end] == "*":
        end += 1
    # Only as a whole component do two stars cross folders: "a**b" means "a*b".
    if end - position != 2 or (position and glob[position - 1] != "/") or glob[end : end + 1] not in ("", "/"):
        return "[^/]*", end
    if end == len(glob):
        return ".*", end
    return "(?:.*/)?", end + 1


def _character_class(glob: str, position: int) -> tuple[str, int]:
    negated = glob[position + 1 : position + 2] in ("!", "^")
    first = position + 1 + negated
    end = first
    # A bracket that comes first belongs to the class, and one after a backslash does, too.
    while end < len(glob) and (glob[end] != "]" or end == first):
        end += 2 if glob[end] == "\\" else 1
    if end >= len(glob):
        return r"\[", position + 1
    inner = re.sub(r"([\[\]&~|^])", r"\\\1", re.sub(r"\\(.)", _unescaped, glob[first:end]))
    pattern = f"(?!/)[{'^' if negated else ''}{inner}]"
    try:
        re.compile(pattern)
    except re.error:  # "[z-a]" matches nothing
        pattern = r"(?!)"
    return pattern, end + 1


def _unescaped(match: re.Match[str]) -> str:
    return match[1] if match[1].isalnum() else "\\" + match[1] if match[1] in "\\-" else match[1]


def _alternative(character: str, braces: int) -> tuple[str, int]:
    if character == "{":
        return "(?:", braces + 1
    if not braces:
        return re.escape(character), 0
    return (")", braces - 1) if character == "}" else ("|", braces)


@lru_cache(maxsize=1024)
def path_matcher(globs: tuple[str, ...], root: str) -> Callable[[str], bool]:
    """Return a function that tells whether one of *globs* names an absolute path or a folder above it.

    Relative globs belong to the absolute folder *root*; a path outside *root* is matched by absolute globs only.
    """
    root = _slashes(root).rstrip("/") + "/"
    inside, outside = [], []
    for glob in map(_slashes, globs):
        pattern = translate(glob.removesuffix("/").removeprefix("./"))
        if _is_absolute(glob):
            outside.append(pattern)
        elif "/" in glob.removesuffix("/"):
            inside.append(pattern)
        else:
            inside.append("(?:.*/)?" + pattern)
    below = re.compile(f"(?:{'|'.join(inside)})(?:/.*)?", re.DOTALL).fullmatch if inside else None
    anywhere = re.compile(f"(?:{'|'.join(outside)})(?:/.*)?", re.DOTALL).fullmatch if outside else None

    def matches(path: str) -> bool:
        path = _slashes(path)
        if below is not None and path.startswith(root) and below(path, len(root)) is not None:
            return True
        return anywhere is not None and anywhere(path) is not None

    return matches


def anchored(glob: str, folder: str) -> str:
    """Return *glob*, written relative to *folder*, so that it means the same relative to any other folder."""
    glob = _slashes(glob)
    if "/" not in glob.removesuffix("/") or _is_absolute(glob):
        return glob
    return re.sub(r"([*?\[\]{}\\])", r"\\\1", _slashes(folder).rstrip("/")) + "/" + glob.removeprefix("./")


@lru_cache(maxsize=256)
def name_matcher(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    """Return a function that tells whether a name matches one of *patterns*, with their case.

    A pattern is a glob, matched against the last part of a dotted name (or against all of it, if the glob holds a
    dot), or a regular expression that begins with ``^``, searched for in the whole name.
    """
    short: list[str] = []
    whole: list[str] = []
    for pattern in patterns:
        if pattern.startswith("^"):
            whole.append(f"(?:{pattern}).*")
        elif "." in pattern:
            whole.append(translate(pattern))
        else:
            short.append(translate(pattern))
    by_last = re.compile("|".join(short)).fullmatch if short else None
    by_all = re.compile("|".join(whole), re.DOTALL).fullmatch if whole else None

    def matches(name: str) -> bool:
        if by_last is not None and by_last(name.rpartition(".")[2]) is not None:
            return True
        return by_all is not None and by_all(name) is not None

    return matches


def _slashes(path: str) -> str:
    return path.replace("\\", "/") if os.sep == "\\" else path


def _is_absolute(glob: str) -> bool:
    return glob.startswith("/") or glob[1:3] == ":/"
