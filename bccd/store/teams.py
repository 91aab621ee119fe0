"""Who is in which team, as the directory's records say."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import delete, insert, select

from bccd.store import tables as t
from bccd.store.uow import Clocked


class Listed(Protocol):
    """A record of a team, with the external ids of its members."""

    @property
    def row(self) -> str: ...

    @property
    def values(self) -> Mapping[str, Any]: ...


def put_members(
    work: Clocked,
    records: Sequence[Listed],
    teams: Mapping[str, int],
    users: Mapping[str, int],
    mistakes: list[str],
) -> set[int]:
    """Let each team have exactly the members that its record lists; returns the teams that changed.

    `teams` and `users` are ids by external id.
    """
    table = t.team_member
    standing: defaultdict[int, set[int]] = defaultdict(set)
    rows = select(table.c.team_id, table.c.user_id).where(table.c.company_id == work.company_id)
    for team_id, user_id in work.connection.execute(rows):
        standing[team_id].add(user_id)
    changed = set()
    for record in records:
        unknown = [said for said in record.values["members"] if said not in users]
        mistakes += [f"{record.row}: members: there is no user {said}" for said in unknown]
        team = teams[record.values["external_id"]]
        wanted = {users[said] for said in record.values["members"] if said in users}
        if wanted != standing[team] and not mistakes:
            _write(work, team, wanted)
            changed.add(team)
    return changed


def _write(work: Clocked, team: int, members: set[int]) -> None:
    table = t.team_member
    mine = table.c.company_id == work.company_id, table.c.team_id == team
    work.connection.execute(delete(table).where(*mine))
    rows = [{"company_id": work.company_id, "team_id": team, "user_id": each} for each in sorted(members)]
    if rows:
        work.connection.execute(insert(table), rows)
