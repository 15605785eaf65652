"""What the rules say where they forbid an act."""


class Refused(ValueError):
    """An act that the rules forbid; its words may be shown to whoever tried."""


class Silenced(Refused):
    """A sanction came while somebody wrote."""
