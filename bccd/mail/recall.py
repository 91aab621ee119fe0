"""Outlook's request to take a message back: a mail that no person wrote, told by its one sentence.

`Anna would like to recall the message, "Offer".` under the subject `Recall: Offer`, in the sender's language.
What is quoted must be the subject, so that nobody who writes of a recall is taken for one.
"""

import re

from msgspec.structs import replace

from bccd.mail.subject import base_subject
from bccd.model.message import AutoKind, Content

_READ = 2_000  # characters
_MOST_WORDS = 25  # outside of the quotes
_QUOTED = re.compile(r"[\"“„”«»‹「『](.+)[\"“”«»›」』]", re.DOTALL)
_END = re.compile(r"\n\s*\n|\n\s*[_-]{4,}")
_PREFIX = re.compile(r"\s*[^:：\n]{2,40}[:：]\s*\S")
_WORDS = re.compile(r"\w+")
# How each language says "take back"; the word for the message stands beside it in all of them.
_VERBS = """
    recall zurückrufen zurückzurufen rappeler recuperar retirar anular cancelar richiamare ritirare odwołać
    wycofać intrekken terughalen återkalla tilbagekalde tilbakekalle peruuttaa palauttaa takaisin odvolat
    stáhnout odvolať stiahnuť visszahív visszavon geri_çek geri_al отозвать отзыв відкликати retrage rechema
    ανακαλ ανάκλησ preklic opozvati atšaukti atsaukt tagasi_kutsu оттегли 撤回 召回 回收 收回 取り消
    リコール 회수 استرداد استدعاء לבטל เรียกคืน
"""
_VERB = re.compile("|".join(verb.replace("_", " ") for verb in _VERBS.split()), re.IGNORECASE)


def recalled(content: Content) -> Content:
    """Take the request to recall a message for what it is: no person wrote it."""
    if "recall" not in content.marks and not is_recall(content.subject, content.text):
        return content
    marked = replace(content, marks=tuple(sorted({*content.marks, "recall"})))
    return marked if content.auto else replace(marked, auto=AutoKind.AUTO_REPLY, auto_reason="recall")


def is_recall(subject: str, text: str) -> bool:
    """Tell whether a mail is nothing but the request to take the message back that its subject names."""
    if not _PREFIX.match(subject) or len(text) > 2 * _READ:
        return False
    said = _END.split(text[:_READ].strip(), maxsplit=1)[0]
    quoted = _QUOTED.search(said)
    if quoted is None:
        return False
    around = f"{said[: quoted.start()]} {said[quoted.end() :]}"
    if len(_WORDS.findall(around)) > _MOST_WORDS or not _VERB.search(around):
        return False
    named = base_subject(" ".join(quoted[1].split()))
    return bool(named) and named == base_subject(subject)
