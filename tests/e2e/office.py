"""A company with a customer for every row of behaviours.md, its mail, and what each of its users sees."""

import json
import re
import smtplib
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from bccd.cli import main
from bccd.model.delivery import read_id
from tests.e2e.harness import DROP, Daemon, wait_for

ORDERS = "orders@drop.example.com"
QUIET_DROP = "mail@drop.quiet.example"

# The customers of each row, and how many open deals each has: those of vera are vera1, vera2 and so on.
CUSTOMERS: dict[str, dict[str, int]] = {
    "S-02": {"vera": 1, "walt": 1},
    "S-03": {"xena": 1},
    "S-07": {"yoko": 1, "mara": 1},
    "S-08": {"zack": 1},
    "S-09": {"abel": 1},
    "S-10": {"bela": 1, "cora": 1},
    "S-11": {"dora": 1},
    "S-12": {"fred": 1},
    "S-13": {"gina": 1},
    "S-14": {"hugo": 1},
    "S-15": {"ines": 1},
    "S-16": {"jack": 1},
    "S-17": {"kate": 1},
    "S-18": {"liam": 1},
    "S-20": {"nora": 2, "otto": 3, "page": 2},
}
DEALS = {name: deals for row in CUSTOMERS.values() for name, deals in row.items()}
USERS: dict[str, dict[str, object]] = {
    "ann": {},
    "ben": {},
    "eve": {},
    "fay": {"unconfirmed": ["fay@private.example"]},  # S-13
    "gus": {"default_sharing": "private"},  # S-14
    "hal": {},  # S-15
}


def mailbox(name: str) -> str:
    """Return the login of a user or the first address of a customer by his name; an address as it is."""
    if "@" in name:
        return name
    domain = "example.com" if name in USERS else "quiet.example" if name == "ida" else f"{name}.example"
    return f"{name}@{domain}"


def _contact(name: str, owner: str) -> dict[str, object]:
    addresses = [mailbox(name), f"{name}@home.example", f"mail.of.{name}@old-firm.example"]
    return {"external_id": name, "name": name.title(), "addresses": addresses, "owner": owner}


def _deal(name: str, contact: str, owner: str, status: str = "open") -> dict[str, object]:
    title = f"Business of {name}"
    return {"external_id": name, "title": title, "status": status, "contacts": [contact], "owner": owner}


def _user(name: str, more: Mapping[str, object]) -> dict[str, object]:
    return {"external_id": name, "name": name.title(), "login": mailbox(name), **more}


# Eve owns all contacts and deals; what others file with them is theirs all the same.
COMPANY: dict[str, object] = {
    "company": {
        "slug": "example",
        "name": "Example Ltd",
        "addresses": [DROP, ORDERS],
        "internal_domains": ["example.com"],
    },
    "users": [_user(name, more) for name, more in USERS.items()],
    "contacts": [_contact(name, "eve") for name in DEALS],
    "deals": [
        _deal(f"{name}{number}", name, "eve")
        for name, deals in DEALS.items()
        for number in range(1, deals + 1)
    ]
    + [_deal("won", "nora", "eve", "won")],
}
QUIET: dict[str, object] = {  # S-19
    "company": {
        "slug": "quiet",
        "name": "Quiet Ltd",
        "addresses": [QUIET_DROP],
        "internal_domains": ["quiet.example"],
        "auto_link_deal": False,
    },
    "users": [_user("ida", {})],
    "contacts": [_contact("quinn", "ida")],
    "deals": [_deal("quinn1", "quinn", "ida"), _deal("lost", "quinn", "ida", "lost")],
}


# ---- mail ------------------------------------------------------------------------------------------------


