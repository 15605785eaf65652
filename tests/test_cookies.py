"""Two sites on one machine: what one leaves in the browser is not for the other."""

import pytest
from factories import PASSWORD

PORTS = "5000", "5001"


@pytest.fixture
def two_sites(site_with):
    """One browser at two ports: it sends every cookie to both."""
    client = site_with(COOKIES_BY_PORT=True).test_client()

    def ask(port, path, method="GET", **options):
        environ = {"SERVER_PORT": port}
        return client.open(path, method=method, environ_overrides=environ, **options)

    ask.client = client
    return ask


def test_two_sites_on_one_machine_do_not_sign_each_other_out(two_sites, alice, bob):
    for port, person in zip(PORTS, (alice, bob), strict=True):
        form = {"login": person.username, "password": PASSWORD, "remember": "y"}
        assert two_sites(port, "/auth/login", "POST", data=form).status_code == 302
    names = [two_sites.client.get_cookie(f"session_{port}").key for port in PORTS]

    assert names == ["session_5000", "session_5001"]
    for port, person in zip(PORTS, (alice, bob), strict=True):
        assert f"/user/{person.username}" in two_sites(port, "/").text
    two_sites("5000", "/auth/logout", "POST")
    assert two_sites("5000", "/settings/profile").status_code == 302
    assert two_sites("5001", "/settings/profile").status_code == 200


def test_a_cookie_without_the_port_or_of_another_is_not_seen(two_sites, alice):
    form = {"login": "alice", "password": PASSWORD}
    two_sites("5000", "/auth/login", "POST", data=form)
    session = two_sites.client.get_cookie("session_5000").value
    for name in ("session", "session_5001", "xsession_5000"):
        two_sites.client.delete_cookie("session_5000")
        two_sites.client.set_cookie(name, session)
        assert two_sites("5000", "/settings/profile").status_code == 302, name
        two_sites.client.delete_cookie(name)
