"""A timestamp authority for tests: openssl behind a small HTTP server, with a CA of its own."""

from __future__ import annotations

import shutil
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

CONFIG = """
[ req ]
distinguished_name = name
[ name ]
[ ca ]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
[ signer ]
basicConstraints = CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[ tsa ]
default_tsa = tsa_config
[ tsa_config ]
serial = {directory}/serial
crypto_device = builtin
signer_cert = {directory}/tsa.pem
signer_key = {directory}/tsa.key
default_policy = 1.2.3.4.1
signer_digest = sha256
digests = sha256
"""


def openssl(*arguments: object, **options):
    """Run openssl; return what it printed."""
    assert shutil.which("openssl"), "Install openssl: apt-get install openssl"
    command = ["openssl", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, **options).stdout


class Authority:
    """Its files are in a directory; ``ca`` is what an auditor trusts."""

    def __init__(self, directory) -> None:
        directory.mkdir()
        self.directory, self.config = directory, directory / "openssl.cnf"
        self.ca = directory / "ca.pem"
        #: What is answered instead of a timestamp: a status and a body.
        self.answer: tuple[int, bytes] | None = None
        self.requests = 0
        #: Set while it answers.
        self.hold = threading.Event()
        self.hold.set()
        self._lock = threading.Lock()
        self.config.write_text(CONFIG.format(directory=directory))
        (directory / "serial").write_text("01\n")
        new = ("req", "-config", self.config, "-newkey", "rsa:2048", "-nodes", "-x509", "-days", 9)
        openssl(*new, "-subj", "/CN=Test CA", "-extensions", "ca", "-keyout", directory / "ca.key",
                "-out", self.ca)  # fmt: skip
        openssl(*new, "-subj", "/CN=Test TSA", "-extensions", "signer", "-CA", self.ca,
                "-CAkey", directory / "ca.key", "-keyout", directory / "tsa.key",
                "-out", directory / "tsa.pem")  # fmt: skip

    def add_intermediate(self) -> None:
        """Replace its certificate by one of an intermediate CA, which its responses contain."""
        files = self.directory
        new = ("req", "-config", self.config, "-newkey", "rsa:2048", "-nodes", "-x509", "-days", 9)
        openssl(*new, "-subj", "/CN=Intermediate", "-extensions", "ca", "-CA", self.ca,
                "-CAkey", files / "ca.key", "-keyout", files / "between.key",
                "-out", files / "between.pem")  # fmt: skip
        openssl(*new, "-subj", "/CN=Test TSA", "-extensions", "signer",
                "-CA", files / "between.pem", "-CAkey", files / "between.key",
                "-keyout", files / "tsa.key", "-out", files / "tsa.pem")  # fmt: skip
        with self.config.open("a") as file:
            file.write(f"certs = {files / 'between.pem'}\n")

    def reply(self, query: bytes) -> tuple[int, bytes]:
        """Answer a request."""
        self.requests += 1
        assert self.hold.wait(30)
        with self._lock:
            if self.answer is not None:
                return self.answer
            file, out = self.directory / "query.tsq", self.directory / "reply.tsr"
            file.write_bytes(query)
            openssl("ts", "-reply", "-config", self.config, "-queryfile", file, "-out", out)
            return 200, out.read_bytes()


@contextmanager
def serve(authority: Authority):
    """Yield the URL at which it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            assert self.headers["Content-Type"] == "application/timestamp-query"
            status, body = authority.reply(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            if status == 302:
                self.send_header("Location", authority.url)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsa"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def running_authority(tmp_path_factory):
    """One for all tests, since its keys take a second."""
    authority = Authority(tmp_path_factory.mktemp("tsa") / "files")
    with serve(authority) as url:
        authority.url = url
        yield authority


@pytest.fixture
def authority(running_authority):
    """An authority that answers at ``authority.url``."""
    running_authority.answer = None
    return running_authority
