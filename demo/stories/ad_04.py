"""AD-04: cleared logs, and two events that only share the number."""
import company
from background.windows import DC, FS
from clock import SECOND, at
from sources import winevents as ev
from sources.winsinks import fqdn


def run(world):
    forged = (f"{company.AD_SID}-500", "Administrator", "TSUKIMORI")
    story = world.site.plant(
        "AD-04a", "AD-04", "critical", {"host": ["dc01"], "user": ["Administrator"]},
        "DCのセキュリティログとシステムログが消去された。",
        "The Security and System logs of the DC were cleared.")
    t = at(2, "22:47:03")
    world.emit(t, ev.log_cleared(t, DC, (*forged, world.logon_id())), story)
    world.emit(t + 6 * SECOND, ev.log_cleared(t + 6 * SECOND, DC, (*forged, world.logon_id()),
                                              "System"), story)
    story = world.site.plant(
        "AD-04b", "AD-04", "high", {"host": ["fs01"], "user": ["Administrator"]},
        "ファイルサーバのセキュリティログが消去された。",
        "The Security log of the file server was cleared.")
    t = at(2, "22:52:40")
    world.emit(t, ev.log_cleared(t, FS, (*forged, world.logon_id())), story)
    redeployed(world)
    remote_desktop(world)


def redeployed(world):
    person = company.PC_OWNER["TM-HQ-018"]
    story = world.site.lookalike(
        "AD-04x1", "AD-04", {"host": [person.pc], "user": ["adm-kinjo"]},
        "PC再展開の作業でのログ消去。作業票があり、台帳に許可がある。",
        "A log cleared while a PC was set up anew: registered, with a work order.")
    subject = (f"{company.AD_SID}-{company.ADMINS['adm-kinjo']}", "adm-kinjo", "TSUKIMORI",
               world.logon_id())
    t = at(3, "13:05:30")
    world.emit(t, ev.log_cleared(t, fqdn(person.pc), subject), story)


def remote_desktop(world):
    person = company.PEOPLE["maruo.k"]
    story = world.site.lookalike(
        "AD-04x2", "AD-04", {"host": [person.pc]},
        "番号は同じ1102だが、リモートデスクトップの接続記録。",
        "Also number 1102, but of the remote desktop client: a connection.")
    t = at(1, "10:02:48")
    world.emit(t, ev.remote_desktop_client(t, fqdn(person.pc), person.sid, "srv01"), story)
