"""What SQLite's planner is told of a full database, so that its plans never depend on the data at hand.

Without statistics it takes a company to have ten rows in any table and reads all of its rows to find one.
Migrations call this whenever they have made an index.
"""

from typing import Any

from sqlalchemy import Connection, Row, text

ROWS = 1_000_000  # in each table, all of one company
ALIKE = (ROWS, 20, 5, 2, 2, 2)  # rows that agree in the first column of an index, in the first two, ...


def describe_indexes(connection: Connection) -> None:
    """Write the statistics that ANALYZE would find in a full database; PostgreSQL keeps its own."""
    if connection.dialect.name != "sqlite":
        return
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
