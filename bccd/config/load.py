"""Reads the configuration: file, credential files and environment, in rising order of precedence."""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import Field, fields, replace
from ipaddress import ip_network
from itertools import product
from pathlib import Path
from socket import gethostname
from typing import Any
from urllib.parse import urlsplit

from bccd.config.clouds import shared
from bccd.config.kinds import UnfitError
from bccd.config.tree import SECTIONS, Config, Setting
from bccd.model.errors import ConfigError

_PREFIX = "BCCD_"
_CREDENTIALS = "CREDENTIALS_DIRECTORY"
_ALIKE = 0.85  # how near a variable must come to be a typing mistake rather than somebody else's
_OTHER_VARIABLES = frozenset({"BCCD_CONFIG"})  # read by the command line


def settings() -> Iterator[tuple[str, str, Field[Any], Setting]]:
    """Go through all options: section ("" above every section), name, field and what is known of it."""
    for section, owner in SECTIONS.items():
        for item in fields(owner):
            if "setting" in item.metadata:
                yield section, item.name, item, item.metadata["setting"]


def dotted(section: str, name: str) -> str:
    """Name an option the way mistakes and documentation do."""
    return f"{section}.{name}" if section else name


def variable(section: str, name: str) -> str:
    """Name the environment variable that sets an option."""
    return _PREFIX + "__".join(part.upper() for part in (section, name) if part)


