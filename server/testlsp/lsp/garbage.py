"""Collecting garbage in small portions, at moments of our choice.

Python would look through all objects when it likes to, also between a keystroke and its findings: for half a second in
a large workspace. Its collector is off therefore. New objects are looked through when there are some ten thousand of
them, those that survived when there are many of these. All are looked through now and then if they are few; if there
are many, when nothing has happened for a minute.
"""

from __future__ import annotations

import gc
from time import perf_counter

_YOUNG = 15_000
"""So many objects are looked through in a few milliseconds."""
_OLDER = 50_000
_OLDEST = 100_000
_FEW = 200_000
"""So many objects in all, those of a workspace of some hundred test files, are looked through in 30 ms."""
_LONG_IDLE = 60.0
"""Seconds without a message or work after which a pause is not noticed."""


class Garbage:
    """Counts what was left after each collection."""

    def __init__(self) -> None:
        """Begin with nothing to collect."""
        self._survivors = 0
        self._old = 0
        self._frozen = 0
        self._busy = perf_counter()

    def busy(self) -> None:
        """Take note that something happens."""
        self._busy = perf_counter()

    def tidy(self, least: int = _YOUNG) -> None:
        """Collect if there are more than *least* new objects; takes some 30 ms at most, mostly two."""
        young = gc.get_count()[0]
        if young <= least:
            return
        freed = gc.collect(0)
        self._survivors += max(0, young - freed)
        if self._survivors <= _OLDER:
            return
        self._old += max(0, self._survivors - gc.collect(1))
        self._survivors = 0
        if self._old > _OLDEST:
            if gc.get_freeze_count() < _FEW:
                self._everything()
            else:  # what has lived so long will live on, and is not looked through again for the time being
                self._frozen += max(0, self._old - gc.collect())
                self._old = 0
                gc.freeze()

    def tidy_all(self) -> None:
        """Look through everything, if there is reason to and nothing happens: may take some tenths of a second."""
        if self._frozen > _OLDEST and perf_counter() - self._busy > _LONG_IDLE:
            self._everything()

    def _everything(self) -> None:
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        self._frozen = self._old = self._survivors = 0


garbage = Garbage()
"""That of this process."""
