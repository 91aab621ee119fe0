"""The kinds of command: what each takes, does and answers. docs/reference/commands.md is made from this."""

from collections.abc import Mapping

from bccd.model.command import Arguments, Code, Scope
from bccd.rules.commands import answers, choices, grouping, links, secret, sharing
from bccd.rules.commands import arguments as a
from bccd.rules.commands.kind import Fields, Kind
from bccd.rules.commands.people_kinds import PEOPLE
from bccd.rules.commands.waiting_kinds import WAITING

EVERY = (Code.UNKNOWN_KIND, Code.BAD_ARGUMENTS, Code.NO_SUCH_USER, Code.NOT_FOUND, Code.FAILED)

_PLACE: Fields = {
    "message": (a.MESSAGE, "this message alone; later mail of the conversation does not inherit it"),
    "conversation": (
        a.CONVERSATION,
        "all of its messages that the actor sees; later mail inherits it from those who take part",
    ),
}
_ITEM: Fields = {
    "contact": (a.CONTACT, "the contact"),
    "organisation": (a.ORGANISATION, "the organisation"),
    "deal": (a.DEAL, "the deal"),
}
_MESSAGE: Fields = {"message": (a.MESSAGE, "the message")}
_NOTICE: Fields = {"notice": (a.NOTICE, "the notice, or one that told what became of an answer to it")}
_TELL: Fields = {"tell": (a.TELL, "whether the actor is written to what became of it; false unless given")}
_SECRET: Fields = {"kind": (a.SECRET, "user: for his own mail; forward: for what his server forwards")}
_CHANGED = {"changed": "how many messages were changed"}

