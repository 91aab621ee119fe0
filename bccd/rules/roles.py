"""What the part before the @ says of who reads a mailbox: a machine, nobody, a whole department."""

import re

# Machines that answer or count bounces: never matched, never created (rules.md 5).
_MACHINE = re.compile(
    r"""(?x)
    (?: mailer-daemon | postmaster ) (?:[+].*)?
    | bounce .*
    | .+ [-+] bounces? (?:[+=-].*)?             # Mailman
    | srs [01] [+=-] .+                         # sender rewriting
    | (?: prvs | btv1 = | msprvs1 ) = .+        # signed bounce addresses
    | .+ [+] caf_ = .+                          # Gmail's automatic forwarding
    | .+ [+-] [^=]+ = [a-z0-9-]+ (?:[.][a-z0-9-]+)+    # VERP: the recipient, with = for @
    """
)
_NO_REPLY = re.compile(
    r"""(?x)
    (?: .* [-_.+] )?
    (?: (?: no | not | non | do[-_.]?not | dont ) [-_.]? (?: reply | replies | respond | answer | response )
      | nie[-_.]?odpowiadaj (?:[-_.]?na[-_.]?ten[-_.]?(?:mail|email))? | bez[-_.]?odpowiedzi
      | nicht[-_.]?antworten | keine?[-_.]?antwort(?:en)?
      | ne[-_.]?pas[-_.]?repondre | pas[-_.]?de[-_.]?reponse
      | non[-_.]?rispondere | no[-_.]?responder? | nao[-_.]?responda | neodpovidat | nevalaszolj )
    (?: [-_.+\d] .* )?
    """
)
# RFC 2142 names some; the others are what firms of our users' countries print on their cards.
_ROLES = frozenset(
    """
    abuse accounting accounts admin administration administrator all billing booking bookings career
    careers contact contactus customercare customerservice enquiries enquiry events everyone feedback
    finance hello help helpdesk hi hostmaster hr info infos inquiries inquiry invoice invoices it jobs
    legal list listserv mail mailbox management marketing media news newsletter newsletters noc
    notification notifications office order orders payments payroll pr press privacy procurement
    purchasing reception recruitment registration reservations root sales security service services shop
    staff support team tech usenet uucp web webmaster welcome www

    biuro faktura faktury handel handlowy kadry kariera kontakt ksiegowosc oferty poczta pomoc praca
    prezes recepcja reklamacje rekrutacja rezerwacja rezerwacje rodo sekretariat serwis sklep sprzedaz
    zakupy zamowienia zapytania zarzad

    anfrage anfragen bestellung bestellungen bewerbung buchhaltung buero buro datenschutz einkauf
    empfang hilfe kundendienst kundenservice personal presse rechnung rechnungen rezeption verkauf
    vertrieb verwaltung werkstatt zentrale

    accueil achats administratif bonjour commande commandes commercial comptabilite courrier direction
    facturation factures recrutement rh sav secretariat vente ventes

    acquisti amministrazione assistenza commerciale contabilita direzione fatture ordini posta
    prenotazioni segreteria ufficio vendite

    administracion atencionalcliente ayuda clientes comercial compras contabilidad contacto correo
    direccion facturacion pedidos recepcion reservas rrhh soporte ventas

    atendimento contabilidade contato encomendas faturacao financeiro geral vendas

    administratie boekhouding facturen inkoop klantenservice verkoop

    kancelar obchod objednavky podatelna podpora predaj prodej uctaren uctarna

    achizitii comenzi contabilitate facturare vanzari

    ertekesites penzugy rendeles szamlazas titkarsag ugyfelszolgalat

    asiakaspalvelu bokforing ekonomi kundeservice kundservice kundtjanst myynti ordre ordrer regnskab
    salg
    """.split()  # noqa: SIM905  (a table)
)


def is_machine(local: str) -> bool:
    """Tell whether a mailbox belongs to a machine that handles bounces, lists or forwards."""
    return _MACHINE.fullmatch(local) is not None


def is_no_reply(local: str) -> bool:
    """Tell whether nobody reads the mailbox, as its name says."""
    return _NO_REPLY.fullmatch(local) is not None


def is_role(local: str) -> bool:
    """Tell whether the mailbox is a department's or a function's, not one person's."""
    base = local.partition("+")[0].replace("-", "").replace("_", "")
    return base.rstrip("0123456789") in _ROLES
