"""Networks: the client's address, and the network by which rate limits count."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from flask import Request

NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
SAYS_NOTHING = ("", "-", "unknown")


def client_address(request: Request) -> str:
    """Return the address in canonical form, or what the proxy sent: at most 45 characters."""
    said = request.remote_addr
    return str(address_in(said) or said or "")[:45]


def network_of(request: Request) -> str | None:
    return network_at(request.remote_addr)


def network_at(said: str | None) -> str | None:
    """Return the IPv4 address, or the /64 of an IPv6 address, as one household has all of it.

    An identifier that is no address (RFC 7239) is returned as "client …". None means unknown:
    nothing is counted then, or strangers would use up each other's attempts.
    """
    address = address_in(said)
    if address is None:
        said = (said or "").strip().strip('"').lower()
        return None if said in SAYS_NOTHING else f"client {said[:56]}"
    if isinstance(address, IPv6Address) and not address.is_link_local:
        return str(ip_network((address, 64), strict=False))
    return str(address)


def address_in(said: str | None) -> IPv4Address | IPv6Address | None:
    """Return the address in a proxy's header, which may have a port, brackets or a zone; else None.

    For an IPv4 client behind an IPv6 gateway, return the IPv4 address.
    """
    text = (said or "").strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return _behind(address) or address
    return address


def _behind(address: IPv6Address) -> IPv4Address | IPv6Address | None:
    if address in NAT64:
        return ip_address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or (address.teredo or (None, None))[1]
