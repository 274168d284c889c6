"""PX-02: a control channel that calls at regular intervals on every day."""
import company
import core
from clock import END, MINUTE, SECOND, at

HOST = "api.kosoku-sagyo.example"


def run(world):
    beacon(world)
    irregular(world)


def beacon(world):
    person = company.PEOPLE["tamura.e"]
    story = world.site.plant(
        "PX-02a", "PX-02", "high", {"client": [person.ip], "user": [person.user],
                                    "destination": [HOST]},
        "感染PCだけが、45分毎に昼夜を問わず4日間、同じホストへ接続している。",
        "Only the infected PC connects to one host every 45 minutes, day and night, for four days.")
    rng = core.chance("beacon")
    t = at(0, "09:58:30")
    while t < END - MINUTE:
        world.web(t, person, "CONNECT", f"{HOST}:443", reply_bytes=rng.randint(4080, 4310),
                  request_bytes=rng.randint(690, 760), milliseconds=rng.randint(300, 700),
                  tag=story)
        t += 45 * MINUTE + int(rng.gauss(0, 50) * SECOND)


def irregular(world):
    """A recipe site that one person likes: three days of four, but not in a row."""
    person = company.PEOPLE["hirose.m"]
    host = "www.ryori-memo.example"
    story = world.site.lookalike(
        "PX-02x2", "PX-02", {"client": [person.ip], "destination": [host]},
        "個人が時々見る料理サイト。間隔は不規則で、3日連続ではない。",
        "A recipe site that one person reads now and then: irregular, not on three days in a row.")
    rng = core.chance("recipes")
    for day in (0, 1, 3):
        for _ in range(rng.randint(2, 5)):
            t = at(day, "12:10") + rng.randrange(45 * 60) * SECOND
            world.web(t, person, "CONNECT", f"{host}:443", tag=story)
