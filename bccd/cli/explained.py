"""What the database knows of a delivery, and what the rules would do with a mail that lies in a file."""

from functools import partial
from typing import Any

from msgspec.structs import asdict
from rich.console import Console

from bccd import bootstrap
from bccd.cli import looks
from bccd.cli.asif import AsIf
from bccd.cli.base import Call, safe, table
from bccd.cli.dryrun import Wish, as_sent, dry_run
from bccd.cli.examined import Examined, examine
from bccd.cli.who import find_user
from bccd.model.directory import UserAddress
from bccd.model.plan import Plan
from bccd.rules.signing import Signer
from bccd.store.acquaintance import acquaintance
from bccd.store.engine import Stores
from bccd.store.reads import deal_numbered, directory_snapshot
from bccd.store.uow import SqlWorks

STEPS = ("rule", "about", "verdict", "reason")
_APART = {"delivery", "state", "reason", "steps"}


def tell_delivery(call: Call, number: int, viewer: str) -> None:
    """Show the decision record of a delivery; raises NotFoundError."""
    with looks.open_stores(call.installed) as stores:
        found = looks.explain(stores, number, viewer)

    def text(out: Console) -> None:
        out.print(f"Delivery {found['delivery']}: {found['state']} {safe(found['reason'])}".rstrip())
        out.print(table(("", ""), looks.facts(found, without=_APART)))
        out.print()
        out.print(table(STEPS, [[step[name] for name in STEPS] for step in found["steps"]]))

    call.tell(found, text)


def decided(call: Call, raw: bytes, as_if: AsIf) -> dict[str, Any]:
    """Tell what the rules would do with a mail if it came now; raises BccdError where there are none."""
    raw = as_sent(raw)
    examined = examine(call.config, raw, as_if.peer, as_if.mail_from) if as_if.peer else None
    with looks.open_stores(call.installed) as stores:
        plan = _dry_run(stores, raw, as_if, examined, bootstrap.make_signer(call.config))
    return {**_plan(plan), "sender_checked": examined is not None}


def _dry_run(stores: Stores, raw: bytes, as_if: AsIf, examined: Examined | None, signer: Signer) -> Plan:
    known = directory_snapshot(stores.database)

    def find(company_id: int, said: str) -> UserAddress:
        return find_user(known, company_id, said, looks.external_ids(stores, company_id))

    return dry_run(
        raw,
        known,
        SqlWorks(stores.database),
        Wish(
            as_if.submitter,
            as_if.recipient,
            find,
            partial(acquaintance, stores.database),
            signer,
            partial(deal_numbered, stores.database),
            examined,
        ),
    )


def _plan(plan: Plan) -> dict[str, Any]:
    outcome = plan.outcome
    return {
        "state": str(outcome.state),
        "reason": outcome.reason,
        "direction": str(plan.message.direction) if plan.message else "",
        "joins_conversation": plan.message is not None and plan.conversation is None,
        "new_contacts": [contact.address for contact in plan.contacts],
        "steps": [asdict(step) for step in plan.steps],
    }
