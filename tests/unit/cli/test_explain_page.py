"""docs/reference/explain.md and what is printed are the same."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bccd.cli.reading.reference import octets, page, schema
from bccd.mail.anatomy import Anatomy, anatomy

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "explain.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"(?<=## Example\n\n```eml\n).*?```\n\n```json\n(.*?)```", re.DOTALL)


def shown(found: Any) -> Any:
    """An anatomy without what only says how it was known: that may be told better by and by."""
    if isinstance(found, dict):
        known = ("evidence", "confidence")
        return {name: shown(value) for name, value in found.items() if name not in known}
    return [shown(value) for value in found] if isinstance(found, list) else found


def test_the_reference_is_current() -> None:
    """The page is what the fields make of it, but for the example."""
    assert EXAMPLE.sub("", PAGE) == EXAMPLE.sub("", page())


def test_the_example_is_what_is_printed() -> None:
    """The JSON below the mail is its anatomy, and has every field and no other."""
    found = EXAMPLE.search(PAGE)
    assert found is not None
    told = json.loads(found[1])
    assert shown(told) == shown(msgspec.to_builtins(anatomy(octets())))
    assert msgspec.to_builtins(msgspec.convert(told, Anatomy)) == told


def fits(value: Any, shape: Any, defined: Any) -> bool:
    """Tell whether a value has the form that the schema gives, with every field."""
    if "$ref" in shape:
        return fits(value, defined[shape["$ref"].rpartition("/")[2]], defined)
    if "anyOf" in shape:
        return any(fits(value, one, defined) for one in shape["anyOf"])
    if shape["type"] == "object":
        named = shape["properties"]
        whole = isinstance(value, dict) and list(value) == list(named) == shape["required"]
        return whole and all(fits(value[name], named[name], defined) for name in named)
    if shape["type"] == "array":
        return isinstance(value, list) and all(fits(one, shape["items"], defined) for one in value)
    kinds: Any = {"string": str, "boolean": bool, "integer": int, "number": float, "null": type(None)}
    return isinstance(value, kinds[shape["type"]])


@pytest.mark.parametrize("raw", [b"", octets(), b"From: \xff\n\n\xff\xfe", b"Content-Type: multipart/x\n\n"])
def test_the_schema_holds(raw: bytes) -> None:
    """Whatever the octets, the anatomy has the published form."""
    whole = schema()
    assert fits(msgspec.to_builtins(anatomy(raw)), whole, whole["$defs"])
