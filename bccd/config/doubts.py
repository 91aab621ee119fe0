"""What of a configuration is no mistake, and will not do what its author wants."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from ipaddress import ip_address
from pwd import getpwnam

from bccd.config.clouds import shared_names
from bccd.config.tree import Config, Listen

_UNIX = "unix:"
_OPEN: Mapping[str, str] = {  # to what nobody on the internet should speak
    "lmtp": "no limit on one peer holds there, so let a firewall admit your own mail server alone",
    "http": "it asks for no password",
}


def doubts(config: Config) -> list[str]:
    """Say what is right by itself and yet hardly meant."""
    return [*_of_trust(config), *_of_user(config.user), *_of_ports(config.listen), *_of_outbound(config)]


def _of_trust(config: Config) -> list[str]:
    """Say which ids of relays count for nothing, or for anybody."""
    trust, listen = config.trust, config.listen
    relayed = trust.relays or any(place.startswith("unix:") for place in (*listen.smtp, *listen.lmtp))
    found = [
        f"trust.authserv_ids: {name} is a name of {who}: such fields come with the mail, and anybody can"
        " write one; name what your own relay signs with"
        for name, who in shared_names(trust.authserv_ids)
    ]
    if trust.authserv_ids and not relayed:
        found += ["trust.authserv_ids: of no effect, since no relay is named in trust.relays"]
    if config.verify.query_seconds > config.verify.mail_seconds:
        found += ["verify.query_seconds: of no effect beyond verify.mail_seconds, which is lower"]
    return found


def _of_user(name: str) -> list[str]:
    if not name:
        return []
    try:
        found = getpwnam(name)
    except KeyError:
        return [f"user: this machine has no user {name}, so that root cannot start bccd"]
    if found.pw_uid == 0 or found.pw_gid == 0:
        return [f"user: {name} is root, or of root's group, so that root cannot start bccd"]
    return []


def _of_ports(listen: Listen) -> Iterator[str]:
    """Say which places cannot be had beside each other, and which are open to more than is good."""
    places = [
        (item.name, place, ip_address(place.rpartition(":")[0].strip("[]")))
        for item in fields(listen)
        for place in getattr(listen, item.name)
        if not place.startswith(_UNIX)
    ]
    ports: dict[tuple[int, str], str] = {}  # what has a port of all addresses
    for _, place, ip in places:
        if ip.is_unspecified and not place.endswith(":0"):
            ports[ip.version, place.rpartition(":")[2]] = place
    for name, place, ip in places:
        whole = ports.get((ip.version, place.rpartition(":")[2]), place)
        if whole != place:
            yield f"listen.{name}: {place} cannot be had beside {whole}, which has that port of all addresses"
        if name in _OPEN and (ip.is_unspecified or ip.is_global):
            yield f"listen.{name}: {place} is open to whoever can reach it: {_OPEN[name]}"


def _of_outbound(config: Config) -> list[str]:
    """Say what of the outbound options has no effect, or cannot work."""
    outbound = config.outbound
    found = []
    if outbound.username and not outbound.password:
        found.append(
            "outbound.username: there is no password to log in with: set BCCD_OUTBOUND__PASSWORD or a"
            " credential file named outbound.password"
        )
    if outbound.username and outbound.tls == "none" and not _is_here(outbound.smarthost.rpartition(":")[0]):
        found += ["outbound.tls: none sends the password as it is, for anybody on the way to read"]
    if outbound.password and not outbound.username:
        found += ["outbound.password: of no effect, since outbound.username is empty"]
    if not outbound.smarthost and (outbound.username or outbound.sender):
        found += ["outbound: nothing is sent, since outbound.smarthost is empty"]
    if outbound.public_url and not config.listen.web:
        found += [
            "outbound.public_url: notices have links that nothing here answers: name a port in listen.web"
        ]
    if config.listen.web and not outbound.public_url:
        found += ["listen.web: notices have no links to it, since outbound.public_url is empty"]
    return found


def _is_here(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
