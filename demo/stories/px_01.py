"""PX-01: requests to domains and URLs of the IOC lists."""
import company
from clock import SECOND, at

DOMAIN = "haisou-meisai.example"
URL = "http://free.kyoyu-space.example/share/k2/invoice.html"


def run(world):
    fetched(world)
    denied(world)
    lookalikes(world)


def fetched(world):
    person = company.PEOPLE["tamura.e"]
    host = f"files.{DOMAIN}"
    story = world.site.plant(
        "PX-01a", "PX-01", "critical", {"client": [person.ip], "user": [person.user],
                                        "destination": [host]},
        "添付を開いた直後、IOCのドメインの下のホストから追加のプログラムを取得した。",
        "Right after the attachment was opened the PC fetches from a host below a listed domain.")
    for number, path in enumerate(("inv/stage2.dat", "inv/conf.bin")):
        world.web(at(0, "09:52:06") + number * 4 * SECOND, person, "GET", f"http://{host}/{path}",
                  reply_bytes=318220 if number == 0 else 2048, request_bytes=311,
                  mime="application/octet-stream", tag=story)


def denied(world):
    person = company.PEOPLE["dan.h"]
    story = world.site.plant(
        "PX-01b", "PX-01", "high", {"client": [person.ip], "user": [person.user],
                                    "destination": ["free.kyoyu-space.example"]},
        "IOCのURLを開こうとして、プロキシが拒否した。",
        "A listed URL was opened; the proxy denied it.")
    world.web(at(2, "10:26:41"), person, "GET", URL, status=403, reply_bytes=3980,
              mime="text/html", tag=story)


def lookalikes(world):
    person = company.PEOPLE["matsui.c"]
    story = world.site.lookalike(
        "PX-01x1", "PX-01", {"client": [person.ip], "destination": ["free.kyoyu-space.example"]},
        "同じ共有サイトの別のページ。IOCはURLで、ホストではない。",
        "Another page of the same sharing site: the list names a URL, not the host.")
    world.web(at(2, "11:07:12"), person, "GET",
              "http://free.kyoyu-space.example/share/menu.html", mime="text/html", tag=story)
    other = company.PEOPLE["wakui.o"]
    story = world.site.lookalike(
        "PX-01x2", "PX-01", {"client": [other.ip], "destination": [f"www.e-{DOMAIN}"]},
        "IOCのドメインで終わる文字列だが、別のドメイン (境目がドットではない)。",
        "Ends with the listed text, yet is another domain: no dot before it.")
    world.web(at(2, "11:30:49"), other, "CONNECT", f"www.e-{DOMAIN}:443", tag=story)
