"""A Postfix of one's own: configured by hand, on loopback, in a folder that goes away."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from tests.e2e.harness import free_port, wait_for

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = {commands}
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example.com
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
smtpd_recipient_restrictions = permit_mynetworks, reject
smtp_dns_support_level = disabled
default_transport = {transport}
# Bounces go nowhere; that one was made is seen in the log.
transport_maps = inline:{{ {{ {bounces} = discard: }} }}
bounce_queue_lifetime = 0
minimal_backoff_time = 2s
maximal_backoff_time = 4s
queue_run_delay = 2s
lmtp_connect_timeout = 10s
lmtp_send_xforward_command = yes
smtp_send_xforward_command = yes
default_destination_recipient_limit = 50
"""
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
lmtp      unix  - - n - - lmtp
relay     unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""
_SENT = re.compile(r"to=<([^>]*)>.*?status=(\w+) \((.*)\)$", re.MULTILINE)


class Postfix:
    """A mail server that hands everything to one next hop, such as lmtp:inet:127.0.0.1:8024."""

    def __init__(self, transport: str, *, bounces: str = "example.com") -> None:
        """Take mail for one next hop; `bounces` is the domain whose mail is thrown away."""
        self.port = free_port()
        # Not below pytest's own folder, which other users may not enter.
        self.folder = Path(tempfile.mkdtemp(prefix="bccd-postfix-"))
        self.folder.chmod(0o755)
        for name in ("queue", "data"):
            (self.folder / name).mkdir()
            (self.folder / name).chmod(0o755)
        shutil.chown(self.folder / "data", "postfix")
        values = {"folder": self.folder, "port": self.port, "transport": transport, "bounces": bounces}
        values |= {
            "commands": self._setting("command_directory"),
            "daemons": self._setting("daemon_directory"),
        }
        (self.folder / "main.cf").write_text(_MAIN.format(**values), encoding="ascii")
        (self.folder / "master.cf").write_text(_MASTER.format(**values), encoding="ascii")

    @staticmethod
    def _setting(name: str) -> str:
        command = [_program("postconf"), "-d", "-h", name]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def start(self) -> "Postfix":
        """Start it; needs root."""
        self._postfix("start")
        wait_for((self.folder / "queue/pid/master.pid").exists, 10, self.log)
        return self

    def stop(self) -> None:
        """Stop it and remove its folder."""
        self._postfix("abort")
        deadline = time.monotonic() + 10
        while self._runs() and time.monotonic() < deadline:
            time.sleep(0.05)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _runs(self) -> bool:
        command = [_program("postfix"), "-c", str(self.folder), "status"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def _postfix(self, what: str) -> None:
        command = [_program("postfix"), "-c", str(self.folder), what]
        # Its queue must be open to its own user, whatever this process lets others read.
        done = subprocess.run(command, capture_output=True, text=True, check=False, umask=0o022)
        assert done.returncode == 0 or what == "abort", done.stdout + done.stderr + self.log()

    def log(self) -> str:
        """Return what it logged."""
        file = self.folder / "maillog"
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

    def results(self) -> dict[str, tuple[str, str]]:
        """Return by recipient how its delivery ended and what the next hop said."""
        return {to: (status, text) for to, status, text in _SENT.findall(self.log())}


def _program(name: str) -> str:
    found = shutil.which(
        name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    )
    assert found is not None, name
    return found
