"""The audit log: entries, actions, and the chain that shows a change."""
