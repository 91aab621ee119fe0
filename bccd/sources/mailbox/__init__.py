"""Mail as programs keep it in files: mbox, Maildir and single mails, read one mail at a time."""

from bccd.sources.mailbox.found import Found, Kind
from bccd.sources.mailbox.mbox import read_mbox

__all__ = ["Found", "Kind", "read_mbox"]
