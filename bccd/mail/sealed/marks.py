"""What is special about a part, by its type alone or by what was found inside it: see Content.marks."""

from bccd.mail.part import Part, filename_of

_PLAIN = frozenset(
    {"text/plain", "text/html", "multipart/alternative", "multipart/mixed", "multipart/related"}
)
_CMS = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_PROTECTED = frozenset({"application/x-microsoft-rpmsg-message", "application/x-microsoft-rpmsg"})
_HIDING = frozenset({"enveloped-data", "authenveloped-data"})


def marks_of(part: Part) -> tuple[str, ...]:
    """Return the marks that a part gives to the mail which it belongs to."""
    if part.mark or (part.media_type in _PLAIN and not filename_of(part)):
        return tuple(part.mark.split())
    if part.media_type == "multipart/signed":
        protocol = part.params.get("protocol", "").lower()
        return ("signed:smime",) if "pkcs7" in protocol else ("signed:pgp",) if "pgp" in protocol else ()
    if part.media_type == "application/pgp-encrypted":
        return ("encrypted:pgp",)
    if part.media_type in _CMS and part.params.get("smime-type", "").lower() in _HIDING:
        return ("encrypted:smime",)
    if part.media_type in _PROTECTED or filename_of(part).lower().endswith(".rpmsg"):
        return ("protected:rms",)
    return ()
