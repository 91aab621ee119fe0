"""Rewritten links lead to where they were sent to, and never to anything worse."""

import time

import pytest

from bccd.mail.gateway import undone

TARGET = "https://acme.example/a?b=1&c=%C5%BC"
ENCODED = "https%3A%2F%2Facme.example%2Fa%3Fb%3D1%26c%3D%25C5%25BC"

LINKS = {
    "safe links": f"https://eur01.safelinks.protection.outlook.com/?url={ENCODED}&data=05%7C01&reserved=0",
    "safe links, another region": f"https://nam10.safelinks.protection.outlook.com/?url={ENCODED}&data=04",
    "safe links, ap": f"https://apac01.safelinks.protection.outlook.com/ap/w-59584e83/?url={ENCODED}&data=1",
    "safe links, government": f"https://gcc02.safelinks.protection.outlook.us/?url={ENCODED}&data=1",
    "safe links, china": f"https://chn01.safelinks.protection.partner.outlook.cn/?url={ENCODED}&data=1",
    "safe links in teams": f"https://statics.teams.cdn.office.net/x/safelinks/1/a.html?url={ENCODED}&locale=en",
    "proofpoint 1": f"https://urldefense.proofpoint.com/v1/url?u={ENCODED}&k=oIvRg1%2BdGAg%3D%3D%0A&r=IKM5u8",
    "proofpoint 2": "https://urldefense.proofpoint.com/v2/url?u=https-3A__acme.example_a-3Fb-3D1-26c-3D-25C5-25BC"
    "&d=DwMF&c=x&e=",
    "proofpoint 3": "https://urldefense.com/v3/__https://acme.example/a?b=1&c=*C5*BC__;JSU!!Ab_c!tok-en$",
    "proofpoint 3, one slash": "https://urldefense.com/v3/__https:/acme.example/a?b=1&c=*C5*BC__;JSU!!A!t$",
    "barracuda": f"https://linkprotect.cudasvc.com/url?a={ENCODED}&c=E,1,abc&typo=1",
    "cisco": f"https://secure-web.cisco.com/1aB-c_D/{ENCODED}",
    "sophos": "https://eu-central-1.protection.sophos.com/?d=acme.example"
    "&u=aHR0cHM6Ly9hY21lLmV4YW1wbGUvYT9iPTEmYz0lQzUlQkM=&i=NWY&t=b",
    "fireeye": f"https://protect2.fireeye.com/v1/url?k=1-2&q=1&e=2&u={ENCODED}",
    "trellix": f"https://protect-eu.trellix.com/v1/url?k=1&u={ENCODED}",
    "symantec": f"https://clicktime.symantec.com/3abcDEF?u={ENCODED}",
    "trend micro": f"https://ca-1234.wis.trendmicro.com:443/wis/clicktime/v1/query?url={ENCODED}&umid=1&auth=2",
    "fortimail": f"https://us1.fortimailcloud.com/fmlurlsvc/?fewReq=:B:J&url={ENCODED}",
    "check point": f"https://protect.checkpoint.com/v2/___{TARGET}___.YXA0OmFjbWU6",
    "avanan": f"https://url.avanan.click/v2/r01/___{TARGET}___.YXA0OmFjbWU6",
    "libraesva": f"https://urlsand.esvalabs.com/?u={ENCODED}&e=1&h=2&f=n&p=y",
    "bitdefender": "https://lsems.gravityzone.bitdefender.com/scan/"
    "aHR0cHM6Ly9hY21lLmV4YW1wbGUvYT9iPTEmYz0lQzUlQkM=/0A1B?c=1&i=1&docs=1",
    "exclaimer": f"https://eu.content.exclaimer.net/?url={ENCODED}&tenantid=x&templateid=y",
    "edgepilot": f"https://link.edgepilot.com/s/1/t?u={ENCODED}",
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS.keys())
def test_links_are_undone(link: str) -> None:
    """The target stands where the link stood, in text and, escaped, in HTML."""
    assert undone(f"See {link}, or [{link}].") == (f"See {TARGET}, or [{TARGET}].", True)
    assert undone(f"words<{link}>").text == f"words<{TARGET}>"
    escaped = TARGET.replace("&", "&amp;")
    page = f'<a href="{link.replace("&", "&amp;")}">x</a>'
    assert undone(page, markup=True).text == f'<a href="{escaped}">x</a>'


