"""FW-02: sessions to addresses of the IOC list."""
import company
from clock import MINUTE, SECOND, at

LISTED = ["192.0.2.221", "192.0.2.222", "192.0.2.224"]


def run(world):
    permitted(world)
    denied(world)
    neighbour(world)
    inbound(world)


def permitted(world):
    person = company.PEOPLE["kubota.n"]
    story = world.site.plant(
        "FW-02a", "FW-02", "critical", {"client": [person.ip], "destination": [LISTED[0]]},
        "東京支店の広報課PCが、既知の指令サーバのアドレスへ通信し、許可された。",
        "A PC of the Tokyo branch talks to a listed command server, and the firewall permits it.")
    for minute, (sent, received) in enumerate([(1840, 5210), (2210, 880), (96430, 1203)]):
        t = at(1, "15:12:20") + minute * 11 * MINUTE
        world.screenos.traffic(t, (person.ip, world.port()), (LISTED[0], 443), True,
                               service="https", sent=sent, received=received, duration=38,
                               tag=story)


def denied(world):
    person = company.PEOPLE["oikawa.s"]
    story = world.site.plant(
        "FW-02b", "FW-02", "high", {"client": [person.ip], "destination": [LISTED[1]]},
        "本社営業部のPCが、既知の指令サーバへ接続を試み、拒否された。",
        "A PC of the head office tries a listed command server and is denied.", also=("FW-03",))
    for wait in (0, 47):
        world.denied_out(at(2, "10:03:11") + wait * SECOND, person, (LISTED[1], 8443), tag=story)


def neighbour(world):
    person = company.PEOPLE["kubota.n"]
    story = world.site.lookalike(
        "FW-02x1", "FW-02", {"client": [person.ip], "destination": ["192.0.2.223"]},
        "IOCの隣のアドレス。一覧には無い。",
        "The address next to a listed one; not listed itself.")
    world.screenos.traffic(at(1, "11:20:05"), (person.ip, world.port()), ("192.0.2.223", 443),
                           True, service="https", sent=3011, received=48210, duration=9, tag=story)


def inbound(world):
    story = world.site.lookalike(
        "FW-02x2", "FW-02", {"destination": [company.PUBLIC_MAIL_IP]},
        "IOCのアドレスから公開アドレスへの探索。外から内で、拒否済み。端末の感染ではない。",
        "A listed address probes our public address: from outside, denied, no infected PC.")
    for number in range(3):
        world.fortigate.traffic(at(3, "03:40") + number * MINUTE, (LISTED[2], 41200 + number),
                                (company.PUBLIC_MAIL_IP, 22 + number), "deny", inbound=True,
                                tag=story)
