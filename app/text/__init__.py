"""Pure functions of text: Markdown, names, domains, search words, differences."""
