"""Real and scripted servers that tests talk to, on loopback only."""
