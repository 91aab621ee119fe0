"""The page /metrics, and the alert rules that are written for it."""

import asyncio
import os
import re
import socket
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from bccd.cli import metrics_page
from bccd.config import Config, Tls
from bccd.meters import board, families
from bccd.meters.board import Board
from bccd.model.errors import FileMovedError
from bccd.sources.tls import RENEW_DAYS
from bccd.store.engine import Stores, open_engine
from bccd.vitals import SAMPLES, make_metrics, names, process
from bccd.web.health import serve_health
from tests.certificate import make
from tests.unit.web.test_health import get, talk

ROOT = Path(__file__).resolve().parents[3]
_GROUPS = yaml.safe_load((ROOT / "config/alerts.yml").read_text(encoding="utf-8"))["groups"]
RULES: list[dict[str, Any]] = [rule for group in _GROUPS for rule in group["rules"]]
_LINE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="[^"\\]*",?)+)\})? (-?[0-9.e+-]+)')


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Board:
    """A board of a daemon's processes, of which this one is a front."""
    for name in ("cells", "notes", "board", "noted"):
        monkeypatch.setattr(board._State, name, getattr(board._State, name))
    made = Board(["supervisor", "front-1", "filer", "outbound"])
    made.attach("front-1")
    return made


def asked(page: object) -> tuple[str, str]:
    """Return head and body of what a responder answers to GET /metrics."""

    async def run() -> tuple[bytes, bytes]:
        sock = socket.create_server(("127.0.0.1", 0))
        server = await serve_health(sock, {}, page)  # type: ignore[arg-type]
        try:
            return await talk(sock.getsockname()[1], get("/metrics"))
        finally:
            server.close()
            await server.wait_closed()

    head, body = asyncio.run(run())
    return head.decode(), body.decode()


def samples(body: str) -> dict[tuple[str, str], float]:
    """Read a page strictly: each line is a comment or a sample, each name was announced before."""
    found: dict[tuple[str, str], float] = {}
    announced: set[str] = set()
    for line in body.splitlines():
        if line.startswith("# TYPE "):
            announced.add(line.split()[2])
        if line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        assert match is not None, line
        assert match[1] in announced or match[1].rpartition("_")[0] in announced, line
        assert (match[1], match[2] or "") not in found, line
        found[match[1], match[2] or ""] = float(match[3])
    return found


@pytest.mark.usefixtures("shared")
def test_the_page_tells_of_all_processes(tmp_path: Path) -> None:
    """One front answers for each process; what nobody has counted yet is a zero; all names are listed."""
    families.REFUSED.add("550")
    families.SPOOL.observe(0.02)
    away = open_engine(f"sqlite:///{tmp_path}/none/bccd.db")
    page = make_metrics(Config(data_dir=tmp_path), Stores(away, away, tmp_path))
    head, body = asked(page)
    assert head.startswith("HTTP/1.1 200 OK") and "Content-Type: text/plain; version=0.0.4" in head
    found = samples(body)
    assert {name for name, _ in found} <= names()
    assert found["bccd_refused_total", 'process="front-1",code="550"'] == 1
    assert found["bccd_deliveries_total", 'process="filer",state="failed"'] == 0
    assert found["bccd_process_up", 'process="front-1"'] == 1
    assert found["bccd_process_up", 'process="filer"'] == 0
    assert found["bccd_database_up", ""] == 0  # the rest is told though the database is away
    buckets = [
        value for (name, of), value in found.items() if name == "bccd_spool_commit_seconds_bucket" and of
    ]
    assert buckets == sorted(buckets) and buckets[-1] == 1
    assert found["bccd_spool_commit_seconds_count", 'process="front-1"'] == 1
    assert found["bccd_disk_free_bytes", ""] > 0


def test_the_page_tells_what_is_not_ready(tmp_path: Path) -> None:
    """Each check of /readyz is a sample, zero where it fails or has advice: no other probe is needed."""

    async def well() -> bool:
        return True

    async def broken() -> bool:
        raise OSError("secret")

    async def moved() -> bool:
        raise FileMovedError("start bccd anew")

    away = open_engine(f"sqlite:///{tmp_path}/none/bccd.db")
    checks = {"directory": well, "spool": broken, "disk": moved}
    found = samples(asked(make_metrics(Config(data_dir=tmp_path), Stores(away, away, tmp_path), checks))[1])
    told = {of: value for (name, of), value in found.items() if name == "bccd_ready"}
    assert told == {'check="directory"': 1, 'check="spool"': 0, 'check="disk"': 0}


