"""The words of warning banners by language: what gateways and rules of Exchange put above mail from outside.

Where from: Microsoft's first-contact tip in its own languages; the banners of Mimecast, Proofpoint, Barracuda
and Sophos as their handbooks show them; rules that companies publish. No word is here that could ask for
anything: what is made of these words alone says nothing but "this came from outside, be careful".
"""

from typing import NamedTuple


class Tongue(NamedTuple):
    """What banners of one language are made of."""

    signs: tuple[str, ...]  # one of these must stand in it
    starts: tuple[str, ...]  # one of these begins it
    words: frozenset[str]


def _tongue(signs: str, starts: str, words: str) -> Tongue:
    """Make a row: signs and starts parted by bars, words by blanks; all case-folded."""
    return Tongue(
        tuple(sign.strip() for sign in signs.split("|")),
        tuple(start.strip() for start in starts.split("|")),
        frozenset(words.split()),
    )


ENGLISH = _tongue(
    "outside of|outside the|outside your|outside our|from outside|external email|external e-mail"
    "|external mail|external sender|external source|external message|external address|external user"
    "|external to"
    "|often get email|often receive email|previously corresponded|untrusted sender|unknown sender"
    "|unverified sender|from external|externally|first contact|external organisation|external organization",
    "think before|use caution|caution|warning|external|ext|notice|attention|alert|important|beware"
    "|be careful|this |you |some people|the sender|do not|don't|sent |originated|please|security",
    """
    a about action actions actual address addresses alert all always an and any anyone appears are as asked
    at attached attachment attachments attention authentic authenticity avoid aware be because been before
    being believe beware but button by came can cannot care careful carefully caution cautious check click
    clicked clicking code come comes company confidential confirm confirmed confirming contact contain
    contained contains content contents corporate corporation correspond corresponded credentials data
    department desk details did do does doesn't domain don't don’t double-check doubt download downloading
    e-mail e-mails email emails enable enabling ensure entering especially even exercise exercising expect
    expected expecting ext external externally extra familiar file files first follow following for forward
    frequently from further genuine get give handle handled has have haven't header help helpdesk if images
    important in included including information inside instructions internal into is isn't it it's its
    judgement judgment know known learn legitimate link links login look looks low macros mail mailbox make
    malicious may message messages name network never new no not notice of often on only open opening opens
    or org organisation organisation's organisations organization organization's organizations original
    originate originated originates originating our out outside part password passwords people person
    personal phishing please possible potential potentially previously proceed proper provide provided read
    reading received recipient recognise recognize regarding remember reply replying report request
    requested requests respond responding safe safely say secure security see send sender sender's senders
    sending sensitive sent service share sharing should similar some someone source sources spam spoof
    spoofed stop strange such sure suspect suspicious system take taking team ten than that the their them
    there these they think this threat to treat treated trust trusted trustworthy unexpected unfamiliar
    unknown unless unrecognised unrecognized unsolicited unsure until untrusted unusual unverified url urls
    us use user username using usual valid validate validating verified verify verifying via virus viruses
    warning wary was we were what when where whether which who why will with within without you your
    """,
)

_POLISH = _tongue(
    "spoza|zewnętrzn|z zewnątrz|nie otrzymujesz często|nieczęsto otrzymujesz|nieznany nadawca",
    "uwaga|ostrzeżenie|ostrożnie|ostrożność|ta wiadomość|ten e-mail|ten email|ten mail|to jest"
    "|wiadomość|nadawca"
    "|e-mail|email|mail|zewnętrzn|nie |nieczęsto|zachowaj|niektóre",
    """
    a adres adresu ale ani bezpieczna bezpieczne bezpieczny być bądź chyba co czy często dlaczego do domeny
    dowiedz e-mail e-maila e-maile email firma firmie firmy go i ich informacji jest jeśli jeżeli klikaj
    klikając klikania klikanie klikaniem kliknięciem linki linków lub mail maila masz mogą może na nadana
    nadawca nadawcy nadawcą nadawcę należy nie nieczęsto niektóre nieznany nieznanych od odnośniki
    odnośników odpowiadaj odpowiadając oraz organizacja organizacji osoby ostrożna ostrożnie ostrożność
    ostrożny ostrzeżenie otrzymujesz otrzymują otwieraj otwierając otwierania otwieranie otwieraniem pewien
    pewności pochodzi poczta pod podczas podejrzane prosimy przed przychodzi przysłana rozpoznajesz sieci
    się spoza sprawdź spółki system są ta ten to treść tych ufasz upewnij uwaga w ważne we wiadomości
    wiadomość wiesz wysłana wysłane wysłany z zachowaj zachowania zachować zaufany załącznik załącznika
    załączniki załączników zewnątrz zewnętrzna zewnętrzne zewnętrznego zewnętrznej zewnętrzny znana znany
    znasz został została ładuj że
    """,
)

