"""What can be wrong with a configuration, said so that it can be mended."""

from __future__ import annotations

from collections.abc import Iterable

from testlsp.text.named import NamedTuple


class ConfigProblem(NamedTuple):
    """One thing wrong with the configuration.

    *path* names the file (or "editor", "command line"), *line* counts from 1 (0: the whole file), *key* is the setting
    as the user writes it ("" when the file as a whole is meant).
    """

    path: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        """Return ``path:line: message``, ready to show."""
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.message}"


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Return the one of *words* that *word* was probably meant to be, or None."""
    import difflib

    found = difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)
    return found[0] if found else None


def unknown(what: str, word: str, words: Iterable[str]) -> str:
    """Return the message for a *word* that is none of *words*; *what* says what kind of word was expected."""
    meant = nearest(word, words)
    hint = f"; did you mean `{meant}`?" if meant else ""
    return f"unknown {what} `{word}`{hint}"
