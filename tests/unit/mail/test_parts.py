"""The listing of a mail's parts."""

from bccd.mail.parts import Role, part_list

RAW = b"""From: a@b.example
Content-Type: multipart/mixed; boundary=x

--x
Content-Type: multipart/alternative; boundary=y

--y
Content-Type: text/plain; charset="UTF-8"
Content-Transfer-Encoding: base64

R3LDtg==
--y
Content-Type: text/html

<p>x</p>
--y--
--x
Content-Type: image/png; name="../a.png"
Content-Disposition: inline
Content-ID: <i@b>

PNG
--x
Content-Type: message/rfc822

Subject: inner

inside
--x--
""".replace(b"\n", b"\r\n")


def test_every_part_is_listed_before_what_it_holds() -> None:
    """Number, parent, type and role of each part stand in the order of the mail."""
    found = part_list(RAW)
    assert [(one.part, one.parent, one.depth, one.media_type, one.role) for one in found] == [
        ("", None, 0, "multipart/mixed", Role.CONTAINER),
        ("1", 0, 1, "multipart/alternative", Role.CONTAINER),
        ("1.1", 1, 2, "text/plain", Role.TEXT),
        ("1.2", 1, 2, "text/html", Role.HTML),
        ("2", 0, 1, "image/png", Role.ATTACHMENT),
        ("3", 0, 1, "message/rfc822", Role.MESSAGE),
        ("3.1", 5, 2, "text/plain", Role.TEXT),
    ]


def test_a_part_tells_what_it_declares() -> None:
    """Charset, encoding, disposition, file name, id and decoded size are those of the part's own fields."""
    _, _, text, _, image, _, inner = part_list(RAW)
    assert (text.charset, text.encoding, text.size) == ("utf-8", "base64", 4)
    assert (image.disposition, image.filename, image.content_id, image.size) == ("inline", "a.png", "i@b", 3)
    assert (inner.charset, inner.size) == ("", 6)
