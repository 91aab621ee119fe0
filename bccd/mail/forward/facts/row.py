"""The shape of a row of label facts."""

from typing import NamedTuple


class Labels(NamedTuple):
    """What one client, in one language, writes before the fields of a mail it quotes; "" where unknown."""

    language: str  # ISO 639-1 or 639-3
    sender: str
    to: str = ""
    cc: str = ""
    date: str = ""
    subject: str = ""
    reply_to: str = ""
