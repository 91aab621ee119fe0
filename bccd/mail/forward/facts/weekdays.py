"""Names of the days of the week by language, Monday first.

Facts of Unicode CLDR (Unicode License v3) as Babel 2.18 holds them, taken once; written as in
facts/calendar.py, with beginnings of two letters. English short names stand under "en" alone; signs of one
letter of East Asia, which part years, months and days as well, stand nowhere.
"""

WEEKDAYS: dict[str, str] = {
    "af": "maandag dinsdag woensdag donderdag vrydag saterdag sondag",
    "am": "ሰኞ/ሰ ማክሰኞ/ማ ረቡዕ/ረ ሐሙስ/ሐ ዓርብ/ዓ ቅዳሜ/ቅ እሑድ/እ",
    "ar": "الاثنین/إثنین الثلاثاء/ثلاثاء الأربعاء/أربعاء الخمیس/خمیس الجمعة/جمعة السبت/سبت الأحد/أحد",
    "as": "সোমবাৰ মঙ্গলবাৰ বুধবাৰ বৃহস্পতিবাৰ শুক্ৰবাৰ শনিবাৰ দেওবাৰ",
    "ast": "llunes martes miércoles xueves vienres sábadu domingu",
    "az": (
        "базар_ертәси/б_е/bazar_ertəsi/b_e чәршәнбә_ахшамы/ч_а/çərşənbə_axşamı/ç_a "
        "чәршәнбә/ч/çərşənbə/ç ҹүмә_ахшамы/ҹ_а/cümə_axşamı/c_a ҹүмә/ҹ/cümə/c шәнбә/ш/şənbə/ş "
        "базар/б/bazar/b"
    ),
    "be": "панядзелак/пн аўторак серада/ср чацьвер/чацвер/чц пятніца/пт субота/сб нядзеля/нд",
    "bg": "понеделник/пн вторник сряда четвъртък/чт петък/пт събота/сб неделя/нд",
    "bn": "সোমবার/সোঃ মঙ্গলবার/মঃ বুধবার/বুঃ বৃহস্পতিবার/বৃঃ শুক্রবার/শুঃ শনিবার/শঃ রবিবার/রঃ",
    "br": "lun meurzh merc_her yaou gwener sadorn sul",
    "bs": (
        "ponedjeljak/понедјељак utorak/уторак srijeda/сриједа četvrtak/четвртак petak/петак "
        "subota/субота nedjelja/недјеља"
    ),
    "ca": "dilluns/dl dimarts/dt dimecres/dc dijous/dj divendres/dv dissabte/ds diumenge/dg",
    "ckb": "دووشەممە سێشەممە چوارشەممە پێنجشەممە ھەینی/ھ شەممە یەکشەممە",
    "co": "luni marti mercuri ghjovi venneri sabbatu dumenica",
    "cs": "pondělí úterý středa čtvrtek pátek sobota neděle",
    "cv": "тунтикун ытларикун юнкун кӗҫнерникун эрнекун шӑматкун вырсарникун",
    "cy": (
        "dydd_llun/llun dydd_mawrth/maw dydd_mercher/mer dydd_iau/iau dydd_gwener/gwen "
        "dydd_sadwrn/sad dydd_sul/sul"
    ),
    "da": "mandag tirsdag onsdag torsdag fredag lørdag søndag",
    "de": "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "dsb": "pónjeźele wałtora srjoda stwórtk pětk sobota njeźela",
    "el": "δευτέρα τρίτη τετάρτη πέμπτη παρασκευή σάββατο κυριακή",
    "en": (
        "monday/𐑥𐑭𐑙𐑛𐑱/𐑋𐐲𐑌𐐼𐐩 tuesday/𐑑𐑵𐑟𐑛𐑱/𐐻𐐭𐑆𐐼𐐩 wednesday/𐑢𐑧𐑙𐑟𐑛𐑱/𐐶𐐯𐑌𐑆𐐼𐐩 thursday/𐑔𐑻𐑟𐑛𐑱/𐑃𐐲𐑉𐑆𐐼𐐩 "
        "friday/𐑓𐑮𐑲𐑛𐑱/𐑁𐑉𐐴𐐼𐐩 saturday/𐑕𐑨𐑛𐑻𐑛𐑱/𐑅𐐰𐐻𐐲𐑉𐐼𐐩 sunday/𐑕𐑭𐑙𐑛𐑱/𐑅𐐲𐑌𐐼𐐩"
    ),
    "eo": "lundo mardo merkredo ĵaŭdo vendredo sabato dimanĉo",
    "es": "lunes martes miércoles jueves viernes sábado/sa domingo",
    "et": "esmaspäev/e teisipäev/t kolmapäev/k neljapäev/n reede/r laupäev/l pühapäev/p",
    "eu": "astelehena/al asteartea/ar asteazkena/az osteguna/og ostirala/or larunbata/lr igandea",
    "fa": "دوشنبه سهشنبه چهارشنبه پنجشنبه جمعه/ج شنبه یکشنبه",
    "fi": "maanantaina tiistaina keskiviikkona torstaina perjantaina lauantaina sunnuntai",
    "fil": "lunes martes miyerkules huwebes biyernes sabado linggo",
    "fo": "mánadagur týsdagur mikudagur hósdagur fríggjadagur leygardagur sunnudagur",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "fur": "lunis martars miercus joibe vinars sabide domenie",
    "fy": "moandei tiisdei woansdei tongersdei freed sneon/so snein/si",
    "ga": (
        "dé_luain/luan dé_máirt/máirt dé_céadaoin/céad déardaoin/dé dé_haoine/aoine dé_sathairn/sath "
        "dé_domhnaigh/domh"
    ),
    "gd": "diluain/lu dimàirt/mà diciadain/ci diardaoin/da dihaoine/ha disathairne/sa didòmhnaich/dò",
    "gl": "luns martes mércores xoves venres sábado domingo",
    "gu": "સોમવાર મંગળવાર બુધવાર ગુરુવાર શુક્રવાર શનિવાર/શ રવિવાર/ર",
    "ha": "litinin/لتنن talata/تلت laraba/lr/لرب alhamis/ألحمس jumma_a/جمع asabar/أسبر lahadi/lh/لحد",
    "haw": "poʻakahi poʻalua poʻakolu poʻahā poʻalima poʻaono lāpule/lp",
    "he": (
        "יום_שני/יום_ב׳/ב׳ יום_שלישי/יום_ג׳/ג׳ יום_רביעי/יום_ד׳/ד׳ יום_חמישי/יום_ה׳/ה׳ "
        "יום_שישי/יום_ו׳/ו׳ יום_שבת/שבת/ש׳ יום_ראשון/יום_א׳/א׳"
    ),
    "hi": (
        "somwaar/सोमवार mangalwaar/मंगलवार budhwaar/बुधवार guruwaar/गुरुवार shukrawaar/शुक्रवार "
        "shaniwaar/शनिवार/श raviwaar/रविवार/र"
    ),
    "hr": "ponedjeljak utorak srijeda četvrtak petak subota nedjelja",
    "hsb": "póndźela wutora srjeda štwórtk pjatk sobota njedźela",
    "hu": "hétfő/h kedd/k szerda csütörtök péntek/p szombat vasárnap/v",
    "hy": "երկուշաբթի/եկ երեքշաբթի/երք/եք չորեքշաբթի/չրք/չք հինգշաբթի/հնգ/հգ ուրբաթ շաբաթ/շբթ կիրակի/կր",
    "ia": "lunedi martedi mercuridi jovedi venerdi sabbato dominica",
    "id": "senin selasa rabu kamis jumat sabtu minggu",
    "ig": "mọnde tiuzdee wenezdee tọọzdee fraịdee satọdee sọndee",
    "is": "mánudagur þriðjudagur miðvikudagur fimmtudagur föstudagur laugardagur sunnudagur",
    "it": "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    "ja": ("月曜日 火曜日 水曜日 木曜日 金曜日 土曜日 日曜日"),
    "ka": "ორშაბათი სამშაბათი/სმ ოთხშაბათი ხუთშაბათი/ხთ პარასკევი/პრ შაბათი/შბ კვირა",
    "kab": (
        "sanass/ri/arim kraḍass/ra/aram kuẓass/hd/ahad samass/mh/amhad/md sḍisass/sm/sem "
        "sayass/sd/sed yanass/cr/acer"
    ),
    "kk": (
        "дүйсенбі/дс/دۇیسەنبی сейсенбі/сс/سەیسەنبی/سە сәрсенбі/ср/سارسەنبی бейсенбі/бс/بەیسەنبی "
        "жұма/жм/جۇما сенбі/сб/سەنبی/سن жексенбі/жс/جەکسەنبی"
    ),
    "kl": (
        "ataasinngorneq marlunngorneq pingasunngorneq sisamanngorneq tallimanngorneq arfininngorneq sapaat"
    ),
    "km": "ច័ន្ទ/ចន្ទ/ច អង្គារ/អ ពុធ ព្រហស្បតិ៍ សុក្រ សៅរ៍/ស អាទិត្យ",
    "kn": "ಸೋಮವಾರ ಮಂಗಳವಾರ ಬುಧವಾರ ಗುರುವಾರ ಶುಕ್ರವಾರ ಶನಿವಾರ ಭಾನುವಾರ",
    "ko": ("월요일 화요일 수요일 목요일 금요일 토요일 일요일"),
    "kok": (
        "सोमार/somar/sm मंगळार/mongllar/mg बुधवार/budhvar बिरेस्तार/birestar/bre शुक्रार/sukrar "
        "शेनवार/sonvar/sn आयतार/aitar"
    ),
    "ks": (
        "च़ंदिरवार/चंदिरवार/ژٔندرٕروار/ژٔندٕروار बोमवार/बुवार/بۆموار बोदवार/بودوار ब्रेसवार/برؠسوار "
        "जुमा/जुम्मा/جمہ बटवार/بٹوار आथवार/اتھوار/آتھوار"
    ),
    "ku": "duşem/dşm sêşem/sşm çarşem/çşm pêncşem/pşm înî şemî/şm yekşem/yşm",
    "ky": "дүйшөмбү/дш шейшемби/шш шаршемби/шр бейшемби/бш жума/жм ишемби/ишм жекшемби/жш",
    "lb": "méindeg dënschdeg mëttwoch donneschdeg freideg samschdeg sonndeg",
    "lg": "balaza lwakubiri lwakusatu lwakuna lwakutaano lwamukaaga sabbiiti",
    "lo": ("ວັນຈັນ/ຈັນ/ຈ ວັນອັງຄານ/ອັງຄານ/ອ ວັນພຸດ/ພຸດ/ພ ວັນພະຫັດ/ພະຫັດ/ພຫ ວັນສຸກ/ສຸກ ວັນເສົາ/ເສົາ/ສ ວັນອາທິດ/ອາທິດ"),
    "lt": (
        "pirmadienis/pr antradienis trečiadienis ketvirtadienis/kt penktadienis/pn šeštadienis/št "
        "sekmadienis/sk"
    ),
    "lv": "pirmdiena/pr otrdiena trešdiena ceturtdiena piektdiena/pk sestdiena svētdiena",
    "mg": "alatsinainy talata alarobia alakamisy zoma asabotsy alahady",
    "mi": "mane tūrei wenerei tāite paraire rāhoroi rātapu",
    "mk": "понеделник вторник среда четврток петок сабота недела",
    "ml": ("തിങ്കളാഴ്ച/തിങ്കൾ ചൊവ്വാഴ്ച ബുധനാഴ്ച/ബുധൻ വ്യാഴാഴ്ച/വ്യാഴം വെള്ളിയാഴ്ച ശനിയാഴ്ച/ശ ഞായറാഴ്ച/ഞായർ"),
    "mn": ("даваа/ᠳᠠᠸᠠ/ᠲᠠ мягмар/ᠮᠢᠠᠠᠮᠠᠷ/ᠮᠢᠭ лхагва/ᡀᠠᠭᠪᠠ пүрэв/ᠫᠦᠷᠪᠦ/ᠫᠥᠷ баасан/ᠪᠠᠰᠠᠩ бямба/ᠪᠢᠮᠪᠠ ням/ᠨᠢᠮ᠎ᠠ"),
    "mr": "सोमवार मंगळवार बुधवार गुरुवार शुक्रवार शनिवार/श रविवार/र",
    "ms": "اثنین/isnin ثلاث/selasa رابو/rabu خمیس/khamis جمعة/jumaat سبتو/sabtu احد/ahad/ahd",
    "mt": "it_tnejn/tne it_tlieta/tli l_erbgħa/erb il_ħamis/ħam il_ġimgħa/ġim is_sibt/sib il_ħadd/ħad",
    "my": "တနင်္လာ/လာ အင်္ဂါ/ဂါ ဗုဒ္ဓဟူး/ဟူး ကြာသပတေး/တေး သောကြာ/ကြာ စနေ/နေ တနင်္ဂနွေ/နွေ",
    "nb": "mandag tirsdag onsdag torsdag fredag lørdag søndag",
    "ne": "सोमबार मङ्गलबार बुधबार बिहिबार शुक्रबार शनिबार आइतबार",
    "nl": "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    "nn": "måndag tysdag onsdag torsdag fredag laurdag søndag",
    "no": "mandag tirsdag onsdag torsdag fredag lørdag søndag",
    "oc": (
        "deluns/diluns/dl dimars/dma/da dimèrcles/dmè/dimècres/dc dijaus/dj/dijòus "
        "diuendres/du/divendres/dv dissabte/ds dimenge/dim/di/dg"
    ),
    "or": "ସୋମବାର ମଙ୍ଗଳବାର ବୁଧବାର ଗୁରୁବାର ଶୁକ୍ରବାର ଶନିବାର ରବିବାର",
    "pa": "ਸੋਮਵਾਰ/پیر ਮੰਗਲਵਾਰ/منگل ਬੁੱਧਵਾਰ/بدھ ਵੀਰਵਾਰ/جمعرات ਸ਼ੁੱਕਰਵਾਰ/جمعہ ਸ਼ਨਿੱਚਰਵਾਰ/ہفتہ ਐਤਵਾਰ/اتوار",
    "pl": "poniedziałek wtorek środa czwartek piątek/pt sobota niedziela",
    "ps": "دونۍ درېنۍ څلرنۍ پینځنۍ جمعه اونۍ یونۍ",
    "pt": "segunda_feira terça_feira quarta_feira quinta_feira sexta_feira sábado domingo",
    "qu": "lunes martes miércoles jueves viernes sábado/sab domingo",
    "rm": "glindesdi mardi mesemna gievgia venderdi sonda dumengia",
    "ro": "luni marți miercuri joi vineri sâmbătă duminică",
    "ru": "понедельник/пн вторник среда четверг/чт пятница/пт суббота/сб воскресенье/вс",
    "rw": (
        "kuwa_mbere/mbe kuwa_kabiri/kab kuwa_gatatu/gtu kuwa_kane/kan kuwa_gatanu/gnu "
        "kuwa_gatandatu/gnd ku_cyumweru/cyu"
    ),
    "sa": "सोमवासरः मंगलवासरः बुधवासरः गुरुवासर शुक्रवासरः शनिवासरः रविवासरः",
    "sc": "lunis martis mèrcuris giòbia chenàbura sàbadu domìniga",
    "sd": "سومر/सूमर اڱارو/मंगलु اربع/ॿुधर/बु॒ध/बुध خمیس/विस्पत جمعو/जुमो ڇنڇر/छंछर آچر/आर्तवार/आ",
    "se": (
        "mánnodat/vuossárga disdat/maŋŋebárga gaskavahkku duorastat/duorasdat bearjadat "
        "lávvordat/lávvardat sotnabeaivi"
    ),
    "si": "සඳුදා අඟහරුවාදා බදාදා බ්රහස්පතින්දා සිකුරාදා සෙනසුරාදා ඉරිදා",
    "sk": "pondelok utorok streda štvrtok piatok sobota nedeľa",
    "sl": "ponedeljek torek sreda četrtek petek sobota nedelja",
    "sn": "muvhuro/mu chipiri/chp/cp chitatu/cht/ct china/chn/cn chishanu/chs/cs mugovera/mg svondo",
    "so": "isniin talaado/tldo arbaco/arbc khamiis/khms jimco/jmc sabti/sbti axad/axd",
    "sq": "e_hënë/hën e_martë/mar e_mërkurë/mër e_enjte/enj e_premte/pre e_shtunë/sht e_diel/die",
    "sr": (
        "понедељак/ponedeljak/понедјељак/ponedjeljak уторак/utorak сриједа/среда/srijeda/sreda "
        "четвртак/četvrtak петак/petak субота/subota недјеља/недеља/nedjelja/nedelja"
    ),
    "st": "mantaha/mma labobedi/bed laboraro/rar labone/ne labohlano/hla moqebelo sontaha",
    "sv": "måndag tisdag onsdag torsdag fredag lördag söndag",
    "sw": "jumatatu jumanne jumatano alhamisi ijumaa jumamosi jumapili",
    "ta": "திங்கள் செவ்வாய் புதன் வியாழன் வெள்ளி சனி/ச ஞாயிறு",
    "te": "సోమవారం మంగళవారం బుధవారం గురువారం శుక్రవారం శనివారం ఆదివారం",
    "tg": "душанбе/дшб сешанбе/сшб чоршанбе/чшб панҷшанбе/пшб ҷумъа/ҷмъ шанбе/шнб якшанбе/яшб",
    "th": "วันจันทร์/จ วันอังคาร/อ วันพุธ/พ วันพฤหัสบดี/พฤ วันศุกร์/ศ วันเสาร์/ส วันอาทิตย์/อา",
    "ti": "ሰኑይ ሰሉስ ረቡዕ ሓሙስ ዓርቢ ቀዳም ሰንበት",
    "tk": "duşenbe/db sişenbe/sb çarşenbe/çb penşenbe/pb anna şenbe/şb ýekşenbe/ýb",
    "tn": "mosupologo labobedi/labb laboraro/labr labone/labn labotlhano/labt matlhatso tshipi",
    "to": "mōnite tūsite pulelulu tuʻapulelulu falaite tokonaki sāpate",
    "tr": "pazartesi/pzt/pt salı çarşamba perşembe cuma/cum/cu cumartesi/cmt/ct pazar/paz/pa",
    "ts": "musumbhunuku ravumbirhi/bir ravunharhu/har ravumune/ne ravuntlhanu/tlh mugqivela sonta",
    "tt": "дүшәмбе сишәмбе чәршәмбе пәнҗешәмбе җомга шимбә якшәмбе",
    "ug": "دۈشەنبە/د سەیشەنبە/س چارشەنبە/چ پەیشەنبە/پ جۈمە/ج شەنبە/ش یەکشەنبە/ی",
    "uk": "понеділок/пн вівторок/вт середа/ср четвер/чт п_ятниця/пт субота/сб неділя/нд",
    "ur": "پیر منگل بدھ جمعرات جمعہ ہفتہ اتوار",
    "uz": (
        "душанба/دوشنبه/د/dushanba сешанба/سهشنبه/س/seshanba чоршанба/چهارشنبه/چ/chorshanba "
        "пайшанба/پنجشنبه/پ/payshanba жума/جمعه/ج/juma шанба/شنبه/ش/shanba якшанба/یکشنبه/ی/yakshanba"
    ),
    "vi": "thứ_hai thứ_ba thứ_tư thứ_năm thứ_sáu thứ_bảy chủ_nhật/cn",
    "wo": "altine talaata àlarba alxamis àjjuma aseer dibéer",
    "xh": "mvulo lwesibini/lwesb/bin lwesithathu/tha lwesine/sin lwesihlanu/hla mgqibelo cawe",
    "yi": "מאָנטיק דינסטיק מיטוואך דאנערשטיק פֿרײַטיק שבת זונטיק",
    "zh": (
        "星期一/周一/週一 星期二/周二/週二 星期三/周三/週三 星期四/周四/週四 星期五/周五/週五 "
        "星期六/周六/週六 星期日/周日/週日"
    ),
    "zu": (
        "umsombuluko/mso ulwesibili/bil ulwesithathu/tha ulwesine/sin ulwesihlanu/hla umgqibelo/mgq "
        "isonto/son"
    ),
}
