"""secret.create, secret.revoke: a user's own addresses that nobody can guess (rules.md 2.6)."""

from bccd.model.command import Arguments, DropSecrets, MakeSecret, Refusal, Ruled, Scene, ShowSecrets


def create(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Give the actor a secret address, in place of the one that he has."""
    del scene  # it is his own, whatever stands
    assert given.secret is not None  # noqa: S101 - the kind demands it
    return Ruled((MakeSecret(given.secret, given.days),), {})


def show(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Answer with the actor's secret addresses of a kind."""
    del scene
    assert given.secret is not None  # noqa: S101 - the kind demands it
    return Ruled((ShowSecrets(given.secret),), {})


def revoke(given: Arguments, scene: Scene) -> Ruled | Refusal:
    """Take the actor's secret addresses of a kind away."""
    del scene
    assert given.secret is not None  # noqa: S101 - the kind demands it
    return Ruled((DropSecrets(given.secret),), {})
