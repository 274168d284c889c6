"""Cisco ASA with `logging timestamp`: 302013-302016, 106023, 106100, 106015, 111008."""
import clock

PATH = "logs/asa01/asa.log"


class Asa:
    """The edge of the Osaka warehouse; inside is the LAN, outside the Internet and the VPN."""

    def __init__(self, site):
        self.log = site.journal(PATH)
        self.connection = 9120044

    def message(self, t, severity, number, text, tag=None):
        priority = 20 * 8 + severity
        self.log.add(t, f"<{priority}>{clock.asa(t)} asa01 : %ASA-{severity}-{number}: {text}", tag)

    def session(self, t, src, dst, size, seconds, proto="TCP", tag=None):
        """Built and teardown of one permitted outbound connection."""
        self.connection += 7
        built, torn = ("302013", "302014") if proto == "TCP" else ("302015", "302016")
        self.message(t, 6, built,
                     f"Built outbound {proto} connection {self.connection} for "
                     f"outside:{dst[0]}/{dst[1]} ({dst[0]}/{dst[1]}) to "
                     f"inside:{src[0]}/{src[1]} ({src[0]}/{src[1]})", tag)
        reason = " TCP FINs" if proto == "TCP" else ""
        self.message(t + seconds * clock.SECOND, 6, torn,
                     f"Teardown {proto} connection {self.connection} for "
                     f"outside:{dst[0]}/{dst[1]} to inside:{src[0]}/{src[1]} duration "
                     f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d} "
                     f"bytes {size}{reason}", tag)

    def deny(self, t, src, dst, proto="tcp", tag=None):
        """Dropped by the access list on its way out."""
        self.message(t, 4, "106023",
                     f"Deny {proto} src inside:{src[0]}/{src[1]} dst outside:{dst[0]}/{dst[1]} "
                     'by access-group "LAN_OUT" [0x2b1c77e0, 0x0]', tag)

    def denied_hits(self, t, src, dst, hits, tag=None):
        """The same, by an access list entry with `log`: one line for several packets."""
        self.message(t, 6, "106100",
                     f"access-list LAN_OUT denied tcp inside/{src[0]}({src[1]}) -> "
                     f"outside/{dst[0]}({dst[1]}) hit-cnt {hits} first hit [0x2b1c77e0, 0x0]", tag)

    def out_of_state(self, t, src, dst, tag=None):
        self.message(t, 6, "106015",
                     f"Deny TCP (no connection) from {src[0]}/{src[1]} to {dst[0]}/{dst[1]} "
                     "flags RST ACK  on interface inside", tag)
