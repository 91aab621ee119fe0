"""A letter as a mail (RFC 5322): headers that no name or subject can break out of, two bodies, pure ASCII."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from bccd.model.errors import BccdError
from bccd.model.notice import Item, Letter
from bccd.outbound.render import Links, flat, render
from bccd.outbound.words import words
from bccd.rules.codes import code_of
from bccd.rules.links import CHOOSE, NONE, link
from bccd.rules.loops import LOOP, TAG
from bccd.rules.ownmail import OWN_HEADER, PURPOSE
from bccd.rules.reasons import reason_of
from bccd.rules.signing import Signer

REPLY = "reply"
_LONGEST_SUBJECT = 200  # characters
_LONGEST_LOCAL = 64  # octets, RFC 5321 4.5.3.1.1
_GOOD_FOR = timedelta(days=60)  # answers and links; what they are about is often settled before


class UnsendableError(BccdError):
    """No mail can be made for this address."""


class Composer:
    """Makes mails of letters: the same letter is the same mail, but for its Date."""

    def __init__(self, signer: Signer, sender: str, public_url: str) -> None:
        self._signer = signer
        self._sender = sender
        self._public_url = public_url

    def compose(self, letter: Letter, now: datetime) -> bytes:
        """Return the octets to send; raises UnsendableError."""
        letter = replace(letter, items=tuple(self._with_code(letter.company_id, it) for it in letter.items))
        numbers = [choice.number for item in letter.items for choice in item.choices if choice.number]
        asked = self._asked(letter)
        reply_to = self._reply_to(letter, asked) if numbers or asked != letter.id else ""
        spoken = words(letter.language, letter.time_zone)
        written = render(letter, spoken, self._links(letter, numbers), answers=bool(reply_to))
        # Only an address can need more than ASCII: names and subject are encoded (RFC 2047, RFC 6532).
        mail = EmailMessage(policy=SMTP if letter.to.isascii() else SMTPUTF8)
        mail["From"] = _mailbox(letter.company, self._sender or letter.drop)
        mail["To"] = _mailbox(letter.user, letter.to)
        mail["Subject"] = _harmless(written.subject)[:_LONGEST_SUBJECT]
        mail["Date"] = format_datetime(now)
        if reply_to:
            mail["Reply-To"] = _mailbox(letter.company, reply_to)
        generated = reason_of(letter.reason).generated
        mail["Auto-Submitted"] = "auto-generated" if generated else "auto-replied"  # RFC 3834 5
        mail["X-Auto-Response-Suppress"] = "All"
        mail.set_content(written.text, cte="quoted-printable")
        mail.add_alternative(written.html, subtype="html", cte="quoted-printable")
        mail["Content-Language"] = spoken.language
        return self._ids(letter) + mail.as_bytes()

    def _with_code(self, company_id: int, item: Item) -> Item:
        """Work out the code of what is to be confirmed, which stands in no table."""
        claim = item.args.get("confirmation")
        if not isinstance(claim, int):
            return item
        return replace(item, args={**item.args, "code": code_of(self._signer, company_id, claim)})

    def _ids(self, letter: Letter) -> bytes:
        """Return the fields that hold ids: one line each, which the library would fold or encode."""
        own = self._signer.sign(PURPOSE, letter.company_id, letter.id)
        lines = [f"Message-ID: {self.message_id(letter)}", f"{OWN_HEADER}: {own}"]
        if letter.in_reply_to:
            lines += [f"In-Reply-To: {letter.in_reply_to}", f"References: {letter.in_reply_to}"]
        return "".join(f"{line}\r\n" for line in lines).encode("ascii")

    def message_id(self, letter: Letter) -> str:
        """Return the same for each attempt at a letter, and for no other (RFC 5322 3.6.4)."""
        said = f"{letter.company_id}.{letter.id}.{letter.created_at.isoformat()}"
        digest = self._signer.digest("message-id", said)
        short = hashlib.blake2b(digest, digest_size=10).hexdigest()
        domain = (self._sender or letter.drop).rpartition("@")[2] or "bccd.invalid"
        tag = TAG if letter.reason == LOOP else ""
        return f"<notice.{letter.company_id}.{letter.id}.{short}{tag}@{domain}>"

    def _asked(self, letter: Letter) -> int:
        """Return the notice that an answer to this letter is one to."""
        named = letter.items[0].args.get("notice") if len(letter.items) == 1 else None
        return named if isinstance(named, int) else letter.id

    def _reply_to(self, letter: Letter, asked: int) -> str:
        local, at, domain = letter.drop.rpartition("@")
        token = self._signer.sign(REPLY, letter.company_id, asked, expires=letter.created_at + _GOOD_FOR)
        tagged = f"{local}+r{token}"
        return f"{tagged if len(tagged) <= _LONGEST_LOCAL else f'r+{token}'}@{domain}" if at else ""

    def _links(self, letter: Letter, numbers: list[int]) -> Links:
        if not self._public_url:
            return Links({})
        company, id_ = letter.company_id, letter.id
        until = letter.created_at + _GOOD_FOR

        def choose(number: int) -> str:
            token = self._signer.sign(CHOOSE, company, id_, number, expires=until)
            return link(self._public_url, CHOOSE, token)

        others: dict[int, str] = {}
        for item in letter.items:
            purpose, named = reason_of(item.reason).link, item.args.get("link")
            if purpose and isinstance(named, list) and all(isinstance(number, int) for number in named):
                token = self._signer.sign(purpose, company, *named, expires=until)
                others[item.notice_id] = link(self._public_url, purpose, token)
        chosen = {number: choose(number) for number in numbers}
        return Links(chosen, choose(NONE) if numbers else "", others)


def _harmless(text: str) -> str:
    """Return text for a header: what looks like an encoded word (RFC 2047) is decoded, line ends and all."""
    return flat(text).replace("=?", "= ?")


def _mailbox(name: str, address: str) -> Address:
    """Return a mailbox; the name is told only where it is harmless."""
    local, at, domain = address.rpartition("@")
    try:
        return Address(_harmless(name), local, domain)
    except (ValueError, IndexError) as error:
        raise UnsendableError(f"no mail can be sent to or from this address: {bool(at)}") from error
