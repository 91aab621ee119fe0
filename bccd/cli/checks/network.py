"""The network: the daemon and its ports, the DNS, certificates, the smarthost."""

import asyncio
import ipaddress
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from bccd import door
from bccd.cli.checks.finding import Finding, fail, ok, parted, warn
from bccd.cli.endpoints import answers, in_force, is_loopback
from bccd.cli.probe import flaw, is_for_others, listeners
from bccd.config import Config
from bccd.front import listener_settings
from bccd.mail.addresses import domain_of
from bccd.model.errors import BccdError
from bccd.outbound.relay import Relay
from bccd.sources import tls
from bccd.store import migrate
from bccd.store.engine import open_engines
from bccd.store.reads import directory_snapshot
from bccd.verify.dns import DnsTemporaryError
from bccd.verify.resolver import DnsResolver, nameservers

_SECONDS = 5.0
_SLOW_DNS = 0.5
_SMARTHOST_SECONDS = 20.0
_MENDING = (
    ("Permission denied", "let the user that runs bccd read it, as docs/howto/let-users-log-in.md shows"),
    ("expire", "renew it"),
    ("valid only from", "see whether the clock is right, or wait"),
    ("is not the key of", "name the key that the certificate was made for"),
    ("and not for the hostname", "get one for that name, or set hostname to one that it has"),
    ("signed by itself", "get one from an authority; for a mail server of your own it will do"),
    ("without the certificates above it", "name the file that has the whole chain, such as fullchain.pem"),
    ("has not signed the one above", "put the chain in order: the server's own first, then who signed it"),
    ("is encrypted", "take the password off: openssl pkey -in KEY -out NEW"),
)
_EXCHANGERS = 5  # of one domain
_DOMAINS = 20  # of companies' addresses that are looked up


# ---- the daemon and its ports ----------------------------------------------------------------------------


def ports(config: Config) -> Iterator[Finding]:
    """Whether a daemon runs, and each of its listeners answers as it should."""
    try:
        said = door.ask(config.data_dir, "ping", {}, _SECONDS)
    except door.DoorClosedError:
        yield fail("daemon", f"no bccd runs on {config.data_dir}", "start it: bccd serve, or its service")
        yield from _taken(config)
        return
    except BccdError as error:
        yield fail("daemon", str(error), "see its log; bccd status tells more")
        return
    if said == "pong":
        yield ok("daemon", "runs, and files mail")
    else:
        what, _, advice = str(said).partition(": ")
        yield fail("daemon", what, advice or "see its log for parser_start_failed")
    for protocol, endpoint in listeners(in_force(config)):
        yield _port(protocol, endpoint, config.trust.proxies)


def _taken(config: Config) -> Iterator[Finding]:
    """Say which ports somebody else has: with them bccd does not start."""
    advice = "right if it is systemd's socket unit; else stop that program, or name another port in [listen]"
    for protocol, endpoint in listeners(config):
        if answers(endpoint, _SECONDS):
            yield warn("ports", f"{protocol} {endpoint}: something listens there, and it is not bccd", advice)


def _port(protocol: str, endpoint: str, proxies: tuple[str, ...] = ()) -> Finding:
    where = f"{protocol} {endpoint}"
    if wrong := flaw(protocol, endpoint, _SECONDS, proxies):
        advice = "see the daemon's log, and whether a firewall or another program stands in between"
        return fail("ports", f"{where}: {wrong}", advice)
    others = is_for_others(endpoint)
    return ok("ports", f"{where} is listened on, by others than this user" if others else f"{where} answers")


# ---- the DNS ---------------------------------------------------------------------------------------------


def dns(config: Config) -> Iterator[Finding]:
    """Whether each name server answers, and where mail for the companies' addresses goes."""
    domains = _drop_domains(config)
    yield from asyncio.run(_dns(config, domains))


def _drop_domains(config: Config) -> list[str]:
    try:
        migrate.check(config)  # opening one that is not there would make it
        stores = open_engines(config)
    except BccdError:
        return []
    try:
        known = directory_snapshot(stores.database).company_addresses
    except BccdError:
        return []
    finally:
        stores.close()
    return sorted({domain_of(address) for address in known})[:_DOMAINS]


async def _dns(config: Config, domains: list[str]) -> list[Finding]:
    found = []
    for server in nameservers(config.verify.nameservers):
        shown = "{}:{}".format(*server)
        resolver = DnsResolver([f"[{server[0]}]:{server[1]}" if ":" in server[0] else shown],
                               query_seconds=config.verify.query_seconds)  # fmt: skip
        begun = time.monotonic()
        try:
            await resolver.txt(domains[0] if domains else "example.com")
        except DnsTemporaryError as error:
            advice = "mend it or name others in verify.nameservers: without DNS no sender can be proven"
            found.append(fail("dns", f"{shown} does not answer ({error})", advice))
            continue
        took = time.monotonic() - begun
        said = f"{shown} answers in {took * 1000:.0f} ms"
        slow = warn("dns", said, "run a resolver that caches on this host or near it")
        found.append(slow if took > _SLOW_DNS else ok("dns", said))
    resolver = DnsResolver(config.verify.nameservers, query_seconds=config.verify.query_seconds)
    return found + [await _mx(config, resolver, domain) for domain in domains]


