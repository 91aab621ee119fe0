"""The pages behind signed links, over real HTTP: what they show, do, and do not put up with."""

import asyncio
import re
import socket
import tempfile
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any

import pytest
from structlog.testing import capture_logs

from bccd.door import DoorClosedError
from bccd.model.linkpage import How, LinkPage, LinkState
from bccd.rules.links import CHOOSE, CONFIRM, RELEASE, link
from bccd.rules.signing import Signer
from bccd.testing.build import NOON
from bccd.web import links, server
from bccd.web.links import LinkPages
from bccd.web.rate import Rate
from bccd.web.server import serve_pages
from bccd.web.texts import TEXTS, language_of

SIGNER = Signer(b"a key")
ONCE = "0123456789abcdef"


def path(purpose: str, *numbers: int, hours: float = 1) -> str:
    """Return the path of a link of company 1."""
    token = SIGNER.sign(purpose, 1, *numbers, expires=NOON + timedelta(hours=hours))
    return link("", purpose, token)


CHOICE, NEITHER = path(CHOOSE, 90, 2), path(CHOOSE, 90, 0)
ALIAS, HELD = path(CONFIRM, 7), path(RELEASE, 8, 3)
BOTH, UNDO, YES = (How.YES, How.ALWAYS), (How.UNDO,), (How.YES,)
OPEN = LinkPage(CHOOSE, LinkState.OPEN, "en", "Chairs & Co", "Offer <b>", BOTH)


@dataclass
class World:
    """What stands behind every link, and what was followed."""

    page: LinkPage | None = OPEN
    answer: Mapping[str, Any] = field(default_factory=lambda: {"state": "done", "error": ""})
    then: LinkPage | None = None  # what stands once it was followed
    followed: list[Mapping[str, object]] = field(default_factory=list)
    fails: Exception | None = None

    def look(self, purpose: str, company_id: int, numbers: tuple[int, ...]) -> LinkPage | None:
        assert company_id == 1 and len(numbers) in (1, 2) and purpose in (CHOOSE, CONFIRM, RELEASE)
        if self.fails:
            raise self.fails
        return self.page

    def follow(self, wish: Mapping[str, object]) -> Mapping[str, Any]:
        if self.fails:
            raise self.fails
        self.followed.append(wish)
        self.page = self.then or self.page
        return self.answer


Talk = Callable[[bytes], Awaitable[bytes]]


