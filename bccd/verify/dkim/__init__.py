"""DKIM signatures (RFC 6376, 8301, 8463, 8616), checked on octets as they arrive; read mail.py first.

`faults` says why a signature proves nothing, `tags` reads tag lists, `header` and `body` are the two halves
of a mail as signers see them, `signature` and `key` read what the mail and the DNS say, `check` holds them
against each other.
"""
