"""What the firewalls, DNS and DHCP see besides the web: time, names, noise from both sides."""
import company
import core
from background.people import presence
from background.web import POPULAR
from clock import DAY_COUNT, HOUR, MINUTE, SECOND, START, at
from world import outside_ip

SCANNERS = ["198.51.100.211", "198.51.100.213", "203.0.113.250", "192.0.2.140", "192.0.2.141"]
SCANNED_PORTS = [22, 23, 80, 445, 1433, 3389, 5060, 8080, 8443]
PROBE_HOST = "probe.koushin-mado.example"  # Windows' own test of the connection


def run(world):
    time_service(world)
    inbound_scans(world)
    upstream_dns(world)
    address_leases(world)
    for person in company.PEOPLE.values():
        for day in range(DAY_COUNT):
            stay = presence(person, day)
            if stay:
                direct_tries(world, person, day, stay)
    out_of_state(world)
    known_devices(world)


def time_service(world):
    """NTP of the servers and routers, every 17 minutes."""
    for step in range(DAY_COUNT * 24 * 60 // 17):
        t = START + step * 17 * MINUTE + 11 * SECOND
        server = company.NTP_SERVERS[step % 2]
        world.fortigate.traffic(t, ("10.61.1.11", 123), (server, 123), "accept", 17, 76, 76, 180)
        world.screenos.traffic(t, ("10.63.1.80", 123), (server, 123), True, 17, "ntp", 76, 76, 60)
        world.asa.session(t, ("10.64.20.2", 123), (server, 123), 152, 120, "UDP")
        world.rtx.inspect(t, ("10.62.20.2", 123), (server, 123), 30, "UDP", "PP[01]")


def inbound_scans(world):
    """The Internet knocks on the public addresses; denied, and no business of FW-02/03."""
    rng = core.chance("scans")
    for _ in range(520):
        t = START + rng.randrange(DAY_COUNT * 24 * 3600) * SECOND
        source = (rng.choice(SCANNERS), rng.randint(20000, 60000))
        port = rng.choice(SCANNED_PORTS)
        number = rng.randrange(3)
        if number == 0:
            world.fortigate.traffic(t, source, (f"203.0.113.{rng.randint(1, 14)}", port), "deny",
                                    inbound=True)
        elif number == 1:
            world.screenos.traffic(t, source, ("198.51.100.242", port), False,
                                   service=f"tcp/port:{port}", zones=("Untrust", "Trust"))
        else:
            world.rtx.reject_in(t, source, ("203.0.113.13", port))


def upstream_dns(world):
    """The name server asks its forwarders; clients of the domain ask for internal names."""
    rng = core.chance("dns")
    for step in range(420):
        t = START + rng.randrange(DAY_COUNT * 24 * 3600) * SECOND
        world.fortigate.traffic(t, ("10.61.1.53", world.port()), (company.NTP_SERVERS[step % 2], 53),
                                "accept", 17, 71, 180, 5)
        world.dns.query(t, "10.61.1.11", world.port(), f"_ldap._tcp.dc._msdcs.{company.AD_DNS}",
                        "SRV")
        world.dns.query(t, "10.61.1.92", world.port(), rng.choice(list(company.SERVERS)) +
                        "." + company.AD_DNS)


def address_leases(world):
    """A lease of two hours, renewed after one, for every PC that is on."""
    for person in company.PEOPLE.values():
        for day in range(DAY_COUNT):
            stay = presence(person, day)
            if stay:
                leases_of_day(world, person, day, stay)


def leases_of_day(world, person, day, stay):
    t = stay[0] - 2 * MINUTE
    world.dhcp.lease(t, person.ip, person.mac, person.pc)
    stays_on = person.pc in company.ALWAYS_ON
    end = at(day + 1, "08:00") if stays_on else stay[1]
    while t < end - HOUR:
        t += HOUR - core.digest(f"{person.pc}{t}") % 40 * SECOND
        world.dhcp.renew(t, person.ip, person.mac, person.pc)
    if not stays_on:
        world.dhcp.release(end, person.ip, person.mac, person.pc)


def direct_tries(world, person, day, stay):
    """Programs that ignore the proxy: QUIC to popular sites, the connection probe."""
    rng = core.chance("direct", person.user, day)
    for _ in range(rng.randint(2, 6)):
        t = int(rng.uniform(*stay))
        world.denied_out(t, person, (outside_ip(rng.choice(POPULAR[:6])), 443), "udp")
    t = stay[0] + rng.randrange(300) * SECOND
    port = world.port()
    for wait in (0, 3, 9):  # the same try, its SYN repeated
        world.denied_out(t + wait * SECOND, person, (outside_ip(PROBE_HOST), 80),
                         source_port=port)


def out_of_state(world):
    """Late packets of closed sessions: dropped, but no attempt to get out."""
    osaka, head_office = company.PEOPLE["nitta.j"].ip, company.PEOPLE["kasuga.r"].ip
    story = world.site.lookalike(
        "FW-03x1", "FW-03", {"client": [osaka, head_office]},
        "終了済みセッションの遅れたパケット (ASA 106015、FortiGate no session matched)。",
        "Late packets of closed sessions (ASA 106015, FortiGate no session matched).")
    rng = core.chance("state")
    target = (outside_ip("www.tenki-navi.example"), 443)
    for day in range(DAY_COUNT):
        for number in range(12):
            t = at(day, f"{9 + number % 8:02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}")
            world.asa.out_of_state(t, (osaka, world.port()), target, story)
            world.fortigate.out_of_state(t + MINUTE, (head_office, world.port()), target, story)


def known_devices(world):
    """The copier and a camera phone home; denied, registered, of no interest."""
    copier, _, (copier_cloud,), _ = company.DEVICES["mfp-hq-1"]
    story = world.site.lookalike(
        "FW-03x2", "FW-03", {"client": [copier], "destination": [copier_cloud]},
        "複合機の保守通信。毎時拒否されるが、台帳に登録がある。",
        "The copier phones home every hour and is denied: a registered device.")
    for step in range(DAY_COUNT * 24):
        world.denied_out(START + step * HOUR + 13 * MINUTE, copier, (copier_cloud, 443), tag=story)
    camera, _, (camera_cloud,), _ = company.DEVICES["cam-os-1"]
    story = world.site.lookalike(
        "FW-03x4", "FW-03", {"client": [camera], "destination": [camera_cloud]},
        "倉庫のカメラの外部通信 (ASA 106100)。拒否されるが、台帳に登録がある。",
        "The camera of the warehouse phones home (ASA 106100) and is denied: registered.")
    for step in range(DAY_COUNT * 48):
        t = START + step * 30 * MINUTE + 21 * SECOND
        world.asa.denied_hits(t, (camera, world.port()), (camera_cloud, 8080), 1, story)
