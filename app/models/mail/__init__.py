"""The outbox, and what staff does to it."""
