"""What the configuration accepts, and how it tells what is wrong."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bccd.config import Config, Filing, Listen, Tls, check, doubts, effective, load
from bccd.config.kinds import show_size
from bccd.config.load import dotted, settings
from bccd.model.errors import ConfigError

PASSWORD_IN_FILE = (
    "bccd.toml: database.url: must not hold a password: use BCCD_DATABASE__URL"
    " or a credential file named database.url"
)

ALONE = " write 10.0.0.0/8, or 10.0.0.1 for it alone"


def write(folder: Path, text: str) -> Path:
    path = folder / "bccd.toml"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(path: Path | None, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(path, environ or {})
    # The file is named in full; which folder the test has does not matter.
    return [told.replace(f"{path.parent}/", "") if path else told for told in caught.value.mistakes]


def value(config: Config, name: str) -> Any:
    section, _, key = name.rpartition(".")
    return getattr(getattr(config, section) if section else config, key)


def test_without_a_file_all_is_default() -> None:
    """No file and no environment give the defaults, with the empty ones filled in."""
    config = load(None, {})
    assert replace(config, hostname="", secret_file="", log=replace(config.log, key_file="")) == Config()
    assert config.hostname
    assert config.log.key_file == "/var/lib/bccd/log.key"


def test_nothing_is_trusted_by_default() -> None:
    """Outside the demo nobody is trusted unless he is named, loopback included."""
    config = load(None, {})
    assert (config.trust.networks, config.trust.relays, config.trust.authserv_ids) == ((), (), ())
    assert not config.demo


@pytest.mark.parametrize(
    ("said", "name", "expected"),
    [
        ('data_dir = "/srv/mail"', "data_dir", Path("/srv/mail")),
        ('hostname = "MX.example.com"', "hostname", "mx.example.com"),
        ('help_url = "https://example.com/mail"', "help_url", "https://example.com/mail"),
        ("demo = true", "demo", True),
        ("[listen]\nsmtp = []", "listen.smtp", ()),
        (
            '[listen]\nlmtp = ["[::1]:24", "unix:/run/b.sock"]',
            "listen.lmtp",
            ("[::1]:24", "unix:/run/b.sock"),
        ),
        ('[listen]\nhttp = ["0.0.0.0:80"]', "listen.http", ("0.0.0.0:80",)),
        ('[trust]\nnetworks = ["192.0.2.0/24"]', "trust.networks", ("192.0.2.0/24",)),
        ('[trust]\nrelays = ["2001:db8::1"]', "trust.relays", ("2001:db8::1/128",)),
        ('[trust]\nauthserv_ids = ["MX.example.com"]', "trust.authserv_ids", ("mx.example.com",)),
        ('[database]\nurl = "postgresql:///bccd"', "database.url", "postgresql:///bccd"),
        ('[limits]\nmessage_size = "10 MiB"', "limits.message_size", 10 * 2**20),
        ('[limits]\nmessage_size = "65536B"', "limits.message_size", 65_536),
        ("[limits]\nmessage_size = 100000", "limits.message_size", 100_000),
        ("[limits]\nidle_seconds = 1.5", "limits.idle_seconds", 1.5),
        ("[processes]\nparsers = 8", "processes.parsers", 8),
        ('[log]\nlevel = "debug"', "log.level", "debug"),
    ],
)
def test_values_are_read(tmp_path: Path, said: str, name: str, expected: object) -> None:
    """Each kind of value is read in each form it may have."""
    assert value(load(write(tmp_path, said), {}), name) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('data_dir = "var"', "bccd.toml: data_dir: must be an absolute path"),
        ("data_dir = 1", "bccd.toml: data_dir: must be a string in quotation marks"),
        ('user = "0"', "bccd.toml: user: must be the name of a user such as bccd, not a number"),
        ('hostname = "a b"', "bccd.toml: hostname: must be a host name such as mail.example.com"),
        (
            'help_url = "ftp://x"',
            "bccd.toml: help_url: must begin with https:// or http:// and contain no spaces",
        ),
        ('demo = "yes"', "bccd.toml: demo: must be true or false"),
        ("hostnam = 'x'", "bccd.toml: hostnam: no such option; did you mean hostname?"),
        ("zzz = 1", "bccd.toml: zzz: no such option"),
        ("[limit]\n", "bccd.toml: [limit]: no such section; did you mean limits?"),
        ("limits = 1", "bccd.toml: limits: must be a section, written [limits]"),
        (
            "[limits]\nrecipient = 1",
            "bccd.toml: limits.recipient: no such option; did you mean limits.recipients?",
        ),
        ("message_size = 1", "bccd.toml: message_size: no such option; did you mean limits.message_size?"),
        ("[limits]\nrecipients = true", "bccd.toml: limits.recipients: must be a whole number"),
        ("[limits]\nrecipients = 0", "bccd.toml: limits.recipients: must be between 1 and 10000"),
        (
            '[limits]\nmessage_size = "36 MB"',
            'bccd.toml: limits.message_size: must be a size such as "36 MiB" or a number of octets',
        ),
        ("[limits]\nmessage_size = 1", "bccd.toml: limits.message_size: must be between 64 KiB and 1 GiB"),
        ('[limits]\nidle_seconds = "1"', "bccd.toml: limits.idle_seconds: must be a number of seconds"),
        ("[limits]\nidle_seconds = nan", "bccd.toml: limits.idle_seconds: must be between 1 and 3600"),
        ('[listen]\nsmtp = "x"', 'bccd.toml: listen.smtp: must be a list such as ["a", "b"]'),
        (
            '[listen]\nsmtp = ["25"]',
            'bccd.toml: listen.smtp: 25: must be "ADDRESS:PORT", "[IPV6]:PORT" or "unix:/path"',
        ),
        (
            '[listen]\nsmtp = ["127.0.0.1:65536"]',
            'bccd.toml: listen.smtp: 127.0.0.1:65536: must be "ADDRESS:PORT", "[IPV6]:PORT" or "unix:/path"',
        ),
        (
            '[listen]\nsmtp = ["localhost:25"]',
            "bccd.toml: listen.smtp: localhost:25: localhost is no IP address (0.0.0.0 and [::] mean all)",
        ),
        (
            '[listen]\nsmtp = ["unix:b.sock"]',
            "bccd.toml: listen.smtp: unix:b.sock: after unix: comes an absolute path of at most 107 octets",
        ),
        (
            '[listen]\nsmtp = ["127.0.0.1:1", "127.0.0.1:1"]',
            "bccd.toml: listen.smtp: names 127.0.0.1:1 twice",
        ),
        ('[listen]\nsmtp = ["127.0.0.1:8024"]', "listen: 127.0.0.1:8024 is named twice"),
        (
            "[listen]\nsmtp = []\nlmtp = []",
            "listen: neither smtp nor lmtp is left, so that no mail could arrive",
        ),
        (
            '[trust]\nnetworks = ["10.0.0.1/8"]',
            f"bccd.toml: trust.networks: 10.0.0.1/8: is an address within 10.0.0.0/8;{ALONE}",
        ),
        (
            '[trust]\nnetworks = ["10.0.0/8"]',
            'bccd.toml: trust.networks: 10.0.0/8: must be a network such as "192.0.2.0/24"',
        ),
        (
            '[trust]\nnetworks = ["0.0.0.0/0"]',
            "bccd.toml: trust.networks: 0.0.0.0/0: would trust every address there is",
        ),
        (
            '[trust]\nauthserv_ids = ["a b"]',
            "bccd.toml: trust.authserv_ids: a b: must be one word such as mx.example.com",
        ),
        (
            '[database]\nurl = "mysql://x"',
            "bccd.toml: database.url: must begin with postgresql:// (empty means SQLite files in data_dir)",
        ),
        (
            '[database]\nurl = "postgresql://b:secret@h/b"',
            PASSWORD_IN_FILE,
        ),
        ('[log]\nlevel = "loud"', "bccd.toml: log.level: must be one of debug, info, warning, error"),
        ('[log]\nkey_file = "k"', "bccd.toml: log.key_file: must be an absolute path"),
        (
            "[filing]\nretry_first_seconds = 9999",
            "filing.retry_first_seconds: must not be above filing.retry_max_seconds",
        ),
        (
            "[limits]\nconnections = 5",
            "limits.connections_per_ip: must not be above limits.connections",
        ),
        (
            '[limits]\nin_flight = "50 MiB"',
            "limits.in_flight: must be at least twice limits.message_size, or 0",
        ),
        (
            '[trust]\nproxies = ["10.0.0.2"]\nrelays = ["10.0.0.0/8"]',
            "trust.proxies: 10.0.0.2/32 overlaps 10.0.0.0/8 of trust.relays: who is not named is trusted",
        ),
    ],
)
def test_mistakes_are_told(tmp_path: Path, said: str, expected: str) -> None:
    """Each mistake is told by file, option and what would be right."""
    assert mistakes(write(tmp_path, said)) == [expected]


def test_the_file_is_named_in_full(tmp_path: Path) -> None:
    """Who has two files of one name is told which one is meant."""
    path = write(tmp_path, "x = 1")
    with pytest.raises(ConfigError, match=f"^{path}: x: no such option$"):
        load(path, {})


def test_all_mistakes_are_told_together(tmp_path: Path) -> None:
    """A second mistake does not wait for the first one to be mended."""
    path = write(tmp_path, 'demo = 1\nhost = "x"\n[limits]\nrecipients = -1\nidle = 1\n[nix]\na = 1\n')
    told = mistakes(path, {"BCCD_LOG__LEVEL": "x", "BCCD_LISTEN__SMPT": "y"})
    assert len(told) == 7, told


def test_all_items_of_a_list_are_told(tmp_path: Path) -> None:
    """The second wrong item does not wait for the first."""
    path = write(tmp_path, '[trust]\nnetworks = ["10.0.0.1/8", "x", 1, "192.0.2.0/24"]\n')
    assert [line.split(": ")[2] for line in mistakes(path)] == [
        "10.0.0.1/8",
        "x",
        "must be a string in quotation marks",
    ]


@pytest.mark.parametrize(
    ("said", "doubt"),
    [
        ("", ""),
        ('[trust]\nrelays = ["192.0.2.1"]', ""),
        ('[trust]\nrelays = ["192.0.2.1"]\nauthserv_ids = ["mx.example.com"]', ""),
        ('[trust]\nauthserv_ids = ["mx.example.com"]\n[listen]\nlmtp = ["unix:/run/bccd/lmtp"]', ""),
        ('[trust]\nauthserv_ids = ["mx.example.com"]', "of no effect, since no relay is named"),
        (
            '[trust]\nrelays = ["192.0.2.1"]\nauthserv_ids = ["mx.google.com", "mx.notgoogle.com"]',
            "mx.google.com is a name of Google: such fields come with the mail, and anybody can",
        ),
    ],
)
def test_names_of_relays_that_are_hardly_meant_are_told(tmp_path: Path, said: str, doubt: str) -> None:
    """Where nobody would be believed for them, a UNIX socket being a relay by itself; or everybody would."""
    told = doubts(load(write(tmp_path, said), {}))
    assert [line.startswith(f"trust.authserv_ids: {doubt}") for line in told] == [True] * bool(doubt)


@pytest.mark.parametrize(
    ("said", "options"),
    [
        ("[verify]\nquery_seconds = 9", ["verify.query_seconds"]),
        ('[outbound]\nusername = "bccd"', ["outbound.username", "outbound"]),
        ('[outbound]\nsender = "crm@example.com"', ["outbound"]),
        ('[outbound]\npublic_url = "https://crm.example.com"', ["outbound.public_url"]),
        ('[listen]\nweb = ["127.0.0.1:8027"]', ["listen.web"]),
    ],
)
def test_options_that_need_another_are_told(tmp_path: Path, said: str, options: list[str]) -> None:
    """What has no effect without another option is no mistake, and hardly meant."""
    told = doubts(load(write(tmp_path, said), {}))
    assert [line.partition(":")[0] for line in told] == options


def test_a_user_that_is_not_there_is_told(tmp_path: Path) -> None:
    """It matters where root starts bccd, and maybe on another machine than the one that checks."""
    told = doubts(load(write(tmp_path, 'user = "no-such-user"'), {}))
    assert told == ["user: this machine has no user no-such-user, so that root cannot start bccd"]
    assert doubts(load(write(tmp_path, 'user = "nobody"'), {})) == []
    told = doubts(load(write(tmp_path, 'user = "root"'), {}))
    assert told == ["user: root is root, or of root's group, so that root cannot start bccd"]


@pytest.mark.parametrize(
    ("said", "doubt"),
    [
        (
            'smtp = ["0.0.0.0:25"]\nlmtp = ["127.0.0.1:25"]',
            "lmtp: 127.0.0.1:25 cannot be had beside 0.0.0.0:25",
        ),
        ('smtp = ["[::1]:25", "[::]:25"]', "smtp: [::1]:25 cannot be had beside [::]:25"),
        ('smtp = ["0.0.0.0:25", "[::]:25", "[::1]:26"]', ""),
        ('smtp = ["0.0.0.0:0", "127.0.0.1:0"]', ""),
        ('lmtp = ["[::]:24"]', "lmtp: [::]:24 is open to whoever can reach it"),
        ('lmtp = ["10.0.0.9:24", "unix:/run/bccd/lmtp"]\nhttp = ["192.168.1.9:8026"]', ""),
        (
            'http = ["8.8.8.8:8026"]',
            "http: 8.8.8.8:8026 is open to whoever can reach it: it asks for no password",
        ),
    ],
)
def test_ports_that_are_hardly_meant_are_told(tmp_path: Path, said: str, doubt: str) -> None:
    """Two that no system gives to one program, and those that are for one's own machines alone."""
    told = doubts(load(write(tmp_path, f"[listen]\n{said}"), {}))
    assert [line.startswith(f"listen.{doubt}") for line in told] == [True] * bool(doubt)


