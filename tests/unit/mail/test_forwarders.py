"""Which mailbox a server forwarded a mail from, in the shapes that servers write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bccd.mail.forwarders import is_rewritten, named_by_envelope, named_by_fields, same_mailbox


@pytest.mark.parametrize(
    ("mail_from", "mailbox", "rewritten"),
    [
        # Gmail, and a domain at Google Workspace
        ("anna.k+caf_=crm+fwabc=drop.example@gmail.com", "anna.k@gmail.com", False),
        ("anna+crm+caf_=crm=drop.example@seller.example", "anna+crm@seller.example", False),
        # Exchange Online: a mailbox forwards; a server relays
        ("anna+srs=44ldt=ix=customer.example=jan@seller.example", "anna@seller.example", False),
        ("bounces+srs=dmmzc=v3@seller.example", "", True),
        # postsrsd, one hop and two; a separator that some installations choose
        ("srs0=h7f2=ix=customer.example=jan@seller.example", "", True),
        ("srs1=aaaa=relay.example==h7f2=ix=customer.example=jan@seller.example", "", True),
        ("srs0+h7f2=ix=customer.example=jan@seller.example", "", True),
        # not rewritten at all, or to the mailbox itself
        ("jan@customer.example", "jan@customer.example", False),
        ("bounces+17@lists.example", "bounces+17@lists.example", False),
        ("anna+srs=@seller.example", "anna+srs=@seller.example", False),
        ("", "", False),
    ],
)
def test_envelopes(mail_from: str, mailbox: str, rewritten: bool) -> None:
    """The envelope names the mailbox where its server writes that, and shows whose server it is else."""
    assert (named_by_envelope(mail_from), is_rewritten(mail_from)) == (mailbox, rewritten)


@pytest.mark.parametrize(
    ("field", "named"),
    [
        ("X-Forwarded-For: anna@gmail.com crm+fwx@drop.example", ("anna@gmail.com", "crm+fwx@drop.example")),
        (
            "X-Forwarded-For: Anna@Seller.Example, crm@drop.example",
            ("anna@seller.example", "crm@drop.example"),
        ),
        ("Resent-From: Anna <anna@seller.example>", ("anna@seller.example",)),
        ("X-MS-Exchange-Inbox-Rules-Loop: anna@seller.example", ("anna@seller.example",)),
        (
            "X-MS-Exchange-ForwardingLoop: anna@seller.example;0f8b1c2d-0000-4000-8000-000000000000",
            ("anna@seller.example",),
        ),
        ("X-Sieve-Redirected-From: anna@seller.example", ("anna@seller.example",)),
        ("Delivered-To: anna@seller.example", ("anna@seller.example",)),
        ("From: anna@seller.example", ()),
        ("To: anna@seller.example", ()),
    ],
)
def test_fields(field: str, named: tuple[str, ...]) -> None:
    """Each kind of server names the mailbox in a field of its own."""
    assert named_by_fields(f"Subject: x\r\n{field}\r\n".encode()) == named


def test_dots_do_not_count_at_gmail() -> None:
    """Gmail writes its account as it likes; everywhere else a dot is a letter."""
    assert same_mailbox("anna.kos@gmail.com", "annakos@googlemail.com")
    assert not same_mailbox("anna.kos@seller.example", "annakos@seller.example")


@given(st.binary(max_size=200), st.text(max_size=80))
def test_nothing_raises(value: bytes, mail_from: str) -> None:
    """Whatever stands there is read, and names at most addresses."""
    named = named_by_fields(b"X-Forwarded-For: " + value + b"\r\n")
    assert all("@" in address for address in named)
    assert isinstance(named_by_envelope(mail_from), str)


def test_few_octets_of_the_fields_are_read() -> None:
    """What stands far down in them is no server's work."""
    long = b"Delivered-To: " + b"x " * 5_000 + b"anna@seller.example\r\n"
    assert named_by_fields(long) == ()
    near = b"Delivered-To: anna@seller.example\r\n"
    assert named_by_fields(near + long) == ("anna@seller.example",)
    assert named_by_fields(long + near) == ()
