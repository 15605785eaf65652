"""Redirects, hosts, proxies, foreign forms, headers: what a browser is told and trusted with."""

import re
import socket

import pytest
from crawling import Page, addresses, posts, token_pages
from factories import PASSWORD, everything_but_visits, link_in, mails, make_mail
from services import Served

from app.web.requests import is_local

HOSTILE = [
    "//evil.example",
    "//evil.example/",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "//\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "/\r\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\x00//evil.example",
    "\x01//evil.example",
    "\x1f//evil.example",
    "\x7f//evil.example",
    "\u3000//evil.example",
    "\u200b//evil.example",
    "\ufeff//evil.example",
    "/%09/evil.example\t",
    "http://evil.example",
    "https://evil.example/",
    "HTTPS://evil.example",
    "http:evil.example",
    "http:/evil.example",
    "http:///evil.example",
    "https:\\\\evil.example",
    "ftp://evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    " javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "//user@evil.example",
    "//localhost@evil.example",
    "http://localhost@evil.example",
    "http://localhost:5000@evil.example",
    "//evil。example",
    "//evil．example",
    "／／evil.example",
    "/／evil.example",
    "//[::ffff:203.0.113.9]",
    "/.//evil.example",
    "/..//evil.example",
    "/auth//evil.example",
    "evil.example",
    "@evil.example",
    "?next=//evil.example",
    "#//evil.example",
    "//localhost.evil.example/%2f..",
    "/x\r\nLocation: //evil.example",
    "/x嘊Location: //evil.example",
]
LOCAL = ["/path?page=2", "/user/bob?a=//b&c=%2F", "/settings/profile", "/~x/#end"]
LOCAL += ["/a?u=http://b"]
FORGED = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "1337",
    "X-Forwarded-Server": "evil.example",
    "X-Host": "evil.example",
    "X-Original-URL": "http://evil.example/",
    "Forwarded": "for=203.0.113.9;host=evil.example;proto=gopher",
}


@pytest.fixture
def cast(alice, mona, ada):
    """Everybody who may be at the keyboard."""
    return dict(visitor=None, alice=alice, mona=mona, ada=ada)


def sign_in(client, login="alice", **more):
    query = more.pop("query", None)
    data = {"login": login, "password": PASSWORD, **more}
    return client.post("/auth/login", data=data, query_string=query)


def test_what_leads_away_is_not_local():
    """R-01, whatever page asks."""
    assert [target for target in HOSTILE if is_local(target)] == []
    assert [target for target in LOCAL if not is_local(target)] == []


def test_signing_in_never_leads_to_another_site(client, alice):
    """R-01, in the query and in the form (D000-4, D001-3)."""
    for target in ("//evil.example", "/\\evil.example"):
        for way in ({"query": {"next": target}}, {"next": target}):
            assert sign_in(client, **way).location == "/"
            client.sign_out()


def test_signing_in_leads_back_to_where_one_wanted_to_go(client, alice):
    """R-02."""
    assert sign_in(client, query={"next": LOCAL[1]}).location == LOCAL[1]


def test_the_router_sends_nobody_away(client):
    """R-01."""
    for path in ("/moderation", "//moderation", "///evil.example//moderation", "/auth//login"):
        environ = {"PATH_INFO": path, "RAW_URI": path, "REQUEST_URI": path}
        location = client.get("/", environ_overrides=environ).headers.get("Location", "/")
        assert location.startswith(("/", "http://localhost/")), path
        assert not location.startswith("//"), path


def test_a_visitor_comes_back_to_the_page_that_asked_for_a_sign_in(client, alice):
    """R-02."""
    asked = client.get("/settings/profile?tab=2").location

    response = client.post(asked, data={"login": "alice", "password": PASSWORD})

    assert response.location == "/settings/profile?tab=2"


def test_forged_headers_reach_no_mail_and_no_redirect(client, alice):
    """R-03."""
    client.post("/auth/reset-password", data={"email": alice.email}, headers=FORGED)
    redirect = client.get("/moderation", headers=FORGED).location

    assert redirect == "http://localhost/moderation/"
    assert "http://localhost/auth/reset-password/" in mails("reset_password")[0].text
    assert "evil" not in mails("reset_password")[0].html


