"""White space as the relaxed canonical forms have it (RFC 6376 3.4.2, 3.4.4)."""

_LONG = b" " * 16


def collapse(text: bytes) -> bytes:
    """Make each run of blanks and tabs one blank.

    No pattern can run back and forth here: each pass halves what is left of the longest run, or leaves a
    sixteenth of it. The latter come first, or one long run would have all else gone through as often.
    """
    if b"\t" in text:
        text = text.replace(b"\t", b" ")
    while _LONG in text:
        text = text.replace(_LONG, b" ")
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text