_GERMAN = _tongue(
    "außerhalb|ausserhalb|extern|nicht häufig|nicht oft|unbekannter absender",
    "achtung|vorsicht|warnung|hinweis|extern|diese |dieses |sie |einige |bitte",
    """
    absender absenderadresse absendern absenders achten achtung als an anhang anhänge anhängen anklicken
    anlagen auf aus ausserhalb außerhalb bei beim bekannt bekannten bevor bitte bzw da das dass dateianhänge
    dateien dem den denn der des die dies diese dieser dieses e-mail e-mails ein eine einem einer eines
    einige email emails enthaltene enthaltenen erfahren erhalten erkennen erwarten es extern externe
    externem externen externer externes finden firma geprüft geschickt gesendet geöffnet haben handelt
    hinweis häufig ihr ihre ihrem ihren ihrer ihres in informationen inhalt inhalte ist keine keinen kennen
    klicken kommt konzerns können link links mail mails mit nachfragen nachricht nachrichten netzwerk nicht
    nur ob oder oft organisation partir personen prüfen quelle sei seien sein seiten sender sicher sie sind
    sodass sofern sollten stammt unbekannt unbekannte unbekannten unbekannter und unserer unseres unter
    unternehmen unternehmens ursprung verdächtige verschickt vertrauen vertrauenswürdig vom von vor vorsicht
    vorsichtig warnung warum was weitere weiterleiten welche wenn wichtig wissen woher wurde wurden zu
    öffnen über
    """,
)

_FRENCH = _tongue(
    "extérieur|externe|ne recevez pas souvent|n'obtenez pas souvent|n’obtenez pas souvent|expéditeur inconnu",
    "attention|avertissement|prudence|alerte|ce |cet |courriel|message|e-mail|mail|vous |certaines|expéditeur"
    "|externe|mise en garde",
    """
    a afin alerte attention au aux avant avec avertissement avez avis c'est ce ceci certain certaines cet
    cette cliquer cliquez confiance connaissez connaître contenu contenus contient courriel courriels
    courrier courriers d d'e-mail d'e-mails d'email d'un d'une dans de depuis des du découvrez e-mail
    e-mails email emails en entreprise est et expéditeur externe externes extérieur extérieure faire faites
    fichiers garde hors identifié il important inconnu joint jointe jointes joints l l'entreprise
    l'expéditeur l'extérieur l'organisation la le les lien liens lors mail mails message messages mise moins
    n n'est n'obtenez n'ouvrez ne notre obtenez ont organisation origine ou ouverture ouvrez ouvrir partir
    pas personnes pièce pièces pourquoi pouvez provenance provenant provient prudence prudent prudents qu
    qu'il que qui recevez recevoir reconnaissez reconnaître reçoivent reçu s'il sa sache sachez sachiez
    savez savoir si société soit son sont source souvent soyez sur sécurisé sûr sûre un une venant votre
    vous vérifier vérifiez à émanant été êtes être
    """,
)

_SPANISH = _tongue(
    "fuera de|extern|no suele recibir|no recibe a menudo|remitente desconocido|no recibes",
    "precaución|atención|advertencia|cuidado|aviso|alerta|este |correo|mensaje|no |extern|remitente"
    "|email|e-mail"
    "|algunas",
    """
    a abra abrir adjunto adjuntos advertencia al alerta algunas algunos ante antes archivo archivos atención
    aviso clic como compañía con confianza confía conoce conozca contactos contenido contenidos correo
    correos cuidado de del desconocido descubra desde destinatario e-mail el electrónico electrónicos email
    emails empresa en enlace enlaces enviado es esta este esto está externa externo fue fuera ha hacer haga
    importante información la las le link links lo los mail menos mensaje mensajes menudo ni no nuestra o
    obtenga organización origen originado originó para personas por porque precaución procede proviene pulse
    que qué recibe reciben recibes recibido recibieron recibir reconoce reconozca remitente se sea segura
    seguro sepa ser si sido sin sobre sospechoso su suele suelen tenga un una usted verifique y
    """,
)

