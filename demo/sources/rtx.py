"""YAMAHA RTX: INSPECT (permitted, written at session end), Rejected, DHCPD, tunnel state."""
import clock

PATH = "logs/rtx01/rtx.log"
ADDRESS = "10.62.20.1"


class Rtx:
    """The router of the Asahikawa factory."""

    def __init__(self, site):
        self.log = site.journal(PATH)

    def line(self, t, text, tag=None):
        self.log.add(t, f"{clock.rfc3164(t)} {ADDRESS} {text}", tag)

    def inspect(self, t, src, dst, seconds, proto="TCP", interface="TUNNEL[1]", tag=None):
        """A permitted session; t is its start, the line comes at its end."""
        end = t + seconds * clock.SECOND
        self.line(end, f"[INSPECT] {interface}[out][200099] {proto} {src[0]}:{src[1]} > "
                       f"{dst[0]}:{dst[1]} ({clock.local(t, '/')})", tag)

    def reject_out(self, t, src, dst, proto="TCP", tag=None):
        self.line(t, f"PP[01] Rejected at OUT(200013) filter: {proto} {src[0]}:{src[1]} > "
                     f"{dst[0]}:{dst[1]}", tag)

    def reject_in(self, t, src, dst, proto="TCP", tag=None):
        self.line(t, f"PP[01] Rejected at IN(200003) filter: {proto} {src[0]}:{src[1]} > "
                     f"{dst[0]}:{dst[1]}", tag)
