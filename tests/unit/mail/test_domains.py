"""Rule 6.4: which domains can tell an organisation."""

import subprocess
import sys
from pathlib import Path

import pytest

from bccd.mail import domains
from bccd.mail.addresses import normalise
from bccd.mail.domains import is_disposable, is_free_mail, parent_domains, registered_domain, telling_domains

DATA = Path(domains.__file__).with_name("data")


@pytest.mark.parametrize(
    ("domain", "registered"),
    [
        ("customer.example", "customer.example"),
        ("mail.customer.example", "customer.example"),
        ("a.b.firm.co.uk", "firm.co.uk"),
        ("firm.com.pl", "firm.com.pl"),
        ("co.uk", ""),
        ("pl", ""),
        ("github.io", ""),
        ("firm.github.io", "firm.github.io"),
        ("firm.kawasaki.jp", ""),
        ("city.kawasaki.jp", "city.kawasaki.jp"),
        ("a.firm.xn--55qx5d.cn", "firm.xn--55qx5d.cn"),
        ("localhost", ""),
        ("", ""),
    ],
)
def test_the_registered_part(domain: str, registered: str) -> None:
    """It is one label more than the public suffix; wildcards, exceptions and private suffixes count."""
    assert registered_domain(domain) == registered


@pytest.mark.parametrize(
    "domain",
    """gmail.com googlemail.com outlook.com hotmail.co.uk live.fr yahoo.de icloud.com proton.me wp.pl
    o2.pl onet.pl interia.pl gazeta.pl op.pl seznam.cz centrum.cz azet.sk gmx.de gmx.at web.de
    t-online.de freenet.de aon.at bluewin.ch free.fr orange.fr laposte.net skynet.be ziggo.nl
    libero.it virgilio.it telefonica.net sapo.pt btinternet.com telia.com mail.dk inbox.lv
    freemail.hu home.ro abv.bg siol.net mail.ru yandex.ru ukr.net comcast.net sympatico.ca
    uol.com.br qq.com 163.com naver.com docomo.ne.jp rediffmail.com bigpond.com mail.wp.pl""".split(),  # noqa: SIM905  (a table)
)
def test_free_mail(domain: str) -> None:
    """The large providers of every country are known, and what is below their domains."""
    assert is_free_mail(domain)
    assert telling_domains(domain) == ()


def test_free_mail_of_a_company() -> None:
    """A company's own list adds to it."""
    assert telling_domains("klub.example") == ("klub.example",)
    assert telling_domains("klub.example", {"klub.example"}) == ()
    assert telling_domains("mail.klub.example", {"klub.example"}) == ()


@pytest.mark.parametrize("domain", ["mailinator.com", "sub.mailinator.com", "guerrillamail.com"])
def test_disposable(domain: str) -> None:
    """Who wants to be nobody is nobody's organisation."""
    assert is_disposable(domain)
    assert telling_domains(domain) == ()


@pytest.mark.parametrize(
    ("domain", "telling"),
    [
        ("customer.example", ("customer.example",)),
        ("a.b.firm.co.uk", ("a.b.firm.co.uk", "b.firm.co.uk", "firm.co.uk")),
        ("co.uk", ()),
        ("localhost", ()),
        ("", ()),
    ],
)
def test_domains_that_tell(domain: str, telling: tuple[str, ...]) -> None:
    """From the domain up to the registered one, nearest first, never a public suffix."""
    assert telling_domains(domain) == telling


def test_parents() -> None:
    """All of at least two labels, whoever registered them; a lone label is its own."""
    assert parent_domains("a.firm.co.uk") == ("a.firm.co.uk", "firm.co.uk", "co.uk")
    assert parent_domains("localhost") == ("localhost",)
    assert parent_domains("") == ()


@pytest.mark.parametrize("name", ["free-mail", "disposable"])
def test_the_lists_hold_domains(name: str) -> None:
    """Each line is one normalised domain, none a public suffix, none twice; comments name the source."""
    lines = (DATA / f"{name}.txt").read_text(encoding="ascii").splitlines()
    listed = [line for line in lines if line and not line.startswith("#")]
    assert [d for d in listed if normalise(f"x@{d}") != f"x@{d}" or not registered_domain(d)] == []
    assert len(listed) == len(set(listed))
    assert any(line.startswith("# Source: ") for line in lines)


def test_the_lists_are_read_when_first_asked() -> None:
    """Importing the pipeline, as a front does, reads none of them."""
    code = (
        "import bccd.pipeline\n"
        "from bccd.mail import domains as d\n"
        "assert d._listed.cache_info().currsize == d._suffixes.cache_info().currsize == 0\n"
        "d.telling_domains('a.example'), d.telling_domains('b.example')\n"
        "assert d._listed.cache_info().misses == 2 and d._suffixes.cache_info().misses == 1\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
