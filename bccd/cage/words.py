"""What filer and parser say to each other."""

import msgspec

from bccd.model.message import Message

SHEETS = 16  # mails handed to one parser ahead
LARGEST_ANSWER = 64 * 2**20  # no file that a parser writes may grow beyond this
READY, BEGUN = b"ready", b"begun"
TOKEN = 8  # octets: the size of a mail to read, or of an answer

_Answer = tuple[str, Message | None]
encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(_Answer).decode
NO_MEMORY = encode(("memory", None))
