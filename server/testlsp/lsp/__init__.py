"""The language server: protocol in, protocol out.

No decision is taken here beyond conversion, scheduling and what the client can do; findings, actions and answers come
from `testlsp.ide`, state from `testlsp.project`. Invariant: nothing here analyses anything.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``testlsp server`` with the arguments *argv* (without the command's name); return the exit code."""
    from testlsp.lsp.server import run

    return run(argv)
