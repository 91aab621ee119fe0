"""Folders whose mail nobody wants filed, by the names that programs give them in many languages."""

import base64
import binascii
import re

from bccd.sources.mailbox.found import Skip

_NAMES: dict[Skip, str] = {
    Skip.SPAM: """
        spam junk junk-e-mail junk-email bulk-mail spamverdacht unerwünscht junk-mail junk-post
        wiadomości-śmieci wiadomości-spam niechciane indésirables courrier-indésirable pourriel
        correo-no-deseado no-deseado posta-indesiderata indesiderata lixo-eletrônico lixo-electrónico
        ongewenste-e-mail skräppost søppelpost uønsket-e-mail uønsket-post roskaposti
        nevyžádaná-pošta nevyžiadaná-pošta levélszemét nepožadovaná mesaje-nedorite neželjena-pošta
        спам нежелательная-почта ανεπιθύμητη-αλληλογραφία gereksiz önemsiz önemsiz-e-posta
        迷惑メール 垃圾邮件 垃圾郵件 스팸함
    """,
    Skip.DELETED: """
        trash bin deleted deleted-items deleted-messages wastebasket recycle-bin
        kosz elementy-usunięte usunięte papierkorb gelöscht gelöschte-elemente gelöschte-objekte
        corbeille éléments-supprimés messages-supprimés papelera elementos-eliminados eliminados
        cestino posta-eliminata eliminata lixeira itens-excluídos itens-eliminados prullenbak
        verwijderd verwijderde-items papperskorg papperskorgen borttaget borttagna-objekt papirkurv
        slettet slettede-elementer roskakori poistetut koš odstraněná-pošta kôš odstránená-pošta kuka
        törölt-elemek coș coș-de-gunoi elemente-șterse kanta smeće корзина удаленные видалені κάδος
        çöp-kutusu silinmiş-öğeler ゴミ箱 已删除 垃圾桶 휴지통
    """,
    Skip.DRAFT: """
        drafts draft templates outbox unsent unsent-messages
        wersje-robocze robocze szkice skrzynka-nadawcza do-wysłania entwürfe
        postausgang brouillons boîte-d'envoi borradores bandeja-de-salida bozze
        posta-in-uscita rascunhos caixa-de-saída concepten postvak-uit utkast
        utkorg kladder kladde udbakke utkast utboks luonnokset lähtevät koncepty
        rozepsané pošta-k-odeslání rozpísané piszkozatok ciorne skice черновики чернетки πρόχειρα
        taslaklar 下書き 草稿 임시보관함
    """,
    Skip.CHAT: "chat chats czaty czat",
}
_SKIPS = {name: skip for skip, names in _NAMES.items() for name in names.split()}
_SHIFTED = re.compile(r"&([^-]*)-")


def skip_of(name: str) -> Skip | None:
    """Tell whether a folder, or a label, of this name holds what is to be passed over."""
    return _SKIPS.get("-".join(name.strip().casefold().split()))


def skip_of_path(name: str) -> Skip | None:
    """Tell the same of a path of folders: whatever lies below the trash was thrown away, too."""
    return next((skip for each in name.split("/") if (skip := skip_of(each)) is not None), None)


def readable(name: str) -> str:
    """Read the name of an IMAP folder, which is written in a UTF-7 of its own (RFC 3501 5.1.3)."""
    return _SHIFTED.sub(_unshifted, name)


def _unshifted(found: re.Match[str]) -> str:
    coded = found[1].replace(",", "/")
    if not coded:
        return "&"
    try:
        return base64.b64decode(coded + "=" * (-len(coded) % 4)).decode("utf-16-be")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return found[0]
