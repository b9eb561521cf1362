"""What is said when a text cannot be rewritten faithfully."""

from __future__ import annotations


class CannotRewrite(Exception):
    """There is no faithful rewrite of this text; the argument says why, for a log and not for the user."""
