"""The environment saved and restored by hand, recognised as a whole."""

from __future__ import annotations

import textwrap

import pytest
from function_models import function_of
from testlsp.semantic.effects import effects_of
from testlsp.semantic.save_restore import (
    Afterwards,
    SaveRestore,
    afterwards,
    belongs_to_idiom,
    is_used_otherwise,
    save_restore,
)


def idiom_of(text: str, header: str = "def test_it():") -> SaveRestore | None:
    """Return the idiom in a function with this body."""
    function, model = function_of(header + "\n" + textwrap.indent(textwrap.dedent(text).strip("\n"), "    "))
    return save_restore(function, model)


ONE = """
{save}
os.environ["A"] = "1"
run()
os.environ["A"] = old
"""
ALL = """
{save}
os.environ["A"] = "1"
run()
os.environ.clear()
os.environ.update(old)
"""


@pytest.mark.parametrize(
    ("save", "restore"),
    [
        ('old = os.environ.get("A")', ONE),
        ('old = os.environ["A"]', ONE),
        ('old = os.getenv("A", "")', ONE),
        ('old = env.pop("A", None)', ONE),
        ("old = dict(os.environ)", ALL),
        ("old = os.environ.copy()", ALL),
        ("old = {**os.environ}", ALL),
        ("import copy; old = copy.deepcopy(environ)", ALL),
    ],
)
def test_every_way_of_saving_is_known(save: str, restore: str) -> None:
    """The saving statement, the change and the restoring ones make one idiom; it is a snapshot if all is restored."""
    idiom = idiom_of(restore.format(save=save))
    assert idiom is not None
    assert [item.name for item in idiom.saves] == ["old"]
    assert {item.literal_key for item in idiom.changes} == {"A"}
    assert idiom.snapshot is (restore is ALL)
    assert not idiom.protected


@pytest.mark.parametrize(
    "restore",
    [
        'if old is None:\n    del os.environ["A"]\nelse:\n    os.environ["A"] = old',
        'if old:\n    os.environ["A"] = old\nelse:\n    os.environ.pop("A", None)',
        'del os.environ["A"]',
        'try:\n    del os.environ["A"]\nexcept KeyError:\n    pass',
        'with contextlib.suppress(KeyError):\n    del os.environ["A"]',
        'if "A" in os.environ:\n    del os.environ["A"]',
    ],
)
def test_every_way_of_restoring_is_one_statement(restore: str) -> None:
    """What restores is known as one outermost statement, and in ``finally`` it is protected."""
    text = 'old = os.environ.get("A")\nos.environ["A"] = "1"\ntry:\n    run()\nfinally:\n'
    text += textwrap.indent(restore, "    ")
    idiom = idiom_of(text)
    assert idiom is not None
    [unit] = idiom.restores
    assert unit.guard is not None
    assert unit.guard.finalbody == [unit.statement]
    assert idiom.protected


def test_a_loop_over_what_was_saved_restores_everything() -> None:
    """``for key, value in saved.items()`` is a restoring statement too."""
    idiom = idiom_of(
        """
        saved = {key: os.environ.get(key) for key in KEYS}
        for key in KEYS:
            os.environ[key] = "x"
        run()
        for key, value in saved.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value
        """
    )
    assert idiom is not None
    assert idiom.snapshot
    assert len(idiom.restores) == 1


@pytest.mark.parametrize(
    "text",
    [
        'os.environ["A"] = "1"\nos.environ["B"] = "2"',
        'os.environ["A"] = "1"\nrun()\ndel os.environ["B"]',
        "saved = dict(os.environ)\nrun()\nos.environ.clear()\nos.environ.update(saved)",
        'old = os.environ["A"]\nos.environ["A"] = "x" + old\nos.environ["A"] = "y" + old\nrun()',
        'os.environ["A"] = "1"\nold = os.environ["B"]\nos.environ["A"] = old\nrun()',
        'del os.environ["A"]\nrun()\nos.environ["A"] = "1"\nrun()',
    ],
)
def test_what_restores_nothing_that_was_changed_is_no_idiom(text: str) -> None:
    """Two changes, another variable, a shield against others' changes, and values made of the old one."""
    assert idiom_of(text) is None


def test_clean_up_counts_for_each_variable() -> None:
    """Of two variables set and one deleted, only that one belongs to the idiom."""
    function, model = function_of(
        """
        def test_it():
            os.environ["A"] = "1"
            os.environ["B"] = "1"
            run()
            del os.environ["A"]
        """
    )
    assert [belongs_to_idiom(effect, model) for effect in effects_of(function, model)] == [True, False, True]


@pytest.mark.parametrize(
    ("rest", "wanted"),
    [
        ("assert result == 1", Afterwards.NOTHING),
        ("assert run() == 1", Afterwards.CALLS),
        ('assert "A" not in os.environ', Afterwards.READS),
        ('assert os.getenv("A") is None', Afterwards.READS),
        ("import time; time.tzset()", Afterwards.READS),
    ],
)
def test_what_follows_decides_whether_the_restoring_may_wait(rest: str, wanted: Afterwards) -> None:
    """Nothing, calls, or a look at the environment."""
    function, model = function_of(
        f"def test_it():\n    os.environ['A'] = '1'\n    result = run()\n    del os.environ['A']\n    {rest}\n"
    )
    idiom = save_restore(function, model)
    assert idiom is not None
    assert afterwards(idiom, idiom.restores[0], model) is wanted


def test_a_saved_value_with_another_use_is_noticed() -> None:
    """Also in a nested function; using it to restore is none."""
    plain = 'old = os.environ["A"]\nos.environ["A"] = {value}\nrun()\nos.environ["A"] = old\n{rest}'
    for value, rest, used in (('"x"', "", False), ('f"x:{old}"', "", True), ('"x"', "def inner(): return old", True)):
        idiom = idiom_of(plain.format(value=value, rest=rest))
        assert idiom is not None
        assert is_used_otherwise(idiom.saves[0], idiom) is used
