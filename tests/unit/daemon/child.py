"""Something done in a process of its own, which may give up what the tests still need."""

import os
from collections.abc import Callable


def said_by_a_child(act: Callable[[], str]) -> str:
    """Fork, do it, and return what it returns, or the class and text of what it raises."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(read)
            os.set_inheritable(write, True)
            os.dup2(write, 900)
            try:
                said = act()
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is what the child says
                said = f"{type(error).__name__}: {error}"
            os.write(900, said.encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as file:
        said = file.read()
    os.waitpid(pid, 0)
    return said
