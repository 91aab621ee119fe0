"""An anatomy as JSON."""

from collections.abc import Mapping

import msgspec

from bccd.mail.anatomy import Anatomy


def as_json(found: Anatomy, more: Mapping[str, object]) -> bytes:
    """Write an anatomy and what else is told of the mail as one object, laid out for people too."""
    whole = {**msgspec.to_builtins(found), **more}
    return msgspec.json.format(msgspec.json.encode(whole))
