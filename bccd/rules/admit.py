"""Whether a recipient exists and a mail may be read at all: everything that can be refused before a 250."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bccd.mail.addresses import domain_of, normalise
from bccd.mail.headers import HeaderScan
from bccd.model.directory import Directory, SecretKind
from bccd.model.envelope import Protocol, Tag, Target
from bccd.model.reply import (
    BAD_HEADER,
    MAIL_LOOP,
    NO_SUCH_ADDRESS,
    NULL_SENDER,
    OTHER_COMPANY,
    SEND_ALONE,
    TAG_NOT_SUPPORTED,
    Reply,
)
from bccd.rules.signing import Signer

MAX_FIELDS = 1_000  # decisions.md 8
MAX_FIELD = 64 * 1024  # octets, smtp-and-auth.md 3.3
MAX_HOPS = 50  # Postfix hopcount_limit

_PLAIN = frozenset({Tag.PRIVATE, Tag.NOTE, Tag.TEST})  # take no argument
_DEAL = re.compile(r"deal([a-z0-9]{1,64})\Z")
_SIGNED_DEAL = re.compile(r"d([a-z2-7]{20,60})\Z")
_SECRET = re.compile(r"(u|fw)([a-z2-7]{26})\Z")  # 128 bits
_SECRET_TAGS = {SecretKind.USER: Tag.USER, SecretKind.FORWARD: Tag.FORWARD}
_TOKEN = re.compile(r"\+(u|fw|d)[a-z2-7]{20,60}(?=[+@])")
_REPLY = "r"  # r+<token>@ is where an answer to a notice goes, or drop+r<token>@
_REPLY_TOKEN = re.compile(r"r([a-z2-7]{20,60})\Z")
_MOST_WISHES = 8
# Which wishes may stand behind one plus sign: any with each other, but a forwarding server rehearses nothing,
# and what it forwards is no note. An answer to a notice is that alone.
_ALONE = frozenset({Tag.TEST, Tag.FORWARD, Tag.REPLY})  # one recipient a transaction
_APART = (
    *(frozenset({Tag.FORWARD, tag}) for tag in (Tag.TEST, Tag.NOTE, Tag.USER)),
    *(frozenset({Tag.REPLY, tag}) for tag in Tag if tag is not Tag.REPLY),
)


@dataclass(frozen=True, slots=True)
class _Desk:
    """One company's address, and what its tags are checked against."""

    base: str
    domain: str
    company_id: int
    directory: Directory
    signer: Signer
    now: datetime


def recipient(address: str, directory: Directory, signer: Signer, now: datetime) -> Target | Reply:
    """Find the company address that a RCPT TO names (rules.md 1.2), or the reply that refuses it.

    A deal by signature comes back with its number and no external id, which the caller looks up.
    """
    normal = normalise(address)
    company = _company(normal, directory, now)
    if company is not None:
        return Target(normal, company)
    local, _, domain = normal.rpartition("@")
    base, plus, wishes = local.partition("+")
    if not plus:
        return NO_SUCH_ADDRESS
    if base == _REPLY:
        return _reply(normal, wishes, directory, signer, now)
    company = _company(f"{base}@{domain}", directory, now)
    if company is None:
        return NO_SUCH_ADDRESS
    return _tagged(_Desk(base, domain, company, directory, signer, now), wishes.split("+"))


def without_secret(address: str) -> str:
    """Return a drop address without the tokens of secret and signed tags: for all to see who see a mail."""
    return _TOKEN.sub(r"+\1", address) if "+" in address else address


def base_of(address: str) -> str:
    """Return a company address without what stands behind its plus sign."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _company(address: str, directory: Directory, now: datetime) -> int | None:
    """Return whose address it is, until it ends where it was replaced."""
    ends = directory.retiring.get(address)
    return None if ends is not None and ends <= now else directory.company_addresses.get(address)


def _reply(address: str, token: str, directory: Directory, signer: Signer, now: datetime) -> Target | Reply:
    """Find the notice that a mail to r+<token>@ answers; the domain must be one of its company's."""
    signed = signer.read("reply", token, now)
    if signed is None or len(signed.numbers) != 1:
        return NO_SUCH_ADDRESS
    domain = "@" + domain_of(address)
    known = any(
        company == signed.company_id and drop.endswith(domain)
        for drop, company in directory.company_addresses.items()
    )
    if not known:
        return NO_SUCH_ADDRESS
    number = signed.numbers[0]
    return Target(f"{_REPLY}+{number}{domain}", signed.company_id, Tag.REPLY, number=number)


