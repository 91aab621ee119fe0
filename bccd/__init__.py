"""A mail daemon that files blind copies and forwards with the CRM records they belong to."""

__version__ = "0.1.0"
