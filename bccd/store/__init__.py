"""Durable state: the spool that takes mail in, and the database that front ends read."""
