"""The languages of notices: a folder each below catalogs/, read when the worker starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_datetime_format
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bccd.rules.reasons import reason_of, said

FOLDER = Path(__file__).parent / "catalogs"
FILE = "messages.po"
FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """One language, with the zone in which its reader's times are told."""

    language: str
    locale: Locale
    texts: NullTranslations
    zone: tzinfo

    def text(self, message: str, args: Mapping[str, object] | None = None) -> str:
        """Translate a text and fill it in, on one line; a message without letters is nothing to say."""
        return said(self.texts.gettext(message), args or {}) if message else ""

    def count(self, one: str, many: str, number: int) -> str:
        """Translate what is counted; %(count)s is the number."""
        return said(self.texts.ngettext(one, many, number), {"count": number})

    def moment(self, at: datetime) -> str:
        """Write a time as its reader does, to the minute."""
        time = format_time(at, "short", tzinfo=self.zone, locale=self.locale)
        day = format_date(at.astimezone(self.zone), "medium", locale=self.locale)
        pattern = str(get_datetime_format("medium", locale=self.locale)).replace("'", "")
        return pattern.replace("{0}", time).replace("{1}", day)

    def day(self, at: datetime) -> str:
        """Write a day as its reader does."""
        return format_date(at.astimezone(self.zone), "long", locale=self.locale)


def languages() -> tuple[str, ...]:
    """List the languages that have a catalog."""
    return _languages(FOLDER)


@cache
def _languages(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(each.name for each in folder.iterdir() if (each / FILE).is_file()))


def words(language: str, time_zone: str = "UTC") -> Words:
    """Return the nearest language that there is: pl for pl-PL, English where there is none."""
    wanted = language.replace("_", "-")
    known = {name.replace("_", "-").lower(): name for name in languages()}
    short = wanted.partition("-")[0]
    name = known.get(wanted.lower()) or known.get(short.lower()) or FALLBACK
    return Words(name, _locale(wanted, name), _texts(name), _zone(time_zone))


@cache
def _texts(name: str) -> NullTranslations:
    """Read a catalog; English needs none, for texts are their own message ids."""
    if name == FALLBACK:
        return NullTranslations()
    compiled = BytesIO()
    with (FOLDER / name / FILE).open("rb") as file:
        write_mo(compiled, read_po(file, locale=name))
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def _locale(wanted: str, name: str) -> Locale:
    """Return how dates are written; in the reader's country where that is known."""
    for each in (wanted, name):
        try:
            found = Locale.parse(each, sep="-" if "-" in each else "_")
        except (ValueError, UnknownLocaleError):
            continue
        if found.language == name.partition("_")[0]:
            return found
    return Locale(FALLBACK)


@cache
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def sentence(reason: str, args: Mapping[str, object], language: str) -> tuple[str, str]:
    """Say a reason and what to do, for front ends to show."""
    known, spoken = reason_of(reason), words(language)
    return spoken.text(known.sentence, args), spoken.text(known.advice, args)
