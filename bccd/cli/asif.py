"""As whose mail, and by which way, `bccd explain` looks at one that lies in a file."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AsIf:
    """What the command line says; what is empty is not said."""

    submitter: str = ""
    recipient: str = ""
    peer: str = ""  # an IP address; without one, who sent the mail is taken as proven
    mail_from: str = ""

    def __bool__(self) -> bool:
        """Tell whether anything is said."""
        return bool(self.submitter or self.recipient or self.peer or self.mail_from)
