"""The command line on a small company of its own: answers, sentences, exit codes."""

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from bccd.cli import main, writes
from bccd.cli.base import EXIT_MEANINGS, Exit, exit_code, safe
from bccd.cli.reference import reference
from bccd.door import FolderHeldError, hold
from bccd.model.errors import BccdError, ConfigError, MistakeError, SchemaError, StorageFullError
from bccd.store.rethread import Difference

ROOT = Path(__file__).parents[3]
COMPANY = {
    "company": {"slug": "acme", "name": "Acme", "addresses": ["drop@in.acme.example"]},
    "organisations": [{"external_id": "o1", "name": "Fish", "domains": ["fish.example"]}],
    "users": [
        {"external_id": "u1", "name": "Ann", "login": "ann@acme.example"},
        {"external_id": "u2", "name": "Bob", "login": "bob@acme.example", "unconfirmed": ["b@home.example"]},
    ],
    "contacts": [
        {"external_id": "c1", "name": "Eve", "addresses": ["eve@fish.example"], "organisation": "o1"}
    ],
    "deals": [{"external_id": "7", "title": "Nets", "contacts": ["c1"]}],
    "never_log": ["@pay.example"],
}
MAIL = b"""From: Ann <ann@acme.example>\r
To: Eve <eve@fish.example>\r
Subject: Nets \x1b[31m\r
Message-ID: <1@acme.example>\r
Date: Mon, 2 Mar 2026 10:00:00 +0000\r
\r
Here they are.\r
"""

Run = Callable[..., Result]
command = import_module("bccd.cli.rethread")  # the package has the command under this name


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose data folder is the test's own."""
    path = tmp_path / "bccd.toml"
    trust = '[trust]\nnetworks = ["127.0.0.1"]\n'
    path.write_text(f'data_dir = "{tmp_path}/data"\n{trust}', encoding="utf-8")
    return path


@pytest.fixture
def run(config: Path) -> Run:
    """Call the command line with that configuration."""

    def call(*words: str, given: str | None = None) -> Result:
        return CliRunner(env={"BCCD_CONFIG": str(config)}).invoke(main, words, input=given)

    return call


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a database and a company in it, to be copied."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "bccd.toml").write_text(f'data_dir = "{folder}/data"\n', encoding="utf-8")
    (folder / "company.json").write_text(json.dumps(COMPANY), encoding="utf-8")
    for words in (["migrate"], ["directory", "load", str(folder / "company.json")]):
        done = CliRunner(env={"BCCD_CONFIG": str(folder / "bccd.toml")}).invoke(main, words)
        assert done.exit_code == 0, done.stderr
    return folder


@pytest.fixture
def company(run: Run, made: Path, tmp_path: Path) -> Run:
    """The command line with a database and a company in it."""
    shutil.copytree(made / "data", tmp_path / "data")
    shutil.copy(made / "company.json", tmp_path)
    return run


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def refused(result: Result, code: Exit) -> str:
    """The one sentence of a command that ended with this code and said nothing else."""
    assert (result.exit_code, result.stdout) == (code, ""), result.stderr
    lines = result.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("bccd: ")
    return lines[0].removeprefix("bccd: ")


# ---- the frame -------------------------------------------------------------------------------------------


def test_the_reference_is_current() -> None:
    """docs/reference/cli.md is what the commands make of it."""
    assert (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8") == reference(main)


def leaves(group: click.Group, path: Sequence[str] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, command in group.commands.items():
        here = (*path, name)
        found += leaves(command, here) if isinstance(command, click.Group) else [here]
    return found


@pytest.mark.parametrize("path", leaves(main), ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...]) -> None:
    """Each has --help, --json and --config, and a help text of more than a line or options that have one."""
    done = CliRunner().invoke(main, [*path, "--help"])
    assert done.exit_code == 0
    for word in ("--json", "--config", "Usage:"):
        assert word in done.stdout


def test_every_exit_code_is_documented() -> None:
    """The table of codes names all of them, each with its own meaning."""
    assert set(EXIT_MEANINGS) == set(Exit) and len(set(EXIT_MEANINGS.values())) == len(Exit)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError(["x"]), 3),
        (StorageFullError("x"), 4),
        (SchemaError("x"), 4),
        (MistakeError("x"), 6),
        (FolderHeldError("x"), 7),
        (BccdError("x"), 1),
    ],
)
def test_each_failure_has_its_code(error: BccdError, code: int) -> None:
    """Scripts can tell by the code what went wrong."""
    assert exit_code(error) == code


