"""The health responder: what it answers, and what it does not put up with."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from bccd.model.errors import FileMovedError
from bccd.web import health
from bccd.web.health import serve_health


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


async def broken() -> bool:
    raise OSError("gone")


async def moved() -> bool:
    raise FileMovedError("spool.db")


async def talk(port: int, request: bytes) -> tuple[bytes, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return head, body


def ask(request: bytes, checks: Mapping[str, Callable[[], Awaitable[bool]]]) -> tuple[str, Any]:
    """Send one request to a fresh responder; its status line and its JSON."""

    async def run() -> tuple[bytes, bytes]:
        sock = socket.create_server(("127.0.0.1", 0))
        server = await serve_health(sock, checks)
        try:
            return await talk(sock.getsockname()[1], request)
        finally:
            server.close()
            await server.wait_closed()

    head, body = asyncio.run(run())
    return head.decode(), json.loads(body) if body else None


def get(path: str, method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def test_healthz_says_that_the_process_lives() -> None:
    """A lost database is no reason to restart the process."""
    head, body = ask(get("/healthz"), {"database": no})
    assert head.startswith("HTTP/1.1 200 OK\r\n") and body == {"status": "ok"}


def test_readyz_is_200_when_every_check_holds() -> None:
    """Each check is named with what it found."""
    head, body = ask(get("/readyz?verbose"), {"database": yes, "spool": yes})
    assert head.startswith("HTTP/1.1 200 ")
    assert body == {"status": "ready", "checks": {"database": True, "spool": True}}


@pytest.mark.parametrize("check", [no, broken])
def test_readyz_is_503_when_one_check_fails(check: Callable[[], Awaitable[bool]]) -> None:
    """A check that raises counts as one that fails, and its text goes nowhere."""
    head, body = ask(get("/readyz"), {"database": yes, "filer": check})
    assert head.startswith("HTTP/1.1 503 ")
    assert body == {"status": "not ready", "checks": {"database": True, "filer": False}}


def test_readyz_says_what_to_do_where_nothing_heals_by_itself() -> None:
    """A file that somebody took away has a sentence beside its check, and the others none."""
    head, body = ask(get("/readyz"), {"database": no, "spool": moved, "filer": yes})
    assert head.startswith("HTTP/1.1 503 ")
    assert body["checks"] == {"database": False, "spool": False, "filer": True}
    assert body["advice"] == {"spool": str(FileMovedError("spool.db"))}


def test_a_check_that_hangs_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer comes even if the database never does."""
    monkeypatch.setattr(health, "_CHECK_SECONDS", 0.05)

    async def hangs() -> bool:
        await asyncio.sleep(60)
        return True

    assert ask(get("/readyz"), {"database": hangs})[0].startswith("HTTP/1.1 503 ")


def test_head_has_no_body() -> None:
    """HEAD answers the head of GET alone."""
    head, body = ask(get("/healthz", "HEAD"), {})
    assert "Content-Length: 16" in head and body is None


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (get("/healthz", "POST"), 405),
        (get("/"), 404),
        (get("/healthz/../x"), 404),
        (b"GET /healthz\r\n\r\n", 400),
        (b"GET  /healthz HTTP/1.1\r\n\r\n", 400),
        (b"GET /healthz HTTP/2\r\n\r\n", 400),
        (b"EHLO x\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\n" + b"A: b\r\n" * 5000 + b"\r\n", 400),
    ],
    ids=["post", "root", "dots", "0.9", "spaces", "version", "smtp", "long"],
)
def test_anything_else_is_refused(request_: bytes, status: int) -> None:
    """What is no plain GET or HEAD of the two pages gets an error, whatever its size."""
    assert ask(request_, {})[0].startswith(f"HTTP/1.1 {status} ")


def test_a_silent_client_is_shown_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody holds a connection by saying nothing."""
    monkeypatch.setattr(health, "_REQUEST_SECONDS", 0.05)
    assert ask(b"GET /heal", {})[0].startswith("HTTP/1.1 408 ")


def test_too_many_connections_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections beyond the limit end at once instead of piling up."""
    monkeypatch.setattr(health, "_CONNECTIONS", 1)
    monkeypatch.setattr(health, "_REQUEST_SECONDS", 1.0)

    async def run() -> tuple[bytes, bytes]:
        sock = socket.create_server(("127.0.0.1", 0))
        server = await serve_health(sock, {})
        port = sock.getsockname()[1]
        _, holder = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0.05)
        answer = await talk(port, b"")
        holder.close()
        await holder.wait_closed()
        server.close()
        await server.wait_closed()
        return answer

    assert asyncio.run(run()) == (b"", b"")


def test_it_serves_on_a_unix_socket(tmp_path: Any) -> None:
    """A monitor on the same host needs no port."""

    async def run() -> bytes:
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(str(tmp_path / "h"))
        server = await serve_health(sock, {})
        reader, writer = await asyncio.open_unix_connection(str(tmp_path / "h"))
        writer.write(get("/healthz"))
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()
        return answer

    assert asyncio.run(run()).startswith(b"HTTP/1.1 200 OK")
