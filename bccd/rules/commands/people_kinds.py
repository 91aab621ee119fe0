"""The kinds of command about a user's own addresses and what he wants to hear."""

from bccd.model.command import Code
from bccd.rules.commands import addresses
from bccd.rules.commands import arguments as a
from bccd.rules.commands.kind import Fields, Kind

_ADDRESS: Fields = {"address": (a.KNOWN_ADDRESS, "the address")}
_NEW: Fields = {"address": (a.OWN_ADDRESS, "the address")}
_ASKED = {
    "address": "the address, normalised",
    "state": "pending: a link and a code were mailed to it; confirmed where that was not needed",
    "expires_at": "until when they hold; empty where none were mailed",
}
_STANDS = {"address": "the address", "state": "confirmed, or login where it is the login address now"}

PEOPLE = (
    Kind(
        "address.add",
        "Add an address to the actor's own, or to a team's. A link and a code go to it; mail from it counts "
        "once one of them is used.",
        addresses.add,
        _ASKED,
        (Code.CONFLICT, Code.NOTHING_TO_DO, Code.TOO_OFTEN),
        needed=_NEW,
        optional={"team": (a.TEAM, "the team whose address it is; the actor must be a member")},
        people=True,
    ),
    Kind(
        "address.confirm",
        "Confirm an address by what was mailed to it. Mail that waits for that is filed at once.",
        addresses.confirm,
        _STANDS,
        (Code.WRONG_CODE, Code.EXPIRED),
        one_of=(
            {
                "code": (a.CODE, "the code; the address must be named with it"),
                "link": (a.LINK, "the signed token of the link; works once"),
            },
        ),
        optional={"address": (a.KNOWN_ADDRESS, "the address")},
        people=True,
    ),
    Kind(
        "address.resend",
        "Mail a new link and a new code to an address that is not confirmed; the old code is void.",
        addresses.resend,
        _ASKED,
        (Code.NOTHING_TO_DO, Code.TOO_OFTEN),
        needed=_ADDRESS,
        people=True,
    ),
    Kind(
        "address.remove",
        "Take an address off the actor's own, or off a team's. Mail from it is a stranger's from now on.",
        addresses.remove,
        {"address": "the address"},
        (Code.CONFLICT,),
        needed=_ADDRESS,
        people=True,
    ),
    Kind(
        "login.change",
        "Change the actor's login address. The new one must be confirmed first; until then the old "
        "one counts, which is told of it.",
        addresses.change_login,
        _ASKED,
        (Code.CONFLICT, Code.NOTHING_TO_DO, Code.TOO_OFTEN),
        needed=_NEW,
        people=True,
    ),
    Kind(
        "preferences.set",
        "Say what the actor wants to hear of his mail, and in which language.",
        addresses.set_preferences,
        {"language": "the language, empty for the company's", "notices": "what he hears of"},
        (),
        some_of={
            "language": (a.LANGUAGE, "of notices to him"),
            "notices": (
                a.NOTICES,
                (
                    "problems: what he must do something about; all; none; digest: one mail a day. What he "
                    "has asked for himself always comes"
                ),
            ),
        },
    ),
)
