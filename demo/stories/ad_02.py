"""AD-02, first tier: logons whose account domain cannot exist."""
import company
from background.windows import DC, FS
from clock import SECOND, at
from sources import winevents as ev
from sources.winsinks import fqdn

ADMINISTRATOR = f"{company.AD_SID}-500"


def run(world):
    golden_ticket(world)
    file_server(world)
    foreign_domain(world)


def session(world, t, computer, account, ip, story):
    """Logon, privileges and logoff of one forged session."""
    target = (*account, world.logon_id())
    world.emit(t, ev.logon(t, computer, target, 3, ip, world.port(), elevated=True), story)
    world.emit(t + SECOND, ev.special_logon(t + SECOND, computer, target), story)
    world.emit(t + 90 * SECOND, ev.logoff(t + 90 * SECOND, computer, target, 3), story)


def golden_ticket(world):
    person = company.PEOPLE["tamura.e"]
    story = world.site.plant(
        "AD-02a", "AD-02", "critical", {"user": ["Administrator"], "client": [person.ip],
                                        "domain": ["eo.oe.kiwi :)"], "host": ["dc01"]},
        "攻撃ツールの既定値 (eo.oe.kiwi) をドメイン名とする偽造チケットでDCへログオン。",
        "A forged ticket with the attack tool's default domain (eo.oe.kiwi) at the DC.",
        also=("AD-05",))
    account = (ADMINISTRATOR, "Administrator", "eo.oe.kiwi :)")
    session(world, at(1, "13:20:44"), DC, account, person.ip, story)
    session(world, at(1, "13:29:02"), DC, account, person.ip, story)


def file_server(world):
    person = company.PEOPLE["tamura.e"]
    story = world.site.plant(
        "AD-02b", "AD-02", "critical", {"user": ["svc_juhachu"], "client": [person.ip],
                                        "domain": ["<3 eo.oe"], "host": ["fs01"]},
        "同じ手口でファイルサーバへ。サービスアカウントを騙る。",
        "The same at the file server, in the name of a service account.", also=("AD-05",))
    sid = f"{company.AD_SID}-{company.SERVICES['svc_juhachu']}"
    session(world, at(2, "19:40:10"), FS, (sid, "svc_juhachu", "<3 eo.oe"), person.ip, story)


def foreign_domain(world):
    person = company.PEOPLE["shimada.a"]
    source = company.PEOPLE["ida.k"]
    story = world.site.plant(
        "AD-02c", "AD-02", "high", {"user": ["backup-adm"], "client": [source.ip],
                                    "domain": ["FOREST-LAB.LOCAL"], "host": [person.pc]},
        "信頼関係の無いドメイン名でのログオン。",
        "A logon from a domain that is neither ours nor trusted.")
    account = ("S-1-5-21-1220-3341-8870-1604", "backup-adm", "FOREST-LAB.LOCAL")
    target = (*account, world.logon_id())
    t = at(3, "11:12:25")
    world.emit(t, ev.logon(t, fqdn(person.pc), target, 3, source.ip, world.port()), story)
