"""aiosmtpd with nothing behind it: it answers 250 and forgets. What any server on aiosmtpd costs at least."""

import asyncio
import sys

from aiosmtpd.smtp import SMTP, Envelope, Session


class Forget:
    """Takes every mail."""

    async def handle_EHLO(  # noqa: N802 - aiosmtpd finds hooks by these names
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Say what aiosmtpd can do but does not advertise, so that all peers get sessions of one shape."""
        del server, envelope
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Store nothing."""
        del server, session, envelope
        return "250 2.0.0 Forgotten"


async def main(port: int) -> None:
    """Listen on loopback until killed."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Forget(), hostname="sink.bench.example", enable_SMTPUTF8=True), "127.0.0.1", port
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
