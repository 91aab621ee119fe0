"""Failures the program tells apart; none of their texts ever reaches a peer."""


class BccdError(Exception):
    """A failure of bccd that has a sentence for its user."""


class ConfigError(BccdError):
    """The configuration has mistakes; `mistakes` lists every one of them."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class StoreUnavailableError(BccdError):
    """The database or the spool cannot be used now; trying again later may work."""


class StorageFullError(StoreUnavailableError):
    """There is no room to keep a mail durably."""


class HelpNeededError(StoreUnavailableError):
    """What does not heal without somebody's help; its text says what he has to do."""


class LostWriteError(HelpNeededError):
    """The system lost a write, or cannot say that it did not: what is written later proves nothing either."""

    def __init__(self) -> None:
        super().__init__(
            "a write to the disk of data_dir was lost: look at the kernel's log, mend the disk, then start"
            " bccd anew"
        )


class FileMovedError(HelpNeededError):
    """A database file is no longer where it was opened: what is written to it goes with it."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} was moved, deleted or replaced while bccd runs: put the same file back, "
            "or stop bccd, restore a backup, and start it again"
        )


class FloodError(BccdError):
    """There is no room now to look into what comes in such numbers."""


class ClaimLostError(BccdError):
    """Another filer has taken over mail that this one was about to file; `deliveries` lists it."""

    def __init__(self, deliveries: frozenset[int]) -> None:
        super().__init__(f"{len(deliveries)} mails were taken over by another filer")
        self.deliveries = deliveries


class SchemaError(BccdError):
    """The database is missing, too old or too new for this program."""


class MistakeError(BccdError):
    """The user asked for something that cannot be done; the text says why."""


class PortTakenError(MistakeError):
    """Another program listens where this one should."""
