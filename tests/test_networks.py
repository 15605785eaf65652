"""What proxies and servers write for a client, and what limits make of it."""

import pytest
from factories import PASSWORD

from app.security.networks import address_in, network_at

ADDRESSES = {
    "192.0.2.7": "192.0.2.7",
    " 192.0.2.7 ": "192.0.2.7",
    "192.0.2.7:41234": "192.0.2.7",
    "::ffff:192.0.2.7": "192.0.2.7",
    "::FFFF:c000:207": "192.0.2.7",
    "[::ffff:192.0.2.7]:80": "192.0.2.7",
    "::ffff:192.0.2.7%eth0": "192.0.2.7",
    "64:ff9b::192.0.2.7": "192.0.2.7",
    "2001:0:53aa:64c:0:fbff:3fff:fdf8": "192.0.2.7",  # Teredo
    "2001:DB8::1": "2001:db8::1",
    "[2001:db8::1]": "2001:db8::1",
    '"[2001:db8::1]:4711"': "2001:db8::1",
    "fe80::1%eth0": "fe80::1",
    "[fe80::1%25en0]:8080": "fe80::1",
    "::1": "::1",
    "": None,
    "unknown": None,
    "_hidden": None,
    "10.0.0.256": None,
    "192.0.2.7, 192.0.2.8": None,
    "[::1": "::1",
    "x" * 999: None,
}
NETWORKS = {
    "2001:db8:1:2:3::4": "2001:db8:1:2::/64",
    "2001:db8:1:2::9": "2001:db8:1:2::/64",
    "fe80::1%eth0": "fe80::1",  # all of one link are in fe80::/64
    "fe80::2%eth0": "fe80::2",
    "64:ff9b::192.0.2.7": "192.0.2.7",
    "_hidden": "client _hidden",
    "_SEVKISEK": "client _sevkisek",
    None: None,
    "": None,
    "-": None,
    "Unknown": None,
}


def test_an_address_is_read_in_each_form_that_is_written():
    seen = {said: address_in(said) for said in ADDRESSES}
    assert {said: found and str(found) for said, found in seen.items()} == ADDRESSES
    assert address_in(None) is None


def test_strangers_share_no_network():
    assert {said: network_at(said) for said in NETWORKS} == NETWORKS
    assert len(network_at("x" * 999)) <= 64


def test_a_client_of_whom_nothing_is_known_uses_up_nobodys_tries(client, app, alice):
    """Each account still has its limit; see test_rate_limits."""
    for said in ("", "unknown"):
        environ = {"environ_overrides": {"REMOTE_ADDR": said}}
        form = {"password": "wrong"}
        answers = [
            client.post("/auth/login", data=form | {"login": f"n{i}"}, **environ).status_code
            for i in range(40)
        ]
        own = [
            client.post("/auth/login", data=form | {"login": f"m{said}"}, **environ).status_code
            for _ in range(9)
        ]
        assert (set(answers), own) == ({200}, [200] * 8 + [429])


@pytest.mark.both_databases
def test_odd_addresses_break_nothing(client, alice):
    """They are written to the session, the log and mails, and decide who may see the mailbox."""
    for said in ("fe80::1%" + "x" * 99, "[2001:db8::1]:99", "_" + "y" * 99, "unknown", ""):
        environ = {"environ_overrides": {"REMOTE_ADDR": said}}
        form = {"login": "alice", "password": PASSWORD}
        assert client.post("/auth/login", data=form, **environ).status_code == 302, said
        assert client.get("/settings/sessions", **environ).status_code == 200, said
        assert client.get("/dev/mailbox", **environ).status_code in (200, 404), said
        client.post("/auth/logout", **environ)
