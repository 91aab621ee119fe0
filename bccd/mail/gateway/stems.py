"""Whether a text may hold a banner: the cheap question asked of every mail, most of which hold none."""

from functools import lru_cache
from html import unescape

# The shortest words that every sign holds, as few as can be: each is looked for in every mail.
_STEMS = (
    *("tern", "outside", "sender", " oft", "previously", "spoza", "z zewn", "ausserhalb", "fuera de"),
    *("fora d", "buiten", "enfor", "utenfra", "uden for", "efra", "ulko", "mimo ", "souvent", "vaak"),
    *("ricev", "recib", "usein", "costuma", "learnaboutsender", "pfptbanner", "[ext", " ext"),
)
_STEMS_WIDE = (
    *("zewnętrzn", "często", "außerhalb", "extérieur", "häufig", "não recebe", "utanför", "zvenčí"),
    *("nedostáváte", "внешн", "вне ", "извне", "из-за пределов", "часто", "外", "不常", "不经常", "不經常"),
    *("通常不", "あまりありません", "頻繁に"),
)
# Pieces of the stems in UTF-8, so that a text without any is known by octets, whatever its case.
_PIECES = tuple(
    stem.encode()
    for stem in (
        *("tern", "outside", "sender", " oft", "previously", "spoza", "zewn", "erhalb", "fuera de", "fora d"),
        *("buiten", "enf", "uden for", "efra", "ulko", "mimo ", "souvent", "vaak", "ricev", "recib"),
        *("usein", "costuma", "pfptbanner", "[ext", " ext"),
    )
)
_PIECES_WIDE = (
    *("często".encode(), "czĘsto".encode(), b"rieur", b"ufig", b"recebe", b"utanf", b"zven", b"nedost"),
    *(b"\xd0", b"\xd1", b"\xe3", b"\xe4", b"\xe5", b"\xe9"),  # the first octets of Cyrillic and East Asian
    "\N{KELVIN SIGN}".encode(),  # the only other character with a small letter in ASCII
)
_BLANKS = bytes.maketrans(b"\t\n", b"  ")


@lru_cache(maxsize=4)  # one text is asked for when it is shown and when it is compared
def may_hold(text: str) -> bool:
    """Tell quickly whether a text may hold a banner."""
    return _holds_piece(text.encode("utf-8", "replace").lower()) and bool(stems_of(text.lower()))


def top_may_hold(html: str) -> bool:
    """Tell quickly whether a piece of a page may hold a banner."""
    # Most of a page is mark-up.
    text = "".join([chunk[chunk.find(">") + 1 :] for chunk in html.split("<")])
    if "&" in text:
        text = unescape(text.replace("&nbsp;", " "))
    octets = text.encode("utf-8", "replace").translate(_BLANKS).replace(b"\xc2\xa0", b" ").lower()
    return _holds_piece(octets) and bool(stems_of(html.lower()))


def stems_of(lower: str) -> list[str]:
    """Return the stems that a text in small letters holds."""
    found = [stem for stem in _STEMS if stem in lower]
    return found if lower.isascii() else found + [stem for stem in _STEMS_WIDE if stem in lower]


def _holds_piece(octets: bytes) -> bool:
    for piece in _PIECES:
        if piece in octets:
            return True
    return not octets.isascii() and any(piece in octets for piece in _PIECES_WIDE)
