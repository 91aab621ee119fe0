"""address.*, login.change, preferences.set: whose an address is, and what proves it (rules.md 2.2)."""

from datetime import timedelta

from bccd.model.command import Arguments, Code, Refusal, Ruled, Scene
from bccd.model.people import (
    AddAddress,
    Ask,
    Claim,
    ClaimPurpose,
    Confirm,
    CountTry,
    PeopleScene,
    RemoveAddress,
    ReplaceLogin,
    SetPreferences,
    StandingAddress,
)

CLAIM_HOURS = 48  # what is mailed holds so long
MAX_TRIES = 5  # wrong codes
_MAX_ADDRESSES = 20  # of one user or team
_MAILS_A_DAY = 5  # about one address, or one held mail
_MAILS_OF_ONE = 20  # that one user may cause in a day
_PAUSE = timedelta(seconds=60)  # between two mails about the same
_DAY = timedelta(days=1)

_TAKEN = {
    "service": "This is an address of the company's own, to which mail is sent to be filed.",
    "contact": "This is the address of a contact: an address is a user's or a contact's, never both.",
}


def people(scene: Scene) -> PeopleScene:
    """Return what stands of addresses; whoever asks is of a kind for which it was read."""
    assert scene.people is not None  # noqa: S101 - read for all of these kinds
    return scene.people