_ITALIAN = _tongue(
    "dall'esterno|dall’esterno|extern|estern|non si ricevono spesso|non ricevi spesso|mittente sconosciuto",
    "attenzione|avviso|avvertenza|cautela|prudenza|questa |questo |e-mail|email|mail|messaggio|mittente|non "
    "|estern|alcune",
    """
    a ad agli al alcune alla alle allegati allegato aperta apri aprire aprite attenzione avvertenza avviso
    azienda aziendale c'è cautela che chi clic clicca cliccare cliccate collegamenti come con conosce
    conoscete conosci contenuti contenuto controllare da dal dall'esterno dall'organizzazione dalla dei del
    dell'azienda dell'organizzazione della delle di dubbi e e-mail elettronica email essere esterna esterno
    fare fate fidato fonte fosse gli i il importante in informazioni inviata inviato l'e-mail l'identità la
    le link lo mail meno messaggi messaggio mittente ne nel non nostra nota noto o organizzazione origine
    per perché persone posta prestare prima proveniente proviene prudenza questa questi questo ricevi
    ricevono riconosca riconosce riconoscete riconosci sapete sappia sappiate sconosciuto scopri se si sia
    sicura sicuro sono spesso su sui sul sull'importanza sulla un una verificare è
    """,
)

_DUTCH = _tongue(
    "van buiten|buiten de|buiten onze|extern|niet vaak|onbekende afzender",
    "let op|waarschuwing|opgelet|voorzichtig|attentie|deze |dit |extern|u |sommige|e-mail|je ",
    """
    aan afkomstig afzender afzenders als attentie bedrijf bekend belangrijk bent bericht berichten bevat bij
    bijlage bijlagen bron buiten controleer dat de den deze die dit door e-mail e-mails een email emails en
    er extern externe geen gekomen gestuurd gevaarlijke gewenst herkent het hoe ik in informatie inhoud is
    je kent klik klikken komt kunnen let link links mail mails meer mensen met mits naar niet of om onbekend
    onbekende ontvangen ontvangt onze op open openen opgelet organisatie over personen sommige te tenzij u
    uit uw vaak van veilig verdacht vertrouwd vertrouwt verzonden voor voordat voorzichtig waarom
    waarschuwing wees weet welke zeker zijn zorg
    """,
)

_PORTUGUESE = _tongue(
    "fora da|fora de|extern|não costuma receber|não recebe|remetente desconhecido",
    "cuidado|atenção|aviso|alerta|este |esta |e-mail|email|mensagem|remetente|você|não |extern|algumas"
    "|correio",
    """
    a aberto abra abrir alerta algumas anexo anexos antes ao aos as atenção aviso caso clicar clique com
    como confia confirme confiável conhece conteúdo conteúdos correio costuma costumam cuidado da das de
    desconhecido do dos e e-mail e-mails eletrónico eletrônico em email emails empresa enviada enviado essa
    esse esta este externa externo foi fonte fora frequentemente hiperligações importante informação isso
    isto ligações link links mail menos mensagem mensagens motivo na nem no nos nossa não o organização
    origem origina-se originada originado originou-se os ou para pessoas por porque porquê proveniente que
    quem recebe recebem receber recebeu reconhece reconheça remetente saiba se segura seguro seja sem ser
    seu sobre sua suspeito suspeitos tenha um uma verifique você à é
    """,
)

_SWEDISH = _tongue(
    "utanför|extern|inte ofta|okänd avsändare",
    "varning|obs|observera|försiktig|var |detta |det här|den här|extern|du |vissa|meddelande|e-post",
    """
    att av avsändare avsändaren bifogade bilaga bilagor brev de den denna det detta du e-mail e-post
    e-postmeddelande e-postmeddelanden e-postmeddelandet en ett extern externa externt filer från får för
    företaget försiktig har här i igen inkommer innan innehåll innehållet inte klicka klickar kommer kommit
    känner lita litar länk länkar läs mail mailet med meddelande meddelandet mer mottagare obs observera och
    ofta okänd om organisation organisationen personer på skickades skickats som säker säkert såvida till
    utanför utifrån utomstående var varför varning vet viktigt vissa vår är öppna öppnar
    """,
)

