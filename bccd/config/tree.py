"""The configuration: every option with its default, unit, range and one line of documentation, each once."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bccd.config import kinds
from bccd.config.kinds import Kind

T = TypeVar("T")

KIB, MIB, GIB = 2**10, 2**20, 2**30
MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known of an option besides its name and default."""

    kind: Kind[Any]
    doc: str
    secret: bool = False  # comes from the environment or a credential file, and is never printed
    stands_in: bool = False  # names a file, whose place a credential file of the option's name takes


def setting(kind: Kind[T], default: T, doc: str, *, secret: bool = False, stands_in: bool = False) -> T:
    """Declare an option of a section."""
    known = Setting(kind, doc, secret, stands_in)
    return field(default=default, repr=not secret, metadata={"setting": known})


_ENDPOINT = '"ADDRESS:PORT", "[IPV6]:PORT" or "unix:/path"'


def _endpoints(default: str, doc: str) -> tuple[str, ...]:
    return setting(kinds.several(kinds.endpoint, _ENDPOINT), (default,), doc)


@dataclass(frozen=True, slots=True)
class Listen:
    """Where bccd listens. An empty list turns a listener off."""

    smtp: tuple[str, ...] = _endpoints("127.0.0.1:8025", "Where SMTP is spoken.")
    lmtp: tuple[str, ...] = _endpoints(
        "127.0.0.1:8024", "Where LMTP is spoken, to a mail server of one's own."
    )
    http: tuple[str, ...] = _endpoints(
        "127.0.0.1:8026", "Where /healthz, /readyz and /metrics answer, to whoever asks."
    )
    submission: tuple[str, ...] = setting(
        kinds.several(kinds.endpoint, _ENDPOINT),
        (),
        "Where users hand mail in after STARTTLS and a login (RFC 6409), usually port 587.",
    )
    smtps: tuple[str, ...] = setting(
        kinds.several(kinds.endpoint, _ENDPOINT),
        (),
        "Where users hand mail in by TLS from the first octet and a login (RFC 8314), usually port 465.",
    )
    web: tuple[str, ...] = setting(
        kinds.several(kinds.endpoint, _ENDPOINT),
        (),
        "Where the links in notices are answered by HTTP, for a reverse proxy with TLS in front of it.",
    )


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose word counts. Nothing is trusted unless it is named here, loopback included."""

    networks: tuple[str, ...] = setting(
        kinds.several(kinds.network, "CIDR networks"),
        (),
        "Networks whose mail is taken as proven: every machine in them may write in any user's name.",
    )
    relays: tuple[str, ...] = setting(
        kinds.several(kinds.network, "CIDR networks"),
        (),
        "Relays that hand mail in: their results and XFORWARD count, the limits on one peer do not.",
    )
    authserv_ids: tuple[str, ...] = setting(
        kinds.several(kinds.authserv_id, "names"),
        (),
        "The names by which those relays sign their Authentication-Results fields.",
    )
    proxies: tuple[str, ...] = setting(
        kinds.several(kinds.network, "CIDR networks"),
        (),
        "Load balancers: each connection from them to listen.smtp, submission or smtps must begin with a"
        " header of the PROXY protocol (1 or 2), and counts as the client's that it names.",
    )


@dataclass(frozen=True, slots=True)
class Tls:
    """The certificate that listeners show."""

    certificate: str = setting(
        kinds.text(kinds.absolute_or_empty, "absolute path or empty"),
        "",
        "The certificate with its chain, PEM; empty: no TLS is offered.",
        stands_in=True,
    )
    key: str = setting(
        kinds.text(kinds.absolute_or_empty, "absolute path or empty"),
        "",
        "Its private key, PEM; empty: it stands in the certificate's file.",
        stands_in=True,
    )


@dataclass(frozen=True, slots=True)
class Verify:
    """How it is found out who sent a mail."""

    nameservers: tuple[str, ...] = setting(
        kinds.several(kinds.nameserver, "ADDRESS or ADDRESS:PORT"),
        (),
        "The resolvers that are asked; empty: those of the machine. They should be near and cache.",
    )
    query_seconds: float = setting(kinds.seconds(0.1, 30), 2, "How long one question to the DNS may take.")
    mail_seconds: float = setting(
        kinds.seconds(0.1, MINUTE), 8, "How long all questions about one mail may take."
    )
    arc_sealers: tuple[str, ...] = setting(
        kinds.several(kinds.sealer, "domains"),
        (),
        "Domains whose ARC seals are believed (RFC 8617), for mail that they forward.",
    )
    public_suffix_fallback: bool = setting(
        kinds.boolean(),
        False,
        "Whether the public suffix list tells a domain's organisation where no DMARC record does.",
    )


@dataclass(frozen=True, slots=True)
class Outbound:
    """Where notices to users are handed in."""

    smarthost: str = setting(
        kinds.text(kinds.host_port, "HOST:PORT or empty"),
        "",
        "The mail server that sends them; empty: notices are only kept for front ends to show.",
    )
    tls: str = setting(
        kinds.choice("auto", "starttls", "implicit", "none"),
        "auto",
        "How it is spoken to; auto: STARTTLS where it is offered.",
    )
    username: str = setting(kinds.text(), "", "The name to log in with there; empty: no login.")
    password: str = setting(kinds.text(), "", "The password that goes with it.", secret=True)
    sender: str = setting(
        kinds.text(kinds.mail_address, "mail address or empty"),
        "",
        "Whom notices come from; empty: the address of the company.",
    )
    public_url: str = setting(
        kinds.text(kinds.url, "URL or empty"),
        "",
        "Where listen.web is reached from outside; empty: notices carry no links.",
    )


@dataclass(frozen=True, slots=True)
class Database:
    """Where records are kept."""

    url: str = setting(
        kinds.text(kinds.database_url, "postgresql://... or empty"),
        "",
        "The database: postgresql://user@host/name; empty: SQLite, in bccd.db and spool.db in data_dir.",
        secret=True,
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """What one peer may use up."""

    message_size: int = setting(
        kinds.size(64 * KIB, GIB), 36 * MIB, "The largest message accepted, as it is on the wire."
    )
    recipients: int = setting(kinds.count(1, 10_000), 100, "The most recipients in one transaction.")
    connections: int = setting(
        kinds.count(1, 100_000),
        200,
        "The most connections at once, of which the last tenth is for trust.networks, trust.relays, LMTP and"
        " programs of this host.",
    )
    connections_per_ip: int = setting(
        kinds.count(1, 100_000),
        20,
        "The most connections at once from one address (IPv6: one /64); trust.relays are exempt.",
    )
    connections_per_minute: int = setting(
        kinds.count(0, 1_000_000),
        60,
        "How many connections one address (IPv6: one /64) may begin within a minute; trust.networks,"
        " trust.relays and LMTP are exempt. 0: any number.",
    )
    in_flight: int = setting(
        kinds.size(0, 1024 * GIB),
        GIB,
        "How much mail may be on its way in at once, in memory and in temporary files; what comes beyond it"
        " is put off. 0: any amount.",
    )
    strangers_per_minute: int = setting(
        kinds.count(0, 1_000_000),
        200,
        "How many mails of unknown senders one company takes within a minute, in each front process; then"
        " they are put off before anything is asked about them, and users' mail is not. 0: any number.",
    )
    strangers_per_ip_minute: int = setting(
        kinds.count(0, 1_000_000),
        200,
        "The same, of one address (IPv6: one /64) for all companies; trust.relays are exempt.",
    )
    strangers_at_once: int = setting(
        kinds.count(0, 10_000),
        10,
        "How many mails of unknown senders are examined at once (SPF, DKIM, DMARC), in each front process.",
    )
    mails_per_ip_hour: int = setting(
        kinds.count(0, 10_000_000),
        20_000,
        "How many other mails one address may send within an hour, in each front process; trust.networks,"
        " trust.relays and whoever logs in are exempt. 0: any number.",
    )
    mails_per_user_hour: int = setting(
        kinds.count(0, 10_000_000),
        10_000,
        "How many mails of one user are taken within an hour, proven to be his, in each front process;"
        " trust.networks are exempt. 0: any number.",
    )
    mails_per_company_hour: int = setting(
        kinds.count(0, 100_000_000),
        100_000,
        "The same, of one company's users. 0: any number.",
    )
    login_failures_per_hour: int = setting(
        kinds.count(0, 100_000),
        10,
        "How often one address (IPv6: one /64) may give a wrong password within an hour, in each front"
        " process; then its logins are refused unread. 0: any number.",
    )
    idle_seconds: float = setting(
        kinds.seconds(1, HOUR), 5 * MINUTE, "How long a session may stay silent between two commands."
    )
    data_idle_seconds: float = setting(
        kinds.seconds(1, HOUR), MINUTE, "How long a session may stay silent within a message."
    )
    data_rate: int = setting(
        kinds.count(0, GIB),
        500,
        "How many octets a second a message must bring at least, over the last seconds. 0: any rate.",
    )
    data_rate_after: float = setting(
        kinds.seconds(0.1, HOUR), 30, "How long a message may fall short of that at its start."
    )
    data_seconds: float = setting(kinds.seconds(1, DAY), HOUR / 2, "How long one message may take to arrive.")
    session_seconds: float = setting(kinds.seconds(1, DAY), HOUR, "How long one session may last.")


@dataclass(frozen=True, slots=True)
class Processes:
    """How many processes there are, and what a parser may use."""

    fronts: int = setting(kinds.count(1, 64), 1, "Processes that listen.")
    parsers: int = setting(kinds.count(1, 64), 2, "Processes that read mail; while mail hangs, up to 6 more.")
    parse_seconds: float = setting(
        kinds.seconds(0.1, 10 * MINUTE), 2.0, "How long the reading of one mail may take before it is cut."
    )
    parse_memory: int = setting(
        kinds.size(128 * MIB, 64 * GIB), 512 * MIB, "How much memory a parser may take."
    )


@dataclass(frozen=True, slots=True)
class Filing:
    """How accepted mail is filed."""

    batch: int = setting(kinds.count(1, 1000), 64, "The most mails filed in one transaction.")
    attempts: int = setting(
        kinds.count(1, 100), 3, "How often a mail is tried before it is set down as failed; it is kept."
    )
    retry_first_seconds: float = setting(
        kinds.seconds(0.01, DAY),
        10,
        "How long after its first failure a mail is tried again; then ever longer.",
    )
    retry_max_seconds: float = setting(
        kinds.seconds(0.01, 7 * DAY), HOUR, "The longest wait between two tries."
    )


@dataclass(frozen=True, slots=True)
class Feed:
    """The change feed that front ends read."""

    keep_days: int = setting(
        kinds.count(1, 3650), 30, "How many days events are kept; who read none for longer reads all anew."
    )


@dataclass(frozen=True, slots=True)
class Log:
    """What is logged, on standard output."""

    level: str = setting(
        kinds.choice("debug", "info", "warning", "error"),
        "info",
        "The least severe level logged; debug also shows addresses in clear, which are hashed otherwise.",
    )
    format: str = setting(
        kinds.choice("auto", "json", "console"), "auto", "How; auto: console on a terminal, JSON elsewhere."
    )
    key_file: str = setting(
        kinds.text(kinds.absolute_or_empty, "absolute path or empty"),
        "",
        "The key by which addresses are hashed; empty: log.key in data_dir. It is made where it is missing.",
    )


@dataclass(frozen=True, slots=True)
class Config:
    """Options that stand above every section."""

    data_dir: Path = setting(  # noqa: RUF009 - a path is as frozen as a string
        kinds.folder(),
        Path("/var/lib/bccd"),
        "The folder for spooled mail, SQLite files and the control socket.",
    )
    user: str = setting(
        kinds.text(kinds.user, "name or empty"),
        "",
        "Who bccd becomes once it has its ports, where root starts it; empty: root may serve this machine"
        " alone.",
    )
    hostname: str = setting(
        kinds.text(kinds.hostname, "host name or empty"),
        "",
        "The name bccd greets with; empty: the name of the machine.",
    )
    help_url: str = setting(
        kinds.text(kinds.url, "URL or empty"),
        "",
        "A page for people whose mail was refused, named in the refusal.",
    )
    secret_file: str = setting(
        kinds.text(kinds.absolute_or_empty, "absolute path or empty"),
        "",
        "The secret by which links and reply addresses are signed, the same on every host; empty: secret.key"
        " in data_dir. It is made where it is missing.",
        stands_in=True,
    )
    demo: bool = setting(kinds.boolean(), False, "Set by `bccd demo`; not for use with real mail.")
    listen: Listen = field(default_factory=Listen)
    trust: Trust = field(default_factory=Trust)
    tls: Tls = field(default_factory=Tls)
    verify: Verify = field(default_factory=Verify)
    outbound: Outbound = field(default_factory=Outbound)
    database: Database = field(default_factory=Database)
    limits: Limits = field(default_factory=Limits)
    processes: Processes = field(default_factory=Processes)
    filing: Filing = field(default_factory=Filing)
    feed: Feed = field(default_factory=Feed)
    log: Log = field(default_factory=Log)


SECTIONS: dict[str, type[Any]] = {
    "": Config,
    "listen": Listen,
    "trust": Trust,
    "tls": Tls,
    "verify": Verify,
    "outbound": Outbound,
    "database": Database,
    "limits": Limits,
    "processes": Processes,
    "filing": Filing,
    "feed": Feed,
    "log": Log,
}
