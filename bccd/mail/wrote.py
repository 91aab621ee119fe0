"""The words of "On ... wrote:" by language.

Facts from the public translation files of Thunderbird (mime and compose properties), Thunderbird for
Android (reply_header_fmt) and Roundcube (mailreplyintro), and from lines that Gmail, Apple Mail, Outlook for
Mac, Yahoo, Zoho and Proton print.
"""

# Language -> words that say "wrote", each a word of its own, casefolded, without vowels of the Arabic script.
# A word of several languages counts for the first.
VERBS: dict[str, str] = {
    "en": "wrote writes written said",
    "pl": "pisze napisał napisała napisali",
    "de": "schrieb schreibt geschrieben",
    "fr": "écrit ecrit écrivait",
    "es": "escribió escribio escribe",
    "it": "scritto scrive scriveva",
    "nl": "schreef schreeft geschreven",
    "pt": "escreveu",
    "sv": "skrev skriver",
    "cs": "napsal napsala",
    "sk": "napísal napísala",
    "ru": "пишет писал писала написал написала написали написавший",
    "uk": "написав пише",
    "tr": "yazdı yazdi yazmış",
    "hu": "írta irta írja",
    "fi": "kirjoitti",
    "ro": "scris scrisă",
    "el": "έγραψε",
    "bg": "написа",
    "hr": "piše napisao napisala",
    "sl": "napisal sporoča",
    "sr": "написао написала",
    "mk": "напиша",
    "be": "піша напісаў напісала",
    "lt": "rašė parašė",
    "lv": "rakstīja rakstija",
    "et": "kirjutas",
    "ca": "escrit escriure",
    "gl": "escribiu escribeu",
    "rm": "scrit",
    "co": "scrittu",
    "ia": "scribite",
    "eo": "skribis",
    "lb": "schreift",
    "nn": "skreiv",
    "fy": "skreau",
    "is": "skrifaði",
    "fo": "skrivaði",
    "af": "geskryf",
    "br": "skrivet",
    "cy": "ysgrifennodd",
    "ga": "scríobh",
    "gd": "sgrìobh",
    "eu": "idatzi",
    "sq": "shkroi shkruajti",
    "hsb": "napisa",
    "az": "yazıb",
    "uz": "yozdi yozgan",
    "kk": "жазған жазды",
    "mn": "бичсэн",
    "ug": "یازدى یازدى يازدى",
    "ku": "nivîsî",
    "kab": "yura",
    "ka": "წერს დაწერა წერდა",
    "hy": "գրել գրեց",
    "he": "כתב כתבה כותב נכתב",
    "ar": "كتب كتبت يكتب",
    "fa": "نوشت نوشته",
    "ur": "لکھا",
    "hi": "लिखा",
    "mr": "लिहीले लिहिले",
    "bn": "লিখেছেন লিখেছে লিখলেন",
    "ta": "எழுதியது எழுதப்பட்டது எழுதினார்",
    "te": "రాశారు వ్రాసారు",
    "kn": "ಬರೆದಿದ್ದಾರೆ ಬರೆದರು",
    "ml": "എഴുതി",
    "gu": "લખ્યું",
    "pa": "ਲਿਖਿਆ",
    "si": "ලියුවේය",
    "id": "menulis menulisnya",
    "ms": "membalas",
    "fil": "sinulat isinulat",
    "sw": "aliandika",
    "vi": "viết",
}

# The same for scripts that part no words.
JOINED_VERBS: dict[str, str] = {
    "zh": "写道 寫道 写到 寫到 写于 寫於 书写",
    "ja": "書きました 書いた のメール のメッセージ より",
    "ko": "작성 쓴글 쓴내용 씀 썼습니다",
    "th": "เขียน",
    "km": "សរសេរ",
    "lo": "ຂຽນ",
    "my": "ရေး",
}

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
    on at am le el il em a às op den d dne dňa dnia w na dana у на дана в στις la în më þann tann ar d'an
    je u o no pada di vào 在 于 於 على في بتاريخ در ب ב ekkor datumā datum თარიღი თარიღში ils ri als mer sur
    à ce în data de kunë kl da em: op: von from par de בתאריך tirsdag
    """.split()  # noqa: SIM905 - a list of fifty strings would be no easier to read
)

# Words between the date, the name and the verb that are part of none of them.
FILLERS: frozenset[str] = frozenset(
    """
    on at um om à às a as las ás les alle alla ore kl klo kell o v u в у о ob lúc ngày aig timmy tid uhr h
    heures godz г р года год użytkownik użyt używ user пользователь користувач používateľ uživatel
    odesílatel odosielateľ uporabnik felhasználó heeft het volgende følgende følgjande följande ezt az ha
    hat has je jo időpontban időpont keltezéssel tarihinde tarihli saatinde tarixdə egunean şunu için eo
    bet gant na leanas dniu w dnia dne dňa giorno dia día am pm op στις ο η të në më þann tann den pukul
    pada vào lúc đã ne ने को にて に さん さんは 님이 님 이 가 이가 에 于 於 在 เมื่อ เวลา ว่า ในวันที่ על ידי
    igorleak zuen du hau បាន va hà уақытында या दिवशी دا ο/η ar pa ri @ الرسالة
    מאת בשעה בתאריך و في على بتاريخ در ساعت تاریخ aikaa gmt utc cet cest est edt pst pdt yang le la il
    """.split()  # noqa: SIM905 - as above
)

# Particles of names: within a name, never at its beginning here.
PARTICLES: frozenset[str] = frozenset("de la le von van der den di da du del dos el al bin zu ter".split())  # noqa: SIM905
