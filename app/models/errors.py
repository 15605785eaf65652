"""Errors that the models raise when a rule forbids an action."""


class Refused(ValueError):
    """An action that a rule forbids; the message is for the user who tried it."""


class ChangedMeanwhile(Refused):
    """The object was changed after the user opened it for editing."""


class Silenced(Refused):
    """A sanction was imposed while the user was writing."""
