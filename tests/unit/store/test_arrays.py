"""Arrays as PostgreSQL reads them."""

from typing import Any

import pytest
from sqlalchemy import BigInteger, Text

from bccd.store.arrays import kind_of


@pytest.mark.parametrize(
    ("type_", "values", "written"),
    [
        (Text(), [], "{}"),
        (Text(), ["a", 'b"c', "d\\"], '{"a","b\\"c","d\\\\"}'),
        (Text(), ["a", None, "NULL"], '{"a",NULL,"NULL"}'),
        (Text(), ["a\0b", "c"], '{"a\0b","c"}'),
        (Text(), ["a\0b"], '{"a\0b"}'),
        (BigInteger(), [1, None, -3], "{1,NULL,-3}"),
        (BigInteger(), [], "{}"),
    ],
)
def test_a_value_is_one_element(type_: Any, values: list[Any], written: str) -> None:
    """Also one with the character that parts texts while they are written, which PostgreSQL then refuses."""
    assert kind_of(type_)[1](values) == written
