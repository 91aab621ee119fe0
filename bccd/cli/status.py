"""bccd status: how the daemon is now."""

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from rich.console import Group
from rich.live import Live
from rich.text import Text

from bccd import journal
from bccd.cli import looks
from bccd.cli.base import Call, Exit, common, console, json_line, octets, safe, table
from bccd.cli.counted import Slots, ask, cells, lacks_room
from bccd.cli.endpoints import in_force
from bccd.cli.probe import flaw, listeners
from bccd.config import Config
from bccd.meters import families as m
from bccd.meters.board import Counter as Meter
from bccd.meters.board import Histogram
from bccd.model.errors import BccdError
from bccd.store.vitals import outcomes_since, vitals

_ANSWER_SECONDS = 5.0
_PROBE_SECONDS = 60.0  # between two connections to a listener
_ERRORS = 8  # that are shown
_HOUR = timedelta(hours=1)
_OLD_SECONDS = 300.0
_COUNTED: Mapping[str, Meter | Histogram] = {
    "accepted": m.ACCEPTED,
    "refused": m.REFUSED,
    "decided": m.DELIVERIES,
    "notices": m.NOTICES,
}


@click.command()
@click.option("--watch", is_flag=True, help="Go on showing it, with rates, until Ctrl-C.")
@click.option(
    "--every", type=click.FloatRange(0.2, 3600), default=2.0, show_default=True, help="With --watch: seconds."
)
@common
@click.pass_obj
def status(call: Call, *, watch: bool, every: float) -> None:
    """Show how the daemon is: queue, last hour, processes, listeners, database, disk, last errors.

    What the processes have counted is asked of the running daemon; the rest is looked up here, so that most
    of it is shown where no daemon runs, or where its filer hangs. With --watch and --json there is one
    object a line. Exit code 1 means that no daemon runs, or that something of it does not: a process, a
    listener, the database, or that there is no room for mail. What, stands below the first line.

    \b
    Examples:
      bccd status
      bccd status --watch
      bccd status --json | jq .queue.oldest_seconds
    """
    config = call.installed
    seen = look(config)
    if not watch:
        call.tell(seen, lambda out: out.print(Group(*_lines(seen, {}))))
        raise SystemExit(Exit.OK if seen["well"] else Exit.FAILED)
    with suppress(KeyboardInterrupt):
        _watch(call, config, seen, every)


def _watch(call: Call, config: Config, seen: dict[str, Any], every: float) -> None:
    out = console()
    screen = Live(console=out, auto_refresh=False, screen=out.is_terminal)
    rates: dict[str, float] = {}
    heard, probed = seen["listeners"], time.monotonic()
    with nullcontext() if call.as_json else screen:
        while True:
            if call.as_json:
                click.echo(json_line(seen | {"rates": rates}))
            else:
                screen.update(Group(*_lines(seen, rates)), refresh=True)
            time.sleep(every)
            if time.monotonic() - probed > _PROBE_SECONDS:
                heard, probed = listeners_of(config), time.monotonic()
            before, seen = seen, look(config, heard)
            rates = _rates(before, seen)


def _rates(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, float]:
    """Say how many a second there were of what is counted; nothing after a start in between."""
    seconds = (now["at"] - before["at"]).total_seconds()
    return {
        name: round((count - before["counted"][name]) / seconds, 2)
        for name, count in now["counted"].items()
        if before["counted"].get(name, count + 1) <= count
    }


# ---- looking ---------------------------------------------------------------------------------------------


def listeners_of(config: Config) -> list[dict[str, Any]]:
    """List the listeners, and whether each does what it should; a look is a connection that limits count."""
    found = list(listeners(in_force(config)))

    def wrong(one: tuple[str, str]) -> str:
        return flaw(*one, _ANSWER_SECONDS, config.trust.proxies, busy=True)

    with ThreadPoolExecutor(len(found) or 1) as threads:  # a front that hangs lets each wait in vain
        flaws = threads.map(wrong, found)
        return [
            {"protocol": protocol, "endpoint": endpoint, "answers": not why, "why": why}
            for (protocol, endpoint), why in zip(found, flaws, strict=True)
        ]


