"""bccd import: the mail that a user has kept so far."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console

from bccd.cli import looks
from bccd.cli.base import Call, Exit, NotFoundError, common, safe, table
from bccd.cli.importing.filing import filing
from bccd.cli.importing.intake import Owner, Span, signer
from bccd.cli.importing.progress import progress
from bccd.cli.importing.run import Import
from bccd.cli.who import find_user
from bccd.config import Config
from bccd.mail.addresses import normalise
from bccd.model.directory import Company, Directory, UserAddress
from bccd.model.envelope import Tag, Target
from bccd.model.errors import MistakeError
from bccd.model.reply import Reply
from bccd.rules import admit
from bccd.sources.mailbox.found import SKIPS, Kind
from bccd.sources.mailbox.sources import Source, find_sources
from bccd.store import reads
from bccd.store.engine import Stores
from bccd.store.reads import directory_snapshot

_WISHES = frozenset({Tag.NONE, Tag.DEAL, Tag.PRIVATE})


class _Day(click.ParamType[datetime]):
    """A day, which begins at midnight UTC."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it."""
        if isinstance(value, datetime):
            return value
        try:
            return datetime.strptime(str(value), "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            self.fail(f"{value}: must be a day such as 2024-12-31", param, ctx)


@click.command("import")
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True)
)
@click.option(
    "--user", default="", metavar="USER", help="Whose mail it is: his address, number or external id."
)
@click.option("--company", default="", metavar="SLUG", help="Whose; not needed where there is one company.")
@click.option("--to", default="", metavar="ADDRESS", help="A company address with a wish: +private, +deal7.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["auto", *(kind.value for kind in Kind)]),
    default="auto",
    show_default=True,
    help="How the mail lies in the files.",
)
@click.option("--from", "since", type=_Day(), metavar="DATE", help="Only mail of that day and later, UTC.")
@click.option("--until", type=_Day(), metavar="DATE", help="Only mail before that day, UTC.")
@click.option("--dry-run", is_flag=True, help="Read everything, tell what would be handed in, file nothing.")
@click.option("--restart", is_flag=True, help="Read an mbox from its beginning again.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@common
@click.pass_obj
def import_(
    call: Call,
    *,
    paths: tuple[Path, ...],
    user: str,
    company: str,
    to: str,
    kind: str,
    since: datetime | None,
    until: datetime | None,
    dry_run: bool,
    restart: bool,
    quiet: bool,
) -> None:
    """File the mail that a user has kept: mbox files, Maildirs, .eml and .emlx files, and folders of them.

    It is filed as the user's own, as if he had captured each mail when it was sent: what he or a colleague
    wrote is outgoing, all other mail incoming, each with its own date. Mail that stands already is found and
    not doubled. Drafts, junk and deleted mail are skipped; automatic mail, mailing lists and mail among your
    own people are set aside. Nobody is sent a notice. docs/howto/import.md says more.

    It may be run while bccd serves, whose mail does not wait behind it, and without: then the command files
    by itself. Interrupted by whatever, the same command goes on where it was, and what has come to a file
    since is added.

    \b
    Examples:
      bccd import --user anna@example.com "All mail Including Spam and Trash.mbox"
      bccd import --user anna@example.com --dry-run ~/Maildir
      bccd import --user 3 --to sales+private@example.com --from 2024-01-01 exported/

    Exit codes: 0 done, also where mail was set aside or skipped; 1 interrupted, or mail failed or could not
    be read: the same command goes on; 4 the database cannot be used; 5 there is no such user, company or
    address; 6 a path holds no mail, or something must be said more exactly; 7 another command holds the data
    folder.
    """
    config = call.installed
    sources = find_sources(paths, None if kind == "auto" else Kind(kind))
    with looks.open_stores(config) as stores:
        owner = _owner(config, stores, user, company, to)
    done = Import(config, owner, sources, Span(since, until), restart=restart)
    if dry_run:
        done.survey()
    else:
        _import(config, done, quiet=quiet)
    _tell(call, done, dry_run=dry_run)
    sys.exit(Exit.FAILED if done.stopped or done.tally.failed or done.tally.places else Exit.OK)


def _import(config: Config, done: Import, *, quiet: bool) -> None:
    total = sum(source.size for source in done.sources)
    # The filer is forked off first, while this process has no thread and no connection.
    with filing(config), looks.open_stores(config) as stores, progress(total, quiet=quiet) as done.tell:
        done.run(stores)


def _owner(config: Config, stores: Stores, user: str, slug: str, to: str) -> Owner:
    """Find whose mail it is, and what is wished for it."""
    known = directory_snapshot(stores.database)
    company = looks.company(known, slug)
    entry = _user(known, company, user, stores)
    if not entry.user.active:
        raise MistakeError(f"{entry.address}: the user is not active, so his mail would not be filed")
    logins = [
        each.address
        for (of, _), each in sorted(known.user_addresses.items())
        if of == company.id and each.user.id == entry.user.id and each.kind == "login"
    ]
    wishes = _wishes(config, stores, known, company, to) if to else ()
    return Owner(company.id, entry.user.id, (logins or [entry.address])[0], wishes)


def _user(known: Directory, company: Company, said: str, stores: Stores) -> UserAddress:
    if said:
        return find_user(known, company.id, said, looks.external_ids(stores, company.id))
    users = {
        entry.user.id: entry
        for (of, _), entry in sorted(known.user_addresses.items())
        if of == company.id and entry.user.active
    }
    if len(users) != 1:
        raise MistakeError("say with --user whose mail it is (`bccd directory list user` lists them)")
    return next(iter(users.values()))


def _wishes(
    config: Config, stores: Stores, known: Directory, company: Company, to: str
) -> tuple[Target, ...]:
    """Read what the address asks for each mail."""
    found = admit.recipient(normalise(to), known, signer(config), datetime.now(UTC))
    if isinstance(found, Reply) or found.company_id != company.id:
        raise NotFoundError(f"{to}: {company.slug} has no such address")
    if any(wish.tag not in _WISHES or wish.number for wish in found.wishes):
        raise MistakeError(f"{to}: of an import only +private and +deal<ID> can be wished")
    for wish in found.wishes:
        if wish.tag is Tag.DEAL and not reads.deal_exists(stores.database, company.id, wish.argument):
            raise NotFoundError(f"{to}: there is no deal {wish.argument}")
    return found.wishes


def _tell(call: Call, done: Import, *, dry_run: bool) -> None:
    """Tell what has become of the mail, or would be handed in."""
    tally = done.tally
    answer = {
        "dry_run": dry_run,
        "interrupted": done.stopped,
        "user": done.owner.address,
        "seconds": round(done.seconds, 3),
        "sources": [_said(source) for source in done.sources],
        **tally.as_dict(),
    }

    def text(out: Console) -> None:
        rows = tally.lines()
        if dry_run:
            rows = [("to be handed in", tally.waiting, ""), *(row for row in rows if row[0] != "waiting")]
        out.print(table(("outcome", "mails", ""), rows) if rows else "There is no new mail.")
        for place, why in tally.places:
            out.print(safe(f"skipped: {place}: {SKIPS[why]}"))
        if tally.failures:
            out.print(f"failed: {', '.join(tally.failures)}; `bccd queue show ID` tells why")
        if done.stopped:
            out.print("Interrupted: the same command goes on where it was.")

    call.tell(answer, text)


def _said(source: Source) -> dict[str, object]:
    return {"path": str(source.path), "format": str(source.kind), "octets": source.size}