def letter(
    sender: str, to: str | None, subject: str, body: str = "As agreed.", *, date: str = "10:00", **more: str
) -> bytes:
    """Write a mail; further header fields are given by name, its id is made of its subject."""
    fields = {"From": f"<{mailbox(sender)}>"} | ({} if to is None else {"To": f"<{mailbox(to)}>"})
    fields |= {"Subject": subject, "Message-ID": message_id(subject)}
    fields |= {"Date": f"Mon, 3 Mar 2025 {date}:00 +0000"}
    fields |= {name.replace("_", "-"): value for name, value in more.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{head}\r\n{body}\r\n".replace("\r\n", "\n").replace("\n", "\r\n").encode()


def message_id(subject: str) -> str:
    """Return the id that a mail of this subject has."""
    return f"<{re.sub('[^a-z0-9]+', '-', subject.lower())}@mail.example>"


def _gmail(author: str, user: str, subject: str, words: str) -> str:
    return (
        "---------- Forwarded message ---------\n"
        f"From: {author.title()} <{mailbox(author)}>\nDate: Mon, Mar 3, 2025 at 9:15 AM\n"
        f"Subject: {subject}\nTo: <{mailbox(user)}>\n\n\n{words}"
    )


def _outlook(author: str, user: str, subject: str, words: str) -> str:
    return (
        f"From: {author.title()} <{mailbox(author)}>\nSent: Monday, 3 March 2025 09:15\n"
        f"To: {user.title()} <{mailbox(user)}>\nSubject: {subject}\n\n{words}"
    )


_INLINE = {"gmail": _gmail, "outlook": _outlook}


def forward(
    way: str,
    user: str,
    author: str,
    subject: str,
    *,
    to: str | None = DROP,
    words: str = "Thank you, that suits us.",
    **more: str,
) -> bytes:
    """Write a user's forward of a customer's mail, inline as gmail or outlook write it, or attached.

    Further fields are those of an attached original, and of the forward else.
    """
    if way in _INLINE:
        body = f"For the file.\n\n{_INLINE[way](author, user, subject, words)}"
        return letter(user, to, f"Fwd: {subject}", body, **more)
    original = letter(author, user, subject, words, date="09:15", **more).decode()
    body = (
        "--part\n\nFor the file.\n\n--part\nContent-Type: message/rfc822\n"
        f"Content-Disposition: attachment\n\n{original}\n--part--"
    )
    return letter(user, to, f"Fwd: {subject}", body, Content_Type='multipart/mixed; boundary="part"')


# ---- who sees what ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filed:
    """What a mail became."""

    message: int
    conversation: int


@dataclass
class Office:
    """The companies behind a running daemon: mail goes in by SMTP, rows come out of the views."""

    daemon: Daemon
    people: dict[str, tuple[int, int]] = field(default_factory=dict)  # company and user by name

    def open(self) -> "Office":
        """Load the companies and start the daemon."""
        self.daemon.configure()
        self.bccd("migrate")
        for company in (COMPANY, QUIET):
            path = self.daemon.folder / "directory.json"
            path.write_text(json.dumps(company), encoding="utf-8")
            self.bccd("directory", "load", str(path))
        self.daemon.start()
        found = self.daemon.query("SELECT external_id, company_id, id FROM app_user")
        self.people = {str(name): (int(str(company)), int(str(user))) for name, company, user in found}
        return self

    def hand_in(self, raw: bytes, sender: str = "ann", to: str = DROP) -> int:
        """Send a mail and return the delivery that the answer names; raises what smtplib raises."""
        with smtplib.SMTP("127.0.0.1", self.daemon.smtp, timeout=20) as client:
            client.ehlo()
            client.mail(mailbox(sender))
            code, said = client.rcpt(to)
            if code == 250:
                code, said = client.data(raw)
        if code != 250:
            raise smtplib.SMTPDataError(code, said)
        found = re.search(r"accepted as (\w+)", said.decode())
        assert found is not None, said
        number = read_id(found[1])
        assert number is not None
        return number

    def decided(self, user: str, delivery: int) -> dict[str, object]:
        """Wait until a delivery is decided, and return what its user may know of that."""
        wait_for(lambda: bool(self.see(user, "decision", delivery_id=delivery)), 20, self.daemon.tail)
        return self.see(user, "decision", delivery_id=delivery)[0]

    def file(self, user: str, raw: bytes, to: str = DROP) -> Filed:
        """Have a user's mail filed."""
        decided = self.decided(user, self.hand_in(raw, user, to))
        assert decided["state"] == "filed", decided
        return Filed(int(str(decided["message_id"])), int(str(decided["conversation_id"])))

    def see(self, user: str, view: str, **where: object) -> list[dict[str, Any]]:
        """Return what a user sees of a view."""
        where = {"company_id": self.people[user][0], "viewer_user_id": self.people[user][1]} | where
        asked = " AND ".join(f"{name} = ?" for name in where)
        columns = views()[f"v1_{view}"]
        wanted = f"SELECT {', '.join(columns)} FROM v1_{view} WHERE {asked}"  # noqa: S608
        rows = self.daemon.query(wanted, *where.values())
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def message(self, user: str, filed: Filed) -> dict[str, Any] | None:
        """Return a message as a user sees it; None where he does not."""
        found = self.see(user, "message", message_id=filed.message)
        return found[0] if found else None

    def everything(self, user: str) -> dict[str, list[str]]:
        """Return all that a user sees, but the company's counter of events."""
        return {
            view: sorted(
                repr({name: value for name, value in row.items() if name != "change_seq"})
                for row in self.see(user, view.removeprefix("v1_"))
            )
            for view, columns in views().items()
            if "viewer_user_id" in columns
        }

    def links(self, user: str, filed: Filed) -> set[tuple[str, str, str]]:
        """Return what a message is linked to, as a user sees it: its name in the CRM, state and rule."""
        return {
            (self._name(user, row), row["state"], row["rule"])
            for row in self.see(user, "link", message_id=filed.message)
        }

    def _name(self, user: str, row: Mapping[str, Any]) -> str:
        kind = "contact" if row["contact_id"] else "deal"
        wanted = f"SELECT external_id FROM {kind} WHERE company_id = ? AND id = ?"  # noqa: S608
        ((name,),) = self.daemon.query(wanted, self.people[user][0], row[f"{kind}_id"])
        return str(name)

    def timeline(self, user: str, kind: str, name: str) -> list[int]:
        """Return the messages on the page of a contact or deal, as a user sees it, oldest first."""
        wanted = f"SELECT id FROM {kind} WHERE company_id = ? AND external_id = ?"  # noqa: S608
        ((number,),) = self.daemon.query(wanted, self.people[user][0], name)
        rows = self.see(user, f"{kind}_timeline", **{f"{kind}_id": number})
        return [row["message_id"] for row in sorted(rows, key=lambda row: str(row["sort_at"]))]

    def command(self, actor: str, kind: str, key: str = "", **args: object) -> dict[str, Any]:
        """Have a command done at the daemon's door, as docs/howto/give-commands.md says."""
        key = key or f"{actor} {kind} {json.dumps(args)}"
        wish = {
            "company": self.people[actor][0],
            "actor": mailbox(actor),
            "key": key,
            "kind": kind,
            "args": args,
        }
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(60)
            door.connect(str(self.daemon.data / "bccd.sock"))
            door.sendall(json.dumps({"op": "command", "arguments": {"commands": [wish]}}).encode() + b"\n")
            with door.makefile() as answers:
                said = json.loads(answers.readline())
        assert "error" not in said, said
        answer: dict[str, Any] = said["result"][0]
        return answer

    def set_user(self, name: str, *options: str) -> None:
        """Change a user's record."""
        given = ["--external-id", name, "--name", name.title(), "--login", mailbox(name), *options]
        self.bccd("directory", "add", "user", "--company", "example", *given)

    def bccd(self, *words: str, code: int = 0) -> str:
        """Call the command line, which asks the daemon; within this process, to start none."""
        done = CliRunner(env={"BCCD_CONFIG": str(self.daemon.folder / "bccd.toml")}).invoke(main, words)
        assert done.exit_code == code, done.output
        return done.stdout


@cache
def views() -> dict[str, list[str]]:
    """Return the views and their columns, as docs/reference/schema.md promises them to front ends."""
    page = Path(__file__).resolve().parents[2] / "docs/reference/schema.md"
    sections = page.read_text(encoding="utf-8").partition("\n## Diagram")[0].split("\n### ")[1:]
    return {
        part.split("\n")[0]: re.findall(r"^\| (\w+) \| (?!meaning)", part, re.MULTILINE) for part in sections
    }
