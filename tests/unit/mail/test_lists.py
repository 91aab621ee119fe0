"""Rule 5: the addresses of mailing lists, as mail names them."""

import pytest

from bccd.mail.parse import parse


@pytest.mark.parametrize(
    ("field", "addresses"),
    [
        (b"List-Post: <mailto:sales@lists.example>", ("sales@lists.example",)),
        (
            b"List-Post: <MAILTO:Sales%2Bpl@Lists.example?subject=x> (for members)",
            ("sales+pl@lists.example",),
        ),
        (b"List-Post: NO (posting not allowed)", ()),
        (b"X-BeenThere: sales@lists.example", ("sales@lists.example",)),
        (
            b"Mailing-List: list sales@lists.example; contact sales+owners@lists.example",
            ("sales+owners@lists.example", "sales@lists.example"),
        ),
        (b"X-Mailing-List: <sales@lists.example>", ("sales@lists.example",)),
        (b"List-Unsubscribe: <mailto:leave@lists.example>", ()),
    ],
)
def test_fields_that_name_a_list(field: bytes, addresses: tuple[str, ...]) -> None:
    """List-Post (RFC 2369 3.4) and what older list managers write; where to unsubscribe is no list."""
    assert parse(field + b"\r\nFrom: a@x.example\r\n\r\nHello\r\n").list_addresses == addresses


def test_an_attached_mail_came_through_its_list() -> None:
    """A forwarded list mail names its list in its own header section; a part's fields name nothing."""
    raw = (
        b"From: a@x.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nX-BeenThere: part@lists.example\r\n\r\nsee below\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\n"
        b"From: c@y.example\r\nX-BeenThere: sales@lists.example\r\n\r\nHello\r\n--b--\r\n"
    )
    assert parse(raw).list_addresses == ("sales@lists.example",)


def test_a_flood_of_addresses_is_cut() -> None:
    """No mail names more than twenty."""
    fields = b"".join(b"X-BeenThere: l%d@lists.example\r\n" % n for n in range(50))
    assert len(parse(fields + b"From: a@x.example\r\n\r\nHello\r\n").list_addresses) == 20
