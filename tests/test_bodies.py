"""Bodies that a client broke: each is refused, and none is a fault of the site."""

import socket
import subprocess
import sys
from itertools import product

import pytest
from services import ROOT, Served, wait_until
from werkzeug.test import EnvironBuilder, run_wsgi_app

FORM = b"login=alice&password=wrong"
CHUNKED, LENGTH = "Transfer-Encoding: chunked", "Content-Length: {}"
TYPES = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain")
SIZES = ("zz", "-1", "0x5", "", " ", "5 5", "+5", "f" * 20, "5;" + "a" * 20_000, "\x00")
CUTS = (
    b"",
    b"5",
    b"5\r\n",
    b"5\r\nlog",
    b"5\r\nlogin",
    b"5\r\nlogin\r\n",
    b"5\r\nloginX\r\n0\r\n\r\n",
)
FIELD = b'--b\r\nContent-Disposition: form-data; name="login"'
PARTS = (
    *(b"", b"--b", b"--b--", b"--b\r\n", b"--b\r\n\r\n", b"--c\r\n\r\nx\r\n--c--"),
    FIELD + b"\r\n\r\nalice",
    b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
    b"--b\r\nContent-Disposition: \xff\xfe\r\n\r\nx\r\n--b--",
    b"--b\r\n" + b"A: b\r\n" * 5000 + b"\r\nx\r\n--b--",
    FIELD + b'; filename="' + b"y" * 70_000 + b'"\r\n\r\n\r\n--b--',
    FIELD + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n!\r\n--b--",
    FIELD + b"\r\nContent-Type: text/plain; charset=none\r\n\r\nx\r\n--b--",
    FIELD + b"\r\nContent-Type: text/plain; charset=utf-16\r\n\r\nx\r\n--b--",
    FIELD + b"\r\n\r\n\xff\xfe\r\n--b--",
    FIELD + b"\r\n\r\n" + b"x" * 600_000 + b"\r\n--b--",
    (FIELD + b"\r\n\r\nx\r\n") * 1100 + b"--b--",
)


class Broken:
    """A stream that fails as those of servers do."""

    def __init__(self, error):
        self.error = error

    def read(self, *size):
        raise self.error

    readline = readlines = read


def test_whatever_fails_while_a_body_is_read_is_a_400(app):
    """R-89: also on a page that only members may open, and on one for files."""
    for path, error in product(
        ("/auth/login", "/", "/settings/picture"), (OSError("bad"), ValueError("bad"), EOFError())
    ):
        environ = EnvironBuilder(path=path, method="POST", content_type=TYPES[0]).get_environ()
        environ |= {"wsgi.input": Broken(error), "wsgi.input_terminated": True}
        assert run_wsgi_app(app, environ)[1].startswith("400 "), (path, error)


def broken_requests():
    """Yield the name, the headers and the body of each kind of request that is broken."""
    yield from broken_chunks()
    yield from broken_parts()
    yield from broken_heads()


def broken_chunks():
    for size in SIZES:
        yield f"chunk of {size[:9]!r}", [CHUNKED], f"{size}\r\nlogin\r\n0\r\n\r\n".encode()
    for type_, cut in product(TYPES, CUTS):
        yield f"{type_[:9]} cut at {cut!r}", [CHUNKED, f"Content-Type: {type_}"], cut


def broken_parts():
    for part, way in product(PARTS, (CHUNKED, LENGTH)):
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(part), part) if way == CHUNKED and part else part
        kind = f"Content-Type: {TYPES[1]}"
        yield f"part {part[:30]!r} by {way}", [kind, way.format(len(body))], body
    for boundary in ("", "boundary=", "boundary=" + "x" * 300, 'boundary="', "boundary=\xff"):
        kind = f"Content-Type: multipart/form-data; {boundary}"
        yield f"boundary {boundary[:20]!r}", [kind, LENGTH.format(len(PARTS[6]))], PARTS[6]


def broken_heads():
    for claim in (len(FORM) + 1, 10**6, 2**31, 2**63, 10**30):
        kind = f"Content-Type: {TYPES[0]}"
        yield f"{claim} bytes claimed", [kind, LENGTH.format(claim)], FORM
    for claim in ("-1", "x", "1, 2", "", "1e3", "+26", "0x1a", "٢٦"):
        yield f"length {claim!r}", [LENGTH.format(claim)], FORM
    for coding in ("gzip", "chunked, chunked", "gzip, chunked", "identity", "x", "chunked\x0b", ""):
        yield f"coding {coding!r}", [f"Transfer-Encoding: {coding}"], b"5\r\nlogin\r\n0\r\n\r\n"
    for line in ("X", ": y", " X: y", "X : y", "X: \x00", "X: " + "y" * 70_000, "\udcff: y"):
        yield f"line {line[:9]!r}", [line, LENGTH.format(len(FORM))], FORM
    both = [CHUNKED, LENGTH.format(len(FORM))]
    yield "both lengths", both, FORM
    yield "two lengths", [LENGTH.format(5), LENGTH.format(len(FORM))], FORM
    for text in (b"%", b"%zz=%", b"a=%ff", b"\xff=\xfe", b"&" * 5000, b"=" * 5000, b"a=\x00"):
        yield f"form {text[:8]!r}", [f"Content-Type: {TYPES[0]}", LENGTH.format(len(text))], text
    long = b"X: " + b"y" * 99_000 + b"\r\n\r\n"
    for trailer in (b"X", b"X: y", b"X: y\r\n", b"\xff: y\r\n\r\n", long):
        yield f"trailer {trailer[:8]!r}", [CHUNKED], b"5\r\nlogin\r\n0\r\n" + trailer


def send(port, headers, body):
    """Send it as it is, and no more; return the status, or None where the server just hung up."""
    head = ["POST /auth/login HTTP/1.1", "Host: localhost", "Connection: close", *headers, "", ""]
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        answer = b""
        try:
            connection.sendall("\r\n".join(head).encode("utf-8", "surrogateescape") + body)
            connection.shutdown(socket.SHUT_WR)
            while block := connection.recv(65536):
                answer += block
        except OSError:  # it does not listen to the end of what it has refused
            pass
    return int(answer.split(None, 2)[1]) if answer else None


@pytest.fixture(scope="module", params=["gunicorn", "flask run"])
def served(request, tmp_path_factory):
    site = Served(tmp_path_factory.mktemp("served"))
    deployed = site.command("deploy")
    assert deployed.returncode == 0, deployed.stderr
    if request.param == "gunicorn":
        site.start()
    else:
        flask = [sys.executable, "-m", "flask", "run", "--port", str(site.port)]
        site.log = (site.folder / "served.log").open("ab")
        site.process = subprocess.Popen(flask, cwd=ROOT, env=site.env, stderr=site.log)
        wait_until(site.answers)
    yield site
    site.stop()


@pytest.mark.fault
@pytest.mark.xdist_group("broken bodies")
def test_no_broken_body_is_a_fault_of_the_site(served):
    """R-89: a hundred kinds, as a client really sends them."""
    requests = [*broken_requests()]
    answers = [(name, send(served.port, headers, body)) for name, headers, body in requests]

    assert len(answers) >= 100
    assert [answer for answer in answers if answer[1] in (500, 502, 503)] == []
    assert sum(status == 400 for _, status in answers) > 30
    assert served.answers()
    assert b"Traceback" not in (served.folder / "served.log").read_bytes()
