"""What a file is by its first octets, whatever its sender calls it."""

_SEEN = 4_096  # octets in which the members of a ZIP archive are looked for

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\0\0\1\0", "image/vnd.microsoft.icon"),
    (b"{\\rtf", "application/rtf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),  # .doc, .xls, .msg, ...
    (b"\x78\x9f\x3e\x22", "application/vnd.ms-tnef"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\xfd7zXZ\0", "application/x-xz"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"MZ", "application/vnd.microsoft.portable-executable"),
    (b"\x7fELF", "application/x-executable"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"BEGIN:VCALENDAR", "text/calendar"),
    (b"BEGIN:VCARD", "text/vcard"),
    (b"-----BEGIN PGP", "application/pgp-encrypted"),
    (b"<?xml", "application/xml"),
    (b"<!doctype html", "text/html"),
    (b"<html", "text/html"),
)
_BRANDS = {b"RIFF": {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}}
_OFFICE = "application/vnd.openxmlformats-officedocument."
_MEMBERS = (
    (b"word/", f"{_OFFICE}wordprocessingml.document"),
    (b"xl/", f"{_OFFICE}spreadsheetml.sheet"),
    (b"ppt/", f"{_OFFICE}presentationml.presentation"),
)
_DECLARED = b"mimetypeapplication/"  # the first member of an OpenDocument file or an e-book, uncompressed


def sniffed(octets: bytes) -> str:
    """Return the media type that the first octets show, empty where they show none."""
    head = octets[:16]
    if head.startswith(b"PK\x03\x04"):
        return _archive(octets[:_SEEN])
    if head[4:8] == b"ftyp":
        return "image/heic" if head[8:12] in (b"heic", b"heix", b"mif1") else "video/mp4"
    if brands := _BRANDS.get(head[:4]):
        return brands.get(head[8:12], "")
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return next((name for magic, name in _MAGIC if head.startswith(magic) or text.startswith(magic)), "")


def _archive(head: bytes) -> str:
    """Tell the documents that are ZIP archives by the names of their first members."""
    if head[30:].startswith(_DECLARED):
        kind = head[30 + len("mimetype") :].partition(b"PK")[0][:80]
        return kind.decode("ascii", "ignore").strip()
    return next((name for member, name in _MEMBERS if member in head), "application/zip")
