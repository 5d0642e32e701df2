"""The outside world: IMAP, SMTP, SQLite, calendars, secrets. None of these rooms imports another."""
