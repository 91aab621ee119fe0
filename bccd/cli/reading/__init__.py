"""How `bccd explain` shows what was read in a mail."""
