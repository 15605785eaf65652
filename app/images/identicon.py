"""Identicons: SVG pictures drawn from a random key, without a service that learns addresses."""

import hashlib

SIZE = 5  # cells a side; the right half mirrors the left


def identicon(key: str) -> str:
    """Return an SVG, the same for the same key, without inline style, which our policy forbids."""
    digest = hashlib.sha256(key.encode()).digest()
    hue = int.from_bytes(digest[:2]) % 360
    cells = "".join(
        f"M{x} {y}h1v1h-1z"
        for y in range(SIZE)
        for x in range(SIZE)
        if digest[2 + y * 3 + min(x, SIZE - 1 - x)] % 2
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 7 7" width="80" height="80">'
        f'<rect x="-1" y="-1" width="7" height="7" fill="hsl({hue} 45% 92%)"/>'
        f'<path d="{cells}" fill="hsl({hue} 55% 42%)"/></svg>'
    )
