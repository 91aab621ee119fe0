"""bccd demo: a made-up company, a real daemon, sample mail through real SMTP, and what became of it."""

import secrets
import shutil
import signal
import smtplib
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from textwrap import fill, indent

import click
from rich.console import Console

from bccd.cli import samples
from bccd.cli.access import require_own_folder
from bccd.cli.base import Call, common, console, table
from bccd.cli.child import Child, host_and_port, require_free
from bccd.cli.copyable import lines, program, relative
from bccd.cli.looks import Look, wait_until_filed, wait_until_sent
from bccd.cli.postbox import Postbox, postbox, read
from bccd.cli.trace import follow, show
from bccd.cli.writes import load_records
from bccd.config import Config, load
from bccd.config.sample import as_toml
from bccd.directory.records import read_json
from bccd.door import hold
from bccd.model.delivery import show_id
from bccd.model.errors import BccdError, MistakeError
from bccd.store import migrate as schema
from bccd.store.damage import refuse_damaged

_MARK = ".bccd-demo"
_LOOPBACK = ("127.0.0.0/8", "::1/128")
_WEB = "127.0.0.1:8027"
_FILING_SECONDS = 60.0
_SENDING_SECONDS = 15.0
_NOTING_SECONDS = 5.0
_LETTER_WIDTH = 76
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_COLUMNS = ("mail", "became", "conversation", "visible to")
_WIDTHS = (28, 12, 10)  # of all columns but the first, which wraps; fits a terminal of 80


@click.command()
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo-data"),
    show_default=True,
    help="Where the demo keeps its data.",
)
@click.option("--keep", is_flag=True, help="Go on with the data that is there, and send no samples again.")
@click.option("--fresh", is_flag=True, help="First delete what earlier demos left, your mail too.")
@click.option("--once", is_flag=True, help="End after the table.")
@common
@click.pass_obj
def demo(call: Call, *, data_dir: Path, keep: bool, fresh: bool, once: bool) -> None:
    """Try bccd on this machine with a made-up company and sample mail.

    Starts a daemon on loopback (SMTP 127.0.0.1:8025, LMTP 127.0.0.1:8024, health 127.0.0.1:8026, links
    127.0.0.1:8027), sends sample mails through real SMTP, shows what each became and what its users were
    told, and keeps serving until Ctrl-C. Loopback is trusted in the demo only. Other ports are chosen by
    BCCD_LISTEN__SMTP, BCCD_LISTEN__LMTP, BCCD_LISTEN__HTTP and BCCD_LISTEN__WEB.

    What bccd writes to its users is kept in the folder mail below the data, one file each.

    Nothing of an earlier demo is lost: its data stays, and the samples come on top of it. With --keep they
    are not sent again; with --fresh everything starts anew.

    \b
    Examples:
      bccd demo
      bccd demo --keep
      bccd demo --fresh
      BCCD_LISTEN__SMTP=127.0.0.1:2525 bccd demo --once
    """
    if keep and fresh:
        raise MistakeError("--keep and --fresh contradict each other")
    folder = data_dir.resolve()
    require_own_folder(folder)
    with postbox(folder / "mail") as box:
        _demo(call, folder, box, keep=keep, fresh=fresh, once=once)


def _demo(call: Call, folder: Path, box: Postbox, *, keep: bool, fresh: bool, once: bool) -> None:
    path = folder / "bccd.toml"
    config = load(None, _environment(folder, call.environ, box))
    require_free(config)
    _make_folder(folder, fresh=fresh)
    known = (folder / "bccd.db").exists()
    path.write_text(as_toml(config), encoding="utf-8")
    with hold(folder):
        refuse_damaged(config, thorough=True)
        schema.upgrade(config)
    _load_company(config)
    child = Child(config, path, folder / "bccd.log", call.environ)
    with _stopped_at_the_end(child, folder), suppress(KeyboardInterrupt):
        child.wait_until_ready()
        shown = [] if keep and known else _samples(config)
        call.tell([row.as_dict() for row in shown], lambda out: _print(out, shown))
        if not call.as_json:
            _print_told(config, box)
            _print_refused(config)
        if not once:
            if not call.as_json:
                _print_commands(config, path, shown)
            _serve(child)
    if not once:
        again = f"`{' '.join([*program(), 'demo'])} --keep` goes on with it, --fresh starts anew"
        click.echo(f"\nStopped; the data is in {relative(folder)}. {again}.", err=True)