def suggestion(wrong: str, known: list[str], alike: float = 0.6) -> str:
    """Say which known name was probably meant, or nothing."""
    close = difflib.get_close_matches(wrong, known, n=1, cutoff=alike)
    return f"; did you mean {close[0]}?" if close else ""


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Build the configuration from a TOML file (None: defaults only) and what the environment overrides.

    Raises ConfigError with every mistake that was found, not only the first.
    """
    mistakes: list[str] = []
    values = _from_file(path, mistakes) if path else {}
    values |= _from_credentials(environ, mistakes)
    values |= _from_environment(environ, mistakes)
    config = _build(values, mistakes)
    mistakes += _contradictions(config)
    if mistakes:
        raise ConfigError(mistakes)
    return _filled_in(config)


def check(config: Config) -> None:
    """Raise ConfigError if values that are right by themselves contradict each other."""
    if mistakes := _contradictions(config):
        raise ConfigError(mistakes)


def effective(config: Config) -> dict[str, object]:
    """List all values as they are in force, secrets told only by whether they are set."""
    found: dict[str, object] = {}
    for section, name, _item, known in settings():
        value = getattr(getattr(config, section) if section else config, name)
        if known.secret:
            value = "(set)" if value else ""
        found[dotted(section, name)] = str(value) if isinstance(value, Path) else value
    return found


def _from_file(path: Path, mistakes: list[str]) -> dict[str, tuple[str, object]]:
    """Read all options of the file: dotted name -> (where it was said, value)."""
    try:
        document = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror}"]) from error
    except ValueError as error:  # of TOML, of UTF-8, or of a number with thousands of digits
        raise ConfigError([f"{path}: is not valid TOML: {error}"]) from error
    except RecursionError as error:
        raise ConfigError([f"{path}: is nested too deep"]) from error
    values: dict[str, tuple[str, object]] = {}
    known = {dotted(section, name): option for section, name, _item, option in settings()}
    for name, value in _flattened(document, str(path), mistakes):
        if name not in known:
            near = suggestion(name, list(known)) or suggestion(name, [k.rpartition(".")[2] for k in known])
            mistakes.append(f"{path}: {name}: no such option{near}")
        elif known[name].secret and isinstance(value, str) and _holds_password(name, value):
            section, _, key = name.rpartition(".")
            mistakes.append(
                f"{path}: {name}: must not hold a password: use {variable(section, key)}"
                f" or a credential file named {name}"
            )
        else:
            values[name] = (str(path), value)
    return values


def _flattened(document: dict[str, Any], where: str, mistakes: list[str]) -> Iterator[tuple[str, object]]:
    """Go through the options of a document; a table that is no section, or the reverse, is a mistake."""
    sections = [name for name in SECTIONS if name]
    for name, value in document.items():
        if isinstance(value, dict) and name in sections:
            yield from ((dotted(name, key), inner) for key, inner in value.items())
        elif name in sections:
            mistakes.append(f"{where}: {name}: must be a section, written [{name}]")
        elif isinstance(value, dict):
            mistakes.append(f"{where}: [{name}]: no such section{suggestion(name, sections)}")
        else:
            yield name, value


def _holds_password(name: str, said: str) -> bool:
    if not name.endswith(".url"):
        return bool(said)  # the secret is all of it
    try:
        parts = urlsplit(said)
    except ValueError:
        return False
    return bool(parts.password) or "password=" in parts.query


def _from_credentials(environ: Mapping[str, str], mistakes: list[str]) -> dict[str, tuple[str, object]]:
    """Read the files named after options (systemd's LoadCredential): secrets, and files that options name."""
    folder = environ.get(_CREDENTIALS)
    values: dict[str, tuple[str, object]] = {}
    if not folder:
        return values
    for section, name, _item, known in settings():
        path = Path(folder) / dotted(section, name)
        if not (known.secret or known.stands_in) or not path.exists():
            continue
        if known.stands_in:
            values[dotted(section, name)] = (str(path), str(path))
            continue
        try:
            values[dotted(section, name)] = (str(path), path.read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            mistakes.append(f"{path}: cannot be read: {error}")
    return values


def _from_environment(environ: Mapping[str, str], mistakes: list[str]) -> dict[str, tuple[str, object]]:
    """Read BCCD_SECTION__NAME; a variable that only resembles an option is a mistake, not silence."""
    known = {variable(section, name): (section, name, option) for section, name, _item, option in settings()}
    values: dict[str, tuple[str, object]] = {}
    for key, value in sorted(environ.items()):
        if key in known:
            section, name, option = known[key]
            values[dotted(section, name)] = (key, option.kind.parse(value))
        elif key.startswith(_PREFIX) and key not in _OTHER_VARIABLES:
            near = suggestion(key, list(known), _ALIKE)
            if near or "__" in key:
                mistakes.append(f"environment: {key}: no such option{near}")
    return values


def _build(values: Mapping[str, tuple[str, object]], mistakes: list[str]) -> Config:
    """Read each value by its kind; what cannot be read keeps its default and is listed."""
    read: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
    for section, name, _item, known in settings():
        said = values.get(dotted(section, name))
        if said is None:
            continue
        where, value = said
        try:
            read[section][name] = known.kind.read(value)
        except UnfitError as error:
            told = where if where.startswith(_PREFIX) else f"{where}: {dotted(section, name)}"
            mistakes += [f"{told}: {sentence}" for sentence in error.args]
    parts = {section: owner(**read[section]) for section, owner in SECTIONS.items() if section}
    return Config(**read[""], **parts)


def _contradictions(config: Config) -> list[str]:
    """Find values that are right by themselves and wrong together."""
    listen, limits, filing = config.listen, config.limits, config.filing
    found = []
    if filing.retry_first_seconds > filing.retry_max_seconds:
        found.append("filing.retry_first_seconds: must not be above filing.retry_max_seconds")
    if limits.connections_per_ip > limits.connections:
        found.append("limits.connections_per_ip: must not be above limits.connections")
    for network, relay in product(config.trust.networks, config.trust.relays):
        if _overlap(network, relay):
            found.append(
                f"trust.networks: {network} overlaps the relay {relay}: whatever it hands in would count as"
                " proven, unchecked"
            )
    for name in ("networks", "relays"):
        found += [
            f"trust.{name}: {mine} overlaps {theirs}, from which {who} sends for all its customers: each of"
            " them could write in your users' names; leave it out, DKIM and SPF prove such mail"
            for mine, theirs, who in shared(getattr(config.trust, name))
        ]
    for name, proxy in product(("networks", "relays"), config.trust.proxies):
        found += [
            f"trust.proxies: {proxy} overlaps {listed} of trust.{name}: who is not named is trusted"
            for listed in getattr(config.trust, name)
            if _overlap(listed, proxy)
        ]
    if limits.in_flight and limits.in_flight < 2 * limits.message_size:
        found.append("limits.in_flight: must be at least twice limits.message_size, or 0")
    ways = (*listen.smtp, *listen.lmtp, *listen.submission, *listen.smtps)
    if not ways:
        found.append("listen: neither smtp nor lmtp is left, so that no mail could arrive")
    if not config.tls.certificate:
        found += [
            f"listen.{name}: users log in there, and nothing hides their passwords: name a certificate in"
            " tls.certificate"
            for name in ("submission", "smtps")
            if getattr(listen, name)
        ]
        found += ["tls.key: is the key of no certificate: tls.certificate is empty"] * bool(config.tls.key)
    places = [place for place in (*ways, *listen.http, *listen.web) if not place.endswith(":0")]
    found += [f"listen: {place} is named twice" for place in dict.fromkeys(places) if places.count(place) > 1]
    return found


def _overlap(network: str, relay: str) -> bool:
    one, other = ip_network(network, strict=False), ip_network(relay, strict=False)
    return one.version == other.version and one.overlaps(other)


def _filled_in(config: Config) -> Config:
    """Put in what an empty value stands for."""
    log = (
        config.log if config.log.key_file else replace(config.log, key_file=str(config.data_dir / "log.key"))
    )
    return replace(
        config,
        hostname=config.hostname or gethostname(),
        secret_file=config.secret_file or str(config.data_dir / "secret.key"),
        log=log,
    )
