"""The sample configuration and the page of reference say what the code says."""

import re
from dataclasses import replace
from pathlib import Path

from bccd.config import Config, load
from bccd.config.load import dotted, settings
from bccd.config.sample import as_toml, reference, sample

ROOT = Path(__file__).parents[3]


def test_the_sample_is_current() -> None:
    """config/bccd.toml is what the options make of it."""
    assert (ROOT / "config" / "bccd.toml").read_text(encoding="utf-8") == sample()


def test_the_reference_is_current() -> None:
    """docs/reference/config.md is what the options make of it."""
    assert (ROOT / "docs" / "reference" / "config.md").read_text(encoding="utf-8") == reference()


def test_the_sample_with_all_options_uncommented_is_the_default(tmp_path: Path) -> None:
    """Taking away every # before an option changes nothing."""
    path = tmp_path / "bccd.toml"
    path.write_text(re.sub(r"(?m)^#(?! )", "", sample()), encoding="utf-8")
    config = load(path, {})
    assert replace(config, hostname="", secret_file="", log=replace(config.log, key_file="")) == Config()


def test_the_sample_as_it_stands_is_the_default(tmp_path: Path) -> None:
    """Every option in it is a comment."""
    path = tmp_path / "bccd.toml"
    path.write_text(sample(), encoding="utf-8")
    assert load(path, {}) == load(None, {})


def test_every_option_is_documented() -> None:
    """No option is missing from the page of reference, and each has a sentence."""
    page = reference()
    for section, name, _item, known in settings():
        assert f"### {dotted(section, name)}\n" in page
        assert known.doc.endswith(".")


def test_a_configuration_can_be_written_out(tmp_path: Path) -> None:
    """What as_toml writes is read back as the same configuration, and holds no secret."""
    environ = {
        "BCCD_DATA_DIR": "/srv/mail",
        "BCCD_DEMO": "true",
        "BCCD_LISTEN__SMTP": "127.0.0.1:1,[::1]:1",
        "BCCD_LIMITS__MESSAGE_SIZE": "1 MiB",
        "BCCD_FILING__BATCH": "7",
    }
    config = load(None, environ)
    path = tmp_path / "bccd.toml"
    path.write_text(as_toml(config), encoding="utf-8")
    assert load(path, {}) == config
    assert "hunter2" not in as_toml(load(None, {"BCCD_DATABASE__URL": "postgresql://b:hunter2@h/b"}))
