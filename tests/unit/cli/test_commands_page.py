"""The page about commands says what the commands are."""

import json
import re
from pathlib import Path

from bccd.cli.commands_page import page
from bccd.rules.commands.kinds import KINDS

ROOT = Path(__file__).parents[3]


def test_the_page_is_made_from_the_kinds() -> None:
    """docs/reference/commands.md is what the kinds say."""
    assert (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8") == page()


def test_the_howto_shows_commands_that_there_are() -> None:
    """Every command in the examples is of a known kind and has only arguments of that kind."""
    text = (ROOT / "docs" / "howto" / "give-commands.md").read_text(encoding="utf-8")
    ((kind, args),) = re.findall(r"'([a-z]+\.[a-z]+)', '(\{.*?\})'", text)
    assert json.loads(args).keys() <= KINDS[kind].fields.keys()
    ((kind, name),) = re.findall(r'"([a-z]+\.[a-z]+)", (\w+)=', text)
    assert name in KINDS[kind].fields
