"""Postfix as a peer: a private instance that takes mail into its fsynced queue and discards it from there."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from benchmarks.machine import Process
from benchmarks.peers import PeerError, free_port, wait_for_smtp

_PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/sbin"
_OTHERS_MAY_ENTER = 0o001
# What would slow it down is turned off, its log included; what makes a mail safe is left alone.
_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = postfix.bench.example
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions =
smtpd_peername_lookup = no
default_transport = discard:
relay_transport = discard:
default_process_limit = 200
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
smtpd_client_recipient_rate_limit = 0
smtpd_client_event_limit_exceptions = static:all
in_flow_delay = 0
message_size_limit = 52428800
maillog_file = /dev/null
maillog_file_prefixes = /
"""
_SERVICES = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def _program(name: str) -> str:
    return shutil.which(name, path=_PLACES) or ""


class Postfix:
    """Postfix accepting into its queue."""

    name = "Postfix"
    awaited = ""

    _folder: Path | None = None

    def lacks(self) -> str:
        """Name what is missing."""
        if not _program("postfix"):
            return "Postfix is not installed (on Debian: apt-get install postfix)"
        if os.geteuid() != 0:
            return "Postfix starts only as root"
        return ""

    def start(self, folder: Path, directory: Path) -> int:
        """Start a private instance whose queue lies in the folder."""
        del directory
        # mkdtemp() keeps others out, and Postfix's daemons run as others.
        for above in (folder, *folder.parents):
            if not above.stat().st_mode & _OTHERS_MAY_ENTER:
                raise PeerError(f"Postfix's user cannot enter {above}: choose another place with --data.")
        port = free_port()
        settings = folder / "config"
        settings.mkdir()
        (settings / "main.cf").write_text(_MAIN.format(folder=folder), encoding="utf-8")
        (settings / "master.cf").write_text(_SERVICES.format(port=port), encoding="utf-8")
        (folder / "queue").mkdir()
        (folder / "data").mkdir(mode=0o700)
        os.chown(folder / "data", pwd.getpwnam("postfix").pw_uid, -1)
        self._folder = folder
        self._run("start")
        wait_for_smtp(port, lambda: True)
        return port

    def _run(self, command: str) -> None:
        done = subprocess.run(
            [_program("postfix"), "-c", f"{self._folder}/config", command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise PeerError(f"postfix {command} said: {(done.stderr or done.stdout).strip()[-500:]}")

    def warmed(self) -> None:
        """Do nothing."""

    def roots(self) -> list[int]:
        """Return Postfix's master."""
        return [int(Path(f"{self._folder}/queue/pid/master.pid").read_text(encoding="ascii"))]

    def role(self, process: Process, family: list[Process]) -> str:
        """Name a daemon; the master stands also for daemons that have ended."""
        del family
        return process.name

    def outcomes(self) -> dict[str, int]:
        """Return nothing: what is accepted is only queued."""
        return {}

    def stop(self) -> None:
        """Stop the instance."""
        if self._folder is not None:
            self._run("stop")
            self._folder = None
