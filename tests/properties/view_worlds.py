"""Companies with mail in every state that the views must tell apart, made of one seed."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from hashlib import blake2b
from random import Random
from typing import Any

from bccd.testing import Seed
from bccd.testing.build import NOON

Row = dict[str, Any]
Rows = dict[str, list[Row]]

ANNA, BERT, CLEO, TEAM, DORA = 1, 2, 3, 4, 5
OWNERS = (ANNA, BERT, CLEO, DORA)  # Cleo has left
CONTACTS, ORGANISATIONS, DEALS = (11, 12, 13), (31, 32), (21, 22)
CONVERSATIONS = (100, 101, 102, 103)
FORMER = 104  # became part of the first
MESSAGES = range(200, 212)
_REASONS = (
    "unverified_sender",
    "unconfirmed_address",
    "original_sender_unknown",
    "no_visible_recipient",
    "user_inactive",
    "expired",
)
_NOTICES = ("problems", "all", "none", "digest")
_TARGETS = (
    *(("contact_id", id_) for id_ in CONTACTS),
    *(("organisation_id", id_) for id_ in ORGANISATIONS),
    *(("deal_id", id_) for id_ in DEALS),
)


def world(seed: int, company: int = 1) -> Rows:
    """Return the rows of a company; only its texts tell it from another of the same seed."""
    return _World(seed, company).rows()


def private_mail(seed: int, of: Rows, owner: int) -> Rows:
    """Return more mail of one user that nobody else may know of, in old and new conversations."""
    made = _World(seed, of["company"][0]["id"])
    return made.private(owner)


class _World:
    def __init__(self, seed: int, company: int) -> None:
        self._random = Random(seed)  # noqa: S311  nothing is secret here
        self._company = company
        self._rows: defaultdict[str, list[Row]] = defaultdict(list)
        self._next = 300

    def rows(self) -> Rows:
        for table, rows in self._directory().rows.items():
            self._rows[table] += rows
        for id_ in (*CONVERSATIONS, FORMER):
            self._add("conversation", id=id_, created_at=NOON, merged_into=100 if id_ == FORMER else None)
        for id_ in MESSAGES:
            self._message(id_, self._random.choice(CONVERSATIONS), self._some(OWNERS, 1, 2))
        for state in ("held", "set_aside", "failed", "held", "filed"):
            self._delivery(state, self._random.choice([None, *OWNERS, TEAM]))
        for id_ in (*OWNERS, TEAM):
            self._people(id_)
        for _ in range(4):
            self._add(
                "change", seq=self._id(), at=NOON, kind="message.added",
                audience_id=self._random.choice([0, *OWNERS, TEAM]),
            )  # fmt: skip
        return dict(self._rows)

    def private(self, owner: int) -> Rows:
        self._next = 600
        self._add("conversation", id=500, created_at=NOON)
        for id_ in (501, 502, 503):
            home = self._random.choice([*CONVERSATIONS, 500])
            self._message(id_, home, [owner], private=True)
        self._delivery("held", owner)
        return dict(self._rows)

    def _directory(self) -> Seed:
        seed = Seed().company(self._company, f"crm{self._company}@drop.example")
        company = self._company
        for id_ in OWNERS:
            seed.user(id_, f"u{id_}@seller.example", active=id_ != CLEO, company=company)
        seed.user(TEAM, "team@seller.example", company=company)
        for row in seed.rows["app_user"]:
            row |= {"language": self._words("language", row["id"]), "notices": self._random.choice(_NOTICES)}
        seed.rows["app_user"][-1]["is_team"] = True
        for id_ in ORGANISATIONS:
            seed.organisation(id_, company=company)
        for id_, firm in zip(CONTACTS, (31, 31, None), strict=True):
            seed.contact(id_, f"c{id_}@customer.example", organisation=firm, company=company)
        for id_ in DEALS:
            seed.deal(id_, str(id_), company=company)
        for member in self._some(OWNERS, 0, 2):
            self._add("team_member", team_id=TEAM, user_id=member)
        return seed

    def _message(self, id_: int, home: int, owners: list[int], *, private: bool = False) -> None:
        random = self._random
        sharing = {owner: "private" if private else random.choice(["private", "shared"]) for owner in owners}
        links = list(self._links(id_, home))
        named = [f"m{n}@x.example" for n in self._some(tuple(MESSAGES), 0, 2)]
        erased = not private and random.random() < 0.15
        self._add(
            "message", id=id_, conversation_id=home, id_key=_key(id_), identity_key=_key(id_),
            msgid=random.choice([f"m{id_}@x.example", ""]), in_reply_to=named[0] if named else "",
            refs="\n".join(named[1:]), subject=self._words("subject", id_), base_subject="",
            direction=random.choice(["incoming", "incoming", "outgoing", "internal"]), sent_at=None,
            received_at=NOON, sort_at=NOON + timedelta(minutes=random.randrange(6)),
            from_address="jan@customer.example", from_name=self._words("from", id_),
            snippet=self._words("snippet", id_), body_text=self._words("body", id_),
            new_text=self._words("new", id_), auto_kind=random.choice(["", "", "auto_reply"]),
            provenance="bcc", attachment_count=0, size=id_, content_digest=_key(id_),
            shared="shared" in sharing.values(),
            linked=any(it["state"] == "active" and it["organisation_id"] is None for it in links),
            msgid_reused=False, change_seq=id_, erased_at=NOON if erased else None,
        )  # fmt: skip
        self._rows["link"] += links
        for name in (f"m{id_}@x.example", *named):  # no more than the tokens of its conversation
            self._token(name, home)
        for owner, said in sharing.items():
            self._copy(id_, owner, said)
        for pos, role in enumerate(("from", "to")):
            self._participant(id_, role, pos, 0)
        if random.random() < 0.5:
            self._add(
                "attachment", message_id=id_, part="2", filename=self._words("file", id_), media_type="a/b",
                disposition="attachment", content_id="", size=1, sha256=_key(id_), raw_sha256=_key(id_),
                body_start=0, body_end=1, encoding="base64",
            )  # fmt: skip
        for user in self._some((ANNA, BERT, DORA), 0, 2) if not private else owners:
            seen, flagged = random.choice([(NOON, None), (None, NOON), (NOON, NOON)])
            self._add("message_user_state", user_id=user, message_id=id_, seen_at=seen, flagged_at=flagged)

    def _copy(self, message: int, owner: int, sharing: str) -> None:
        copy, delivery = self._id(), self._delivery("filed", owner)
        filer = self._random.choice([None, None, *OWNERS])
        self._add(
            "message_copy", id=copy, message_id=message, owner_id=owner, delivery_id=delivery, source="bcc",
            sharing=sharing, comment_text=self._words("comment", copy), raw_sha256=_key(copy),
            created_at=NOON, filed_by=filer,
        )  # fmt: skip
        self._participant(message, "bcc", 0, copy)
        again = self._delivery("filed", owner) if self._random.random() < 0.2 else delivery
        for row in self._rows["delivery"]:
            if row["id"] in (delivery, again):
                row |= {"message_id": message, "copy_id": copy if row["id"] == delivery else None}

    def _links(self, message: int, home: int) -> Iterator[Row]:
        for column, target in self._some(_TARGETS, 0, 4):
            targets = {"contact_id": None, "organisation_id": None, "deal_id": None} | {column: target}
            state = self._random.choice(["active", "active", "suggested", "rejected", "stale"])
            yield targets | {
                "company_id": self._company, "id": self._id(), "conversation_id": home, "message_id": message,
                "state": state, "origin": "auto", "rule": "address", "score": None, "created_at": NOON,
                "scope": "conversation", "reason": self._words("reason", target), "actor_id": None,
                "decided_at": None,
            }  # fmt: skip

    def _delivery(self, state: str, user: int | None) -> int:
        id_ = self._id()
        self._add(
            "delivery", id=id_, state=state, user_id=user, mail_from="a@b",
            reason=self._words("why", id_) if state != "held" else self._random.choice(_REASONS),
            subject=self._words("about", id_), expires_at=NOON,
            always=self._random.choice(["", "dkim:m.example"]),
            peer_ip="", helo="", protocol="smtp", evidence="{}", raw_sha256=_key(id_), size=1, attempts=1,
            received_at=NOON, updated_at=NOON,
        )  # fmt: skip
        if self._random.random() < 0.9:
            self._add("decision", delivery_id=id_, steps=self._words("steps", id_), decided_at=NOON)
        return id_

    def _people(self, user: int) -> None:
        """Let a user claim addresses, let mail in for good, and be told."""
        for _ in range(2):
            address = self._words("claim", self._id())
            confirmed = self._random.choice([None, NOON])
            self._add(
                "user_address", address=address, user_id=user, kind="alternative", confirmed_at=confirmed
            )
            for purpose in ("alternative", "held", "login"):
                self._add(
                    "confirmation", id=self._id(), user_id=user, purpose=purpose, address=address,
                    code_digest=b"", created_at=NOON, expires_at=NOON,
                    used_at=self._random.choice([None, NOON]),
                )  # fmt: skip
        self._add(
            "trusted_sender", address=self._words("author", user), evidence="author", user_id=user,
            created_at=NOON,
        )  # fmt: skip
        for reason, address in (("filed", ""), ("digest", ""), ("confirm_address", "a@b")):
            self._add(
                "outbox", id=self._id(), user_id=user, address=address, reason=reason, created_at=NOON,
                due_at=NOON, text=self._words("told", user), advice=self._words("advice", user),
                about=self._words("about", user),
            )  # fmt: skip

    def _participant(self, message: int, role: str, pos: int, copy: int) -> None:
        self._add(
            "participant", message_id=message, role=role, pos=pos, copy_id=copy,
            address=self._words("address", message), name="", verdict="unknown",
        )  # fmt: skip

    def _token(self, name: str, home: int) -> None:
        row = {"token": blake2b(name.encode(), digest_size=16).digest(), "scope": b"%08d" % home}
        former = home == CONVERSATIONS[0] and self._random.random() < 0.3
        if not any(row.items() <= known.items() for known in self._rows["conversation_token"]):
            self._add("conversation_token", **row, conversation_id=FORMER if former else home)

    def _some(self, of: tuple[Any, ...], least: int, most: int) -> list[Any]:
        return self._random.sample(of, self._random.randint(least, most))

    def _words(self, what: str, id_: int) -> str:
        return f"{what} {id_} of company {self._company}"

    def _id(self) -> int:
        self._next += 1
        return self._next

    def _add(self, table: str, **row: Any) -> None:
        self._rows[table].append({"company_id": self._company} | row)


def _key(id_: int) -> bytes:
    return blake2b(str(id_).encode(), digest_size=16).digest()
