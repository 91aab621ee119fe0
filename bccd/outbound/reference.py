"""docs/reference/notices.md, written from the table of reasons: `python -m bccd.outbound.reference`."""

from collections.abc import Iterator

from bccd.outbound.words import languages
from bccd.rules.reasons import REASONS, Kind, Reason

_KINDS = {
    Kind.ASKS: "A mail waits for what its user alone can say. Told to who wants to hear of problems.",
    Kind.REFUSED: "A mail was not filed. Told to who wants to hear of problems.",
    Kind.REMARK: "A mail was filed, but not as its user may think. Told to who wants to hear of problems.",
    Kind.FILED: "A mail was filed. Told to who wants to hear of all, and counted in the daily digest.",
    Kind.ANSWER: "An answer to what a user has just done, and the digest. Always sent, at once.",
}
_HEAD = """# Notices

Written by `python -m bccd.outbound.reference`; a test holds it equal to the table of reasons. How notices are
sent stands in [Notices to users](../howto/notices.md).

A notice has the code of one reason: column `reason` of `v1_notice`, which also shows sentence and advice
in the user's language. There are catalogs for: LANGUAGES. `%(name)s` stands for what the sentence names.
"""


def page() -> str:
    """Return the page."""
    return "\n".join([_HEAD.replace("LANGUAGES", ", ".join(languages())), *_sections()])


def _sections() -> Iterator[str]:
    for kind, meaning in _KINDS.items():
        yield f"## {kind}\n\n{meaning}\n\n| code | sentence | what to do |\n|---|---|---|"
        for code, reason in sorted(REASONS.items()):
            if reason.kind is kind:
                yield f"| `{code}` | {reason.sentence} | {_advice(reason)} |"
        yield ""


def _advice(reason: Reason) -> str:
    """Return what to do, and by which way that can be done at once."""
    ways = []
    if reason.answerable:
        ways.append("answered by mail")
    if reason.link:
        ways.append("has a link")
    return f"{reason.advice} ({', '.join(ways)})".strip() if ways else reason.advice


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201  what a page is written for