def test_in_production_every_link_names_the_configured_site(production, alice):
    """R-03: reset, confirm and change-email mails, with a port and forged headers."""
    client = production.test_client()
    away = dict(headers=FORGED, base_url="http://offbrand.example:1337")
    client.post("/auth/reset-password", data={"email": alice.email}, **away)
    new = dict(email="nora@example.org", username="nora", password=PASSWORD, password2=PASSWORD)
    client.post("/auth/register", data=new, **away)
    client.sign_in(alice)
    new = {"email": "fresh@example.org", "password": PASSWORD}
    client.post("/auth/change-email", data=new, **away)
    client.post("/auth/change-email", data={**new, "email": "nora@example.org"}, **away)

    kinds = [mail.kind for mail in mails()]
    assert kinds == ["reset_password", "confirm", "change_email", "address_taken"]
    assert all("https://offbrand.example/auth/" in mail.text for mail in mails())
    assert not any("1337" in mail.text + mail.html for mail in mails())


def test_in_production_redirects_name_no_forged_host(production):
    """R-03."""
    response = production.test_client().get("/moderation", headers=FORGED)

    assert response.location == "https://offbrand.example/moderation/"


HOSTS = ["evil.example", "localhost.evil.example", "evil.example:80", "localhost@evil.example"]
HOSTS += ["localhost, evil.example", "localhost evil.example", "[::1].evil.example"]
HOSTS += ["localhost:evil", "localhost/../evil", ""]


def test_a_host_that_is_not_ours_is_refused_before_any_view(client, alice):
    """R-04, R-03."""
    before = everything_but_visits()

    for host in HOSTS:
        data = {"email": alice.email}
        response = client.post("/auth/reset-password", data=data, headers={"Host": host})
        assert response.status_code == 400, host
        assert "evil" not in response.text
    assert everything_but_visits() == before


def test_an_absolute_uri_in_the_request_line_changes_no_link(client, alice):
    """R-03: servers leave it in the path."""
    environ = {"PATH_INFO": "http://evil.example/auth/reset-password"}
    response = client.post("/", data={"email": alice.email}, environ_overrides=environ)

    assert response.status_code == 404
    assert mails() == []


def test_the_refusal_of_a_host_is_json_for_those_who_prefer_it(client):
    """R-04."""
    headers = {"Host": "evil.example", "Accept": "application/json"}

    assert client.get("/", headers=headers).json["error"]["code"] == 400


def test_no_header_is_split(client, alice):
    """R-05: in next, in a path, in a form, in a user agent."""
    for poison in ("\r\nSet-Cookie: a=b", "%0d%0aSet-Cookie: a=b", "嘊嘍Set-Cookie:a=b"):
        answers = [
            sign_in(client, query={"next": f"/{poison}"}),
            client.get(f"/user/{poison}"),
            client.get("/settings/profile", query_string={"a": poison}),
            client.post("/settings/profile", data={"first_name": poison}),
            client.get(f"/auth/confirm/{poison}"),
        ]

        assert all(response.status_code < 500 for response in answers)
        cookies = [cookie for r in answers for cookie in r.headers.getlist("Set-Cookie")]
        assert not any("a=b" in cookie for cookie in cookies)


def test_a_user_agent_of_controls_signs_in_and_is_stored_clean(client, alice):
    """R-05."""
    environ = {"HTTP_USER_AGENT": "Firefox\x1b[31m\r\nX: y\x00é"}
    client.post(
        "/auth/login", data={"login": "alice", "password": PASSWORD}, environ_overrides=environ
    )

    assert everything_but_visits()["user_sessions"][0]["agent"] == "Firefox[31mX: y"


def address_seen(client, forwarded, **headers):
    """The network address that the site takes a request to come from."""
    headers = {"X-Forwarded-For": forwarded, **headers}
    client.post("/auth/reset-password", data={"email": "alice@example.org"}, headers=headers)
    return mails("reset_password")[-1]


def test_without_a_proxy_forwarded_headers_are_ignored(client, alice):
    """R-06."""
    mail = address_seen(client, "203.0.113.9", **{"X-Forwarded-Proto": "https"})

    assert "203.0.113.9" not in mail.text
    assert link_in(mail)
    assert "http://localhost/" in mail.text


def test_of_one_proxy_only_its_own_word_is_believed(site_with, alice):
    """R-06: what the visitor wrote before it is ignored, and nonsense of the proxy's, too."""
    client = site_with(PROXY_COUNT=1).test_client()

    for forwarded in ("203.0.113.9", "6.6.6.6, 203.0.113.9", "x, 203.0.113.9"):
        mail = address_seen(client, forwarded, **{"X-Forwarded-Proto": "http, https"})
        assert "203.0.113.9" in mail.text and "6.6.6.6" not in mail.text
        assert "https://localhost/" in mail.text

    for forwarded in ("", "junk", "\x1b", "203.0.113.9:99:99", ",,,", "a" * 5000):
        headers = {"X-Forwarded-For": forwarded, "X-Forwarded-Proto": "gopher"}
        data = {"login": "alice", "password": PASSWORD}
        answer = client.post("/auth/login", data=data, headers=headers)
        assert answer.status_code == 302, forwarded
        client.sign_out()