async def _mx(config: Config, resolver: DnsResolver, domain: str) -> Finding:
    try:
        exchangers = (await resolver.mx(domain)).records
        names = [name for _, name in exchangers[:_EXCHANGERS] if name] or [domain]
        hosts = [host for name in names for host in (await resolver.addresses(name)).records]
    except DnsTemporaryError as error:
        return warn("mx", f"{domain}: the DNS does not tell ({error})", "ask again when it answers")
    if exchangers and not exchangers[0][1]:
        return fail("mx", f"{domain} says that it takes no mail (RFC 7505)", "give it an MX record")
    if hosts:
        way = ", ".join(names) if exchangers else "its own address, for it has no MX record"
        said = f"mail for {domain} goes to {way} ({', '.join(map(str, hosts))})"
        if any(_leads_here(config, str(host)) for host in hosts):
            return ok("mx", said)
        advice = "correct the MX record, unless that server or a router hands its mail on to bccd"
        return warn("mx", f"{said}, which is neither this host nor in trust.relays", advice)
    if exchangers:
        said = f"mail for {domain} goes to {', '.join(names)}, and no such host has an address"
        return fail("mx", said, "correct the MX record, or give that name its address")
    advice = "give it an MX record, unless your own mail server knows where to send its mail"
    return warn("mx", f"{domain} has no MX record and no address", advice)


def _leads_here(config: Config, host: str) -> bool:
    """Tell whether an address is of this host, or of a server that hands mail in."""
    address = ipaddress.ip_address(host)
    ours = (*config.trust.relays, *config.trust.networks, *config.trust.proxies)
    if any(address in ipaddress.ip_network(one) for one in ours):
        return True
    with socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET, socket.SOCK_DGRAM) as own:  # noqa: PLR2004
        try:
            own.bind((host, 0))
        except OSError:
            return False
        return True


# ---- TLS and the smarthost -------------------------------------------------------------------------------


def certificate(config: Config) -> Iterator[Finding]:
    """Whether the certificate can be used, for how long, by whom, and whether its chain is whole."""
    settings = listener_settings(config)
    if settings.certificate is None or settings.key is None:
        if not all(map(is_loopback, config.listen.smtp)):
            yield warn("tls", "no certificate: mail comes in unencrypted", "set tls.certificate and tls.key")
        return
    now = datetime.now(UTC)
    found = tls.flaws(settings.certificate, settings.key, now)
    for wrong in found:
        yield fail("tls", *parted(wrong, _mending(wrong)))
    if found:
        return
    odd = [
        *tls.suspicions(settings.certificate, settings.key, now, config.hostname),
        *_chain(settings.certificate),
    ]
    for sentence in odd:
        yield warn("tls", *parted(sentence, _mending(sentence)))
    yield ok("tls", f"{settings.certificate}: valid until {tls.ends(settings.certificate):%Y-%m-%d}")


def _mending(flaw: str) -> str:
    """Say what to do about a certificate; permissions have their own sentence in the flaw."""
    how = next((advice for part, advice in _MENDING if part in flaw), "correct tls.certificate and tls.key")
    return f"{how}; SIGHUP has it read again"


def _chain(path: Path) -> Iterator[str]:
    """Say where the certificates of a file do not follow from each other, or end too early."""
    chain = x509.load_pem_x509_certificates(path.read_bytes())
    for place, (lower, upper) in enumerate(pairwise(chain), 1):
        try:
            lower.verify_directly_issued_by(upper)
        except (ValueError, TypeError, InvalidSignature):
            yield f"tls.certificate: {path}: its certificate {place + 1} has not signed the one above it"
            return
    if len(chain) == 1:
        alone = chain[0].issuer == chain[0].subject
        why = "is signed by itself" if alone else "stands without the certificates above it"
        yield f"tls.certificate: {path}: {why}: mail programs will not trust it"


def smarthost(config: Config) -> Iterator[Finding]:
    """Whether the server that sends notices can be reached, and lets us in."""
    where = config.outbound.smarthost
    if not where:
        return
    relay = Relay(config.outbound, config.hostname or socket.gethostname())

    async def reach() -> None:
        async with asyncio.timeout(_SMARTHOST_SECONDS):
            await relay.reach()

    try:
        asyncio.run(reach())
    except (BccdError, TimeoutError) as error:
        said = str(error) or "no answer"
        yield fail("smarthost", f"{where}: {said}", "correct [outbound]; notices wait until it answers")
    else:
        yield ok("smarthost", f"{where} answers" + (", and lets us in" if config.outbound.username else ""))