def test_proofpoint_keeps_runs_of_characters() -> None:
    """`**A` stands for two kept characters, `**B` for three."""
    link = "https://urldefense.com/v3/__https://a.example/**A/x*y**B__;w7zDtsOfw6TDtsO8!!A!b$"
    assert undone(link).text == "https://a.example/\u00fc\u00f6/x\u00dfy\u00e4\u00f6\u00fc"


def test_links_through_several_gateways_are_undone() -> None:
    """Each gateway wraps what the one before it made."""
    inner = "https://urldefense.com/v3/__https://a.example/b__;!!x!y$"
    outer = inner.replace(":", "%3A").replace("/", "%2F").replace(";", "%3B")
    assert undone(f"https://eur01.safelinks.protection.outlook.com/?url={outer}&data=1").text == (
        "https://a.example/b"
    )


@pytest.mark.parametrize(
    "link",
    [
        "https://eur01.safelinks.protection.outlook.com/?url=javascript%3Aalert(1)&data=1",
        "https://eur01.safelinks.protection.outlook.com/?url=data%3Atext%2Fhtml%2Cx&data=1",
        "https://eur01.safelinks.protection.outlook.com/?url=file%3A%2F%2F%2Fetc%2Fpasswd&data=1",
        "https://eur01.safelinks.protection.outlook.com/?url=&data=1",
        "https://eu.protection.sophos.com/?u=%%%",
        "https://urldefense.com/v3/__javascript:alert(1)__;!!x!y$",
        "https://protect-eu.mimecast.com/s/abcDEF?domain=acme.example",
    ],
)
def test_what_cannot_be_undone_stays(link: str) -> None:
    """A target that is no web address, or that the gateway alone knows, leaves the link as it is."""
    assert undone(f"See {link} now") == (f"See {link} now", True)


def test_targets_cannot_leave_their_place() -> None:
    """Quotes, angles, line ends and signs that turn the writing round stay encoded."""
    sent = "https%3A%2F%2Fa.example%2F%22%20onload%3D1%0A%3Cscript%3E%E2%80%AE%27"
    link = f"https://eur01.safelinks.protection.outlook.com/?url={sent}&data=1"
    harmless = "https://a.example/%22%20onload=1%0A%3Cscript%3E%E2%80%AE"
    assert undone(link).text == f"{harmless}'"
    assert undone(f"<a href='{link}'>", markup=True).text == f"<a href='{harmless}&#x27;'>"


def test_other_links_stay() -> None:
    """Pages of the makers themselves, and hosts that only look like a gateway, are what they are."""
    for link in (
        "https://www.mimecast.com/?url=https%3A%2F%2Fa.example",
        "https://safelinks.protection.outlook.com.evil.example/?url=https%3A%2F%2Fa.example",
        "https://www.trendmicro.com/?url=https%3A%2F%2Fa.example",
        "https://acme.example/?url=https%3A%2F%2Fa.example",
    ):
        assert undone(link) == (link, False)


@pytest.mark.parametrize(
    "hostile",
    [
        "https://urldefense.com/v3/__" * 40_000,
        "https://x.safelinks.protection.outlook.com/?url=" * 20_000,
        "https://a.b/" + "." * 1_000_000,
        "https://urldefense.com/v3/__https://" + "*" * 900_000 + "__;" + "A" * 99_999 + "!x",
        "https://" * 100_000,
    ],
)
def test_hostile_links_take_no_time(hostile: str) -> None:
    """Time is linear, whatever is repeated."""
    started = time.perf_counter()
    undone(hostile)
    undone(hostile, markup=True)
    assert time.perf_counter() - started < 5
