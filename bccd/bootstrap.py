"""The composition root: the only file that imports every edge and says which stands behind which port."""

import asyncio
import gc
import os
import shutil
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from socket import socket
from typing import Any, cast

from bccd import daemon, vitals
from bccd.cage.pool import Pool
from bccd.config import Config
from bccd.daemon import Bound, Links, Pulse
from bccd.directory.cache import CachedDirectory
from bccd.directory.records import Record
from bccd.door import SOCKET_NAME, Door, Operation, ask
from bccd.filer import Filer
from bccd.front import listener_settings, open_certificates, run_front
from bccd.model.envelope import Protocol
from bccd.model.errors import BccdError, StoreUnavailableError
from bccd.model.linkpage import LinkPage
from bccd.observe import read_key
from bccd.pipeline import Receiving
from bccd.ports import DeliverPorts, ReceivePorts, Receiver
from bccd.remains import REMAINS
from bccd.rules.signing import Signer
from bccd.sources.census import Census
from bccd.sources.floods import Floods
from bccd.sources.settings import Listener
from bccd.store import addresses, entries, migrate, postroom, reads
from bccd.store import directory as master_data
from bccd.store import links as signed_links
from bccd.store import logins as names
from bccd.store import rethread as conversations
from bccd.store.acquaintance import acquaintance
from bccd.store.bell import CHANGE, Listening, Ringer
from bccd.store.chores import sweep_daily
from bccd.store.commands import Commands
from bccd.store.engine import Stores, open_engines
from bccd.store.errands import Errands
from bccd.store.moved import refuse_if_moved
from bccd.store.node import node_of
from bccd.store.notices import WORDING
from bccd.store.postgresql import is_postgresql
from bccd.store.requests import submit
from bccd.store.spool import GroupSpool, SqlQueue, forgive
from bccd.store.uow import AFTER_COMMIT, SqlWorks
from bccd.verify.examination import MailVerifier
from bccd.verify.passwords import Passwords
from bccd.verify.resolver import DnsResolver
from bccd.web.health import serve_health

_THRESHOLD = 20_000  # objects until cycles are looked for: filing a batch makes as many, and none in cycles
_FRONT_THRESHOLD = 5_000  # with the usual 700 each group of mail was looked through while it came in
# How long a front's loop keeps its other threads waiting, which need the interpreter after each statement.
# Beside a hundred peers who pour mail in, RCPT was answered in 3 ms (median), with the usual 5 ms in 14.
_SWITCH_SECONDS = 0.0005
_LINK_SECONDS = 10.0  # how long a page waits for the filer


class SystemClock:
    """The time of this machine; implements ports.Clock."""

    def now(self) -> datetime:
        """Return the time, aware, UTC."""
        return datetime.now(UTC)


def serve(config: Config, given: Sequence[Bound] = ()) -> int:
    """Run the daemon in the foreground until it is told to stop; returns its exit code, raises BccdError.

    `given` are sockets that listen already.
    """
    return daemon.run(
        config,
        partial(run_listener, config, Census(config.processes.fronts)),
        partial(run_filer, config),
        partial(check, config),
        partial(run_outbound, config) if config.outbound.smarthost else None,
        given=given,
    )


def check(config: Config) -> None:
    """Make sure before anything is forked that the stores are there, new enough and safe to use."""
    migrate.check(config)
    open_certificates(listener_settings(config))  # a mistake in them shows at once, not in each front
    stores = open_engines(config)
    forgive(stores.spool, config.data_dir)
    stores.close()
    folder = config.data_dir / "tmp"
    folder.mkdir(mode=0o700, exist_ok=True)
    for left in folder.iterdir():  # mail that was on its way in when the last daemon was killed: not accepted
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink()


# What stands behind each option of [listen] through which mail comes.
_LISTENERS: Mapping[str, Callable[[socket], Listener]] = {
    "smtp": partial(Listener, protocol=Protocol.SMTP),
    "lmtp": partial(Listener, protocol=Protocol.LMTP),
    "submission": partial(Listener, protocol=Protocol.SMTP, submission=True),
    "smtps": partial(Listener, protocol=Protocol.SMTP, submission=True, implicit_tls=True),
}


# ---- a front -----------------------------------------------------------------------------------------------


def run_listener(config: Config, census: Census, name: str, sockets: Sequence[Bound], links: Links) -> int:
    """Be a front process: serve the sockets until SIGTERM, then drain."""
    listeners = [_LISTENERS[each.protocol](each.sock) for each in sockets if each.protocol in _LISTENERS]
    seat = census.seat(int(name.rpartition("-")[2]) - 1)
    settings = listener_settings(config, name)
    gc.set_threshold(_FRONT_THRESHOLD, 10, 10)
    sys.setswitchinterval(_SWITCH_SECONDS)
    run_front(listeners, settings, lambda: open_receiver(config, links, sockets), seat)
    return 0


