"""The catalogs: whole, with the right placeholders and plurals, and open to further languages."""

import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.plurals import get_plural

from bccd.outbound import words as loaded
from bccd.outbound.extract import found, read, updated, written
from bccd.outbound.words import FOLDER, languages, sentence, words
from bccd.rules.answers import Said, read_answer
from bccd.rules.reasons import REASONS

_PLACEHOLDER = re.compile(r"%(?:\(\w+\))?.?")
TEXTS = found()


def placeholders(text: str) -> list[str]:
    return sorted(set(_PLACEHOLDER.findall(text)))


def faults(catalog: Catalog) -> list[str]:
    """Return what is wrong with a catalog."""
    wrong = [f"fuzzy: {message.id}" for message in catalog if message.id and message.fuzzy]
    for text in TEXTS:
        if not text.id:
            continue
        known = catalog.get(text.id)
        string: Any = known.string if known else ""
        strings: tuple[str, ...] = (string,) if isinstance(string, str) else tuple(string)
        forms = get_plural(catalog.locale).num_plurals if isinstance(text.id, tuple) else 1
        wanted = placeholders(text.id if isinstance(text.id, str) else text.id[-1])
        if len(strings) != forms or not all(strings):
            wrong.append(f"missing: {text.id}")
        elif any(placeholders(string) != wanted for string in strings):
            wrong.append(f"placeholders: {text.id}")
        elif any("\n" in string for string in strings):
            wrong.append(f"line end: {text.id}")
    wrong += [f"unknown: {message.id}" for message in catalog if message.id and not TEXTS.get(message.id)]
    return wrong


@pytest.mark.parametrize("language", languages())
def test_a_catalog_is_whole(language: str) -> None:
    """No text is missing, fuzzy or left over; run `python -m bccd.outbound.extract` after changing one."""
    assert faults(read(language)) == []


def test_english_and_polish_are_there() -> None:
    """What users of the first companies read; every reason of the table is among the texts."""
    assert {"en", "pl"} <= set(languages())
    for reason in REASONS.values():
        for text in (reason.title, reason.sentence, reason.advice):
            assert not text or TEXTS.get(text), text


@pytest.mark.parametrize("language", languages())
def test_what_a_reader_is_told_to_answer_is_read(language: str) -> None:
    """The words that a notice offers in his language, each before its colon, do what they say."""
    spoken = words(language)
    always = spoken.text(
        "%(number)s always: all later mail of the conversation goes there alone", {"number": 2}
    )
    assert read_answer(always.partition(":")[0]) == Said((2,), (2,))
    assert read_answer(spoken.text("none: it is none of them").partition(":")[0]) == Said(none=True)
    undo = sentence("answer_settled", {}, language)[1].split()[1]
    assert read_answer(undo) == Said(undo=True)


def test_a_fault_is_seen() -> None:
    """The test above can fail, for each thing that it looks for."""
    polish = read("pl")
    polish.get("Delivery %(id)s").string = "Przesyłka %(nr)s"  # type: ignore[union-attr]
    polish.get("Hello,").string = ""  # type: ignore[union-attr]
    polish.get("it is yours").flags.add("fuzzy")  # type: ignore[union-attr]
    polish.add("gone", "przepadło")
    counted = polish.get(("%(count)s filed", "%(count)s filed"))
    assert counted is not None
    forms: Any = counted.string
    counted.string = forms[:2]
    kinds = sorted(fault.partition(":")[0] for fault in faults(polish))
    assert kinds == ["fuzzy", "missing", "missing", "placeholders", "unknown"]


def test_the_files_are_as_they_are_written() -> None:
    """Bringing a whole catalog up to date changes nothing, so that a change shows what it is."""
    for language in languages():
        assert written(updated(language, TEXTS)) == (FOLDER / language / "messages.po").read_bytes(), language


def test_a_language_is_dropped_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One folder with one file is all that a further language takes; what it lacks is told in English."""
    (tmp_path / "ro").mkdir()
    head = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
    text = head + 'msgid "Hello,"\nmsgstr "Bună ziua,"\n'
    (tmp_path / "ro" / "messages.po").write_text(text, encoding="utf-8")
    monkeypatch.setattr(loaded, "FOLDER", tmp_path)
    loaded._texts.cache_clear()
    spoken = words("ro-MD")
    assert (spoken.language, spoken.text("Hello,"), spoken.text("Notice")) == ("ro", "Bună ziua,", "Notice")
    assert words("pl").language == "en"
    loaded._texts.cache_clear()


def test_a_reason_is_said_in_its_readers_language() -> None:
    """With what it names filled in; what was not given leaves a gap."""
    told = sentence("answer_settled", {"chosen": "Krzesła\r\nX"}, "pl")
    assert told == ("Powiązano z: Krzesła X.", "Odpowiedz „cofnij”, aby to cofnąć.")
    assert sentence("answer_settled", {}, "en")[0] == "It is linked to: ."
    assert sentence("of_a_later_version", {}, "xx")[0].startswith("The mail could not be filed")
