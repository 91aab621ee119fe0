"""The fields of an anatomy, each with its meaning: the JSON Schema and the reference are made from these.

What is not there is null where it would be an object or a moment, "" where a text, [] where a list.
"""

from typing import Annotated

from msgspec import Meta, Struct, field

from bccd.model.message import SURE


def _says(meaning: str) -> Meta:
    return Meta(description=meaning)


def _when(meaning: str) -> Meta:
    return Meta(
        description=f"{meaning}, in UTC, as `2026-03-02T10:00:00+00:00`",
        extra_json_schema={"format": "date-time"},
    )


class Person(Struct, frozen=True):
    """Somebody who wrote or received a mail."""

    name: Annotated[str, _says("the display name as it was written")]
    address: Annotated[str, _says("the address, normalised; empty where only a name is told")]


class Author(Struct, frozen=True):
    """Who wrote a mail."""

    name: Annotated[str, _says("the display name as it was written")]
    address: Annotated[str, _says("the address, normalised; empty where only a name is told")]
    on_behalf_of: Annotated[
        Person | None,
        _says("who sent the mail for its author: the first of `X on behalf of Y`, of whom Y is the author"),
    ] = None


class File(Struct, frozen=True):
    """What a mail carries besides its text."""

    name: Annotated[str, _says("the file's name, decoded, and safe to show and to save under")]
    media_type: Annotated[str, _says("lower case, as `application/pdf`")]
    sniffed: Annotated[str, _says("the type that its first octets show, whatever is declared; may be empty")]
    size: Annotated[int, _says("decoded octets")]
    part: Annotated[str, _says("the number of its MIME part (RFC 9051, 6.4.5)")]
    disposition: Annotated[str, _says("`attachment`, `inline` or empty")]
    content_id: Annotated[str, _says("without angle brackets")]
    shown: Annotated[
        bool, _says("whether the text shows it in its place, as a logo; it is no file to a reader then")
    ]
    sha256: Annotated[str, _says("of the decoded octets, hexadecimal")]
    within: Annotated[str, _says("the containers to open on the way to it, as `tnef:2` for winmail.dat")]


class Quote(Struct, frozen=True):
    """One mail further down in what was forwarded or answered."""

    sender: Annotated[Person | None, _says("who wrote it")] = field(name="from")
    date: Annotated[str | None, _when("when")]
    subject: Annotated[str, _says("its subject, where its header was quoted too")]
    to: Annotated[list[Person], _says("its recipients, where its header was quoted too")]
    cc: Annotated[list[Person], _says("its recipients in Cc")]
    text: Annotated[str, _says("its own words, without what it quotes in turn")]
    confidence: Annotated[float, _says("from 0 to 1")]
    evidence: Annotated[list[str], _says("how it was known")]


class Original(Struct, frozen=True):
    """A mail that was forwarded, or quoted under a block of header lines."""

    found: Annotated[bool, _says(f"whether there is one: its confidence is {SURE} or more")]
    sure: Annotated[
        bool,
        _says(
            "whether it is filed without asking who wrote it: it is found, and has one author with an address"
        ),
    ] = False
    kind: Annotated[
        str,
        _says(
            "`attached` as a whole mail, `inline` under header lines in the text, `resent` by Resent fields"
        ),
    ] = ""
    answered: Annotated[
        bool, _says("whether it stands below an answer to it, which quotes it, and was not forwarded")
    ] = False
    confidence: Annotated[float, _says("how sure it is, from 0 to 1")] = 0.0
    evidence: Annotated[list[str], _says("how it was known")] = field(default_factory=list)
    sender: Annotated[Author | None, _says("who wrote it")] = field(default=None, name="from")
    to: Annotated[list[Person], _says("its recipients")] = field(default_factory=list)
    cc: Annotated[list[Person], _says("its recipients in Cc")] = field(default_factory=list)
    reply_to: Annotated[list[Person], _says("where answers go")] = field(default_factory=list)
    subject: Annotated[str, _says("its subject, with the prefixes it had")] = ""
    date: Annotated[str | None, _when("when it was written")] = None
    message_id: Annotated[str, _says("without angle brackets; empty where it cannot be known")] = ""
    body_text: Annotated[str, _says("its text, with what it quotes in turn")] = ""
    body_html: Annotated[str, _says("its HTML, sanitised; empty where there is none")] = ""
    note_text: Annotated[str, _says("the forwarder's own words around it")] = ""
    attachments: Annotated[list[File], _says("what was attached to it")] = field(default_factory=list)
    chain: Annotated[list[Quote], _says("the mails further down in it, the latest first")] = field(
        default_factory=list
    )


class Reply(Struct, frozen=True):
    """The mail's own text in three parts; together they are the whole text."""

    new_text: Annotated[str, _says("what its author wrote now")] = ""
    quoted_text: Annotated[str, _says("the history that it quotes, with the line or header above it")] = ""
    signature: Annotated[str, _says("the signature and the disclaimers")] = ""