def test_a_wrong_command_line_is_usage(run: Run) -> None:
    """An unknown command and an unknown option end with code 2."""
    assert run("fly").exit_code == 2
    assert run("queue", "list", "--state", "lost").exit_code == 2


def test_what_comes_from_mail_cannot_move_the_cursor() -> None:
    """Escape sequences are printed as text."""
    assert safe("a\x1b[31m\u202eb\nc") == "a\\x1b[31m\\x202eb\nc"


# ---- configuration and schema ----------------------------------------------------------------------------


def test_check_config_lists_every_mistake(run: Run, config: Path) -> None:
    """Each mistake is a line on standard error, and the code is 3."""
    config.write_text('data_dir = "x"\nfoo = 1\n', encoding="utf-8")
    done = run("check-config")
    assert (done.exit_code, done.stdout) == (3, "")
    assert done.stderr.splitlines() == [
        f"bccd: {config}: foo: no such option",
        f"bccd: {config}: data_dir: must be an absolute path",
    ]


def test_check_config_says_what_holds(run: Run, config: Path, tmp_path: Path) -> None:
    """With --all every value in force is listed; --config and --json may stand on either side."""
    assert "no mistakes" in run("check-config").stdout
    assert "36" in run("check-config", "--all").stdout
    told = answer(CliRunner().invoke(main, ["--json", "--config", str(config), "check-config", "--all"]))
    assert told["values"]["data_dir"] == f"{tmp_path}/data"


def test_check_config_prints_the_sample(run: Run) -> None:
    """The sample is the file that is shipped."""
    assert run("check-config", "--sample").stdout == (ROOT / "config" / "bccd.toml").read_text(
        encoding="utf-8"
    )


def test_migrate_is_idempotent(run: Run, tmp_path: Path) -> None:
    """It makes the database, and changes nothing the second time."""
    assert answer(run("migrate", "--json"))["migrated"] is True
    assert run("migrate").exit_code == 0
    assert (tmp_path / "data" / "bccd.db").exists()


def put_row(path: Path, table: str) -> None:
    """Put a row into a table, of whatever its checks allow."""
    odd = {"state": "'failed'", "path": "NULL"}
    with closing(sqlite3.connect(path)) as made, made:
        values = [odd.get(name, "1") for _, name, *_ in made.execute(f"PRAGMA table_info({table})")]
        made.execute(f"INSERT INTO {table} VALUES ({', '.join(values)})")  # noqa: S608


@pytest.mark.parametrize("left", ["none", "empty"])
@pytest.mark.parametrize("gone", ["bccd.db", "spool.db"])
def test_a_lost_file_is_not_made_anew_without_a_word(run: Run, tmp_path: Path, gone: str, left: str) -> None:
    """Neither `migrate` nor `serve` goes on until it is said; where nothing was in it nothing is lost."""
    answer(run("migrate", "--json"))
    other, table, sentence = {
        "bccd.db": ("spool.db", "raw_mail", "the spool has mail: the directory and all that was filed"),
        "spool.db": ("bccd.db", "delivery", "has deliveries: mail that was not filed yet, and the octets"),
    }[gone]
    path = tmp_path / "data" / gone

    def lose() -> None:
        path.unlink()
        if left == "empty":
            path.touch()

    lose()
    assert answer(run("migrate", "--json"))["migrated"] is True
    put_row(path.with_name(other), table)
    lose()
    for words in (["migrate"], ["migrate", "--no-check"], ["serve"], ["queue", "list"]):
        told = refused(run(*words), Exit.DATABASE)
        assert sentence in told and "bccd migrate --anew" in told
    assert path.exists() == (left == "empty")
    done = run("migrate", "--anew")
    assert done.exit_code == 0 and sentence in done.stderr and "made anew" in done.stderr
    again = run("migrate", "--anew")
    assert (again.exit_code, again.stderr) == (0, "")
    assert run("migrate").exit_code == 0


