"""The pages behind signed links: GET says what will happen and changes nothing, POST does it.

Mail scanners and phones that fetch ahead follow every GET. The token is the only authority: no cookie, no
session, so that there is nothing for another site to ride on. Nothing of a token is ever logged.
"""

import asyncio
import hashlib
import secrets
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qs

import structlog
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bccd.failures import place
from bccd.model.errors import BccdError
from bccd.model.linkpage import How, LinkPage, LinkState
from bccd.rules.links import CHOOSE, RELEASE, read_path
from bccd.rules.signing import Signed, Signer
from bccd.web.rate import Rate
from bccd.web.texts import language_of, say

T = TypeVar("T")

_BODY = 2 * 1024
_THREADS = 2
_WAITING = 32  # requests that wait for a thread
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # when no token was over
_STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;margin:0;background:#f4f4f2;color:#1a1a1a}"
    "main{max-width:32rem;margin:2rem auto;padding:1.5rem;background:#fff;border-radius:.5rem}"
    "h1{font-size:1.3rem;margin:0 0 1rem}p{overflow-wrap:anywhere}"
    "fieldset{border:0;padding:0;margin:1rem 0}label{display:block;padding:.6rem 0}"
    "button{font:inherit;width:100%;padding:.8rem;border:0;border-radius:.4rem;background:#14532d;color:#fff}"
    "@media(prefers-color-scheme:dark){body{background:#111;color:#eee}main{background:#1c1c1c}}"
)
_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Connection": "close",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
_FAILED = "failed"  # the error of a command that is ours


class Look(Protocol):
    """Reads what stands behind a link; runs in a thread."""

    def __call__(self, purpose: str, company_id: int, numbers: tuple[int, ...]) -> LinkPage | None: ...


Follow = Callable[[Mapping[str, object]], Mapping[str, Any]]  # in a thread; returns state and error


