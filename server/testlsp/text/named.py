"""Named tuples that are quick to define.

``typing.NamedTuple`` compiles every annotation and generates code for every class: with a hundred classes that is a
fifth of the time in which a small file has to be checked. This one does neither, and wants annotations to be text
(``from __future__ import annotations``). Type checkers see the original.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:
    from _collections import _tuplegetter

    _make = tuple.__new__

    class _Meta(type):
        """Turns annotations into fields, as `typing.NamedTuple` does."""

        def __new__(mcs, name, bases, namespace):
            if not bases:
                return type.__new__(mcs, name, bases, namespace)
            fields = tuple(namespace.get("__annotations__", ()))
            defaults = {field: namespace.pop(field) for field in fields if field in namespace}
            namespace.update((field, _tuplegetter(index, "")) for index, field in enumerate(fields))
            namespace.setdefault("__slots__", ())
            namespace["_fields"] = namespace["__match_args__"] = fields
            namespace["_field_defaults"] = defaults
            bases = tuple(base for base in bases if base is not NamedTuple)
            return type.__new__(_Plain, name, (_Named, *bases), namespace)

    class _Plain(type):
        """The type of the classes made; subclassing one of them gives an ordinary class."""

    class _Named(tuple, metaclass=_Plain):
        __slots__ = ()
        _fields = ()
        _field_defaults = {}

        def __new__(cls, *args, **named):
            fields = cls._fields
            if named or len(args) != len(fields):
                args = _filled(cls, args, named)
            return _make(cls, args)

        @classmethod
        def _make(cls, values):
            return cls(*values)

        def _replace(self, **named):
            values = [named.pop(field, value) for field, value in zip(self._fields, self, strict=True)]
            if named:
                raise ValueError(f"Got unexpected field names: {list(named)!r}")
            return _make(type(self), values)

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def __repr__(self):
            shown = ", ".join(f"{field}={value!r}" for field, value in zip(self._fields, self, strict=True))
            return f"{type(self).__name__}({shown})"

        def __getnewargs__(self):
            return tuple(self)

    def _filled(cls, args, named):
        fields, defaults = cls._fields, cls._field_defaults
        if len(args) > len(fields):
            raise TypeError(f"{cls.__name__} takes {len(fields)} arguments, not {len(args)}")
        values = list(args)
        for field in fields[len(args) :]:
            if field in named:
                values.append(named.pop(field))
            elif field in defaults:
                values.append(defaults[field])
            else:
                raise TypeError(f"{cls.__name__} misses the argument {field!r}")
        if named:
            raise TypeError(f"{cls.__name__} has no argument {next(iter(named))!r}")
        return values

    class NamedTuple(metaclass=_Meta):
        """Base of the classes; see `typing.NamedTuple`."""
