"""Names of months by language.

Facts of Unicode CLDR (Unicode License v3) as Babel 2.18 holds them, taken once: wide and abbreviated forms,
in dates and alone, of all regions and scripts of a language, and a few that older clients print. The months
are parted by a blank, forms of one month by "/", words of one form by "_"; all are folded as the reader
(mail/forward/almanac.py) folds text. A form that begins another of the same month is left out: any beginning
of three letters or more that only one month has counts.
"""

MONTHS: dict[str, str] = {
    "af": ("januarie februarie maart/mrt april mei junie julie augustus september oktober november desember"),
    "am": "ጃንዋሪ/ጃን ፌብሩዋሪ/ፌብ ማርች ኤፕሪል ሜይ ጁን ጁላይ ኦገስት ሴፕቴምበር ኦክቶበር ኖቬምበር ዲሴምበር",
    "ar": (
        "ینایر/کانون_الثانی/جانفی فبرایر/شباط/فیفری مارس/آذار أبریل/نیسان/إبریل/أفریل مایو/أیار "
        "یونیو/حزیران/جوان یولیوز/تموز/جویلیة أغسطس/غشت/آب/أغشت/أوت سبتمبر/شتنبر/أیلول/شتمبر "
        "أکتوبر/تشرین_الأول نوفمبر/نونبر/تشرین_الثانی دیسمبر/دجنبر/کانون_الأول/دجمبر"
    ),
    "as": "জানুৱাৰী ফেব্ৰুৱাৰী মাৰ্চ এপ্ৰিল মে জুন জুলাই আগষ্ট/আগ ছেপ্তেম্বৰ অক্টোবৰ নৱেম্বৰ ডিচেম্বৰ",
    "ast": (
        "de_xineru/xineru de_febreru/febreru de_marzu/marzu d_abril/abril de_mayu/mayu "
        "de_xunu/xun/xunu de_xunetu/xnt/xunetu d_agostu/agostu de_setiembre/setiembre "
        "d_ochobre/ochobre de_payares/payares d_avientu/avientu"
    ),
    "az": (
        "јанвар/yanvar феврал/fevral март/mart апрел/aprel май/may ијун/ијн/iyun/iyn "
        "ијул/ијл/iyul/iyl август/avqust сентјабр/sentyabr октјабр/oktyabr нојабр/noyabr "
        "декабр/dekabr"
    ),
    "be": (
        "студзеня/студзень лютага/люты сакавіка красавіка траўня/травень/мая/май чэрвеня/чэрвень "
        "ліпеня/ліпень жніўня/жнівень верасьня/верасень/верасня кастрычніка лістапада "
        "сьнежня/сьнежань/снежня/снежань"
    ),
    "bg": "януари февруари март април май юни юли август септември октомври ноември декември",
    "bn": (
        "জানুয়ারী ফেব্রুয়ারী মার্চ এপ্রিল মে জুন জুলাই আগস্ট/আগ সেপ্টেম্বর/সেপ্টেঃ অক্টোবর/অক্টোঃ নভেম্বর/নভেঃ ডিসেম্বর/ডিসেঃ"
    ),
    "br": "genver c_hwevrer/c_hwe meurzh ebrel mae mezheven gouere eost gwengolo here du kerzu/kzu",
    "bs": (
        "januar/јануар februar/фебруар mart/март april/април maj/мај juni/јуни juli/јули "
        "august/аугуст septembar/септембар oktobar/октобар novembar/новембар decembar/децембар"
    ),
    "ca": (
        "de_gener/de_gen/gener de_febrer/de_febr/febrer de_març/març d_abril/d_abr/abril de_maig/maig "
        "de_juny/juny de_juliol/de_jul/juliol d_agost/d_ag/agost/ag de_setembre/de_set/setembre "
        "d_octubre/d_oct/octubre de_novembre/de_nov/novembre de_desembre/de_des/desembre"
    ),
    "ckb": (
        "کانوونی_دووەم شوبات ئازار نیسان ئایار حوزەیران تەمووز ئاب ئەیلوول تشرینی_یەکەم تشرینی_دووەم "
        "کانونی_یەکەم"
    ),
    "co": (
        "di_ghjennaghju/ghj/ghjennaghju di_ferraghju/ferraghju di_marzu/marzu d_aprile/aprile "
        "di_maghju/maghju di_ghjugnu/ghjugnu di_lugliu/lugliu d_aostu/aostu di_sittembre/sittembre "
        "d_ottobre/ottobre di_nuvembre/nuvembre di_dicembre/dicembre"
    ),
    "cs": (
        "ledna/leden února března/březen dubna/duben května/květen června/čvn/červen "
        "července/čvc/červenec srpna/srpen září října/říjen listopadu prosince/prosinec"
    ),
    "cv": "кӑрлач нарӑс пуш ака ҫу ҫӗртме утӑ ҫурла авӑн юпа чӳк раштав",
    "cy": "ionawr chwefror mawrth ebrill mai mehefin gorffennaf awst medi hydref tachwedd rhagfyr",
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "de": (
        "januar/jänner februar/feber märz/mrz april mai juni juli august september oktober november dezember"
    ),
    "dsb": (
        "januara februara měrca apryla maja junija julija awgusta septembra/september oktobra/oktober "
        "nowembra/nowember decembra/december"
    ),
    "el": (
        "ιανουαρίου/ιανουάριοσ φεβρουαρίου/φεβρουάριοσ μαρτίου/μάρτιοσ απριλίου/απρίλιοσ "
        "μαΐου/μάιοσ ιουνίου/ιούνιοσ ιουλίου/ιούλιοσ αυγούστου/αύγουστοσ/αὐγούστου/αὔγουστοσ "
        "σεπτεμβρίου/σεπτέμβριοσ οκτωβρίου/οκτώβριοσ/ὀκτωβρίου/ὀκτώβριοσ νοεμβρίου/νοέμβριοσ "
        "δεκεμβρίου/δεκέμβριοσ"
    ),
    "en": (
        "january/𐑡𐑨𐑙𐑘𐑭𐑢𐑺𐑰/𐑡𐑨/𐐾𐐰𐑌𐐷𐐭𐐯𐑉𐐨 february/𐑓𐑧𐑚𐑘𐑵𐑢𐑺𐑰/𐑓𐑧/𐑁𐐯𐐺𐑉𐐭𐐯𐑉𐐨 march/𐑥𐑸𐑗/𐑥𐑸/𐑋𐐪𐑉𐐽 "
        "april/𐑱𐑐𐑮𐑭𐑤/𐑱𐑐/𐐩𐐹𐑉𐐮𐑊 may/𐑥𐑱/𐑋𐐩 june/𐑡𐑵𐑯/𐑡𐑵/𐐾𐐭𐑌 july/𐑡𐑫𐑤𐑲/𐑡𐑫/𐐾𐐭𐑊𐐴 august/𐑪𐑜𐑭𐑕𐑑/𐑪𐑜/𐐪𐑀𐐲𐑅𐐻/𐐪𐑀 "
        "september/𐑕𐑧𐑐𐑑𐑧𐑥𐑚𐑸/𐑕𐑧/𐑅𐐯𐐹𐐻𐐯𐑋𐐺𐐲𐑉 october/𐑷𐑒𐑑𐑴𐑚𐑸/𐑷𐑒/𐐱𐐿𐐻𐐬𐐺𐐲𐑉 november/𐑯𐑴𐑝𐑧𐑥𐑚𐑸/𐑯𐑴/𐑌𐐬𐑂𐐯𐑋𐐺𐐲𐑉 "
        "december/𐑛𐑭𐑕𐑧𐑥𐑚𐑸/𐑛𐑭/𐐼𐐨𐑅𐐯𐑋𐐺𐐲𐑉"
    ),
    "eo": "januaro februaro marto aprilo majo junio julio aŭgusto septembro oktobro novembro decembro",
    "es": (
        "enero febrero marzo abril mayo junio julio agosto septiembre/setiembre octubre noviembre diciembre"
    ),
    "et": "jaanuar veebruar märts aprill mai juuni juuli august september oktoober november detsember",
    "eu": (
        "urtarrilaren/urtarrila otsailaren/otsaila martxoaren/martxoa apirilaren/apirila maiatzaren/maiatza "
        "ekainaren/ekaina uztailaren/uztaila abuztuaren/abuztua irailaren/iraila urriaren/urria "
        "azaroaren/azaroa abenduaren/abendua"
    ),
    "fa": (
        "ژانویهٔ/جنوری فوریهٔ/فبروری مارس/مارچ آوریل/اپریل مهٔ/مه/می ژوئن/جون ژوئیهٔ/جولای اوت/اگست "
        "سپتامبر/سپتمبر اکتبر/اکتوبر نوامبر/نومبر دسامبر/دسمبر"
    ),
    "fi": (
        "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta "
        "syyskuuta lokakuuta marraskuuta joulukuuta"
    ),
    "fil": "enero pebrero marso abril mayo hunyo hulyo agosto setyembre oktubre nobyembre disyembre",
    "fo": "januar februar mars apríl mai juni juli august september oktober november desember",
    "fr": (
        "janvier février/fevrier mars avril mai juin/jui juillet août/aout septembre octobre novembre "
        "décembre/decembre"
    ),
    "fur": "zenâr fevrâr març avrîl mai jugn lui avost setembar otubar novembar dicembar",
    "fy": (
        "jannewaris febrewaris maart/mrt april maaie/mai juny july augustus septimber oktober "
        "novimber desimber"
    ),
    "ga": (
        "eanáir feabhra márta aibreán bealtaine meitheamh iúil lúnasa meán_fómhair/mfómh "
        "deireadh_fómhair/dfómh samhain nollaig"
    ),
    "gd": (
        "dhen_fhaoilleach/faoi/am_faoilleach dhen_ghearran/gearr/an_gearran dhen_mhàrt/màrt/am_màrt "
        "dhen_ghiblean/gibl/an_giblean dhen_chèitean/cèit/an_cèitean dhen_ògmhios/ògmh/an_t_ògmhios "
        "dhen_iuchar/iuch/an_t_iuchar dhen_lùnastal/lùna/an_lùnastal dhen_t_sultain/sult/an_t_sultain "
        "dhen_dàmhair/dàmh/an_dàmhair dhen_t_samhain/samh/an_t_samhain "
        "dhen_dùbhlachd/dùbh/an_dùbhlachd"
    ),
    "gl": "xaneiro febreiro marzo abril maio xuño xullo agosto setembro outubro novembro decembro",
    "gu": "જાન્યુઆરી ફેબ્રુઆરી માર્ચ એપ્રિલ મે જૂન જુલાઈ ઑગસ્ટ સપ્ટેમ્બર ઑક્ટોબર નવેમ્બર ડિસેમ્બર",
    "ha": (
        "janairu/جنیر/جن faburairu/ڢبریر/ڢب maris/مرس/مر afirilu/أڢرل mayu/می yuni/یون yuli/یول "
        "agusta/أغست/أغ satumba/ستمب/ست oktoba/أکتوب nuwamba/نومب/نو disamba/دسمب/دس"
    ),
    "haw": ("ianuali pepeluali malaki ʻapelila mei iune iulai ʻaukake kepakemapa ʻokakopa nowemapa kekemapa"),
    "he": (
        "ינואר/בינואר/ינו׳/בינו׳ פברואר/בפברואר/פבר׳/בפבר׳ מרץ/במרץ/מרס/במרס אפריל/באפריל/אפר׳/באפר׳ "
        "מאי/במאי יוני/ביוני יולי/ביולי אוגוסט/באוגוסט/אוג׳/באוג׳ ספטמבר/בספטמבר/ספט׳/בספט׳ "
        "אוקטובר/באוקטובר/אוק׳/באוק׳ נובמבר/בנובמבר/נוב׳/בנוב׳ דצמבר/בדצמבר/דצמ׳/בדצמ׳"
    ),
    "hi": (
        "january/जनवरी/जन॰ february/फ़रवरी/फ़र॰ march/मार्च april/अप्रैल may/मई june/जून "
        "july/जुलाई/जुल॰ august/अगस्त/अग॰ september/सितंबर/सित॰ october/अक्टूबर/अक्टू॰ "
        "november/नवंबर/नव॰ december/दिसंबर/दिस॰"
    ),
    "hr": (
        "siječnja/siječanj veljače/veljača ožujka/ožujak travnja/travanj svibnja/svibanj "
        "lipnja/lipanj srpnja/srpanj kolovoza rujna/rujan listopada studenoga/studeni "
        "prosinca/prosinac"
    ),
    "hsb": (
        "januara februara měrca apryla meje/meja junija julija awgusta septembra/september "
        "oktobra/oktober nowembra/nowember decembra/december"
    ),
    "hu": (
        "január február március/marc április május június július augusztus szeptember október "
        "november december"
    ),
    "hy": (
        "հունվարի/հնվ փետրվարի/փտվ մարտի/մրտ ապրիլի մայիսի/մյս հունիսի/հնս հուլիսի/հլս օգոստոսի/օգս "
        "սեպտեմբերի հոկտեմբերի նոյեմբերի դեկտեմբերի"
    ),
    "ia": "januario februario martio april maio junio julio augusto septembre octobre novembre decembre",
    "id": (
        "januari februari maret april mei juni juli agustus/agt/ags september oktober "
        "november/nopember desember"
    ),
    "ig": "jenụwarị febrụwarị maachị epreel mee jun/juu julaị ọgọọst septemba ọktoba novemba disemba",
    "is": "janúar febrúar mars apríl maí júní júlí ágúst september október nóvember desember",
    "it": ("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"),
    "ja": "- - - - - - - - - - - -",
    "ka": (
        "იანვარი თებერვალი მარტი აპრილი მაისი ივნისი ივლისი აგვისტო სექტემბერი ოქტომბერი ნოემბერი დეკემბერი"
    ),
    "kab": "yennayer fuṛar/fur meɣres yebrir mayyu yunyu yulyu ɣuct ctembeṛ tubeṛ nunembeṛ/wam duǧembeṛ",
    "kk": (
        "қаңтар/قاڭتار ақпан/اقپان наурыз/ناۋریز сәуір/ءساۋیر мамыр/مامیر маусым/ماۋسیم шілде/شیلدە "
        "тамыз/تامیز қыркүйек/قیرکۇیەک қазан/قازان қараша/قاراشا желтоқсан/جەلتوقسان"
    ),
    "kl": (
        "januaarip februaarip marsip apriilip maajip/maj juunip/jun juulip/jul aggustip/aug "
        "septembarip oktobarip novembarip decembarip"
    ),
    "km": "មករា កុម្ភៈ មីនា មេសា ឧសភា មិថុនា កក្កដា សីហា កញ្ញា តុលា វិច្ឆិកា ធ្នូ",
    "kn": "ಜನವರಿ/ಜನ ಫೆಬ್ರವರಿ ಮಾರ್ಚ್ ಏಪ್ರಿಲ್ ಮೇ ಜೂನ್ ಜುಲೈ ಆಗಸ್ಟ್/ಆಗ ಸೆಪ್ಟೆಂಬರ್ ಅಕ್ಟೋಬರ್ ನವೆಂಬರ್ ಡಿಸೆಂಬರ್",
    "ko": "- - - - - - - - - - - -",
    "kok": (
        "जानेवारी/janer फेब्रुवारी/febrer मार्च/mars एप्रील/abril मे/mai जून/jun जुलय/julai "
        "ऑगस्ट/ऑग/agost सप्टेंबर/setembr ऑक्टोबर/otubr नोव्हेंबर/नो/novembr डिसेंबर/dezembr"
    ),
    "ks": (
        "जनवरी/جنؤری फ़रवरी/فرؤری मार्च/مارٕچ अप्रैल/اپریل मई/مئی जून/جوٗن जुलाई/جلے/جوٗلایی "
        "अगस्त/اگست सतमबर/सतुंबर/ستمبر अक्तूबर/अकतुम्बर/اکتوٗبر नवमबर/नवूमबर/نومبر दसमबर/दसूमबर/دسمبر"
    ),
    "ku": (
        "rêbendan/rbn sibat/sbt adar/adr nîsan/nsn gulan/gln hezîran/hzr tîrmeh/trm tebax/tbx "
        "îlon/îln cotmeh mijdar/mjd berfanbar/brf"
    ),
    "ky": "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
    "lb": "januar februar mäerz abrëll mee juni juli august september oktober november dezember",
    "lg": (
        "janwaliyo febwaliyo marisi apuli maayi juuni julaayi agusito sebuttemba okitobba novemba desemba"
    ),
    "lo": (
        "ມັງກອນ/ມ_ກ ກຸມພາ/ກ_ພ ມີນາ/ມ_ນ ເມສາ/ມ_ສ ພຶດສະພາ/ພ_ພ ມິຖຸນາ/ມິ_ຖ ກໍລະກົດ/ກ_ລ ສິງຫາ/ສ_ຫ "
        "ກັນຍາ/ກ_ຍ ຕຸລາ/ຕ_ລ ພະຈິກ/ພ_ຈ ທັນວາ/ທ_ວ"
    ),
    "lt": (
        "sausio/sausis vasario/vasaris kovo/kovas balandžio/balandis gegužės birželio/birželis "
        "liepos/liepa rugpjūčio/rugpjūtis rugsėjo/rugsėjis spalio/spalis lapkričio/lapkritis "
        "gruodžio/gruodis"
    ),
    "lv": (
        "janvāris februāris marts aprīlis maijs jūnijs jūlijs augusts septembris oktobris novembris decembris"
    ),
    "mg": "janoary febroary martsa aprily mey jona jolay aogositra septambra oktobra novambra desambra",
    "mi": "hānuere pēpuere māehe āpereira/āperira mei hune hūrae ākuhata hepetema oketopa noema tīhema",
    "mk": "јануари февруари март април мај јуни јули август септември октомври ноември декември",
    "ml": "ജനുവരി ഫെബ്രുവരി മാർച്ച് ഏപ്രിൽ മേയ് ജൂൺ ജൂലൈ ഓഗസ്റ്റ്/ഓഗ സെപ്റ്റംബർ ഒക്ടോബർ നവംബർ ഡിസംബർ",
    "mn": (
        "нэгдүгээр_сар/ᠨᠢᠭᠡᠳᠥᠭᠡᠷ_ᠰᠠᠷ᠎ᠠ хоёрдугаар_сар/ᠬᠣᠶᠠᠳᠣᠭᠠᠷ_ᠰᠠᠷ_ᠠ "
        "гуравдугаар_сар/ᠭᠣᠷᠪᠡᠳᠣᠭᠠᠷ_ᠰᠠᠷ_ᠠ дөрөвдүгээр_сар/ᠳᠥᠷᠪᠡᠳᠥᠭᠡᠷ_ᠰᠠᠷ᠎ᠠ "
        "тавдугаар_сар/ᠲᠠᠪᠣᠳᠣᠭᠠᠷ_ᠰᠠᠷ_ᠠ зургаадугаар_сар/ᠵᠢᠷᠭᠣᠭᠠᠳᠣᠭᠠᠷ_ᠰᠠᠷ᠎ᠠ "
        "долоодугаар_сар/ᠲᠣᠯᠣᠭᠠᠳᠣᠭᠠᠷ_ᠰᠠᠷ᠎ᠠ наймдугаар_сар/ᠨᠠᠢᠮᠠᠳᠥᠭᠠᠷ_ᠰᠠᠷ᠎ᠠ "
        "есдүгээр_сар/ᠶᠢᠰᠥᠳᠥᠭᠡᠷ_ᠰᠠᠷ᠎ᠠ аравдугаар_сар/ᠠᠷᠪᠠᠳᠣᠭᠠᠷ_ᠰᠠᠷ᠎ᠠ "
        "арван_нэгдүгээр_сар/ᠠᠷᠪᠠᠨ_ᠨᠢᠭᠡᠳᠥᠭᠡᠷ_ᠰᠠᠷ᠎ᠠ арван_хоёрдугаар_сар/ᠠᠷᠪᠠᠨ_ᠬᠣᠶᠠᠳᠣᠭᠠᠷ_ᠰᠠᠷ᠎ᠠ"
    ),
    "mr": "जानेवारी फेब्रुवारी मार्च एप्रिल मे जून जुलै ऑगस्ट/ऑग सप्टेंबर ऑक्टोबर नोव्हेंबर डिसेंबर",
    "ms": (
        "جانواری/januari فیبواری/februari مچ/mac اڤریل/april می/mei جون/jun جولای/julai ݢوس/ogos "
        "سیڤتیمبر/september اوکتوبر/oktober نوۏیمبر/november دیسیمبر/disember"
    ),
    "mt": "jannar frar marzu april mejju ġunju lulju awwissu settembru ottubru novembru diċembru",
    "my": ("ဇန်နဝါရီ ဖေဖော်ဝါရီ/ဖေ မတ် ဧပြီ/ဧ မေ ဇွန် ဇူလိုင်/ဇူ ဩဂုတ်/ဩ စက်တင်ဘာ အောက်တိုဘာ နိုဝင်ဘာ ဒီဇင်ဘာ/ဒီ"),
    "nb": "januar februar mars april mai juni juli august september oktober november desember",
    "ne": "जनवरी फेब्रुअरी मार्च अप्रिल मे जुन जुलाई अगस्ट सेप्टेम्बर अक्टोबर नोभेम्बर डिसेम्बर",
    "nl": "januari februari maart/mrt april mei juni juli augustus september oktober november december",
    "nn": "januar februar mars april mai juni juli august september oktober november desember",
    "no": "januar februar mars april mai juni juli august september oktober november desember",
    "oc": (
        "gèr/de_genièr/genièr hereuèr/de_febrièr/febrièr març/de_març abriu/d_abril/abril mai/de_mai "
        "junh/de_junh juriòl/de_julhet/julhet agost/d_agost seteme/de_setembre/setembre "
        "octobre/d_octòbre/octòbre noveme/de_novembre/novembre deseme/de_decembre/decembre"
    ),
    "or": "ଜାନୁଆରୀ ଫେବୃଆରୀ ମାର୍ଚ୍ଚ ଅପ୍ରେଲ ମଇ ଜୁନ ଜୁଲାଇ ଅଗଷ୍ଟ ସେପ୍ଟେମ୍ବର ଅକ୍ଟୋବର ନଭେମ୍ବର ଡିସେମ୍ବର",
    "pa": (
        "ਜਨਵਰੀ/ਜਨ/جنوری ਫ਼ਰਵਰੀ/فروری ਮਾਰਚ/مارچ ਅਪ੍ਰੈਲ/اپریل ਮਈ/مئ ਜੂਨ/جون ਜੁਲਾਈ/جولائی ਅਗਸਤ/ਅਗ/اگست "
        "ਸਤੰਬਰ/ستمبر ਅਕਤੂਬਰ/اکتوبر ਨਵੰਬਰ/نومبر ਦਸੰਬਰ/دسمبر"
    ),
    "pl": (
        "stycznia/styczeń lutego/luty marca/marzec kwietnia/kwiecień maja czerwca/czerwiec "
        "lipca/lipiec sierpnia/sierpień września/wrzesień października/pazdziernika listopada "
        "grudnia/grudzień"
    ),
    "ps": "جنوری فبروری/فېبروری مارچ اپریل مۍ جون جولای اګست سېپتمبر/سپتمبر اکتوبر نومبر دسمبر",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "qu": "enero febrero marzo abril mayo junio julio agosto setiembre octubre noviembre diciembre",
    "rm": (
        "da_schaner/schaner da_favrer/favrer da_mars/mars d_avrigl/avrigl da_matg/matg "
        "da_zercladur/zercladur da_fanadur/fanadur d_avust/avust da_settember/settember "
        "d_october/october da_november/november da_december/december"
    ),
    "ro": (
        "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie/nov "
        "decembrie"
    ),
    "ru": (
        "января/январь февраля/февраль марта апреля/апрель мая/май июня/июнь июля/июль августа "
        "сентября/сентябрь октября/октябрь ноября/ноябрь декабря/декабрь"
    ),
    "rw": (
        "mutarama gashyantare werurwe mata gicurasi kamena nyakanga kanama nzeri ukwakira ugushyingo ukuboza"
    ),
    "sa": (
        "जनवरीमासः फरवरीमासः मार्चमासः अप्रैलमासः मईमासः/मई जूनमासः जुलाईमासः अगस्तमासः सितंबरमासः "
        "अक्तूबरमासः नवंबरमासः दिसंबरमासः"
    ),
    "sc": (
        "ghennàrgiu freàrgiu martzu abrile maju làmpadas trìulas austu cabudanni santugaine/stg "
        "santandria/sta nadale"
    ),
    "sd": (
        "جنوری/जनवरी/जन فیبروری/फेबरवरी/फर مارچ/मार्चु اپریل/अप्रेल/अप्रै مئی/मई جون/जून "
        "جولاء/जुलाई/जु آگسٽ/आगस्ट/अग سیپٽمبر/सप्टेंबर آڪٽوبر/आक्टोबर/ऑक्टोबर نومبر/नवंबर "
        "ڊسمبر/डिसंबर"
    ),
    "se": (
        "ođđajagemánnu/ođđj guovvamánnu njukčamánnu cuoŋománnu miessemánnu geassemánnu suoidnemánnu "
        "borgemánnu čakčamánnu golggotmánnu skábmamánnu juovlamánnu"
    ),
    "si": ("ජනවාරි/ජන පෙබරවාරි මාර්තු අප්රේල් මැයි ජූනි ජූලි අගෝස්තු සැප්තැම්බර් ඔක්තෝබර් නොවැම්බර් දෙසැම්බර්"),
    "sk": (
        "januára februára marca/marec apríla mája júna júla augusta septembra/september "
        "októbra/október novembra/november decembra/december"
    ),
    "sl": "januar februar marec april maj junij julij avgust september oktober november december",
    "sn": (
        "ndira kukadzi kurume kubvumbi chivabvu/chv chikumi/chk chikunguru/chg nyamavhuvhu gunyana "
        "gumiguru mbudzi zvita"
    ),
    "so": (
        "janaayo/jannaayo febraayo maarso/mar abriil maayo/may juun/jun luulyo/lul agosto/ogs/ogosto "
        "sebtembar/sebteembar oktoobar noofeembar/nof diseembar"
    ),
    "sq": "janar shkurt mars prill maj qershor korrik gusht shtator tetor nëntor dhjetor",
    "sr": (
        "јануар/januar фебруар/februar март/mart април/april мај/maj јун/jun јул/jul август/avgust "
        "септембар/septembar октобар/oktobar новембар/novembar децембар/decembar"
    ),
    "st": (
        "pherekgong hlakola/kol hlakubele/ube mmesa motsheanong phupjane/jan phupu/upu phato "
        "lwetse/leo mphalane pudungwana/pun tshitwe"
    ),
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "sw": "januari februari machi aprili mei juni julai agosti septemba oktoba novemba desemba",
    "ta": ("ஜனவரி/ஜன பிப்ரவரி மார்ச் ஏப்ரல் மே ஜூன் ஜூலை ஆகஸ்ட்/ஆக செப்டம்பர் அக்டோபர் நவம்பர்/நவ டிசம்பர்"),
    "te": "జనవరి/జన ఫిబ్రవరి మార్చి ఏప్రిల్ మే జూన్ జులై ఆగస్టు/ఆగ సెప్టెంబర్ అక్టోబర్ నవంబర్ డిసెంబర్",
    "tg": "январ феврал март апрел май июн июл август сентябр октябр ноябр декабр",
    "th": (
        "มกราคม/ม_ค กุมภาพันธ์/ก_พ มีนาคม/มี_ค เมษายน/เม_ย พฤษภาคม/พ_ค มิถุนายน/มิ_ย กรกฎาคม/ก_ค "
        "สิงหาคม/ส_ค กันยายน/ก_ย ตุลาคม/ต_ค พฤศจิกายน/พ_ย ธันวาคม/ธ_ค"
    ),
    "ti": "ጥሪ ለካቲት/ለካ መጋቢት/መጋ ሚያዝያ/ሚያ ጉንበት/ግን ሰነ ሓምለ/ሓም ነሓሰ/ነሓ መስከረም/መስ ጥቅምቲ/ጥቅ ሕዳር/ሕዳ ታሕሳስ/ታሕ",
    "tk": "ýanwar fewral mart aprel maý iýun iýul awgust sentýabr oktýabr noýabr dekabr",
    "tn": (
        "ferikgong tlhakole mopitlo moranang motsheganang seetebosigo phukwi phatwe lwetse diphalane "
        "ngwanatsele sedimonthole"
    ),
    "to": ("sānuali fēpueli maʻasi ʻepeleli mē sune siulai ʻaokosi sēpitema/sepitema ʻokatopa nōvema tīsema"),
    "tr": "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
    "ts": (
        "sunguti nyenyenyani/yan nyenyankulu/kul dzivamisoko mudyaxihi khotavuxika mawuwani mhawuri "
        "ndzhati nhlangula hukuri n_wendzamhala/n_w"
    ),
    "tt": "гыйнвар февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
    "ug": "یانۋار فېۋرال مارت ئاپرېل مای ئییۇن ئییۇل ئاۋغۇست سېنتەبیر ئۆکتەبیر نویابیر دېکابیر",
    "uk": (
        "січня/січень лютого/лютий березня/березень квітня/квітень травня/травень червня/червень "
        "липня/липень серпня/серпень вересня/вересень жовтня/жовтень листопада грудня/грудень"
    ),
    "ur": "جنوری فروری مارچ اپریل مئی جون جولائی اگست ستمبر اکتوبر نومبر دسمبر",
    "uz": (
        "январ/جنوری/yanvar феврал/فبروری/fevral март/مارچ/mart апрел/اپریل/aprel май/می/may "
        "июн/جون/iyun/iyn июл/جولای/iyul/iyl август/اگست/avgust сентябр/سپتمبر/sentabr "
        "октябр/اکتوبر/oktabr ноябр/نومبر/noyabr декабр/دسمبر/dekabr"
    ),
    "vi": "- - - - - - - - - - - -",
    "wo": "samwiyee fewriyee mars awril mee suwe sulet ut sàttumbar oktoobar nowàmbar desàmbar",
    "xh": (
        "janyuwari februwari matshi epreli meyi juni julayi agasti septemba okthobha/okthoba novemba disemba"
    ),
    "yi": "יאַנואַר פֿעברואַר מערץ אַפּריל מיי יוני יולי אויגוסט סעפּטעמבער אקטאבער נאוועמבער דעצעמבער",
    "yo": (
        "oṣù_ṣẹ́rẹ́/oshù_shɛ́rɛ́ oṣù_èrèlè/oshù_èrèlè oṣù_ẹrẹ̀nà/oshù_ɛrɛ̀nà oṣù_ìgbé/oshù_ìgbé "
        "oṣù_ẹ̀bibi/oshù_ɛ̀bibi oṣù_òkúdu/oshù_òkúdu oṣù_agẹmọ/oshù_agɛmɔ oṣù_ògún/oshù_ògún "
        "oṣù_owewe/oshù_owewe oṣù_ọ̀wàrà/oshù_ɔ̀wàrà oṣù_bélú/oshù_bélú oṣù_ọ̀pẹ̀/oshù_ɔ̀pɛ̀"
    ),
    "zh": "一月 二月 三月 四月 五月 六月 七月 八月 九月 十月 十一月 十二月",
    "zu": "januwari februwari mashi ephreli meyi juni julayi agasti septhemba okthoba novemba disemba",
}
