"""A choice settled from a phone: by answering the notice and by its links, through real SMTP and HTTP."""

import http.client
import re
import smtplib
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.harness import DROP, Daemon, free_port, wait_for
from tests.e2e.office import Filed, Office, letter, mailbox, message_id
from tests.sink import Sink, Taken, sink

QUOTED = "On Mon, 3 Mar 2025 at 10:00, Example Ltd wrote:\n> Which one is it?\n> 1. A\n"
PHONE = f"\n\nSent from my iPhone\n\n{QUOTED}"


@dataclass
class Circle:
    """An office whose notices arrive, and whose links are reached."""

    office: Office
    post: Sink
    web: int

    def asked(self, user: str, about: str, customer: str) -> tuple[Filed, Taken]:
        """File a mail that fits several deals; return it and the notice that its user gets."""
        filed = self.office.file(user, letter(user, customer, about))
        return filed, self.told(user, 1, "number")

    def told(self, user: str, count: int, words: str) -> Taken:
        """Wait for a user's so manieth notice, which says these words."""
        to = mailbox(user)
        wait_for(lambda: len(self.post.mails(to)) >= count, 30, self.office.daemon.tail)
        found = self.post.mails(to)
        assert len(found) == count, [taken.text for taken in found]
        assert words in found[-1].text, found[-1].text
        return found[-1]

    def reply(self, user: str, to: Taken, text: str, *, mail_from: str | None = None, **more: str) -> int:
        """Answer a notice as a phone does; return the delivery."""
        address = re.search(r"<([^>]+)>", str(to.mail["Reply-To"]))
        where = address[1] if address else str(to.mail["Reply-To"])
        raw = letter(user, where, f"Re: {text[:20]} {len(self.post.mails())}", text + PHONE, **more)
        if mail_from is None:
            return self.office.hand_in(raw, user, where)
        with smtplib.SMTP("127.0.0.1", self.office.daemon.smtp, timeout=20) as client:
            client.sendmail(mail_from, [where], raw)
        return 0

    def deals(self, user: str, filed: Filed) -> dict[str, str]:
        """Return the state of each deal that a message is linked to."""
        return {name: state for name, state, _ in self.office.links(user, filed) if name[-1].isdigit()}

    def visit(self, url: str, method: str = "GET", body: str = "") -> tuple[int, str]:
        """Ask for a page."""
        client = http.client.HTTPConnection("127.0.0.1", self.web, timeout=20)
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        client.request(method, urlsplit(url).path, body or None, kind)
        answer = client.getresponse()
        found = answer.status, answer.read().decode()
        client.close()
        return found

    def press(self, url: str, how: str) -> tuple[int, str]:
        """Hit the button of a page."""
        _, page = self.visit(url)
        once = re.search(r'name="once" value="(\w+)"', page)
        assert once is not None, page
        return self.visit(url, "POST", f"how={how}&once={once[1]}")


@pytest.fixture(scope="module")
def circle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Circle]:
    """A company with its daemon, whose notices go to a mail server of other people."""
    folder: Path = tmp_path_factory.mktemp("answers")
    with sink() as post:
        web = free_port()
        options: dict[str, dict[str, object]] = {
            "listen": {"web": [f"127.0.0.1:{web}"]},
            "outbound": {"smarthost": f"127.0.0.1:{post.port}", "public_url": f"http://127.0.0.1:{web}/crm"},
        }
        daemon = Daemon(folder, options)
        yield Circle(Office(daemon).open(), post, web)
        daemon.kill()


def test_a_choice_is_settled_and_taken_back_by_mail(circle: Circle) -> None:
    """From a phone: a number, then undo, then what it is; each is answered, and none is filed."""
    filed, notice = circle.asked("ann", "Chairs for Nora", "nora")
    offered = circle.deals("ann", filed)
    assert sorted(offered) == ["nora1", "nora2"] and set(offered.values()) == {"suggested"}
    circle.reply("ann", notice, "2")
    settled = circle.told("ann", 2, "It is linked to: Business of nora")
    assert sorted(circle.deals("ann", filed).values()) == ["active", "rejected"]
    circle.reply("ann", settled, "undo")
    undone = circle.told("ann", 3, "All is as it was")
    assert circle.deals("ann", filed) == offered
    circle.reply("ann", undone, "which?")
    circle.told("ann", 4, "could not be understood")
    delivery = circle.reply("ann", undone, "none")
    circle.told("ann", 5, "none of them")
    assert set(circle.deals("ann", filed).values()) == {"rejected"}
    decided = circle.office.decided("ann", delivery)
    assert (decided["state"], decided["reason"]) == ("set_aside", "answer")


