"""Runs the spool's migrations over the connection that bccd.store.migrate hands in."""

from alembic import context

from bccd.store import tables
from bccd.store.migrate import configure

configure(context, tables.spool, "spool_revision")
