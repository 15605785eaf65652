"""Light rows for pages: feeds, threads, search, profiles."""
