"""The words that made-up mail is made of, in two languages; nobody ever wrote a mail with them."""

from dataclasses import dataclass


def listed(text: str) -> tuple[str, ...]:
    """Cut a line of words."""
    return tuple(text.split())


FIRST_NAMES = listed(
    "Agata Bartosz Celina Dawid Edyta Filip Grażyna Hubert Iwona Jakub Kalina Łukasz Monika Norbert "
    "Oliwia Paweł Renata Sławomir Teresa Urszula Wiktor Zofia Alice Brian Carol Duncan Elaine Fergus "
    "Gwen Howard Imogen Julian Keira Leonard Maud Nigel Orla Percy Rosalind Stuart Tamsin Vernon "
    "Winifred"
)
LAST_NAMES = listed(
    "Adamczyk Borowik Cichoń Dębicki Ejsmont Filipczak Górecka Hajduk Iwanicki Jodłowska Kępa "
    "Ławniczak Mroczek Niziołek Oleksy Pągowski Rutka Sobieraj Trzaska Urbaniak Wąsik Żurek Ashdown "
    "Bickerton Colworth Dunmore Easterby Fairholm Garside Hollins Inglewood Jessop Kershaw Lytton "
    "Marwood Netherby Oakshott Pemberley Ravenhill Selwick Thornbury Underhay Wetherall"
)
FIRM_HEADS = listed(
    "Alder Basalt Cobalt Delta Ember Fjord Granite Harbour Indigo Juniper Kestrel Lumen Meridian "
    "Nimbus Onyx Poplar Quartz Russet Saffron Tundra Umber Vertex Willow Zephyr"
)
FIRM_TAILS = listed(
    "Logistics Packaging Robotics Foods Textiles Energy Software Interiors Bearings Printing Optics Glass"
)


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language of the corpus."""

    code: str
    words: tuple[str, ...]
    hello: tuple[str, ...]
    bye: tuple[str, ...]
    subjects: tuple[str, ...]
    reply_prefix: tuple[str, ...]


ENGLISH = Tongue(
    code="en",
    words=listed(
        "the a our your this that we you they it offer price order pallet delivery invoice contract "
        "quarter sample drawing supplier factory warehouse schedule deadline budget discount volume "
        "margin freight customs payment transfer deposit warranty service support upgrade licence renewal "
        "quantity colour thickness material machine spare part meeting call visit trip office team "
        "manager director engineer agreed attached revised final draft second early late urgent small "
        "large monthly annual spring autumn send check confirm approve prepare discuss compare replace "
        "install deliver collect review sign pay and or but with without before after until from to for "
        "by on in at about under over between during please also still again already soon perhaps rather "
        "exactly roughly only"
    ),
    hello=("Hello", "Hi", "Good morning", "Dear"),
    bye=("Kind regards", "Best regards", "Many thanks", "Best"),
    subjects=(
        "Offer for the spring order",
        "Revised drawing and price",
        "Delivery schedule",
        "Contract renewal",
        "Visit to your factory",
        "Question about the invoice",
        "Samples for your team",
        "Licence upgrade",
        "Spare parts",
        "Payment terms",
    ),
    reply_prefix=("Re: ", "RE: "),
)

POLISH = Tongue(
    code="pl",
    words=listed(
        "oferta cena zamówienie paleta dostawa faktura umowa kwartał próbka rysunek dostawca fabryka "
        "magazyn termin budżet rabat ilość marża fracht cło płatność przelew zaliczka gwarancja serwis "
        "wsparcie aktualizacja licencja odnowienie kolor grubość materiał maszyna część zamienna "
        "spotkanie rozmowa wizyta biuro zespół kierownik dyrektor inżynier uzgodniony załączony "
        "poprawiony ostateczny drugi wczesny późny pilny mały duży miesięczny roczny wiosenny jesienny "
        "proszę wysłać sprawdzić potwierdzić zatwierdzić przygotować omówić porównać wymienić zamontować "
        "dostarczyć odebrać podpisać zapłacić oraz lub ale z bez przed po do od dla przez na w przy około "
        "pod nad między podczas również jeszcze znowu już wkrótce może raczej dokładnie tylko nasza wasza "
        "ta jego jej ich który ponieważ dlatego"
    ),
    hello=("Dzień dobry", "Szanowni Państwo", "Cześć", "Witam"),
    bye=("Pozdrawiam", "Z poważaniem", "Dziękuję i pozdrawiam", "Serdeczności"),
    subjects=(
        "Oferta na zamówienie wiosenne",
        "Poprawiony rysunek i cena",
        "Harmonogram dostaw",
        "Odnowienie umowy",
        "Wizyta w fabryce",
        "Pytanie o fakturę",
        "Próbki dla zespołu",
        "Aktualizacja licencji",
        "Części zamienne",
        "Warunki płatności",
    ),
    reply_prefix=("Odp: ", "RE: "),
)
