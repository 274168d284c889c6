"""AD-01: the forged Kerberos PAC of MS14-068, refused by a patched DC (status 0xF)."""
import company
from background.windows import DC, DC_ACCOUNT
from clock import MINUTE, SECOND, at
from sources import winevents as ev


def run(world):
    person = company.PEOPLE["tamura.e"]
    story = world.site.plant(
        "AD-01a", "AD-01", "critical", {"user": [person.user], "client": [person.ip],
                                        "host": ["dc01"]},
        "偽造PACのチケット要求をDCが 0xF で拒否。4分後に同じ利用者へ特権が割り当てられた。",
        "The DC refuses forged tickets (0xF); four minutes later the user has privileges.")
    for number in range(3):
        t = at(1, "11:05:07") + number * 9 * SECOND
        world.emit(t, ev.service_ticket(t, DC, person.user, DC_ACCOUNT, person.ip, world.port(),
                                        0xF), story)
    other = company.PEOPLE["chiba.d"]
    story = world.site.plant(
        "AD-01b", "AD-01", "high", {"user": [other.user], "client": [other.ip], "host": ["dc01"]},
        "別のPCからの 0xF。特権の割当は続いていない (試行のみ)。",
        "0xF from another PC, no privileges afterwards: an attempt.")
    t = at(3, "10:44:31")
    world.emit(t, ev.service_ticket(t, DC, other.user, DC_ACCOUNT, other.ip, world.port(), 0xF),
               story)
    refused_option(world)


def refused_option(world):
    person = company.PEOPLE["ogata.t"]
    story = world.site.lookalike(
        "AD-01x2", "AD-01", {"user": [person.user], "client": [person.ip]},
        "汎用エラー 0x3C。同じ利用者への特権割当は無い。",
        "The generic error 0x3C, and no privileges for that user.")
    t = at(2, "09:51:44")
    for _ in range(2):
        t += MINUTE
        world.emit(t, ev.service_ticket(t, DC, person.user, DC_ACCOUNT, person.ip, world.port(),
                                        0x3C), story)
