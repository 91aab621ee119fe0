"""What is packed inside a mail: signed, encrypted, or in a container of Outlook's own."""

from bccd.mail.sealed.marks import marks_of
from bccd.mail.sealed.pgp import unarmoured
from bccd.mail.sealed.tree import open_tree

__all__ = ["marks_of", "open_tree", "unarmoured"]
