"""format=flowed (RFC 3676): lines that end in a space go on."""

_SIGNATURE = "-- "
_LEADS = (">", " ")


def unflowed(text: str, *, delete_space: bool) -> str:
    """Join flowed lines of the same quote depth; `delete_space` is DelSp=yes."""
    out: list[str] = []
    paragraph: list[str] = []
    depth = 0
    for line in text.split("\n"):
        if not (paragraph or line.endswith(" ") or line.startswith(_LEADS)):
            out.append(line)  # most lines stand for themselves
            continue
        content = line.lstrip(">")
        level = len(line) - len(content)
        content = content.removeprefix(" ")  # space-stuffing, RFC 3676 4.4
        if paragraph and (level != depth or content == _SIGNATURE):
            out.append(_quoted(depth, "".join(paragraph)))
            paragraph = []
        depth = level
        flows = content.endswith(" ") and content != _SIGNATURE
        paragraph.append(content[:-1] if flows and delete_space else content)
        if not flows:
            out.append(_quoted(depth, "".join(paragraph)))
            paragraph = []
    if paragraph:
        out.append(_quoted(depth, "".join(paragraph)))
    return "\n".join(out)


def _quoted(depth: int, text: str) -> str:
    return f"{'>' * depth} {text}" if depth else text
