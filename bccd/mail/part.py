"""One part of a mail (RFC 2045), as offsets into the octets."""

from collections.abc import Mapping

from msgspec import Struct


class Part(Struct):
    """A node of the tree; its body is buffer[start:end], still in its transfer encoding."""

    number: str  # as IMAP numbers parts (RFC 9051 6.4.5); empty for a multipart at the top
    buffer: bytes
    fields: list[tuple[bytes, bytes]]
    media_type: str
    params: Mapping[str, str]
    disposition: str
    disposition_params: Mapping[str, str]
    encoding: str
    start: int
    end: int
    depth: int
    anchor: int  # offset in the mail of the encoded message that holds this part; -1 outside of one
    encoded_messages: int = 0  # how many of those it is inside
    children: list["Part"] = []
    opened: str = ""  # "smime" or "tnef": the children were packed inside, and are the mail's own parts
    within: str = ""  # the containers that hold it, outermost first: "tnef:2"; see Attachment.within
    mark: str = ""  # what was found in its octets, for Content.marks; parted by blanks

    def first(self, name: bytes) -> bytes:
        """Return the first field of that lower-case name, empty where there is none."""
        for found, value in self.fields:
            if found == name:
                return value
        return b""

    @property
    def is_message(self) -> bool:
        """Tell whether the part is a whole mail; its only child is that mail's top part."""
        return bool(self.children) and not self.opened and not self.media_type.startswith("multipart/")


def filename_of(part: Part) -> str:
    """Return the name a part claims, as it stands; attachments.shown_name() makes it fit to be shown."""
    return part.disposition_params.get("filename") or part.params.get("name") or ""
