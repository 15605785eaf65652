"""A mail server on this machine that takes mail, and misbehaves where it is told to."""

import asyncio
import email
import ssl
import subprocess
from email import policy

from aiosmtpd.controller import Controller
from services import free_port


class PostOffice:
    """Keeps what it took in `letters`; its replies, its speed and its goodbyes can be set."""

    def __init__(self, *, port=None, certificate=None):
        self.port, self.context = port or free_port(), None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        self.letters, self.envelopes, self.sources = [], [], []
        self.seconds = self.pause_after_data = 0
        self.refused = {}  # an address: what is said to whoever writes to it
        self.drop_after_data = self.drop_at_quit = False
        self.settings = {
            "MAIL_SERVER": "127.0.0.1",
            "MAIL_PORT": self.port,
            "MAIL_USE_TLS": bool(certificate),
            "MAIL_TIMEOUT": 2,
            "MAILBOX": False,
        }

    @property
    def recipients(self):
        return [letter["To"] for letter in self.letters]

    @property
    def environment(self):
        """The same settings, as a process is given them."""
        return {name: str(value) for name, value in self.settings.items() if name != "MAILBOX"}

    def __enter__(self):
        options = {"tls_context": self.context, "require_starttls": bool(self.context)}
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)
        self.controller.start()
        return self

    def __exit__(self, *error):
        self.controller.stop()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        await asyncio.sleep(self.seconds)
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        self.sources.append(envelope.content)
        self.letters.append(email.message_from_bytes(envelope.content, policy=policy.default))
        await asyncio.sleep(self.pause_after_data)
        if self.drop_after_data:
            server.transport.abort()
        return "250 OK"

    async def handle_QUIT(self, server, session, envelope):
        if self.drop_at_quit:
            server.transport.abort()
        return "221 Bye"


def self_signed_certificate(folder):
    """Make a certificate for 127.0.0.1 that nobody vouches for; return its file and its key's."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    command = ["openssl", "req", "-x509", *curve, *names, *files]
    subprocess.run(command, check=True, capture_output=True)
    return str(certificate), str(key)
