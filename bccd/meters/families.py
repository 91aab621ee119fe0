"""Every metric that a process counts, once; those that are looked up when somebody asks are in vitals.py.

Labels have the values listed here and no others, so that nothing a peer sends makes the list longer, and no
address can be in one. docs/reference/metrics.md is held equal to this table by a test.
"""

from bccd.meters.board import OTHER, Counter, Gauge, Histogram

_FRONT, _FILER = "front", "filer"
_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SLOW = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
_CODES = ("421", "450", "451", "452", "454", "500", "501", "502", "503", "504", "530", "535", "550", "552",
          "553", "554", "555", OTHER)  # fmt: skip
_REASONS = ("unknown_sender", "unverified_sender", "user_inactive", "no_single_from", OTHER)

# ---- fronts ------------------------------------------------------------------------------------------------

CONNECTIONS = Gauge(_FRONT, "bccd_connections", "Connections that are open.")
CONNECTED = Counter(
    _FRONT,
    "bccd_connections_total",
    "Connections by what became of them.",
    "result",
    ("accepted", "turned_away"),
)
ACCEPTED = Counter(_FRONT, "bccd_accepted_total", "Mails answered with 250.")
ACCEPTED_OCTETS = Counter(_FRONT, "bccd_accepted_bytes_total", "Their octets.")
REFUSED = Counter(_FRONT, "bccd_refused_total", "Replies of 4xx and 5xx, by code.", "code", _CODES)
UNPROVEN = Counter(
    _FRONT, "bccd_unproven_total", "Mails refused for want of a proven sender.", "reason", _REASONS
)
IN_FLIGHT = Gauge(_FRONT, "bccd_in_flight_bytes", "Octets of mails on their way in, in memory or in files.")
RECEIVE = Histogram(
    _FRONT,
    "bccd_receive_seconds",
    "From the end of a mail to its reply: proof, and the commit that keeps it.",
    _FAST,
)
SPOOL = Histogram(_FRONT, "bccd_spool_commit_seconds", "How long a commit of the spool takes.", _FAST)
SPOOL_FAILED = Counter(_FRONT, "bccd_spool_failures_total", "Commits of the spool that failed.")
DNS = Counter(_FRONT, "bccd_dns_queries_total", "Questions asked of name servers.")
DNS_FAILED = Counter(
    _FRONT,
    "bccd_dns_failures_total",
    "Questions that got no answer.",
    "kind",
    ("timeout", "refused", "network", OTHER),
)
LOGINS = Counter(_FRONT, "bccd_logins_total", "Logins.", "result", ("accepted", "failed", "refused"))
TLS_FAILED = Counter(_FRONT, "bccd_tls_failures_total", "TLS handshakes that came to nothing.")
UNRECORDED = Counter(_FRONT, "bccd_attempts_unrecorded_total", "Attempts that `bccd trace` will not know of.")

# ---- the filer ---------------------------------------------------------------------------------------------

DELIVERIES = Counter(
    _FILER,
    "bccd_deliveries_total",
    "Mails by their outcome.",
    "state",
    ("filed", "held", "set_aside", "failed"),
)
FILING = Histogram(_FILER, "bccd_filing_seconds", "From the receipt of a mail to its outcome.", _SLOW)
DELIVER = Histogram(_FILER, "bccd_deliver_seconds", "How long a transaction takes that files a batch.", _FAST)
PARSE = Histogram(_FILER, "bccd_parse_seconds", "How long the reading of one mail takes.", _FAST)
UNREAD = Counter(
    _FILER,
    "bccd_parse_failures_total",
    "Mails that could not be read: parsers killed, or out of memory.",
    "failure",
    ("timeout", "memory", "died", "garbled", OTHER),
)
IN_HAND = Gauge(_FILER, "bccd_in_hand", "Mails that the filer has claimed and not filed yet.")

# ---- the others --------------------------------------------------------------------------------------------

NOTICES = Counter(
    "outbound",
    "bccd_notices_total",
    "Notices handed to the smarthost.",
    "outcome",
    ("sent", "failed", "later", "away", "unknown"),
)
RESTARTS = Counter(
    "supervisor",
    "bccd_process_restarts_total",
    "Processes that ended by themselves.",
    "ended",
    ("filer", "front", "outbound"),
)
NO_ROOM = Gauge(
    "",
    "bccd_no_room_time_seconds",
    "When a write of the process last failed because a disk was full, since 1970; 0 for never.",
)
LOGGED = Counter("", "bccd_log_events_total", "Lines of the log.", "level", ("warning", "error"))
