"""Files told by their first octets."""

import io
import zipfile

import pytest

from bccd.mail.parse import parse
from bccd.mail.sniff import sniffed


def archive(*members: tuple[str, str]) -> bytes:
    """Make a ZIP archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        for name, content in members:
            opened.writestr(name, content)
    return made.getvalue()


CASES = {
    "application/pdf": b"%PDF-1.7",
    "image/png": b"\x89PNG\r\n\x1a\n...",
    "image/jpeg": b"\xff\xd8\xff\xe0",
    "image/webp": b"RIFF\0\0\0\0WEBPVP8 ",
    "image/heic": b"\0\0\0\x18ftypheic",
    "video/mp4": b"\0\0\0\x18ftypisom",
    "application/x-ole-storage": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "application/vnd.ms-tnef": b"\x78\x9f\x3e\x22",
    "application/vnd.microsoft.portable-executable": b"MZ\x90\0",
    "text/html": b"\xef\xbb\xbf\r\n<HTML>",
    "text/calendar": b"BEGIN:VCALENDAR\r\n",
    "application/zip": archive(("a.txt", "x")),
    "application/vnd.oasis.opendocument.text": archive(
        ("mimetype", "application/vnd.oasis.opendocument.text"), ("content.xml", "x")
    ),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": archive(("xl/workbook.xml", "x")),
    "": b"Dear Anna",
}


@pytest.mark.parametrize(("media_type", "octets"), CASES.items(), ids=CASES)
def test_what_the_octets_show(media_type: str, octets: bytes) -> None:
    """A file is what its first octets say; text says nothing."""
    assert sniffed(octets) == media_type
    assert sniffed(octets[:0]) == ""


def test_an_attachment_tells_both_types() -> None:
    """A program that calls itself a picture is told by its octets."""
    (file,) = parse(b"Content-Type: image/png; name=a.png\r\n\r\nMZ\x90").content.attachments
    assert (file.media_type, file.sniffed) == ("image/png", "application/vnd.microsoft.portable-executable")
