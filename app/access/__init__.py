"""Who may open what: the policies, and the map of them."""
