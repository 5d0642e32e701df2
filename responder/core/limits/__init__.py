"""How many replies may leave, and how long to wait before a retry."""