class Part(Struct, frozen=True):
    """One part of the MIME tree; the list has them in the order of the mail."""

    number: Annotated[str, _says("as IMAP numbers parts (RFC 9051, 6.4.5); empty for a multipart at the top")]
    parent: Annotated[
        int | None, _says("where in this list the part stands that holds it; null for the mail")
    ]
    depth: Annotated[int, _says("how deep it lies in the tree; the mail itself is 0")]
    role: Annotated[
        str,
        _says(
            "`text`, `html`, `attachment`, `message` for a whole mail, `container` for what only holds others"
        ),
    ]
    media_type: Annotated[str, _says("lower case")]
    charset: Annotated[str, _says("the charset that it claims, lower case")]
    encoding: Annotated[str, _says("`base64`, `quoted-printable` or empty")]
    disposition: Annotated[str, _says("as it is claimed, lower case")]
    name: Annotated[str, _says("the file name, decoded and safe")]
    content_id: Annotated[str, _says("without angle brackets")]
    size: Annotated[int, _says("octets, decoded; of a part that holds others as they stand")]


class Automatic(Struct, frozen=True):
    """Whether no person sent the mail."""

    kind: Annotated[str, _says("`auto_reply`, `bulk`, `list`, `dsn`, `mdn`; empty for a person's mail")] = ""
    reason: Annotated[str, _says("what told so")] = ""


class Failed(Struct, frozen=True):
    """What a report says became of one recipient (RFC 3464, RFC 8098)."""

    address: Annotated[str, _says("whom the mail was sent to")]
    action: Annotated[str, _says("`failed`, `delayed`, `displayed` and so on")]
    status: Annotated[str, _says("as `5.1.1` (RFC 3463); empty where none is told")]
    diagnostic: Annotated[str, _says("the other system's words")]


class Reported(Struct, frozen=True):
    """Which mail a report is about."""

    message_id: Annotated[str, _says("of that mail")]
    subject: Annotated[str, _says("of that mail")]
    recipients: Annotated[list[Failed], _says("what became of each")]


class Mail(Struct, frozen=True):
    """The mail itself, by its own header section and its parts."""

    subject: Annotated[str, _says("decoded, in one line")]
    sender: Annotated[Person | None, _says("the first of the From field")] = field(name="from")
    sent_by: Annotated[Person | None, _says("the Sender field")] = field(name="sender")
    reply_to: Annotated[list[Person], _says("the Reply-To field")]
    to: Annotated[list[Person], _says("the To field")]
    cc: Annotated[list[Person], _says("the Cc field")]
    bcc: Annotated[list[Person], _says("the Bcc field")]
    date: Annotated[str | None, _when("the Date field")]
    message_id: Annotated[
        str, _says("without angle brackets, as it was written; compare ids without regard to case")
    ]
    in_reply_to: Annotated[list[str], _says("the ids of In-Reply-To")]
    references: Annotated[list[str], _says("the ids of References, the oldest first")]
    parts: Annotated[list[Part], _says("the MIME tree")]
    text: Annotated[str, _says("all readable text; made from the HTML where there is no text part")]
    html: Annotated[str, _says("the HTML as it was sent, decoded; not safe to show")]
    html_safe: Annotated[str, _says("the HTML sanitised: no scripts, no remote content")]
    attachments: Annotated[list[File], _says("what it carries besides its text")]
    defects: Annotated[list[str], _says("what was wrong with it and had to be overlooked or cut")]
    marks: Annotated[list[str], _says("what is special about it, as `signed:smime` or `encrypted:pgp`")]
    automatic: Annotated[Automatic, _says("whether no person sent it")]
    reported: Annotated[Reported | None, _says("for a report (DSN, MDN): which mail it is about")]
    list_id: Annotated[str, _says("the mailing list that it came through (RFC 2919)")]
    calendar_uid: Annotated[str, _says("of the event that it invites to, answers or cancels")]
    size: Annotated[int, _says("octets")]


class Segment(Struct, frozen=True):
    """A run of lines of the mail's text that belong together."""

    kind: Annotated[
        str,
        _says(
            "`new` words of its author, or his `note` around a forward; the `header` above an `original`;"
            " the `attribution` line above what is `quoted`; `signature`; `disclaimer`, which no person wrote"
        ),
    ]
    text: Annotated[str, _says("its lines with their ends")]


class Anatomy(Struct, frozen=True):
    """All that is read in one mail."""

    forward: Annotated[
        Original, _says("the original that would be filed: the outermost of the first forward")
    ]
    forwards: Annotated[
        list[Original], _says("all originals, those that are not `found` too; `forward` is the first that is")
    ]
    candidates: Annotated[list[Person], _says("who may have written the original, where that is not sure")]
    reply: Annotated[Reply, _says("the mail's own text: new words, history, signature")]
    layout: Annotated[list[Segment], _says("`mail.text` cut into its parts; together they are all of it")]
    mail: Annotated[Mail, _says("the mail itself")]
