"""Two logs that no parser knows: a home-made order system and a CP932 batch log."""
import clock

APP_PATH = "logs/srv01/app.log"
BATCH_PATH = "logs/srv01/nichiji.txt"


class OrderSystem:
    """受発注システム: UTF-8, mixed Japanese, its own layout."""

    def __init__(self, site):
        self.log = site.journal(APP_PATH)

    def line(self, t, level, user, text, tag=None):
        stamp = clock.local(t, "/")
        self.log.add(t, f"■{level}■ {stamp} 受発注#{t // clock.SECOND % 9973:04d} <{user}> {text}",
                     tag)


class Batch:
    """日次処理: CP932 with CRLF, written by an old batch program."""

    def __init__(self, site):
        self.log = site.journal(BATCH_PATH, newline="\r\n", encoding="cp932")

    def line(self, t, text, tag=None):
        self.log.add(t, f"{clock.local(t, '/')}　{text}", tag)