@pytest.mark.parametrize(
    ("host", "tls", "warned"),
    [
        ("mx.example", "none", True),
        ("mx.example", "auto", False),
        ("[::1]", "none", False),
        ("localhost", "none", False),
    ],
)
def test_a_password_that_goes_in_the_clear_is_told(
    tmp_path: Path, host: str, tls: str, *, warned: bool
) -> None:
    """Where TLS is turned off, and the smarthost is another machine."""
    path = write(tmp_path, f'[outbound]\nsmarthost = "{host}:25"\nusername = "u"\ntls = "{tls}"')
    told = doubts(load(path, {"BCCD_OUTBOUND__PASSWORD": "geheim"}))
    assert [line.partition(":")[0] for line in told] == ["outbound.tls"] * warned


def test_a_password_in_the_file_is_a_mistake(tmp_path: Path) -> None:
    """The file is read by more people than the secret is for; in the environment it stands well."""
    told = mistakes(write(tmp_path, '[outbound]\npassword = "geheim"'))
    assert [line.partition(" must")[0] for line in told] == ["bccd.toml: outbound.password:"]
    assert "geheim" not in told[0] and "BCCD_OUTBOUND__PASSWORD" in told[0]
    given = load(None, {"BCCD_OUTBOUND__PASSWORD": "geheim"})
    assert [line.partition(":")[0] for line in doubts(given)] == ["outbound.password"]