def enter(client, person):
    """Sign the person in, if it is one, and open a page, so that a visit is noted."""
    if person is not None:
        client.sign_in(person)
    client.get("/")


def test_a_form_without_a_token_of_this_session_changes_nothing(strict_client, app, alice):
    """R-07, R-08: with no token, or one of three wrong ones."""
    (foreign,) = Page("/", app.test_client().get("/auth/login")).posting
    client, path = strict_client, "/settings/profile"
    enter(client, alice)
    forms = Page(path, client.get(path)).posting
    before = everything_but_visits()

    for token in ({}, "", "x.y.z", foreign.fields["csrf_token"]):
        for form in forms:
            data = {**form.sends, "location": "Oslo", "csrf_token": token or None}
            assert client.post(form.action, data=data).status_code == 400
    assert len(forms) >= 2
    assert everything_but_visits() == before


@pytest.mark.parametrize("who", ["alice", pytest.param("ada", marks=pytest.mark.large)])
def test_with_its_own_token_each_form_is_let_through(strict_client, cast, who):
    """R-07, the other side of it: otherwise the tests around would prove nothing."""
    client, person = strict_client, cast[who]
    enter(client, person)
    for form in posts(client).values():
        assert form.fields["csrf_token"]
        assert client.post(form.action, data=form.fields).status_code in (200, 302)
        if form.action == "/auth/logout":
            break


def test_every_posting_endpoint_asks_for_a_token(strict_client, app, alice):
    """R-07: those that no page has a form for, too."""
    strict_client.sign_in(alice)
    build = app.url_map.bind("localhost").build
    values = dict(token="x", id=1, act="sign-out", slug="about", number=1, username="bob")
    values |= dict(noun="post", verb="hide")
    paths = [
        build(rule.endpoint, {name: values[name] for name in rule.arguments})
        for rule in app.url_map.iter_rules()
        if "POST" in rule.methods
    ]
    before = everything_but_visits()

    assert {strict_client.post(path).status_code for path in paths} == {400}
    assert len(paths) >= 10
    assert everything_but_visits() == before


def test_nobody_can_be_signed_in_or_up_from_another_site(strict_client, alice):
    """R-08."""
    data = dict(login="alice", email="x@example.org", username="x", password=PASSWORD)
    headers = {"Origin": "https://evil.example", "Referer": "https://evil.example/"}
    before = everything_but_visits()

    for path in ("/auth/login", "/auth/register"):
        sent = {**data, "password2": PASSWORD}
        assert strict_client.post(path, data=sent, headers=headers).status_code == 400
    assert everything_but_visits() == before


ELSE = [pytest.param(who, marks=pytest.mark.large) for who in ("visitor", "mona", "ada")]


@pytest.mark.parametrize("who", ["alice", *ELSE])
def test_opening_and_peeking_changes_nothing(client, app, cast, who):
    """R-09: GET and HEAD of every address, mailed ones included (R-53, D000-11, D001-1, D001-8)."""
    person = cast[who]
    make_mail()
    enter(client, person)
    urls = [*addresses(app, person or cast["alice"]), "/auth/logout", "/auth/confirm"]
    before = everything_but_visits()

    for url in urls:
        client.get(url, buffered=True)
    for url in urls[::8]:  # a HEAD is a GET whose answer is cut off
        client.head(url, buffered=True)

    assert len(urls) > 20
    assert everything_but_visits() == before


def test_other_methods_are_not_allowed_and_the_answer_says_which_are(client):
    """R-10."""
    for method in ("TRACE", "PUT", "DELETE", "PATCH", "CONNECT", "TRACK", "FOO"):
        response = client.open("/auth/login", method=method, headers={"X-Secret": "secret"})
        assert response.status_code == 405, method
        assert {"GET", "POST"} <= set(response.allow)
        assert "secret" not in response.text