@dataclass(frozen=True, slots=True)
class _Link:
    """A link whose signature holds."""

    purpose: str
    token: str
    signed: Signed


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the button of a page says."""

    how: How
    once: str


class _BusyError(Exception):
    """Too many requests wait."""


class LinkPages:
    """The application."""

    def __init__(self, signer: Signer, now: Callable[[], datetime], look: Look, follow: Follow) -> None:
        self._signer, self._now, self._look, self._follow = signer, now, look, follow
        self._threads = ThreadPoolExecutor(_THREADS, "links")
        self._waiting = 0
        self._rate = Rate(1.0, 60)
        environment = Environment(
            loader=PackageLoader("bccd.web"), autoescape=True, undefined=StrictUndefined, auto_reload=False
        )
        self._template = environment.get_template("page.html")
        self.app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST"])])

    def close(self) -> None:
        """Answer nobody any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _answer(self, request: Request) -> Response:
        language = language_of(request.headers.get("accept-language", ""))
        if not self._rate.allows(_client(request)):
            return self._plain(429, language, "later")
        try:
            return await self._page(request, language)
        except (_BusyError, BccdError):
            return self._plain(503, language, "later")
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:  # noqa: BLE001 - its text might hold what the client sent
            structlog.get_logger().error("link_failed", error=place(error))
            return self._plain(500, language, "later")

    async def _page(self, request: Request, language: str) -> Response:
        link = self._read(request.scope["path"])
        if isinstance(link, str):
            return self._plain(404 if link == "unknown" else 410, language, link)
        if request.method != "POST":
            page = await self._seen(link)
            return self._shown(page, language) if page else self._plain(404, language, "unknown")
        wish = await _wish(request)
        if wish is None:
            return self._plain(400, language, "bad")
        answer = await self._apart(lambda: self._follow(_arguments(link, wish)))
        done, error = answer.get("state") == "done", str(answer.get("error", ""))
        structlog.get_logger().info(
            "link", purpose=link.purpose, company=link.signed.company_id, how=wish.how.value, error=error
        )
        if error == _FAILED:
            return self._plain(503, language, "later")
        page = await self._seen(link)
        # A link may confirm that a held mail is one's own; of what was deleted nothing is left to be seen.
        note = f"done.{page.purpose if page else RELEASE}.{wish.how}" if done else "refused"
        if page is None:
            return self._plain(200 if done else 404, language, note if done else "unknown")
        return self._shown(page, language, note=note)

    def _read(self, path: str) -> _Link | str:
        """Return the link of a path, or what to say of it: that it is over, or none of ours."""
        found = read_path(path)
        if found is None:
            return "unknown"
        purpose, token = found
        signed = self._signer.read(purpose, token, self._now())
        if signed is None:
            over = self._signer.read(purpose, token, _LONG_AGO) is not None
            return "expired" if over else "unknown"
        return _Link(purpose, token, signed)

    async def _seen(self, link: _Link) -> LinkPage | None:
        return await self._apart(
            lambda: self._look(link.purpose, link.signed.company_id, link.signed.numbers)
        )

    async def _apart(self, work: Callable[[], T]) -> T:
        """Do something that may block, in one of few threads; raises _BusyError where too many wait."""
        if self._waiting >= _WAITING:
            raise _BusyError
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1

    # ---- pages -------------------------------------------------------------------------------------------

    def _shown(self, page: LinkPage, wished: str, note: str = "") -> Response:
        """Show a link as it stands, with what has just become of it."""
        language = language_of(page.language, wished)
        names = {"about": page.about or "…", "name": page.name}
        none = ".none" if page.purpose == CHOOSE and not page.name else ""
        lines = [say(language, note)] if note else []
        if page.state is not LinkState.OVER:
            lines.append(say(language, f"{page.purpose}.{page.state}{none}", **names))
        elif not note:
            lines.append(say(language, f"{page.purpose}.over"))
        status = 410 if page.state is LinkState.OVER and not note else 409 if note == "refused" else 200
        return self._html(status, language, page.purpose, lines, buttons=_buttons(page, language, none))

    def _plain(self, status: int, language: str, *keys: str) -> Response:
        response = self._html(status, language, "link", [say(language, key) for key in keys])
        if status in (429, 503):
            response.headers["Retry-After"] = "60"
        return response

    def _html(
        self,
        status: int,
        language: str,
        title: str,
        lines: list[str],
        *,
        buttons: Sequence[tuple[str, str]] = (),
    ) -> Response:
        text = self._template.render(
            language=language,
            title=say(language, title),
            style=_STYLE,
            lines=lines,
            buttons=buttons,
            go=say(language, "do"),
            once=secrets.token_hex(16),
        )
        date = {"Date": format_datetime(self._now(), usegmt=True)}  # RFC 9110 6.6.1
        return Response(text, status, _HEADERS | date, "text/html; charset=utf-8")


def _buttons(page: LinkPage, language: str, none: str) -> list[tuple[str, str]]:
    """Return what the button may do, each with its words."""
    keys = {how: f"{page.purpose}.{how}{none if how is How.YES else ''}" for how in page.does}
    return [(how.value, say(language, key)) for how, key in keys.items()]


def _client(request: Request) -> str:
    """Return whom to count a request for; behind a proxy on this machine, the one that it names last.

    Some proxies add a field of their own below what the client sent, others a word to the client's field.
    """
    host = request.client.host if request.client else ""
    named = request.headers.getlist("x-forwarded-for")
    if named and _is_near(host):
        host = named[-1].rpartition(",")[2].strip()[:64] or host
    try:
        ip = ip_address(host)
    except ValueError:
        return host
    if isinstance(ip, IPv4Address):
        return host
    return str(ip.ipv4_mapped or ip_network((ip, 64), strict=False))  # one customer gets a /64


def _is_near(host: str) -> bool:
    try:
        return not host or ip_address(host).is_loopback
    except ValueError:
        return True


async def _wish(request: Request) -> _Wish | None:
    """Read the form; None where it is none, or too long."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY:
            return None
    try:
        form = parse_qs(body.decode("ascii"), max_num_fields=8)
        how, once = How(form["how"][0]), form["once"][0]
    except (ValueError, KeyError):
        return None
    return _Wish(how, once) if once.isalnum() and once.isascii() and len(once) <= 64 else None  # noqa: PLR2004


def _arguments(link: _Link, wish: _Wish) -> dict[str, object]:
    return {
        "purpose": link.purpose,
        "company": link.signed.company_id,
        "numbers": list(link.signed.numbers),
        "token": link.token,
        "how": wish.how.value,
        "once": wish.once,
    }
