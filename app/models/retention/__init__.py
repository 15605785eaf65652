"""Leaving: exports, account deletion, erasure and purging."""
