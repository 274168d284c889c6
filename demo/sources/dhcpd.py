"""ISC dhcpd by syslog: DISCOVER, OFFER, REQUEST, ACK, RELEASE."""
import clock

PATH = "logs/dhcp01/dhcpd.log"


class Dhcpd:
    def __init__(self, site):
        self.log = site.journal(PATH)

    def line(self, t, text, tag=None):
        self.log.add(t, f"{clock.rfc3164(t)} dhcp01 dhcpd[713]: {text}", tag)

    def lease(self, t, ip, mac, host, tag=None):
        """A PC comes up and gets its address."""
        relay = ip.rsplit(".", 1)[0] + ".1"
        self.line(t, f"DHCPDISCOVER from {mac} ({host}) via {relay}", tag)
        self.line(t + clock.SECOND, f"DHCPOFFER on {ip} to {mac} ({host}) via {relay}", tag)
        self.renew(t + clock.SECOND, ip, mac, host, tag)

    def renew(self, t, ip, mac, host, tag=None):
        relay = ip.rsplit(".", 1)[0] + ".1"
        self.line(t, f"DHCPREQUEST for {ip} from {mac} ({host}) via {relay}", tag)
        self.line(t, f"DHCPACK on {ip} to {mac} ({host}) via {relay}", tag)

    def release(self, t, ip, mac, host, tag=None):
        relay = ip.rsplit(".", 1)[0] + ".1"
        self.line(t, f"DHCPRELEASE of {ip} from {mac} ({host}) via {relay} (found)", tag)
