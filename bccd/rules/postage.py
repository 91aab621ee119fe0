"""Which waiting notices go out now, and together: one mail a day for each user and reason (rules.md 11)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from bccd.model.directory import Notices
from bccd.rules.reasons import reason_of

DAY = timedelta(days=1)
SOON = timedelta(minutes=1)
DIGEST = "digest"


@dataclass(frozen=True, slots=True)
class Daily:
    """When a company's digests are sent."""

    hour: int
    zone: tzinfo

    def before(self, now: datetime) -> datetime:
        """Return when the last one was due, in UTC: at or before now."""
        local = now.astimezone(self.zone)
        moment = self._at_hour(local)
        return moment if moment <= now else self._at_hour(local - DAY)

    def after(self, now: datetime) -> datetime:
        """Return when the next one is due, in UTC: after now."""
        local = now.astimezone(self.zone)
        moment = self._at_hour(local)
        return moment if moment > now else self._at_hour(local + DAY)

    def _at_hour(self, local: datetime) -> datetime:
        wall = datetime(local.year, local.month, local.day, self.hour, tzinfo=self.zone)
        return wall.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice that is due and that nobody is sending."""

    id: int
    user_id: int
    reason: str
    created_at: datetime
    wants: Notices  # of its user
    reachable: bool  # he is active, and no team
    mail_id: int | None = None  # the mail that it was sent in, where nobody knows whether that arrived
    holds: bool = True  # nothing has settled meanwhile what it speaks of


@dataclass(frozen=True, slots=True)
class Post:
    """A mail to one user: the notices in it, the oldest first."""

    user_id: int
    reason: str  # that of its notices, or DIGEST
    notices: tuple[int, ...]
    mail_id: int | None = None  # of a mail that may have arrived: the same is sent again


@dataclass(slots=True)
class Sorted:
    """What becomes of the waiting notices."""

    posts: list[Post] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    later: list[tuple[datetime, list[int]]] = field(default_factory=list)  # not before then


Key = tuple[int, str]  # user, reason


def sort_notices(
    waiting: Sequence[Waiting],
    sent: Mapping[Key, datetime],
    sending: Collection[Key],
    daily: Daily,
    now: datetime,
) -> Sorted:
    """Say what goes out now, what waits for the end of a day, and what nobody needs any more.

    `sent` tells when a user had his last mail of a reason, `sending` which is on its way at the moment.
    """
    sorter = _Sorter(sent, sending, daily, now)
    groups: defaultdict[Key, list[Waiting]] = defaultdict(list)
    again: defaultdict[int, list[Waiting]] = defaultdict(list)
    for one in sorted(waiting, key=lambda one: one.id):
        if one.mail_id is not None:
            again[one.mail_id].append(one)
        elif one.reason == DIGEST:  # what it was to tell of goes out in another
            sorter.found.dropped.append(one.id)
        elif reason_of(one.reason).direct:
            sorter.at_once(one)
        elif _unwanted(one):
            sorter.found.dropped.append(one.id)
        else:
            together = DIGEST if one.wants is Notices.DIGEST else one.reason
            groups[one.user_id, together].append(one)
    for mail_id, members in again.items():
        reason = next((one.reason for one in members if one.id == mail_id), members[0].reason)
        sorter.found.posts.append(Post(members[0].user_id, reason, _ids(members), mail_id))
    for key, group in groups.items():
        if key[1] == DIGEST:
            sorter.digest(key, group)
        else:
            sorter.of_a_day(key, group)
    return sorter.found


@dataclass(slots=True)
class _Sorter:
    """What is known while notices are sorted, and how far that has come."""

    sent: Mapping[Key, datetime]
    sending: Collection[Key]
    daily: Daily
    now: datetime
    found: Sorted = field(default_factory=Sorted)

    def at_once(self, one: Waiting) -> None:
        """Send an answer by itself, whatever its user wants to hear."""
        if one.reachable:
            self.found.posts.append(Post(one.user_id, one.reason, (one.id,)))
        else:
            self.found.dropped.append(one.id)

    def of_a_day(self, key: Key, group: Sequence[Waiting]) -> None:
        """Send a user's notices of one reason as one mail, or let them wait until a day is over."""
        last = self.sent.get(key)
        if last is not None and self.now < last + DAY:
            self.found.later.append((last + DAY, list(_ids(group))))
        else:
            self._post(key, group)

    def digest(self, key: Key, group: Sequence[Waiting]) -> None:
        """Send what came before the company's hour, once a day; the rest waits for the next."""
        moment, last = self.daily.before(self.now), self.sent.get(key)
        over = last is not None and last >= moment
        due = [one for one in group if one.created_at < moment and not over]
        later = [one.id for one in group if one not in due]
        if later:
            self.found.later.append((self.daily.after(self.now), later))
        if due:
            self._post(key, due)

    def _post(self, key: Key, group: Sequence[Waiting]) -> None:
        """Send them, unless a mail before them is still on its way."""
        if key in self.sending:
            self.found.later.append((self.now + SOON, list(_ids(group))))
        else:
            self.found.posts.append(Post(*key, _ids(group)))


def _ids(group: Iterable[Waiting]) -> tuple[int, ...]:
    return tuple(one.id for one in group)


def _unwanted(one: Waiting) -> bool:
    """Tell whether nobody needs to be told: it is settled, or its user does not want to hear of it."""
    heard = one.wants in (Notices.ALL, Notices.DIGEST) or (
        one.wants is Notices.PROBLEMS and reason_of(one.reason).problem
    )
    return not (one.reachable and one.holds and heard)
