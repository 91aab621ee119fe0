"""The words of "On ... wrote:" by language.

Facts from the public translation files of Thunderbird (mime and compose properties), Thunderbird for
Android (reply_header_fmt) and Roundcube (mailreplyintro), and from lines that Gmail, Apple Mail, Outlook for
Mac, Yahoo, Zoho and Proton print.
"""

# Words that say "wrote", each a word of its own, casefolded, without accents of the Arabic script.
VERBS: frozenset[str] = frozenset(
    """
    wrote writes written said schrieb schreibt schreift écrit ecrit écrivait escribió escribio escribe
    scritto scrive scriveva scrittu escreveu escribiu escribeu escrit escriure schreef schreeft
    geschreven skrev skriver skreiv skreau skrivet kirjoitti kirjutas rašė parašė rakstīja napsal
    napsala napsal/a napsal/-a napísal napísala napisał napisała napisał/a napisali pisze napisal
    napisala napisa napisao napisao/la piše пише написа напиша написао пишет писал писала написал
    написала написали написав написавши піша напісаў напісала έγραψε yazdı yazdi yazmış yazıb írta irta
    írja scris scrit scribite scrisă shkroi shkruajti skrifaði skrivaði ysgrifennodd scríobh sgrìobh
    idatzi menulis menulisnya membalas skribis nivîsî yura yozdi yozgan жазған жазды бичсэн يازدى يازدۇ
    წერს დაწერა წერდა գրել գրեց כתב כתבה כותב נכתב كتب كتبت يكتب نوشت نوشته لکھا लिखा लिहीले लिहिले
    লিখেছেন লিখেছে লিখলেন எழுதியது எழுதப்பட்டது எழுதினார் రాశారు వ్రాసారు ಬರೆದಿದ್ದಾರೆ ಬರೆದರು എഴുതി
    લખ્યું ਲਿਖਿਆ ලියුවේය sporoča sinulat isinulat aliandika geskryf skryf viết rakstija
    """.split()  # noqa: SIM905 - a list of two hundred strings would be no easier to read
)

# The same for scripts that part no words.
JOINED_VERBS: tuple[str, ...] = (
    "写道",
    "寫道",
    "写到",
    "寫到",
    "写于",
    "寫於",
    "书写",
    "書きました",
    "書いた",
    "のメール",
    "のメッセージ",
    "より",
    "작성",
    "쓴글",
    "쓴내용",
    "씀",
    "썼습니다",
    "เขียน",
    "សរសេរ",
    "ຂຽນ",
    "ရေး",
)

# Words that end an attribution in languages that put no colon behind it.
LAST_WITHOUT_COLON: tuple[str, ...] = (
    "գրել է",
    "գրեց",
    "എഴുതി",
    "menulis",
    "napisal",
    "쓴 글",
    "쓴 내용",
    "작성함",
    "wrote",
)

# Words that such a line begins with.
OPENERS: frozenset[str] = frozenset(
    """
    on at am le el il em a às op den d dne dňa dnia w na dana у на дана в στις la în més më þann tann ar
    d'an je u o no pada di vào 在 于 於 على في بتاريخ در ب ב ekkor datumā datum თარიღი თარიღში ils ri als
    mer sur à ce în data de kunë kl da em: op: von from par de
    """.split()  # noqa: SIM905 - as above
)
