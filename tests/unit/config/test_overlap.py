"""Trust that would undo itself."""

from pathlib import Path

import pytest

from bccd.config import load
from bccd.model.errors import ConfigError


@pytest.mark.parametrize(
    ("network", "relay"),
    [
        ("127.0.0.1/32", "127.0.0.1/32"),
        ("10.0.0.0/8", "10.1.2.3/32"),
        ("10.1.2.3/32", "10.0.0.0/8"),
        ("2001:db8::/32", "2001:db8::1/128"),
    ],
)
def test_a_network_that_holds_a_relay_is_a_mistake(tmp_path: Path, network: str, relay: str) -> None:
    """All that the relay hands in, also what it found to be forged, would count as proven."""
    path = tmp_path / "bccd.toml"
    path.write_text(f'[trust]\nnetworks = ["{network}"]\nrelays = ["{relay}"]\n', encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    (mistake,) = caught.value.mistakes
    assert mistake.startswith(f"trust.networks: {network} overlaps the relay {relay}: ")


def test_networks_beside_relays_are_fine(tmp_path: Path) -> None:
    """Of either family, and of both."""
    path = tmp_path / "bccd.toml"
    said = (
        '[trust]\nnetworks = ["10.0.0.0/8", "2001:db8::/32"]\nrelays = ["192.0.2.1/32", "2001:db9::1/128"]\n'
    )
    path.write_text(said, encoding="utf-8")
    assert load(path, {}).trust.relays == ("192.0.2.1/32", "2001:db9::1/128")
