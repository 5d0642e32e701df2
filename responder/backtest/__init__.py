"""The dry run: judge the mail already in a folder, each message as of its own arrival."""