@contextmanager
def _stopped_at_the_end(child: Child, folder: Path) -> Iterator[None]:
    """End the daemon in order, whatever ends the demo: a closed terminal and SIGTERM are like Ctrl-C."""
    for number in _ENDINGS:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in _ENDINGS:
            signal.signal(number, signal.SIG_IGN)
        code = child.stop()
    if code:
        raise BccdError(f"the daemon ended with exit code {code}; see {folder / 'bccd.log'}")


# ---- the folder and the company --------------------------------------------------------------------------


def _environment(folder: Path, environ: Mapping[str, str], box: Postbox) -> dict[str, str]:
    """Say the demo's own settings the way the environment would; the user may set the others."""
    web = environ.get("BCCD_LISTEN__WEB", _WEB)
    usual = {
        "BCCD_LISTEN__WEB": web,
        "BCCD_OUTBOUND__SMARTHOST": box.endpoint,
        "BCCD_OUTBOUND__PUBLIC_URL": f"http://{web.partition(',')[0]}",
    }
    own = {
        "BCCD_DATA_DIR": str(folder),
        "BCCD_DEMO": "true",
        "BCCD_USER": "",  # it runs as whoever tries it
        "BCCD_TRUST__NETWORKS": ",".join(_LOOPBACK),
    }
    return usual | {key: value for key, value in environ.items() if key != "CREDENTIALS_DIRECTORY"} | own


