"""What filer and parser say to each other."""

import msgspec

SHEETS = 16  # mails handed to one parser ahead
LARGEST_ANSWER = 64 * 2**20  # no file that a parser writes may grow beyond this
READY, BEGUN = b"ready", b"begun"
TOKEN = 8  # octets: the size of a mail to read, or of an answer

encode = msgspec.msgpack.Encoder().encode
NO_MEMORY = encode(("memory", None))
