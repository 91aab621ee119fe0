"""What a value of the configuration may be: each kind reads it, writes it as TOML, says what it accepts."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")

_UNITS = {"": 1, "B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_SIZE = re.compile(r"([0-9]{1,12}) ?([A-Za-z]*)")
_HOSTNAME = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")
_LONGEST_SOCKET_PATH = 107  # sockaddr_un.sun_path without its NUL
_LAST_PORT = 65_535


class UnfitError(ValueError):
    """A value is not of its kind; each argument is a sentence about it."""


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """One kind of value: `read` raises UnfitError, `parse` makes TOML's type of a plain string."""

    accepts: str
    read: Callable[[object], T]
    write: Callable[[T], str]
    parse: Callable[[str], object] = str


def _quoted(value: object) -> str:
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise UnfitError("must be a string in quotation marks")
    if not value.isprintable():
        raise UnfitError("must not contain control characters")
    return value


def text(check: Callable[[str], str] = str, accepts: str = "text") -> Kind[str]:
    """A string, which `check` may refuse or rewrite."""
    return Kind(accepts, lambda value: check(_text(value)), _quoted)


def choice(*names: str) -> Kind[str]:
    """One of a few words."""

    def check(value: str) -> str:
        if value not in names:
            raise UnfitError(f"must be one of {', '.join(names)}")
        return value

    return text(check, f"one of {', '.join(names)}")


def _folder(value: object) -> Path:
    path = Path(_text(value))
    if not path.is_absolute():
        raise UnfitError("must be an absolute path")
    return path


def folder() -> Kind[Path]:
    """An absolute path."""
    return Kind("absolute path", _folder, _quoted)


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise UnfitError("must be true or false")
    return value


def boolean() -> Kind[bool]:
    """A switch."""
    words = {"true": True, "false": False}
    return Kind(
        "true or false", _boolean, lambda value: str(value).lower(), lambda text: words.get(text, text)
    )


