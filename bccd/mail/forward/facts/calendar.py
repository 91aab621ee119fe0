"""Month names, time zones and halves of the day (facts as in Unicode CLDR and RFC 5322 4.3)."""

# language -> the twelve months; forms of one month are parted by "/". An abbreviation is any prefix of three
# letters or more that only one month has.
MONTHS: dict[str, str] = {
    "bg": "януари февруари март април май юни юли август септември октомври ноември декември",
    "ca": "gener febrer març abril maig juny juliol agost setembre octubre novembre desembre",
    "cs": (
        "leden/ledna únor/února březen/března duben/dubna květen/května červen/června červenec/července "
        "srpen/srpna září říjen/října listopad/listopadu prosinec/prosince"
    ),
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "de": "januar/jänner februar märz/mrz april mai juni juli august september oktober november dezember",
    "el": (
        "ιανουάριος/ιανουαρίου φεβρουάριος/φεβρουαρίου μάρτιος/μαρτίου απρίλιος/απριλίου μάιος/μαΐου "
        "ιούνιος/ιουνίου ιούλιος/ιουλίου αύγουστος/αυγούστου σεπτέμβριος/σεπτεμβρίου οκτώβριος/οκτωβρίου "
        "νοέμβριος/νοεμβρίου δεκέμβριος/δεκεμβρίου"
    ),
    "en": "january february march april may june july august september october november december",
    "es": (
        "enero febrero marzo abril mayo junio julio agosto septiembre/setiembre octubre noviembre diciembre"
    ),
    "et": "jaanuar veebruar märts aprill mai juuni juuli august september oktoober november detsember",
    "fi": (
        "tammikuu/tammikuuta helmikuu/helmikuuta maaliskuu/maaliskuuta huhtikuu/huhtikuuta "
        "toukokuu/toukokuuta kesäkuu/kesäkuuta heinäkuu/heinäkuuta elokuu/elokuuta syyskuu/syyskuuta "
        "lokakuu/lokakuuta marraskuu/marraskuuta joulukuu/joulukuuta"
    ),
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "hr": (
        "siječanj/siječnja veljača/veljače ožujak/ožujka travanj/travnja svibanj/svibnja lipanj/lipnja "
        "srpanj/srpnja kolovoz/kolovoza rujan/rujna listopad/listopada studeni/studenoga/studenog "
        "prosinac/prosinca"
    ),
    "hu": "január február március április május június július augusztus szeptember október november december",
    "id": "januari februari maret april mei juni juli agustus september oktober november desember",
    "it": ("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"),
    "lt": (
        "sausis/sausio vasaris/vasario kovas/kovo balandis/balandžio gegužė/gegužės birželis/birželio "
        "liepa/liepos rugpjūtis/rugpjūčio rugsėjis/rugsėjo spalis/spalio lapkritis/lapkričio gruodis/gruodžio"
    ),
    "lv": (
        "janvāris/janvārī februāris/februārī marts/martā aprīlis/aprīlī maijs/maijā jūnijs/jūnijā "
        "jūlijs/jūlijā augusts/augustā septembris/septembrī oktobris/oktobrī novembris/novembrī "
        "decembris/decembrī"
    ),
    "nl": "januari februari maart/mrt april mei juni juli augustus september oktober november december",
    "no": "januar februar mars april mai juni juli august september oktober november desember",
    "pl": (
        "styczeń/stycznia luty/lutego marzec/marca kwiecień/kwietnia maj/maja czerwiec/czerwca "
        "lipiec/lipca sierpień/sierpnia wrzesień/września październik/października listopad/listopada "
        "grudzień/grudnia"
    ),
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "ro": "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "ru": (
        "январь/января февраль/февраля март/марта апрель/апреля май/мая июнь/июня июль/июля август/августа "
        "сентябрь/сентября октябрь/октября ноябрь/ноября декабрь/декабря"
    ),
    "sk": (
        "január/januára február/februára marec/marca apríl/apríla máj/mája jún/júna júl/júla august/augusta "
        "september/septembra október/októbra november/novembra december/decembra"
    ),
    "sl": (
        "januar/januarja februar/februarja marec/marca april/aprila maj/maja junij/junija julij/julija "
        "avgust/avgusta september/septembra oktober/oktobra november/novembra december/decembra"
    ),
    "sr": (
        "јануар/januar фебруар/februar март/mart април/april мај/maj јун/jun јул/jul август/avgust "
        "септембар/septembar октобар/oktobar новембар/novembar децембар/decembar"
    ),
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "tr": "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
    "uk": (
        "січень/січня лютий/лютого березень/березня квітень/квітня травень/травня червень/червня "
        "липень/липня серпень/серпня вересень/вересня жовтень/жовтня листопад/листопада грудень/грудня"
    ),
}

# Short week days that read like a month.
WEEKDAYS: frozenset[str] = frozenset({"mar", "sze"})

# RFC 5322 4.3, and what clients of Europe write; hours east of UTC.
ZONES: dict[str, float] = {
    "ut": 0,
    "utc": 0,
    "gmt": 0,
    "z": 0,
    "est": -5,
    "edt": -4,
    "cst": -6,
    "cdt": -5,
    "mst": -7,
    "mdt": -6,
    "pst": -8,
    "pdt": -7,
    "wet": 0,
    "west": 1,
    "bst": 1,
    "cet": 1,
    "cest": 2,
    "mez": 1,
    "mesz": 2,
    "seč": 1,
    "selč": 2,
    "eet": 2,
    "eest": 3,
    "oez": 2,
    "oesz": 3,
    "msk": 3,
    "мск": 3,
    "jst": 9,
}

# Behind the clock, or before it in East Asia.
MORNING: tuple[str, ...] = ("am", "a.m.", "a. m.", "上午", "午前", "오전", "ص", "π.μ.")
AFTERNOON: tuple[str, ...] = ("pm", "p.m.", "p. m.", "下午", "午後", "오후", "م", "μ.μ.")
