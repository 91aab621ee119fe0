"""Why a signature proves nothing, in the result words of RFC 8601 2.7.1."""

FAIL = "fail"  # it is well formed, and what it signs was changed or is out of date
PERMERROR = "permerror"  # it, its key or the mail can never be read
POLICY = "policy"  # it may hold, and is not accepted here


class FaultError(Exception):
    """Ends the checking of one signature with a result and one sentence."""

    def __init__(self, result: str, why: str) -> None:
        super().__init__(why)
        self.result = result
        self.why = why


def malformed(why: str) -> FaultError:
    """Return the error for what RFC 6376 calls a syntax error."""
    return FaultError(PERMERROR, why)
