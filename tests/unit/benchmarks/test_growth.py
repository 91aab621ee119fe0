"""What the growth benchmark files is filed, in the conversation that it answers, and counted rightly."""

from pathlib import Path

from sqlalchemy import text

from bccd.store import migrate
from bccd.store.engine import open_engines
from benchmarks.databases import config_of
from benchmarks.growth import answers, measure
from benchmarks.population import Scale, populate


def test_answers_are_filed_where_they_belong(tmp_path: Path) -> None:
    """Each answer joins the conversation of the message that it answers; gather asks at most twelve times."""
    migrate.upgrade(config_of(tmp_path))
    stores = open_engines(config_of(tmp_path))
    populate(stores, Scale(companies=1, users=3, conversations=60, messages=240))
    with stores.database.connect() as connection:
        living = "SELECT count(*) FROM conversation WHERE merged_into IS NULL"
        before = connection.execute(text(living)).scalar_one()
    mails = answers(stores, 120)
    cost = measure(stores, mails, batch=8)
    assert len(mails) == 120
    assert cost.messages == 240
    assert 0 < cost.statements["gather"] <= 12
    with stores.database.connect() as connection:
        assert connection.execute(text(living)).scalar_one() == before
        assert connection.execute(text("SELECT count(*) FROM message")).scalar_one() == 360
    stores.close()
