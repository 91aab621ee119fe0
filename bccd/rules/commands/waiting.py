"""original.set, held.*, trust.remove: what a user says of his mail that waits (rules.md 13)."""

from bccd.model.command import (
    Arguments,
    Code,
    DeleteDelivery,
    Refusal,
    Rule,
    Ruled,
    Scene,
    StandingDelivery,
)
from bccd.model.delivery import DeliveryState, show_id
from bccd.model.people import Ask, ClaimPurpose, Trust, Untrust, UseUp
from bccd.model.ruling import Ruling
from bccd.rules.commands.addresses import expiry, people, too_often, unfit

TRUSTABLE = frozenset({"unverified_sender", "redirected", "customer_reply"})
NEEDS_WORDS = frozenset({"no_visible_recipient", "original_sender_unknown"})  # more than a yes
OWN_WORD = frozenset({"unverified_sender", "unconfirmed_address"})  # filed as his own mail
_DELETABLE = (DeliveryState.HELD, DeliveryState.SET_ASIDE, DeliveryState.FAILED)


def set_original(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Say who wrote a forwarded mail that could not be read."""
    delivery = _delivery(given, scene)
    if not _waits_for(delivery, "original_sender_unknown"):
        return Refusal(Code.CONFLICT, "This mail does not wait for its author to be named.")
    return _ruled(delivery, Ruling(scene.actor_id, release=True, author=given.people[0]))


def release(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Have a mail filed that waited for its user's word."""
    delivery = _delivery(given, scene)
    if delivery.state is not DeliveryState.HELD:
        return Refusal(Code.CONFLICT, f"This mail is not held: it is {_words(delivery)}.")
    if delivery.reason == "original_sender_unknown":
        return Refusal(Code.CONFLICT, "Nobody knows who wrote it: say it with original.set.")
    if _waits_for(delivery, "no_visible_recipient") != bool(given.people):
        return Refusal(
            Code.BAD_ARGUMENTS,
            "Recipients do not help this mail: it waits for something else."
            if given.people
            else "Name whom it went to with recipients: nobody can be seen in it.",
        )
    if delivery.claimed and delivery.reason in OWN_WORD:
        sentence = "The address that it comes from is not confirmed to be yours: confirm it first."
        return Refusal(Code.CONFLICT, sentence)
    if refusal := (_once_only(delivery) if given.for_good else None) or _unproven(given, scene):
        return refusal
    claim = people(scene).claim if given.code else None
    used = (UseUp(claim.id),) if claim else ()
    trust = (Trust(delivery.id, delivery.always),) if given.for_good else ()
    ruled = Rule(delivery.id, Ruling(scene.actor_id, release=True, recipients=given.people))
    told = {"delivery": show_id(delivery.id)} | ({"always": delivery.always} if given.for_good else {})
    return Ruled((*used, ruled, *trust), told)


def _once_only(delivery: StandingDelivery) -> Refusal | None:
    """Refuse to let in for good what anybody could send."""
    if delivery.always:
        return None
    if delivery.reason == "unconfirmed_address":
        return Refusal(Code.CONFLICT, "Confirm the address instead: then all its mail is filed.")
    if delivery.reason not in TRUSTABLE:
        return Refusal(Code.CONFLICT, "This mail waits for something that only it can be asked for.")
    return Refusal(
        Code.CONFLICT,
        "Nothing in this mail proves its sender, so a stranger's would look the same: it can be let in once, "
        "not always. Have the server that sends your mail sign it with DKIM.",
    )


def _unproven(given: Arguments, scene: Scene) -> Refusal | None:
    """Refuse a code that is wrong or void."""
    if not given.code:
        return None
    at = people(scene)
    if at.claim is None:
        return Refusal(Code.EXPIRED, "No code was mailed about this mail: held.ask mails one.")
    return unfit(at.claim, at)


def ask(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Mail a link and a code about a held mail to its user's login address."""
    del given
    delivery, at = next(iter(scene.deliveries.values())), people(scene)
    if delivery.state is not DeliveryState.HELD or delivery.reason in NEEDS_WORDS:
        return Refusal(Code.CONFLICT, "This mail does not wait for somebody to say that it is his.")
    if refusal := too_often(at):
        return refusal
    told = {"delivery": show_id(delivery.id), "sent_to": at.login, "expires_at": expiry(at)}
    return Ruled((Ask(ClaimPurpose.HELD, scene.actor_id, at.login, delivery.id),), told)


def distrust(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Let mail from an address in no more by itself."""
    if not people(scene).trusts:
        return Refusal(Code.NOTHING_TO_DO, "You have not let mail from this address in for good.")
    return Ruled((Untrust(given.address),), {"address": given.address})


def delete(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Delete a mail that was not filed, octets and all."""
    delivery = _delivery(given, scene)
    if delivery.state not in _DELETABLE:
        return Refusal(Code.CONFLICT, f"This mail cannot be deleted so: it is {_words(delivery)}.")
    return Ruled((DeleteDelivery(delivery.id),), {"delivery": show_id(delivery.id)})


def _delivery(given: Arguments, scene: Scene) -> StandingDelivery:
    assert given.delivery is not None  # noqa: S101 - the kind demands it
    return scene.deliveries[given.delivery]


def _waits_for(delivery: StandingDelivery, reason: str) -> bool:
    return (delivery.state, delivery.reason) == (DeliveryState.HELD, reason)


def _ruled(delivery: StandingDelivery, ruling: Ruling) -> Ruled:
    return Ruled((Rule(delivery.id, ruling),), {"delivery": show_id(delivery.id)})


def _words(delivery: StandingDelivery) -> str:
    return str(delivery.state).replace("_", " ")
