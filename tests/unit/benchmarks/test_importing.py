"""The mbox that import is measured with: the corpus as another program reads it."""

import mailbox
from contextlib import closing
from pathlib import Path

from benchmarks.corpus import generate, save
from benchmarks.importing import box_of


def test_an_mbox_holds_every_mail_but_forwards(tmp_path: Path) -> None:
    """All of them in order, each with the body it had, its lines that begin with From escaped."""
    made = generate(20, seed=3)
    save(made, tmp_path)
    kept = [sample.raw for sample in made.samples if sample.kind != "forward"]
    bodies = [raw.partition(b"\r\n\r\n")[2].replace(b"\r\n", b"\n").strip() for raw in kept]
    with closing(mailbox.mbox(box_of(tmp_path))) as read:
        found = [read.get_bytes(key).replace(b"\n>From ", b"\nFrom ") for key in read.iterkeys()]
    assert [octets.partition(b"\n\n")[2].strip() for octets in found] == bodies
