"""FW-03: tries from inside to the outside that the firewall stops."""
import company
import core
from clock import MINUTE, SECOND, at


def run(world):
    regular(world)
    mail_from_pc(world)
    from_server(world)
    retries(world)


def regular(world):
    person = company.PEOPLE["endo.f"]
    destination = "192.0.2.231"
    story = world.site.plant(
        "FW-03a", "FW-03", "high", {"client": [person.ip], "destination": [destination]},
        "旭川工場のPCが、10分毎に同じ外部アドレスの443番へ接続を試み、ルータが拒否している。",
        "A factory PC tries one outside address on port 443 every ten minutes; rejected.")
    rng = core.chance("fw03a")
    for number in range(48):
        t = at(2, "09:04") + number * 10 * MINUTE + rng.randrange(4) * SECOND
        world.denied_out(t, person, (destination, 443), tag=story)


def mail_from_pc(world):
    person = company.PEOPLE["yasui.m"]
    destination = "192.0.2.232"
    story = world.site.plant(
        "FW-03b", "FW-03", "high", {"client": [person.ip], "destination": [destination]},
        "大阪のPCが、外部のメールサーバ (25番) へ直接送ろうとして拒否された。",
        "A PC of the warehouse tries to send mail directly (port 25); denied.")
    rng = core.chance("fw03b")
    t = at(3, "13:10")
    for _ in range(9):
        t += rng.randint(2, 35) * MINUTE
        world.denied_out(t, person, (destination, 25), tag=story)


def from_server(world):
    server = company.SERVERS["srv01"]
    destination = "192.0.2.233"
    story = world.site.plant(
        "FW-03c", "FW-03", "high", {"client": [server.ip], "destination": [destination]},
        "受発注サーバが外部の8080番へ接続を試み、拒否された。サーバから外への通信は無いはず。",
        "The order server tries an outside address on port 8080; servers should not.")
    for number in range(7):
        world.denied_out(at(2, "02:14") + number * 13 * MINUTE, server.ip, (destination, 8080),
                         tag=story)


def retries(world):
    """Six packets, but two tries only: SYN repeats from the same source port."""
    person = company.PEOPLE["saeki.t"]
    destination = "192.0.2.234"
    story = world.site.lookalike(
        "FW-03x3", "FW-03", {"client": [person.ip], "destination": [destination]},
        "SYN再送。拒否6行だが、送信元ポートは2つだけで、実際の試行は2回。",
        "SYN retries: six denied packets, yet only two source ports, so two tries.")
    for base in ("10:41:07", "16:02:30"):
        port = world.port()
        for wait in (0, 3, 9):
            world.denied_out(at(1, base) + wait * SECOND, person, (destination, 443),
                             source_port=port, tag=story)
