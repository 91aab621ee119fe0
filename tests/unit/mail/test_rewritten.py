"""Whose address stands in a rewritten envelope sender."""

import pytest

from bccd.mail.rewritten import originals


@pytest.mark.parametrize(
    ("sender", "made_of"),
    [
        ("anna@firm.example", ()),
        ("", ()),
        ("anna+crm=drop.example@firm.example", ("anna@firm.example",)),
        ("anna-crm=drop.example@firm.example", ("anna@firm.example",)),
        ("prvs=0123456789=anna@firm.example", ("anna@firm.example",)),
        ("btv1==0a9==anna@firm.example", ("anna@firm.example",)),
        ("srs0=hash=tt=firm.example=anna@relay.example", ("anna@firm.example",)),
        ("srs0+hash=tt=firm.example=anna@relay.example", ("anna@firm.example",)),
        ("bounces+srs=hash=tt=firm.example=anna@tenant.example", ("anna@firm.example",)),
        ("srs1=hash=relay.example==h2=tt=firm.example=anna@last.example", ("anna@firm.example",)),
        # A mailbox that sends on what others wrote
        ("anna+caf_=crm=drop.example@gmail.example", ()),
        ("anna+srs=hash=tt=firm.example=anna@tenant.example", ()),
        # What only looks like it
        ("anna+work@firm.example", ()),
        ("anna.ben@firm.example", ()),
        ("anna=firm.example@evil.example", ()),
        ("x=anna@firm.example", ()),
        ("prvs=short=anna@firm.example", ()),
        ("srs0=hash=firm.example=anna@relay.example", ()),
        ("srs0=hash=tt=firm=anna@relay.example", ()),
    ],
)
def test_a_sender_says_what_it_was_made_of(sender: str, made_of: tuple[str, ...]) -> None:
    """VERP, BATV and SRS name the address before; anything else is itself alone."""
    assert originals(sender) == (*((sender,) if sender else ()), *made_of)
