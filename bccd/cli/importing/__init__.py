"""The work of `bccd import`: from files to the spool, with an eye on what becomes of each mail."""
