"""Juniper SSG (ScreenOS) traffic log in an RFC 3164 envelope: keys with spaces, bare values."""
import clock

PATH = "logs/ssg01/screenos.log"


class ScreenOs:
    """The edge of the Tokyo branch."""

    def __init__(self, site):
        self.log = site.journal(PATH)
        self.session = 48100

    def traffic(self, t, src, dst, permit, proto=6, service="http", sent=0, received=0,
                duration=0, zones=("Trust", "Untrust"), tag=None):
        """One line; t is the end of the session. src and dst are (address, port)."""
        self.session = self.session % 64000 + 1
        start = clock.local(t - duration * clock.SECOND)
        action = "Permit" if permit else "Deny"
        line = (f"{clock.rfc3164(t)} ssg01 ssg01: NetScreen device_id=ssg01  "
                f'[Root]system-notification-00257(traffic): start_time="{start}" '
                f"duration={duration} policy_id={3 if permit else 320001} service={service} "
                f"proto={proto} src zone={zones[0]} dst zone={zones[1]} action={action} "
                f"sent={sent} rcvd={received} src={src[0]} dst={dst[0]} src_port={src[1]} "
                f"dst_port={dst[1]}")
        if permit:
            line += (f" src-xlated ip=198.51.100.242 port={1024 + src[1] % 60000} "
                     f"dst-xlated ip={dst[0]} port={dst[1]} session_id={self.session} "
                     "reason=Close - TCP FIN")
        else:
            line += f" session_id={self.session} reason=Traffic Denied"
        self.log.add(t, line, tag)
