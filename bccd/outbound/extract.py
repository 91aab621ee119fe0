"""Brings the catalogs up to date with the texts in the code: `python -m bccd.outbound.extract`.

New texts are added without a translation, those that are gone are removed, translations are left as they are.
English is filled in by itself.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.pofile import read_po, write_po

from bccd.outbound.words import FALLBACK, FILE, FOLDER, languages

_PACKAGE = Path(__file__).parent.parent
_SOURCES = ("rules/reasons.py", "outbound/*.py")
_KEYWORDS = {**DEFAULT_KEYWORDS, "count": (1, 2), "text": (1,)}
_WIDTH = 100


def found() -> Catalog:
    """Return every text that can be shown."""
    catalog = Catalog(project="bccd", charset="utf-8", fuzzy=False)
    for pattern in _SOURCES:
        for path in sorted(_PACKAGE.glob(pattern)):
            _add(catalog, "python", path)
    for path in sorted((_PACKAGE / "outbound" / "templates").iterdir()):
        _add(catalog, "jinja2.ext:babel_extract", path)
    return catalog


def _add(catalog: Catalog, method: str, path: Path) -> None:
    for _, message, _, _ in extract_from_file(method, path, _KEYWORDS):
        catalog.add(message)


def read(language: str) -> Catalog:
    """Read a catalog as it stands."""
    with (FOLDER / language / FILE).open("rb") as file:
        return read_po(file, locale=language)


def updated(language: str, texts: Catalog) -> Catalog:
    """Return a catalog with just these texts, in order, translated as far as it was."""
    old = read(language)
    new = Catalog(locale=language, project="bccd", charset="utf-8", fuzzy=False)
    for message in texts:
        if message.id:
            known = old.get(message.id)
            string = known.string if known else ""
            new.add(message.id, _english(message) if language == FALLBACK else string)
    return new


def _english(message: Message) -> str | tuple[str, ...]:
    return message.id if isinstance(message.id, str) else tuple(message.id)


def written(catalog: Catalog) -> bytes:
    """Return a catalog as a file, without what differs from run to run."""
    into = BytesIO()
    write_po(into, catalog, width=_WIDTH, omit_header=False, sort_output=False)
    return b"".join(_without_dates(into.getvalue())).lstrip()


def _without_dates(octets: bytes) -> Iterator[bytes]:
    for line in octets.splitlines(keepends=True):
        if not line.startswith((b'"POT-Creation-Date', b'"PO-Revision-Date', b'"Generated-By', b"#")):
            yield line


def main() -> None:
    """Write every catalog anew."""
    texts = found()
    for language in languages():
        (FOLDER / language / FILE).write_bytes(written(updated(language, texts)))


if __name__ == "__main__":
    main()
