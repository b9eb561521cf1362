"""Collecting garbage in small portions, at moments of our choice.

Python would look through all objects when it likes to, also between a keystroke and its findings: for half a second in
a large workspace. Its collector is off therefore. New objects are looked through when there are some ten thousand of
them, those that survived when there are some hundred thousand, and all when nobody has done anything for a minute.
"""

from __future__ import annotations

import gc

_YOUNG = 25_000
"""So many objects are looked through in a few milliseconds."""
_OLDER = 100_000


class Garbage:
    """Counts what was left after each collection."""

    def __init__(self) -> None:
        """Begin with nothing to collect."""
        self._survivors = 0
        self._old = 0

    def tidy(self, least: int = _YOUNG) -> None:
        """Collect if there are more than *least* new objects; takes 20 ms at most."""
        young = gc.get_count()[0]
        if young <= least:
            return
        freed = gc.collect(0)
        self._survivors += max(0, young - freed)
        if self._survivors > _OLDER:
            self._old += max(0, self._survivors - gc.collect(1))
            self._survivors = 0

    def tidy_all(self) -> None:
        """Look through everything, if there is reason to: may take some tenths of a second."""
        if self._old > _OLDER:
            gc.collect()
            self._old = self._survivors = 0


garbage = Garbage()
"""That of this process."""
