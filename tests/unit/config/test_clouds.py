"""Networks from which a provider sends for everybody vouch for nobody (decisions.md 7.12)."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from bccd.config import load
from bccd.config.clouds import SHARED, shared
from bccd.model.errors import ConfigError


@pytest.mark.parametrize("name", ["networks", "relays"])
@pytest.mark.parametrize(
    ("network", "who"),
    [
        ("40.107.22.83/32", "Microsoft 365"),
        ("40.0.0.0/8", "Microsoft 365"),
        ("2a01:111:f403:c200::/64", "Microsoft 365"),
        ("209.85.128.0/17", "Google"),
        ("2a00:1450:4864:20::12a/128", "Google"),
        ("54.240.8.17/32", "Amazon SES"),
        ("149.72.1.2/32", "Twilio SendGrid"),
        ("185.70.43.1/32", "Proton Mail"),
    ],
)
def test_a_shared_network_is_refused_with_a_sentence(
    tmp_path: Path, name: str, network: str, who: str
) -> None:
    """Whether it lies within one or around it, for networks and for relays, and all of them at once."""
    path = tmp_path / "bccd.toml"
    path.write_text(f'[trust]\n{name} = ["192.0.2.7/32", "{network}"]\n', encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    (mistake,) = caught.value.mistakes
    assert mistake.startswith(f"trust.{name}: {network} overlaps ")
    assert mistake.endswith(
        f", from which {who} sends for all its customers: each of them could write in your users' names;"
        " leave it out, DKIM and SPF prove such mail"
    )


def test_nets_of_ones_own_are_fine() -> None:
    """Private and other networks overlap none of the table's."""
    assert (
        list(shared(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fd00::/8", "198.51.100.0/24"])) == []
    )
    assert all(ip_network(text).is_global for texts in SHARED.values() for text in texts.split())
