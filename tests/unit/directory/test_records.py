"""Master data from files: what is read, and how mistakes are told."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bccd.directory.records import KINDS, Record, RecordsError, build, dangling, read_csv, read_json
from bccd.directory.settings import SETTINGS
from bccd.model.policy import Policy

DEMO = Path(__file__).parents[3] / "bccd" / "_demo" / "directory.json"


def only(records: list[Record]) -> dict[str, Any]:
    (record,) = records
    return dict(record.values)


def mistakes(content: str, kind: str = "") -> list[str]:
    with pytest.raises(RecordsError) as caught:
        read_csv(content, kind)
    return caught.value.mistakes


def json_mistakes(document: object) -> list[str]:
    with pytest.raises(RecordsError) as caught:
        read_json(document if isinstance(document, str) else json.dumps(document))
    return caught.value.mistakes


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_of_one_kind_is_read(delimiter: str) -> None:
    """The delimiter is the one the header has; lists are separated by spaces or bars."""
    content = "external_id,name,addresses,organisation\r\nc1,Ewa Żak,EWA@X.example|e@y.example,o1\r\n"
    assert only(read_csv(content.replace(",", delimiter), "contact")) == {
        "external_id": "c1",
        "name": "Ewa Żak",
        "addresses": ("ewa@x.example", "e@y.example"),
        "organisation": "o1",
        "owner": "",
        "active": True,
    }


def test_a_csv_of_several_kinds_is_read() -> None:
    """A column "kind" tells what a row is; columns that its kind lacks stand empty."""
    content = (
        "kind,external_id,name,title,login,status\nusers,u1,Ann,,ann@x.example,\n\ndeal,D1,,Chairs,,WON\n"
    )
    user, deal = read_csv(content)
    assert (user.kind, user.row, user.values["login"]) == ("user", "row 2", "ann@x.example")
    assert (deal.kind, deal.row, deal.values["status"]) == ("deal", "row 4", "won")


def test_json_is_read_as_lists_by_kind() -> None:
    """Singular and plural names, one object or many, numbers and booleans."""
    records = read_json(
        json.dumps(
            {
                "company": {"slug": "x", "name": "X", "addresses": ["Drop@X.example"]},
                "users": [{"external_id": 7, "name": "Ann", "login": "a@x.example", "active": False}],
                "never_log": ["@payroll.example", "boss@x.example"],
            }
        )
    )
    assert [record.kind for record in records] == ["company", "user", "never_log", "never_log"]
    assert records[0].values["addresses"] == ("drop@x.example",)
    assert (records[1].values["external_id"], records[1].values["active"]) == ("7", False)
    assert [record.values["entry"] for record in records[2:]] == ["@payroll.example", "boss@x.example"]


def test_json_is_read_as_one_list() -> None:
    """Each object may carry its kind instead."""
    (record,) = read_json('[{"kind": "deals", "external_id": "D1", "title": "Chairs", "contacts": "c1 c2"}]')
    assert record.values["contacts"] == ("c1", "c2")


def test_a_byte_order_mark_and_quotes_are_read() -> None:
    """A spreadsheet's export is read as it is."""
    assert (
        only(read_csv('external_id,name\n1,"Miller, ""Hans"""\n', "organisation"))["name"] == 'Miller, "Hans"'
    )


def test_defaults_are_filled_in() -> None:
    """What is not said has the default of its column."""
    values = build("user", "row 1", {"external_id": "u", "name": "n", "login": "a@x.example"}).values
    assert (values["default_sharing"], values["active"], values["alternatives"]) == ("shared", True, ())


COMPANY = {"slug": "x", "name": "X"}


def test_settings_that_are_not_named_are_left_alone() -> None:
    """A company's record holds only those it names, so that loading it again resets nothing."""
    values = build("company", "row 1", COMPANY | {"access": "", "free_mail": ()}).values
    assert set(values) == {"slug", "name", "addresses", "internal_domains"}


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("several_contacts", "ASK", "ask"),
        ("multi_deal", "latest", "latest"),
        ("auto_link_deal", "no", False),
        ("auto_create_contact", False, False),
        ("create_role_contacts", True, True),
        ("organisation_deals", "yes", True),
        ("split_on_subject", "no", False),
        ("access", "Open", "open"),
        ("max_new_contacts", 0, "0"),
        ("free_mail", "klub.example hobby.example", ("klub.example", "hobby.example")),
        ("free_mail", [], ()),
        ("free_mail", ("",), ()),
    ],
)
def test_a_setting_is_read(name: str, given: object, value: object) -> None:
    """Words in any case, yes and no as words or JSON, an explicit empty list."""
    assert build("company", "row 1", COMPANY | {name: given}).values[name] == value


