"""Writes the commented sample configuration and the page of reference from the options themselves."""

import textwrap
from collections.abc import Iterator

from bccd.config.load import dotted, settings, variable
from bccd.config.tree import SECTIONS, Config, Setting

_WIDTH = 100

_HEAD = """\
# bccd.toml: every option of bccd with its default. To change one, take its first # away.
# `bccd check-config` lists all mistakes at once. Any option can also be given by the environment:
# BCCD_DATA_DIR for data_dir, BCCD_LISTEN__SMTP for smtp in [listen] (lists: separated by commas).
"""

_REFERENCE = """\
# Configuration

<!-- Made from bccd/config/tree.py by bccd.config.sample.reference; a test holds the two equal. -->

bccd reads one TOML file: the one that `--config` or `BCCD_CONFIG` names, else `/etc/bccd/bccd.toml` where
that exists, else it runs on defaults. Above the file stand credential files, and above them the environment:

- A *secret* may stand in a file of `$CREDENTIALS_DIRECTORY` that is named after the option, for instance
  `database.url` (systemd: `LoadCredential=database.url:/etc/bccd/database.url`). A password in the TOML file
  is refused. A file that an option names (`tls.certificate`, `tls.key`, `secret_file`) may stand there as
  well, by the name of the option.
- Any option can be given by an environment variable; lists are then separated by commas.

An unknown option is a mistake, and all mistakes are reported together. Sizes are written as `"36 MiB"` (B,
KiB, MiB, GiB) or as a number of octets, durations as seconds.
"""


def _comment(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="# ", subsequent_indent="# ")


def _doc_of(section: str) -> str:
    return (SECTIONS[section].__doc__ or "").strip()


def _ways(known: Setting) -> str:
    if known.secret:
        return " Secret: by the environment or a credential file."
    return " A credential file of that name takes its place." if known.stands_in else ""


def _options(wanted: str) -> Iterator[str]:
    for section, name, item, known in settings():
        if section == wanted:
            yield "\n" + _comment(f"{known.doc} ({known.kind.accepts}){_ways(known)}")
            yield f"#{name} = {known.kind.write(item.default)}"


def sample() -> str:
    """Write config/bccd.toml."""
    lines = [_HEAD.rstrip("\n")]
    for section in SECTIONS:
        if section:
            lines += ["", "", _comment(_doc_of(section)), f"[{section}]"]
        lines += _options(section)
    return "\n".join(lines) + "\n"


def reference() -> str:
    """Write docs/reference/config.md."""
    lines = [_REFERENCE]
    for section in SECTIONS:
        lines += [f"## {f'[{section}]' if section else 'Above every section'}", "", _doc_of(section), ""]
        for found, name, item, known in settings():
            if found == section:
                way = " Secret." if known.secret else _ways(known)
                lines += [
                    f"### {dotted(section, name)}",
                    "",
                    f"{known.doc}{way}",
                    "",
                    f"- accepts: {known.kind.accepts}",
                    f"- default: `{known.kind.write(item.default)}`",
                    f"- environment: `{variable(section, name)}`",
                    "",
                ]
    return "\n".join(lines)


def as_toml(config: Config) -> str:
    """Write the options of a configuration that differ from their defaults; secrets are left out."""
    lines: list[str] = []
    for section in SECTIONS:
        owner = getattr(config, section) if section else config
        own = [
            f"{name} = {known.kind.write(getattr(owner, name))}"
            for found, name, item, known in settings()
            if found == section and not known.secret and getattr(owner, name) != item.default
        ]
        if own:
            lines += [f"[{section}]"] * bool(section) + own + [""]
    return "\n".join(lines)
