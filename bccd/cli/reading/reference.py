"""Writes docs/reference/explain.md from the fields of an anatomy."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from bccd.mail.anatomy import Anatomy, anatomy
from bccd.model.message import SURE


def schema() -> dict[str, Any]:
    """Return the JSON Schema of an anatomy; every field is always there."""
    made = msgspec.json.schema(Anatomy)
    for defined in made["$defs"].values():
        defined["required"] = list(defined["properties"])
        for shape in defined["properties"].values():
            shape.pop("default", None)
    return made


_DEFINED: Mapping[str, Any] = schema()["$defs"]

EXAMPLE = """\
From: Anna Nowak <anna@seller.example>
To: crm@drop.seller.example
Subject: Fwd: Offer for nets
Date: Tue, 3 Mar 2026 09:12:00 +0100
Message-ID: <b2@seller.example>
Content-Type: text/plain; charset=utf-8

New customer, please file.

---------- Forwarded message ---------
From: Eve Fisher <eve@fish.example>
Date: Mon, Mar 2, 2026 at 10:00 AM
Subject: Re: Offer for nets
To: Anna Nowak <anna@seller.example>
Cc: Bob Fisher <bob@fish.example>

Dear Anna,

we take ten of them.

On Sun, Mar 1, 2026 at 6:30 PM Anna Nowak <anna@seller.example> wrote:
> here is our offer.
"""

_HEAD = """\
# bccd explain --json

<!-- Made from the fields of an anatomy by bccd.cli.reading.reference.page; a test holds the two equal. -->