def run(world: World, visit: Callable[[Talk, int], Awaitable[None]]) -> None:
    """Serve the world's links on a socket, and let somebody visit them."""

    async def main() -> None:
        pages = LinkPages(SIGNER, lambda: NOON, world.look, world.follow)
        sock = socket.create_server(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        serving = await serve_pages(sock, pages.app)

        async def talk(request: bytes) -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            try:
                return await asyncio.wait_for(reader.read(), 20)
            except ConnectionResetError:
                return b""
            finally:
                writer.close()

        try:
            await visit(talk, port)
        finally:
            serving.close()
            pages.close()

    asyncio.run(main())


def send(world: World, *requests: bytes) -> list[tuple[int, str, str]]:
    """Send requests one after the other; status, head and body of each answer."""
    found: list[tuple[int, str, str]] = []

    async def visit(talk: Talk, port: int) -> None:
        del port
        for request in requests:
            head, _, body = (await talk(request)).decode().partition("\r\n\r\n")
            found.append((int(head.split(" ")[1]) if head else 0, head, body))

    run(world, visit)
    return found


def get(where: str, method: str = "GET", version: str = "1.1", **fields: str) -> bytes:
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return f"{method} {where} HTTP/{version}\r\nHost: x\r\n{head}\r\n".encode()


def post(where: str, body: str = f"how=yes&once={ONCE}") -> bytes:
    kind = "application/x-www-form-urlencoded"
    return get(where, "POST", Content_Type=kind, Content_Length=str(len(body))) + body.encode()


# ---- showing -----------------------------------------------------------------------------------------------


def test_looking_changes_nothing() -> None:
    """Scanners and phones follow every GET and HEAD; the page says what a button would do, and has one."""
    world = World()
    for request in (
        get(CHOICE),
        get(CHOICE, version="1.0"),
        get("/some/prefix" + CHOICE),
        get(CHOICE + "?how=yes"),
    ):
        ((status, _, body),) = send(world, request)
        assert status == 200 and body.count("<button>") == 1 and body.count("<form method=") == 1
        assert "Chairs &amp; Co" in body and "Offer &lt;b&gt;" in body and "<script" not in body
    ((status, _, body),) = send(world, get(CHOICE, "HEAD"))
    assert (status, body) == (200, "")
    assert world.followed == []


def test_a_page_is_for_its_reader_alone() -> None:
    """Nothing is kept, framed, fetched from elsewhere or told to the next site; no script can run."""
    ((_, head, body),) = send(World(), get(CHOICE))
    for field_ in (
        "cache-control: no-store",
        "referrer-policy: no-referrer",
        "x-frame-options: deny",
        "x-content-type-options: nosniff",
        "connection: close",
        "default-src 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    ):
        assert field_ in head.lower(), field_
    assert "server:" not in head.lower() and "set-cookie" not in head.lower()
    assert not re.search(r"https?://|\bsrc=|\bhref=|\bon\w+=", body)
    assert CHOICE not in body and "viewport" in body
    style = re.search(r"<style>(.*)</style>", body)
    assert style is not None
    assert b64encode(sha256(style[1].encode()).digest()).decode() in head  # or no browser would apply it
    assert "date: Fri, 20 Nov 2026 12:00:00 GMT" in head


def test_each_language_says_everything() -> None:
    """All texts stand in each language, with the same names; a page is in its user's, or the reader's."""
    for texts in TEXTS.values():
        assert texts.keys() == TEXTS["en"].keys()
        for key, text in texts.items():
            assert set(re.findall(r"%\((\w+)\)s", text)) == set(re.findall(r"%\((\w+)\)s", TEXTS["en"][key]))
    ((_, _, body),) = send(World(LinkPage(CHOOSE, LinkState.OPEN, "pl", "Krzesła", "Oferta")), get(CHOICE))
    assert 'lang="pl"' in body and "Która to szansa?" in body
    ((status, _, body),) = send(World(), get("/l/nothing", Accept_Language="fr-FR, pl;q=0.8"))
    assert status == 404 and 'lang="pl"' in body
    assert language_of("xx", "") == "en"


DONE_, OPEN_, OVER = LinkState.ANSWERED, LinkState.OPEN, LinkState.OVER
ME, CLEO = "me@home.example", "cleo@customer.example"
PAGES: dict[str, tuple[str, LinkPage | None, int, str]] = {
    "none of them": (NEITHER, LinkPage(CHOOSE, OPEN_, "en", does=YES), 200, "none of the deals"),
    "answered": (CHOICE, LinkPage(CHOOSE, DONE_, "en", "Tables", does=UNDO), 200, "Take it back"),
    "answered with none": (CHOICE, LinkPage(CHOOSE, DONE_, "en", does=UNDO), 200, "Take it back"),
    "settled otherwise": (CHOICE, LinkPage(CHOOSE, OVER, "en", "Tables"), 410, "settled otherwise"),
    "an alias": (ALIAS, LinkPage(CONFIRM, OPEN_, "en", ME, does=YES), 200, ME),
    "an alias, used": (ALIAS, LinkPage(CONFIRM, OVER, "en", ME), 410, "been used"),
    "held": (HELD, LinkPage(RELEASE, OPEN_, "en", CLEO, "Offer", tuple(How)[:3]), 200, 'value="delete"'),
    "held, one's own": (ALIAS, LinkPage(RELEASE, OPEN_, "en", ME, "Offer", YES), 200, "waits for your word"),
    "held no more": (HELD, LinkPage(RELEASE, OVER, "en", CLEO), 410, "no longer"),
    "gone": (HELD, None, 404, "gone"),
}


@pytest.mark.parametrize("name", PAGES)
def test_pages(name: str) -> None:
    """Each link says how it stands; what is over has no button."""
    where, page, status, words = PAGES[name]
    ((found, _, body),) = send(World(page), get(where))
    assert (found, words in body) == (status, True), body
    assert ("<button>" in body) is (status == 200)


BROKEN = {
    "expired": (path(CHOOSE, 90, 2, hours=-1), 410),
    "forged": (CHOICE[:-1] + ("a" if CHOICE[-1] != "a" else "b"), 404),
    "of another purpose": (CHOICE.replace("/l/c", "/l/h"), 404),
    "of another key": (link("", CHOOSE, Signer(b"another").sign(CHOOSE, 1, 90, 2)), 404),
    "cut": (CHOICE[:-4], 404),
    "no purpose": ("/l/z" + CHOICE[4:], 404),
    "the root": ("/", 404),
    "a guess": ("/l/caaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 404),
    "odd": ("/l/%00%ff", 404),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_link_does_nothing(name: str) -> None:
    """It says whether it is over or none of ours, and neither looks nor acts."""
    where, status = BROKEN[name]
    world = World()
    for found, _, body in send(world, get(where), post(where)):
        assert found == status and "<form" not in body and "Chairs" not in body
    assert world.followed == []


# ---- acting ------------------------------------------------------------------------------------------------


def test_the_button_acts_once() -> None:
    """It is followed with what its token says; the page then tells so, and offers to take it back."""
    world = World(then=LinkPage(CHOOSE, LinkState.ANSWERED, "en", "Chairs & Co", "Offer", UNDO))
    ((status, _, body),) = send(world, post(CHOICE, f"how=always&once={ONCE}"))
    assert status == 200 and "Done." in body and "Take it back" in body and 'value="undo"' in body
    assert world.followed == [
        {
            "purpose": CHOOSE, "company": 1, "numbers": [90, 2], "token": CHOICE[4:], "how": "always",
            "once": ONCE,
        }
    ]  # fmt: skip


def test_each_page_has_a_number_of_its_own() -> None:
    """A button that is hit twice names the same one, so that it is done once."""
    found = [
        re.search(r'name="once" value="(\w+)"', body)
        for _, _, body in send(World(), get(CHOICE), get(CHOICE))
    ]
    assert found[0] and found[1] and found[0][1] != found[1][1]
    world = World()
    send(world, post(CHOICE), post(CHOICE))
    assert [wish["once"] for wish in world.followed] == [ONCE, ONCE]


DONE: dict[str, tuple[str, str, LinkPage, str]] = {
    "confirmed": (ALIAS, "yes", LinkPage(CONFIRM, LinkState.OVER, "en", "me@home.example"), "Confirmed."),
    "released": (HELD, "yes", LinkPage(RELEASE, LinkState.OVER, "en", "x@y.example"), "in a moment"),
    "for good": (HELD, "always", LinkPage(RELEASE, LinkState.OVER, "en", "x@y.example"), "like it"),
    "taken back": (CHOICE, "undo", OPEN, "Taken back"),
    "one's own": (ALIAS, "always", LinkPage(RELEASE, LinkState.OVER, "en", "x@y.example"), "like it"),
}


@pytest.mark.parametrize("name", DONE)
def test_what_was_done_is_said(name: str) -> None:
    """Also where the link is over by it."""
    where, how, then, words = DONE[name]
    world = World(LinkPage(then.purpose, LinkState.OPEN, "en"), then=then)
    ((status, _, body),) = send(world, post(where, f"how={how}&once={ONCE}"))
    assert (status, words in body) == (200, True), body


def test_what_was_deleted_is_gone() -> None:
    """Nothing of it can be looked at, and it is said all the same."""
    world = World(None)
    ((status, _, body),) = send(world, post(HELD, f"how=delete&once={ONCE}"))
    assert status == 200 and "It is deleted" in body
    world.answer = {"state": "refused", "error": "not_found"}
    ((status, _, _),) = send(world, post(HELD, f"how=delete&once={ONCE}"))
    assert status == 404


def test_refusals() -> None:
    """What has changed meanwhile is said with what stands; what failed for us may be tried again."""
    over = LinkPage(CHOOSE, LinkState.OVER, "en", "Tables")
    world = World(then=over, answer={"state": "refused", "error": "already_resolved"})
    ((status, _, body),) = send(world, post(CHOICE))
    assert status == 409 and "Nothing was changed" in body
    ((status, head, _),) = send(World(answer={"state": "refused", "error": "failed"}), post(CHOICE))
    assert status == 503 and "retry-after" in head.lower()
    ((status, _, _),) = send(World(None, answer={"state": "refused", "error": "no_such_user"}), post(CHOICE))
    assert status == 404


def test_while_the_filer_is_away() -> None:
    """The page says to come again; what broke is nobody's but the log's, which names no link."""
    with capture_logs() as logs:
        ((status, _, _),) = send(World(fails=DoorClosedError("no bccd runs")), post(CHOICE))
        assert status == 503
        ((status, _, body),) = send(World(fails=ValueError(CHOICE)), get(CHOICE))
        assert status == 500 and CHOICE not in body
        send(World(), post(CHOICE), get(CHOICE))
    assert logs and CHOICE[4:] not in repr(logs)


BODIES = [
    "",
    "how=yes",
    f"once={ONCE}",
    f"how=destroy&once={ONCE}",
    "how=yes&once=",
    "how=yes&once=a/b",
    "how=yes&once=" + "a" * 65,
    "how=%ff&once=%ff",
    "&".join(["how=yes"] * 20),
    "how=yes&once=" + "a" * 5_000,
    "{}",
    "\u00e9",
]


def test_forms_that_no_page_of_ours_sends() -> None:
    """They are not read, and nothing is done."""
    world = World()
    for (status, _, _), body in zip(
        send(world, *(post(CHOICE, body) for body in BODIES)), BODIES, strict=True
    ):
        assert status == 400, body
    assert world.followed == []


# ---- what clients do ---------------------------------------------------------------------------------------


def test_other_methods_and_what_is_no_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are refused or cut, and a wish for another protocol is passed over."""
    world = World()
    junk = [b"\x16\x03\x01\x02\x00\x01", b"EHLO there\r\n\r\n", b"GET\r\n\r\n", get("/" + "a" * 100_000)]
    for method in ("PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"):
        ((status, _, _),) = send(world, get(CHOICE, method))
        assert status in (400, 405)
    ((status, _, _),) = send(world, get(CHOICE, Upgrade="websocket", Connection="Upgrade"))
    assert status == 200
    monkeypatch.setattr(server, "_SECONDS", 0.2)
    for status, _, _ in send(world, *junk):
        assert status in (0, 400, 404, 431)
    assert world.followed == []


def test_a_slow_client_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it never speaks, stops within its head or within its form: a connection lasts so long."""
    monkeypatch.setattr(server, "_SECONDS", 0.2)
    found: list[bytes] = []

    async def visit(talk: Talk, port: int) -> None:
        del port
        found.extend([await talk(begun) for begun in (b"", b"GET /l/", post(CHOICE)[:-4])])

    world = World()
    run(world, visit)
    assert not any(answer.startswith(b"HTTP/1.1 200") for answer in found)
    assert world.followed == []


def test_many_connections_are_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a number of them a new one is closed at once; when they end there is room again."""
    monkeypatch.setattr(server, "_CONNECTIONS", 5)

    async def visit(talk: Talk, port: int) -> None:
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(5)]
        while await talk(get(CHOICE)):  # until the server has taken in all of them
            pass
        for _, writer in idle:
            writer.close()
            await writer.wait_closed()
        while not (await talk(get(CHOICE))).startswith(b"HTTP/1.1 200"):
            pass

    run(World(), visit)


def test_too_many_that_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the database does not answer, few wait for it and the others are told to come again."""
    monkeypatch.setattr(links, "_WAITING", 0)
    ((status, _, _),) = send(World(), get(CHOICE))
    assert status == 503


def test_too_many_from_one_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """One client calls sixty times at once and then once a second; whoever a proxy names is counted apart."""
    monkeypatch.setattr(links, "Rate", partial(Rate, now=lambda: 0.0))  # sixty calls may take us seconds
    world = World()
    answers = send(world, *[get(CHOICE)] * 61, get(CHOICE, X_Forwarded_For="192.0.2.1, 192.0.2.2"))
    assert [status for status, _, _ in answers] == [200] * 60 + [429, 200]


@pytest.mark.parametrize(
    ("said", "last"),
    [
        ("192.0.2.{}\r\nX-Forwarded-For: 192.0.2.200", "192.0.2.201"),  # a proxy that adds a field of its own
        ("192.0.2.{}, 192.0.2.200", "192.0.2.201"),
        ("2001:db8:1:2::{}", "2001:db8:1:3::1"),
        ("::ffff:192.0.2.200", "::ffff:192.0.2.201"),
    ],
)
def test_a_client_cannot_pose_as_many(said: str, last: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a proxy it is counted by what the proxy added, whatever it says itself, and IPv6 by the /64."""
    monkeypatch.setattr(links, "Rate", partial(Rate, now=lambda: 0.0))
    calls = [get(CHOICE, X_Forwarded_For=said.format(number)) for number in range(1, 62)]
    answers = send(World(), *calls, get(CHOICE, X_Forwarded_For=last))
    assert [status for status, _, _ in answers] == [200] * 60 + [429, 200]


def test_rates_recover_and_are_forgotten() -> None:
    """A client that waits may call again; of many clients only the latest are remembered."""
    clock = [0.0]
    rate = Rate(1.0, 2, clients=2, now=lambda: clock[0])
    assert [rate.allows("a") for _ in range(3)] == [True, True, False]
    clock[0] = 1.0
    assert [rate.allows("a"), rate.allows("a")] == [True, False]
    assert rate.allows("b") and rate.allows("c")
    assert rate.allows("a")


def test_a_unix_socket() -> None:
    """A proxy on the same machine may come by a socket in the file system."""

    async def main() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            sock = socket.socket(socket.AF_UNIX)
            sock.bind(f"{folder}/web.sock")
            pages = LinkPages(SIGNER, lambda: NOON, World().look, World().follow)
            serving = await serve_pages(sock, pages.app)
            reader, writer = await asyncio.open_unix_connection(f"{folder}/web.sock")
            writer.write(get(CHOICE))
            answer = await reader.read()
            writer.close()
            serving.close()
            pages.close()
            return answer

    assert asyncio.run(main()).startswith(b"HTTP/1.1 200")