def test_migrate_waits_for_nobody(run: Run, tmp_path: Path) -> None:
    """While another bccd holds the folder the schema is not touched."""
    with hold(tmp_path / "data"):
        assert "another bccd already works on" in refused(run("migrate"), Exit.BUSY)


def test_migrate_tells_a_folder_that_cannot_be(run: Run, config: Path, tmp_path: Path) -> None:
    """A data_dir below a file is one sentence."""
    config.write_text(f'data_dir = "{tmp_path}/bccd.toml/data"\n', encoding="utf-8")
    assert "cannot make data_dir" in refused(run("migrate"), Exit.FAILED)


@pytest.mark.parametrize(
    "words",
    [("serve",), ("queue", "list"), ("directory", "list", "user"), ("explain", "0" * 13)],
    ids=" ".join,
)
def test_without_a_database_migrate_is_named(run: Run, words: tuple[str, ...]) -> None:
    """Whoever forgot it is told, with code 4."""
    assert "run `bccd migrate` first" in refused(run(*words), Exit.DATABASE)


# ---- the directory ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["company", "user", "contact", "organisation", "deal", "never_log"])
def test_what_was_loaded_is_listed(company: Run, kind: str) -> None:
    """Each kind is listed as a table and as JSON."""
    rows = answer(company("directory", "list", kind, "--json"))
    assert len(rows) == (2 if kind == "user" else 1)
    assert str(next(iter(rows[0].values()))) in company("directory", "list", kind).stdout


def test_a_setting_of_the_company_is_changed_alone(company: Run) -> None:
    """`directory add company` names one; the others and what the company had before stay."""
    (before,) = answer(company("directory", "list", "company", "--json"))
    words = [word for address in before["addresses"] for word in ("--addresses", address)]
    same = ("directory", "add", "company", "--slug", before["slug"], "--name", before["name"], *words)
    answer(company(*same, "--several-contacts", "ask", "--free-mail", "klub.example", "--json"))
    answer(company(*same, "--max-new-contacts", "5", "--json"))
    (after,) = answer(company("directory", "list", "company", "--json"))
    named = {"several_contacts": "ask", "free_mail": ["klub.example"], "max_new_contacts": 5}
    assert after == before | named
    shown = company("directory", "list", "company").stdout
    assert "several_contacts" in shown
    assert "klub.example" in shown
    answer(company(*same, "--free-mail", "", "--json"))
    assert answer(company("directory", "list", "company", "--json"))[0]["free_mail"] == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--access", "mapped"), "access: mapped: is reserved"),
        (("--several-contacts", "some"), "several_contacts: some: must be one of best, all, ask"),
    ],
)
def test_a_wrong_setting_is_refused(company: Run, words: tuple[str, str], sentence: str) -> None:
    """With the setting, the value and what would be right."""
    done = company("directory", "add", "company", "--slug", "seller", "--name", "Seller", *words)
    assert sentence in refused(done, Exit.MISTAKE)


def test_loading_again_changes_nothing(company: Run, tmp_path: Path) -> None:
    """A load is idempotent by external id."""
    counts = answer(company("directory", "load", str(tmp_path / "company.json"), "--json"))
    assert set(counts.values()) == {0}


def test_a_csv_is_loaded(company: Run, tmp_path: Path) -> None:
    """A CSV with a byte order mark and the kind given on the command line."""
    path = tmp_path / "contacts.csv"
    path.write_text("\ufeffexternal_id,name,addresses\nc2,Zoë,z@x.example\n", encoding="utf-8")
    assert answer(company("directory", "load", "--json", "--kind", "contact", str(path))) == {"contact": 1}


