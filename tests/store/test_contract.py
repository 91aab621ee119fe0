"""The views are a contract: front ends that read version 1 today must read it tomorrow."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect

from bccd.store.engine import Stores
from bccd.store.reference import VIEWS

FROZEN = Path(__file__).with_name("v1.json")
HOW = f"""The views differ from {FROZEN.name}, the frozen contract of version 1.
More views, or more columns at the end of a view: that is allowed. Add them to {FROZEN.name}.
A column gone, renamed, moved or of another type or meaning: it breaks front ends. Leave the v1 view as it was
and make a v2 view beside it; raise api_version in v1_schema, and min_reader only when v1 goes."""


def frozen() -> dict[str, dict[str, str]]:
    """Return each view's columns, in order, with their types on PostgreSQL."""
    read: dict[str, dict[str, str]] = json.loads(FROZEN.read_text(encoding="utf-8"))
    return read


def described(engine: Engine) -> dict[str, dict[str, str]]:
    """Return the same of a database."""
    columns = {view: inspect(engine).get_columns(view) for view in inspect(engine).get_view_names()}
    return {
        view: {column["name"]: str(column["type"]).lower() for column in found}
        for view, found in columns.items()
        if view.startswith("v1_")
    }


def test_columns_stand_as_promised(sqlite: Stores) -> None:
    """Each view has its columns in their order."""
    found = {view: list(columns) for view, columns in described(sqlite.database).items()}
    assert found == {view: list(columns) for view, columns in frozen().items()}, HOW


def test_every_promised_view_is_described() -> None:
    """What is frozen is what the reference tells of."""
    assert set(VIEWS) == set(frozen()), HOW


@pytest.mark.db
def test_types_stand_as_promised(postgresql: Stores) -> None:
    """Each column has its type."""
    assert described(postgresql.database) == frozen(), HOW
