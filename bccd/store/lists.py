"""Conditions on any number of values, given as one parameter: the text of a statement is always the same."""

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import Boolean, Dialect, LargeBinary, TypeDecorator, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeEngine

from bccd.store.arrays import kind_of

_KEYS = (
    "WITH RECURSIVE place(at) AS"
    " (VALUES (1) UNION ALL SELECT at + {1} FROM place WHERE at + {1} < length({0}))"
    " SELECT substr({0}, at, {1}) FROM place"
)

_json = msgspec.json.Encoder()


class ListOf(TypeDecorator[Collection[Any]]):
    """Values of one type: an array where there are any, else JSON; keys, which it cannot hold, on end."""

    impl = NullType  # said behind the parameter, where it matters
    cache_ok = True

    def __init__(self, type_: TypeEngine[Any]) -> None:
        super().__init__()
        self.of = type_

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> Any:
        """Write the values."""
        if value is None:
            return None
        if dialect.name != "sqlite":
            return kind_of(self.of)[1](list(value))
        return b"".join(value) if isinstance(self.of, LargeBinary) else _to_json(list(value))


def _to_json(values: list[Any]) -> str:
    text = _json.encode(values).decode()
    if "\\u0000" in text:  # SQLite would end the value there; no stored text holds it
        text = _json.encode([value for value in values if "\0" not in value]).decode()
    return text


class any_of(FunctionElement[bool]):  # noqa: N801 - it reads as SQLAlchemy's own functions do
    """True where the column has one of the values that are given under a name; keys are of so many octets."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: Any, name: str, octets: int = 16) -> None:
        super().__init__(column, bindparam(name, type_=ListOf(column.type)))
        self.octets = octets

    def self_group(self, against: Any = None) -> Any:
        """Stay as it is: compared with 1, as SQLAlchemy would, it leads to no index."""
        del against
        return self


@compiles(any_of, "postgresql")
def _on_postgresql(element: any_of, compiler: SQLCompiler, **options: Any) -> str:
    column, values = element.clauses
    array, _ = kind_of(column.type)
    return f"{compiler.process(column, **options)} = ANY({compiler.process(values, **options)}::{array}[])"


@compiles(any_of, "sqlite")
def _on_sqlite(element: any_of, compiler: SQLCompiler, **options: Any) -> str:
    column, values = element.clauses
    left, given = compiler.process(column, **options), compiler.process(values, **options)
    values_of = _KEYS if isinstance(column.type, LargeBinary) else "SELECT value FROM json_each({0})"
    return f"{left} IN ({values_of.format(given, element.octets)})"