def test_what_was_loaded_is_told_in_words(company: Run, tmp_path: Path) -> None:
    """One record is one of its kind, any other number is several."""
    path = tmp_path / "more.json"
    for contacts, entries, told in (
        (["c7", "c8"], ["@gone.example"], "Done: 2 contacts, 1 never-log entry."),
        (["c7", "c9"], [], "Done: 1 contact."),
        (["c7"], [], "Done: 0 contacts."),
        ([], [], "Done: the file holds no record."),
    ):
        records = {
            "contacts": [{"external_id": id_, "name": f"The {id_}"} for id_ in contacts],
            "never_logs": [{"entry": entry} for entry in entries],
        }
        path.write_text(json.dumps(records), encoding="utf-8")
        assert company("directory", "load", str(path)).stdout == f"{told}\n"


def test_what_a_load_did_besides_is_told_in_words(company: Run) -> None:
    """An address that is no longer unconfirmed is told of, and the mail that waited for it."""
    fay = ("directory", "add", "user", "--external-id", "fay", "--name", "Fay", "--login", "fay@example.com")
    company(*fay, "--unconfirmed", "fay@private.example")
    assert (
        company(*fay, "--alternatives", "fay@private.example").stdout
        == "Done: 1 user, 1 address confirmed.\n"
    )


def test_mistakes_of_a_file_are_listed_and_nothing_is_loaded(company: Run, tmp_path: Path) -> None:
    """Form and references are checked for the whole file."""
    path = tmp_path / "contacts.csv"
    path.write_text("kind,external_id,name,addresses\ncontact,c2,,x\ncontact,c3,n,y@\n", encoding="utf-8")
    done = company("directory", "load", str(path))
    assert (done.exit_code, done.stderr.count("\n")) == (6, 3)
    assert all(line.startswith("bccd: contacts.csv: row ") for line in done.stderr.splitlines())
    path.write_text("kind,external_id,name,owner\ncontact,c2,,u1\ncontact,c3,Bad,u9\n", encoding="utf-8")
    told = json.loads(company("directory", "load", "--json", str(path)).stdout)["mistakes"]
    assert told == [
        "contacts.csv: row 2: name: is missing",
        "contacts.csv: row 3: owner: there is no user u9",
    ]
    path.write_text("kind,external_id,name,owner\ncontact,c2,Good,u1\ncontact,c3,Bad,u9\n", encoding="utf-8")
    assert "row 3: owner: there is no user u9" in refused(
        company("directory", "load", str(path)), Exit.MISTAKE
    )
    assert len(answer(company("directory", "list", "contact", "--json"))) == 1


def test_users_are_listed_with_their_numbers(company: Run) -> None:
    """A user can be named by his number, his external id, or any address of his."""
    rows = answer(company("directory", "list", "user", "--json"))
    assert next(iter(rows[0])) == "number"
    number = next(row["number"] for row in rows if row["external_id"] == "u1")
    for said in (str(number), "u1", "ann@acme.example"):
        assert f"that {said} may see" in refused(company("show", "1", "--as", said), Exit.NOT_FOUND)


def test_a_number_that_is_anothers_id_is_no_name(company: Run) -> None:
    """Where it could be either, nobody is guessed."""
    rows = answer(company("directory", "list", "user", "--json"))
    number = next(str(row["number"]) for row in rows if row["external_id"] == "u1")
    words = ("--external-id", number, "--name", "Cy", "--login", "cy@acme.example")
    assert company("directory", "add", "user", *words).exit_code == 0
    assert "name an address" in refused(company("show", "1", "--as", number), Exit.MISTAKE)


def test_a_login_that_is_a_contacts_is_told(company: Run) -> None:
    """Nobody is a user and a customer at once."""
    words = ("--external-id", "u3", "--name", "Eve", "--login", "eve@fish.example")
    said = refused(company("directory", "add", "user", *words), Exit.MISTAKE)
    assert said == "user: eve@fish.example is an address of contact c1"
    words = ("--external-id", "c3", "--name", "Ann", "--addresses", "ann@acme.example")
    said = refused(company("directory", "add", "contact", *words), Exit.MISTAKE)
    assert said == "contact: addresses: ann@acme.example is an address of user u1"


