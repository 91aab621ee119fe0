"""bccd address: what a company gives out, and its users' and deals' own addresses."""

import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bccd import bootstrap
from bccd.cli import looks, own_address, writes
from bccd.cli.base import Call, NotFoundError, common, table
from bccd.cli.who import find_user
from bccd.mail.vcard import Card, Version, vcard
from bccd.model.directory import Company, SecretKind
from bccd.store import addresses
from bccd.store.engine import Stores
from bccd.store.reads import directory_snapshot

_DAYS = 30
_NAMESPACE = uuid.UUID("6d2a1ed5-54f6-4f7a-9c4e-6c1f3f0d5a0b")  # of vCards' UIDs

_forward = click.option("--forward", is_flag=True, help="The one for his server's forwarding.")
_days = click.option(
    "--days",
    type=click.IntRange(0, addresses.LONGEST_GRACE),
    default=_DAYS,
    show_default=True,
    help="How long the one before goes on working.",
)


@click.group()
@common
def address() -> None:
    """Show, replace and hand out the addresses of a company, its users and its deals; prove users' own.

    A user's secret address and a deal's signed one are for whom they are made: keep them from others.
    """


@address.command("list")
@click.argument("slug", metavar="[SLUG]", default="")
@common
@click.pass_obj
def list_(call: Call, *, slug: str) -> None:
    """List a company's addresses, and which of its users have secret ones. The secrets are not shown.

    \b
    Examples:
      bccd address list
      bccd address list example --json
    """
    with looks.open_stores(call.installed) as stores:
        company = _company(stores, slug)
        own = addresses.company_addresses(stores.database, company.id)
        secret = addresses.secret_addresses(stores.database, company.id)
        names = {entry.user.id: entry.user.name for _, entry in _users(stores, company)}
    rows = [
        {"address": one.address, "of": "", "until": one.retires_at, "replaced_by": one.replaced_by}
        for one in own
    ]
    rows += [
        {"address": f"secret: {each.kind}", "of": names.get(each.user_id, ""), "until": each.retires_at}
        for each in secret
    ]
    columns = ("address", "of", "until", "replaced_by")

    def text(out: Console) -> None:
        out.print(table(columns, [[row.get(name) for name in columns] for row in rows]))

    call.tell(rows, text)


@address.command("rotate")
@click.argument("slug", metavar="SLUG")
@click.option("--address", "old", default="", metavar="ADDRESS", help="Which one; by default the first.")
@click.option("--new", default="", metavar="ADDRESS", help="The new one; a name is at the same domain.")
@click.option("--unguessable", is_flag=True, help="Make up a new one that nobody can guess.")
@_days
@common
@click.pass_obj
def rotate(call: Call, *, slug: str, old: str, new: str, unguessable: bool, days: int) -> None:
    """Replace a company's address. The old one works until its day; whoever uses it is told of the new one.

    Loading the directory neither ends nor revives an address that was replaced here.

    \b
    Examples:
      bccd address rotate example --unguessable
      bccd address rotate example --address sales@drop.example.com --new crm --days 60
    """
    if bool(new) == unguessable:
        raise click.UsageError("give --new or --unguessable")
    with looks.open_stores(call.installed) as stores:
        company = _company(stores, slug)
    wish = {"company": company.id, "address": old, "new": new, "days": days}
    answer = writes.do(call.installed, "address.rotate", wish)
    call.tell(
        answer, lambda out: out.print(f"{answer['address']}\n{answer['old']} works until {answer['until']}")
    )


@address.command("user")
@click.argument("slug", metavar="SLUG")
@click.argument("user", metavar="USER")
@_forward
@click.option("--rotate", is_flag=True, help="Give him a new one in its place.")
@click.option("--revoke", is_flag=True, help="Take it from him at once.")
@_days
@common
@click.pass_obj
def user_(call: Call, *, slug: str, user: str, forward: bool, rotate: bool, revoke: bool, days: int) -> None:
    """Show a user's secret address, and make one where he has none.

    Mail to it must be proven to be his all the same; what his server forwards to the one for --forward must
    come by way of his own mailbox. USER is his address, number or external id.

    \b
    Examples:
      bccd address user example anna@example.com
      bccd address user example anna@example.com --forward --rotate --days 7
      bccd address user example 3 --revoke
    """
    if rotate and revoke:
        raise click.UsageError("give --rotate or --revoke, not both")
    kind = SecretKind.FORWARD if forward else SecretKind.USER
    with looks.open_stores(call.installed) as stores:
        company, user_id = _user(stores, slug, user)
        standing = [] if rotate else _standing(stores, company.id, user_id, kind)
    wish: dict[str, object] = {"company": company.id, "user": user_id, "kind": str(kind)}
    if revoke:
        answer = writes.do(call.installed, "address.revoke", wish)
        call.tell(answer, lambda out: out.print(f"{answer['revoked']} taken away"))
        return
    found = (
        standing[0]
        if standing
        else writes.do(call.installed, "address.secret", wish | {"days": days})["address"]
    )
    call.tell({"address": found}, lambda out: out.print(found))


