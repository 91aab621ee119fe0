"""Answers who and what a company is, from a snapshot that is kept near."""