def look(config: Config, probed: Sequence[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Gather everything; what cannot be told is None or empty, and says why under "trouble"."""
    trouble: list[str] = []
    slots = _slots(config, trouble)
    usage = shutil.disk_usage(config.data_dir) if config.data_dir.exists() else None
    full = lacks_room(config, slots) if usage else ""
    if full:
        trouble.append(f"{full}: mail is put off with 452")
    probed = listeners_of(config) if probed is None else probed
    database, queue, unfiled, hour = _stored(config, trouble)
    if slots:  # else no listener is to be expected
        trouble += [f"{slot['name']} does not run" for slot in slots if not slot["up"]]
        trouble += [f"{one['protocol']} {one['endpoint']}: {one['why']}" for one in probed if one["why"]]
    return {
        "at": datetime.now(UTC),
        "well": bool(slots) and not trouble,
        "trouble": trouble,
        "queue": queue | {"in_hand": _sum(slots, m.IN_HAND) if slots else None},
        "unfiled": unfiled,
        "last_hour": {"received": hour, "refused": _refused(config)},
        "connections": _sum(slots, m.CONNECTIONS) if slots else None,
        "in_flight": _sum(slots, m.IN_FLIGHT) if slots else None,
        "counted": {name: _sum(slots, meter) for name, meter in _COUNTED.items()} if slots else {},
        "database": database,
        "disk": {"free": usage.free, "size": usage.total, "full": bool(full)} if usage else None,
        "processes": [{name: slot[name] for name in _OF_PROCESS} for slot in slots],
        "listeners": probed,
        "errors": _errors(slots),
    }


_OF_PROCESS = ("name", "pid", "up", "started", "memory", "cpu", "files")


def _slots(config: Config, trouble: list[str]) -> Slots:
    try:
        return ask(config)
    except BccdError as error:
        trouble.append(str(error))
        return []


def _sum(slots: Slots, meter: Meter | Histogram) -> int:
    """Add up what all processes have counted of one family."""
    return int(sum(cells(slots, meter)))


def _stored(
    config: Config, trouble: list[str]
) -> tuple[dict[str, Any], dict[str, Any], Mapping[str, int], Mapping[str, int]]:
    kind = "postgresql" if config.database.url else "sqlite"
    try:
        with looks.open_stores(config) as stores:
            seen = vitals(stores)
            hour = outcomes_since(stores.database, datetime.now(UTC) - _HOUR)
    except BccdError as error:
        trouble.append(str(error))
        unknown = {"length": None, "oldest_seconds": None}
        return {"kind": kind, "up": False, "seconds": None}, unknown, {}, {}
    age = (datetime.now(UTC) - seen.oldest).total_seconds() if seen.oldest else None
    queue = {"length": seen.queued, "oldest_seconds": age}
    return {"kind": kind, "up": True, "seconds": seen.seconds}, queue, seen.unfiled, hour


def _refused(config: Config) -> dict[str, int]:
    """Count the refusals of the last hour by code, as the journal has them."""
    attempts = journal.since(config.data_dir / journal.FOLDER, datetime.now(UTC) - _HOUR)
    return dict(sorted(Counter(one.reply[:3] for one in attempts if one.reply[:1] != "2").items()))


def _errors(slots: Slots) -> list[dict[str, Any]]:
    found = [
        {"at": datetime.fromtimestamp(at, UTC), "process": slot["name"], "text": text}
        for slot in slots
        for at, text in slot["notes"]
    ]
    return sorted(found, key=lambda one: one["at"])[-_ERRORS:]


# ---- showing ---------------------------------------------------------------------------------------------


def _lines(seen: Mapping[str, Any], rates: Mapping[str, float]) -> Iterator[Any]:
    well = "well" if seen["well"] else "NOT WELL"
    yield Text(f"bccd {well}, {seen['at']:%Y-%m-%d %H:%M:%S} UTC")
    for sentence in seen["trouble"]:
        yield Text(safe(f"  ! {sentence}"))
    yield table(("", ""), [row for row in _facts(seen, rates) if row[1]])
    if seen["processes"]:
        yield Text()
        yield table(
            ("process", "pid", "runs", "up for", "memory", "cpu s", "files"),
            [_process(one, seen["at"]) for one in seen["processes"]],
        )
    yield Text()
    listed = [
        (one["protocol"], one["endpoint"], "yes" if one["answers"] else "NO") for one in seen["listeners"]
    ]
    yield table(("listener", "at", "answers"), listed)
    if seen["errors"]:
        yield Text()
        rows = [(f"{one['at']:%m-%d %H:%M:%S}", one["process"], one["text"]) for one in seen["errors"]]
        yield table(("last errors", "process", ""), rows)


def _facts(seen: Mapping[str, Any], rates: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    queue = seen["queue"]
    if queue["length"] is not None:
        oldest = queue["oldest_seconds"]
        old = f", the oldest for {_span(oldest)}" if oldest is not None else ""
        late = "  <- LATE" if oldest is not None and oldest > _OLD_SECONDS else ""
        yield "queue", f"{queue['length']} waiting{old}, {queue['in_hand'] or 0} in hand{late}"
    yield "not filed", _counts(seen["unfiled"])
    yield "last hour", _counts(seen["last_hour"]["received"]) or "no mail"
    refused = {f"refused {code}": count for code, count in seen["last_hour"]["refused"].items()}
    yield "", _counts(refused)
    if seen["connections"] is not None:
        flying = octets(seen["in_flight"])
        yield "connections", f"{seen['connections']} open, {flying} of mail in flight"
    yield "since start", _counts(seen["counted"])
    yield "a second", ", ".join(f"{name} {rate:.1f}" for name, rate in rates.items())
    base = seen["database"]
    yield "database", f"{base['kind']}, " + (f"{base['seconds'] * 1000:.0f} ms" if base["up"] else "AWAY")
    if seen["disk"]:
        full = "  <- FULL" if seen["disk"]["full"] else ""
        yield "disk", f"{octets(seen['disk']['free'])} free of {octets(seen['disk']['size'])}{full}"


def _counts(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counted.items() if count)


def _process(one: Mapping[str, Any], now: datetime) -> list[object]:
    up = _span(now.timestamp() - one["started"]) if one["up"] else ""
    runs = "yes" if one["up"] else "NO"
    files = "-" if one["files"] is None else one["files"]
    return [one["name"], one["pid"], runs, up, octets(one["memory"]), f"{one['cpu']:.1f}", files]


def _span(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