@asynccontextmanager
async def open_receiver(
    config: Config, links: Links, sockets: Sequence[Bound] = ()
) -> AsyncIterator[Receiver]:
    """Open all that receive() needs inside a running loop, and answer for its health."""
    links.tie()
    REMAINS.follow(asyncio.get_running_loop())
    stores = open_engines(config)
    ringer = Ringer(stores.spool) if is_postgresql(stores.spool) else None
    spool = GroupSpool(stores.spool, config.data_dir, partial(_wake, links.wake_write, ringer))
    directory = make_directory(stores)
    logins = make_logins(config, stores)
    ports = [each.sock for each in sockets if each.protocol in _LISTENERS]
    checks = vitals.make_checks(config, spool, directory, stores, ports)
    metrics = vitals.make_metrics(config, stores, checks)
    servers = [await serve_health(each.sock, checks, metrics) for each in sockets if each.protocol == "http"]
    servers += await serve_links(config, stores, [each for each in sockets if each.protocol == "web"])
    try:
        yield Receiving(
            ReceivePorts(
                directory,
                make_verifier(config),
                spool,
                make_signer(config),
                SystemClock(),
                config.help_url,
                logins,
                Floods(config.limits, config.trust.networks, config.trust.relays),
            )
        )
    finally:
        logins.close()
        for server in servers:
            server.close()
        spool.close()
        if ringer is not None:
            ringer.close()
        directory.close()
        stores.close()


async def serve_links(config: Config, stores: Stores, sockets: Sequence[Bound]) -> list[asyncio.Server]:
    """Serve the pages behind signed links; what their buttons do, the filer does."""
    if not sockets:
        return []
    # Only who serves pages pays for what they are made of.
    from bccd.web.links import LinkPages  # noqa: PLC0415
    from bccd.web.server import serve_pages  # noqa: PLC0415

    now = SystemClock().now

    def look(purpose: str, company_id: int, numbers: tuple[int, ...]) -> LinkPage | None:
        return signed_links.look(stores.database, purpose, company_id, numbers, now())

    def follow(wish: Mapping[str, object]) -> Mapping[str, Any]:
        return cast("Mapping[str, Any]", ask(config.data_dir, "link.follow", wish, _LINK_SECONDS))

    pages = LinkPages(make_signer(config), now, look, follow)
    return [await serve_pages(each.sock, pages.app) for each in sockets]


def make_logins(config: Config, stores: Stores) -> Passwords:
    """Check logins against the database as it is, so that a new password counts at once."""

    def renew(name: str, old: str, new: str) -> None:
        with suppress(BccdError):  # the next login tries again
            ask(config.data_dir, "login.renew", {"name": name, "old": old, "new": new})

    return Passwords(partial(names.find, stores.database), renew)


def make_verifier(config: Config) -> MailVerifier:
    """Ask the configured name servers; to be used within one event loop."""
    verify = config.verify
    resolver = DnsResolver(
        verify.nameservers, query_seconds=verify.query_seconds, mail_seconds=verify.mail_seconds
    )
    return MailVerifier(config.trust, verify, resolver, SystemClock().now)


def make_signer(config: Config) -> Signer:
    """Sign with the secret of this installation; the first process to ask makes it."""
    return Signer(read_key(Path(config.secret_file)))


def make_directory(stores: Stores) -> CachedDirectory:
    """Keep a snapshot of the directory that the database holds."""
    return CachedDirectory(
        partial(reads.directory_snapshot, stores.database),
        partial(reads.directory_version, stores.database),
        partial(reads.deal_exists, stores.database),
        partial(acquaintance, stores.database),
        partial(reads.deal_numbered, stores.database),
    )


def _wake(pipe: int, ringer: Ringer | None) -> None:
    """Have mail looked for: by the filer of this daemon at once, by those of others soon."""
    if ringer is not None:
        ringer.ring()
    with suppress(BlockingIOError):  # a full pipe wakes as well
        os.write(pipe, b"!")


# ---- the filer ---------------------------------------------------------------------------------------------


def run_filer(config: Config, name: str, links: Links) -> int:
    """Be the filer process: file mail until SIGTERM, then what is claimed."""
    del name
    stores = open_engines(config)
    ringer = tell_front_ends(stores)
    pulse = links.pulse or Pulse()
    filer = make_filer(config, stores, pulse, wake=links.wake_read, lifeline=links.lifeline)
    signal.signal(signal.SIGTERM, lambda *_: filer.stop())
    gc.freeze()
    gc.set_threshold(_THRESHOLD, 20, 20)
    ended = threading.Event()
    sweeper = threading.Thread(
        target=sweep_daily,
        args=(stores, ended, config.feed, SystemClock().now),
        name="sweeper",
        daemon=True,
    )
    sweeper.start()

    def beat() -> None:
        pulse.beat()
        REMAINS.clear()

    try:
        filer.run(beat)
    finally:
        ended.set()
        sweeper.join()
        filer.close()
        if ringer is not None:
            ringer.close()
        stores.close()
    return 0


