"""The filer's marks in the spool, as statements: what is due, claimed, suspected, given back, cleared."""

from sqlalchemy import bindparam, case, delete, exists, literal_column, or_, select, update

from bccd.store import tables as t
from bccd.store.lists import any_of

SUSPECT = 2  # so many filers died with a mail in hand: from now on it is claimed apart from its likes
KILLER = 5  # so many, the last three with no other suspect in hand: it is given up
FORGIVEN = 5  # so many daemons that died as a whole are held against no mail

FREE = {"claimed_by": None, "claimed_until": None}
MINE = (t.queue.c.delivery_id == bindparam("id"), t.queue.c.claimed_by == bindparam("me"))
RESET = (
    update(t.queue).where(t.queue.c.claimed_by.is_not(None)).values(**FREE, attempts=t.queue.c.attempts - 1)
)
COUNT_DEATHS = RESET.values(deaths=t.queue.c.deaths + 1)
FORGIVE = RESET.values(
    forgiven=t.queue.c.forgiven + 1,
    deaths=case(
        (t.queue.c.forgiven < FORGIVEN, t.queue.c.deaths),
        (t.queue.c.deaths < SUSPECT, SUSPECT),
        else_=t.queue.c.deaths + 1,
    ),
)
WAITS = (
    t.queue.c.state == literal_column("'received'"),  # as the index says it
    t.queue.c.claimed_by.is_(None),
)
SUSPECTS = select(t.queue.c.seq).where(t.queue.c.state == "received", t.queue.c.deaths >= SUSPECT).limit(1)
# Only mail that failed waits for a time: a clock that was set meanwhile, or another's, delays nothing else.
_IS_DUE = or_(t.queue.c.attempts == 0, t.queue.c.due_at <= bindparam("now", type_=t.Instant))
NEXT = select(t.queue.c.seq).where(*WAITS, _IS_DUE).order_by(t.queue.c.seq).limit(bindparam("limit"))
_in_hand = t.queue.alias("in_hand")
DUE = NEXT.where(t.queue.c.deaths < SUSPECT)
DUE_SUSPECT = NEXT.where(
    t.queue.c.deaths.between(SUSPECT, KILLER - 1),
    ~exists().where(_in_hand.c.deaths.between(SUSPECT, KILLER - 1), _in_hand.c.claimed_by.is_not(None)),
)
TAKE = (
    update(t.queue)
    .values(claimed_by=bindparam("me"), attempts=t.queue.c.attempts + 1)
    .returning(
        t.queue.c.seq,
        t.queue.c.delivery_id,
        t.queue.c.company_id,
        t.queue.c.envelope,
        t.queue.c.raw_sha256,
        t.queue.c.size,
        t.queue.c.attempts,
    )
)
CLAIM = TAKE.where(t.queue.c.seq.in_(DUE.with_for_update(skip_locked=True)))
CLAIM_SUSPECT = TAKE.where(t.queue.c.seq.in_(DUE_SUSPECT.with_for_update(skip_locked=True)))
CONDEMN = TAKE.where(*WAITS, t.queue.c.deaths >= KILLER)
RENEW = (
    update(t.queue)
    .where(
        t.queue.c.delivery_id.in_(bindparam("ids", expanding=True)), t.queue.c.claimed_by == bindparam("me")
    )
    .returning(t.queue.c.delivery_id)
)
CLEAR = delete(t.queue).where(any_of(t.queue.c.delivery_id, "ids"), t.queue.c.claimed_by == bindparam("me"))
KEEP = update(t.queue).where(*MINE).values(state="kept", error=bindparam("why"), **FREE)
FORGET = delete(t.delivery_key).where(t.delivery_key.c.delivery_id == bindparam("id"))
POSTPONE = (
    update(t.queue)
    .where(*MINE)
    .values(
        **FREE,
        due_at=bindparam("until"),
        error=bindparam("why"),
        attempts=t.queue.c.attempts - bindparam("back"),
    )
)
RAWS_OF = select(t.raw_mail.c.sha256, t.raw_mail.c.data).where(
    t.raw_mail.c.company_id == bindparam("company"),
    any_of(t.raw_mail.c.sha256, "digests", 32),
)
RAW_OF = select(t.raw_mail.c.data, t.raw_mail.c.path).where(
    t.raw_mail.c.company_id == bindparam("company"), t.raw_mail.c.sha256 == bindparam("sha256")
)
