"""Evidence of who sent a mail; never a verdict."""
