"""What became of each mail: deliveries, their recipients, and why it was decided so."""

import hashlib
from functools import lru_cache

from bccd.model.auth import AuthMethod, AuthReport, Sender
from bccd.model.plan import Step
from bccd.store.rows import Evidence, to_json
from benchmarks.population.world import User, World

_NETWORK = "10.0.0.0/8"
# What keeps a mail from being filed, and the state it is in then.
_ENDINGS = (
    ("held", "original_sender_unknown"),
    ("held", "no_visible_recipient"),
    ("held", "unconfirmed_address"),
    ("set_aside", "internal_only"),
    ("set_aside", "auto_reply"),
    ("failed", "parser_timeout"),
)


def raw_sha256(world: World, delivery_id: int) -> bytes:
    """Return the digest of a raw mail that nobody has written."""
    return hashlib.sha256(f"{world.id}-{delivery_id}".encode()).digest()


@lru_cache(maxsize=1_000)
def _evidence(user: User) -> str:
    sender = Sender(user.id, user.address, AuthMethod.TRUSTED_NETWORK)
    return to_json(Evidence(AuthReport(_NETWORK), sender))


def add_delivery(
    world: World,
    id_: int,
    user: User,
    at: str,
    *,
    outcome: tuple[str, str, int | None, int | None],
    steps: tuple[Step, ...],
) -> None:
    """Write a delivery with its state, reason, message and copy."""
    state, reason, message_id, copy_id = outcome
    world.rows["delivery"].append((
        world.id, id_, state, reason, user.id, message_id, copy_id, user.address, "10.0.0.1",
        "mail.example", "smtp", _evidence(user), raw_sha256(world, id_), 4_000, 1, at, at,
    ))  # fmt: skip
    world.rows["delivery_recipient"].append((world.id, id_, world.address, "", ""))
    world.rows["decision"].append((world.id, id_, to_json(steps), at))
    told = reason or "filed"
    world.rows["outbox"].append((world.id, id_, user.id, told, id_, message_id, "sent", at, at, at))


def add_waiting(world: World, user: User, at: str) -> None:
    """Write a delivery that was not filed."""
    state, reason = world.chance.choice(_ENDINGS)
    steps = (Step("direction", "", state, reason),)
    add_delivery(world, world.take_delivery(), user, at, outcome=(state, reason, None, None), steps=steps)
