"""A provider's question whether it may forward, in the languages that it is asked in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bccd.mail.confirmation import Confirmation, confirmation
from bccd.model.message import Content, Mailbox

GMAIL = "forwarding-noreply@google.com"
YES = "https://mail-settings.google.com/mail/vf-%5BANGjdJ9_x2kQ%5D-KJdue92mSl3kd0"
NO = "https://mail-settings.google.com/mail/uf-%5BANGjdJ9_x2kQ%5D-KJdue92mSl3kd0"
DROP = "crm+fwabc@drop.example"
ANNA = "anna@gmail.com"

# subject, text: as Gmail writes them, the sentences shortened
SHAPES = {
    "en": (
        f"(#512203847) Gmail Forwarding Confirmation - Receive Mail from {ANNA}",
        (
            f"{ANNA} has requested to automatically forward mail to your email address {DROP}.\n"
            f"Confirmation code: 512203847\n\nTo allow {ANNA} to automatically forward mail to your address, "
            f"please click the link below to confirm the request:\n\n{YES}\n\nIf you click the link and it "
            f"appears to be broken, please copy and paste it.\n\nTo cancel, click\n{NO}\n\n"
            "For help: https://support.google.com/mail/bin/answer.py?answer=184973.\n"
        ),
    ),
    "pl": (
        f"(nr 512203847) Potwierdzenie przekazywania Gmaila – otrzymywanie poczty z adresu {ANNA}",
        (
            f"Użytkownik {ANNA} poprosił o automatyczne przekazywanie poczty na Twój adres {DROP}.\n"
            f"Kod potwierdzenia: 512203847\n\nAby na to zezwolić, kliknij link:\n\n{YES}\n"
        ),
    ),
    "de": (
        f"(#512203847) Gmail-Weiterleitungsbestätigung - E-Mails von {ANNA} erhalten",
        (
            f"{ANNA} möchte E-Mails automatisch an {DROP} weiterleiten.\nBestätigungscode: 512203847\n"
            f"Zum Ablehnen: {NO}\nZum Bestätigen: {YES}.\n"
        ),
    ),
    "es": (
        f"(#512203847) Confirmación de reenvío de Gmail: recibir correo de {ANNA}",
        f"{ANNA} ha solicitado reenviar correo a {DROP}.\nCódigo de confirmación: 512203847\n{YES}\n",
    ),
    "ja": (
        f"（#512203847）Gmail の転送の確認 - {ANNA} からのメールを受信",
        f"{ANNA} が {DROP} へのメールの自動転送をリクエストしました。\n確認コード：512203847\n\n{YES}。\n",
    ),
    "zh, without a number in the subject": (
        "(Gmail) 转发确认",
        f"{ANNA} 请求将邮件自动转发到您的电子邮件地址 {DROP}。\n确认码： 512203847\n\n{YES}\n",
    ),
    "fr, the number on a line of its own": (
        f"Confirmation de transfert Gmail - Recevoir des messages de {ANNA}",
        f"{ANNA} souhaite transférer ses messages à {DROP}.\nCode de confirmation\n512203847\n<{YES}>\n",
    ),
}


def mail(subject: str, text: str, sender: str = GMAIL) -> Content:
    """Return a provider's mail as read."""
    return Content(sender=Mailbox("", sender), from_count=1, subject=subject, text=text)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_gmail_in_every_language(shape: tuple[str, str]) -> None:
    """The number, the account and the link that says yes are found; the one that says no is not taken."""
    found = confirmation(mail(*shape), ["drop.example"])
    assert found == Confirmation("Gmail", (ANNA,), "512203847", YES)


def test_a_link_alone_will_do() -> None:
    """Newer mails of Gmail hold no number."""
    found = confirmation(
        mail("Gmail Forwarding Confirmation", f"{ANNA} wants it.\n{YES}\n"), ["drop.example"]
    )
    assert found == Confirmation("Gmail", (ANNA,), "", YES)


@pytest.mark.parametrize(
    ("sender", "text", "provider", "code", "link"),
    [
        (
            "account-security-noreply@accountprotection.microsoft.com",
            "Please use this code for the account an**a@outlook.com.\n\nSecurity code: 4417\n",
            "Microsoft",
            "4417",
            "",
        ),
        (
            "no-reply@cc.yahoo-inc.com",
            "anna@yahoo.com wants to forward.\nhttps://edit.mail.yahoo.com/verify?t=x1\n",
            "Yahoo",
            "",
            "https://edit.mail.yahoo.com/verify?t=x1",
        ),
        (
            "noreply@zoho.eu",
            "Your code\n\n  884120\n\nhttps://mail.zoho.eu/fwd/confirm/abc\n",
            "Zoho",
            "884120",
            "https://mail.zoho.eu/fwd/confirm/abc",
        ),
        (
            "noreply@fastmail.com",
            "Confirm: https://www.fastmail.com/action/verify/?k=9\nhttps://evil.example/fastmail.com/x",
            "Fastmail",
            "",
            "https://www.fastmail.com/action/verify/?k=9",
        ),
        ("noreply@email.apple.com", "Verification code:\n  771204\n", "Apple", "771204", ""),
    ],
)
def test_other_providers(sender: str, text: str, provider: str, code: str, link: str) -> None:
    """Each provider's own sender and its own host count, and no other."""
    found = confirmation(mail("Verify", text, sender))
    assert found is not None
    assert (found.provider, found.code, found.link) == (provider, code, link)


@pytest.mark.parametrize(
    "content",
    [
        mail(*SHAPES["en"], sender="forwarding-noreply@google.com.evil.example"),
        mail(*SHAPES["en"], sender="anna@gmail.com"),
        mail("Gmail Forwarding Confirmation", "https://mail.evil.example/mail/vf-abc"),
        mail("Gmail Forwarding Confirmation", f"cancel only: {NO}"),
        mail("Welcome", "nothing to confirm"),
        replace(mail(*SHAPES["en"]), sender=None),
    ],
)
def test_what_is_none(content: Content) -> None:
    """A lookalike, a foreign link and a mail with nothing to confirm are no question."""
    assert confirmation(content) is None


_PIECES = st.sampled_from(
    [YES, NO, "https://mail.google.com.evil.example/mail/vf-1", "code: 41", "(#123456)", " "]
)


@given(subject=st.text(max_size=60), pieces=st.lists(st.one_of(_PIECES, st.text(max_size=40)), max_size=8))
def test_nothing_raises_and_no_foreign_link_is_shown(subject: str, pieces: list[str]) -> None:
    """Whatever a mail says, a link that is shown is the provider's and says yes; a code is digits."""
    found = confirmation(mail(subject, " ".join(pieces)))
    assert found is None or found.link == "" or found.link.startswith(YES[:40])
    assert found is None or found.code == "" or found.code.isdigit()
    assert confirmation(mail(subject, " ".join(pieces), "x@y.example")) is None