def tell_front_ends(stores: Stores) -> Ringer | None:
    """Ring for front ends after each commit that wrote events; on SQLite there is nothing to ring with."""
    if not is_postgresql(stores.database):
        return None
    ringer = Ringer(stores.database, CHANGE)
    stores.database.update_execution_options(**{AFTER_COMMIT: ringer.ring})
    return ringer


def run_outbound(config: Config, name: str, links: Links) -> int:
    """Be the worker that sends notices, until SIGTERM."""
    del name
    from bccd.outbound.process import open_worker, work_until_told  # noqa: PLC0415 - as above

    asked = partial(ask, config.data_dir)
    worker = open_worker(config, make_signer(config), asked, node_of(config.data_dir), SystemClock().now)
    asyncio.run(work_until_told(worker, links.lifeline))
    return 0


def make_filer(
    config: Config,
    stores: Stores,
    pulse: Pulse | None = None,
    *,
    wake: int | None = None,
    lifeline: int | None = None,
) -> Filer:
    """Put the filer together, with its parsers started and its door open.

    What is asked for at the door may take long; `pulse` is not expected meanwhile.
    """
    processes = config.processes
    pool = Pool(processes.parsers, processes.parse_seconds, processes.parse_memory)
    operations = make_operations(config, stores) | vitals.operations(config)
    operations["ping"] = lambda _: _pong(stores, pool)
    queue = SqlQueue(stores.spool, config.data_dir, partial(entries.is_needed, stores.database))
    return Filer(
        queue,
        DeliverPorts(SqlWorks(stores.database, queue.fence), SystemClock()),
        pool,
        config.filing,
        wake=wake,
        lifeline=lifeline,
        door=Door(config.data_dir / SOCKET_NAME, pulse.unwatched(operations) if pulse else operations),
        bell=Listening(stores.spool) if is_postgresql(stores.spool) else None,
        errands=Errands(stores, Commands(stores, SystemClock().now, make_signer(config)), SystemClock().now),
    )


def _pong(stores: Stores, pool: Pool) -> str:
    """Say "pong", or in a sentence why no mail could be filed."""
    try:
        for each in (stores.database, stores.spool):
            refuse_if_moved(each)
    except StoreUnavailableError as error:
        return str(error)
    return "pong" if pool.ready else "no parser is up"


def make_operations(config: Config, stores: Stores) -> dict[str, Operation]:
    """List what the command line may have done here or by the running daemon, in JSON's types."""
    stores.database.update_execution_options(**{WORDING: _sentence})  # whoever writes notices
    now = SystemClock().now

    def load(arguments: Mapping[str, Any]) -> object:
        records = [Record(r["kind"], r["row"], _tuples(r["values"])) for r in arguments["records"]]
        changed = dict(master_data.load(stores.database, records, now(), arguments["company"]).changed)
        entries.requeue_released(stores, now())  # what waited for an alias that is confirmed now
        return changed

    def retry(arguments: Mapping[str, Any]) -> object:
        for delivery_id in arguments["deliveries"]:
            entries.retry(stores, delivery_id, now())
        return None

    def remove(arguments: Mapping[str, Any]) -> object:
        for delivery_id in arguments["deliveries"]:
            entries.remove(stores, delivery_id, now())
        return None

    def command(arguments: Mapping[str, Any]) -> object:
        return submit(stores, Commands(stores, now, make_signer(config)), arguments.get("commands"))

    def follow(arguments: Mapping[str, Any]) -> object:
        return signed_links.follow(stores.database, Commands(stores, now, make_signer(config)), arguments)

    def rethread(arguments: Mapping[str, Any]) -> object:
        moved, after = conversations.rethread(
            stores.database, arguments["company"], now(), arguments["after"]
        )
        rows = [[one.conversation_id, one.home, len(one.messages)] for one in moved]
        return {"moved": rows, "after": after}

    given_out = addresses.operations(stores.database, now)
    return (
        names.operations(stores.database, now)
        | given_out
        | postroom.operations(stores, now)
        | {
            "directory.load": load,
            "queue.retry": retry,
            "queue.delete": remove,
            "command": command,
            "link.follow": follow,
            "rethread": rethread,
        }
    )


def _sentence(reason: str, args: Mapping[str, object], language: str) -> tuple[str, str]:
    """Say a reason and what to do; what languages need is imported when there is something to say."""
    from bccd.outbound.words import sentence  # noqa: PLC0415

    return sentence(reason, args, language)


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give lists back the form they had before they went through JSON."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
