"""FortiGate (FortiOS 7) traffic log, key=value, as the device sends it by syslog."""
import clock

PATH = "logs/fw01/fortigate.log"
SERVICES = {(6, 80): "HTTP", (6, 443): "HTTPS", (6, 25): "SMTP", (17, 53): "DNS", (17, 123): "NTP",
            (17, 443): "udp/443", (6, 22): "SSH", (6, 445): "SMB", (6, 3389): "RDP"}
PERMITS = {"accept", "close", "timeout", "client-rst", "server-rst", "ip-conn"}


class FortiGate:
    """The edge of the head office: LAN port2, DMZ port3, Internet port1."""

    def __init__(self, site):
        self.log = site.journal(PATH)
        self.session = 21740016

    def traffic(self, t, src, dst, action, proto=6, sent=0, received=0, duration=1,
                inbound=False, tag=None):
        """One forward-traffic line; src and dst are (address, port)."""
        self.session += 3
        denied = action not in PERMITS
        inside, outside = ("port2", "lan"), ("port1", "wan")
        a, b = (outside, inside) if inbound else (inside, outside)
        service = SERVICES.get((proto, dst[1]), f"{'tcp' if proto == 6 else 'udp'}/{dst[1]}")
        head = self._head(t, "0000000013", "warning" if denied else "notice")
        line = (f'{head} srcip={src[0]} srcport={src[1]} srcintf="{a[0]}" srcintfrole="{a[1]}" '
                f'dstip={dst[0]} dstport={dst[1]} dstintf="{b[0]}" dstintfrole="{b[1]}" '
                f'srccountry="{"Japan" if inbound else "Reserved"}" dstcountry="Japan" '
                f'sessionid={self.session} proto={proto} action="{action}" ')
        if denied:
            line += (f'policyid=0 policytype="policy" service="{service}" trandisp="noop" '
                     'duration=0 sentbyte=0 rcvdbyte=0 sentpkt=0 rcvdpkt=0 appcat="unscanned" '
                     'crscore=30 craction=131072 crlevel="high"')
        else:
            line += (f'policyid={30 if inbound else 12} policytype="policy" service="{service}" '
                     f'trandisp="snat" transip=203.0.113.2 transport={src[1]} '
                     f'duration={duration} sentbyte={sent} rcvdbyte={received} '
                     f'sentpkt={sent // 900 + 3} rcvdpkt={received // 1300 + 3} '
                     'appcat="unscanned"')
        self.log.add(t, line, tag)

    def out_of_state(self, t, src, dst, tag=None):
        """A packet that belongs to no session any more: a drop, but no attempt."""
        head = self._head(t, "0000000007", "warning")
        self.log.add(t, f'{head} srcip={src[0]} srcport={src[1]} srcintf="port2" '
                        f'srcintfrole="lan" dstip={dst[0]} dstport={dst[1]} dstintf="port1" '
                        f'dstintfrole="wan" sessionid=0 proto=6 action="deny" policyid=0 '
                        f'policytype="policy" service="tcp/{dst[1]}" trandisp="noop" '
                        'msg="no session matched" duration=0 sentbyte=0 rcvdbyte=0', tag)

    def _head(self, t, log_id, level):
        date, time = clock.local(t).split(" ")
        priority = 188 if level == "warning" else 189
        return (f'<{priority}>date={date} time={time} devname="fw01" devid="FGT81FTK20034512" '
                f'eventtime={t} tz="+0900" logid="{log_id}" type="traffic" subtype="forward" '
                f'level="{level}" vd="root"')
