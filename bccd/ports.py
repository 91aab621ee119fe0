"""What the pipeline needs from the world: small Protocols, held true by one contract suite."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from bccd.model.auth import AuthReport, Login
from bccd.model.delivery import Delivery, Intake, Mail, Receipt
from bccd.model.directory import Acquaintance, Company, Directory, Outsider
from bccd.model.envelope import Envelope, Peer, Target
from bccd.model.facts import Facts, Query
from bccd.model.plan import Outcome, Plan
from bccd.model.reply import Reply
from bccd.rules.signing import Signer


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the time, aware, UTC."""
        ...


class DirectorySource(Protocol):
    """Answers for companies, users and addresses, from a snapshot that it keeps."""

    def at_hand(self) -> Directory | None:
        """Return the snapshot at hand without a look at its age; None before the first."""
        ...

    async def current(self) -> Directory:
        """Return the snapshot at hand, at most a second old; raises StoreUnavailableError."""
        ...

    async def fresh(self) -> Directory:
        """Return a snapshot no older than this call; raises StoreUnavailableError."""
        ...

    async def deal_exists(self, company_id: int, external_id: str) -> bool | None:
        """Tell whether the company has that deal; None when it cannot be told now."""
        ...

    async def deal_numbered(self, company_id: int, number: int) -> str | None:
        """Return the external id of a deal as an address writes it, in lower case; None where it is gone.

        Raises StoreUnavailableError.
        """
        ...

    async def acquaintance(self, company_id: int, outsider: Outsider) -> Acquaintance | None:
        """Tell whether an outsider is known; raises StoreUnavailableError.

        He is if he takes part in a stored conversation that one of the names leads to, or if his address is
        proven and a contact has it.
        """
        ...


class Examination(Protocol):
    """Gathers the evidence of who sent one mail, while the mail comes in."""

    def feed(self, octets: bytes) -> None:
        """Take the mail's next octets, dot-unstuffed: at most 64 KiB."""
        ...

    async def report(self, envelope: Envelope, from_domain: str) -> AuthReport:
        """Return the evidence, once all octets are fed; never a verdict."""
        ...

    def abandon(self) -> None:
        """Stop asking: there will be no report. Does nothing after one."""
        ...


class Verifier(Protocol):
    """Begins to gather evidence where a transaction begins."""

    def examine(self, peer: Peer, mail_from: str) -> Examination:
        """Begin at MAIL FROM, inside a running loop: SPF needs no more than its arguments."""
        ...


class Spool(Protocol):
    """Keeps mail durably before its 250: transaction 1."""

    async def put(self, intake: Intake) -> Receipt:
        """Make the mail durable, then return its receipt.

        Raises StorageFullError or StoreUnavailableError; then nothing is kept.
        """
        ...


class UnitOfWork(Protocol):
    """Transaction 2 of one company: opened with its clock locked, rolled back unless committed."""

    @property
    def company(self) -> Company:
        """The company as of the locked clock, read on entering."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def gather(self, query: Query) -> Facts:
        """Read all that the query names, as of the locked clock."""
        ...

    def apply(self, mails: Sequence[Mail], plans: Sequence[Plan], now: datetime) -> None:
        """Write the plans' rows, in order; raises ClaimLostError for mail that another filer has."""
        ...

    def commit(self) -> None:
        """Make everything applied durable."""
        ...


class WorkOpener(Protocol):
    """Opens transaction 2 for a company."""

    def __call__(self, company_id: int) -> UnitOfWork: ...


class Guard(Protocol):
    """Keeps floods from using up what users need (decisions.md 7.14); it only counts."""

    def proven_by_place(self, peer: Peer) -> bool:
        """Tell whether the peer stands in a trusted network or has logged in."""
        ...

    def stranger(self, peer: Peer, company_id: int) -> bool:
        """Count a stranger's mail to a company in, if there is room for it."""
        ...

    def acquaintance(self, peer: Peer) -> bool:
        """Count a mail in that may be a user's, if its host has room for it."""
        ...

    def proven(self, company_id: int, user_id: int, mark: bytes = b"") -> bool:
        """Count a user's own mail in, if he and his company have room for it; of one mark only the first."""
        ...

    def returned(self, mark: bytes) -> bool:
        """Count a notice of ours in that came back; false where it comes on and on."""
        ...

    def forwarded(self, company_id: int, user_id: int) -> bool:
        """Count in what a user's server has forwarded, which others wrote, if there is room for it."""
        ...

    def postponed(self, peer: Peer, begin: Callable[[], Examination]) -> Examination:
        """Begin an examination only with the octets; its report() raises FloodError without room for it."""
        ...


class Logins(Protocol):
    """Knows who may log in (RFC 4954)."""

    async def check(self, name: str, password: str) -> Login | None:
        """Return whose name and password this is, None where it is nobody's.

        Raises StoreUnavailableError where that cannot be told now.
        """
        ...


class Receiver(Protocol):
    """What a source calls: the part of the pipeline that runs while the peer waits."""

    def recipient(
        self, peer: Peer, mail_from: str, address: str, so_far: Sequence[Target]
    ) -> Awaitable[Target | Reply]:
        """Check one RCPT TO; `so_far` holds the targets accepted in this transaction."""
        ...

    def login(self, name: str, password: str) -> Awaitable[Login | None]:
        """Return whose name and password this is, None where it is nobody's."""
        ...

    def examine(self, peer: Peer, mail_from: str) -> Examination:
        """Begin to gather evidence about a mail, at MAIL FROM."""
        ...

    def message(self, envelope: Envelope, examination: Examination) -> Awaitable[list[Reply]]:
        """Take a whole mail; one reply for each target, in order, all alike within one company."""
        ...


@dataclass(frozen=True, slots=True)
class ReceivePorts:
    """The edges that receive() touches, with the facts of configuration it decides by."""

    directory: DirectorySource
    verifier: Verifier
    spool: Spool
    signer: Signer
    clock: Clock
    help_url: str = ""
    logins: Logins | None = None  # None: nobody logs in here
    guard: Guard | None = None  # None: any number of mails


@dataclass(frozen=True, slots=True)
class DeliverPorts:
    """The edges that deliver() touches."""

    open_work: WorkOpener
    clock: Clock


class Bell(Protocol):
    """Rings when mail may wait; it may stay silent, for the queue is looked at in any case."""

    def fileno(self) -> int | None:
        """Return what becomes readable when it rings; None while it cannot be heard."""
        ...

    def heard(self) -> None:
        """Take note of all ringing so far."""
        ...

    def close(self) -> None:
        """Listen no longer."""
        ...


class Queue(Protocol):
    """The filer's side of the spool."""

    def claim(self, limit: int, now: datetime) -> list[Delivery]:
        """Take the oldest due deliveries; their attempts are counted and committed before this returns."""
        ...

    def condemned(self) -> list[Delivery]:
        """Take the mails with which filer after filer died; they are to be given up."""
        ...

    def renew(self, delivery_ids: Sequence[int]) -> frozenset[int]:
        """Hold on to claimed deliveries; returns those that nobody has taken over."""
        ...

    def raw(self, delivery: Delivery) -> bytes:
        """Return the octets of a claimed delivery."""
        ...

    def finish(self, outcomes: Sequence[Outcome]) -> None:
        """Clear filed mail from the queue; keep what a retry of other mail needs."""
        ...

    def postpone(self, delivery_ids: Sequence[int], until: datetime, error: str, *, counted: bool) -> None:
        """Give claimed mail back; an attempt that was not the mail's own fault is not counted."""
        ...