def _make_folder(folder: Path, *, fresh: bool) -> None:
    """Make the demo's folder; one that was not made by a demo is never touched."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / _MARK).exists():
            raise MistakeError(f"{folder} holds other files: name another folder with --data-dir")
        if fresh:
            with hold(folder):
                pass
            shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / _MARK).touch()


def _load_company(config: Config) -> None:
    content = (samples.FOLDER / "directory.json").read_text(encoding="utf-8")
    load_records(config, "", read_json(content))


# ---- the samples -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    """What the table says of one sample."""

    sent: samples.Sent
    look: Look | None

    def as_dict(self) -> dict[str, object]:
        """Say it as JSON."""
        answer: dict[str, object] = {"mail": self.sent.sample.title, "reply": self.sent.reply}
        return answer | (self.look.as_dict() if self.look else {})

    def cells(self) -> list[str]:
        """Say it as cells of the table."""
        title = self.sent.sample.title
        if self.look is None:
            return [title, f"refused: {self.sent.reply}", "", ""]
        look = self.look
        if self.sent.seen_before:
            became = "known already, not filed again"
        elif look.state != "filed":
            became = look.became.replace("_", " ")
        else:
            way = "from" if look.direction == "incoming" else "to"
            became = f"{look.direction} {way} {', '.join(look.contacts)}\n{_deal(look)}"
        return [title, became, str(look.conversation or ""), look.seen_by]


def _deal(look: Look) -> str:
    if look.deals:
        return f"deal: {', '.join(look.deals)}"
    return f"deal: choose one of {len(look.offered)}" if look.offered else "no deal: none is open"


def _samples(config: Config) -> list[_Row]:
    host, port = host_and_port(config.listen.smtp[0])
    now, run = datetime.now(UTC), secrets.token_hex(4)
    sent = []
    for sample in samples.SAMPLES:
        try:
            sent.append(samples.send(host, port, sample, samples.render(sample.template, run, now)))
        except (OSError, smtplib.SMTPException) as error:
            raise BccdError(f"the sample {sample.title!r} could not be sent: {error}") from error
    ids = [one.delivery_id for one in sent if one.delivery_id is not None]
    looks = wait_until_filed(config, ids, _FILING_SECONDS)
    return [_Row(one, looks.get(one.delivery_id or -1)) for one in sent]


def _print(out: Console, rows: Sequence[_Row]) -> None:
    if rows:
        laid = table(_COLUMNS, [row.cells() for row in rows])
        for column, width in zip(laid.columns[1:], _WIDTHS, strict=True):
            column.min_width = width
        out.print(laid)


def _print_told(config: Config, box: Postbox) -> None:
    """Show what bccd wrote to users, and how one of them would answer from his phone."""
    wait_until_sent(config, _SENDING_SECONDS)
    letters = [(path, read(path)) for path in box.mails()]
    if not letters:
        return
    click.echo(f"\nWhat bccd wrote to its users, kept in the folder {box.folder.name} of its data:\n")
    for path, letter in letters:
        click.echo(f"  {path.name}  {letter['To'].addresses[0].addr_spec}: {letter['Subject']}")
    asked = next((letter for _, letter in letters if letter["Reply-To"]), None)
    body = asked.get_body(("plain",)) if asked is not None else None
    if asked is None or body is None:
        return
    user, answer = asked["To"].addresses[0], asked["Reply-To"].addresses[0].addr_spec
    click.echo(f"\nThe first that can be answered:\n\n{_quoted(body.get_content())}\n")
    swaks = ["swaks", "--server", config.listen.smtp[0], "--from", user.addr_spec, "--to", answer]
    click.echo(f"Answer it as {user.display_name} would from his phone:\n")
    click.echo(lines([*swaks, "--header", f"Subject: Re: {asked['Subject']}", "--body", "2"]))


def _print_refused(config: Config) -> None:
    """Show how one finds out why mail was refused."""
    until = time.monotonic() + _NOTING_SECONDS
    while not (steps := follow(config, samples.STRANGER, 1, 1)) and time.monotonic() < until:
        time.sleep(0.1)
    if steps:
        click.echo("\nWhy the unknown sender was refused, as `bccd trace` tells it:\n")
        show(console(), steps)


def _quoted(text: str) -> str:
    """Set a letter off from what is around it, within the width of a terminal."""
    folded = (fill(line, _LETTER_WIDTH, break_long_words=False) for line in text.strip().splitlines())
    return indent("\n".join(folded), "  | ", lambda _: True)


def _print_commands(config: Config, path: Path, rows: Sequence[_Row]) -> None:
    """Say what to try next, in commands that can be copied: past rich, which would wrap them."""
    shown = relative(path)
    filed = next((show_id(row.sent.delivery_id) for row in rows if row.sent.delivery_id is not None), "ID")
    looks = [row.look for row in rows if row.look]
    conversation = next((look.conversation for look in looks if look.conversation), "N")
    asked = next((look.conversation for look in looks if look.offered), "N")
    server = config.listen.smtp[0]
    swaks = ["swaks", "--server", server, "--from", "anna@harbourpine.example", "--to", samples.DROP]
    swaks += ["--header", "To: Ingrid Solberg <ingrid.solberg@fjordfoods.example>"]
    swaks += ["--header", "Subject: My own mail", "--body", "As agreed."]

    def ours(*words: str) -> str:
        return lines([*program(), *words, "--config", str(shown)])

    click.echo(
        f"""
Serving on {server} (SMTP). Data and log are in {shown.parent}.

Send a mail of your own:

{lines(swaks)}

Look at what became of a mail, and at a conversation as Anna sees it:

{ours("explain", filed)}
{ours("show", "--as", "u-1", str(conversation))}
{ours("queue", "list")}

See how the daemon is, and every attempt of a sender, the refused ones with what to do:

{ours("status")}
{ours("trace", samples.STRANGER)}

Say as Marek which of the customer's three deals that mail is about:

{ours("command", "choice.resolve", "--as", "u-2", f"conversation={asked}", 'deal="202"')}

Ctrl-C stops it; the data stays."""
    )


def _serve(child: Child) -> None:
    """Wait until Ctrl-C, SIGTERM, or the daemon's own end."""
    while child.poll() is None:
        time.sleep(0.2)
    raise BccdError("the daemon has ended by itself; its log says why")