def test_nobody_else_decides(circle: Circle) -> None:
    """A colleague is told that it is not his, a stranger is refused; machines and bounces are dropped."""
    filed, notice = circle.asked("ben", "Tables for Otto", "otto")
    circle.reply("eve", notice, "1")
    circle.told("eve", 1, "written to somebody else")
    with pytest.raises(smtplib.SMTPDataError) as refused:
        circle.reply("mallory@elsewhere.example", notice, "1")
    assert refused.value.smtp_code == 550
    circle.reply("mailer-daemon@mx.example", notice, "2", mail_from="")
    auto = circle.reply("ben", notice, "3", Auto_Submitted="auto-replied")
    assert circle.office.decided("ben", auto)["reason"] == "auto_reply"
    assert set(circle.deals("ben", filed).values()) == {"suggested"}
    circle.reply("ben", notice, "9")
    circle.told("ben", 2, "could not be understood")
    assert len(circle.post.mails("mallory@elsewhere.example")) == 0


def test_a_choice_is_settled_by_its_link(circle: Circle) -> None:
    """Scanners may follow it as they like; the button acts, once, and takes it back."""
    filed, notice = circle.asked("hal", "Lamps for Page", "page")
    found = dict.fromkeys(re.findall(r"http://[^\s\"<>)]+/l/c[a-z2-7]+", notice.text))
    assert len(found) >= 2, notice.text
    offered = circle.deals("hal", filed)
    second = next(url for url in found if "Business of page2" in circle.visit(url)[1])
    for method in ("GET", "HEAD", "GET"):
        assert circle.visit(second, method)[0] == 200
    assert circle.deals("hal", filed) == offered
    status, page = circle.press(second, "yes")
    assert status == 200 and "Take it back" in page
    assert circle.deals("hal", filed) == {"page1": "rejected", "page2": "active"}
    other = next(url for url in found if url != second)
    assert "Take it back" in circle.visit(other)[1]
    assert circle.press(second, "undo")[0] == 200
    assert circle.deals("hal", filed) == offered
    assert circle.visit(second[:-3] + "aaa")[0] == 404
    assert second.rpartition("/l/")[2] not in circle.office.daemon.log.read_text(encoding="utf-8")
    assert circle.post.mails(mailbox("hal")) == [notice]


def test_held_mail_is_let_in_by_its_link(circle: Circle) -> None:
    """A customer answers to all: his user is written to, and files the mail from his phone."""
    circle.office.file("fay", letter("fay", "walt", "A lamp for Walt"))
    raw = letter(
        "walt", DROP, "Re: A lamp for Walt", "Yes, please.", In_Reply_To=message_id("A lamp for Walt")
    )
    delivery = circle.office.hand_in(raw, "walt")
    notice = circle.told("fay", 1, "waits until you let it in")
    (url,) = re.findall(r"http://[^\s\"<>)]+/l/h[a-z2-7]+", notice.text)
    status, page = circle.visit(url)
    assert status == 200 and mailbox("walt") in page and "Re: A lamp for Walt" in page
    assert circle.press(url, "yes")[0] == 200
    wait_for(
        lambda: circle.office.decided("fay", delivery)["state"] == "filed", 20, circle.office.daemon.tail
    )
    assert circle.visit(url)[0] == 410


def test_mail_comes_in_whatever_happens_on_the_web(circle: Circle) -> None:
    """Connections that say nothing, or too much, take no place from SMTP in the same process."""
    said = [b"", b"GET /l/", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n", b"\x16\x03\x01"]
    idle = [socket.create_connection(("127.0.0.1", circle.web), timeout=20) for _ in range(120)]
    for number, sock in enumerate(idle):
        with suppress(OSError):  # it was one too many
            sock.sendall(said[number % 4])
    circle.office.file("gus", letter("gus", "vera", "While others wait"), DROP)
    for sock in idle:
        sock.close()
    wait_for(lambda: circle.visit("http://x/l/c" + "a" * 40)[0] == 404, 30)
