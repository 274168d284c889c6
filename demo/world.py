"""The company at work: people and machines act here, devices write what they would write.

Background and stories call the same actions, so nothing but the content separates them.
"""
import company
import core
from clock import MINUTE, SECOND
from sources import asa, bind, dhcpd, fortigate, postfix, rtx, screenos, squid, unknown, winsinks

PROXY02 = ("10.61.1.80", 8080)
PROXY01 = ("10.63.1.80", 8080)
DNS_TTL = 30 * MINUTE

# Where names lead to. Addresses from 192.0.2.200 on are the attackers' and stand here by name.
BAD_HOSTS = {
    "cdn.asahi-update.example": "192.0.2.201",
    "gw.nyusatsu-info.example": "192.0.2.202",
    "sync.photo-kura.example": "192.0.2.203",
    "files.haisou-meisai.example": "192.0.2.204",
    "free.kyoyu-space.example": "192.0.2.205",
    "tel.kaisen-shindan.example": "192.0.2.206",
    "up.gazou-bin.example": "192.0.2.207",
    "api.kosoku-sagyo.example": "192.0.2.208",
}


def outside_ip(host):
    """The address of an outside name: stable, from the documentation ranges."""
    if host in BAD_HOSTS:
        return BAD_HOSTS[host]
    number = core.digest(host)
    if number % 2:
        return f"198.51.100.{1 + number // 2 % 200}"
    return f"203.0.113.{64 + number // 2 % 180}"


def host_of(url):
    """The host of a URL or of `host:port`."""
    return url.split("//")[-1].split("/")[0].rsplit(":", 1)[0]


def default_port(url):
    authority = url.split("//")[-1].split("/")[0]
    return int(authority.rsplit(":", 1)[1]) if ":" in authority else 80


class World:
    def __init__(self, site):
        self.site = site
        self.fortigate = fortigate.FortiGate(site)
        self.screenos = screenos.ScreenOs(site)
        self.asa = asa.Asa(site)
        self.rtx = rtx.Rtx(site)
        self.native = squid.Native(site)
        self.combined = squid.Combined(site)
        self.dns = bind.Bind(site)
        self.dhcp = dhcpd.Dhcpd(site)
        self.postfix = postfix.Postfix(site)
        self.windows = winsinks.Windows(site)
        self.orders = unknown.OrderSystem(site)
        self.batch = unknown.Batch(site)
        self._dns_seen = {}
        self._port = 0
        self._logon_id = 0x3A100
        self._queue_id = 0x1F04

    # -- small shared counters -----------------------------------------------------------

    def port(self):
        """The next ephemeral port; a stride keeps neighbours from looking like a sequence."""
        self._port = (self._port + 7919) % 15000
        return 49152 + self._port

    def logon_id(self):
        self._logon_id += 0x2F3
        return self._logon_id

    def queue_id(self):
        self._queue_id += 0x1B7
        return f"{self._queue_id & 0xFFFFF:05X}{self._queue_id * 40503 & 0xFFFFF:05X}"

    def agent(self, person):
        """The browser that this person uses."""
        family = ("Edge", "Edge", "Edge", "Chrome", "Firefox")[core.digest(person.user) % 5]
        return company.APPROVED_AGENTS[family]

    # -- the web ----------------------------------------------------------------------------

    def web(self, t, person, method, url, tag=None, **details):
        """One request of a person through the branch's proxy, with its DNS query and its
        firewall lines. `details` are fields of squid.Request."""
        host = host_of(url)
        details.setdefault("agent", self.agent(person))
        details.setdefault("user", person.user)
        details.setdefault("reply_bytes", 2000 + core.digest(f"{url}{t}") % 30000)
        details.setdefault("request_bytes", 400 + core.digest(f"{t}{url}") % 1500)
        details.setdefault("milliseconds", 40 + core.digest(f"{t}") % 900)
        blocked = details.get("status", 200) in (403, 407)
        peer = "-" if blocked else outside_ip(host)
        request = squid.Request(t=t, client=person.ip, method=method, url=url, peer=peer,
                                **details)
        proxy = PROXY01 if person.branch == "tokyo" else PROXY02
        (self.native if person.branch == "tokyo" else self.combined).add(request, tag)
        self._branch_edge(request, person, proxy)
        if not blocked:
            self._resolve(t, proxy[0], host)
            self._internet_edge(request, person, (peer, default_port(url)))

    def _branch_edge(self, request, person, proxy):
        """The client's way to the proxy of the head office."""
        seconds = request.milliseconds // 1000 + 1
        source = (person.ip, self.port())
        start = request.t - seconds * SECOND
        if person.branch == "osaka":
            size = request.reply_bytes + request.request_bytes
            self.asa.session(start, source, proxy, size, seconds)
        elif person.branch == "asahikawa":
            self.rtx.inspect(start, source, proxy, seconds)

    def _internet_edge(self, request, person, destination):
        """The proxy's own connection to the outside."""
        seconds = request.milliseconds // 1000 + 1
        source = (PROXY01[0] if person.branch == "tokyo" else PROXY02[0], self.port())
        if person.branch == "tokyo":
            name = {80: "http", 443: "https"}.get(destination[1], f"tcp/port:{destination[1]}")
            self.screenos.traffic(request.t, source, destination, True, service=name,
                                  sent=request.request_bytes, received=request.reply_bytes,
                                  duration=seconds)
        else:
            self.fortigate.traffic(request.t, source, destination, "close",
                                   sent=request.request_bytes, received=request.reply_bytes,
                                   duration=seconds)

    def _resolve(self, t, client, host):
        """Ask ns01, unless the answer is still in the client's cache."""
        if self._dns_seen.get((client, host), 0) > t - DNS_TTL:
            return
        self._dns_seen[(client, host)] = t
        port = self.port()
        self.dns.query(t - SECOND // 5, client, port, host)
        self.dns.query(t - SECOND // 5, client, port + 1, host, "AAAA")

    # -- firewalls --------------------------------------------------------------------------

    def denied_out(self, t, person_or_ip, destination, proto="tcp", source_port=None, tag=None):
        """A direct try from a client network to the outside, stopped by the branch's edge."""
        ip = getattr(person_or_ip, "ip", person_or_ip)
        source = (ip, source_port or self.port())
        number = 6 if proto == "tcp" else 17
        net = ip.rsplit(".", 2)[0]
        if net == "10.61":
            self.fortigate.traffic(t, source, destination, "deny", number, tag=tag)
        elif net == "10.63":
            service = {80: "http", 443: "https", 25: "smtp"}.get(
                destination[1], f"{proto}/port:{destination[1]}")
            self.screenos.traffic(t, source, destination, False, number, service, tag=tag)
        elif net == "10.64":
            self.asa.deny(t, source, destination, proto, tag)
        else:
            self.rtx.reject_out(t, source, destination, proto.upper(), tag)

    # -- Windows ----------------------------------------------------------------------------

    def emit(self, t, event, tag=None):
        self.windows.emit(t, event, tag)

    def account(self, person, domain=company.AD_NETBIOS):
        """(sid, name, domain, logon id) of a new session of a person."""
        return (person.sid, person.user, domain, self.logon_id())
