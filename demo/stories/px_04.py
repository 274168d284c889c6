"""PX-04: tunnels to ports other than 80 and 443."""
import company
from clock import HOUR, MINUTE, at


def run(world):
    tunnelled(world)
    denied(world)
    lookalikes(world)


def tunnelled(world):
    person = company.PEOPLE["sakuma.n"]
    host = "tel.kaisen-shindan.example"
    story = world.site.plant(
        "PX-04a", "PX-04", "high", {"client": [person.ip], "user": [person.user],
                                    "destination": [host], "port": ["4444"]},
        "4444番へのCONNECTが許可され、トンネルが張られた。",
        "A CONNECT to port 4444 went through.")
    for number in range(2):
        world.web(at(1, "14:03:17") + number * 21 * MINUTE, person, "CONNECT", f"{host}:4444",
                  reply_bytes=61022, request_bytes=8840, milliseconds=212044, tag=story)


def denied(world):
    person = company.PEOPLE["ida.k"]
    story = world.site.plant(
        "PX-04b", "PX-04", "medium", {"client": [person.ip], "user": [person.user],
                                      "destination": ["192.0.2.240"], "port": ["2222"]},
        "2222番へのCONNECTをプロキシが拒否した。",
        "A CONNECT to port 2222 was denied by the proxy.")
    world.web(at(3, "17:22:51"), person, "CONNECT", "192.0.2.240:2222", status=403,
              reply_bytes=3990, tag=story)


def lookalikes(world):
    person = company.PEOPLE["nagai.y"]
    cases = [
        ("PX-04x1", "CONNECT", "{}:{}".format(*company.VC_HOST), company.VC_HOST[0],
         "Web会議の8443番。台帳に許可がある。", "The video conference on 8443: registered."),
        ("PX-04x2", "CONNECT", "{}:{}".format(*company.EDI_HOST), company.EDI_HOST[0],
         "取引先EDIの9443番。台帳に許可がある。", "The partner's order exchange: registered."),
        ("PX-04x3", "GET", "http://kiosk.hokkai-jiho.example:8080/live", "kiosk.hokkai-jiho.example",
         "8080番だがGET。トンネルではない。", "Port 8080, but a GET: no tunnel."),
        ("PX-04x4", "CONNECT", "img.hokkai-jiho.example:80", "img.hokkai-jiho.example",
         "80番へのCONNECT。指針では許される。", "CONNECT to port 80: allowed by the guidance."),
    ]
    for number, (key, method, url, host, ja, en) in enumerate(cases):
        story = world.site.lookalike(key, "PX-04", {"client": [person.ip], "destination": [host]},
                                     ja, en)
        world.web(at(2, "09:35") + number * HOUR, person, method, url, tag=story)
