"""Editor features as pure functions of a snapshot: what to show, what to offer, what to change.

Arguments and results are plain dataclasses in offsets of a text. Invariant: no type of the protocol, no state, no I/O
but through the snapshot.
"""

from __future__ import annotations
