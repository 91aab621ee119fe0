"""What planners know of the tables: without it they read all rows of a company to find one.

SQLite's is told of a full database, so that its plans never depend on the data at hand; migrations do that
whenever they have made an index. PostgreSQL keeps count itself, but looks at a new table only after a minute,
and its checks of references keep the plans that they made while it was empty: so filers let it look earlier.
"""

from typing import Any

from sqlalchemy import Connection, Row, text

from bccd.store import tables as t

ROWS = 1_000_000  # in each table, all of one company
ALIKE = (ROWS, 20, 5, 2, 2, 2)  # rows that agree in the first column of an index, in the first two, ...


def describe_indexes(connection: Connection) -> None:
    """Write the statistics that ANALYZE would find in a full database; PostgreSQL keeps its own."""
    if connection.dialect.name != "sqlite":
        return
    connection.execute(text("PRAGMA analysis_limit = 1"))  # what it finds is not kept: only its table is
    connection.execute(text("ANALYZE"))
    connection.execute(text("DELETE FROM sqlite_stat1"))
    found = text(
        'SELECT t.name AS table_name, i.name AS index_name, i."unique" AS is_unique, t.wr AS clustered,'
        " (SELECT count(*) FROM pragma_index_info(i.name)) AS columns"
        " FROM pragma_table_list t JOIN pragma_index_list(t.name) i"
        " WHERE (SELECT name FROM pragma_index_info(i.name) WHERE seqno = 0) = 'company_id'"
        " ORDER BY t.name, i.name"
    )
    for row in connection.execute(found).all():
        _describe(connection, row)
    connection.execute(text("ANALYZE sqlite_master"))  # looks at nothing: this connection reads them anew


def _describe(connection: Connection, index: Row[Any]) -> None:
    alike = list(ALIKE[: index.columns])
    if index.is_unique:
        alike[-1] = 1
    # A table without row ids is its own key, and goes by its own name here.
    keyed = index.clustered and index.index_name.startswith("sqlite_autoindex")
    row = {
        "table": index.table_name,
        "index": index.table_name if keyed else index.index_name,
        "stat": " ".join(str(number) for number in (ROWS, *alike)),
    }
    connection.execute(text("INSERT INTO sqlite_stat1 VALUES (:table, :index, :stat)"), row)


# Tables that have doubled since the planner looked at them. A restarted server has forgotten what it counted.
_OUTGROWN = text(
    "SELECT relname FROM pg_stat_user_tables WHERE schemaname = current_schema AND relname = ANY(:tables)"
    " AND n_mod_since_analyze > 100 AND 2 * n_mod_since_analyze > n_live_tup ORDER BY relname"
)


def look_again(connection: Connection) -> list[str]:
    """Let PostgreSQL's planner look at tables that outgrew what it knows of them; returns their names."""
    if connection.dialect.name != "postgresql":
        return []
    names = [*t.database.tables, *t.spool.tables]
    outgrown = list(connection.execute(_OUTGROWN, {"tables": names}).scalars())
    if outgrown:  # whoever is at one of them does it himself, or is about to
        connection.exec_driver_sql(f"ANALYZE (SKIP_LOCKED) {', '.join(outgrown)}")
    return outgrown
