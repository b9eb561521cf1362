"""The settings of the server itself, and the split of what an editor sends into those and the settings of rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LEVELS = ("error", "warning", "info", "debug")


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How the server behaves, for all files alike."""

    run: str = "onType"
    """"onType" or "onSave": when findings are looked for in a client that is told them."""
    log_level: str = "warning"
    """The least severe of `LEVELS` that is written to the client's log."""
    definitions: bool = True
    """Whether to answer for definitions, references and hovers of fixtures, which another server may do as well."""
    code_lens: bool = True


_OWN = {"run": "run", "log-level": "log_level", "definitions": "definitions", "code-lens": "code_lens"}
_IGNORED = frozenset({"enable", "path", "interpreter", "import-strategy", "show-notifications", "trace"})


def kebab(key: str) -> str:
    """Return *key* as configuration files spell it: ``extendSelect`` is ``extend-select``."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda match: "-" + match[1].lower(), key).replace("_", "-")


def split(section: object) -> tuple[ServerOptions, dict[str, Any], list[str]]:
    """Return the server's own options in the editor's *section*, the settings of rules in it, and complaints.

    What is null was not set. The section may be wrapped in one called ``testlsp`` or ``settings``.
    """
    values = unwrapped(section)
    own: dict[str, Any] = {}
    rules: dict[str, Any] = {}
    complaints: list[str] = []
    for key, value in values.items():
        name = kebab(str(key))
        if value is None or name in _IGNORED:
            continue
        if name not in _OWN:
            rules[name] = value
        elif _fits(name, value):
            own[_OWN[name]] = value
        else:
            complaints.append(f"`{name}` cannot be {value!r}")
    return ServerOptions(**own), rules, complaints


def unwrapped(section: object) -> Mapping[str, Any]:
    """Return the settings in *section*, whichever way the client wraps them."""
    values = section
    for name in ("settings", "testlsp"):
        if isinstance(values, Mapping) and isinstance(values.get(name), Mapping):
            values = values[name]
    return values if isinstance(values, Mapping) else {}


def _fits(name: str, value: object) -> bool:
    if name == "run":
        return value in ("onType", "onSave")
    if name == "log-level":
        return value in LEVELS
    return isinstance(value, bool)