def test_every_setting_of_a_company_has_a_column() -> None:
    """What the rules ask of Policy can be set, and its default is the one that is told."""
    new = msgspec.to_builtins(Policy())
    assert set(SETTINGS) | {"internal_domains"} == set(new)
    for name, column in SETTINGS.items():
        assert column.setting
        told = build("company", "row 1", COMPANY | {name: column.default or []}).values[name]
        assert msgspec.convert(new | {name: told}, Policy, strict=False) == Policy()


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("several_contacts", "random", "random: must be one of best, all, ask"),
        ("multi_deal", "first", "first: must be one of ask, latest, all"),
        ("auto_link_deal", "1", "1: must be one of yes, no"),
        ("access", "mapped", "mapped: is reserved for a CRM that says who may see which contact; use open"),
        ("access", "closed", "closed: must be one of open"),
        ("max_new_contacts", "-1", "-1: must be a whole number from 0 to 999999"),
        ("free_mail", "co.uk", "co.uk: is a public suffix, anybody may have a domain below it"),
        (
            "internal_domains",
            "gmail.com",
            "gmail.com: is a mail provider's, anybody may have",
        ),
        ("several", "all", "no such column of a company; there are slug, name, "),
    ],
)
def test_a_wrong_setting_is_told(name: str, given: str, sentence: str) -> None:
    """The value that is wrong, and what would be right."""
    with pytest.raises(RecordsError) as caught:
        build("company", "row 1", COMPANY | {name: given})
    assert caught.value.mistakes[0].startswith(f"row 1: {name}: {sentence}")


@pytest.mark.parametrize(
    ("domain", "sentence"),
    [
        ("com.pl", "com.pl: is a public suffix, anybody may have a domain below it"),
        ("WP.pl", "WP.pl: is a mail provider's, anybody may have an address there"),
        ("mailinator.com", "mailinator.com: is a domain of disposable addresses, they are nobody's for long"),
    ],
)
def test_an_organisation_is_not_told_by_anybodys_domain(domain: str, sentence: str) -> None:
    """Rule 6.4: such a domain would make strangers the organisation's people."""
    with pytest.raises(RecordsError) as caught:
        build("organisation", "row 1", {"external_id": "o", "name": "n", "domains": [domain]})
    assert caught.value.mistakes == [f"row 1: domains: {sentence}"]


@pytest.mark.parametrize(
    ("content", "kind", "expected"),
    [
        ("", "contact", ["the file is empty"]),
        ("external_id,name\n1,\n", "organisation", ["row 2: name: is missing"]),
        ("external_id,name\na b,x\n", "organisation", ["row 2: external_id: a b: must be up to"]),
        ("external_id,name,nmae\n1,x,y\n", "organisation", ["row 2: nmae: no such column of an organi"]),
        ("external_id,name\n1,x,y\n", "organisation", ["row 2: has 3 fields, the header 2"]),
        ("external_id,name,domains\n1,x,nodot\n", "organisation", ["row 2: domains: nodot: is no domain"]),
        ("external_id,name,addresses\n1,x,a@\n", "contact", ["row 2: addresses: a@: is no mail address"]),
        ("external_id,name,active\n1,x,maybe\n", "contact", ["row 2: active: maybe: must be one of yes, no"]),
        ("external_id,title\nD-1,x\n", "deal", ["row 2: external_id: D-1: must be letters and digits"]),
        ("external_id,name\n1,x\n2,y\n1,z\n", "organisation", ["row 4: the same organisation as row 2: 1"]),
        ("external_id,name\n1,x\n", "", ["row 2: it is not said what it is: name its kind, one of company"]),
        ('external_id,name\n1,"x\n', "contact", ["row 2: unexpected end of data"]),
        ("external_id,name\n1,a\x07b\n", "contact", ["row 2: name: must not contain control characters"]),
        (f"external_id,name\n1,{'a' * 501}\n", "contact", ["row 2: name: must not be longer"]),
    ],
)  # fmt: skip
def test_mistakes_name_row_and_column(content: str, kind: str, expected: list[str]) -> None:
    """Each mistake says where it is and what would be right."""
    told = mistakes(content, kind)
    assert [line[: len(start)] for line, start in zip(told, expected, strict=True)] == expected


def test_all_mistakes_are_told_together() -> None:
    """A file of many mistakes is mended in one go."""
    assert len(mistakes("kind,external_id,name\nuser,,\ncontact,c,\nx,y,z\n")) == 5


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("{", "is not valid JSON"),
        ("[" * 100_000, "is not valid JSON"),
        (1, "the file: must hold an object of lists, or a list of objects"),
        ([1], "item 1: must be an object"),
        ({"users": ["x"]}, "users 1: must be an object"),
        ({"people": [{}]}, "people 1: people: no such kind"),
        ({"contacts": [{"external_id": "1", "name": ["x"]}]}, "contacts 1: name: must be text"),
        (
            {"contacts": [{"external_id": "1", "name": "x", "addresses": 1}]},
            "contacts 1: addresses: must be a list",
        ),
        (
            {"contacts": [{"external_id": "1", "name": "x", "addresses": [None]}]},
            "contacts 1: addresses: must be a list of texts",
        ),
    ],
)
def test_mistakes_of_json_are_told(document: object, expected: str) -> None:
    """A document of the wrong shape is told, whatever the shape."""
    (told,) = json_mistakes(document)
    assert told.startswith(expected)


