"""What the rules say where they forbid an act."""


class Refused(ValueError):
    """An act that the rules forbid; its words may be shown to whoever tried."""
