"""What each view must show, said in plain Python over all rows: slow, and plain enough to be believed."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.properties.view_worlds import Row, Rows

_MESSAGE = (
    "conversation_id", "msgid", "in_reply_to", "refs", "subject", "direction", "sent_at", "received_at",
    "sort_at", "from_address", "from_name", "snippet", "new_text", "body_text", "auto_kind", "provenance",
    "attachment_count", "size", "linked", "msgid_reused", "change_seq", "auto_reason", "marks", "body_html",
)  # fmt: skip
_LISTED = ("message_id", "conversation_id", "subject", "direction", "sort_at", "from_address", "from_name")
_ON_PAGE = (*_LISTED, "snippet", "auto_kind", "attachment_count", "own_sharing", "unseen")
_WAITING = (
    "user_id", "reason", "mail_from", "size", "attempts", "received_at", "updated_at", "from_address",
    "from_name", "subject", "sentence", "advice",
)  # fmt: skip
_LINK = (
    "contact_id", "organisation_id", "deal_id", "state", "origin", "rule", "score", "created_at", "scope",
    "actor_id", "decided_at", "reason",
)  # fmt: skip


class Oracle:
    """Answers as each view should, for every viewer of every company."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._seen = list(self._messages())

    def answers(self) -> dict[str, list[Row]]:
        """Return the rows of each view."""
        return {name: list(answer(self)) for name, answer in VIEWS.items()}

    def schema(self) -> Iterator[Row]:
        """Version 1, for whoever reads version 1."""
        yield {"api_version": 1, "min_reader": 1}

    def alias(self) -> Iterator[Row]:
        """Each conversation that became part of another."""
        for it in self._rows["conversation"]:
            if it["merged_into"]:
                yield _pick(it, "company_id", "merged_into") | {"conversation_id": it["id"]}

    def feed(self) -> Iterator[Row]:
        """The clock, for each viewer."""
        for viewer in self._viewers():
            for clock in self._of(viewer, "company_clock"):
                yield viewer | _pick(clock, "change_seq", "min_seq")

    def change(self) -> Iterator[Row]:
        """Events for everyone, for the viewer and for his teams."""
        for viewer in self._viewers():
            for it in self._of(viewer, "change"):
                if it["audience_id"] in {0, *self._himself(viewer)}:
                    told = ("seq", "at", "kind", "conversation_id", "message_id", "entity_id", "actor_id")
                    yield viewer | _pick(it, *told)

    def message(self) -> list[Row]:
        """Each message that is not erased, and of which he holds a copy or that is shared and linked."""
        return self._seen

    def _messages(self) -> Iterator[Row]:
        for viewer in self._viewers():
            user = viewer["viewer_user_id"]
            for it in self._of(viewer, "message"):
                copy = self._one(viewer, "message_copy", message_id=it["id"], owner_id=user)
                state = self._one(viewer, "message_user_state", message_id=it["id"], user_id=user) or {}
                if it["erased_at"] is None and (copy or (it["shared"] and it["linked"])):
                    filed = copy is not None and copy["filed_by"] in (None, user)
                    copy = copy or {}
                    yield viewer | _pick(it, *_MESSAGE) | {
                        "message_id": it["id"], "own_copy_id": copy.get("id"),
                        "own_sharing": copy.get("sharing"), "own_comment": copy.get("comment_text"),
                        "own_filed_by": copy.get("filed_by"), "own_seen_at": state.get("seen_at"),
                        "own_flagged_at": state.get("flagged_at"),
                        "unseen": not filed and state.get("seen_at") is None,
                    }  # fmt: skip

    def participant(self) -> Iterator[Row]:
        """Everyone's parties, and those of his own copy."""
        told = ("role", "pos", "address", "name", "verdict", "contact_id", "user_id")
        for seen, it in self._beside("participant"):
            if it["copy_id"] in (0, seen["own_copy_id"]):
                yield _place(seen) | _pick(it, *told)

    def attachment(self) -> Iterator[Row]:
        """All files of what he sees."""
        told = (
            "part",
            "filename",
            "media_type",
            "disposition",
            "content_id",
            "size",
            "sha256",
            "shown",
            "within",
            "sniffed",
        )
        for seen, it in self._beside("attachment"):
            yield _place(seen) | _pick(it, *told)

    def link(self) -> Iterator[Row]:
        """All links of what he sees."""
        for seen, it in self._beside("link"):
            yield _place(seen) | _pick(it, *_LINK) | {"link_id": it["id"]}

    def conversation(self) -> Iterator[Row]:
        """What follows from the messages that he sees, and from nothing else."""
        for viewer in self._viewers():
            seen = [it for it in self.message() if viewer.items() <= it.items()]
            for id_ in {it["conversation_id"] for it in seen}:
                yield (
                    viewer
                    | {"conversation_id": id_}
                    | self._sight([it for it in seen if it["conversation_id"] == id_])
                )

    def own_conversation(self) -> Iterator[Row]:
        """Those with a copy of his."""
        return (it for it in self.conversation() if self._holds(it))

    def shared_conversation(self) -> Iterator[Row]:
        """The others."""
        return (it for it in self.conversation() if not self._holds(it))

    def needs_choice(self) -> Iterator[Row]:
        """Suggested contacts and deals of his own mail."""
        told = ("contact_id", "deal_id", "rule", "score", "reason", "created_at")
        for seen, it in self._beside("link"):
            if it["state"] == "suggested" and it["organisation_id"] is None and seen["own_copy_id"]:
                yield (
                    _place(seen)
                    | self._last_at(seen)
                    | _pick(seen, *_LISTED)
                    | _pick(it, *told)
                    | {"link_id": it["id"]}
                )

    def unlinked(self) -> Iterator[Row]:
        """His own mail that is linked to nothing."""
        told = (*_LISTED, "snippet", "auto_kind", "attachment_count", "own_copy_id", "own_sharing")
        for seen in self.message():
            if seen["own_copy_id"] and not seen["linked"]:
                yield _place(seen) | self._last_at(seen) | _pick(seen, *told)

    def waiting(self, state: str) -> Iterator[Row]:
        """Deliveries in a state, his own and his teams'."""
        for viewer in self._viewers():
            for it in self._of(viewer, "delivery"):
                mine = it["state"] == state and it["user_id"] in self._himself(viewer)
                if mine and it["reason"] != "expired":
                    held = _held(it) if state == "held" else {}
                    yield viewer | _pick(it, *_WAITING) | {"delivery_id": it["id"]} | held

    def notice(self) -> Iterator[Row]:
        """What he is told at his login address, and no digest of it."""
        told = ("reason", "text", "advice", "about", "delivery_id", "conversation_id", "message_id", "state")
        for viewer in self._viewers():
            for it in self._of(viewer, "outbox"):
                mine = it["user_id"] == viewer["viewer_user_id"] and it["address"] == ""
                if mine and it["reason"] != "digest":
                    at = _pick(it, "error", "created_at", "due_at", "sent_at")
                    yield viewer | _pick(it, *told) | at | {"notice_id": it["id"]}

    def address(self) -> Iterator[Row]:
        """His own addresses and his teams', each with the newest claim that is not used."""
        for viewer in self._viewers():
            for it in self._of(viewer, "user_address"):
                if it["user_id"] not in self._himself(viewer):
                    continue
                claims = [
                    claim
                    for claim in self._of(viewer, "confirmation")
                    if (claim["user_id"], claim["address"]) == (it["user_id"], it["address"])
                    and claim["purpose"] != "held"
                ]
                newest = max(claims, key=lambda claim: claim["id"], default=None)
                waits = newest if newest and newest["used_at"] is None else {}
                yield viewer | _pick(it, "address", "user_id", "kind", "confirmed_at", "origin") | {
                    "of_team": it["user_id"] != viewer["viewer_user_id"],
                    "confirmed": it["kind"] == "login" or it["confirmed_at"] is not None,
                    "asked_for": waits.get("purpose"), "asked_at": waits.get("created_at"),
                    "expires_at": waits.get("expires_at"),
                }  # fmt: skip

    def trusted(self) -> Iterator[Row]:
        """What he, or a team of his, lets in."""
        for viewer in self._viewers():
            for it in self._of(viewer, "trusted_sender"):
                if it["user_id"] in self._himself(viewer):
                    yield viewer | _pick(it, "address", "evidence", "user_id", "created_at")

    def preferences(self) -> Iterator[Row]:
        """His own."""
        for viewer in self._viewers():
            me = self._one(viewer, "app_user", id=viewer["viewer_user_id"]) or {}
            yield viewer | _pick(me, "language", "notices")

    def decision(self) -> Iterator[Row]:
        """Of what made his copies, of further arrivals of his, and of what waits for him."""
        for seen in self.message():
            copy = self._one(seen, "message_copy", id=seen["own_copy_id"])
            for it in self._of(seen, "delivery") if copy else ():
                again = (it["message_id"], it["user_id"]) == (copy["message_id"], copy["owner_id"])
                if it["state"] == "filed" and (it["id"] == copy["delivery_id"] or again):
                    yield from self._decided(_place(seen), it)
        for viewer in self._viewers():
            for it in self._of(viewer, "delivery"):
                if it["state"] != "filed" and it["user_id"] in self._himself(viewer):
                    yield from self._decided(viewer | {"message_id": None, "conversation_id": None}, it)

    def timeline(self, target: str) -> Iterator[Row]:
        """What he sees of the messages with an active link to a contact or deal."""
        for seen, it in self._beside("link"):
            if it[f"{target}_id"] and it["state"] == "active":
                yield _place(seen) | _pick(seen, *_ON_PAGE) | {
                    f"{target}_id": it[f"{target}_id"], "link_id": it["id"], "origin": it["origin"],
                }  # fmt: skip

    def organisation_timeline(self) -> Iterator[Row]:
        """What he sees of the messages linked to it or to one of its contacts, each once."""
        for seen in self.message():
            links = [it for it in self._of(seen, "link") if it["message_id"] == seen["message_id"]]
            active = [it for it in links if it["state"] == "active"]
            firms = {it["organisation_id"] for it in active}
            for it in active:
                contact = self._one(seen, "contact", id=it["contact_id"])
                firms.add(contact["organisation_id"] if contact else None)
            for firm in firms - {None}:
                yield _place(seen) | _pick(seen, *_ON_PAGE) | {"organisation_id": firm}

    def related(self) -> Iterator[Row]:
        """Conversations of which a message that he sees names one that he sees."""
        found: list[Row] = []
        for viewer in self._viewers():
            seen = [it for it in self.message() if viewer.items() <= it.items()]
            for one in seen:
                for other in seen:
                    if one["conversation_id"] == other["conversation_id"]:
                        continue
                    row = viewer | {
                        "conversation_id": one["conversation_id"], "related_id": other["conversation_id"],
                    }  # fmt: skip
                    if _names(one, other):
                        found.append(row | {"relation": "continues"})
                    elif _names(other, one):
                        found.append(row | {"relation": "continued_by"})
        return (row for n, row in enumerate(found) if row not in found[:n])

    # ---- parts ----

    def _viewers(self) -> Iterator[Row]:
        for it in self._rows["app_user"]:
            if it["active"] and not it["is_team"]:
                yield {"viewer_user_id": it["id"], "company_id": it["company_id"]}

    def _of(self, viewer: Row, table: str) -> list[Row]:
        return [it for it in self._rows[table] if it["company_id"] == viewer["company_id"]]

    def _one(self, viewer: Row, table: str, **wanted: Any) -> Any:
        found = [it for it in self._of(viewer, table) if wanted.items() <= it.items()]
        return found[0] if found else None

    def _beside(self, table: str) -> Iterator[tuple[Row, Row]]:
        for seen in self.message():
            for it in self._of(seen, table):
                if it["message_id"] == seen["message_id"]:
                    yield seen, it

    def _himself(self, viewer: Row) -> set[int]:
        user = viewer["viewer_user_id"]
        teams = {it["team_id"] for it in self._of(viewer, "team_member") if it["user_id"] == user}
        return {user} | teams

    def _decided(self, place: Row, delivery: Row) -> Iterator[Row]:
        decision = self._one(place, "decision", delivery_id=delivery["id"])
        if decision:
            told = _pick(delivery, "state", "reason", "received_at") | {"delivery_id": delivery["id"]}
            yield place | told | _pick(decision, "steps", "decided_at")

    def _holds(self, conversation: Row) -> bool:
        place = _pick(conversation, "viewer_user_id", "company_id", "conversation_id")
        return any(it["own_copy_id"] for it in self.message() if place.items() <= it.items())

    def _last_at(self, seen: Row) -> Row:
        place = _pick(seen, "viewer_user_id", "company_id", "conversation_id")
        return {"last_at": max(it["sort_at"] for it in self.message() if place.items() <= it.items())}

    def _sight(self, seen: list[Row]) -> Row:
        last = max(seen, key=lambda it: (it["sort_at"], it["message_id"]))
        out = [it["sort_at"] for it in seen if it["direction"] == "outgoing"]
        asked = [it["sort_at"] for it in seen if it["direction"] == "incoming" and not it["auto_kind"]]
        suggested = {
            it["message_id"]
            for it in self._of(last, "link")
            if it["state"] == "suggested" and it["organisation_id"] is None
        }
        own = [it for it in seen if it["own_copy_id"]]
        return {
            "subject": last["subject"], "snippet": last["snippet"], "message_count": len(seen),
            "last_at": last["sort_at"], "last_message_id": last["message_id"],
            "needs_choice": any(it["message_id"] in suggested for it in seen),
            "linked": any(it["linked"] for it in seen),
            "waiting_since": min((at for at in asked if not out or at > max(out)), default=None),
            "last_out_at": max(out, default=None),
            "unseen": sum(it["unseen"] for it in seen) if own else 0,
            "unlinked": sum(not it["linked"] for it in own),
        }  # fmt: skip


