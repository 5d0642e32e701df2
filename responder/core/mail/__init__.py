"""What a message's header block says: any bytes to a message, addresses, authentication."""