@address.command("deal")
@click.argument("slug", metavar="SLUG")
@click.argument("deal", metavar="DEAL")
@common
@click.pass_obj
def deal_(call: Call, *, slug: str, deal: str) -> None:
    """Show the address by which mail is linked to one deal; nobody can make up another deal's from it.

    DEAL is the external id by which the CRM knows it.

    \b
    Examples:
      bccd address deal example D-7
    """
    with looks.open_stores(call.installed) as stores:
        company = _company(stores, slug)
        found, _ = _deal_address(call, stores, company, deal)
    call.tell({"address": found}, lambda out: out.print(found))


@address.command("vcard")
@click.argument("slug", metavar="SLUG")
@click.option("--user", default="", metavar="USER", help="His secret address, which must be there.")
@_forward
@click.option("--deal", default="", metavar="DEAL", help="The address of one deal.")
@click.option(
    "--version",
    type=click.Choice(["4.0", "3.0"]),
    default="3.0",
    show_default=True,
    help="Outlook and older phones read 3.0 alone.",
)
@click.option("--output", default="-", metavar="FILE", help="Where to write it.  [default: standard output]")
@common
@click.pass_obj
def vcard_(
    call: Call, *, slug: str, user: str, forward: bool, deal: str, version: Version, output: str
) -> None:
    """Write an address as a vCard, to be put into an address book.

    \b
    Examples:
      bccd address vcard example > example.vcf
      bccd address vcard example --user anna@example.com --version 4.0 --output anna.vcf
      bccd address vcard example --deal D-7
    """
    if user and deal:
        raise click.UsageError("give --user or --deal, not both")
    with looks.open_stores(call.installed) as stores:
        if user:
            card = _card_of_user(stores, slug, user, SecretKind.FORWARD if forward else SecretKind.USER)
        elif deal:
            company = _company(stores, slug)
            found, title = _deal_address(call, stores, company, deal)
            card = _card(company, f"{company.name}: {title or deal}", found, "Mail is linked to this deal.")
        else:
            company = _company(stores, slug)
            found = addresses.company_address_of(stores.database, company.id)
            card = _card(company, f"{company.name} CRM", found, "Put it into Bcc of mail to customers.")
    octets = vcard(card, version)
    if call.as_json:
        call.tell({"address": card.address, "vcard": octets.decode()}, lambda _: None)
    elif output == "-":
        sys.stdout.buffer.write(octets)
    else:
        Path(output).write_bytes(octets)


def _card(company: Company, name: str, found: str, note: str) -> Card:
    """Make a card whose UID stays the same while it stands for the same thing."""
    uid = uuid.uuid5(_NAMESPACE, f"{company.slug}\n{name}")
    return Card(name, company.name, found, note, f"urn:uuid:{uid}")


def _card_of_user(stores: Stores, slug: str, user: str, kind: SecretKind) -> Card:
    company, user_id = _user(stores, slug, user)
    standing = _standing(stores, company.id, user_id, kind)
    if not standing:
        raise NotFoundError(f"{user} has no such address: `bccd address user` makes one")
    told = (
        "For your server's forwarding alone."
        if kind is SecretKind.FORWARD
        else "Yours alone: put it into Bcc."
    )
    name = f"{company.name} CRM, forwarding" if kind is SecretKind.FORWARD else f"{company.name} CRM, my own"
    return _card(company, name, standing[0], told)


def _standing(stores: Stores, company_id: int, user_id: int, kind: SecretKind) -> list[str]:
    """Return a user's address of a kind that was not replaced."""
    found = addresses.secret_addresses(stores.database, company_id, user_id)
    return [one.address for one in found if one.kind is kind and one.retires_at is None]


def _deal_address(call: Call, stores: Stores, company: Company, deal: str) -> tuple[str, str]:
    found = addresses.deal_number(stores.database, company.id, deal)
    if found is None:
        raise NotFoundError(f"there is no deal {deal}")
    number, title = found
    signed = bootstrap.make_signer(call.config).sign("deal", company.id, number)
    return addresses.tagged(addresses.company_address_of(stores.database, company.id), f"d{signed}"), title


def _company(stores: Stores, slug: str) -> Company:
    return looks.company(directory_snapshot(stores.database), slug)


def _user(stores: Stores, slug: str, said: str) -> tuple[Company, int]:
    known = directory_snapshot(stores.database)
    company = looks.company(known, slug)
    entry = find_user(known, company.id, said, looks.external_ids(stores, company.id))
    return company, entry.user.id


def _users(stores: Stores, company: Company) -> Sequence[tuple[str, Any]]:
    known = directory_snapshot(stores.database)
    return [(a, entry) for (of, a), entry in known.user_addresses.items() if of == company.id]


for _command in own_address.COMMANDS:
    address.add_command(_command)
