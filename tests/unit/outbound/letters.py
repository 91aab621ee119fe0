"""Letters for the tests of what is written."""

from dataclasses import replace
from datetime import UTC, datetime

from bccd.model.notice import Choice, Item, Letter
from bccd.outbound.compose import Composer
from bccd.rules.signing import Signer

NOON = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
SIGNER = Signer(b"the installation's secret")


def item(reason: str = "no_visible_recipient", **more: object) -> Item:
    """Return a notice about Anna's offer."""
    return replace(Item(5, reason, NOON, "Offer", delivery_id=77), **more)  # type: ignore[arg-type]


def letter(*items: Item, **more: object) -> Letter:
    """Return a letter to Anna."""
    told = items or (item(),)
    base = Letter(
        1, 5, 1, "anna@seller.example", NOON, told[0].reason, "Seller Ltd", "crm@drop.example", "en",
        "Europe/Warsaw", told, "Anna",
    )  # fmt: skip
    return replace(base, **more)  # type: ignore[arg-type]


def question(**more: object) -> Item:
    """Return a notice that asks which of two deals it is."""
    chairs = Choice("Chairs & Tables", 1, "77", ("Cleo Case",), own=True, words=("chairs",), changed_at=NOON)
    return replace(item("needs_choice", choices=(chairs, Choice("Desks", 2, "78"))), **more)  # type: ignore[arg-type]


def composer(sender: str = "", public_url: str = "") -> Composer:
    """Return what makes mails."""
    return Composer(SIGNER, sender, public_url)
