"""Short stable codes for what was wrong with a mail; they are stored and listed, so they never change."""

from enum import StrEnum, unique


@unique
class Defect(StrEnum):
    """What the reader had to overlook or cut."""

    HEADER_CUT = "header_cut"  # the header section or its number of fields is over the cap
    HEADER_LINE = "header_line"  # a line of the header section is no field
    NO_SEPARATOR = "no_separator"  # no empty line between header section and body
    MBOX_LINE = "mbox_line"  # a leading "From " line of an mbox
    BARE_CR = "bare_cr"  # lines end with CR alone
    MANY_FROM = "many_from"  # several From fields
    DEPTH_CUT = "depth_cut"  # nested deeper than the cap
    PARTS_CUT = "parts_cut"  # more parts than the cap
    BOUNDARY_MISSING = "boundary_missing"  # a multipart without a usable boundary parameter
    BOUNDARY_UNSEEN = "boundary_unseen"  # the boundary stands nowhere in the body
    BOUNDARY_OPEN = "boundary_open"  # the closing delimiter is missing
    ENCODING_BROKEN = "encoding_broken"  # base64 that does not decode as it stands
    ENCODING_UNKNOWN = "encoding_unknown"  # a transfer encoding nobody defined
    CHARSET_WRONG = "charset_wrong"  # text that is not in the charset it claims
    HTML_CUT = "html_cut"  # HTML over the cap, the rest was not read
    HTML_UNSAFE = "html_unsafe"  # HTML too large or too odd to be made safe; the text alone is shown
    TEXT_CUT = "text_cut"  # text over the cap, the rest was not kept
    ENCRYPTED = "encrypted"  # the content is readable to its recipient only
    ADDRESSES_CUT = "addresses_cut"  # more addresses in a field than the cap
