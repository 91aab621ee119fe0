"""What safe HTML holds, read by a parser that knows nothing of how it was made."""

import re
from html.parser import HTMLParser

from bccd.mail.markup.allowed import ATTRIBUTES, STYLES

_URL = re.compile(r"(?:https?|mailto|tel):\S", re.IGNORECASE)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ATTRIBUTES:
            self.faults.append(f"<{tag}>")
        for name, found in attrs:
            value = found or ""
            if name != "rel" and name not in ATTRIBUTES.get(tag, ()):
                self.faults.append(f"{tag} {name}")
            if name == "href" and not _URL.match(value):
                self.faults.append(f"href {value}")
            if name == "src" and not value.startswith("cid:"):
                self.faults.append(f"src {value}")
            if name == "style":
                self.faults += _faults_of_style(value)

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"<!--{data}")

    def handle_decl(self, decl: str) -> None:
        self.faults.append(f"<!{decl}")

    def handle_pi(self, data: str) -> None:
        self.faults.append(f"<?{data}")


def _faults_of_style(value: str) -> list[str]:
    faults = []
    for declaration in filter(None, (part.strip() for part in value.split(";"))):
        name, _, words = declaration.partition(":")
        if name.strip() not in STYLES or re.search(
            r"url|expression|\\|@|script|image|/\*|var\(|attr\(", words
        ):
            faults.append(f"style {declaration}")
    return faults


def faults_of(html: str) -> list[str]:
    """List what must not stand in safe HTML."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.faults
