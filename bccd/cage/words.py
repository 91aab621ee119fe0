"""What filer and parser say to each other."""

import msgspec

SHEETS = 48  # mails handed to one parser ahead: it is not to wait while a batch is filed
KEPT = 256 * 2**10  # octets of a sheet that are kept for the next mail: fresh pages cost 2 us each
LARGEST_ANSWER = 64 * 2**20  # no file that a parser writes may grow beyond this
READY, BEGUN, ENDS = b"ready", b"begun", b"ends"
FILTERED = b"ready+"  # READY of a parser whose system calls are filtered
TOKEN = 8  # octets: the size of a mail to read, or of an answer, after which the next one told of is begun

encode = msgspec.msgpack.Encoder().encode
NO_MEMORY = encode(("memory", None))
