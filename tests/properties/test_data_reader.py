"""The chunked reader of DATA against a reader that has all octets at once."""

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bccd.model.reply import BARE_LINE_ENDS
from bccd.sources.data import Body
from bccd.sources.stream import ClosingError
from tests.unit.sources.dialogue import ROOM

OCTETS = st.lists(st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"x", b"\0", b"\r\n.\r\n", b"\r\n."])).map(
    b"".join
)
CUTS = st.lists(st.integers(1, 7), max_size=60)
END = b"\r\n.\r\n"


def whole(wire: bytes) -> tuple[bytes, bytes] | None:
    """The mail and what follows it; None where a lone dot comes first."""
    wire = b"\r\n" + wire
    end = wire.find(END)
    text = wire if end < 0 else wire[: end + 2]
    if re.search(rb"[\r\n]\.[\r\n]", text):
        return None
    assert end >= 0
    return b"\r\n".join(re.sub(rb"\A\.", b"", line) for line in text.split(b"\r\n"))[2:], wire[end + 5 :]


def read(wire: bytes, cuts: list[int]) -> tuple[bytes, bytes]:
    """The same, from the reader under test, given pieces of these sizes and then what is left."""
    fed: list[bytes] = []
    body = Body(10**6, Path(tempfile.gettempdir()), fed.append, ROOM)
    for cut in cuts:
        rest = body.feed(wire[:cut])
        wire = wire[cut:]
        if rest is not None:
            assert b"".join(fed) == body.raw().data
            return body.raw().data, rest + wire
    rest = body.feed(wire)
    assert rest is not None
    assert b"".join(fed) == body.raw().data
    return body.raw().data, rest


@given(OCTETS, CUTS)
@example(b".\r\n", [1, 1, 1])
@example(b"\r.\r\n", [1, 1, 1, 1])
def test_pieces_make_no_difference(wire: bytes, cuts: list[int]) -> None:
    """However the octets are cut, the mail, the rest and the refusal are those of the whole."""
    wire += b"z" + END + b"rest"
    wanted = whole(wire)
    if wanted is None:
        with pytest.raises(ClosingError) as caught:
            read(wire, cuts)
        assert caught.value.reply == BARE_LINE_ENDS
    else:
        assert read(wire, cuts) == wanted