def _within(value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise UnfitError(f"must be between {low:g} and {high:g}")


def count(low: int, high: int) -> Kind[int]:
    """A whole number."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise UnfitError("must be a whole number")
        _within(value, low, high)
        return value

    return Kind(
        f"whole number, {low} to {high}", read, str, lambda text: int(text) if text.isdecimal() else text
    )


def _number(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


def seconds(low: float, high: float) -> Kind[float]:
    """A duration."""

    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UnfitError("must be a number of seconds")
        _within(value, low, high)
        return value

    return Kind(f"seconds, {low:g} to {high:g}", read, lambda value: f"{value:g}", _number)


def show_size(octets: int) -> str:
    """Write a size in the largest unit that divides it."""
    for unit in ("GiB", "MiB", "KiB"):
        if octets and octets % _UNITS[unit] == 0:
            return f"{octets // _UNITS[unit]} {unit}"
    return f"{octets} B"


def _octets(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found is None or found[2] not in _UNITS:
        raise UnfitError('must be a size such as "36 MiB" or a number of octets')
    return int(found[1]) * _UNITS[found[2]]


def size(low: int, high: int) -> Kind[int]:
    """A number of octets, written with a unit or without."""

    def read(value: object) -> int:
        octets = _octets(value)
        if not low <= octets <= high:
            raise UnfitError(f"must be between {show_size(low)} and {show_size(high)}")
        return octets

    accepts = f"size, {show_size(low)} to {show_size(high)}"
    return Kind(accepts, read, lambda value: _quoted(show_size(value)))


def several(check: Callable[[str], str], accepts: str) -> Kind[tuple[str, ...]]:
    """A list of strings, each of which `check` may refuse; in the environment commas separate them."""

    def read(value: object) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise UnfitError('must be a list such as ["a", "b"]')
        unfit: list[str] = []
        items = tuple(_checked(check, item, unfit) for item in value)
        if unfit:
            raise UnfitError(*unfit)
        if twice := next((item for item in items if items.count(item) > 1), None):
            raise UnfitError(f"names {twice} twice")
        return items

    def parse(text: str) -> object:
        return [part.strip() for part in text.split(",") if part.strip()]

    return Kind(f"list of {accepts}", read, lambda value: f"[{', '.join(map(_quoted, value))}]", parse)


def _checked(check: Callable[[str], str], item: object, unfit: list[str]) -> str:
    """Check one item of a list; what is wrong with it is noted, so that the others are checked too."""
    try:
        return check(_text(item))
    except UnfitError as error:
        unfit += error.args
        return ""


def endpoint(value: str) -> str:
    """Check where to listen: ADDRESS:PORT with a literal address, or unix:/path."""
    if value.startswith("unix:"):
        path = value.removeprefix("unix:")
        if not path.startswith("/") or len(path.encode()) > _LONGEST_SOCKET_PATH:
            raise UnfitError(
                f"{value}: after unix: comes an absolute path of at most {_LONGEST_SOCKET_PATH} octets"
            )
        return value
    host, colon, port = value.rpartition(":")
    if not (colon and port.isdecimal() and port.isascii() and int(port) <= _LAST_PORT):
        raise UnfitError(f'{value}: must be "ADDRESS:PORT", "[IPV6]:PORT" or "unix:/path"')
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        raise UnfitError(
            f"{value}: {host or 'nothing'} is no IP address (0.0.0.0 and [::] mean all)"
        ) from None
    return f"[{address}]:{int(port)}" if address.version == 6 else f"{address}:{int(port)}"  # noqa: PLR2004 - IPv6


def network(value: str) -> str:
    """Check a network in CIDR form; one that holds every address is refused, for it would trust the world."""
    try:
        found = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise UnfitError(f'{value}: must be a network such as "192.0.2.0/24"') from None
    address, slash, _ = value.partition("/")
    if slash and ipaddress.ip_address(address) != found.network_address:
        raise UnfitError(f"{value}: is an address within {found}; write {found}, or {address} for it alone")
    if found.prefixlen == 0:
        raise UnfitError(f"{value}: would trust every address there is")
    return str(found)


def hostname(value: str) -> str:
    """Check a DNS name; empty stands for the name of the machine."""
    if value and not _HOSTNAME.fullmatch(value):
        raise UnfitError("must be a host name such as mail.example.com")
    return value.lower()


def user(value: str) -> str:
    """Check the name of a user of this machine."""
    if value and not _USER.fullmatch(value):
        raise UnfitError("must be the name of a user such as bccd, not a number")
    return value


def authserv_id(value: str) -> str:
    """Check the name by which a relay signs its Authentication-Results (RFC 8601 2.5)."""
    if not value or not value.isascii() or any(sign in value for sign in ' ;="<>@'):
        raise UnfitError(f"{value or 'an empty text'}: must be one word such as mx.example.com")
    return value.lower()


def nameserver(value: str) -> str:
    """Check a resolver: a literal address, with a port where it is not 53."""
    host, port = (value, "53") if _is_ip(value) else value.rpartition(":")[::2]
    if not _is_ip(host.removeprefix("[").removesuffix("]")) or not _is_port(port):
        raise UnfitError(f'{value}: must be an IP address, or "ADDRESS:PORT"')
    return value


def host_port(value: str) -> str:
    """Check a server: a name or an address, and a port."""
    host, colon, port = value.rpartition(":")
    named = _HOSTNAME.fullmatch(host) or _is_ip(host.removeprefix("[").removesuffix("]"))
    if value and not (colon and named and _is_port(port)):
        raise UnfitError(f'{value}: must be "HOST:PORT"')
    return value.lower()


def _is_ip(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def _is_port(value: str) -> bool:
    return value.isdecimal() and value.isascii() and 0 < int(value) <= _LAST_PORT


def sealer(value: str) -> str:
    """Check a domain that seals mail (RFC 8617)."""
    if "." not in value or not _HOSTNAME.fullmatch(value):
        raise UnfitError(f"{value or 'an empty text'}: must be a domain such as google.com")
    return value.lower()


def mail_address(value: str) -> str:
    """Check an address that mail is sent from."""
    local, _, domain = value.rpartition("@")
    if value and not (local and _HOSTNAME.fullmatch(domain) and not re.search(r"[\s<>,;:\"()@]", local)):
        raise UnfitError(f"{value}: must be a mail address such as crm@example.com")
    return value


def url(value: str) -> str:
    """Check a web address."""
    if value and not re.fullmatch(r"https?://[!-~]{1,500}", value):
        raise UnfitError("must begin with https:// or http:// and contain no spaces")
    return value


_DATABASE = re.compile(
    r"[a-z+]+://(?:[^:/@]*(?::[^@]*)?@)?(?:\[[0-9a-fA-F:.]+\]|[^/:?@\[\]]*)(?::[0-9]{1,5})?(?:[/?].*)?\Z",
    re.DOTALL,
)


def database_url(value: str) -> str:
    """Check which database is meant; SQLite needs no address, its files have their place in data_dir."""
    if value and not re.match(r"postgresql(\+psycopg)?://", value):
        raise UnfitError("must begin with postgresql:// (empty means SQLite files in data_dir)")
    if value and not _DATABASE.match(value):  # nor is the reason told: it would quote a part of the password
        raise UnfitError(
            "cannot be read: in names and passwords write % and two digits for what is no letter"
        )
    return value


def absolute_or_empty(value: str) -> str:
    """Check a path that has a place of its own when it is not given."""
    if value and not value.startswith("/"):
        raise UnfitError("must be an absolute path")
    return value
