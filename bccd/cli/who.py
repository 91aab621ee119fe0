"""Which user is meant by what was said on the command line."""

from collections.abc import Mapping

from bccd.cli.base import NotFoundError
from bccd.mail.addresses import normalise
from bccd.model.directory import Directory, UserAddress
from bccd.model.errors import MistakeError


def find_user(
    directory: Directory, company_id: int, said: str, external_ids: Mapping[str, str]
) -> UserAddress:
    """Find a user by an address, a number, or an external id, which `external_ids` turns into a login.

    Raises NotFoundError, or MistakeError where a number is one user's and an external id of another.
    """
    wanted = {normalise(said), external_ids.get(said, "")}
    found = {
        entry.user.id: entry
        for (company, address), entry in sorted(directory.user_addresses.items())
        if company == company_id and (address in wanted or str(entry.user.id) == said)
    }
    if not found:
        raise NotFoundError(
            f"{said}: no such user; name an address, number or external id of `bccd directory list user`"
        )
    if len(found) > 1:
        raise MistakeError(
            f"{said} is the number of one user and the external id of another: name an address"
        )
    addressed = directory.user_addresses.get((company_id, normalise(said)))
    return addressed or next(iter(found.values()))
