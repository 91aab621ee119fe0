"""What the pages behind links say, by language; names are filled in, and escaped where they are shown."""

from collections.abc import Mapping

FALLBACK = "en"

_ENGLISH = {
    "choose": "Which deal is it?",
    "confirm": "Confirm an address",
    "release": "A mail waits for you",
    "choose.open": "This links the mail “%(about)s” and what waits of its conversation to “%(name)s”.",
    "choose.open.none": "This says that the mail “%(about)s” belongs to none of the deals offered.",
    "choose.answered": "This is settled: the mail “%(about)s” is linked to “%(name)s”.",
    "choose.answered.none": "This is settled: the mail “%(about)s” belongs to none of the deals offered.",
    "choose.over": "There is nothing to choose any more: this has been settled otherwise.",
    "confirm.open": "From now on mail from %(name)s counts as yours. Mail from it that waits is filed.",
    "confirm.over": "This link has been used, or its time is over.",
    "release.open": "The mail “%(about)s” from %(name)s waits for your word.",
    "release.over": "This mail waits no longer.",
    "choose.yes": "This one",
    "choose.yes.none": "None of them",
    "choose.always": "This one, and for all later mail of the conversation",
    "choose.undo": "Take it back",
    "confirm.yes": "Confirm",
    "release.yes": "File it",
    "release.always": "File it, and later mail that shows the same",
    "release.delete": "Delete it",
    "do": "Do it",
    "done.choose.yes": "Done.",
    "done.choose.always": "Done.",
    "done.choose.undo": "Taken back: all is as it was before.",
    "done.confirm.yes": "Confirmed. You can close this page.",
    "done.release.yes": "It will be filed in a moment. You can close this page.",
    "done.release.always": "It will be filed in a moment, and later mail like it. You can close this page.",
    "done.release.delete": "It is deleted. You can close this page.",
    "refused": "Nothing was changed: something else has been done in the meantime.",
    "link": "Link",
    "expired": "The time of this link is over. A newer notice has newer links.",
    "unknown": "This is no link of ours, or what it was about is gone.",
    "later": "This cannot be done right now. Please try again in a minute.",
    "bad": "This request cannot be read.",
}
_POLISH = {
    "choose": "Która to szansa?",
    "confirm": "Potwierdź adres",
    "release": "Wiadomość czeka na Ciebie",
    "choose.open": "Wiadomość „%(about)s” i to, co czeka w jej rozmowie, zostanie powiązane z „%(name)s”.",
    "choose.open.none": "To oznacza: wiadomość „%(about)s” nie należy do żadnej z tych szans.",
    "choose.answered": "Załatwione: wiadomość „%(about)s” jest powiązana z „%(name)s”.",
    "choose.answered.none": "Załatwione: wiadomość „%(about)s” nie należy do żadnej z tych szans.",
    "choose.over": "Nie ma już czego wybierać: rozstrzygnięto to inaczej.",
    "confirm.open": "Odtąd wiadomości z %(name)s liczą się jako Twoje; te, które czekają, zostaną zapisane.",
    "confirm.over": "Ten odnośnik został już użyty albo stracił ważność.",
    "release.open": "Wiadomość „%(about)s” od %(name)s czeka na Twoją decyzję.",
    "release.over": "Ta wiadomość już nie czeka.",
    "choose.yes": "Ta",
    "choose.yes.none": "Żadna z nich",
    "choose.always": "Ta, także dla późniejszych wiadomości tej rozmowy",
    "choose.undo": "Cofnij",
    "confirm.yes": "Potwierdź",
    "release.yes": "Zapisz ją",
    "release.always": "Zapisz ją, a później także podobne",
    "release.delete": "Usuń ją",
    "do": "Wykonaj",
    "done.choose.yes": "Gotowe.",
    "done.choose.always": "Gotowe.",
    "done.choose.undo": "Cofnięto: wszystko jest jak przedtem.",
    "done.confirm.yes": "Potwierdzono. Możesz zamknąć tę stronę.",
    "done.release.yes": "Za chwilę zostanie zapisana. Możesz zamknąć tę stronę.",
    "done.release.always": "Za chwilę zostanie zapisana, a później także podobne. Możesz zamknąć tę stronę.",
    "done.release.delete": "Usunięto. Możesz zamknąć tę stronę.",
    "refused": "Nic nie zmieniono: w międzyczasie stało się coś innego.",
    "link": "Odnośnik",
    "expired": "Ten odnośnik stracił ważność. Nowsze powiadomienie ma nowsze odnośniki.",
    "unknown": "To nie jest nasz odnośnik albo tego, czego dotyczył, już nie ma.",
    "later": "Teraz nie można tego zrobić. Spróbuj ponownie za minutę.",
    "bad": "Nie można odczytać tego żądania.",
}
TEXTS: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "pl": _POLISH}


def language_of(*wishes: str) -> str:
    """Return the first language wished for that there is; a wish is a tag, or an Accept-Language field."""
    for wish in wishes:
        for tag in wish.split(","):
            language = tag.partition(";")[0].strip().partition("-")[0].lower()
            if language in TEXTS:
                return language
    return FALLBACK


def say(language: str, key: str, **names: str) -> str:
    """Return a text in a language that there is."""
    return TEXTS[language][key] % names