def test_a_file_that_cannot_be_read_is_told(company: Run, tmp_path: Path) -> None:
    """A missing file is one sentence."""
    assert "cannot be read" in refused(company("directory", "load", str(tmp_path / "none.csv")), Exit.MISTAKE)


def test_a_record_is_added_and_updated(company: Run) -> None:
    """add takes each column as an option, and the same external id updates."""
    words = ("directory", "add", "contact", "--external-id", "c9", "--addresses", "a@x.example")
    assert company(*words, "--name", "New", "--addresses", "b@x.example").exit_code == 0
    assert company(*words, "--name", "Newer").exit_code == 0
    (found,) = [
        r for r in answer(company("directory", "list", "contact", "--json")) if r["external_id"] == "c9"
    ]
    assert (found["name"], found["addresses"]) == ("Newer", ["a@x.example"])


def test_a_second_company_must_be_named(company: Run) -> None:
    """With two companies a command says which one it means."""
    words = (
        "directory",
        "add",
        "company",
        "--slug",
        "beta",
        "--name",
        "Beta",
        "--addresses",
        "in@beta.example",
    )
    assert company(*words).exit_code == 0
    assert "say which company with --company" in refused(company("directory", "list", "user"), Exit.MISTAKE)
    assert answer(company("directory", "list", "user", "--company", "beta", "--json")) == []
    assert "There is no user." in company("directory", "list", "user", "--company", "beta").stdout
    assert "no company gamma" in refused(
        company("directory", "list", "user", "--company", "gamma"), Exit.NOT_FOUND
    )


def test_without_a_company_nothing_is_listed(run: Run) -> None:
    """An empty database says what to do."""
    assert run("migrate").exit_code == 0
    assert "directory add company" in refused(run("directory", "list", "user"), Exit.NOT_FOUND)


# ---- explain, show, queue --------------------------------------------------------------------------------


@pytest.fixture
def mail(tmp_path: Path) -> str:
    """A mail as a file."""
    path = tmp_path / "mail.eml"
    path.write_bytes(MAIL)
    return str(path)


def test_a_file_is_explained_by_the_rules(company: Run, mail: str) -> None:
    """What the rules would decide is told with its reasons, and nothing is written."""
    told = answer(company("explain", mail, "--json"))
    assert told["mail"]["message_id"] == "1@acme.example"
    assert (told["would"]["state"], told["would"]["direction"]) == ("filed", "outgoing")
    assert ("deal", "linked") in [(step["rule"], step["verdict"]) for step in told["would"]["steps"]]
    text = company("explain", mail).stdout
    assert "Would be filed" in text and "\x1b" not in text
    assert answer(company("explain", mail, "--json"))["would"]["joins_conversation"] is False


def test_who_sent_a_file_is_looked_into_if_it_is_said_who_hands_it_in(company: Run, mail: str) -> None:
    """Without --peer that is taken as proven, and said so."""
    text = company("explain", mail).stdout
    assert "Not checked: who sent it" in text
    assert answer(company("explain", mail, "--json"))["would"]["sender_checked"] is False
    assert "is no IP address" in refused(company("explain", mail, "--peer", "here"), Exit.MISTAKE)
    for wrong in (("explain", mail, "--mail-from", "a@b.example"), ("explain", "0" * 13, "--peer", "::1")):
        assert company(*wrong).exit_code == Exit.USAGE


def test_a_file_of_unix_is_explained_as_it_was_sent(company: Run, mail: str, tmp_path: Path) -> None:
    """A mail saved with LF line ends is decided as the same mail with CRLF."""
    unix = tmp_path / "unix.eml"
    unix.write_bytes(MAIL.replace(b"\r\n", b"\n"))
    found = [answer(company("explain", path, "--json"))["would"] for path in (mail, str(unix))]
    assert found[0]["state"] == "filed" and found[0] == found[1]


