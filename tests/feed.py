"""The reference reader of docs/examples, as it is shipped, beside what it should hold."""

import importlib.util
import json
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

_PATH = Path(__file__).resolve().parent.parent / "docs/examples/feed_reader.py"


def load_reader() -> Any:
    """Return the module, loaded anew."""
    spec = importlib.util.spec_from_file_location("feed_reader", _PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def place_of(engine: Engine) -> str:
    """Return where the database is, as the reader takes it."""
    if engine.dialect.name == "sqlite":
        return str(engine.url.database)
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


class Follower:
    """A viewer's copy that is kept by the reader."""

    def __init__(self, engine: Engine, company: int, viewer: int, *, page: int = 500) -> None:
        self._reader = load_reader()
        self._reader.PAGE = page
        self.bccd = self._reader.Bccd(place_of(engine), company, viewer)
        self.copy = sqlite3.connect(":memory:")

    def step(self) -> bool:
        """Take one step; tell whether the cursor moved."""
        return bool(self._reader.step(self.bccd, self.copy))

    def catch_up(self) -> None:
        """Step until there is nothing more."""
        while self.step():
            pass

    def cursor(self) -> int | None:
        """Return how far it has come."""
        ((found,),) = self.copy.execute("SELECT cursor FROM feed")
        return found  # type: ignore[no-any-return]

    def held(self) -> dict[tuple[int, int | None], Any]:
        """Return the copy: conversations, and messages in theirs."""
        rows = self.copy.execute("SELECT home, id, row FROM item")
        return {(home, id_): _plain(json.loads(row)) for home, id_, row in rows}

    def truth(self) -> dict[tuple[int, int | None], Any]:
        """Return what the viewer sees now."""
        views = ("v1_conversation", "v1_message")
        rows = [row for view in views for row in self.bccd.rows(view)]
        return {
            (row["conversation_id"], row.get("message_id")): _plain(json.loads(json.dumps(row, default=str)))
            for row in rows
        }

    def close(self) -> None:
        """Close both databases."""
        self.bccd._db.close()
        self.copy.close()


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Leave out the counter: it moves with what others do as well, of which no viewer is told."""
    return {name: value for name, value in row.items() if name != "change_seq"}
