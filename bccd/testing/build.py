"""Builders of companies, users, contacts, deals and mails, and a clock that stands still."""

from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from typing import Any

from bccd.model.auth import AuthMethod, AuthReport, HeldSender, Sender
from bccd.model.delivery import Intake
from bccd.model.envelope import Peer, Raw, Target
from bccd.model.policy import Policy
from bccd.model.ruling import Ruling
from bccd.rules.signing import Signer
from bccd.store.rows import to_json

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SIGNER = Signer(b"of tests alone" * 3)
FIRST_FREE_ID = 1_000  # above the ids that a seed gives


class FixedClock:
    """A clock that moves only when it is told to; implements ports.Clock."""

    def __init__(self, moment: datetime = NOON) -> None:
        self.moment = moment

    def now(self) -> datetime:
        """Return the time that was set."""
        return self.moment

    def tick(self, seconds: float) -> None:
        """Let time pass."""
        self.moment += timedelta(seconds=seconds)


@dataclass
class Seed:
    """Master data under construction: rows by table. Ids are the caller's, below FIRST_FREE_ID."""

    rows: defaultdict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    moment: datetime = NOON

    def company(self, id_: int = 1, *addresses: str, policy: Policy | None = None) -> "Seed":
        """Add a company with its drop addresses."""
        settings = to_json(policy or Policy())
        named = {"slug": f"company-{id_}", "name": f"Company {id_}"}
        self.rows["company"].append({"id": id_, "settings": settings, "created_at": self.moment} | named)
        clock = {"change_seq": 0, "next_id": FIRST_FREE_ID, "directory_version": 1}
        self.rows["company_clock"].append({"company_id": id_} | clock)
        self.rows["company_address"] += [{"address": a, "company_id": id_} for a in addresses]
        return self

    def user(
        self,
        id_: int,
        login: str,
        *alternatives: str,
        unconfirmed: Iterable[str] = (),
        sharing: str = "shared",
        active: bool = True,
        company: int = 1,
    ) -> "Seed":
        """Add a user with a login address, confirmed alternatives and unconfirmed ones."""
        self._add(
            "app_user", company, id=id_, external_id=f"u{id_}", name=f"User {id_}", default_sharing=sharing,
            active=active,
        )  # fmt: skip
        self._add("user_address", company, address=login, user_id=id_, kind="login", confirmed_at=None)
        for addresses, confirmed_at in ((alternatives, self.moment), (unconfirmed, None)):
            for address in addresses:
                self._add(
                    "user_address", company, address=address, user_id=id_, kind="alternative",
                    confirmed_at=confirmed_at,
                )  # fmt: skip
        return self

    def organisation(self, id_: int, *domains: str, company: int = 1) -> "Seed":
        """Add an organisation with its domains."""
        self._add("organisation", company, id=id_, external_id=f"o{id_}", name=f"Organisation {id_}")
        for domain in domains:
            self._add("organisation_domain", company, domain=domain, organisation_id=id_)
        return self

    def contact(
        self,
        id_: int,
        *addresses: str,
        owner: int | None = None,
        organisation: int | None = None,
        archived: bool = False,
        merged_into: int | None = None,
        last_activity_at: datetime | None = None,
        company: int = 1,
    ) -> "Seed":
        """Add a contact, its primary address first."""
        self._add(
            "contact", company, id=id_, external_id=f"c{id_}", name=f"Contact {id_}", owner_id=owner,
            organisation_id=organisation, origin="crm", to_check=False, archived=archived,
            merged_into=merged_into, last_activity_at=last_activity_at, created_at=self.moment,
        )  # fmt: skip
        for place, address in enumerate(addresses):
            self._add("contact_address", company, address=address, contact_id=id_, is_primary=not place)
        return self

    def deal(
        self,
        id_: int,
        external_id: str,
        *contacts: int,
        status: str = "open",
        owner: int | None = None,
        organisation: int | None = None,
        company: int = 1,
    ) -> "Seed":
        """Add a deal with the contacts who take part."""
        self._add(
            "deal", company, id=id_, external_id=external_id, title=f"Deal {external_id}", status=status,
            owner_id=owner, organisation_id=organisation, updated_at=self.moment,
        )  # fmt: skip
        for contact in contacts:
            self._add("deal_contact", company, contact_id=contact, deal_id=id_)
        return self

    def team(self, id_: int, address: str, *members: int, company: int = 1) -> "Seed":
        """Add a team with its address and its members, who must be users."""
        self.user(id_, address, company=company)
        self.rows["app_user"][-1]["is_team"] = True
        for member in members:
            self._add("team_member", company, team_id=id_, user_id=member)
        return self

    def never_log(self, *entries: str, user: int = 0, company: int = 1) -> "Seed":
        """Add addresses, or domains behind an @, that are never filed; or that one user never files."""
        for entry in entries:
            self._add("never_log", company, entry=entry, user_id=user)
        return self

    def ruling(self, delivery_id: int, ruling: Ruling, company: int = 1) -> "Seed":
        """Add what a user has said about a delivery that stands."""
        self._add(
            "ruling", company, delivery_id=delivery_id, actor_id=ruling.actor_id, args=to_json(ruling),
            created_at=self.moment,
        )  # fmt: skip
        return self

    def _add(self, table: str, company: int, **row: Any) -> None:
        self.rows[table].append({"company_id": company} | row)


def raw_mail(
    sender: str,
    to: str,
    *,
    subject: str = "Offer",
    text: str = "Please find our offer.",
    message_id: str = "",
    date: datetime = NOON,
    more: Mapping[str, str] | None = None,
) -> bytes:
    """Write a mail of one text part with CRLF line ends; a field in `more` stands above the others."""
    fields = dict(more or {}) | {"From": sender, "To": to, "Subject": subject, "Date": format_datetime(date)}
    if message_id:
        fields["Message-ID"] = f"<{message_id}>"
    fields |= {"MIME-Version": "1.0", "Content-Type": "text/plain; charset=utf-8"}
    header = "".join(f"{name}: {_word(value)}\r\n" for name, value in fields.items())
    body = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return f"{header}Content-Transfer-Encoding: 8bit\r\n\r\n{body}\r\n".encode()


def _word(value: str) -> str:
    """Encode what ASCII cannot hold, as RFC 2047 2 says; an address behind a name stays as it is."""
    name, bracket, rest = value.partition(" <")
    if name.isascii():
        return value
    return f"=?utf-8?B?{b64encode(name.encode()).decode()}?={bracket}{rest}"


def intake_of(
    raw: bytes,
    *targets: Target,
    sender: Sender | None = None,
    held: HeldSender | None = None,
    received_at: datetime = NOON,
) -> Intake:
    """Return what receive() would hand to the spool; unless said otherwise user 1 has sent it."""
    header = raw.partition(b"\r\n\r\n")[0] + b"\r\n"
    if sender is None and held is None:
        sender = Sender(1, "user@seller.example", AuthMethod.TRUSTED_NETWORK)
    return Intake(
        company_id=targets[0].company_id,
        targets=targets,
        mail_from="user@seller.example",
        peer=Peer("127.0.0.1", "client.example"),
        received_at=received_at,
        auth=AuthReport("127.0.0.0/8"),
        raw=Raw(sha256(raw).digest(), len(raw), header, raw),
        sender=sender,
        held=held,
    )
