"""How well and how fast mail is read, beside the best peer, over all corpora that are present."""
