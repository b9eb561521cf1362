"""Effects: what is found, under which name, and with which parts."""

from __future__ import annotations

import ast
import textwrap

import pytest
from function_models import function_of
from testlsp.semantic.effects import EffectKind, effects_of


def found_in(body: str) -> list[tuple[str, str, str | None]]:
    """Return kind, method and target of the effects of a test with this body."""
    function, model = function_of("def test_it(fixture):\n" + textwrap.indent(textwrap.dedent(body), "    "))
    return [(effect.kind.name, effect.method, effect.target) for effect in effects_of(function, model)]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("os.environ['A'] = '1'", ("ENV_SET", "setitem", "os.environ")),
        ("o.environ['A'] = '1'", ("ENV_SET", "setitem", "os.environ")),
        ("environ['A'] = '1'", ("ENV_SET", "setitem", "os.environ")),
        ("env['A'] += '1'", ("ENV_SET", "augment", "os.environ")),
        ("e = os.environ; e['A'] = '1'", ("ENV_SET", "setitem", "os.environ")),
        ("os.environ['A']: str = '1'", ("ENV_SET", "setitem", "os.environ")),
        ("os.environ['A'], x = '1', 2", ("ENV_SET", "setitem", "os.environ")),
        ("del os.environ['A']", ("ENV_DELETE", "delitem", "os.environ")),
        ("os.environ.pop('A', None)", ("ENV_DELETE", "pop", "os.environ")),
        ("x = os.environ.popitem()", ("ENV_DELETE", "popitem", "os.environ")),
        ("os.environ.update(A='1')", ("ENV_BULK", "update", "os.environ")),
        ("os.environ |= {'A': '1'}", ("ENV_BULK", "augment", "os.environ")),
        ("os.environ.setdefault('A', '1')", ("ENV_BULK", "setdefault", "os.environ")),
        ("os.environ = {}", ("ENV_REBIND", "assign", "os.environ")),
        ("putenv('A', '1')", ("ENV_PUTENV", "putenv", "os.putenv")),
        ("os.environb[b'A'] = b'1'", ("ENV_SET", "setitem", "os.environb")),
        ("sys.path.insert(0, '.')", ("SYS_PATH", "insert", "sys.path")),
        ("sys.modules['x'] = None", ("SYS_MODULES", "setitem", "sys.modules")),
        ("sys.argv = ['x']", ("SYS_ATTR", "assign", "sys.argv")),
        ("go('/')", ("CWD", "go", "os.chdir")),
        ("settings.DEBUG = True", ("MODULE_ATTR", "assign", "app.settings.DEBUG")),
        ("setattr(settings, 'DEBUG', True)", ("MODULE_ATTR", "setattr", "app.settings.DEBUG")),
        ("app.main.dependency_overrides[f] = g", ("OVERRIDE", "setitem", "app.main.dependency_overrides")),
        ("fixture.dependency_overrides[f] = g", ("OVERRIDE", "setitem", None)),
        ("patch('app.f').start()", ("PATCH_START", "start", None)),
        ("p = patch('app.f')\np.start()", ("PATCH_START", "start", None)),
    ],
)
def test_each_way_of_changing_state_is_found(body: str, wanted: tuple[str, str, str | None]) -> None:
    """Names are resolved through imports and aliases; a change is found once."""
    assert found_in(body) == [wanted]


@pytest.mark.parametrize(
    "body",
    [
        "e = os.environ.copy(); e['A'] = '1'",
        "e = dict(os.environ); e.update(A='1')",
        "fixture.environ['A'] = '1'",
        "fixture['A'] = '1'",
        "os.environ.get('A')",
        "os.environ['A'] == '1'",
        "local = []; local.append(1)",
        "fixture.attribute = 1",
        "run('os.environ[\"A\"] = 1')",
        "environ = {}; environ['A'] = '1'",
    ],
)
def test_what_changes_no_state_of_the_process_is_not_found(body: str) -> None:
    """Copies, parameters, locals of the same name, reads and code in strings are no effects."""
    assert found_in(body) == []


def test_parts_of_an_effect_say_what_is_changed_to_what() -> None:
    """Key, value and the statement that does nothing else are given; a used value leaves no statement."""
    function, model = function_of(
        """
        def test_it():
            os.environ["A"] = "1"
            old = os.environ.pop("B", "2")
            os.environ.setdefault("C", "3")
            os.environ["D"] = os.environ["E"] = "4"
        """
    )
    first, second, third, fourth, fifth = effects_of(function, model)
    assert (first.literal_key, first.whole) == ("A", first.node)
    assert (second.literal_key, second.whole) == ("B", None)
    assert second.value is not None
    assert third.literal_key == "C"
    assert third.value is not None
    assert [fourth.literal_key, fifth.literal_key, fourth.whole, fifth.whole] == ["D", "E", None, None]


def test_effects_of_nested_functions_are_their_own() -> None:
    """A nested function's change belongs to it, so that who runs it can be judged."""
    function, model = function_of(
        """
        def test_it():
            def inner():
                os.environ["A"] = "1"
            inner()
        """
    )
    assert effects_of(function, model) == []
    assert [effect.kind for effect in effects_of(function.nested[0], model)] == [EffectKind.ENV_SET]


def test_keys_are_compared_by_their_dump() -> None:
    """The quick way for literals gives what ``ast.dump`` gives."""
    function, model = function_of("def test_it():\n    os.environ['it\\'s'] = os.environ[u'U'] = os.environ[K] = 'x'\n")
    for effect in effects_of(function, model):
        assert effect.key is not None
        assert effect.key_dump == ast.dump(effect.key)
