"""The wall around a parser: limits, and a filter of its system calls (seccomp), each holding by itself.

A parser computes: what it needs of the system is memory, the sheets and the channel it was given, and the
time. So the filter lists the few calls that it makes and refuses all others, and no limit is left for a new
descriptor or process. Whatever is imported only when some mail calls for it is therefore imported before.
"""

import codecs
import encodings
import os
import platform
import resource
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Final

from bccd.cage.words import LARGEST_ANSWER

# What libraries import within functions: idna its table of letters, the charset detector arrays. And what the
# filter below is built with, for then no file can be opened any more.
_LATE = ("idna.uts46data", "array", "ctypes")

# ---- limits ------------------------------------------------------------------------------------------------


def preload() -> None:
    """Import what a mail may call for, every charset included: behind the wall no file can be opened."""
    for module in iter_modules(encodings.__path__):
        with suppress(LookupError, ImportError):  # of other systems, or no codec at all
            codecs.lookup(module.name)
    for name in _LATE:
        with suppress(
            ImportError, MemoryError
        ):  # MemoryError: ctypes, where memory is never writable and code
            import_module(name)


def close_all_but(kept: Iterable[int]) -> None:
    """Close every descriptor but these; nothing can be read from, or said on, the standard three."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nowhere, standard)
    try:
        opened = {int(file.name) for file in Path("/proc/self/fd").iterdir()}
    except FileNotFoundError:  # where /proc is hidden; whoever started us passed no others on
        opened = {nowhere}
    for number in opened - {0, 1, 2, *kept}:
        with suppress(OSError):  # that by which the folder was read
            os.close(number)


def limit(memory: int) -> None:
    """Set what this process may use for the rest of its life; `memory` in octets.

    RLIMIT_CPU is not among it, for it counts over all mail: the filer limits the time of each instead.
    """
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, LARGEST_ANSWER),
        (resource.RLIMIT_NOFILE, 0),  # those that are open stay so
        (resource.RLIMIT_NPROC, 0),  # not for root, whom the filter stops
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        lower = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (lower, lower))


# ---- the filter --------------------------------------------------------------------------------------------

# Number of each call on x86_64 and aarch64 (arch/x86/entry/syscalls/syscall_64.tbl, asm-generic/unistd.h).
_FREE: Final = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "pread64": (17, 67),
    "pwrite64": (18, 68),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "nanosleep": (35, 101),
    "setitimer": (38, 103),
    "getpid": (39, 172),
    "sendto": (44, 206),
    "recvfrom": (45, 207),
    "exit": (60, 93),
    "gettimeofday": (96, 169),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "futex": (202, 98),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "getrandom": (318, 278),
}
_MAPS: Final = {"mmap": (9, 222), "mprotect": (10, 226)}  # never what can be executed
_KILLS: Final = {"kill": (62, 129), "tgkill": (234, 131)}  # only itself, as abort(3) does
_SECCOMP: Final = (317, 277)
# Place in those pairs, and AUDIT_ARCH of linux/audit.h.
_MACHINES: Final = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

# linux/bpf_common.h, linux/seccomp.h, linux/prctl.h
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000 | 1, 0x80000000  # refused with EPERM
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_PROT_EXEC = 4
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 22, 38
_FILTER, _SPEC_ALLOW = 1, 4
_MODE_FILTER = 2

_Step = tuple[int, int, int, int]  # code, how far to jump if true and if false, operand


def _argument(place: int) -> int:
    return _ARGUMENTS + 8 * place  # its lower half, for both machines are little-endian


def _steps(machine: str, pid: int) -> Iterator[_Step]:
    """Write the filter: what is allowed whatever its arguments first, since kernels remember those."""
    place, architecture = _MACHINES[machine]
    yield _LOAD, 0, 0, _ARCHITECTURE
    yield _EQUAL, 1, 0, architecture
    yield _RETURN, 0, 0, _KILL
    yield _LOAD, 0, 0, _NUMBER
    for numbers in _FREE.values():
        yield _EQUAL, 0, 1, numbers[place]
        yield _RETURN, 0, 0, _ALLOW
    for numbers in _MAPS.values():
        yield _EQUAL, 0, 4, numbers[place]
        yield _LOAD, 0, 0, _argument(2)
        yield _ANY_BIT, 1, 0, _PROT_EXEC
        yield _RETURN, 0, 0, _ALLOW
        yield _RETURN, 0, 0, _REFUSE
    for numbers in _KILLS.values():
        yield _EQUAL, 0, 4, numbers[place]
        yield _LOAD, 0, 0, _argument(0)
        yield _EQUAL, 0, 1, pid
        yield _RETURN, 0, 0, _ALLOW
        yield _RETURN, 0, 0, _REFUSE
    yield _RETURN, 0, 0, _REFUSE


def filter_calls(machine: str = "") -> bool:
    """Refuse from now on, for good, every system call but those of a parser; False where that cannot be had.

    It cannot on a kernel without seccomp, on another machine than x86_64 and aarch64, or without ctypes.
    """
    machine = machine or platform.machine()
    if machine not in _MACHINES:
        return False
    program = b"".join(struct.pack("=HBBI", *step) for step in _steps(machine, os.getpid()))
    try:
        return _install(program, _SECCOMP[_MACHINES[machine][0]])
    except (ImportError, AttributeError, OSError):
        return False


def forbid_new_privileges() -> bool:
    """Let no program that this process or its children start give them rights (no_new_privs)."""
    import ctypes  # noqa: PLC0415 - only who builds a wall pays for it

    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), *[ctypes.c_ulong(0)] * 3) == 0)


def _install(program: bytes, seccomp: int) -> bool:
    import ctypes  # noqa: PLC0415 - as above

    if not forbid_new_privileges():
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    octets = ctypes.create_string_buffer(program, len(program))
    length, address = ctypes.c_ulong(len(program) // 8), ctypes.c_ulong(ctypes.addressof(octets))
    fprog = (ctypes.c_ulong * 2)(length.value, address.value)  # struct sock_fprog, padding included
    words = [ctypes.c_ulong(seccomp), ctypes.c_ulong(_FILTER), ctypes.c_ulong(_SPEC_ALLOW)]
    # Older kernels slow filtered processes down against a fault of processors that code alone can use.
    if libc.syscall(*words, ctypes.byref(fprog)) == 0:
        return True
    return bool(libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_MODE_FILTER), ctypes.byref(fprog)) == 0)