@pytest.mark.parametrize("name", ["external-id", "External_ID", "external id"])
def test_columns_are_known_however_they_are_joined(name: str) -> None:
    """Options have hyphens, columns underscores, spreadsheets spaces: all three are read."""
    assert only(read_csv(f"{name},name\n1,x\n", "organisation"))["external_id"] == "1"


@pytest.mark.parametrize(
    ("key", "kind"),
    [("user", "user"), ("Users", "user"), ("never-log", "never_log"), ("organizations", "organisation")],
)
def test_kinds_are_known_in_singular_and_plural(key: str, kind: str) -> None:
    """A key of JSON may be either, in any case."""
    given = {"external_id": "1", "name": "n", "login": "a@x.example"}
    item: object = "a@x.example" if kind == "never_log" else given
    if kind == "organisation":
        item = {"external_id": "1", "name": "n"}
    assert [record.kind for record in read_json(json.dumps({key: [item]}))] == [kind]


def test_a_wrong_column_is_told_the_right_ones() -> None:
    """Whoever guessed wrong need not look them up."""
    (told,) = mistakes("external_id,name,mail\n1,x,a@x.example\n", "contact")
    assert told == (
        "row 2: mail: no such column of a contact; there are external_id, name, addresses, organisation,"
        " owner, active"
    )


def test_a_number_is_no_name() -> None:
    """A number where a name should be is a column that slipped; as an id it is read."""
    (told,) = json_mistakes({"contacts": [{"external_id": 1, "name": 12}]})
    assert told == "contacts 1: name: must be text in quotation marks"


def test_what_list_adds_can_be_loaded() -> None:
    """The number that `directory list` shows is no mistake, and changes nothing."""
    item = {"number": 7, "external_id": "u", "name": "n", "login": "a@x.example"}
    assert "number" not in only(read_json(json.dumps({"users": [item]})))


def test_references_are_checked_beside_mistakes() -> None:
    """A row with a mistake may be referred to; what nobody has is told for the rows that are right."""
    content = "kind,external_id,name,owner,login\nuser,u1,,,a@x.example\ncontact,c1,C,u1\ncontact,c2,D,u9\n"
    with pytest.raises(RecordsError) as caught:
        read_csv(content)
    error = caught.value
    assert error.mistakes == ["row 2: name: is missing"] and error.bad == {"u1"}
    assert list(dangling(error.good, {"user": error.bad})) == ["row 4: owner: there is no user u9"]
    assert list(dangling(error.good, {"user": {"u1", "u9"}})) == []


def test_every_kind_is_keyed_by_its_first_column() -> None:
    """The first column of each kind is required: by it a second load finds the record again."""
    for columns in KINDS.values():
        first = next(iter(columns.values()))
        assert first.required and not first.many


def test_the_demo_company_is_right() -> None:
    """The demo's own file has no mistakes, and refers only to what it holds."""
    records = read_json(DEMO.read_text(encoding="utf-8"))
    ids = {(record.kind, record.values.get("external_id")) for record in records}
    for record in records:
        for name, kind in (("organisation", "organisation"), ("owner", "user")):
            if record.values.get(name):
                assert (kind, record.values[name]) in ids
        for contact in record.values.get("contacts", ()) if record.kind == "deal" else ():  # type: ignore[union-attr]
            assert ("contact", contact) in ids


def test_an_entry_may_stand_on_several_lists() -> None:
    """On the company's and on a user's own; twice on the same is a mistake."""
    own = {"entry": "@one.example", "user": "u1"}
    records = read_json(json.dumps({"never_log": ["@one.example", own]}))
    assert [record.values["user"] for record in records] == ["", "u1"]
    with pytest.raises(RecordsError, match="the same never_log as"):
        read_json(json.dumps({"never_log": [own, own]}))


def test_a_team_refers_to_its_members() -> None:
    """Whoever is named must be a user of the file or of the company."""
    team = {"external_id": "t1", "name": "Sales", "addresses": "s@x.example", "members": ["u1", "u2"]}
    records = read_json(json.dumps({"teams": [team]}))
    assert records[0].values["members"] == ("u1", "u2")
    assert list(dangling(records, {"user": {"u1"}})) == [f"{records[0].row}: members: there is no user u2"]