_DANISH = _tongue(
    "uden for|udenfor|ekstern|ikke ofte|ukendt afsender|udefra",
    "advarsel|obs|forsigtig|bemærk|vær |denne |dette |ekstern|du |nogle|e-mail|mail|pas på",
    """
    adresse advarsel af afsender afsenderen at bemærk besked beskeden bilag de den denne der dette du e-mail
    e-mailen e-mailens e-mails ekstern eksterne eksternt en er et fil filer for forsigtig fra få får
    genkender har hvis hvorfor i ikke indhold indholdet information kender klik klikke klikker kommer link
    links mail mailen mails med meddelelse meddelelsen medmindre mere nogle obs ofte og om organisation
    organisationen pas personer på sendt sikker sikkert som stammer stoler til udefra uden udenfor ukendt
    ved vedhæftede vedhæftning vedhæftninger vide vigtigt virksomheden vores vær åben åbn åbne åbner
    """,
)

_NORWEGIAN = _tongue(
    "utenfor|ekstern|ikke ofte|ukjent avsender|utenfra",
    "advarsel|obs|forsiktig|merk|vær |denne |dette |ekstern|du |noen|e-post|epost",
    """
    advarsel at av avsender avsenderen de den denne dersom det dette du e-post e-posten e-poster ekstern
    eksterne eksternt eller en epost eposten er et filer finn for forsiktig fra får før gjenkjenner har hvis
    hvorfor i igjen ikke informasjon innhold innholdet kjenner klikk klikke klikker koblinger kommer lenke
    lenker link linker med melding meldingen meldinger mer merk mindre noen obs ofte og om organisasjon
    organisasjonen personer på sendt sikker sikkert som stoler til trygg trygt ukjent ut utenfor utenfra ved
    vedlegg vet viktig virksomheten vår vær åpne åpner
    """,
)

_FINNISH = _tongue(
    "ulkopuolelta|ulkoi|et saa usein|ulkopuolinen|tuntematon lähettäjä",
    "varoitus|huom|huomio|huomaa|ole |tämä |ulkoi|et |ulkopuoli|jotkut|viesti",
    """
    avaa avaamista avata ei ellet ennen et että huom huomaa huomio ja joka jos jotkut klikkaa kuin liite
    liitteet liitteitä linkkejä linkki linkkien lisätietoja lue luota luotat lähetetty lähettäjä
    lähettäjältä lähettäjän lähettäjää miksi mistä napsauta ole olet oleva olevan on organisaation
    organisaatiosi osoitteesta ovat saa saaneet saapui saapunut se sinä sisällön sisältö sisältöä sähköposti
    sähköpostia sähköpostin sähköpostiviesti sähköpostiviestin tai tiedä tiedät tule tulee tullut tunne
    tunnet tunnista tuntematon turvallinen turvallista tämä tämän tärkeää ulkoa ulkoinen ulkoiselta
    ulkoisesta ulkopuolelta ulkopuolinen ulkopuoliselta usein varoitus varovainen viesti viestin viestissä
    yrityksen älä
    """,
)

_CZECH = _tongue(
    "mimo |extern|zvenčí|nedostáváte|neznámý odesílatel|často",
    "upozornění|pozor|varování|tento |tato |extern|buďte|nedostáváte|e-mail|zpráva|někteří|email",
    """
    a aby adresy bezpečná bezpečný buďte byl byla co dejte do dostávají dávejte důležité důvěryhodný e-mail
    e-mailová e-mailové e-mailu e-maily email emaily extern externí externího externě firmu je je-li jedná
    jeho jej jste klepejte klikejte který lidé mimo máte na naší nebo nedostáváte neklikejte neodpovídejte
    neotevírejte neotvírejte nevíte neznámý neznáte někteří obezřetní obsah od odeslán odeslána odesílatel
    odesílatele odkazy opatrní organizace organizaci otevřením otvírejte pochází pokud pozor prostředí
    prosím proč před přichází přílohy s si společnosti tato tento to této upozornění uživatelé v varování
    vaši vaší víte věnujte z zdroje ze zjistěte zkontrolujte znáte zpráva zprávu zprávy zvenčí často že
    """,
)

