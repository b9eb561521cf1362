"""Which of the replacements of a test stand in for what its docstring calls the seam."""

from __future__ import annotations

import re

from testlsp.lint import Context
from testlsp.semantic.functions import Function
from testlsp.semantic.replacements import is_boundary, replacements_of

from testlsp_rules.seams._sections import docstring_of, seam_section


def mocked_seams(ctx: Context, function: Function) -> dict[int, str]:
    """Return the documented names that are replaced, by the index of the replacement among those of *function*."""
    docstring = docstring_of(function)
    replaced = replacements_of(function, ctx.model)
    section = seam_section(ctx, docstring) if docstring is not None and replaced else None
    if section is None:
        return {}
    text = "\n".join(section.body)
    found = ((index, _named(one.target, text)) for index, one in enumerate(replaced))
    return {index: name for index, name in found if name is not None}


def _named(target: str, text: str) -> str | None:
    """Return the part of *target* that *text* names: the thing itself, or the class whose method it is."""
    *owners, last = target.lstrip(".").split(".")[1:] or [""]
    owner = owners[-1] if owners else ""
    if last and _is_spoken_of(last, owner, text):
        return last
    if not owner[:1].isupper() or last.startswith("_") or is_boundary(f"any.{last}"):
        return None
    return owner if _is_spoken_of(owner, "", text) else None


def _is_spoken_of(name: str, owner: str, text: str) -> bool:
    telling = "_" in name.strip("_") or re.match(r"[A-Z]+[a-z]+.*[A-Z]", name) is not None
    word = re.escape(name)
    if telling:
        return re.search(rf"(?<!\w){word}(?!\w)", text) is not None
    # A plain word may be prose: it counts as a name only when it is written like one.
    like_code = rf"`{word}`|(?<!\w){word}\(\)|(?<!\w){re.escape(owner)}\.{word}(?!\w)"
    return re.search(like_code if owner else rf"`{word}`|(?<!\w){word}\(\)", text) is not None
