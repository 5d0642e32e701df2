"""When it is open, when it closes, and how times are said in words."""
