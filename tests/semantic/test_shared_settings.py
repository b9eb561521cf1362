"""Knobs of the process, seeds, shared loggers and containers of modules: what changes them and what puts them back."""

from __future__ import annotations

import pytest
from testlsp.semantic import FileRole, SemanticModel
from testlsp.semantic.effects import Effect, EffectKind, effects_of
from testlsp.semantic.graph import FixtureGraph
from testlsp.semantic.knobs import goes_back
from testlsp.semantic.restoration import RestoredBy, restoration
from testlsp.semantic.summary import summarise
from testlsp.syntax import parse

HEADER = """\
import decimal, gc, locale, logging, random, signal, sys
import numpy as np
import app
from app import NAMES, log
from app.config import LIMITS as limits

OWN = []
mine = logging.getLogger(__name__)
theirs = logging.getLogger("app.db")

"""


def effects(body: str, head: str = "def test_it(patch, given):") -> tuple[SemanticModel, list[Effect]]:
    """Return the effects of one test function with *body*, and the model of its file."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    model = SemanticModel(parse("/p/test_it.py", f"{HEADER}{head}\n{lines}"), FileRole.TEST_MODULE)
    function = model.function_named("test_it")
    assert function is not None
    return model, effects_of(function, model)


@pytest.mark.parametrize(
    ("line", "kind", "target"),
    [
        ("gc.disable()", EffectKind.KNOB, "garbage collector"),
        ("locale.setlocale(locale.LC_ALL, '')", EffectKind.KNOB, "locale"),
        ("decimal.getcontext().prec = 3", EffectKind.KNOB, "decimal context"),
        ("np.seterr(all='raise')", EffectKind.KNOB, "error handling of NumPy"),
        ("random.seed(1)", EffectKind.SEED, "random"),
        ("np.random.seed(1)", EffectKind.SEED, "numpy.random"),
        ("logging.disable(50)", EffectKind.LOGGING, "logging.disable"),
        ("logging.getLogger().addHandler(given)", EffectKind.LOGGING, "handlers:"),
        ("theirs.setLevel(10)", EffectKind.LOGGING, "level:app.db"),
        ("log.setLevel(10)", EffectKind.LOGGING, "level:app.log"),
        ("OWN.append(1)", EffectKind.CONTAINER, ".OWN"),
        ("NAMES['a'] = 1", EffectKind.CONTAINER, "app.NAMES"),
        ("limits.pop('a')", EffectKind.CONTAINER, "app.config.LIMITS"),
        ("app.NAMES += ['a']", EffectKind.MODULE_ATTR, "app.NAMES"),
    ],
)
def test_what_is_changed_is_told_by_its_name(line: str, kind: EffectKind, target: str) -> None:
    """Each change has one kind, and a target that says which state it is."""
    _, found = effects(line)

    assert [(effect.kind, effect.target) for effect in found] == [(kind, target)]


@pytest.mark.parametrize(
    "line",
    [
        "locale.setlocale(locale.LC_ALL)",
        "mine.setLevel(10)",
        "logging.getLogger('unique').setLevel(10)",
        "logging.getLogger(given).setLevel(10)",
        "given.setLevel(10)",
        "app.names.append(1)",
        "OWN = []\nOWN.append(1)",
        "given.NAMES.append(1)",
        "random.Random(1)",
    ],
)
def test_what_is_ones_own_or_unknown_is_no_effect(line: str) -> None:
    """Reading, own loggers, locals and objects of unknown origin are left out."""
    assert effects(line)[1] == []


@pytest.mark.parametrize(
    ("body", "by"),
    [
        ("gc.disable()\ntry:\n    given()\nfinally:\n    gc.enable()", RestoredBy.FINALLY),
        ("gc.disable()\ntry:\n    given()\nfinally:\n    sys.settrace(None)", None),
        ("patch.addCleanup(signal.signal, 2, given)\nsignal.signal(2, patch)", RestoredBy.CALLBACK),
        ("patch.addCleanup(theirs.setLevel, 0)\ntheirs.setLevel(10)", RestoredBy.CALLBACK),
        ("with np.errstate():\n    np.seterr(all='raise')", RestoredBy.CONTEXT),
        ("gc.disable()\ngiven()\ngc.enable()\ngiven()", RestoredBy.LATER),
        ("theirs.setLevel(10)\ngiven()\nlog.setLevel(given)\ngiven()", None),
        ("patch.setattr(app, 'NAMES', {})\nNAMES['a'] = 1", RestoredBy.PATCH),
        ("patch.setitem(NAMES, 'a', 1)\nNAMES['a'] = 2", RestoredBy.PATCH),
        ("NAMES['a'] = 1\ntry:\n    given()\nfinally:\n    app.NAMES = patch", RestoredBy.FINALLY),
        ("NAMES['a'] = 1\ntry:\n    given()\nfinally:\n    OWN.clear()", None),
    ],
)
def test_only_the_same_state_puts_it_back(body: str, by: RestoredBy | None) -> None:
    """A change is undone by what concerns the same knob, logger or container, and nothing else."""
    model, found = effects(body)

    restored = restoration(found[0], model)

    assert (restored and restored.by) == by


def test_an_autouse_fixture_puts_a_knob_back() -> None:
    """What a conftest's fixture sets back after its yield is known through its summary."""
    conftest = parse(
        "/p/conftest.py",
        "import gc, pytest\n\n@pytest.fixture(autouse=True)\ndef keep():\n    yield\n    gc.enable()\n",
    )
    model, [disabled, traced] = effects("gc.disable()\nsys.settrace(given)\ngiven()")
    summaries = [
        summarise(conftest, SemanticModel(conftest, FileRole.CONFTEST)),
        summarise(model.source, model),
    ]
    graph = FixtureGraph({summary.path: summary for summary in summaries})

    found = restoration(disabled, model, graph)
    assert found is not None
    assert found.fixture == "keep"
    assert restoration(traced, model, graph) is None


def test_switching_on_again_goes_back() -> None:
    """The state that a process starts with is no change to report."""
    _, [effect, other] = effects("gc.enable()\nsignal.signal(2, signal.SIG_DFL)")

    assert goes_back(effect.method, effect.value)
    assert goes_back(other.method, other.value)
    assert not goes_back("disable", None)
