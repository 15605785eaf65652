"""Posts and comments, and what members do with them."""
