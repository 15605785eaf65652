"""Which network a request comes from: what limits count where no account is known."""

from ipaddress import IPv6Address, ip_address, ip_network


def network_of(request):
    """Return which one a request comes from."""
    return network_at(request.remote_addr)


def network_at(address):
    """Return the IPv4 address, or the /64 of an IPv6 address: one household owns all of it."""
    try:
        address = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ip_network((address, 64), strict=False))
    return str(address)
