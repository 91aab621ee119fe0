"""Networks from which a provider sends the mail of all its customers: none of them can vouch for anybody."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_network

# From the providers' SPF records and lists of end points, as far as they are known. What is missing here is
# not trusted for that: only what an operator lists is, and this keeps him from a common mistake.
SHARED = {
    "Microsoft 365": (
        "40.92.0.0/15 40.107.0.0/16 52.100.0.0/14 52.238.78.88/32 104.47.0.0/17"
        " 2a01:111:f400::/48 2a01:111:f403::/48"
    ),
    "Google": (
        "35.190.247.0/24 35.191.0.0/16 64.233.160.0/19 66.102.0.0/20 66.249.80.0/20 72.14.192.0/18"
        " 74.125.0.0/16 108.177.8.0/21 108.177.96.0/19 130.211.0.0/22 142.250.0.0/15 172.217.0.0/16"
        " 172.253.0.0/16 173.194.0.0/16 209.85.128.0/17 216.58.192.0/19 216.239.32.0/19"
        " 2001:4860:4000::/36 2404:6800:4000::/36 2607:f8b0:4000::/36 2800:3f0:4000::/36 2a00:1450:4000::/36"
        " 2c0f:fb50:4000::/36"
    ),
    "Amazon SES": (
        "23.249.208.0/20 23.251.224.0/19 52.82.172.0/22 54.240.0.0/18 69.169.224.0/20 76.223.128.0/18"
        " 199.127.232.0/22 199.255.192.0/22 206.55.144.0/20 216.221.160.0/19"
    ),
    "Twilio SendGrid": (
        "50.31.32.0/19 149.72.0.0/16 159.183.0.0/16 167.89.0.0/17 168.245.0.0/17 192.254.112.0/20"
        " 198.21.0.0/21 198.37.144.0/20 208.117.48.0/20 223.165.113.0/24 223.165.115.0/24"
    ),
    "Mailgun": (
        "69.72.32.0/20 104.130.96.0/28 104.130.122.0/23 141.193.32.0/23 143.55.224.0/20 146.20.112.0/26"
        " 146.20.113.0/24 146.20.191.0/24 159.112.240.0/20 159.135.140.80/29 159.135.224.0/20 161.38.192.0/20"
        " 166.78.68.0/22 192.237.158.0/23 198.61.254.0/23 198.244.48.0/20 204.220.160.0/19 209.61.151.0/24"
    ),
    "Mailchimp": "148.105.0.0/16 198.2.128.0/18 205.201.128.0/20",
    "SparkPost": "147.253.208.0/20 192.174.80.0/20",
    "Mimecast": (
        "103.13.69.0/24 146.101.78.0/24 170.10.128.0/21 195.130.217.0/24 205.139.110.0/23 207.211.30.0/23"
    ),
    "Apple iCloud": "17.41.0.0/16 17.57.0.0/16 17.58.0.0/16 17.143.234.140/30",
    "Proton Mail": "185.70.40.0/22 188.165.51.139/32",
    "Fastmail": "66.111.4.0/24 103.168.172.0/24 202.12.124.0/24",
    "Zoho": "136.143.160.0/19 204.141.32.0/23 135.84.80.0/22",
}

# Under these names providers write what they found; none of their servers can be a relay of one's own.
SHARED_NAMES = {
    "google.com": "Google",
    "microsoft.com": "Microsoft 365",
    "outlook.com": "Microsoft 365",
    "amazonaws.com": "Amazon SES",
    "amazonses.com": "Amazon SES",
    "yahoo.com": "Yahoo",
    "icloud.com": "Apple iCloud",
    "messagingengine.com": "Fastmail",
    "protonmail.ch": "Proton Mail",
    "zohomail.com": "Zoho",
}

_NETWORKS = [(ip_network(text), who) for who, texts in SHARED.items() for text in texts.split()]


def shared(networks: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Go through (network, the provider's, provider) for each that overlaps one from which many send."""
    for text in networks:
        mine = ip_network(text, strict=False)
        for theirs, who in _NETWORKS:
            if mine.version == theirs.version and mine.overlaps(theirs):
                yield text, str(theirs), who
                break


def shared_names(ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Go through (id, provider) for each id that is a provider's."""
    for text in ids:
        for domain, who in SHARED_NAMES.items():
            if text == domain or text.endswith(f".{domain}"):
                yield text, who
