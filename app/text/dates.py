"""Dates in words, for pages and mails without JavaScript: 22 November 2026, 14:05 UTC."""

from datetime import datetime, time, timedelta


def date_time(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def end_date(moment: datetime) -> str:
    """Return when something ends, in words; midnight is worded as the end of the day before."""
    if moment.time() != time.min:
        return date_time(moment)
    day = moment - timedelta(days=1)
    return f"the end of {day.day} {day:%B %Y} (UTC)"
