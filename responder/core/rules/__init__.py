"""Who gets no reply, and why."""
