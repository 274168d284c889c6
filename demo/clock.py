"""Time in the demo site: nanoseconds since 1970 (UTC) inside, one function per device's text.

Every device stands in Japan (UTC+9, no summer time). The demo covers four working days.
"""
import datetime

SECOND = 10**9
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
JST_OFFSET = 9 * HOUR
FIRST_DATE = datetime.date(2026, 11, 9)  # a Monday
DAY_COUNT = 4
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
UNIX_TO_FILETIME = 116444736000000000

START = (FIRST_DATE - datetime.date(1970, 1, 1)).days * DAY - JST_OFFSET
END = START + DAY_COUNT * DAY


def at(day, text):
    """Local time `HH:MM[:SS]` on the given day (0 is the first) as nanoseconds."""
    parts = [int(part) for part in text.split(":")] + [0]
    return START + day * DAY + parts[0] * HOUR + parts[1] * MINUTE + parts[2] * SECOND


def _local(t):
    return datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=(t + JST_OFFSET) // SECOND)


def _utc(t):
    return datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=t // SECOND)


def rfc3164(t):
    """`Nov  9 08:30:00`: no year, no zone."""
    d = _local(t)
    return f"{MONTHS[d.month - 1]} {d.day:2d} {d:%H:%M:%S}"


def asa(t):
    """`Nov 09 2026 08:30:00`: `logging timestamp` without rfc5424."""
    d = _local(t)
    return f"{MONTHS[d.month - 1]} {d.day:02d} {d.year} {d:%H:%M:%S}"


def clf(t):
    """`09/Nov/2026:08:30:00 +0900`."""
    d = _local(t)
    return f"{d.day:02d}/{MONTHS[d.month - 1]}/{d.year}:{d:%H:%M:%S} +0900"


def bind(t):
    """`09-Nov-2026 08:30:00.123`."""
    d = _local(t)
    return f"{d.day:02d}-{MONTHS[d.month - 1]}-{d.year} {d:%H:%M:%S}.{t % SECOND // 10**6:03d}"


def local(t, date_mark="-"):
    """`2026-11-09 08:30:00` with the given mark between the parts of the date."""
    return f"{_local(t):%Y{date_mark}%m{date_mark}%d %H:%M:%S}"


def utc(t, digits=7):
    """RFC 3339 in UTC with that many digits of fraction."""
    fraction = f"{t % SECOND:09d}"[:digits]
    return f"{_utc(t):%Y-%m-%dT%H:%M:%S}" + (f".{fraction}" if digits else "") + "Z"


def epoch_millis(t):
    """`1794182400.123`, as Squid's native format has it."""
    return f"{t // SECOND}.{t % SECOND // 10**6:03d}"


def filetime(t):
    """100 ns ticks since 1601."""
    return t // 100 + UNIX_TO_FILETIME