def _tagged(desk: _Desk, wishes: list[str]) -> Target | Reply:
    """Read what stands behind the plus sign of a company's address."""
    if len(wishes) > _MOST_WISHES:
        return TAG_NOT_SUPPORTED
    found: list[Target] = []
    for wish in wishes:
        target = _wish(desk, wish)
        if isinstance(target, Reply):
            return target
        found.append(target)
    tags = [target.tag for target in found]
    once = [tag for tag in tags if tag is not Tag.DEAL]
    if len(set(once)) < len(once) or any(apart.issubset(tags) for apart in _APART):
        return TAG_NOT_SUPPORTED
    shown = "+".join(map(_shown, found, wishes))
    address = f"{desk.base}+{shown}@{desk.domain}"
    first, *rest = (replace(target, address=address) for target in found)
    return replace(first, more=tuple(rest))


def _wish(desk: _Desk, wish: str) -> Target | Reply:
    """Read one wish; a secret or a signature that is none is as unknown as any address."""
    if wish in _PLAIN:
        return Target("", desk.company_id, Tag(wish))
    if (signed := _SIGNED_DEAL.match(wish)) and (number := _signed_deal(desk, signed[1])) is not None:
        return Target("", desk.company_id, Tag.DEAL, number=number)
    if deal := _DEAL.match(wish):
        return Target("", desk.company_id, Tag.DEAL, deal[1])
    if answer := _REPLY_TOKEN.match(wish):
        notice = _number("reply", desk.company_id, answer[1], desk.signer, desk.now)
        return NO_SUCH_ADDRESS if notice is None else Target("", desk.company_id, Tag.REPLY, number=notice)
    if secret := _SECRET.match(wish):
        return _secret(desk, Tag(secret[1]), secret[2])
    return NO_SUCH_ADDRESS if _SIGNED_DEAL.match(wish) else TAG_NOT_SUPPORTED


def _signed_deal(desk: _Desk, token: str) -> int | None:
    return _number("deal", desk.company_id, token, desk.signer, desk.now)


def _number(purpose: str, company_id: int, token: str, signer: Signer, now: datetime) -> int | None:
    """Read the one number that a token of this company holds."""
    signed = signer.read(purpose, token, now)
    if signed is None or signed.company_id != company_id or len(signed.numbers) != 1:
        return None
    return signed.numbers[0]


def _secret(desk: _Desk, tag: Tag, token: str) -> Target | Reply:
    known = desk.directory.secrets.get((desk.company_id, token))
    if known is None or _SECRET_TAGS[known.kind] is not tag:
        return NO_SUCH_ADDRESS
    if known.retires_at is not None and known.retires_at <= desk.now:
        return NO_SUCH_ADDRESS
    return Target("", desk.company_id, tag, user_id=known.user_id)


def _shown(target: Target, wish: str) -> str:
    """Return how a wish is written down: of a secret only whose it is, of an answer only to what."""
    if target.tag is Tag.REPLY:
        return f"{target.tag}.{target.number}"
    return f"{target.tag}.{target.user_id}" if target.user_id is not None else wish


def transaction(target: Target, mail_from: str, protocol: Protocol, so_far: Sequence[Target]) -> Reply | None:
    """Refuse a recipient that exists but cannot take part in this transaction (decisions.md 7.1, 7.2)."""
    if not mail_from and target.tag is not Tag.REPLY:
        return NULL_SENDER
    # What it is for leaves no room for other wishes, nor for being filed beside it.
    if so_far and any(wish.tag in _ALONE for each in (target, so_far[0]) for wish in each.wishes):
        return SEND_ALONE
    # An SMTP DATA has one verdict, so one company; LMTP answers each recipient (RFC 2033 4.2).
    if protocol is Protocol.SMTP and so_far and so_far[0].company_id != target.company_id:
        return OTHER_COMPANY
    return None


def header(scan: HeaderScan) -> Reply | None:
    """Refuse a header section that loops, overflows or could be read in two ways."""
    if scan.received > MAX_HOPS:
        return MAIL_LOOP
    if scan.bare_line_ends or scan.nul or scan.fields > MAX_FIELDS or scan.longest_field > MAX_FIELD:
        return BAD_HEADER
    return None
