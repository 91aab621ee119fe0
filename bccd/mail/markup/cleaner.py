"""nh3 as it is asked here: the last word on every element, attribute, style and link."""

import nh3

from bccd.mail.markup.allowed import ATTRIBUTES, SCHEMES, STYLES, TAGS
from bccd.mail.markup.tags import VOID


def _last_look(_: str, attribute: str, value: str) -> str | None:
    """Drop what must not be there even if all before were wrong."""
    if attribute == "src":
        return value if value[:4].lower() == "cid:" else None
    if attribute == "style":
        lower = value.lower()
        return None if "url" in lower or "expression" in lower or "\\" in lower else value
    return value if attribute != "href" or value[:4].lower() != "cid:" else None


_CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags={"script", "style"},
    attributes={name: set(allowed) for name, allowed in ATTRIBUTES.items()},
    attribute_filter=_last_look,
    strip_comments=True,
    link_rel="noopener noreferrer",
    url_schemes={*SCHEMES, "cid"},
    filter_style_properties=set(STYLES),
)
clean = _CLEANER.clean

_ROW = ("<table><tbody><tr>", "</tr></tbody></table>")
_TABLE = ("<table>", "</table>")
# Where a parser takes a part of a table for one.
_AROUND: dict[str, tuple[str, str]] = {
    "td": _ROW,
    "th": _ROW,
    "tr": ("<table><tbody>", "</tbody></table>"),
    "col": ("<table><colgroup>", "</colgroup></table>"),
    **dict.fromkeys(("tbody", "thead", "tfoot", "caption", "colgroup"), _TABLE),
}


def clean_tag(name: str, tag: str) -> str:
    """Return a start tag as nh3 writes it wherever it stands."""
    before, behind = _AROUND.get(name, ("", ""))
    after = behind if name in VOID else f"</{name}>{behind}"
    written = clean(f"{before}{tag}{after}")
    if not (written.startswith(f"{before}<{name}") and written.endswith(f">{after}")):
        return f"<{name}>"
    return written[len(before) : len(written) - len(after)]