_RUSSIAN = _tongue(
    "из-за пределов|внешн|вне |извне|нечасто|не часто|неизвестный отправитель",
    "внимание|осторожно|предупреждение|это |данное|письмо|сообщение|внешн|вы |некоторые|будьте|отправитель",
    """
    адреса без безопасно безопасность безопасны будьте было в важно вам ваш вашей вашим вложений вложения
    вне внешнего внешнее внешний внешняя внимание внимательны вы данное доверяете если знаете и из из-за
    извне или источника как компании которое которые на нажимайте не неизвестный некоторые нет нечасто ни об
    организации осторожно осторожны от отвечайте открывайте открывать относитесь отправителем отправитель
    отправителю отправителя отправлено перед переходите письма письме письмо по пожалуйста получаете
    получают получено пользователи поступило почему почта почты пределами пределов предупреждение при пришло
    проверьте содержание содержимого содержимое сообщение сообщения ссылкам ссылки ссылок сторонней уверены
    узнаете узнайте часто чем что электронное электронной электронные это этого
    """,
)

LANGUAGES = (
    ENGLISH,
    _POLISH,
    _GERMAN,
    _FRENCH,
    _SPANISH,
    _ITALIAN,
    _DUTCH,
    _PORTUGUESE,
    _SWEDISH,
    _DANISH,
    _NORWEGIAN,
    _FINNISH,
    _CZECH,
    _RUSSIAN,
)

# Chinese and Japanese part no words: pieces, the longest first, that must make up the whole line.
EAST_ASIAN_SIGNS = (
    *("外部", "组织外", "組織外", "公司外", "社外", "不经常", "不經常", "不常", "通常不会", "通常不會"),
    *("あまりありません", "頻繁に受け取", "未知发件人"),
)
EAST_ASIAN_PIECES = """
    请勿单击 请勿点击 請勿點擊 請勿按一下 请勿打开 請勿開啟 不要点击 不要打开 单击 点击 點擊 打开 開啟
    链接 連結 附件 或 和 及 除非 您认识 您認識 你认识 您能识别 您可以识别 认识 認識 发件人 寄件者 寄件人
    发送者 发送人 并 並 确定 確定 确认 確認 知道 内容 內容 是 为 為 安全 的 否则 否則 请 請 谨慎 謹慎
    小心 注意 警告 提醒 提示 此 该 這封 这封 本 邮件 郵件 电子邮件 電子郵件 消息 信息 来自 來自 源自
    发自 您的 你的 贵 贵公司 组织 組織 机构 公司 以外 之外 外部 外 内部 您 你 不经常 不經常 不常
    通常不会 通常不會 从 從 收到 了解 这一点 這一點 这 這 为什么 為什麼 为何 為何 很 重要 重要性 处理 對
    对 对待 一些 收件人 人 用户 有些 未知 可信 信任 可疑 请注意 このメールは この メッセージは
    この電子メールは メッセージ 電子メール メール は が を に の で と も や へ から 組織外 組織の外部
    社外 社内 送信され送られ 送信されました 送信されています 送信された 送信者 差出人 送信元 送信
    発信されました 発信 受信しました 受信 届きました 不明な 不明 知らない 確認し 確認して ください
    下さい コンテンツ である わかって 分かって いる 場合 を除き 除き 限り リンク クリックし クリック
    したり たり 添付ファイル 開いたり 開か 開く 開いて 開 しないで ないで ないでください ご注意
    注意してください 十分 必要 あまりありません 受け取ること 受け取る 受け取って 受け取 こと 頻繁に
    いません これ 理由 これが さん あなた 一部 ユーザー です ます ました 判断 信頼 できる できない
    こちら 詳細 なぜ か な
"""

# A sentence of a banner that has no sign must say one of these: it warns of what the mail may hold.
WARNINGS = """
    click link or_attach open_attach opening_attach attachments_or suspicious safe phish macro malicious
    verify recogni learn_why spoof corresponded klik odnośnik załącz bezpiecz ostrożn ważne podejrz
    nadawc anhäng anhang öffn sicher vorsicht wichtig absender verdächt cliqu lien pièce pieces sûr
    prudence prudent pourquoi important expéditeur clic enlace adjunt segur precauc importan remitente
    allegat sicur prudenza cautela mittente collegament bijlage veilig voorzichtig belangrijk afzender
    anexo cuidado remetente hiperliga länk bilag bifog säker försiktig viktig avsändar vedhæft sikker
    forsigtig vigtig afsender lenke vedlegg trygg forsiktig avsender linkk liit turvalli varovai tärke
    lähettäj odkaz přílo bezpeč opatrn obezřet důležit odesílatel ссыл вложен безопас осторож важно
    отправител 链接 連結 附件 安全 谨慎 謹慎 重要 了解 リンク 添付 注意 理由 cautio in_doubt take_care
    wary login password credential
"""