def _names(one: Row, other: Row) -> bool:
    return bool(other["msgid"]) and other["msgid"] in [one["in_reply_to"], *one["refs"].split("\n")]


def _held(it: Row) -> Row:
    needs = {"original_sender_unknown": "author", "no_visible_recipient": "recipients"}
    settled = {
        "original_sender_unknown": "original.set",
        "unconfirmed_address": "address.confirm",
        "user_inactive": "",
    }
    return _pick(it, "always", "expires_at") | {
        "needs": needs.get(it["reason"], ""),
        "settled_by": settled.get(it["reason"], "held.release"),
    }


def _pick(row: Row, *names: str) -> Row:
    return {name: row[name] for name in names}


def _place(seen: Row) -> Row:
    return _pick(seen, "viewer_user_id", "company_id", "message_id", "conversation_id")


VIEWS: dict[str, Callable[[Oracle], Iterable[Row]]] = {
    "v1_schema": Oracle.schema,
    "v1_conversation_alias": Oracle.alias,
    "v1_feed": Oracle.feed,
    "v1_change": Oracle.change,
    "v1_message": Oracle.message,
    "v1_participant": Oracle.participant,
    "v1_attachment": Oracle.attachment,
    "v1_link": Oracle.link,
    "v1_conversation": Oracle.conversation,
    "v1_own_conversation": Oracle.own_conversation,
    "v1_shared_conversation": Oracle.shared_conversation,
    "v1_needs_choice": Oracle.needs_choice,
    "v1_unlinked": Oracle.unlinked,
    "v1_held": lambda it: it.waiting("held"),
    "v1_set_aside": lambda it: it.waiting("set_aside"),
    "v1_failed": lambda it: it.waiting("failed"),
    "v1_notice": Oracle.notice,
    "v1_address": Oracle.address,
    "v1_trusted_sender": Oracle.trusted,
    "v1_preferences": Oracle.preferences,
    "v1_decision": Oracle.decision,
    "v1_contact_timeline": lambda it: it.timeline("contact"),
    "v1_deal_timeline": lambda it: it.timeline("deal"),
    "v1_organisation_timeline": Oracle.organisation_timeline,
    "v1_related_conversation": Oracle.related,
}