_LIST = (
    Kind(
        "link.set",
        "Link a message or a conversation to a contact, an organisation or a deal. "
        "A deal answers the choice that is pending there: what else was suggested is rejected. "
        "So does a contact, where several have the same address.",
        links.set_link,
        _CHANGED,
        (Code.CONFLICT,),
        one_of=(_PLACE, _ITEM),
    ),
    Kind(
        "link.move",
        "Move a message or a conversation from one deal to another.",
        links.move_link,
        _CHANGED,
        (Code.CONFLICT, Code.NOTHING_TO_DO),
        needed={
            "from": (a.FROM_DEAL, "the deal that it is linked to"),
            "to": (a.DEAL, "the deal that it belongs to"),
        },
        one_of=(_PLACE,),
    ),
    Kind(
        "link.reject",
        "Take a link or a suggestion away for good: no rule makes it again, only a user may.",
        links.reject_link,
        _CHANGED,
        (Code.NOTHING_TO_DO,),
        one_of=(_PLACE, _ITEM),
    ),
    Kind(
        "choice.resolve",
        "Say which of the suggested deals it is, or that it is none of them. The first answer counts.",
        choices.resolve_choice,
        _CHANGED | {"deal": "the deal's number, null where it was none of them"},
        (Code.ALREADY_RESOLVED, Code.NOTHING_TO_DO, Code.CONFLICT),
        needed={"deal": (a.DEAL_OR_NONE, "the deal that it is, suggested or not")},
        one_of=(
            {
                "message": (a.MESSAGE, "the message, or one of the conversation"),
                "conversation": (a.CONVERSATION, "the conversation, with the scope of that name"),
            },
        ),
        optional={
            "scope": (
                a.choice(Scope),
                (
                    "message: this one alone; conversation, the default: all messages of it that he sees "
                    "and that wait or have no deal; from_here_on: this and later ones, and what older ones "
                    "are linked to is left to them"
                ),
            )
        },
        default=Arguments(scope=Scope.CONVERSATION),
        whole=True,
    ),
    Kind(
        "choice.answer",
        "Answer a notice to the actor, as by mail or by its links. Each number stands for a deal, and "
        "settles the question under which it stands, as choice.resolve does.",
        answers.answer,
        _CHANGED
        | {
            "settled": "a list, for each question settled: conversation and deal, null for none",
            "refused": "a list, for each that was not: conversation, error and sentence",
        },
        (Code.ALREADY_RESOLVED, Code.NOTHING_TO_DO, Code.CONFLICT),
        needed=_NOTICE,
        optional={
            "numbers": (a.NUMBERS, "what it is, one number a question; other questions stay open"),
            "always": (
                a.ALWAYS,
                (
                    "which of them are meant from_here_on, from the message that was asked about; the others "
                    "are meant for the conversation"
                ),
            ),
            "none": (
                a.NONE_OF_THEM,
                "in the place of numbers: whether it is none of them, for all questions",
            ),
            **_TELL,
        },
        whole=True,
    ),
    Kind(
        "choice.reopen",
        "Take the last answer to a notice back: links stand as they stood before it, and it is asked again. "
        "Refused where somebody has changed one of them since.",
        answers.reopen,
        _CHANGED,
        (Code.NOTHING_TO_DO, Code.CONFLICT),
        needed=_NOTICE,
        optional=_TELL,
    ),
    Kind(
        "message.share",
        "Share the actor's own copy: colleagues see the message as soon as it is linked.",
        sharing.share,
        _CHANGED,
        (Code.NOT_OWNER,),
        one_of=(_MESSAGE | {"messages": (a.MESSAGES, "several messages")},),
    ),
    Kind(
        "message.private",
        "Make the actor's own copy private. Who sees the message by another's shared copy sees it still.",
        sharing.make_private,
        _CHANGED,
        (Code.NOT_OWNER,),
        one_of=(_MESSAGE | {"messages": (a.MESSAGES, "several messages")},),
    ),
    *WAITING,
    Kind(
        "copy.delete",
        "Delete the actor's own copy with his note, and what he handed in. With the last copy the message is "
        "erased: its text, parties, files and links are gone for good, the same mail sent in again is new.",
        sharing.delete_copy,
        {"erased": "whether it was the last copy, so that the message is gone"},
        (Code.NOT_OWNER,),
        needed=_MESSAGE,
    ),
    Kind(
        "conversation.merge",
        "Make one conversation of several. Nobody sees a message by it that he did not see before.",
        grouping.merge,
        {"conversation": "the one that they are now"},
        (Code.NOTHING_TO_DO,),
        needed={"conversations": (a.CONVERSATIONS, "which")},
        whole=True,
    ),
    Kind(
        "conversation.split",
        "Have messages, and what answers them, stand apart from their conversation.",
        grouping.split,
        {"conversation": "the one that they are now"},
        (Code.NOTHING_TO_DO,),
        needed={"messages": (a.MESSAGES, "which, all of one conversation")},
        whole=True,
    ),
    Kind(
        "secret.create",
        "Give the actor a secret address of his own: for his mail, or for his server's forwarding. "
        "It takes the place of the one that he has.",
        secret.create,
        {"address": "the new address, spelt out"},
        (),
        needed=_SECRET,
        optional={"days": (a.DAYS, "how long the one that he has goes on working; by default not at all")},
    ),
    Kind(
        "secret.show",
        "Answer with the actor's secret addresses of a kind.",
        secret.show,
        {"addresses": "a list of objects: address, created, and until when it works if it was replaced"},
        (),
        needed=_SECRET,
    ),
    Kind(
        "secret.revoke",
        "Take the actor's secret addresses of a kind away, at once.",
        secret.revoke,
        {"revoked": "how many there were"},
        (),
        needed=_SECRET,
    ),
    Kind(
        "state.set",
        "Mark messages as seen or flagged, or not, for the actor alone.",
        sharing.set_marks,
        _CHANGED,
        (),
        one_of=(
            _MESSAGE
            | {
                "messages": (a.MESSAGES, "several messages"),
                "conversation": (a.CONVERSATION, "all of its messages that the actor sees"),
            },
        ),
        some_of={"seen": (a.SEEN, "whether he has seen it"), "flagged": (a.FLAGGED, "whether it is flagged")},
    ),
    *PEOPLE,
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _LIST}
