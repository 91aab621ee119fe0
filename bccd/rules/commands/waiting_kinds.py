"""The kinds of command about mail that waits."""

from bccd.model.command import Code
from bccd.rules.commands import arguments as a
from bccd.rules.commands import waiting
from bccd.rules.commands.kind import Fields, Kind

_DELIVERY: Fields = {"delivery": (a.DELIVERY, "the mail that waits")}
_RELEASED = {"delivery": "the delivery, as text; it is filed anew soon, events tell what became of it"}

WAITING = (
    Kind(
        "original.set",
        "Say who wrote a forwarded mail that is held because that could not be read; it is then filed.",
        waiting.set_original,
        _RELEASED,
        (Code.CONFLICT,),
        needed=_DELIVERY | {"address": (a.ADDRESS, "the author's address")},
        optional={"name": (a.NAME, "the author's name")},
    ),
    Kind(
        "held.release",
        "Have a mail filed that is held for the actor or his team: it was he, or it may be filed as it is.",
        waiting.release,
        _RELEASED
        | {"always": "what later mail must show to be let in like this one; only where that was wished"},
        (Code.CONFLICT, Code.WRONG_CODE, Code.EXPIRED),
        needed=_DELIVERY,
        optional={
            "recipients": (a.PEOPLE, "whom it went to, for mail held as no_visible_recipient"),
            "always": (
                a.FOR_GOOD,
                (
                    "let later mail from the same address in, too, as long as it shows what this one shows: "
                    "the same signer, the same envelope domain, the same user who sent it on; refused where "
                    "this mail shows nothing that only its sender can"
                ),
            ),
            "code": (a.CODE, "the code of held.ask, where the front end wants the mailbox to speak for him"),
        },
        people=True,
    ),
    Kind(
        "held.ask",
        "Mail a link and a code to the actor's login address, by which he says that a held mail is his.",
        waiting.ask,
        {"delivery": "the delivery, as text", "sent_to": "the address", "expires_at": "until when they hold"},
        (Code.CONFLICT, Code.TOO_OFTEN),
        needed=_DELIVERY,
        people=True,
    ),
    Kind(
        "held.delete",
        "Delete a mail of the actor's or of his team, held, set aside or failed, octets and all.",
        waiting.delete,
        {"delivery": "the delivery, as text"},
        (Code.CONFLICT,),
        needed=_DELIVERY,
    ),
    Kind(
        "trust.remove",
        "Let mail from an address in no more by itself, as the actor once wished; what is filed stays.",
        waiting.distrust,
        {"address": "the address"},
        (Code.NOTHING_TO_DO,),
        needed={"address": (a.KNOWN_ADDRESS, "the address")},
        people=True,
    ),
)
