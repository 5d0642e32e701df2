"""Days that are closed without standing in the configuration: public holidays, and the events of iCalendar files.

They change without the file: every year, and whenever a calendar is saved. The libraries for both are imported on use.
"""

from responder.adapters.calendars.keeper import Calendars

__all__ = ["Calendars"]
