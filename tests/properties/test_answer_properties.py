"""Whatever somebody answers: no text raises, and nothing is settled that was not offered."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bccd.model.answer import Offered, Question, StandingNotice
from bccd.model.command import (
    Arguments,
    Item,
    ItemKind,
    LinkScope,
    Named,
    Refusal,
    Scene,
    SetLink,
    StandingItem,
    StandingLink,
    StandingMessage,
)
from bccd.model.crm import DealStatus
from bccd.model.message import Content, Mailbox
from bccd.model.plan import LinkOrigin, LinkState
from bccd.rules.answers import own_words, read_answer
from bccd.rules.commands.answers import answer
from bccd.testing.build import NOON
from tests.examples import some

PIECES = [
    "2", "1, 4", "none", "undo", "always", "zawsze", "\u0662", "\u2461", "2.", "#", "please", "\n", "\n\n",
    "> ", "On Mon, Ann wrote:\n", "-- \n", "Sent from my iPhone", "3-4", "or", " ", "\u200f", "\ud800", "\0",
    "9" * 30,
]  # fmt: skip
TEXTS = st.one_of(st.text(max_size=300), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))


@some(300)
@given(TEXTS)
def test_no_text_raises(text: str) -> None:
    """An answer says one thing: numbers, or none of them, or that the last one is taken back."""
    said = read_answer(text)
    own_words(Content(sender=Mailbox("Ann", "ann@example.com"), text=text, html=text))
    if said is not None:
        assert bool(said.numbers) + said.none + said.undo == 1
        assert set(said.always) <= set(said.numbers) and len(set(said.numbers)) == len(said.numbers)


@some(200)
@given(
    st.sampled_from(["always", "please", "", "!", "."]),
    st.integers(1, 9_999),
    st.text(alphabet="abcxyz ", max_size=9),
)
def test_a_number_in_a_sentence_is_no_answer(word: str, number: int, prose: str) -> None:
    """Only a line that says nothing else is an answer, and then it is that number."""
    said = read_answer(f"{number} {word}")
    assert said is not None and said.numbers == (number,)
    assert read_answer(f"qq {prose} {number} {word}") is None


DEALS = st.integers(1, 6)
OFFERS = st.lists(DEALS, min_size=1, max_size=3, unique=True)
QUESTIONS = st.dictionaries(st.integers(1, 3), OFFERS, min_size=1, max_size=3).map(
    lambda it: sorted(it.items())
)
LINKS = st.dictionaries(DEALS, st.sampled_from(LinkState), max_size=4)


@some(300)
@given(
    QUESTIONS,
    st.dictionaries(st.integers(1, 6), st.tuples(st.integers(1, 3), LINKS), min_size=1, max_size=5),
    st.lists(st.integers(1, 10), max_size=3, unique=True),
    st.booleans(),
    st.booleans(),
)
def test_nothing_is_settled_that_was_not_offered(
    questions: list[tuple[int, list[int]]],
    stored: dict[int, tuple[int, dict[int, LinkState]]],
    numbers: list[int],
    none: bool,
    always: bool,
) -> None:
    """A deal that becomes active is one that its conversation's question has under a number that was said."""
    offered = Offered(tuple(Question(home, home, tuple(deals)) for home, deals in questions))
    scene = Scene(
        1,
        {id_: _message(id_, home, links) for id_, (home, links) in stored.items()},
        {home: home for home in range(1, 4)},
        {Named(ItemKind.DEAL, n): StandingItem(Item(ItemKind.DEAL, n), DealStatus.OPEN) for n in range(1, 7)},
        notices={9: StandingNotice(9, offered)},
    )
    said = tuple(numbers)
    ruled = answer(Arguments(notice=9, numbers=said, always=said if always else (), none=none), scene)
    if isinstance(ruled, Refusal):
        return
    chosen = {
        (scene.messages[question.message_id].conversation_id if question.message_id in scene.messages
         else question.conversation_id, deal)
        for question, deal in (offered.numbered()[number] for number in numbers)
    }  # fmt: skip
    for edit in ruled.edits:
        if isinstance(edit, SetLink) and edit.state is LinkState.ACTIVE:
            assert (scene.messages[edit.message_id].conversation_id, edit.item.id) in chosen


def _message(id_: int, home: int, links: dict[int, LinkState]) -> StandingMessage:
    made = tuple(
        StandingLink(
            id_ * 10 + deal, Item(ItemKind.DEAL, deal), state, LinkOrigin.AUTO, LinkScope.CONVERSATION
        )
        for deal, state in links.items()
    )
    return StandingMessage(id_, home, NOON + timedelta(minutes=id_), (), made)
