"""original.set, held.release, held.delete: what a user says of his mail that waits (rules.md 13)."""

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
from bccd.model.ruling import Ruling

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
    return _ruled(delivery, Ruling(scene.actor_id, release=True, recipients=given.people))


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
