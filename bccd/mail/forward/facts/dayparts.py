"""Words for the parts of the day by language.

Facts of Unicode CLDR (Unicode License v3) as Babel 2.18 holds them, taken once; written as in
facts/calendar.py. Five columns: before noon, after noon, evening, night, noon; "-" for none.
"""

DAY_PARTS: dict[str, str] = {
    "af": "vm/die_oggend/oggend nm/die_middag/middag die_aand/aand die_nag/nag -",
    "am": "ጥዋት ከሰዓት በምሽት/ምሽት በሌሊት/ሌሊት ቀትር",
    "ar": "ص/صباحا/فجرا/فی_الصباح م/مساء/ظهرا/بعد_الظهر - فی_المساء/منتصف_اللیل/لیلا/ل -",
    "ast": "de_la_mañana/mañana de_la_tarde/tarde - - -",
    "az": (
        "ам/сүбһ/sübh/сәһәр/səhər пм/ҝүндүз/gündüz ахшамүстү/axşamüstü ахшам/axşam/ҝеҹә/gecə ҝүнорта/günorta"
    ),
    "be": "апоўначы/апн апоўдні/апд - - -",
    "bg": "пр_об/сутринта/на_обяд сл_об/следобед вечерта през_нощта -",
    "bn": ("ভোর/ভোরবেলায়/সকাল/সকালবেলায় দুপুর/দুপুরবেলায়/বিকাল সন্ধ্যা/সন্ধ্যাবেলায় রাত্রি/রাত্রিবেলায় -"),
    "br": "- g_m/gm - - -",
    "bs": (
        "prijepodne/пре_подне/прије_подне/ujutro/ујутру/јутро "
        "popodne/поподне/послије_подне/poslijepodne/у_подне/послийеподне navečer/увече/вече "
        "po_noći/ноћу/ноћ podne/подне"
    ),
    "ca": "matinada/matí migdia/tarda/vesprada vespre nit -",
    "ckb": "ب_ن د_ن - - -",
    "cs": "dop/r/ráno/dopoledne odp/odpoledne več/večer v_n/v_noci/noc pol/poledne",
    "cy": "yb/y_bore/bore yh/y_prynhawn/prynhawn yr_hwyr - canol_dydd",
    "da": (
        "om_morgenen/morgen/om_formiddagen/formiddag om_eftermiddagen/eftermiddag om_aftenen/aften "
        "om_natten/nat -"
    ),
    "de": (
        "vorm/vm/morgens/morgen/vormittags/vormittag nachm/nm/mittags/mittag/nachmittags/nachmittag "
        "abends/abend nachts/nacht -"
    ),
    "dsb": "dop/dopołdnja wótp/wótpołdnja - - -",
    "el": (
        "π_μ/πμ/πρωί/το_πρωί μ_μ/μμ/μεσημ/το_μεσημέρι/μεσημέρι απόγ/το_απόγευμα/απόγευμα βράδυ/το_βράδυ -"
    ),
    "en": (
        "𐑨𐑥/𐐰𐑋/in_the_morning/morning 𐑐𐑥/𐐹𐑋/in_the_afternoon/afternoon in_the_evening/evening "
        "at_night/night noon/midday"
    ),
    "eo": "atm ptm - - -",
    "es": (
        "de_la_madrugada/madrugada/de_la_mañana/mañana - de_la_tarde/tarde de_la_noche/noche "
        "del_mediodía/mediodía/m"
    ),
    "et": "hommikul/hommik pärastlõunal/pärastlõuna õhtul/õhtu öösel/öö keskpäeval/keskpäev",
    "eu": (
        "goizald/goizaldeko/goiz/goizaldea/goizeko/goiza "
        "eguerd/eguerdiko/eguerdia/arrats/arratsaldeko/arratsaldea iluntz/iluntzeko/iluntzea "
        "gaueko/gaua -"
    ),
    "fa": "ق_ظ/قبلازظهر/قظ/بامداد/صبح ب_ظ/بعدازظهر/بظ/ظهر/عصر/بعدازچاشت - شب/نیمهشب -",
    "fi": (
        "ap/aamulla/aamu/aamup/aamupäivällä/aamupäivä ip/iltap/iltapäivällä/iltapäivä illalla/ilta "
        "yöllä/yö keskip/keskipäivällä/keskipäivä"
    ),
    "fil": "ng_umaga/umaga/madaling_araw ng_hapon/hapon - - tanghaling_tapat",
    "fr": "mat/matin soir/après_midi/de_l_après_midi/ap_m/de_l_ap_m du_soir de_la_nuit midi",
    "fur": "a p - - -",
    "ga": "r_n i_n - - -",
    "gd": "m f - - -",
    "gl": "da_madrugada/madrugada/da_mañá/mañá do_mediodía/mediodía da_tarde/tarde da_noite/noite -",
    "gu": "સવારે/સવાર બપોરે/બપોર સાંજે/સાંજ રાત્રે/રાત્રિ -",
    "ha": "sf/safiya ym/yamma - - -",
    "he": "לפנה״צ/בוקר/בבוקר אחה״צ/צהריים/בצהריים/אחר_הצהריים ערב/בערב לילה/בלילה/לפנות_בוקר -",
    "hi": "subah/morning/सुबह dopahar/afternoon/दोपहर shaam/evening/शाम raat/night/रात noon/madhyanh",
    "hr": "ujutro popodne/poslije_podne navečer noću podne",
    "hsb": "dop/dopołdnja pop/popołdnju - - -",
    "hu": "de/reggel/délelőtt du/délután este éjjel/hajnal dél",
    "hy": "առավոտյան/առավոտ ցերեկը/ցերեկվա/ցերեկ երեկոյան/երեկո գիշերը/գիշերվա/գիշեր կեսօր/կեսօրին",
    "id": "pagi siang sore malam tengah_hari",
    "ig": "n_ụtụtụ n_abalị/n_abali - - -",
    "is": "f_h/að_morgni/morgunn e_h/síðdegis/eftir_hádegi að_kvöldi/kvöld að_nóttu/nótt hádegi",
    "it": (
        "di_mattina/mattina di_pomeriggio/del_pomeriggio/pomeriggio di_sera/sera di_notte/notte mezzogiorno"
    ),
    "ja": "午前/朝 午後/昼 夕方 夜/夜中 正午",
    "ka": (
        "დილ/დილით/დილა ნაშუადღ/ნაშუადღევს/ნაშუადღევი საღ/საღამოს/საღამო ღამ/ღამით/ღამე შუადღ/შუადღეს/შუადღე"
    ),
    "kab": "n_tufat/ft n_tmeddit/md - - -",
    "kk": (
        "ت_د/таңғы/таң/تاڭعی/تاڭ ت_ک/түстен_кейінгі/түстен_кейін/تۇستەن_کەیینگی/تۇستەن_کەیین "
        "кешкі/кеш/کەش/کەشی түнгі/түн/تۇنگی/ءتۇن түскі/талтүс/تۇسکی/ءتالتۇس/تال_ءتۇس"
    ),
    "kl": "u_t/ulloqeqqata_tungaa u_k/ulloqeqqata_kingorna - - -",
    "km": "នៅពេលព្រឹក/ព្រឹក នៅពេលរសៀល/រសៀល នៅពេលល្ងាច/ល្ងាច នៅពេលយប់/យប់ ថ្ងៃត្រង់",
    "kn": "ಬೆಳಗ್ಗೆ ಮಧ್ಯಾಹ್ನ ಸಂಜೆ ರಾತ್ರಿ -",
    "ko": "오전/아침 오후 저녁 밤 정오",
    "kok": "सकाळीं/sokallim सांजे/sanje - - -",
    "ks": "ये_एम/दुपहर_ब्रोंठ/اے_ایم पी_एम/दुपहरपतॖ/پی_ایم - - -",
    "ku": "bn pn - - -",
    "ky": "тң/таңкы/эртең_менен тк/түштөн_кийинки/түштөн_кийин кечинде/кечкурун түн_ичинде/түн чак_түш",
    "lb": "moies/mo nomëttes/nomë - - -",
    "lo": "ກ່ອນທ່ຽງ/ຕອນເຊົ້າ/ເຊົ້າ ຫຼັງທ່ຽງ/ຕອນບ່າຍ/ສວາຍ ຕອນແລງ/ແລງ ກາງຄືນ/ຕອນກາງຄືນ ຕອນທ່ຽງ/ທ່ຽງ",
    "lt": "priešpiet/pr_p/rytas popiet/pop/popietė/diena vakaras naktis perpiet/vidurdienis",
    "lv": (
        "priekšp/priekšpusdienā/priekšpusdiena/no_rīta/rīts pēcp/pēcpusdienā/pēcpusd/pēcpusdiena "
        "vakarā/vakars naktī/nakts pusd/pusdienlaikā/pusdienlaiks"
    ),
    "mk": "претпл/наутро/утро/претпладне попл/попладне навечер/вечер ноќе/ноќ напладне/пладне",
    "ml": "പുലർച്ചെ/രാവിലെ ഉച്ചയ്ക്ക്/ഉച്ചതിരിഞ്ഞ് വൈകുന്നേരം/സന്ധ്യ രാത്രി ഉച്ച",
    "mn": "ү_ө/ᠦ᠂_ᠥ/өглөө ү_х/ᠦ᠂_ᠬᠣ/өдөр орой шөнө үд_дунд",
    "mr": "पहाट/सकाळ दुपार संध्याकाळ रात्र मध्यान्ह",
    "ms": "pg/pagi/tengah_malam ptg/tengah_hari petang malam -",
    "my": "နံနက် ညနေ/နေ့လယ် - ည မွန်းတည့်",
    "nb": (
        "morg/på_morgenen/morgen/form/på_formiddagen/formiddag etterm/på_ettermiddagen/ettermiddag "
        "kveld/på_kvelden natt/på_natten -"
    ),
    "ne": "पूर्वाह्न/बिहान अपराह्न/अपरान्ह/साँझ बेलुकी रात मध्यान्ह",
    "nl": "s_ochtends/ochtend s_middags/middag s_avonds/avond s_nachts/nacht -",
    "nn": (
        "f_m/morg/på_morgonen/morgon/form/på_formiddagen/formiddag "
        "e_m/etterm/på_ettermiddagen/ettermiddag kveld/på_kvelden natt/på_natta -"
    ),
    "no": (
        "morg/på_morgenen/morgen/form/på_formiddagen/formiddag etterm/på_ettermiddagen/ettermiddag "
        "kveld/på_kvelden natt/på_natten -"
    ),
    "or": "ପୂ/ପୂର୍ବାହ୍ନ ଅପରାହ୍ନ - - -",
    "pa": "ਪੂ_ਦੁ/ਸਵੇਰੇ ਬਾ_ਦੁ/ਸ਼/ਦੁਪਹਿਰੇ ਸ਼ਾਮੀਂ/ਸ਼ਾਮ ਰਾਤੀਂ/ਰਾਤ -",
    "pl": (
        "rano/przed_południem/przedpołudnie po_południu/popołudnie wieczorem/wieczór w_nocy/noc "
        "w_południe/południe"
    ),
    "ps": "غ_م غ_و - - -",
    "pt": "da_manhã/manhã da_tarde/tarde da_noite/noite da_madrugada/madrugada meio_dia",
    "ro": "dimineața după_amiaza seara noaptea amiază/la_amiază",
    "ru": "утра/утро дня/день вечера/веч/вечер ночи/ночь полд/полдень",
    "sa": "पूर्वाह्न अपराह्न - - -",
    "sd": "صبح_منجهند/सुबुह_जा شام_منجهند/منجهند_شام/शाम_जा - - -",
    "se": "ib/i_b/iđitbeaivet/iđitbeaivi eb/e_b/eahketbeaivet/eahketbeaivi - - -",
    "si": "පෙ_ව/පෙ/පාන්දර/උදේ ප_ව/දවල් හවස රෑ/මැදියමට_පසු මධ්යාහ්නය",
    "sk": (
        "ráno/dopol/dopoludnia/dopoludnie popol/popoludní/popoludnie večer v_noci/noc "
        "napol/napoludnie/pol/poludnie"
    ),
    "sl": (
        "dop/dopoldne/zjut/zjutraj/jut/jutro/dopoldan pop/popoldne/popoldan zveč/zvečer/večer "
        "ponoči/noč opold/opoldne/pold/poldne"
    ),
    "so": "gh gd - - -",
    "sq": (
        "p_d/e_paradites/paradite/e_mëngjesit/mëngjes m_d/e_pasdites/pasdite e_mbrëmjes/mbrëmje "
        "e_natës/natë e_mesditës/mesditë"
    ),
    "sr": (
        "прије_подне/prije_podne/јутро/ујутру/jutro/ujutru "
        "по_подне/po_podne/по_под/поподне/po_pod/popodne вече/увече/veče/uveče ноћу/ноћ/noću/noć "
        "подне/podne"
    ),
    "st": "hoseng thapama - - -",
    "sv": (
        "fm/förmiddag/på_morg/på_morgonen/morgon/på_förm/på_förmiddagen/förm "
        "em/eftermiddag/på_efterm/på_eftermiddagen/efterm på_kvällen/kväll på_natten/natt -"
    ),
    "sw": "alfajiri/asubuhi mchana/alasiri jioni usiku adhuhuri/saa_sita_za_mchana",
    "ta": "அதிகாலை/காலை மதியம்/பிற்பகல் மாலை/அந்தி_மாலை இரவு நண்பகல்",
    "te": "ఉదయం సా/మధ్యాహ్నం సాయంత్రం రాత్రి -",
    "th": ("ก่อนเที่ยง/ในตอนเช้า/ตอนเช้า หลังเที่ยง/ในตอนบ่าย/ตอนบ่าย/บ่าย ในตอนเย็น/ตอนเย็น/ค่ํา กลางคืน เที่ยง"),
    "ti": "ቅ_ቀ ድ_ቀ - - -",
    "tk": "go_öň/öň/günortadan_öň/g_öň go_soň/soň/günortadan_soň/g_soň - - -",
    "to": "hh/hengihengi ea/efiafi - - -",
    "tr": "öö/sabah/öğleden_önce ös/öğleden_sonra/akşamüstü akşam gece öğle",
    "ug": "چ_ب/چۈشتین_بۇرۇن چ_ک/چۈشتین_کېیین - - -",
    "uk": "дп/ранку/ранок пп/день вечора/вечір ночі/ніч полудень",
    "ur": "صبح/صبح_میں دوپہر/دوپہر_میں/سہ_پہر شام/شام_میں رات/رات_میں -",
    "uz": (
        "то/to/эрталаб/ertalab тк/tk/кундузи/kunduzi кечқурун/kechqurun кечаси/kechasi туш_пайти/tush_payti"
    ),
    "vi": "sa/sáng ch/chiều tối đêm tr/trưa",
    "wo": "sub ngo - - -",
    "yi": "פֿאַרמיטאָג נאָכמיטאָג - - -",
    "yo": "àárọ̀/àárɔ̀ ọ̀sán/ɔ̀sán - - -",
    "zh": "上午/早上/清晨/朝早/凌晨 下午/下晝/下昼 晚上/夜晚/傍晚 半夜/深夜 中午",
    "zu": "entathakusa/ekuseni emini ntambama ebusuku -",
}

# What clients print in any language; letters of other scripts count in any language, too.
MORNING_ANYWHERE: frozenset[str] = frozenset({"am", "a m"})
AFTERNOON_ANYWHERE: frozenset[str] = frozenset({"pm", "p m"})
