"""Objects that are what they are made with: frozen dataclasses, by inheritance alone."""

import sys
from dataclasses import Field, dataclass, field, fields
from importlib import import_module
from inspect import cleandoc
from typing import Any, dataclass_transform

from .parameters import check_parameters, parameter, switch

_PACKAGE = __name__.partition(".")[0]


@dataclass_transform(frozen_default=True, field_specifiers=(parameter, switch, field))
class Declared:
    """Base of classes whose instances are what they are made with.

    A subclass becomes a frozen dataclass: its annotated fields are its parameters.  It needs no
    decorator.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        dataclass(frozen=True, repr=False)(cls)

    def __post_init__(self) -> None:
        check_parameters(self)

    def __repr__(self) -> str:
        me: Any = self
        shown = [f"{each.name}={getattr(me, each.name)!r}" for each in shown_fields(me)]
        return f"{type(self).__name__}({', '.join(shown)})"

    def __reduce__(self) -> tuple[Any, ...]:
        me: Any = self
        given = {each.name: getattr(me, each.name) for each in fields(me) if each.init}
        kind = type(self)
        public = getattr(sys.modules[_PACKAGE], kind.__name__, None) is kind
        return remade, (kind.__name__ if public else kind, given)


def shown_fields(instance: Any) -> list[Field[Any]]:
    """Return the fields that are worth showing: not those by keyword alone that are as usual.

    That is their default, or what a field says in its metadata that this usually becomes.
    """
    return [
        each
        for each in fields(instance)
        if not each.kw_only
        or getattr(instance, each.name) not in (each.default, each.metadata.get("usual"))
    ]


def remade(kind: str | type, given: dict[str, Any]) -> Any:
    """Return an instance of a class, or of one with a public name, as it was made.

    This is what pickles call, so that they outlive a move of a class to another module.
    """
    make = getattr(import_module(_PACKAGE), kind) if isinstance(kind, str) else kind
    return make(**given)


remade.__module__ = f"{_PACKAGE}.base"


def with_parameter(docstring: str | None, name: str, description: str) -> str:
    """Return a docstring in whose section of parameters the last one is described.

    Parameters
    ----------
    docstring : str
        In numpydoc's form; the section is put in front of the others where it is missing.
    name : str
        The parameter; where the section has it already, nothing is added.
    description : str
        Its lines there.
    """
    docstring = cleandoc(docstring or "")
    if f"\n{name} : " in docstring:
        return docstring
    lines = docstring.splitlines()
    heads = [k for k, line in enumerate(lines) if k and line and set(line) == {"-"}]
    titles = [lines[k - 1] for k in heads]
    added = description.splitlines()
    if "Parameters" in titles:
        following = titles.index("Parameters") + 1
    else:
        following, added = 0, ["Parameters", "----------", *added]
    end = heads[following] - 1 if following < len(heads) else len(lines)
    before, after = "\n".join(lines[:end]).rstrip("\n"), lines[end:]
    gap = "\n" if "Parameters" in titles else "\n\n"
    return "\n".join([before + gap + "\n".join(added), *([""] * bool(after)), *after])
