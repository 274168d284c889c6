"""Squid: native access.log, and combined with X-Forwarded-For and upload bytes.

Combined here is `%>a - %un [%tl] "%rm %ru HTTP/1.1" %>Hs %<st "%{Referer}>h" "%{User-Agent}>h"
%Ss:%Sh "%{X-Forwarded-For}>h" %>st %tr %<a`; %>st counts what the client sent, tunnels included.
"""
import dataclasses

import clock

NATIVE_PATH = "logs/proxy01/access.log"
COMBINED_PATH = "logs/proxy02/access_combined.log"


@dataclasses.dataclass
class Request:
    """One finished request; t is its end, milliseconds its duration."""
    t: int
    client: str
    user: str
    method: str
    url: str                 # host:port for CONNECT
    peer: str                # the address the proxy went to, "-" when it went nowhere
    status: int = 200
    reply_bytes: int = 0
    request_bytes: int = 0
    milliseconds: int = 100
    agent: str = "-"
    referer: str = "-"
    mime: str = "-"
    forwarded_for: str = "-"

    def result(self):
        """Squid's result code for this method and status."""
        if self.status in (403, 407):
            return "TCP_DENIED"
        return "TCP_TUNNEL" if self.method == "CONNECT" else "TCP_MISS"

    def hierarchy(self):
        return "HIER_NONE" if self.peer == "-" else "HIER_DIRECT"


class Native:
    def __init__(self, site):
        self.log = site.journal(NATIVE_PATH)

    def add(self, request, tag=None):
        r = request
        self.log.add(r.t, f"{clock.epoch_millis(r.t)} {r.milliseconds:6d} {r.client} "
                          f"{r.result()}/{r.status} {r.reply_bytes} {r.method} {r.url} {r.user} "
                          f"{r.hierarchy()}/{r.peer} {r.mime}", tag)


class Combined:
    def __init__(self, site):
        self.log = site.journal(COMBINED_PATH)

    def add(self, request, tag=None):
        r = request
        self.log.add(r.t, f'{r.client} - {r.user} [{clock.clf(r.t)}] "{r.method} {r.url} HTTP/1.1" '
                          f'{r.status} {r.reply_bytes} "{r.referer}" "{r.agent}" '
                          f'{r.result()}:{r.hierarchy()} "{r.forwarded_for}" {r.request_bytes} '
                          f'{r.milliseconds} {r.peer}', tag)
