"""The addresses of signed links, as notices write them and the web reads them."""

import pytest

from bccd.rules.links import CHOOSE, CONFIRM, RELEASE, link, read_path
from bccd.rules.signing import Signer

TOKEN = Signer(b"key").sign(CHOOSE, 1, 90, 2)


@pytest.mark.parametrize("purpose", [CHOOSE, CONFIRM, RELEASE])
@pytest.mark.parametrize(
    "public", ["https://crm.example", "https://crm.example/", "https://crm.example/a/b/"]
)
def test_what_is_written_is_read(purpose: str, public: str) -> None:
    """Under any prefix, which a proxy may leave or take away, and in either case."""
    address = link(public, purpose, TOKEN)
    assert address.startswith("https://crm.example/") and "//l/" not in address
    path = address.removeprefix("https://crm.example")
    assert read_path(path) == read_path(path.upper()) == (purpose, TOKEN)
    assert read_path(path[path.index("/l/") :]) == (purpose, TOKEN)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/l/",
        f"/l/z{TOKEN}",
        f"/x/c{TOKEN}",
        "/l/cabc",
        f"/l/c{TOKEN}.png",
        f"/l/c{TOKEN}/x",
        f"l/c{TOKEN}",
    ],
)
def test_other_paths_are_no_links(path: str) -> None:
    """What is not exactly a link is none."""
    assert read_path(path) is None
