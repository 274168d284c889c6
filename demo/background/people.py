"""Who is at work when; shared by all background modules."""
import company
import core
from clock import at, HOUR, MINUTE


def presence(person, day):
    """(arrival, departure) of a person on a day; None for a day off."""
    rng = core.chance("presence", person.user, day)
    if rng.random() < 0.04 and person.pc not in company.ALWAYS_ON:
        return None
    start = at(day, "08:15") + int(rng.uniform(0, 50)) * MINUTE + rng.randrange(10**9)
    end = at(day, "17:35") + int(rng.triangular(0, 90, 15)) * MINUTE
    return start, end


def moments(rng, start, end, count):
    """`count` moments in working time, fewer around noon."""
    found = []
    while len(found) < count:
        t = int(rng.uniform(start, end))
        noon = (t - start) // HOUR == 3
        if not noon or rng.random() < 0.4:
            found.append(t)
    return sorted(found)
