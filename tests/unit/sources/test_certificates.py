"""What is wrong with certificates, and how they are replaced."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from cryptography.hazmat.primitives import serialization

from bccd.model.errors import ConfigError
from bccd.sources.tls import Certificates, flaws, suspicions
from tests import certificate
from tests.certificate import HOST

NOW = datetime.now(UTC)


def test_a_good_pair_has_no_flaw(tmp_path: Path) -> None:
    """Certificate and key, in two files or one, are taken; a wildcard covers one label."""
    pem, key = certificate.make(tmp_path)
    assert flaws(pem, key, NOW) == [] == suspicions(pem, key, NOW, HOST)
    both = tmp_path / "both.pem"
    both.touch(0o600)
    both.write_bytes(key.read_bytes() + pem.read_bytes())
    assert flaws(both, both, NOW) == []
    wild = certificate.make(tmp_path, "wild", host="*.acme.example")
    assert suspicions(*wild, NOW, HOST) == []
    assert len(suspicions(*wild, NOW, "a.b.acme.example")) == 1


def test_each_flaw_has_its_sentence(tmp_path: Path) -> None:
    """Mismatch, dates, missing files, wrong forms, locked and open keys are told apart."""
    pem, key = certificate.make(tmp_path)
    _, other = certificate.make(tmp_path, "other")
    old = certificate.make(tmp_path, "old", starts=timedelta(days=-9), ends=timedelta(days=-1))
    early = certificate.make(tmp_path, "early", starts=timedelta(days=1))
    locked = tmp_path / "locked.key"
    loaded = serialization.load_pem_private_key(key.read_bytes(), None)
    locked.touch(0o600)
    locked.write_bytes(
        loaded.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"x"),
        )
    )
    shown = tmp_path / "shown.key"
    shown.write_bytes(key.read_bytes())
    shown.chmod(0o644)
    written = tmp_path / "written.key"
    written.write_bytes(key.read_bytes())
    written.chmod(0o620)
    none = tmp_path / "none"
    told = {
        "not the key": flaws(pem, other, NOW),
        "expired": flaws(*old, NOW),
        "only from": flaws(*early, NOW),
        "is encrypted": flaws(pem, locked, NOW),
        "others may read": flaws(pem, shown, NOW),
        "others may write": flaws(pem, written, NOW),
        "no private key": flaws(pem, pem, NOW)[-1:],
        "no certificate in PEM": flaws(key, key, NOW),
        "cannot be read": flaws(none, key, NOW),
    }
    for sentence, found in told.items():
        assert len(found) == 1 and sentence in found[0], (sentence, found)
    assert len(flaws(none, none, NOW)) == 2
    assert flaws(*old, None) == []
    assert suspicions(*old, NOW, HOST) == []


def test_what_is_hardly_meant(tmp_path: Path) -> None:
    """A certificate that ends soon or is another host's, and a key that a group may read, are told."""
    pem, key = certificate.make(tmp_path, ends=timedelta(days=3), host="other.example")
    key.chmod(0o640)
    found = suspicions(pem, key, NOW, HOST)
    assert [any(word in each for each in found) for word in ("expires in", "not for the hostname", "group")]
    assert len(found) == 3


def test_a_broken_pair_is_never_loaded(tmp_path: Path) -> None:
    """At the start each flaw that forbids it is told; an expired one is used, and complained about."""
    pem, _ = certificate.make(tmp_path)
    _, other = certificate.make(tmp_path, "other")
    with pytest.raises(ConfigError, match="is not the key"):
        Certificates(pem, other)
    old = certificate.make(tmp_path, "old", starts=timedelta(days=-9), ends=timedelta(days=-1))
    with structlog.testing.capture_logs() as logs:
        assert Certificates(*old).context() is not None
    assert "expired" in logs[0]["mistake"]


def test_new_files_are_used_and_broken_ones_are_not(tmp_path: Path) -> None:
    """Changed files are seen within seconds or at once when told; what is broken changes nothing."""
    clock = [0.0]
    pem, key = certificate.make(tmp_path)
    certificates = Certificates(pem, key, lambda: clock[0])
    first = certificates.context()
    certificate.make(tmp_path, serial=2)
    assert certificates.context() is first
    clock[0] = 6
    second = certificates.context()
    assert second is not first
    pem.write_bytes(b"half a certifi")
    clock[0] = 12
    with structlog.testing.capture_logs() as logs:
        assert certificates.context() is second
        assert certificates.reload() is False
    assert [each["event"] for each in logs] == ["certificate_kept"] * 2
    assert "no certificate in PEM" in logs[0]["mistakes"][0]
    pem.unlink()
    clock[0] = 18
    assert certificates.context() is second
    certificate.make(tmp_path, serial=3)
    assert certificates.reload() is True
    assert certificates.context() is not second
