"""What runs in the background: mail, digests, notices, clean-ups, exports."""
