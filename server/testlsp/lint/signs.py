"""What a file shows of what rules look for, so that rules which cannot find anything in it need not be loaded.

Most signs are words of the text. A sign that the text does not show by a word begins with "@".
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from testlsp.semantic.effects import effects_of
from testlsp.text.patterns import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from testlsp.config.settings import Settings
    from testlsp.semantic.functions import Function
    from testlsp.semantic.model import SemanticModel

INTEGRATION = "@integration"
"""The file may hold integration tests."""

FOREIGN = "@foreign import"
"""The file imports something besides pytest and the standard library."""

_IMPORTS = pattern(r"(?:^|;)[ \t]*(?:from[ \t]+(\.|\w+)|import[ \t]+([^\r\n;#]+))", re.MULTILINE)


_AT_HOME = sys.stdlib_module_names | {"pytest"}


def effect_sign(resource: str) -> str:
    """Return the sign that some function of the file has an effect on *resource*."""
    return f"@effect {resource}"


class Signs:
    """The signs of one file under the settings in force there."""

    def __init__(self, model: SemanticModel, settings: Settings) -> None:
        """Look at the file of *model*, as far as somebody asks."""
        self._model = model
        self._settings = settings
        self._text = model.source.text
        self._effects: set[str] | None = None

    def show(self, sign: str) -> bool:
        """Whether the file shows *sign*."""
        if not sign.startswith("@"):
            return sign in self._text
        if sign == INTEGRATION:
            settings = self._settings
            return settings.is_integration_path(self._model.source.path) or any(
                mark in self._text for mark in settings.integration_markers
            )
        if sign == FOREIGN:
            return not _imported_roots(self._text) <= _AT_HOME
        if self._effects is None:
            self._effects = set()
            self._add_effects(self._model.functions)
        return sign in self._effects

    def _add_effects(self, functions: Iterable[Function]) -> None:
        assert self._effects is not None
        for function in functions:
            self._effects.update(effect_sign(effect.kind.resource) for effect in effects_of(function, self._model))
            self._add_effects(function.nested)


def _imported_roots(text: str) -> set[str]:
    """Return the first parts of the names of what *text* imports; one that goes on in the next line is a backslash."""
    found: set[str] = set()
    for match in _IMPORTS.finditer(text):
        if match[1]:
            found.add(match[1])
        else:
            found.update(name.strip().partition(" ")[0].partition(".")[0] for name in match[2].split(","))
    return found
