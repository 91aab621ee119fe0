"""What the daemon takes from whoever starts it, and how the rights end by which it could."""

import os
import pwd
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from bccd.config import Config, Tls, check
from bccd.daemon.activation import assigned, handed_over
from bccd.daemon.privileges import become, make_for, own_user, require_given
from bccd.daemon.sockets import Bound, bind_all, endpoints_of
from bccd.model.errors import MistakeError, PortTakenError

_PORT_SECONDS = 5.0  # a daemon that is about to end may still have the ports
_UNIX = "unix:"


@contextmanager
def arrive(config: Config) -> Iterator[tuple[Config, list[Bound]]]:
    """Yield the configuration in force and the sockets that are there already.

    They are those that systemd hands over. Started as root with `user` set, they are also all ports; then
    this process is that user for good. Raises MistakeError, or ConfigError where what systemd hands over
    contradicts the configuration.
    """
    with ExitStack() as stack:
        listen, sockets = assigned(handed_over(os.environ), config.listen)
        for bound in sockets:
            stack.callback(bound.sock.close)
        if listen != config.listen:
            config = replace(config, listen=listen)
            check(config)
        if os.geteuid() == 0 and config.user:
            sockets = _bind_patiently(config, sockets, stack)
            kept = [_kept(path, own_user(config.user)) for path in _files(config.tls)]
            step_down(config)
            config = replace(config, tls=_in_force(config.tls, kept))
        yield config, sockets


def _bind_patiently(config: Config, sockets: list[Bound], stack: ExitStack) -> list[Bound]:
    until = time.monotonic() + _PORT_SECONDS
    while True:
        try:
            return stack.enter_context(bind_all(config.listen, sockets, tcp_only=True))
        except PortTakenError:
            if time.monotonic() > until:
                raise
        time.sleep(0.05)


def step_down(config: Config) -> None:
    """Become the configured user for good, where root runs this; nothing happens to anybody else.

    The data folder, and folders of UNIX sockets, are made before and given to him where they are missing.
    Raises MistakeError.
    """
    if os.geteuid() != 0 or not config.user:
        return
    user = own_user(config.user)
    endpoints = [endpoint for _, endpoint in endpoints_of(config.listen)]
    folders = [Path(each.removeprefix(_UNIX)).parent for each in endpoints if each.startswith(_UNIX)]
    make_for(user, [(config.data_dir, 0o700), *((folder, 0o755) for folder in folders)])
    require_given(user, config.data_dir)
    become(user)
    if not os.access(sys.executable, os.X_OK):
        raise MistakeError(
            f"user {config.user} may not run {sys.executable}: bccd needs a Python that all users may run"
        )


# ---- the certificate, where only root may read it ----------------------------------------------------------


def remarks(given: Config, config: Config) -> list[str]:
    """Say what of the configuration in force follows from how the daemon was started."""
    if given.tls == config.tls:
        return []
    closed = " and ".join(path for path in _files(given.tls) if path and not os.access(path, os.R_OK))
    return [f"tls: only root may read {closed}: a new certificate is seen when bccd is started anew"]


def _files(tls: Tls) -> tuple[str, str]:
    return tls.certificate, tls.key


def _kept(path: str, user: pwd.struct_passwd) -> int:
    """Return a descriptor of a copy in memory that only the user may read; -1 where there is none to make."""
    try:
        octets = Path(path).read_bytes() if path else b""
    except OSError:
        octets = b""  # told of when it is to be used
    if not octets:
        return -1
    descriptor = os.memfd_create("tls")
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(octets)
    os.fchmod(descriptor, 0o400)
    os.fchown(descriptor, user.pw_uid, user.pw_gid)
    return descriptor


def _in_force(tls: Tls, kept: Sequence[int]) -> Tls:
    """Say where the files are read from now on: where they stand if they may be, so that new ones are seen.

    Else both are read from memory, for a new certificate would not fit the old key.
    """
    if all(not path or os.access(path, os.R_OK) for path in _files(tls)):
        for descriptor in kept:
            if descriptor >= 0:
                os.close(descriptor)
        return tls
    places = zip(_files(tls), kept, strict=True)
    return Tls(*(path if place < 0 else f"/proc/self/fd/{place}" for path, place in places))
