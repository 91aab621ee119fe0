"""Many rows as the arrays of their columns."""

from bccd.store import tables as t
from bccd.store.arrays import ArrayInsert


def test_one_statement_takes_all_rows_that_do_not_meet() -> None:
    """However many rows there are; those that meet take one each."""
    insert = ArrayInsert(
        t.organisation, ("company_id", "id"), "(company_id, id) DO UPDATE SET id = excluded.id"
    )
    assert insert.parameters([(1, n) for n in range(1_000)]) == [
        ("{" + ",".join(["1"] * 1_000) + "}", "{" + ",".join(map(str, range(1_000))) + "}")
    ]
    assert insert.parameters([(1, 5), (1, 6), (1, 5), (1, 5)]) == [
        ("{1,1}", "{5,6}"),
        ("{1}", "{5}"),
        ("{1}", "{5}"),
    ]
