"""Lines that phones and programs put below a mail, by language."""

# What a phone or a program calls itself in its line below a mail.
_DEVICES = """
    iphone iphon ipad ipod android galaxy samsung huawei xiaomi redmi oneplus pixel motorola nokia lumia
    blackberry htc alcatel sony xperia lg honor oppo realme vivo outlook windows yahoo proton gmail
    airmail mailbox sparrow spark thunderbird k-9 fairmail aquamail newton mailspring boxer edison
    canary hey phone mobile smartphone handy handheld tablet mobilgerät mobiltelefon telefon
    téléphone móvil teléfono celular telemóvel cellulare mobil puhelimesta puhelin телефона айфона
    mail.ru aol gmx web.de zoho fastmail tutanota mutt evolution bluemail typeapp почты palm playbook 手机
    手機 携帯 휴대폰 스마트폰 アイフォン
"""
DEVICES: tuple[str, ...] = tuple(_DEVICES.split())

# Such a line begins with one of these stems, which say "sent" ...
_SENT = """
    enviado enviada enviat envoyé gesendet versendet verschickt wysłan wyslan nadan inviato inviata
    verzonden verstuurd gestuurd skickat skickad sendt lähetetty saadetud nosūtī išsiųst odesl odosl
    poslan poslat послан отправлен надіслан відправлен изпратен пратен trimis expediat elküldve
    küldve gönderil στάλ σταλ απεστάλ bidali dikirim dihantar terkirim gửi sendur נשלח أرسل أُرسلت ارسال
    مرسل تم ส่งจาก 发自 發自 寄自 来自 來自
"""
SENT: tuple[str, ...] = tuple(_SENT.split())

# ... or ends with one, behind one of the openings or behind the device.
_SENT_LAST = """
    gesendet versendet verschickt geschickt küldve küldtem gönderildi गया भेजा
    发送 發送 傳送 送信 보냄 보냈습니다
"""
SENT_LAST: tuple[str, ...] = tuple(_SENT_LAST.split())
SENT_LAST_OPENINGS: tuple[str, ...] = (
    "von ",
    "vom ",
    "mit ",
    "über ",
    "从",
    "從",
    "由",
    "मेरे ",
    "나의 ",
    "내 ",
)

# No sentence that a person writes begins or ends so.
PHONE_OPENINGS: tuple[str, ...] = (
    "get outlook for ",
    "get [outlook for ",
    "sent from my ",
    "sent from mail",
    "sent from [mail",
    "sent from outlook",
    "sent from yahoo",
    "sent from the ",
    "sent from windows",
    "sent from proton",
    "sent from samsung",
    "sent from a phone",
    "sent from a mobile",
    "sent from mobile",
    "sent from iphone",
    "sent from android",
    "sent from nine",
    "sent from spark",
    "sent on the go",
    "sent on the move",
    "sent via mobile",
    "sent via my ",
    "sent via the ",
    "sent via blackberry",
    "sent with airmail",
    "sent with proton",
    "sent with [proton",
    "sent with sparrow",
    "sent with spark",
    "sent with tutanota",
    "sent with mailspring",
    "sent using ",
    "sent by galaxy",
    "via mobile",
    "from my iphone",
    "from my ipad",
    "from my android",
    "from my mobile",
    "from my phone",
    "this message was sent from my ",
    "this mail was sent from my ",
    "diese nachricht wurde von mein",
    "diese e-mail wurde von mein",
    "holen sie sich outlook für",
    "outlook für ios",
    "outlook für android",
    "télécharger outlook pour",
    "obtenir outlook pour",
    "obtener outlook para",
    "obtén outlook para",
    "obter o outlook para",
    "pobierz outlook dla",
    "pobierz aplikację outlook",
    "pobierz program outlook",
    "scarica outlook per",
    "ottieni outlook per",
    "outlook voor ",
    "download outlook voor ",
    "hämta outlook för",
    "hent outlook",
    "下载 outlook",
    "获取 outlook",
    "获取适用于",
    "outlook for ios",
    "outlook for android",
    "outlook for mac",
    "получить outlook",
    "загрузить outlook",
    "herunterladen von outlook",
    "get bluemail",
    "get typeapp",
    "sent from bluemail",
    "sent from aol",
    "sent from gmail",
    "sent on my ",
    "发自网易",
)
PHONE_ENDINGS: tuple[str, ...] = (" via mobile", " from mobile", "を入手")
