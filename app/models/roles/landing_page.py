"""Landing pages: where the holders of a role arrive after signing in."""

from flask import current_app

from ...permissions import Permission

HOME = "main.index"
NO_PLACES = ("auth.", "dev.", "account.delete_account", "main.healthz", "main.readyz")


class Holder:
    """Somebody who is signed in and holds this mask, whoever it may be."""

    is_authenticated = True

    def __init__(self, mask: int) -> None:
        self.mask = mask

    def can(self, permission: Permission) -> bool:
        return self.mask & permission == permission


def landing_pages(mask: int) -> dict[str, str]:
    """Map each endpoint that holders of the mask may land on to its address.

    It is a page: it opens by GET, for them, and needs nothing else in its address.
    """
    policies, holder = current_app.extensions["access"], Holder(mask)
    return {
        rule.endpoint: rule.rule
        for rule in sorted(current_app.url_map.iter_rules(), key=lambda rule: rule.rule)
        if "GET" in (rule.methods or ())
        and not rule.arguments
        and "." not in rule.rule
        and not rule.endpoint.startswith(NO_PLACES)  # where nobody wants to arrive
        and policies[rule.endpoint].admits(holder)
    }
