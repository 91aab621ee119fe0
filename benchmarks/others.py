"""Filing in process, without SMTP: bccd, django-mailbox and notmuch, each on one and the same core.

python -m benchmarks.others measures those that are installed, beside `email.message_from_bytes` alone.
"""

import argparse
import email
import email.policy
import importlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import corpus
from benchmarks.corpus import Sample
from benchmarks.inprocess import WARM, Watch, expect_filed, opened
from benchmarks.peers import PLACE, ROOT, PeerError

File = Callable[[Sequence[Sample]], object]
INSTALLED, TUNED = "django-mailbox", "django-mailbox, tuned"


@contextmanager
def bccd(folder: Path, corpus_: Path) -> Iterator[File]:
    """All of filing: receive() with its proof and its sync to the spool, parse, deliver() with its sync.

    In transactions of as many mails as the daemon takes at most.
    """
    recipient, _ = corpus.load(corpus_)
    with opened(folder, corpus_ / "directory.json", recipient, Watch()) as file:

        def insert(samples: Sequence[Sample]) -> None:
            expect_filed(file(samples), len(samples))

        yield insert


def _as_installed(folder: Path, _: Path) -> AbstractContextManager[File]:
    """File into SQLite by django-mailbox as its documentation and Django's defaults have it."""
    return _django_mailbox(folder, {}, nullcontext)


def _tuned(folder: Path, _: Path) -> AbstractContextManager[File]:
    """File into SQLite by django-mailbox with what makes it fastest: a log, one synced commit a mail."""
    options = {"init_command": "PRAGMA journal_mode=wal; PRAGMA synchronous=full"}
    return _django_mailbox(folder, options, lambda: importlib.import_module("django.db.transaction").atomic())


@contextmanager
def _django_mailbox(
    folder: Path, options: Mapping[str, str], transaction: Callable[[], AbstractContextManager[object]]
) -> Iterator[File]:
    if not all(map(importlib.util.find_spec, ("django", "django_mailbox"))):
        raise PeerError("it is not installed here: .venv/bin/pip install django-mailbox Django six")
    django: Any = importlib.import_module("django")
    importlib.import_module("django.conf").settings.configure(
        INSTALLED_APPS=["django_mailbox"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(folder / "mailbox.db"),
                "OPTIONS": options,
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

    def insert(samples: Sequence[Sample]) -> None:
        for sample in samples:
            with transaction():
                box.process_incoming_message(email.message_from_bytes(sample.raw))
        if models.Message.objects.count() < len(samples):
            raise PeerError("django-mailbox has not kept every mail")

    yield insert
    importlib.import_module("django.db").connections.close_all()


@contextmanager
def notmuch(folder: Path, _: Path) -> Iterator[File]:
    """File into a Maildir and its index by `notmuch insert`, one process a mail."""
    program = shutil.which("notmuch")
    if program is None:
        raise PeerError("it is not installed (on Debian: apt-get install notmuch)")
    settings = folder / "notmuch.conf"
    settings.write_text(f"[database]\npath={folder}/mail\n", encoding="utf-8")
    (folder / "mail").mkdir()
    environment = {**os.environ, "NOTMUCH_CONFIG": str(settings)}
    subprocess.run([program, "new", "--quiet"], env=environment, check=True)

    def insert(samples: Sequence[Sample]) -> None:
        command = [program, "insert", "--create-folder", "--folder=inbox"]
        for sample in samples:
            subprocess.run(command, input=sample.raw, env=environment, check=True)

    yield insert


@contextmanager
def compat32(_: Path, __: Path) -> Iterator[File]:
    """Only read and decode with the standard library; file nothing."""

    def read(samples: Sequence[Sample]) -> None:
        for sample in samples:
            message = email.message_from_bytes(sample.raw, policy=email.policy.compat32)
            for part in message.walk():
                part.get_payload(decode=True)

    yield read


OTHERS = {
    "bccd": bccd,
    INSTALLED: _as_installed,
    TUNED: _tuned,
    "notmuch insert": notmuch,
    "compat32 alone": compat32,
}


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast one of them files on one core."""

    rate: float  # mails a second
    cpu_ms: float  # a mail, with child processes


def measure(name: str, place: Path, samples: Sequence[Sample], data: Path) -> Pace:
    """File mails in this process, which stays on one core from now on; raises PeerError where it cannot."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with (
        tempfile.TemporaryDirectory(prefix="bccd-bench-", dir=data) as folder,
        OTHERS[name](Path(folder), place) as file,
    ):
        file(samples[:WARM])
        before, began = os.times(), time.perf_counter()
        file(samples[WARM:])
        seconds, after = time.perf_counter() - began, os.times()
    count = len(samples) - WARM
    return Pace(count / seconds, 1000 * (sum(after[:4]) - sum(before[:4])) / count)


def apart(name: str, mails: int, seed: int, data: Path) -> Pace:
    """Measure one in a process of its own; raises PeerError with what it lacks."""
    command = [sys.executable, "-m", "benchmarks.others", "--only", name, "--json"]
    command += ["--mails", str(mails), "--seed", str(seed), "--data", str(data)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerError(done.stderr.strip().removeprefix("benchmarks: ")[-500:])
    return Pace(**json.loads(done.stdout))


def main() -> int:
    """Print what each that is installed files a second on one core."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.others", description=main.__doc__)
    parser.add_argument("--mails", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=OTHERS, help="in this process")
    parser.add_argument("--json", action="store_true", help="the figures of --only as JSON")
    parser.add_argument("--data", type=Path, default=PLACE, help=f"where it is stored (default: {PLACE})")
    given = parser.parse_args()
    mails = given.mails + WARM
    place = corpus.stored(ROOT / "build", mails, given.seed)
    if given.only:
        try:
            pace = measure(given.only, place, corpus.load(place)[1], given.data)
        except PeerError as error:
            print(f"benchmarks: {error}", file=sys.stderr)
            return 1
        print(json.dumps(asdict(pace)) if given.json else _told(given.only, pace))
        return 0
    for name in OTHERS:
        try:
            print(_told(name, apart(name, given.mails, given.seed, given.data)))
        except PeerError as lack:
            print(f"{name}: left out: {lack}")
    return 0


def _told(name: str, pace: Pace) -> str:
    return f"{name}: {pace.rate:,.0f}/s, {pace.cpu_ms:.2f} ms of CPU a mail"


if __name__ == "__main__":
    sys.exit(main())
