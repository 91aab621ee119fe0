"""What all tables are made of: types that read alike on every database, keys led by the company."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

_NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

database = MetaData(naming_convention=_NAMES)
spool = MetaData(naming_convention=_NAMES)

# SQLite counts up only in a column that is called INTEGER.
Serial = BigInteger().with_variant(Integer(), "sqlite")

# A table with short rows and no other key is kept in its key on SQLite: one write instead of two.
CLUSTERED: dict[str, Any] = {"sqlite_with_rowid": False}


@lru_cache(maxsize=1_024)  # a batch writes the same few moments into every row
def to_text(moment: datetime | None) -> str | None:
    """Write an aware moment in UTC, always 27 characters, so that text sorts as time does."""
    if moment is None:
        return None
    if moment.tzinfo is not UTC:
        if moment.tzinfo is None:
            raise ValueError("a stored time needs its zone")
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"


def from_text(text: str | None) -> datetime | None:
    """Read what to_text wrote."""
    return None if text is None else datetime.fromisoformat(text)


class Instant(TypeDecorator[datetime]):
    """A moment in UTC: timestamptz where there is one, else ISO 8601 text with microseconds and Z."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column type."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Write a moment."""
        return to_text(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Read a moment."""
        if dialect.name == "sqlite":
            return from_text(value)
        return None if value is None else value.astimezone(UTC)


def whole(name: str, *, null: bool = False, default: str | None = None) -> Column[int]:
    """A whole number: an id, a count of octets."""
    return Column(name, BigInteger, nullable=null, autoincrement=False, server_default=default)


def words(name: str, *, null: bool = False, default: str | None = None) -> Column[str]:
    """Text."""
    return Column(name, Text, nullable=null, server_default=default)


def octets(name: str, *, null: bool = False) -> Column[bytes]:
    """A digest or a mail."""
    return Column(name, LargeBinary, nullable=null)


def flag(name: str, *, default: bool | None = None) -> Column[bool]:
    """True or false, never unknown."""
    server = None if default is None else (true() if default else false())
    return Column(name, Boolean, nullable=False, server_default=server)


def moment(name: str, *, null: bool = False) -> Column[datetime]:
    """A time."""
    return Column(name, Instant, nullable=null)


def key(*columns: str) -> PrimaryKeyConstraint:
    """The primary key within a company."""
    return PrimaryKeyConstraint("company_id", *columns)


def one(*columns: str) -> UniqueConstraint:
    """What exists once in a company."""
    return UniqueConstraint("company_id", *columns)


def of(column: str, table: str) -> ForeignKeyConstraint:
    """A reference, within one company."""
    return ForeignKeyConstraint(["company_id", column], [f"{table}.company_id", f"{table}.id"])


def of_company() -> ForeignKeyConstraint:
    """The reference to the company itself."""
    return ForeignKeyConstraint(["company_id"], ["company.id"])


def among(column: str, *values: str) -> CheckConstraint:
    """The values that a column may hold."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def index(table: str, *columns: str, where: str = "", unique: bool = False, name: str = "") -> Index:
    """An index within a company, over the rows that meet a condition; named by its columns unless given."""
    condition: dict[str, Any] = (
        {"sqlite_where": text(where), "postgresql_where": text(where)} if where else {}
    )
    return Index(
        f"ix_{table}_{name or '_'.join(columns)}", "company_id", *columns, unique=unique, **condition
    )