def test_a_file_can_be_explained_as_somebody_elses(company: Run, mail: str) -> None:
    """--as and --to change who sent it and to which address; an unconfirmed alias would be held."""
    private = answer(
        company("explain", mail, "--json", "--to", "drop+private@in.acme.example", "--as", "bob@acme.example")
    )
    assert ("sharing", "private") in [(step["rule"], step["verdict"]) for step in private["would"]["steps"]]
    held = answer(company("explain", mail, "--json", "--as", "b@home.example"))
    assert (held["would"]["state"], held["would"]["reason"]) == ("held", "unconfirmed_address")
    assert "no such user" in refused(company("explain", mail, "--as", "x@y.example"), Exit.NOT_FOUND)
    assert "no such company address" in refused(
        company("explain", mail, "--to", "x@y.example"), Exit.NOT_FOUND
    )


def test_a_file_of_a_known_outsider_would_wait(company: Run, tmp_path: Path) -> None:
    """A contact's own mail is held for a user; a stranger's is held as such."""
    path = tmp_path / "own.eml"
    for sender, reason in (("eve@fish.example", "customer_reply"), ("x@y.example", "unknown_sender")):
        path.write_bytes(MAIL.replace(b"Ann <ann@acme.example>", sender.encode()))
        would = answer(company("explain", str(path), "--json"))["would"]
        assert (would["state"], would["reason"]) == ("held", reason)


def test_a_file_is_read_without_a_database(run: Run, mail: str) -> None:
    """Then only what was read is shown, and why no rule was asked."""
    assert answer(run("explain", mail, "--json"))["would"] is None
    assert "No rule was asked: there is no database" in run("explain", mail).stdout
    assert "bccd migrate" in refused(run("explain", mail, "--as", "x@y.example"), Exit.DATABASE)


def test_a_file_is_read_without_a_company(run: Run, mail: str) -> None:
    """A database without a company, or with several, is no reason to show nothing."""
    assert run("migrate").exit_code == 0
    told = answer(run("explain", mail, "--json"))
    assert told["mail"]["message_id"] == "1@acme.example" and told["would"] is None
    assert "say to which company address" in told["why_not"]


HELD = ("--state", "held")


@pytest.mark.parametrize(
    "words",
    [
        (),
        HELD,
        ("--older-than", "3d"),
        ("0" * 13, *HELD, "--older-than", "3d"),
        (*HELD, "--older-than", "soon"),
        ("--state", "received", "--older-than", "3d"),
    ],
    ids=" ".join,
)
def test_what_to_delete_must_be_said(company: Run, words: tuple[str, ...]) -> None:
    """Ids, or a state and an age; never both, never half, never what still waits."""
    assert company("queue", "delete", "--yes", *words).exit_code == 2


def test_nothing_old_is_nothing_deleted(company: Run) -> None:
    """An empty queue is no failure, and nobody is asked."""
    assert answer(company("queue", "delete", "--json", "--state", "held", "--older-than", "12h")) == {
        "deleted": []
    }


def test_nothing_to_explain_is_told(company: Run) -> None:
    """Neither a file nor an id, and an id of nothing; a number is an id as the tables have it."""
    assert "neither a delivery id nor a readable file" in refused(company("explain", "nix"), Exit.MISTAKE)
    assert "there is no delivery 0000000000018" in refused(company("explain", "40"), Exit.NOT_FOUND)
    assert "there is no delivery 0000000000001" in refused(
        company("explain", "0000000000001"), Exit.NOT_FOUND
    )
    latest = str(2**63 - 1)  # as long as such numbers get
    assert "there is no delivery 7zz" in refused(company("explain", latest), Exit.NOT_FOUND)
    assert "there is no delivery 7zz" in refused(company("queue", "show", latest), Exit.NOT_FOUND)
    assert "neither a delivery id" in refused(company("explain", str(2**63)), Exit.MISTAKE)


