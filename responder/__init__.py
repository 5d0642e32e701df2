"""After-hours responder: one short, warm, automatic reply out of hours, always with a way to help."""

__version__ = "0.1.0"