def test_the_end_of_the_certificate_is_told(tmp_path: Path) -> None:
    """As a time, for an alert to count down to; an unreadable one as a time long ago, none as nothing."""

    def told(tls: Tls) -> dict[tuple[str, str], float]:
        away = open_engine(f"sqlite:///{tmp_path}/none/bccd.db")
        page = make_metrics(Config(data_dir=tmp_path, tls=tls), Stores(away, away, tmp_path))
        return samples(asked(page)[1])

    name = ("bccd_certificate_expiry_time_seconds", "")
    assert name not in told(Tls())
    assert told(Tls(certificate=str(tmp_path / "none")))[name] == 0
    certificate, key = make(tmp_path, ends=timedelta(days=3))
    left = told(Tls(str(certificate), str(key)))[name] - time.time()
    assert abs(left - 3 * 86_400) < 3600
    rules = (ROOT / "config/alerts.yml").read_text(encoding="utf-8")
    assert f"{name[0]} - time() < {RENEW_DAYS} * 86400" in rules  # doctor warns as early


def test_a_page_that_cannot_be_written_is_503() -> None:
    """Whatever gathering dies of goes nowhere."""

    async def broken() -> bytes:
        raise OSError("secret")

    head, body = asked(broken)
    assert head.startswith("HTTP/1.1 503 ") and "secret" not in body


def test_without_metrics_there_is_no_such_page() -> None:
    """Where nobody counts nothing is answered."""
    assert asked(None)[0].startswith("HTTP/1.1 404 ")


_METRIC = re.compile(r"(bccd_[a-z_]+)(?:\{([^}]*)\})?(\[\d+[smhd]\])?")
_MATCH = re.compile(r'([a-z]+)(=~?)"([^"]*)"')


def labels_of(name: str) -> dict[str, set[str] | None]:
    """Return the labels of a metric, each with its values where they are listed."""
    if name in SAMPLES:
        return {SAMPLES[name][1]: None} if SAMPLES[name][1] else {}
    (family,) = (one for one in board.FAMILIES if name in (one.name, f"{one.name}_bucket"))
    assert (name != family.name) == bool(family.bounds), f"{name}: a histogram has buckets alone"
    return {"process": None} | ({family.label: set(family.values)} if family.label else {})


def counts_up(name: str) -> bool:
    """Tell whether a metric only grows."""
    return name.endswith(("_total", "_bucket"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_what_there_is(rule: dict[str, Any]) -> None:
    """Its metrics, labels and values exist, what grows is asked for its rate, and its text can be filled."""
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"]["severity"] in ("page", "ticket") and set(rule["annotations"]) == {"summary"}
    assert re.fullmatch(r"\d+[mh]", rule.get("for", "1m"))
    expression = rule["expr"]
    assert expression.count("(") == expression.count(")")
    known = {"instance", "job"}
    for name, matchers, span in _METRIC.findall(expression):
        labels = labels_of(name)
        known |= set(labels)
        assert bool(span) == counts_up(name), (
            f"{name}: of what grows the rate is asked, of the rest the value"
        )
        for label, operator, told in _MATCH.findall(matchers):
            values = labels[label]
            assert values is None or set(told.split("|") if operator == "=~" else [told]) <= values
    for summed in re.findall(r"by \(([a-z, ]+)\)", expression):
        by = set(summed.split(", ")) - {"le"}
        assert by <= known
        known = by  # all others are gone
    assert set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"])) <= known


def test_every_alert_has_its_advice() -> None:
    """docs/howto/watch.md says of each, and of no other, what to do."""
    page = (ROOT / "docs/howto/watch.md").read_text(encoding="utf-8")
    alerts = [rule["alert"] for rule in RULES]
    assert len(set(alerts)) == len(alerts) > 10
    assert re.findall(r"^\| `(Bccd\w+)` \|", page, re.MULTILINE) == alerts


def test_the_page_of_metrics_is_up_to_date() -> None:
    """docs/reference/metrics.md is what the program counts: run python -m bccd.cli.metrics_page."""
    assert (ROOT / "docs/reference/metrics.md").read_text(encoding="utf-8") == metrics_page.page()


def test_a_process_whose_files_are_hidden_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has been root hides them from its own user; its memory and time are told all the same."""
    shown = process(os.getpid())
    assert shown is not None and shown[2]

    def hidden(_place: Path) -> list[str]:
        raise PermissionError

    monkeypatch.setattr(os, "listdir", hidden)
    seen = process(os.getpid())
    assert seen is not None and seen[0] > 0 and seen[2] is None
    assert process(2**22 + 1) is None
