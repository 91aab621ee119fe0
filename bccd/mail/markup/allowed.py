"""What sanitised HTML may hold: elements, attributes, styles and link schemes. All else is dropped."""

import re

_TAG_NAMES = """
    a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col
    colgroup dd del dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img
    ins kbd li main mark nav ol p pre q rp rt ruby s samp section small span strike strong sub sup
    table tbody td tfoot th thead time tr tt u ul var wbr
"""
TAGS = frozenset(_TAG_NAMES.split())
_EVERYWHERE = frozenset({"align", "dir", "lang", "style", "title"})
_SIZE = frozenset({"height", "width"})
_CELL = _EVERYWHERE | _SIZE | {"bgcolor", "colspan", "nowrap", "rowspan", "valign"}
_ROW = _EVERYWHERE | {"bgcolor", "height", "valign"}
_OWN: dict[str, frozenset[str]] = {
    "a": _EVERYWHERE | {"href"},
    "img": _EVERYWHERE | _SIZE | {"alt", "border", "data-part", "hspace", "src", "vspace"},
    "font": _EVERYWHERE | {"color", "face", "size"},
    "table": _EVERYWHERE | _SIZE | {"bgcolor", "border", "cellpadding", "cellspacing"},
    "td": _CELL,
    "th": _CELL,
    "tr": _ROW,
    "tbody": _ROW,
    "thead": _ROW,
    "tfoot": _ROW,
    "col": _EVERYWHERE | {"span", "width"},
    "colgroup": _EVERYWHERE | {"span", "width"},
    "hr": _EVERYWHERE | {"color", "noshade", "size", "width"},
    "ol": _EVERYWHERE | {"start", "type"},
    "ul": _EVERYWHERE | {"type"},
    "li": _EVERYWHERE | {"type", "value"},
}
ATTRIBUTES: dict[str, frozenset[str]] = {name: _OWN.get(name, _EVERYWHERE) for name in TAGS}
SCHEMES = frozenset({"http", "https", "mailto", "tel"})
HREF = re.compile(r"(?:https?|mailto|tel):[^\x00-\x20\x7f]", re.IGNORECASE)

_STYLE_NAMES = """
    background background-color border border-bottom border-bottom-color border-bottom-style
    border-bottom-width border-collapse border-color border-left border-left-color border-left-style
    border-left-width border-radius border-right border-right-color border-right-style
    border-right-width border-spacing border-style border-top border-top-color border-top-style
    border-top-width border-width clear color direction display float font font-family font-size
    font-style font-variant font-weight height letter-spacing line-height list-style-type margin
    margin-bottom margin-left margin-right margin-top max-height max-width min-height min-width
    opacity overflow-wrap padding padding-bottom padding-left padding-right padding-top table-layout
    text-align text-decoration text-indent text-transform unicode-bidi vertical-align white-space
    width word-break word-wrap
"""
STYLES = frozenset(_STYLE_NAMES.split())
# No "\\", "@", "<", "&", ":" or "*": no escape, comment, address or function but those for colours.
_VALUE = re.compile(
    r"""(?:[\w\s.,%#'"!/+-]|(?<=rgb)\([\d\s.,%/]*\)|(?<=rgba)\([\d\s.,%/]*\)|(?<=hsl)\([\w\s.,%/]*\)|(?<=hsla)\([\w\s.,%/]*\)|(?!))*+"""
)
_NEGATIVE = re.compile(r"(?:\A|\s)-")  # a margin that would lay the mail over what stands around it
_LONGEST_STYLE = 4_000


def style_of(value: str) -> tuple[str, bool]:
    """Return the allowed declarations of a style, and whether it asked for something from elsewhere."""
    lower = value[:_LONGEST_STYLE].lower()
    kept = []
    for declaration in lower.split(";"):
        name, _, words = declaration.partition(":")
        name, words = name.strip(), words.strip()
        if (
            name in STYLES
            and words
            and _VALUE.fullmatch(words)
            and not (name.startswith(("margin", "text-indent")) and _NEGATIVE.search(words))
        ):
            kept.append(f"{name}:{words}")
    return ";".join(kept), "url" in lower
