"""Whatever a peer says, the listener answers in the protocol's own form and stays alive."""

import re
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.sources.dialogue import MAIL, Desk, starting

REPLY = re.compile(rb"[2-5][0-9]{2}(?:-[ -~]+|(?: [2-5]\.[0-9]{1,3}\.[0-9]{1,3})? [ -~]+)\Z")
PATHS = st.sampled_from(
    [b"<>", b"<a@b.example>", b"<drop@acme.example>", b"<nobody@x>", b'<"', b"<a@[>", b"<\xff@b>"]
)
COMMANDS = st.one_of(
    st.sampled_from(
        [b"EHLO x", b"HELO x", b"LHLO x", b"RSET", b"NOOP", b"VRFY x", b"DATA", b"", b".", b"HELP"]
    ),
    st.builds(
        b"MAIL FROM:%b %b".__mod__, st.tuples(PATHS, st.sampled_from([b"", b"SIZE=1", b"SMTPUTF8", b"X=1"]))
    ),
    st.builds(b"RCPT TO:%b".__mod__, PATHS),
    st.binary(max_size=40),
    st.sampled_from([b"x" * 3000, MAIL + b".", b"EHLO x\nNOOP", b"MAIL FROM:<a@b.example>\rRSET"]),
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Generator[Desk]:
    """One listener for all examples: none may hurt the next."""
    with starting(Path(tempfile.mkdtemp(dir=tmp_path_factory.getbasetemp()))) as start:
        yield start(data_idle_seconds=2, idle_seconds=2, connections_per_minute=0)


@given(commands=st.lists(COMMANDS, max_size=30), protocol=st.booleans())
@settings(max_examples=150)
def test_any_dialogue_is_answered(desk: Desk, commands: list[bytes], protocol: bool) -> None:
    """Each line is a reply of RFC 5321 with a code of RFC 3463, and none confesses an error of ours."""
    client = desk.lmtp() if protocol else desk.connect()
    octets = b"".join(command + b"\r\n" for command in commands)
    client.send(octets + b"\r\n.\r\nQUIT\r\nQUIT\r\n")
    lines = client._file.read().split(b"\r\n")
    client.close()
    assert lines.pop() == b""
    assert lines
    assert [line for line in lines if not REPLY.match(line)] == []
    assert [line for line in lines if line.startswith(b"451")] == []
    assert desk.problems == []
