"""Settings, pages of the site, and daily counts."""
