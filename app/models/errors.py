"""What the rules say where they forbid an act."""


class Refused(ValueError):
    """An act that the rules forbid; its words may be shown to whoever tried."""


class ChangedMeanwhile(Refused):
    """Somebody has changed the thing after it was opened for this change."""


class Silenced(Refused):
    """A sanction came while somebody wrote."""