def test_a_file_that_is_missing_or_broken_is_told(tmp_path: Path) -> None:
    """A file that cannot be read and one that is no TOML are one sentence each."""
    assert mistakes(tmp_path / "none.toml") == ["none.toml: cannot be read: No such file or directory"]
    assert mistakes(write(tmp_path, "a = ["))[0].startswith("bccd.toml: is not valid TOML: ")
    (tmp_path / "bccd.toml").write_bytes(b"# \xff")
    assert mistakes(tmp_path / "bccd.toml")[0].startswith("bccd.toml: is not valid TOML: ")
    assert mistakes(write(tmp_path, f"a = {'9' * 5000}"))[0].startswith("bccd.toml: is not valid TOML: ")
    assert mistakes(write(tmp_path, f"a = {'[' * 5000}")) == ["bccd.toml: is nested too deep"]


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    """Every option can be given by the environment, whatever its type."""
    path = write(tmp_path, 'hostname = "a.example"\n[listen]\nsmtp = ["127.0.0.1:1"]\n')
    config = load(
        path,
        {
            "BCCD_HOSTNAME": "b.example",
            "BCCD_DEMO": "true",
            "BCCD_LISTEN__SMTP": "127.0.0.1:2, [::1]:2",
            "BCCD_LIMITS__RECIPIENTS": "7",
            "BCCD_LIMITS__IDLE_SECONDS": "2.5",
            "BCCD_LIMITS__MESSAGE_SIZE": "1 MiB",
            "HOME": "/",
        },
    )
    assert (config.hostname, config.demo, config.listen.smtp) == (
        "b.example",
        True,
        ("127.0.0.1:2", "[::1]:2"),
    )
    assert (config.limits.recipients, config.limits.idle_seconds) == (7, 2.5)
    assert config.limits.message_size == 2**20


