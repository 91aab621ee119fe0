"""The certificate that bccd shows, for STARTTLS and implicit TLS: read, found fault with, read again."""

import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from bccd.model.errors import ConfigError

RENEW_DAYS = 14  # before its end, in which a certificate should have been renewed
_LOOK_SECONDS = 5.0  # between two looks at the files
_MAY_READ, _MAY_WRITE = 0o004, 0o022  # whoever is neither owner nor of the group; group or others
_GROUP_READS = 0o040

_Stamp = tuple[tuple[int, int, int], ...]


def server_context(certificate: Path, key: Path, now: datetime | None) -> ssl.SSLContext:
    """Load a certificate with its chain and its key; raises ConfigError with every flaw of `flaws`."""
    if found := flaws(certificate, key, now):
        raise ConfigError(found)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    try:
        # An encrypted key would ask on the terminal for its password.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (ssl.SSLError, OSError, ValueError) as error:
        raise ConfigError([f"tls.certificate: {certificate}: cannot be used: {error}"]) from error
    return context


def flaws(certificate: Path, key: Path, now: datetime | None) -> list[str]:
    """Say what is wrong with the two files, each flaw in one sentence; of their dates only where it is told.

    A certificate that has expired still hides mail from the wire: the daemon starts with it and complains.
    """
    found: list[str] = []
    chain = _certificates(certificate, found)
    public = _public_key(key, found)
    if chain:
        leaf = chain[0]
        if now is not None and leaf.not_valid_after_utc <= now:
            found.append(f"tls.certificate: {certificate}: expired on {leaf.not_valid_after_utc:%Y-%m-%d}")
        if now is not None and leaf.not_valid_before_utc > now:
            starts = leaf.not_valid_before_utc
            found.append(f"tls.certificate: {certificate}: is valid only from {starts:%Y-%m-%d %H:%M} UTC on")
        if public is not None and _encoded(leaf.public_key()) != public:
            found.append(f"tls.key: {key}: is not the key of the first certificate in {certificate}")
    return found


def suspicions(certificate: Path, key: Path, now: datetime, hostname: str) -> list[str]:
    """Say what is usable and yet hardly meant; nothing of files that are unusable."""
    if flaws(certificate, key, now):
        return []
    found: list[str] = []
    leaf = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    if (left := (leaf.not_valid_after_utc - now).days) < RENEW_DAYS:
        found.append(f"tls.certificate: {certificate}: expires in {left} days")
    names = _names(leaf)
    if hostname and not any(_covers(name, hostname) for name in names):
        shown = ", ".join(names) or "no host"
        found.append(f"tls.certificate: {certificate}: is for {shown} and not for the hostname {hostname}")
    if key.stat().st_mode & _GROUP_READS:
        found.append(f"tls.key: {key}: its group may read it: chmod 600, for the user that runs bccd")
    return found


def ends(certificate: Path) -> datetime | None:
    """Return when a certificate expires; None where it cannot be read."""
    chain = _certificates(certificate, [])
    return chain[0].not_valid_after_utc if chain else None


def _certificates(path: Path, found: list[str]) -> list[x509.Certificate]:
    content = _content("tls.certificate", path, found)
    if content is None:
        return []
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError:
        found.append(f"tls.certificate: {path}: holds no certificate in PEM form")
        return []


def _public_key(path: Path, found: list[str]) -> bytes | None:
    """Return the public half of the private key, encoded; a key that others may use is a flaw."""
    content = _content("tls.key", path, found)
    if content is None:
        return None
    mode = path.stat().st_mode
    if mode & (_MAY_READ | _MAY_WRITE):
        what = "write" if mode & _MAY_WRITE else "read"
        found.append(f"tls.key: {path}: others may {what} it: chmod 600, for the user that runs bccd")
    try:
        return _encoded(serialization.load_pem_private_key(content, None).public_key())
    except TypeError:
        found.append(f"tls.key: {path}: is encrypted, and bccd has no password for it")
    except Exception:  # noqa: BLE001 - whatever the library makes of it, it is no key
        found.append(f"tls.key: {path}: holds no private key in PEM form")
    return None


def _content(option: str, path: Path, found: list[str]) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError as error:
        found.append(f"{option}: {path}: cannot be read: {error.strerror}")
        return None


def _encoded(public: object) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    encoded: bytes = public.public_bytes(serialization.Encoding.DER, form)  # type: ignore[attr-defined]
    return encoded


def _names(leaf: x509.Certificate) -> list[str]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [name.lower() for name in names.get_values_for_type(x509.DNSName)]


def _covers(name: str, host: str) -> bool:
    """Tell whether a certificate's name is the host's, a wildcard for its first label (RFC 9525 6.3)."""
    return name == host or (name.startswith("*.") and host.partition(".")[2] == name[2:])


class Certificates:
    """The TLS context in force; good new files replace it, and running sessions keep theirs."""

    def __init__(self, certificate: Path, key: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._paths = (certificate, key)
        self._monotonic = monotonic
        self._stamp = self._stamped()
        self._looked_at = monotonic()
        self._context = server_context(certificate, key, None)
        for flaw in flaws(certificate, key, datetime.now(UTC)):
            structlog.get_logger().error("certificate", mistake=flaw)

    def context(self) -> ssl.SSLContext:
        """Return the context for a handshake that begins now."""
        now = self._monotonic()
        if now - self._looked_at >= _LOOK_SECONDS:
            self._looked_at = now
            if self._stamped() != self._stamp:
                self.reload()
        return self._context

    def reload(self) -> bool:
        """Read the files again, and log what became of it; returns whether they are used."""
        self._stamp = self._stamped()
        certificate, key = self._paths
        try:
            self._context = server_context(certificate, key, datetime.now(UTC))
        except ConfigError as error:
            structlog.get_logger().error(
                "certificate_kept", note="the new certificate is not used", mistakes=error.mistakes
            )
            return False
        structlog.get_logger().info("certificate_loaded", certificate=str(certificate))
        return True

    def _stamped(self) -> _Stamp:
        """Return what changes when a file is written or replaced; a missing one has a stamp, too."""
        stamps = []
        for path in self._paths:
            try:
                stat = path.stat()
                stamps.append((stat.st_mtime_ns, stat.st_size, stat.st_ino))
            except OSError:
                stamps.append((0, 0, 0))
        return tuple(stamps)