# A line that is one of these stands above a banner as its heading.
HEADS = """
    caution warning attention alert notice important external uwaga ostrzeżenie achtung vorsicht warnung
    avertissement prudence precaución atención advertencia attenzione avviso waarschuwing cuidado
    atenção varning obs advarsel varoitus huomio upozornění pozor внимание осторожно 注意 警告 let_op
    external_email security_notice security_alert
"""

# How the further sentences and lines of a banner begin, which have no sign.
ADVICE = frozenset(
    word.replace("_", " ")
    for word in """
    stop_and öffnen_sie_anhänge do_not don't please_be please_do_not please_don't please_use
    please_exercise please_treat please_report please_think please_make_sure please_take please_proceed
    please_remember please_ensure please_verify please_handle please_consider report_suspicious
    report_this learn_why be_careful be_cautious be_wary be_aware beware think_before think_twice
    use_caution use_care exercise_ take_care take_caution if_you_do if_you_don't if_you_are
    if_you_suspect if_in_doubt when_in_doubt if_unsure never this_message_came you_have_not caution_when
    never_ treat_ nie_klik nie_otw nie_odpow nie_ładuj zachowaj prosimy_nie prosimy_o zachowanie
    bądź_ostr sprawdź klicken_sie_nicht klicken_sie_bitte_nicht bitte_klicken_sie_nicht
    bitte_klicken_sie_keine bitte_öffnen_sie_keine bitte_öffnen_sie_nur bitte_seien bitte_prüfen
    bitte_überprüfen öffnen_sie_keine seien_sie erfahren_sie weitere_inf ne_cliquez ne_pas n'ouvrez
    n'ouvrir soyez vérifiez veuillez_ne faites_preuve faites_attention découvrez pourquoi no_haga
    no_abra no_pulse tenga_cuid tenga_prec por_qué descubra obtenga verifique non_fare non_apri
    non_clicc prestare fare_attenzione scopri informazioni verificare klik_niet klik_ikke klik_alleen
    open_geen open_nooit wees meer_inf controleer não_clique não_abra tenha_cuid tenha_aten saiba
    verifique_o klicka_inte öppna_inte var_försiktig läs_om lita_inte åbn_ikke vær_forsig få_mere
    vær_opmærk pas_på ikke_klik ikke_åpne vær_forsik finn_ut älä ole_varov lue neklik neotev buďte zjist
    dávejte не_переход не_откры не_нажим будьте узнайте
    """.split()  # noqa: SIM905  a list of a hundred quoted words is harder to read
)

# A line that is this and nothing else, with signs round it, where banners stand.
TAGS = frozenset(
    tag.replace("_", " ")
    for tag in """
    ext_email ext_mail ext_e-mail
    external externe extern externo externa esterno esterna ekstern ekstern_e-mail ekstern_e-post ext
    zewnętrzny zewnętrzna zewnętrzne externí ulkoinen внешнее внешний внешнее_письмо внешняя_почта
    external_email external_e-mail external_mail external_sender external_message external_source
    email_external external_email_warning external_email_-_use_caution wiadomość_zewnętrzna
    e-mail_zewnętrzny nadawca_zewnętrzny poczta_zewnętrzna externe_e-mail externe_mail externe_nachricht
    externer_absender courriel_externe e-mail_externe message_externe mail_externe expéditeur_externe
    correo_externo correo_electrónico_externo remitente_externo mensaje_externo email_esterna
    e-mail_esterna mail_esterna mittente_esterno messaggio_esterno extern_e-mail externe_afzender
    extern_bericht e-mail_externo email_externo remetente_externo mensagem_externa extern_e-post
    extern_avsändare ekstern_mail ekstern_afsender ekstern_avsender ekstern_epost ulkoinen_sähköposti
    ulkoinen_viesti externí_e-mail externí_email externí_odesílatel внешний_отправитель 外部 外部邮件
    外部郵件 外部メール 社外 社外メール
    """.split()  # noqa: SIM905  as above
)