@pytest.mark.parametrize(
    ("name", "said", "expected"),
    [
        ("BCCD_DEMO", "maybe", "BCCD_DEMO: must be true or false"),
        ("BCCD_LIMITS__RECIPIENTS", "many", "BCCD_LIMITS__RECIPIENTS: must be a whole number"),
        ("BCCD_LIMITS__IDLE_SECONDS", "x", "BCCD_LIMITS__IDLE_SECONDS: must be a number of seconds"),
        (
            "BCCD_LISTEN__SMPT",
            "x",
            "environment: BCCD_LISTEN__SMPT: no such option; did you mean BCCD_LISTEN__SMTP?",
        ),
        ("BCCD_DATADIR", "x", "environment: BCCD_DATADIR: no such option; did you mean BCCD_DATA_DIR?"),
        ("BCCD_QQ__ZZ", "x", "environment: BCCD_QQ__ZZ: no such option"),
    ],
)
def test_mistakes_of_the_environment_are_told(name: str, said: str, expected: str) -> None:
    """A variable that is wrong, or only resembles an option, is told by its own name."""
    assert mistakes(None, {name: said}) == [expected]


def test_other_variables_are_left_alone() -> None:
    """A variable of the tests or of the command line is no option."""
    load(None, {"BCCD_REQUIRE_ALL": "1", "BCCD_CONFIG": "/x", "BCCD_TEST_PG_DSN": "x"})