def test_a_conversation_that_is_not_there_is_not_found(company: Run) -> None:
    """So is a viewer who is not there."""
    assert "no conversation 1" in refused(company("show", "1", "--as", "ann@acme.example"), Exit.NOT_FOUND)
    assert "no such user" in refused(company("show", "1", "--as", "x@y.example"), Exit.NOT_FOUND)


def test_an_empty_queue_is_told(company: Run) -> None:
    """Nothing waits, and nothing can be shown, retried or deleted."""
    assert "Nothing waits." in company("queue", "list").stdout
    assert answer(company("queue", "list", "--json")) == []
    for words in (("show", "0" * 13), ("show", "--raw", "0" * 13)):
        assert "there is no" in refused(company("queue", *words), Exit.NOT_FOUND)
    for words in (("retry", "0" * 13), ("delete", "--yes", "0" * 13)):
        assert "is not in the queue" in refused(company("queue", *words), Exit.MISTAKE)
    assert "is no delivery id" in refused(company("queue", "show", "x"), Exit.NOT_FOUND)


def test_delete_asks_first(company: Run) -> None:
    """Without --yes nothing is deleted unless the user says so."""
    done = company("queue", "delete", "0" * 13, given="n\n")
    assert done.exit_code == 1 and "Delete 1 mail for good?" in done.stderr


