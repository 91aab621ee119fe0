"""Labels, marker lines and phrases from vendors' help pages and from public mailing-list archives."""

from bccd.mail.forward.facts.row import Labels

LABELS: tuple[Labels, ...] = (
    # language, from, to, cc, date, subject, reply-to
    Labels("en", "From", "To", "CC", "Sent on", "Subject", "Reply-To"),
    Labels("en", "Sender", "Recipient", "Copy", "Sent at", "Subject", "Reply to"),
    Labels("en", "From", "To", "Cc", "Sent by", "Subject", "Reply-To"),
    Labels("pl", "Od", "Do", "DW", "Data", "Temat", "Odpowiedź do"),
    Labels("pl", "Od", "Do", "Do wiadomości", "Data", "Tytuł", "Odpowiedz do"),
    Labels("pl", "Od", "Do", "Kopia", "Wysłany", "Temat", "Odpowiedz na"),
    Labels("pl", "Nadawca", "Odbiorca", "Cc", "Wysłana", "Temat", "Adres zwrotny"),
    Labels("pl", "Nadawca", "Odbiorcy", "UDW", "Data wysłania", "Temat"),
    Labels("de", "Von", "An", "Cc", "Gesendet am", "Betreff", "Antwort an"),
    Labels("zh", "发件人", "收件人", "抄送人", "发送日期", "主题"),
    Labels("zh", "寄件者", "收件者", "副本", "傳送時間", "主旨"),
    Labels("zh", "寄件者", "收件者", "副本", "已傳送", "主旨"),
    Labels("zh", "从", "至", "抄送", "已发送", "主题"),
    Labels("zh", "從", "至", "副本", "已傳送", "主旨"),
    Labels("ja", "差出人", "宛先", "CC", "日時", "件名"),
    Labels("ko", "보낸사람", "받는사람", "참조", "날짜", "제목"),
    Labels("nl", "Van", "Aan", "CC", "Verstuurd", "Onderwerp"),
)

# Fields that may stand in a block and that nothing here reads.
OTHER: tuple[str, ...] = (
    "Attachments",
    "Bcc",
    "Categories",
    "Flag Status",
    "Follow Up Flag",
    "Importance",
    "Organization",
    "Priority",
    "Resent-From",
    "Sensitivity",
    "When",
    "Where",
    "Gdzie",
    "Kiedy",
    "Lokalizacja",
    "Priorytet",
    "UDW",
    "Ważność",
    "Załącznik",
    "Załączniki",
    "Anlagen",
    "Anhänge",
    "Pièces jointes",
    "Wichtigkeit",
)

# Fields of the raw mail: without a marker line above, a program printed the block that shows them.
TECHNICAL: tuple[str, ...] = (
    "Content-Transfer-Encoding",
    "Content-Type",
    "Delivered-To",
    "DKIM-Signature",
    "In-Reply-To",
    "List-Id",
    "Message-ID",
    "MIME-Version",
    "Received",
    "References",
    "Return-Path",
    "User-Agent",
    "X-Mailer",
)

FORWARDED: tuple[str, ...] = (
    "Fwd",
    "Forwarded mail",
    "Message forwarded",
    "Start of forwarded message",
    "Początek przekazanej wiadomości",
    "Przekazywana wiadomość",
    "Przesłana wiadomość",
    "Wiadomość przekazana",
    "Wiadomość przekazana dalej",
    "Wiadomość przesłana",
    "转发邮件信息",
    "转发的邮件",
    "轉寄的郵件",
    "전달된 메시지",
)

# A name, a date or more may follow these: mutt "Forwarded message from", Notes "Forwarded by".
FORWARDED_OPENINGS: tuple[str, ...] = ("Forwarded message from", "Forwarded by", "Przekazane przez")

ORIGINAL: tuple[str, ...] = (
    "Message d'origine",
    "Original Appointment",
    "Original Mail",
    "Oryginalna wiadomość",
    "Oryginalny termin",
    "Treść oryginalnej wiadomości",
    "Ursprüngliche Mail",
    "Wiadomość oryginalna",
    "Wiadomość pierwotna",
    "邮件原件",
    "原始邮件",
    "原始郵件",
)

LEADING: tuple[str, ...] = (
    "Początek przekazanej wiadomości",
    "Początek wiadomości przekazanej dalej",
    "下面是被转发的邮件",
    "開始轉寄郵件",
    "転送されたメッセージ",
    "전달된 메시지",
)

# "Sender <phrase> Author", as Outlook and Zimbra write it.
ON_BEHALF_OF: tuple[str, ...] = (
    "A következő nevében",
    "Atas Nama",
    "Au nom de",
    "Bagi Pihak",
    "De la part de",
    "De parte de",
    "Em nome de",
    "En nom de",
    "En nombre de",
    "Honen partez",
    "Im Auftrag von",
    "Im Namen von",
    "Jménem",
    "Namens",
    "On Behalf Of",
    "Per conto di",
    "På uppdrag av",
    "På vegne af",
    "På vegne av",
    "Thay mặt cho",
    "V imenu",
    "V mene",
    "W imieniu",
    "W imieniu użytkownika",
    "În numele",
    "Şunun Adına",
    "Від імені",
    "От имени",
    "בשם",
    "نيابة عن",
    "की ओर से",
    "代理",
    "代表",
    "대신 보냄",
)
