"""bccd user: passwords by prompt or pipe, and what is told of them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bccd.cli import main
from bccd.cli.base import Exit
from bccd.store import logins
from bccd.store.engine import open_engine
from bccd.verify import passwords
from tests import certificate

Run = Callable[..., Result]
ANN = "ann@acme.example"
COMPANY = {
    "company": {"slug": "acme", "name": "Acme", "addresses": ["drop@in.acme.example"]},
    "users": [
        {"external_id": "u1", "name": "Ann", "login": ANN},
        {"external_id": "u2", "name": "Bob", "login": "bob@acme.example"},
    ],
}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the command line of a company with two users."""
    monkeypatch.setattr(passwords, "MEMORY_KIB", 64)
    config, people = tmp_path / "bccd.toml", tmp_path / "people.json"
    config.write_text(f'data_dir = "{tmp_path}/data"\n', encoding="utf-8")
    people.write_text(json.dumps(COMPANY), encoding="utf-8")

    def call(*words: str, said: str = "", code: Exit = Exit.OK) -> Result:
        done = CliRunner().invoke(main, [*words, "--config", str(config)], input=said)
        assert done.exit_code == code, done.output + done.stderr
        return done

    call("migrate")
    call("directory", "load", str(people))
    return call


def test_the_life_of_a_password(run: Run, tmp_path: Path) -> None:
    """A password is read from standard input, kept as a hash, listed without it, and taken back."""
    engine = open_engine(f"sqlite:///{tmp_path}/data/bccd.db")
    assert run("user", "list").stdout == "Nobody has a password.\n"
    run("user", "password", "acme", ANN, said="correct horse\n")
    run("user", "password", "acme", "u2", "--login", "Bob-Phone", said="battery staple\n")
    rows = json.loads(run("user", "list", "--company", "acme", "--json").stdout)
    assert [(row["name"], row["user"]) for row in rows] == [(ANN, "Ann"), ("bob-phone", "Bob")]
    for name, password in ((ANN, "correct horse"), ("bob-phone", "battery staple")):
        found = logins.find(engine, name)
        assert found is not None and found.active and passwords.matches(password, found.password)
        assert password not in found.password
    run("user", "disable", ANN.upper())
    assert "no: disabled" in run("user", "list").stdout
    run("user", "enable", ANN)
    assert "no:" not in run("user", "list").stdout
    run("user", "remove", ANN)
    assert logins.find(engine, ANN) is None
    engine.dispose()


def test_mistakes_have_sentences(run: Run) -> None:
    """A name that is taken, a short, long or unprintable password, nobody and no login are told apart."""
    run("user", "password", "acme", ANN, said="correct horse\n")
    told = [
        run("user", "password", "acme", "u2", "--login", ANN, said="x" * 8, code=Exit.MISTAKE),
        run("user", "password", "acme", ANN, said="short\n", code=Exit.MISTAKE),
        run("user", "password", "acme", ANN, said="x" * 513, code=Exit.MISTAKE),
        run("user", "password", "acme", ANN, said="tab\tinside it", code=Exit.MISTAKE),
        run("user", "password", "acme", "nobody@x.example", said="x" * 8, code=Exit.NOT_FOUND),
        run("user", "password", "none", ANN, said="x" * 8, code=Exit.NOT_FOUND),
        run("user", "disable", "nobody", code=Exit.NOT_FOUND),
        run("user", "remove", "nobody", code=Exit.NOT_FOUND),
    ]
    words = ["another user's login", "at least 8", "at most 512", "control", "no such user"]
    words += ["no company none", "no login nobody", "no login nobody"]
    for done, word in zip(told, words, strict=True):
        assert word in done.stderr


def test_check_config_reads_the_certificate(run: Run, tmp_path: Path) -> None:
    """What is wrong with certificate or key is a mistake, what is odd a warning."""
    pem, key = certificate.make(tmp_path)
    config = tmp_path / "bccd.toml"
    text = f'data_dir = "{tmp_path}/data"\nhostname = "{{}}"\n[tls]\ncertificate = "{pem}"\nkey = "{key}"\n'
    config.write_text(text.format(certificate.HOST), encoding="utf-8")
    assert "tls" not in run("check-config").stderr
    config.write_text(text.format("other.example"), encoding="utf-8")
    assert "not for the hostname other.example" in run("check-config").stderr
    certificate.make(tmp_path, "other")[1].rename(key)
    assert "is not the key" in run("check-config", code=Exit.CONFIG).stderr


def test_check_config_reads_the_secret(run: Run, tmp_path: Path) -> None:
    """A secret that is short, open to others or no file is a mistake, told with those of the certificate."""
    secret, config = tmp_path / "secret", tmp_path / "bccd.toml"
    text = f'data_dir = "{tmp_path}/data"\nsecret_file = "{secret}"\n'
    config.write_text(text, encoding="utf-8")
    run("check-config")
    secret.write_bytes(b"x" * 31)
    secret.chmod(0o644)
    config.write_text(text + '[tls]\ncertificate = "/nowhere/c.pem"\n', encoding="utf-8")
    told = run("check-config", code=Exit.CONFIG).stderr
    assert all(word in told for word in ("others may read", "too short", "tls.certificate"))
    config.write_text(text, encoding="utf-8")
    assert "too short" in run("serve", code=Exit.CONFIG).stderr
    secret.unlink()
    secret.mkdir()
    assert "cannot be read: Is a directory" in run("check-config", code=Exit.CONFIG).stderr
