"""Roles and who may change them."""
