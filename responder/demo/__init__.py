"""The product on this machine, against embedded IMAP and SMTP servers."""
