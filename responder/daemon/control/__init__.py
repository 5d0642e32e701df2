"""Commands beside a running daemon: a Unix socket in its runtime directory."""