def test_writes_are_refused_while_a_daemon_starts(
    company: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder held by a bccd that opens no door is told as busy, after a little patience."""
    monkeypatch.setattr(writes, "_PATIENCE", 0.1)
    with hold(tmp_path / "data"):
        words = ("directory", "add", "never-log", "--entry", "x@y.example")
        assert "another bccd already works on" in refused(company(*words), Exit.BUSY)


# ---- conversations ---------------------------------------------------------------------------------------


def test_conversations_that_stand_as_they_should_stay(company: Run) -> None:
    """rethread tells so, with --dry-run and without; a company that is not there is not found."""
    nothing = {"company": "acme", "conversations": 0, "messages": 0, "moves": []}
    assert answer(company("rethread", "--dry-run", "--json")) == nothing | {"dry_run": True}
    assert answer(company("rethread", "--json")) == nothing | {"dry_run": False}
    assert company("rethread").stdout == "All conversations of acme stand as they should.\n"
    assert "no company x" in refused(company("rethread", "--company", "x"), Exit.NOT_FOUND)


def test_moves_are_told(company: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with where it goes, piece after piece; a long list is cut for people, not for programs."""
    told = [Difference(1, 7, (1, 2), 5), Difference(1, 8, (3,), 0)]
    monkeypatch.setattr(command, "would_move", lambda *_: iter(told))
    shown = company("rethread", "--dry-run").stdout
    assert re.search(r"^7 +2 +5 *$", shown, re.MULTILINE)
    assert re.search(r"^8 +1 +a new one *$", shown, re.MULTILINE)
    assert "3 messages of 2 conversations would move." in shown
    pieces = {0: ([[7, 5, 2]], 7), 7: ([[n, n + 1000, 1] for n in range(100, 150)], 150), 150: ([], 0)}

    def do(_: object, operation: str, arguments: Mapping[str, int]) -> object:
        assert operation == "rethread"
        moved, after = pieces[arguments["after"]]
        return {"moved": moved, "after": after}

    monkeypatch.setattr(writes, "do", do)
    shown = company("rethread").stdout
    assert "... and 1 more; --json lists all." in shown
    assert "52 messages of 51 conversations moved." in shown
    assert len(answer(company("rethread", "--json"))["moves"]) == 51


# ---- addresses


def test_addresses_are_given_out(company: Run, tmp_path: Path) -> None:
    """A company's address, a user's secret ones and a deal's signed one, each as text and as a vCard."""
    secret = company("address", "user", "acme", "ann@acme.example").stdout.strip()
    assert re.fullmatch(r"drop\+u[a-z2-7]{26}@in\.acme\.example", secret)
    assert company("address", "user", "acme", "u1").stdout.strip() == secret, "it stays the same"
    other = answer(company("address", "user", "acme", "u1", "--rotate", "--days", "7", "--json"))["address"]
    assert other != secret
    assert company("address", "user", "acme", "u1").stdout.strip() == other
    forward = company("address", "user", "acme", "u1", "--forward").stdout.strip()
    assert re.fullmatch(r"drop\+fw[a-z2-7]{26}@in\.acme\.example", forward)
    deal = company("address", "deal", "acme", "7").stdout.strip()
    assert re.fullmatch(r"drop\+d[a-z2-7]{20,60}@in\.acme\.example", deal)
    assert company("explain", str(_mail_file(tmp_path)), "--as", "u1", "--to", deal).exit_code == 0
    incoming = tmp_path / "incoming.eml"
    incoming.write_bytes(MAIL.replace(b"Ann <ann@acme.example>", b"Eve <eve@fish.example>"))
    told = answer(company("explain", str(incoming), "--to", forward, "--json"))["would"]
    assert (told["state"], told["direction"]) == ("filed", "incoming")
    listed = company("address", "list", "acme")
    assert "secret: forward" in listed.stdout and "Ann" in listed.stdout
    assert not any(one in listed.stdout for one in (secret, other, forward))
    for words, address in (
        ([], "drop@in.acme.example"),
        (["--user", "u1"], other),
        (["--user", "u1", "--forward"], forward),
        (["--deal", "7"], deal),
    ):
        card = company("address", "vcard", "acme", *words, "--version", "4.0").stdout_bytes
        assert card.startswith(b"BEGIN:VCARD\r\nVERSION:4.0\r\n")
        assert f"EMAIL;TYPE=work;PREF=1:{address}".encode() in card.replace(b"\r\n ", b"")
    assert answer(company("address", "user", "acme", "u1", "--revoke", "--json")) == {"revoked": 2}
    assert "`bccd address user`" in refused(
        company("address", "vcard", "acme", "--user", "u1"), Exit.NOT_FOUND
    )
    written = tmp_path / "acme.vcf"
    assert company("address", "vcard", "acme", "--output", str(written)).exit_code == 0
    assert b"VERSION:3.0" in written.read_bytes()


def _mail_file(folder: Path) -> Path:
    path = folder / "mail.eml"
    path.write_bytes(MAIL)
    return path


def test_an_address_is_replaced(company: Run, tmp_path: Path) -> None:
    """The answer names the new one and until when the old one works; a load does not bring it back."""
    done = answer(company("address", "rotate", "acme", "--new", "crm", "--days", "9", "--json"))
    assert (done["address"], done["old"]) == ("crm@in.acme.example", "drop@in.acme.example")
    listed = answer(company("address", "list", "--json"))
    assert [(row["address"], bool(row["until"])) for row in listed] == [
        ("crm@in.acme.example", False),
        ("drop@in.acme.example", True),
    ]
    mail = _mail_file(tmp_path)
    assert answer(company("explain", str(mail), "--as", "u1", "--json"))["would"]["state"] == "filed"
    again = company("address", "rotate", "acme", "--address", "drop@in.acme.example", "--unguessable")
    assert "was replaced already" in refused(again, Exit.MISTAKE)
    assert company("address", "rotate", "acme").exit_code == Exit.USAGE


@pytest.mark.parametrize(
    "words",
    [
        ["rotate", "acme", "--new", "x", "--unguessable"],
        ["user", "acme", "u1", "--rotate", "--revoke"],
        ["vcard", "acme", "--user", "u1", "--deal", "7"],
    ],
)
def test_what_addresses_exclude_each_other(run: Run, words: list[str]) -> None:
    """Two wishes that cannot both be done are a mistake of the command line."""
    assert run("address", *words).exit_code == Exit.USAGE


def test_what_is_not_there_has_no_address(company: Run) -> None:
    """A company, user or deal that is not known is not found."""
    for words in (["deal", "acme", "99"], ["user", "acme", "nobody"], ["list", "other"]):
        refused(company("address", *words), Exit.NOT_FOUND)