def test_a_secret_comes_from_a_credential_file(tmp_path: Path) -> None:
    """systemd's credential beats the file, and the environment beats both."""
    url = "postgresql://bccd:pass@db/bccd"
    (tmp_path / "database.url").write_text(url + "\n", encoding="utf-8")
    path = write(tmp_path, '[database]\nurl = "postgresql://db/other"\n')
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert load(path, environ).database.url == url
    assert load(path, environ | {"BCCD_DATABASE__URL": "postgresql:///e"}).database.url == "postgresql:///e"


def test_a_credential_file_takes_the_place_of_a_file(tmp_path: Path) -> None:
    """A certificate, a key and the signing secret may be credentials; the environment beats them, too."""
    for name in ("tls.certificate", "tls.key", "secret_file"):
        (tmp_path / name).touch()
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path), "BCCD_TLS__KEY": "/etc/key.pem"}
    config = load(write(tmp_path, '[tls]\ncertificate = "/etc/cert.pem"\n'), environ)
    assert config.tls == Tls(f"{tmp_path}/tls.certificate", "/etc/key.pem")
    assert config.secret_file == f"{tmp_path}/secret_file"


def test_a_bad_credential_file_is_told(tmp_path: Path) -> None:
    """A credential that is wrong is told by its path and without its text."""
    (tmp_path / "database.url").write_text("hunter2", encoding="utf-8")
    told = mistakes(None, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert len(told) == 1 and "must begin with postgresql://" in told[0] and "hunter2" not in told[0]
    (tmp_path / "database.url").write_bytes(b"\xff")
    assert "cannot be read" in mistakes(None, {"CREDENTIALS_DIRECTORY": str(tmp_path)})[0]


def test_secrets_are_not_shown() -> None:
    """Neither the printed tree nor the list of values in force holds a secret."""
    config = load(None, {"BCCD_DATABASE__URL": "postgresql://b:hunter2@h/b"})
    assert "hunter2" not in repr(config)
    assert "hunter2" not in str(effective(config))
    assert effective(config)["database.url"] == "(set)"


def test_check_sees_contradictions() -> None:
    """A tree built by code can be checked like one from a file."""
    check(Config())
    with pytest.raises(ConfigError, match="retry_max_seconds"):
        check(Config(filing=Filing(retry_first_seconds=2, retry_max_seconds=1)))


def test_every_default_is_of_its_own_kind() -> None:
    """What is written down as the default is accepted as a value, and comes back the same."""
    for section, name, item, known in settings():
        written = tomllib.loads(f"x = {known.kind.write(item.default)}")["x"]
        assert known.kind.read(written) == item.default, dotted(section, name)


@pytest.mark.parametrize(
    ("octets", "shown"), [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (3 * 2**30, "3 GiB")]
)
def test_sizes_are_shown_in_their_largest_unit(octets: int, shown: str) -> None:
    """A size is written so that it can be read back and by people."""
    assert show_size(octets) == shown


def test_passwords_need_a_certificate() -> None:
    """Where users log in there must be TLS, and a key belongs to a certificate."""
    listen = Listen(submission=("127.0.0.1:587",), smtps=("127.0.0.1:465",))
    with pytest.raises(ConfigError) as raised:
        check(Config(listen=listen, tls=Tls(key="/etc/key.pem")))
    assert [mistake.partition(":")[0] for mistake in raised.value.mistakes] == [
        "listen.submission",
        "listen.smtps",
        "tls.key",
    ]
    check(Config(listen=replace(listen, smtp=(), lmtp=()), tls=Tls("/etc/mx.pem")))
