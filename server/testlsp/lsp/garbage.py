"""Collecting garbage in small portions, at moments of our choice.

Python would look through all objects when it likes to, also between a keystroke and its findings: for half a second in
a large workspace. Its collector is off therefore. New objects are looked through when there are some ten thousand of
them, those that survived when there are many of these, and then they are put aside. All are looked through now and then
if they are few; if there are many, when nothing has happened for a minute.
"""

from __future__ import annotations

import gc
from time import perf_counter

_YOUNG = 15_000
"""So many objects are looked through in two milliseconds, and freed in as many."""
_OLDER = 40_000
_OLDEST = 60_000
_FEW = 120_000
"""So many objects in all, those of a workspace of some hundred test files, are looked through in 20 ms."""
_EVERY = 0.03
"""Seconds between two counts."""
_LONG_IDLE = 60.0
"""Seconds without a message or work after which a pause is not noticed."""


class Garbage:
    """Knows when to look. Python's own count tells nothing: objects that are freed by others are taken off it."""

    def __init__(self) -> None:
        """Begin with nothing to collect."""
        self._put_aside = 0
        self._counted = self._busy = perf_counter()

    def busy(self) -> None:
        """Take note that something happens."""
        self._busy = perf_counter()

    def tidy(self, least: int = _YOUNG) -> None:
        """Collect if there are more than *least* new objects; takes some milliseconds, seldom 20."""
        now = perf_counter()
        if now - self._counted < _EVERY:
            return
        self._counted = now
        if len(gc.get_objects(0)) <= least:
            return
        gc.collect(0)
        if len(gc.get_objects(1)) <= _OLDER:
            return
        gc.collect(1)
        old = len(gc.get_objects(2))
        if old <= _OLDEST:
            return
        if gc.get_freeze_count() + old < _FEW:
            self._everything()
        else:
            self._put_aside += old
            gc.freeze()

    def tidy_all(self) -> None:
        """Look through everything, if there is reason to and nothing happens: may take some tenths of a second."""
        if self._put_aside > _OLDEST and perf_counter() - self._busy > _LONG_IDLE:
            self._everything()

    def _everything(self) -> None:
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        self._put_aside = 0


garbage = Garbage()
"""That of this process."""