def add(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Add an address of the actor's, or of a team's, to be confirmed."""
    at = people(scene)
    if given.team is not None and at.team is None:
        return Refusal(Code.NOT_FOUND, f"There is no team {given.team} that you are a member of.")
    user_id = at.team or scene.actor_id
    if at.owner is not None and at.owner.user_id == user_id:
        sentence = (
            "This address is confirmed already."
            if at.owner.confirmed
            else "This address is listed and waits to be confirmed; address.resend sends the mail again."
        )
        return Refusal(Code.NOTHING_TO_DO, sentence)
    return _refused(at, user_id) or _asked(at, user_id, given.address, ClaimPurpose.ALTERNATIVE)


def change_login(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Have another address become the login, once it is confirmed."""
    at, user_id = people(scene), scene.actor_id
    if at.owner is not None and at.owner.user_id == user_id:
        if at.owner.is_login:
            return Refusal(Code.NOTHING_TO_DO, "This is your login address already.")
        if at.owner.confirmed:
            told = {"address": given.address, "state": "login", "expires_at": ""}
            return Ruled((ReplaceLogin(given.address, user_id),), told)
        return too_often(at) or _asked(at, user_id, given.address, ClaimPurpose.LOGIN)
    return _refused(at, user_id) or _asked(at, user_id, given.address, ClaimPurpose.LOGIN)


def _refused(at: PeopleScene, user_id: int) -> Refusal | None:
    """Refuse an address that is somebody else's, or one too many."""
    if at.taken:
        return Refusal(Code.CONFLICT, _TAKEN[at.taken])
    if at.owner is not None and at.owner.user_id != user_id and not _lapsed(at.owner, at):
        return Refusal(Code.CONFLICT, _others(at.owner))
    if at.count >= _MAX_ADDRESSES:
        return Refusal(Code.CONFLICT, f"There are {at.count} addresses already, and no room for more.")
    return too_often(at)


def _lapsed(owner: StandingAddress, at: PeopleScene) -> bool:
    """Tell whether another user has asked for the address and not confirmed it in time: it is free again."""
    return not owner.confirmed and owner.open_until is not None and owner.open_until <= at.now


def _others(owner: StandingAddress) -> str:
    if not owner.confirmed and owner.open_until is not None:
        return (
            "Another user has asked for this address; "
            f"if he does not confirm it within {CLAIM_HOURS} hours, it is free again."
        )
    return "This address is another user's: an address belongs to one user."


def too_often(at: PeopleScene) -> Refusal | None:
    """Refuse to send one more mail of the kind that anybody could have sent to a stranger."""
    if at.mailed_all >= _MAILS_OF_ONE or len(at.mailed) >= _MAILS_A_DAY:
        return Refusal(Code.TOO_OFTEN, "Enough mail was sent about this for one day: try again tomorrow.")
    if at.mailed and at.now - at.mailed[-1] < _PAUSE:
        return Refusal(Code.TOO_OFTEN, "A mail was sent a moment ago: wait a minute before the next.")
    return None


def _asked(at: PeopleScene, user_id: int, address: str, purpose: ClaimPurpose) -> Ruled:
    there = at.owner is not None and at.owner.user_id == user_id
    written = () if there else (AddAddress(address, user_id),)
    told = {"address": address, "state": "pending", "expires_at": expiry(at)}
    return Ruled((*written, Ask(purpose, user_id, address)), told)


def expiry(at: PeopleScene) -> str:
    """Write until when a link and a code that are mailed now hold: ISO 8601."""
    return (at.now + timedelta(hours=CLAIM_HOURS)).isoformat(timespec="seconds")


def resend(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Mail a new link and code."""
    at = people(scene)
    owner = _own(at, scene.actor_id)
    if owner is None:
        return Refusal(Code.NOT_FOUND, f"There is no address {given.address} of yours.")
    if owner.confirmed:
        return Refusal(Code.NOTHING_TO_DO, "This address is confirmed already.")
    purpose = at.claim.purpose if at.claim else ClaimPurpose.ALTERNATIVE
    return too_often(at) or _asked(at, owner.user_id, given.address, purpose)


def remove(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Take an address away from the actor, or from a team of his."""
    owner = _own(people(scene), scene.actor_id)
    if owner is None:
        return Refusal(Code.NOT_FOUND, f"There is no address {given.address} of yours.")
    if owner.is_login:
        return Refusal(Code.CONFLICT, "This is the login address, which can only be changed (login.change).")
    return Ruled((RemoveAddress(given.address, owner.user_id),), {"address": given.address})


def confirm(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Confirm an address by its link or its code."""
    if given.code and not given.address:
        return Refusal(Code.BAD_ARGUMENTS, "address: is missing, the code alone does not tell which it is.")
    at = people(scene)
    claim, owner = at.claim, at.owner
    if claim is None:
        sentence = "This link is not one of ours." if given.link else "No code was mailed to this address."
        return Refusal(Code.EXPIRED, sentence)
    theirs = owner is not None and owner.user_id == claim.user_id
    done = claim.used or claim.purpose is not ClaimPurpose.LOGIN
    if claim.shown and done and theirs and owner is not None and owner.confirmed:
        return Ruled((), _stands(claim, owner))  # the same link again, or another way of saying it
    if refusal := unfit(claim, at):
        return refusal
    if not theirs or at.taken:
        why = _TAKEN[at.taken] if at.taken else "This address was taken off the list since."
        return Refusal(Code.EXPIRED, why)
    edits: tuple[Confirm | ReplaceLogin, ...] = (Confirm(claim.address, claim.user_id, claim.id),)
    state = "confirmed"
    if claim.purpose is ClaimPurpose.LOGIN:
        edits, state = (*edits, ReplaceLogin(claim.address, claim.user_id)), "login"
    return Ruled(edits, {"address": claim.address, "state": state})


def unfit(claim: Claim, at: PeopleScene) -> Refusal | None:
    """Refuse what is void, and count a wrong code."""
    if claim.used or at.now >= claim.expires_at:
        return Refusal(Code.EXPIRED, "Link and code were used already or are too old: have new ones mailed.")
    if claim.shown:
        return None
    if claim.tries >= MAX_TRIES:
        return Refusal(Code.EXPIRED, "The code is void after too many wrong ones: have a new one mailed.")
    return Refusal(Code.WRONG_CODE, "This is not the code that was mailed.", edits=(CountTry(claim.id),))


def _stands(claim: Claim, owner: StandingAddress) -> dict[str, object]:
    return {"address": claim.address, "state": "login" if owner.is_login else "confirmed"}


def _own(at: PeopleScene, actor_id: int) -> StandingAddress | None:
    """Return the named address, if it is the actor's or a team's of his."""
    return at.owner if at.owner is not None and at.owner.user_id in {actor_id, *at.teams} else None


def set_preferences(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Change what the actor hears, and how."""
    del scene
    return Ruled((SetPreferences(given.language, given.notices),), {})
