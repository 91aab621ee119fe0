"""Programs that file mail and have no SMTP of their own: mail is put into them one at a time.

python -m benchmarks.others measures those that are installed, beside `email.message_from_bytes` alone.
"""

import argparse
import email
import email.policy
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import corpus
from benchmarks.corpus import Sample
from benchmarks.peers import ROOT, PeerError

File = Callable[[bytes], object]


@contextmanager
def django_mailbox(folder: Path) -> Iterator[File]:
    """File into SQLite by django-mailbox, with what makes it fastest: a log, one synced commit a mail."""
    if not all(map(importlib.util.find_spec, ("django", "django_mailbox"))):
        raise PeerError("django-mailbox is not installed")
    django: Any = importlib.import_module("django")
    importlib.import_module("django.conf").settings.configure(
        INSTALLED_APPS=["django_mailbox"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(folder / "mailbox.db"),
                "OPTIONS": {"init_command": "PRAGMA journal_mode=wal; PRAGMA synchronous=full"},
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        MEDIA_ROOT=str(folder / "attachments"),
        USE_TZ=True,
    )
    django.setup()
    importlib.import_module("django.core.management").call_command("migrate", verbosity=0)
    models = importlib.import_module("django_mailbox.models")
    box = models.Mailbox.objects.create(name="bench", uri="")

    atomic = importlib.import_module("django.db.transaction").atomic

    def insert(raw: bytes) -> object:
        with atomic():
            return box.process_incoming_message(email.message_from_bytes(raw))

    yield insert
    importlib.import_module("django.db").connections.close_all()


@contextmanager
def notmuch(folder: Path) -> Iterator[File]:
    """File into a Maildir and its index by `notmuch insert`, one process a mail."""
    program = shutil.which("notmuch")
    if program is None:
        raise PeerError("notmuch is not installed")
    settings = folder / "notmuch.conf"
    settings.write_text(f"[database]\npath={folder}/mail\n", encoding="utf-8")
    (folder / "mail").mkdir()
    environment = {**os.environ, "NOTMUCH_CONFIG": str(settings)}
    subprocess.run([program, "new", "--quiet"], env=environment, check=True)

    def insert(raw: bytes) -> object:
        command = [program, "insert", "--create-folder", "--folder=inbox"]
        return subprocess.run(command, input=raw, env=environment, check=True)

    yield insert


@contextmanager
def compat32(folder: Path) -> Iterator[File]:
    """Only read and decode with the standard library; file nothing."""
    del folder

    def read(raw: bytes) -> object:
        message = email.message_from_bytes(raw, policy=email.policy.compat32)
        return [part.get_payload(decode=True) for part in message.walk()]

    yield read


OTHERS = {"django-mailbox": django_mailbox, "notmuch insert": notmuch, "compat32 alone": compat32}


def measure(file: File, samples: Sequence[Sample]) -> tuple[float, float]:
    """Return mails a second, and milliseconds of CPU a mail with those of child processes."""
    before, began = os.times(), time.perf_counter()
    for sample in samples:
        file(sample.raw)
    seconds, after = time.perf_counter() - began, os.times()
    cpu = sum(after[:4]) - sum(before[:4])
    return len(samples) / seconds, 1000 * cpu / len(samples)


def main() -> int:
    """Print what each that is installed files a second."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.others", description=main.__doc__)
    parser.add_argument("--mails", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    build = ROOT / "build"
    _, samples = corpus.load(corpus.stored(build, given.mails, given.seed))
    for name, opened in OTHERS.items():
        # /tmp may be memory, and then a sync costs nothing.
        with tempfile.TemporaryDirectory(prefix="bccd-bench-", dir="/var/tmp") as folder:
            try:
                with opened(Path(folder)) as file:
                    rate, cpu = measure(file, samples)
            except PeerError as lack:
                print(f"{name}: left out, {lack}")
            else:
                print(f"{name}: {rate:,.0f}/s, {cpu:.2f} ms of CPU a mail")
    return 0


if __name__ == "__main__":
    sys.exit(main())