`bccd explain --json FILE` reads one mail and prints one JSON object, an [anatomy](#anatomy). It needs
neither a configuration nor a database, asks no network, and writes nothing. Any file is a mail; what is
wrong with it is listed in `mail.defects`. The exit code is 0, or another with a sentence on standard
error if the file cannot be read.

`bccd explain --batch DIR` reads all files below a folder, hidden ones too, in the order of their paths,
and prints one object a line: `file`, the path below DIR, comes first, then the fields of the anatomy. Of
a mail that takes too long or too much memory, or cannot be read, and of a folder that cannot be listed only
`file` and `error` are told, and the others are read. Pipes and links to nothing are passed over.
No rule is asked.

Every field is always there. What a mail does not tell is `null` where it would be an object, a moment or
a number, `""` where it would be text, and `[]` where it would be a list. Text is UTF-8 with LF line
ends. More fields may come; those that stand here keep their meaning.

Of one file `bccd explain` also tells what the rules would decide: `would`, or `null` with the reason in
`why_not`. `would.sender_checked` says whether the DNS was asked who sent the mail (`--peer`); where it is
false, the sender was taken as proven.

## What counts as found

`forward.found` says that the mail carries another one, and how it is carried stands in `kind` and
`evidence`:

| how | evidence begins with |
| --- | --- |
| attached as a whole mail (message/rfc822, an .eml file) | `part:` |
| redirected (Resent fields, RFC 5322, 3.6.6): the mail itself is the original | `header:resent-` |
| in the text, under a line by which a client calls it a forward | `marker:` |
| in the text, under a rule or a line such as "Original Message", as answers have too | `separator:` |
| in the text, under a block of header lines (From, Date, To, Subject) in any language | `labels:` |
| in the text, under an attribution that only a forward has (Outlook for Mac) | `attribution:` |
| in the HTML, inside or below an element that clients put around other mail | `html:` |

So the block that Outlook puts above what an answer quotes is found, too. `answered` tells the two apart:
the subject says that the mail is an answer, or it goes to the author of what it quotes. A mail that
quotes under a line such as "On ... wrote:" alone carries no original: its history is
`reply.quoted_text`. Mail returned in a delivery report is nothing that a person forwards.

Further evidence tells what was read with doubt, or from elsewhere: `date:` (no zone was given, so the
forwarder's holds; it could not be read; it is missing), `sender:` (on behalf of somebody; a name without
an address; nobody named below the marker), `header:` (the Message-ID was taken from a field of the mail
that carries it), `shape:` (a header as raw mail has it, or recipients alone), `subject:agrees` (the
subject's vote, where more was needed), `subject:of-wrapper` (the client wrote no subject above the
original, so it is that of the mail that carries it, without its prefix). What each is worth stands in
bccd/mail/forward/confidence.py.

| evidence | the date |
| --- | --- |
| none, or `date:zone-of-wrapper` | names its zone, or is in that of the forwarder's Date field |
| `date:zone-of-thread` | is in the zone that Thread-Index bears out: Exchange writes the Date field in UTC |
| `date:zone-of-season` | is in that zone, an hour off: summer time began or ended between the two mails |
| `date:zone-unknown` | is given as if in UTC: nothing tells its zone |
| `date:day-only` | has no time; midnight stands for it |
| `date:ambiguous` | can be read in two ways, such as 03/04/2026: not told |
| `date:unreadable`, `date:missing` | is in no form or calendar that is known, or is not there: not told |
| `date:after-wrapper` | would be after the forward: the forward's own stands for it |

In `chain`, `labels:` says that a mail stood below header lines, `attribution:quoted` that it was quoted
below a line such as "On ... wrote:", and `attribution:flat` that it stood below one unquoted.

`confidence` is 0 to 1. From {sure} on an original is found; with one author who has an address it is
`sure`, too, and filed without a question. What is below that is listed in `forwards` and not found: its
user is asked who wrote it, and `candidates` lists whom the mail names.

`from` is the author, to whom the mail belongs. Where a block says "X on behalf of Y", Y is the author
and `from.on_behalf_of` is X.

## How the mail's own text is split

Each line of `mail.text` belongs to one of `reply`'s three texts, so nothing is lost. In this order:

1. What a sign of quoting begins (`>`, and below an attribution also `|`, `}}`, `Carl>`) is history, with the
   attribution above it, in any language; so is all from an unquoted attribution, a client's marker line
   ("Original Message") or a block of header lines to the end, and what an element of the HTML marks as
   quoted. What stands between or below quoted lines is the sender's answer. A session of an interpreter
   or a difference of files above the history is his own, though its lines begin with `>`.
2. From the end of his own text upward: rules, a phone's line ("Sent from my iPhone"), list footers, legal
   text, what follows the delimiter `-- `, and a block that names the sender with a number or an address
   go to `signature`.
3. Everything else is `new_text`: what is not surely something else is new. A greeting with a name stays.
   Below unquoted history that begins a mail an answer may stand, so that text stays, too.
"""


def page() -> str:
    """Write the page."""
    example = json.dumps(msgspec.to_builtins(anatomy(octets())), ensure_ascii=False, indent=2)
    return (
        _HEAD.format(sure=SURE)
        + "".join(_object(name) for name in _in_order("Anatomy"))
        + f"\n## Example\n\n```eml\n{EXAMPLE}```\n\n```json\n{example}\n```\n"
        + f"\n## JSON Schema\n\n```json\n{json.dumps(schema(), indent=1, ensure_ascii=False)}\n```\n"
    )


def octets() -> bytes:
    """Return the example as it would come by mail."""
    return EXAMPLE.replace("\n", "\r\n").encode()


def _in_order(first: str) -> list[str]:
    """Name an object and all those that it holds, each before what it holds."""
    names = [first]
    for name in names:  # grows while it is walked
        for shape in _DEFINED[name]["properties"].values():
            names += [held for held in _held(shape) if held not in names]
    return names


def _held(shape: Mapping[str, Any]) -> Iterator[str]:
    if "$ref" in shape:
        yield shape["$ref"].rpartition("/")[2]
    for inner in (*shape.get("anyOf", ()), *([shape["items"]] if "items" in shape else ())):
        yield from _held(inner)


def _object(name: str) -> str:
    defined = _DEFINED[name]
    rows = "".join(
        f"| `{field}` | {_type(shape)} | {shape['description']} |\n"
        for field, shape in defined["properties"].items()
    )
    return (
        f"\n## {name}\n\n{defined['description']}\n\n| field | type | meaning |\n| --- | --- | --- |\n{rows}"
    )


def _type(shape: Mapping[str, Any]) -> str:
    if "anyOf" in shape:
        return " or ".join(_type(inner) for inner in shape["anyOf"])
    if "$ref" in shape:
        name = shape["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if shape["type"] == "array":
        return f"list of {_type(shape['items'])}"
    return {"string": "text", "boolean": "true or false"}.get(shape["type"], str(shape["type"]))
