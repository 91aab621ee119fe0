"""bccd rethread: all conversations put together anew."""

from collections.abc import Iterator
from dataclasses import dataclass

import click
from rich.console import Console

from bccd.cli import looks, writes
from bccd.cli.base import Call, common, table
from bccd.config import Config
from bccd.store.reads import directory_snapshot
from bccd.store.rethread import would_move

_SHOWN = 50  # moves; --json lists all
_COLUMNS = ("conversation", "messages", "go to")


@dataclass(frozen=True, slots=True)
class _Move:
    """So many messages that go from a conversation to another; 0 for one that does not stand yet."""

    conversation: int
    home: int
    messages: int

    @property
    def to(self) -> str:
        """Say where they go."""
        return str(self.home) if self.home else "a new one"


@click.command()
@click.option("--company", default="", metavar="SLUG", help="Whose; not needed where there is one company.")
@click.option("--dry-run", is_flag=True, help="Tell what would move, and change nothing.")
@common
@click.pass_obj
def rethread(call: Call, *, company: str, dry_run: bool) -> None:
    """Put all conversations of a company together anew, by its mail and what users merged and split.

    Needed after the setting split_on_subject was changed, since that counts for new mail alone, and when the
    log says conversations_differ. Where nothing has changed nothing moves, so it may be run at any time, and
    again where it was interrupted.

    Users' merges and splits stay. A conversation stays where its oldest message goes, and the id of one that
    becomes part of another leads there for ever. Front ends learn of each merge and split by the change feed.
    Who may see a message does not change.

    It goes some hundred conversations at a time, and mail is filed in between. With --dry-run nothing is
    locked.

    \b
    Examples:
      bccd rethread --dry-run
      bccd rethread
      bccd rethread --company acme --json

    Exit codes: 0 done, also where nothing had to move; 4 the database cannot be used, run it again; 5 there
    is no such company; 6 there are several and none is named; 7 a bccd holds the data folder and does not
    answer.
    """
    with looks.open_stores(call.installed) as stores:
        meant = looks.company(directory_snapshot(stores.database), company)
        found = would_move(stores.database, meant.id) if dry_run else ()
        planned = [_Move(one.conversation_id, one.home, len(one.messages)) for one in found]
    moves = planned if dry_run else list(_done(call.config, meant.id))
    messages = sum(move.messages for move in moves)
    conversations = len({move.conversation for move in moves})

    def text(out: Console) -> None:
        if not moves:
            out.print(f"All conversations of {meant.slug} stand as they should.")
            return
        out.print(table(_COLUMNS, [(it.conversation, it.messages, it.to) for it in moves[:_SHOWN]]))
        if len(moves) > _SHOWN:
            out.print(f"... and {len(moves) - _SHOWN} more; --json lists all.")
        would = "would move" if dry_run else "moved"
        out.print(f"{messages} messages of {conversations} conversations {would}.")

    call.tell(
        {
            "company": meant.slug,
            "dry_run": dry_run,
            "conversations": conversations,
            "messages": messages,
            "moves": [
                {"conversation": it.conversation, "home": it.home or None, "messages": it.messages}
                for it in moves
            ],
        },
        text,
    )


def _done(config: Config, company_id: int) -> Iterator[_Move]:
    """Have it done, piece by piece."""
    after = 0
    while True:
        answer = writes.do(config, "rethread", {"company": company_id, "after": after})
        yield from (_Move(*row) for row in answer["moved"])
        after = answer["after"]
        if not after:
            return
