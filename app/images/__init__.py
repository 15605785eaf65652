"""Pictures: identicons, and what members upload."""
