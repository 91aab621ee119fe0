"""What a mail's sender wrote himself, and what only stands around it: history, signature, disclaimer."""

from bccd.mail.reply.parts import Kind, Part, Reply, joined
from bccd.mail.reply.split import new_text, read_reply, split_reply

__all__ = ["Kind", "Part", "Reply", "joined", "new_text", "read_reply", "split_reply"]
