"""The grammar of mail: bytes and strings to values, pure and bounded; nothing here raises on input."""
