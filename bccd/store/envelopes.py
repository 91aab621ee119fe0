"""An accepted mail without its octets, as the spool keeps it: JSON that later versions can still read."""

from datetime import datetime

import msgspec

from bccd.model.auth import AuthReport, HeldSender, Sender
from bccd.model.delivery import Delivery, Intake
from bccd.model.envelope import Peer, Target
from bccd.store.rows import to_json


class Spooled(msgspec.Struct, frozen=True, omit_defaults=True):
    """Column `spool.envelope`."""

    targets: tuple[Target, ...]
    mail_from: str
    peer: Peer
    received_at: datetime
    auth: AuthReport
    sender: Sender | None = None
    held: HeldSender | None = None
    defects: tuple[str, ...] = ()


_decoder = msgspec.json.Decoder(Spooled)


def write(intake: Intake, targets: tuple[Target, ...]) -> str:
    """Return the envelope of an intake for those of its targets that have not got these octets yet."""
    return to_json(
        Spooled(
            targets,
            intake.mail_from,
            intake.peer,
            intake.received_at,
            intake.auth,
            intake.sender,
            intake.held,
            intake.defects,
        )
    )


def read(text: str) -> Spooled:
    """Return what write wrote."""
    return _decoder.decode(text)


def delivery(id_: int, company_id: int, envelope: str, raw: tuple[bytes, int], attempts: int) -> Delivery:
    """Return a row of the spool as the filer sees it; `raw` is the octets' (sha256, size)."""
    it = read(envelope)
    return Delivery(
        id_,
        company_id,
        it.targets,
        it.mail_from,
        it.peer,
        it.received_at,
        it.auth,
        *raw,
        it.sender,
        it.held,
        it.defects,
        attempts,
    )
