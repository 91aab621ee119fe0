"""What holds for every text that is split."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bccd.mail.reply import new_text, read_reply, split_reply
from bccd.model.message import Mailbox

REPLY_PIECES = (
    "On Mon, 16 Nov 2026 at 10:00, Anna <a@x.example> wrote:", "> ", ">", "| ", "JD> a", "From: a@x.example",
    "Sent: 16 Nov 2026 10:00", "To: b", "Subject: c", "-----Original Message-----", "-- ", "--", "_" * 32, "",
    "Sent from my iPhone", "Anna Nowak", "+48 12 345 67 89", "If you are not the intended recipient, delete.",
    "To unsubscribe, send", "-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----", "<", "> wrote:",
    "-----BEGIN PGP SIGNED MESSAGE-----", "2026/11/16 Anna <a@x.example>", "plain words", "\xa0", "写道：",
)  # fmt: skip


@given(
    st.one_of(
        st.text(max_size=300),
        st.lists(st.one_of(st.sampled_from(REPLY_PIECES), st.text(max_size=12)), max_size=30).map("\n".join),
    )
)
def test_a_reply_is_split_without_loss(text: str) -> None:
    """The parts add up to the text, line by line, no two neighbours are of one kind, and nothing raises."""
    lines = text.split("\n")
    parts = split_reply(text, sender=Mailbox("Anna Nowak", "a@x.example"))
    assert "\n".join("\n".join(lines[part.start : part.end]) for part in parts) == text
    assert [part.start for part in parts] == [0, *(part.end for part in parts[:-1])]
    assert all(mine.kind is not next_.kind for mine, next_ in pairwise(parts))
    view = read_reply(text)
    shown = {line.strip(" \t\r") for line in "\n".join(view).split("\n")}
    assert {line.strip(" \t\r") for line in lines if line.strip()} <= shown
    assert all(line in text for line in new_text(text, reply=True).split("\n"))