def test_a_method_cannot_be_overridden(client, alice):
    """R-10."""
    client.sign_in(alice)
    override = {"X-HTTP-Method-Override": "POST", "X-Method-Override": "POST"}

    for query in ({"_method": "POST"}, {"_method": "DELETE"}):
        assert client.get("/auth/logout", query_string=query, headers=override).status_code == 405
    assert client.get("/settings/profile").status_code == 200


def test_a_form_token_taken_before_signing_in_is_refused_afterwards(strict_client, alice):
    """R-11."""
    (form,) = Page("/", strict_client.get("/auth/login")).posting
    old = form.fields["csrf_token"]
    sign_in(strict_client, csrf_token=old)

    assert strict_client.get("/settings/profile").status_code == 200
    assert strict_client.post("/auth/logout", data={"csrf_token": old}).status_code == 400


def every_kind_of_answer(client):
    """A page, redirects, errors, a file, a picture, JSON, one too large."""
    return [
        client.get("/"),
        client.get("/settings/profile"),
        client.get("/moderation"),
        client.get("/nowhere"),
        client.get("/static/nowhere.css"),
        client.get("/static/site.css", buffered=True),
        client.get("/bootstrap/static/css/bootstrap.min.css", buffered=True),
        client.get("/avatar/" + 32 * "a" + ".svg"),
        client.get("/moment.js"),
        client.get("/healthz"),
        client.get("/auth/confirm/mangled"),
        client.get("/", headers={"Host": "evil.example"}),
        client.get("/%ff"),
        client.delete("/"),
        client.options("/"),
        client.head("/"),
        client.post("/auth/login", data={"login": "x" * 1100000}),
    ]


ON_EVERY_ANSWER = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def test_every_answer_has_its_headers(client):
    """R-21, R-18: errors, redirects, files and what is too large, too."""
    answers = every_kind_of_answer(client)

    assert {400, 404, 405, 413, 200, 302, 308} == {response.status_code for response in answers}
    for response in answers:
        assert {name: response.headers.get(name) for name in ON_EVERY_ANSWER} == ON_EVERY_ANSWER
        assert response.headers["Referrer-Policy"] in ("same-origin", "no-referrer")
        policy = response.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        for rule in ("default-src", "object-src", "base-uri", "frame-ancestors"):
            assert f"{rule} 'none'" in policy
        if response.mimetype.startswith("text/") and response.data:
            assert response.mimetype_params["charset"] == "utf-8"


def test_a_page_with_a_token_in_its_address_tells_it_to_nobody(client, alice):
    """R-54, R-21: no referrer at all, also where the link is dead."""
    for path in [*token_pages(alice), "/auth/confirm/mangled"]:
        assert client.get(path).headers["Referrer-Policy"] == "no-referrer"


def test_a_fault_has_its_headers_too(client, app, monkeypatch):
    """R-21."""
    monkeypatch.setitem(app.view_functions, "main.index", lambda: 1 / 0)

    response = client.get("/")

    assert response.status_code == 500
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_https_is_remembered_in_production_only(production, client):
    """R-22."""
    secure = production.test_client().get("/").headers

    assert "max-age=31536000" in secure["Strict-Transport-Security"]
    assert "Strict-Transport-Security" not in client.get("/").headers


def cookies_after_signing_in(client):
    client.get("/auth/login")
    return sign_in(client, remember="y").headers.getlist("Set-Cookie")


def test_cookies_are_kept_from_scripts_and_other_sites(client, alice):
    """R-23."""
    cookies = cookies_after_signing_in(client)

    assert [c.partition("=")[0] for c in cookies] == ["device", "remember_token", "session"]
    for cookie in cookies:
        assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
        assert "Domain" not in cookie and len(cookie) < 4096


def test_in_production_cookies_are_bound_to_this_host_and_to_https(production, alice):
    """R-23."""
    cookies = cookies_after_signing_in(production.test_client())

    assert len(cookies) == 3
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert "Secure" in cookie and "HttpOnly" in cookie and "SameSite=Lax" in cookie
        assert "Path=/;" in cookie + ";" and "Domain" not in cookie


def test_no_cache_keeps_a_page_of_somebody_signed_in(client, alice):
    """R-24, R-54: errors, and where mailed links lead; pages are looked at in test_access.py."""
    enter(client, alice)
    for path in ("/", "/nowhere", "/admin/", *token_pages(alice)):
        response = client.get(path)
        assert response.headers["Cache-Control"] == "no-store", path
        assert "Cookie" in response.vary


