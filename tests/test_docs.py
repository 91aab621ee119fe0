"""The documentation says what the code does."""

import ast
import builtins
import json
import re
from pathlib import Path

import bccd.model.reply as replies
from bccd.directory.records import KINDS, read_csv, read_json
from bccd.directory.settings import SETTINGS
from bccd.model.delivery import read_id, show_id
from bccd.model.events import MEANINGS, EventKind
from bccd.model.reply import Reply
from bccd.outbound import reference as notices

ROOT = Path(__file__).resolve().parent.parent
FLOW = (ROOT / "docs/explanation/flow.md").read_text(encoding="utf-8")
PIPELINE = (ROOT / "bccd/pipeline.py").read_text(encoding="utf-8")

# Calls that only carry values about; the way of a mail does not turn at them.
CARRIERS = {
    "show_id",
    "domain_of",
    "scan",
    "NOT_ACCEPTED.because",
    "ACCEPTED.because",
    "clock.now",
    "reduce",
    "failed",
    "replace",
}


def calls(source: str) -> list[str]:
    """Return the calls of a module in order, as `noun.verb` or `verb`, without helpers and constructors."""
    found: list[ast.Call] = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    found.sort(key=lambda node: (node.lineno, node.col_offset))
    names = [name for node in found if (name := _name(node.func))]
    return [name for name in dict.fromkeys(names) if name not in CARRIERS]


def _name(func: ast.expr) -> str:
    if isinstance(func, ast.Name):
        private = func.id.startswith("_") or func.id[0].isupper() or hasattr(builtins, func.id)
        return "" if private else func.id
    if isinstance(func, ast.Attribute):
        owner = func.value.attr if isinstance(func.value, ast.Attribute) else getattr(func.value, "id", "")
        known = owner not in ("", "self", "dict", "outcomes", "plans", "fresh") and not func.attr.startswith(
            "_"
        )
        return f"{owner}.{func.attr}" if known else ""
    return ""


def test_flow_names_every_turn_of_the_pipeline() -> None:
    """Each call that receive and deliver make is named in flow.md."""
    missing = [
        name
        for name in calls(PIPELINE)
        if name not in FLOW
        and name not in ("directory.current", "ports.open_work", "directory.fresh", "directory.deal_exists")
    ]
    assert not missing


def test_flow_draws_the_turns_in_the_pipelines_order() -> None:
    """The picture's second column is the order of the calls."""
    picture = FLOW.split("```")[1]
    drawn = [name for name in re.findall(r"[a-z_]+(?:\.[a-z_]+)?", picture) if name in calls(PIPELINE)]
    assert len(drawn) >= 9, "the picture has lost its calls"
    order = [name for name in calls(PIPELINE) if name in drawn]
    assert drawn == order


def test_every_reply_is_in_the_reference() -> None:
    """docs/reference/replies.md lists each reply with its codes and text."""
    page = (ROOT / "docs/reference/replies.md").read_text(encoding="utf-8")
    known = [value for value in vars(replies).values() if isinstance(value, Reply)]
    assert len(known) > 15
    missing = [str(reply) for reply in known if f"| {reply.code} {reply.enhanced} | {reply.text}" not in page]
    assert not missing


def test_every_kind_of_event_is_in_the_reference() -> None:
    """docs/reference/events.md lists each kind with what it means, and no other."""
    page = (ROOT / "docs/reference/events.md").read_text(encoding="utf-8")
    assert list(MEANINGS) == list(EventKind)
    rows = [f"| `{kind}` | {meaning.entity} | {meaning.text} |" for kind, meaning in MEANINGS.items()]
    assert [line for line in page.splitlines() if line.startswith("| `")] == rows


def test_the_page_of_notices_is_up_to_date() -> None:
    """docs/reference/notices.md is what the table of reasons is: run python -m bccd.outbound.reference."""
    assert (ROOT / "docs/reference/notices.md").read_text(encoding="utf-8") == notices.page()


def test_the_examples_of_the_directory_can_be_loaded() -> None:
    """Every example of load-your-directory.md is right, and together they use every kind and column."""
    page = (ROOT / "docs/howto/load-your-directory.md").read_text(encoding="utf-8")
    (document,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert {record.kind for record in read_json(document)} == set(KINDS)
    given = json.loads(document)
    for name, columns in KINDS.items():
        items = given.get(name, given.get(f"{name}s"))
        assert name == "never_log" or set(columns) == set(items[0] if isinstance(items, list) else items)
    named = re.findall(r"with `--kind (\w+)`:\n\n```csv\n(.*?)```", page, re.DOTALL)
    assert {kind for kind, _ in named} == set(KINDS)
    for kind, table in named:
        assert [record.kind for record in read_csv(table, kind)]
        plain = [name for name, column in KINDS[kind].items() if not column.setting]
        assert table.splitlines()[0].split(",") == plain
    (mixed,) = re.findall(r"```csv\n(kind,.*?)```", page, re.DOTALL)
    assert len(read_csv(mixed)) == 3
    assert [f"`{name}`" for columns in KINDS.values() for name in columns if f"`{name}`" not in page] == []


def test_ids_of_mails_are_such_as_bccd_gives() -> None:
    """An id that an example names can be asked for, and is written as in a reply."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    named = {
        word for page in pages for word in re.findall(r"bccd trace (\d\w+)", page.read_text(encoding="utf-8"))
    }
    known = {word: read_id(word) for word in named if word[:2] == "01"}
    assert known
    assert [word for word, number in known.items() if number is None or show_id(number) != word] == []


def test_every_setting_of_a_company_is_in_the_reference() -> None:
    """docs/reference/company.md has a row for each, with its default."""
    page = (ROOT / "docs/reference/company.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| .*? \| `?(\w+)`? \| ", page, re.MULTILINE))
    assert rows == {name: column.default or "none" for name, column in SETTINGS.items()} | {
        "internal_domains": "none"
    }


def test_every_fault_is_proven_by_the_tests_that_are_named() -> None:
    """The page of reliability has F1 to F22, and names all tests of them that there are."""
    page = (ROOT / "docs/reliability.md").read_text(encoding="utf-8")
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests/faults").glob("test_*.py")]
    there = {name for source in sources for name in re.findall(r"^def (test_f\d\d\w+)", source, re.MULTILINE)}
    assert set(re.findall(r"`(test_f\d\d\w+)`", page)) == there
    rows = {
        int(number)
        for row in re.findall(r"^\| (F.*?) \|", page, re.MULTILINE)
        for number in re.findall(r"\d+", row)
    }
    assert (
        rows
        == {int(number) for name in there for number in re.findall(r"_f(\d\d)", name)}
        == set(range(1, 23))
    )


def test_the_proofs_of_the_threat_model_exist() -> None:
    """Each test and file of tests that docs/security.md names is there."""
    page = (ROOT / "docs/security.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:[a-z0-9]+/)*[a-z_0-9]+\.py)(?:::(test_\w+))?`", page)
    assert len(named) > 40
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not (path := ROOT / "tests" / file).exists()
        or (test and f"def {test}(" not in path.read_text(encoding="utf-8"))
    ]
    assert missing == []


def test_links_lead_somewhere() -> None:
    """Every relative link of the documentation has a target."""
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert not broken
