"""PX-05: user agents that nobody approved."""
import company
from background.people import presence
from clock import HOUR, MINUTE, SECOND, at
from stories import sigma


def run(world):
    script(world)
    malformed(world)
    newer_browser(world)
    empty(world)


def script(world):
    person = company.PEOPLE["numata.j"]
    host = "api.sozai-toko.example"
    story = world.site.plant(
        "PX-05a", "PX-05", "high", {"client": [person.ip], "user": [person.user],
                                    "destination": [host]},
        "スクリプト言語の通信部品 (python-requests) が営業部のPCから通信した。",
        "A scripting library (python-requests) talks from a PC of the sales department.")
    rule_story = world.site.plant(
        "SG-agent", sigma.RULES["agent"], "medium", {"client": [person.ip],
                                                     "user": [person.user]},
        "同じ通信を、プロキシのSigmaルールでも検知する。",
        "The same requests, seen by the Sigma rule for proxies.")
    for number in range(6):
        world.web(at(2, "15:40:12") + number * 50 * SECOND, person, "GET",
                  f"http://{host}/v1/list?page={number}", agent="python-requests/2.31.0",
                  mime="application/json", tag=(story, rule_story))


def malformed(world):
    person = company.PEOPLE["uehara.f"]
    host = "www.kokyaku-enq.example"
    story = world.site.plant(
        "PX-05b", "PX-05", "medium", {"client": [person.ip], "user": [person.user],
                                      "destination": [host]},
        "区切りの空白が無い偽のIE6。人が使うブラウザは名乗らない形。",
        "A fake Internet Explorer 6 without the usual blanks: no browser writes it so.")
    for number in range(4):
        world.web(at(3, "11:16:03") + number * 7 * MINUTE, person, "GET",
                  f"http://{host}/i.php?id={number}",
                  agent="Mozilla/4.0 (compatible;MSIE 6.0;Windows NT 5.1)", tag=story)


def newer_browser(world):
    people = [company.PEOPLE[user] for user in ("kinjo.t", "maruo.k")]
    story = world.site.lookalike(
        "PX-05x1", "PX-05", {"user": [person.user for person in people]},
        "承認済みブラウザの次の版 (Edge 143)。先行配布のPC。",
        "The next version of an approved browser (Edge 143) on the pilot PCs.")
    for person in people:
        for day in (2, 3):
            stay = presence(person, day) or (at(day, "09:00"), 0)
            for number in range(5):
                world.web(stay[0] + (number + 1) * HOUR, person, "CONNECT",
                          "portal.kenpo-kumiai.example:443", agent=company.NEWER_EDGE, tag=story)


def empty(world):
    person = company.PEOPLE["tsuji.a"]
    story = world.site.lookalike(
        "PX-05x2", "PX-05", {"client": [person.ip]},
        "CONNECTで User-Agent が空。1日2回で、閾値に届かない。",
        "An empty user agent on CONNECT, twice a day: below the threshold.")
    for day in range(4):
        for hour in (10, 16):
            world.web(at(day, f"{hour}:22:{day * 7:02d}"), person, "CONNECT",
                      "roaming.jimu-cloud.example:443", agent="-", tag=story)
