"""Times as people say them."""


def duration(seconds: float) -> str:
    """Write a time for people: ``3 d 4 h``, ``2 h 5 min``, ``40 s``."""
    for unit, length, part, part_length in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit} {int(seconds % length // part_length)} {part}"
    return f"{seconds:.0f} s"


def about(seconds: float) -> str:
    """Write a time that is not known to the minute: ``about 5 minutes``, ``about 3 hours``, ``about 2 days``."""
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            count = round(seconds / length)
            return f"about {count} {unit}{'s' if count > 1 else ''}"
    return "less than a minute"
