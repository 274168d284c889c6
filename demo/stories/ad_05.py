"""AD-05: privileges for accounts that are in no register."""
import company
from background.windows import DC, FS
from clock import at
from sources import winevents as ev


def run(world):
    assign(world, "AD-05a", at(1, "11:09:22"), DC, "dc01", company.PEOPLE["tamura.e"].sid,
           "tamura.e", "経理課の利用者に、DCで特権が割り当てられた (AD-01 の直後)。",
           "A user of the accounts section gets privileges on the DC, right after AD-01.")
    assign(world, "AD-05b", at(3, "14:37:09"), FS, "fs01", company.PEOPLE["ogata.t"].sid,
           "ogata.t", "広報課の利用者に、ファイルサーバで特権が割り当てられた。",
           "A user of the press section gets privileges on the file server.")
    assign(world, "AD-05c", at(2, "01:18:55"), DC, "dc01", f"{company.AD_SID}-1877", "admin$",
           "末尾が $ でコンピュータを装う利用者アカウント。",
           "A user account whose name ends in $ to look like a computer.")
    machine(world)


def assign(world, key, t, computer, host, sid, name, ja, en):
    story = world.site.plant(key, "AD-05", "high", {"user": [name], "host": [host]}, ja, en)
    subject = (sid, name, company.AD_NETBIOS, world.logon_id())
    world.emit(t, ev.special_logon(t, computer, subject), story)


def machine(world):
    story = world.site.lookalike(
        "AD-05x1", "AD-05", {"user": ["DC01$"], "host": ["dc01"]},
        "DC自身のコンピュータアカウント (S-1-5-18)。常に起きる。",
        "The DC's own computer account (S-1-5-18): happens all the time.")
    for hour in range(0, 24, 3):
        t = at(2, f"{hour:02d}:33:10")
        world.emit(t, ev.special_logon(t, DC, ("S-1-5-18", "DC01$", company.AD_NETBIOS, 0x3E7)),
                   story)
