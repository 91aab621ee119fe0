"""How sure it is that a mail was forwarded and that its sender was read: one table for all evidence.

The sum stands in Forward.confidence. From model.message.SURE on the rules take the sender for the author;
below it the user is asked, and told the candidates.

| evidence | confidence |
| --- | --- |
| a client's marker line above a header block ("marker:*") | 0.98 |
| mark-up or a separator above a header block ("html:*", "separator:*") | 0.95 |
| a header block alone ("labels:*") | 0.90 |
| a marker line above an attribution, or naming the author itself ("attribution:marker") | 0.85 |
| the attribution of Outlook for Mac ("attribution:outlook-mac") | 0.70 |
| a marker line above nothing that names anybody ("sender:unknown") | 0.50 |
| the sender has a name and no address ("sender:name-only"): by itself not sure | -0.35 |
| no date, or none that can be read | -0.10 |
| no recipients | -0.05 |
| the date as a raw mail has it, as in digests, patches and bug reports ("shape:raw") | -0.35 |
| recipients alone: neither date nor subject ("shape:bare") | -0.30 |
| text and mark-up name different senders ("html:differs") | at most 0.50 |
| the wrapper's subject says forwarded, or answers the original's ("subject:agrees"), below SURE | +0.20 |
"""

from msgspec.structs import replace

from bccd.mail.subject import base_subject, is_forward, is_reply
from bccd.model.message import SURE, Content, Forward

MARKED = 0.98
SEPARATED = 0.95
LABELLED = 0.9
ATTRIBUTED = 0.85
OUTLOOK_MAC = 0.7
UNKNOWN = 0.5
DISAGREEING = 0.5

_NAME_ONLY = 0.35
_UNDATED = 0.1
_UNADDRESSED = 0.05
_RAW = 0.35
_BARE = 0.3
_SUBJECT = 0.2


def confidence_of(marker: str, shape: str, content: Content) -> float:
    """Weigh a header block: what stands above it, its shape, and what it says."""
    score = MARKED if marker.startswith("marker:") else SEPARATED if marker else LABELLED
    if not (content.sender and content.sender.address):
        score -= _NAME_ONLY
    if content.date is None:
        score -= _UNDATED
    if not content.to:
        score -= _UNADDRESSED
    if shape == "shape:raw":
        score = min(score, LABELLED) - _RAW
    elif shape == "shape:bare":
        score -= _BARE
    return round(max(score, 0.0), 2)


def with_subject(forward: Forward, subject: str) -> Forward:
    """Let the wrapper's subject vote for a forward that is not sure: it never decides alone."""
    original = forward.original
    if forward.confidence >= SURE or original.sender is None or forward.candidates:
        return forward
    answers = is_reply(subject) and base_subject(subject) == base_subject(original.subject)
    if not answers and not is_forward(subject):
        return forward
    confidence = round(forward.confidence + _SUBJECT, 2)
    return replace(forward, confidence=confidence, evidence=(*forward.evidence, "subject:agrees"))