def test_an_answer_to_a_visitor_varies_by_cookie(client):
    """R-24 (CVE-2026-27205): one cache for visitor and member must not mix them up."""
    assert "Cookie" in client.get("/").vary
    assert "Cookie" in client.get("/settings/profile").vary


def test_no_answer_tells_versions(client):
    """R-25."""
    banners = ("Werkzeug/", "Python/", "gunicorn", "Flask/")
    environ = {"SERVER_SOFTWARE": "Werkzeug/3.1.9"}
    for response in [*every_kind_of_answer(client), client.get("/", environ_overrides=environ)]:
        told = str(response.headers) + response.text
        assert not any(banner in told for banner in banners)
        assert "X-Powered-By" not in response.headers
    assert client.get("/", environ_overrides=environ).headers["Server"] == "Offbrand"


# What only a server can be sent


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with Served(tmp_path_factory.mktemp("served")) as site:
        yield site


def raw(site, *lines, body=b""):
    """Send these lines as they are; return the answer's status and headers, in lower case."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=60) as connection:
        head = "\r\n".join([*lines, "Connection: close", "", ""]).replace("HERE", f":{site.port}")
        connection.sendall(head.encode("latin-1") + body)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    status, _, rest = answer.decode("latin-1").partition("\r\n")
    return int(status.split()[1]), rest.partition("\r\n\r\n")[0].lower()


@pytest.mark.fault
@pytest.mark.parametrize(
    "hosts",
    [
        ["Host: evil.example"],
        ["Host: 127.0.0.1HERE", "Host: evil.example"],
        ["Host: evil.example", "Host: 127.0.0.1HERE"],
        ["Host: 127.0.0.1HERE@evil.example"],
        ["Host: 127.0.0.1HERE", "HOST : evil.example"],
        ["Host: 127.0.0.1HERE", "Evil\x00: x"],
    ],
)
@pytest.mark.xdist_group("served site")
def test_a_served_site_refuses_a_doubtful_host(served, hosts):
    """R-03, R-04: twice, too."""
    status, _ = raw(served, "GET /moderation HTTP/1.1", *hosts)

    assert status == 400


@pytest.mark.fault
@pytest.mark.xdist_group("served site")
def test_a_served_site_is_not_led_away_by_an_absolute_uri(served):
    """R-03."""
    status, headers = raw(
        served, "GET http://evil.example/moderation HTTP/1.1", "Host: 127.0.0.1HERE"
    )

    assert "evil" not in headers
    assert status in (308, 400, 404)


@pytest.mark.fault
@pytest.mark.xdist_group("served site")
def test_an_address_that_is_too_long_is_answered_by_a_page_of_the_site(served):
    """The address of a search may be as long as somebody types it."""
    asked = {}
    for length in (5000, 9000, 200_000):
        path = f"/search?q={'a' * length}"
        asked[length] = raw(served, f"GET {path} HTTP/1.1", "Host: 127.0.0.1HERE")

    assert [status for status, _ in asked.values()] == [200, 414, 414]
    for _, headers in asked.values():
        assert "content-security-policy: default-src 'none'" in headers
        assert "content-type: text/html" in headers


@pytest.mark.fault
@pytest.mark.xdist_group("served site")
def test_a_served_site_tells_no_version(served):
    """R-25."""
    status, headers = raw(served, "GET / HTTP/1.1", "Host: 127.0.0.1HERE")

    assert status == 200
    assert not any(name in headers for name in ("gunicorn/", "python", "werkzeug"))


@pytest.mark.fault
@pytest.mark.parametrize(
    "line",
    [
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: -1",
        "Transfer-Encoding: xchunked",
        "X: a\x00b",
    ],
)
@pytest.mark.xdist_group("served site")
def test_a_served_site_refuses_a_request_that_can_be_read_in_two_ways(served, line):
    """R-89, R-05."""
    lines = ["POST /auth/login HTTP/1.1", "Host: 127.0.0.1HERE", line]

    status, _ = raw(served, *lines, body=b"0\r\n\r\n")

    assert 400 <= status < 500 or status == 501


def test_scripts_carry_the_nonce_that_the_policy_names(client):
    """R-18: a new one for each answer."""
    answers = [client.get("/auth/login") for _ in range(2)]

    nonces = [re.search(r"'nonce-([^']+)'", str(answer.headers)).group(1) for answer in answers]
    for answer, nonce in zip(answers, nonces, strict=True):
        scripts = re.findall(r"<script[^>]*>", answer.text)
        assert scripts and all(f'nonce="{nonce}"' in script for script in scripts)
    assert nonces[0] != nonces[1]
