"""The long-running process: supervision, reload, systemd, logs, and the control socket."""
