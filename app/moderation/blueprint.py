"""The blueprint `moderation`, for moderators only."""

from flask import Blueprint

from ..decorators import gate
from ..permissions import Permission
from ..web.requests import actor

TABS = {  # the queues behind each, see models/waiting.py
    "moderation.queue": ["cases"],
    "moderation.held": ["posts", "comments"],
    "moderation.appeals": ["appeals"],
}
moderation = Blueprint("moderation", __name__)
gate(moderation, Permission.MODERATE)


@moderation.context_processor
def with_counts():
    """Add the number of pending items to each tab; their sum is the badge."""
    return dict(waiting_by_tab=waiting_by_tab)


def waiting_by_tab():
    queues = actor().session.queues
    return {tab: sum(queues[name] for name in names) for tab, names in TABS.items()}
