"""Which Python this is, and whether flaws are known in it that a later patch mends."""

import sys

# The first patch of each line without the known flaws (CVE-2026-1299 and those before it).
SAFE = {(3, 11): 15, (3, 12): 13, (3, 13): 12, (3, 14): 3}


def outdated(version: tuple[int, int, int] = sys.version_info[:3]) -> str:
    """Say in a sentence which patch is lacking; empty where none is known to be."""
    major, minor, patch = version
    wanted = SAFE.get((major, minor), 0)
    if patch >= wanted:
        return ""
    known = f"Python {major}.{minor}.{patch} lacks security patches, unless your system has put them in"
    return f"{known}: see its package, or update it to {major}.{minor}.{wanted} or later"
