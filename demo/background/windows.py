"""Windows on an ordinary day: logons, tickets, shares, processes, services, tasks."""
import company
import core
from background.people import moments, presence
from clock import DAY_COUNT, HOUR, MINUTE, SECOND, START, at
from sources import winevents as ev
from sources.winsinks import NXLOG_BRANCHES, fqdn

DC, FS = fqdn("dc01"), fqdn("fs01")
DC_ACCOUNT = (f"{company.AD_SID}-1001", "DC01$")
FS_ACCOUNT = (f"{company.AD_SID}-1002", "FS01$")
SYSTEM = ("S-1-5-18", "SYSTEM", "NT AUTHORITY", 0x3E7)
SHARES = {"営業部": ["見積\\2026\\見積一覧.xlsx", "顧客\\顧客台帳.xlsx", "写真\\商品01.jpg"],
          "製造": ["工程表.xlsx", "点検\\11月.docx"], "共有": ["掲示\\社内報11月.pdf", "内線表.xlsx"]}
PROGRAMS = [
    ("C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE", '"{}"'),
    ("C:\\Program Files\\Microsoft Office\\root\\Office16\\EXCEL.EXE",
     '"{}" "\\\\fs01\\共有\\内線表.xlsx"'),
    ("C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
     '"{}" --single-argument https://portal.kenpo-kumiai.example/'),
    ("C:\\Windows\\System32\\notepad.exe", '"{}" C:\\Users\\Public\\Documents\\メモ.txt'),
    ("C:\\Windows\\System32\\svchost.exe", "{} -k netsvcs -p -s Schedule"),
    ("C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
     "{} -NoProfile -File C:\\Tools\\shisan-tana.ps1"),
]
SERVICES = ["Windows Update", "Windows Modules Installer", "Windows Error Reporting Service",
            "Software Protection", "WMI Performance Adapter", "Volume Shadow Copy"]
ROUTINE_TASKS = ["\\Microsoft\\Windows\\UpdateOrchestrator\\Schedule Scan",
                 "\\Microsoft\\Windows\\Defrag\\ScheduledDefrag",
                 "\\Microsoft\\Windows\\Time Synchronization\\SynchronizeTime",
                 "\\Microsoft\\Windows\\Flighting\\OneSettings\\RefreshCache",
                 "\\MicrosoftEdgeUpdateTaskMachineUA", "\\Tsukimori\\ShisanTana"]


def run(world):
    for person in company.PEOPLE.values():
        for day in range(DAY_COUNT):
            stay = presence(person, day)
            if stay:
                working_day(world, person, day, stay)
    administration(world)
    kerberos_noise(world)
    services(world)
    tasks(world)
    console_sessions(world)


def working_day(world, person, day, stay):
    """Start the PC, log on, use the file server and some programs, log off."""
    rng = core.chance("windows", person.user, day)
    machine = (f"{company.AD_SID}-{person.rid + 3000}", f"{person.pc}$")
    authenticate(world, stay[0] - MINUTE, machine, person.ip)
    authenticate(world, stay[0], (person.sid, person.user), person.ip)
    local_logon(world, person, stay)
    for t in moments(rng, *stay, 4):
        group_policy(world, t, rng.choice([machine, (person.sid, person.user)]), person.ip)
    for t in moments(rng, *stay, rng.randint(1, 3)):
        file_session(world, rng, person, t)
    for t in moments(rng, *stay, 21 if person.branch in NXLOG_BRANCHES else 11):
        run_program(world, rng, person, t)


def authenticate(world, t, account, ip):
    """The ticket-granting ticket and the first service tickets."""
    port = world.port()
    world.emit(t, ev.ticket_granting(t, DC, account, ip, port))
    for number, service in enumerate([DC_ACCOUNT, FS_ACCOUNT]):
        t += SECOND // 3
        world.emit(t, ev.service_ticket(t, DC, account[1], service, ip, port + number + 1))


def group_policy(world, t, account, ip):
    """A short network logon at the DC. Kerberos names the domain in full: nothing special."""
    target = (account[0], account[1], company.AD_DNS.upper(), world.logon_id())
    world.emit(t, ev.logon(t, DC, target, 3, ip, world.port()))
    world.emit(t + 2 * SECOND, ev.logoff(t + 2 * SECOND, DC, target, 3))


def local_logon(world, person, stay):
    """Interactive logon at the own PC; the console session's helpers come with it."""
    computer = fqdn(person.pc)
    target = world.account(person)
    process = "C:\\Windows\\System32\\svchost.exe"
    world.emit(stay[0], ev.logon(stay[0], computer, target, 2, "127.0.0.1", 0, "Negotiate",
                                 person.pc, process=process))
    world.emit(stay[1], ev.logoff(stay[1], computer, target, 2))


def file_session(world, rng, person, t):
    """A session on the file server with a few files."""
    target = world.account(person)
    share = rng.choice(list(SHARES))
    port = world.port()
    world.emit(t, ev.logon(t, FS, target, 3, person.ip, port))
    world.emit(t, ev.share_access(t, FS, target, person.ip, port, share, "", 5140, 1))
    for _ in range(rng.randint(1, 3)):
        t += rng.randint(2, 90) * SECOND
        world.emit(t, ev.share_access(t, FS, target, person.ip, port, share,
                                      rng.choice(SHARES[share])))
    world.emit(t + MINUTE, ev.logoff(t + MINUTE, FS, target, 3))


def run_program(world, rng, person, t):
    """A process start: Sysmon and the proxy connection, or 4688, as the PC is collected."""
    image, template = rng.choice(PROGRAMS)
    line = template.format(image)
    computer, parent = fqdn(person.pc), "C:\\Windows\\explorer.exe"
    pid = 2000 + rng.randrange(9000) * 4
    if person.branch in NXLOG_BRANCHES:
        subject = world.account(person)
        world.emit(t, ev.process_created(t, computer, subject, image, line, parent, pid))
        return
    user = f"{company.AD_NETBIOS}\\{person.user}"
    sha256 = f"{core.digest(image):08X}" * 8
    world.emit(t, ev.sysmon_process(t, computer, user, image, line, parent, parent, pid, sha256))
    if "msedge" in image or "OUTLOOK" in image:
        world.emit(t + SECOND, ev.sysmon_connection(
            t + SECOND, computer, user, image, pid, (person.ip, world.port()),
            ("10.61.1.80", 8080)))


def administration(world):
    """Registered administrators and services get privileges; the DC itself all the time."""
    for day in range(DAY_COUNT):
        for name, rid in company.ADMINS.items():
            t = at(day, "09:12") + core.digest(f"{name}{day}") % 300 * MINUTE // 10
            privileged_session(world, t, name, rid, "10.61.20.113" if name == "adm-maruo"
                               else "10.61.20.114")
        for hour in range(0, 24, 2):
            t = at(day, f"{hour:02d}:41")
            privileged_session(world, t, "svc_monitor", company.SERVICES["svc_monitor"],
                               "10.61.1.92")
        privileged_session(world, at(day, "02:00"), "svc_backup",
                           company.SERVICES["svc_backup"], "10.61.1.21", FS)
        for number in range(40):
            t = at(day, "00:03") + number * 36 * MINUTE
            world.emit(t, ev.special_logon(t, DC, SYSTEM))


def privileged_session(world, t, name, rid, ip, computer=DC):
    target = (f"{company.AD_SID}-{rid}", name, company.AD_NETBIOS, world.logon_id())
    world.emit(t, ev.special_logon(t, computer, target))
    world.emit(t, ev.logon(t, computer, target, 3, ip, world.port(), elevated=True))
    world.emit(t + 5 * MINUTE, ev.logoff(t + 5 * MINUTE, computer, target, 3))


def kerberos_noise(world):
    """Failures of every day: expired tickets, user-to-user, a wrong password."""
    story = world.site.lookalike(
        "AD-01x1", "AD-01", {"host": ["dc01"]},
        "日常的なKerberosの失敗 (0x20 期限切れ、0x1b)。0xF ではない。",
        "Everyday Kerberos failures (0x20 expired, 0x1b): not 0xF.")
    rng = core.chance("kerberos")
    people = list(company.PEOPLE.values())
    for day in range(DAY_COUNT):
        for t in moments(rng, at(day, "08:20"), at(day, "18:30"), 14):
            person = rng.choice(people)
            world.emit(t, ev.service_ticket(t, DC, person.user, DC_ACCOUNT, person.ip,
                                            world.port(), rng.choice([0x20, 0x20, 0x1B])), story)
        for t in moments(rng, at(day, "08:20"), at(day, "18:30"), 4):
            person = rng.choice(people)
            world.emit(t, ev.preauth_failed(t, DC, (person.sid, person.user), person.ip,
                                            world.port()))
            world.emit(t, ev.logon_failure(t, FS, person.user, company.AD_NETBIOS, person.ip,
                                           workstation=person.pc))


def console_sessions(world):
    """Window manager and font host logons, anonymous, a trusted domain: domains that are no
    Windows domain of the company and still harmless."""
    story = world.site.lookalike(
        "AD-02x1", "AD-02", {"host": ["dc01"]},
        "Window Manager、Font Driver Host、信頼先ドメイン、FQDN表記のドメイン名など正常な値。",
        "Window Manager, Font Driver Host, a trusted domain, domain names in full: all normal.")
    for day in range(DAY_COUNT):
        t = at(day, "09:11")
        for target in [
                ("S-1-5-90-0-2", "DWM-2", "Window Manager"),
                ("S-1-5-96-0-2", "UMFD-2", "Font Driver Host"),
                ("S-1-5-7", "ANONYMOUS LOGON", "NT AUTHORITY"),
                ("S-1-5-21-611-2210-8731-1120", "edi-renkei", "KITAMI"),
                (company.PEOPLE["oikawa.s"].sid, "oikawa.s", "ad.tsukimori.example")]:
            t += SECOND
            kind = 2 if target[1] in ("DWM-2", "UMFD-2") else 3
            session = (*target, world.logon_id())
            ip = "-" if kind == 2 else "10.61.20.107"
            world.emit(t, ev.logon(t, DC, session, kind, ip, 0 if kind == 2 else world.port(),
                                   "Negotiate" if kind == 2 else "Kerberos"), story)
            if kind == 2:
                world.emit(t, ev.special_logon(t, DC, session, ["SeAssignPrimaryTokenPrivilege",
                                                                "SeAuditPrivilege"]), story)


def services(world):
    """System channel of the DC: service states and the clock."""
    rng = core.chance("services")
    for step in range(DAY_COUNT * 24 * 6):
        t = START + step * 10 * MINUTE + rng.randrange(360) * SECOND
        name = rng.choice(SERVICES)
        world.emit(t, ev.service_state(t, DC, name, "実行中"))
        world.emit(t + 4 * MINUTE, ev.service_state(t + 4 * MINUTE, DC, name, "停止"))
    for step in range(DAY_COUNT * 12):
        t = START + step * 2 * HOUR + 7 * MINUTE
        world.emit(t, ev.time_synchronised(t, DC, company.NTP_SERVERS[step % 2]))


def tasks(world):
    """Routine tasks run; two updaters register themselves again."""
    rng = core.chance("tasks")
    for step in range(DAY_COUNT * 24 * 4):
        t = START + step * 15 * MINUTE + rng.randrange(600) * SECOND
        name = rng.choice(ROUTINE_TASKS)
        for number, event_id in enumerate((100, 200, 201, 102)):
            moment = t + number * SECOND // 4
            world.emit(moment, ev.task_event(moment, DC, event_id, [
                ("TaskName", name), ("UserContext", "NT AUTHORITY\\SYSTEM"),
                ("InstanceId", f"step-{step}")]))
    updater_tasks(world)


def updater_tasks(world):
    story = world.site.lookalike(
        "AD-03x1", "AD-03", {"host": ["dc01"], "task": ["\\MicrosoftEdgeUpdateTaskMachineUA"]},
        "正規の更新プログラムによるタスク登録 (Program Files 配下)。",
        "A task registered by a genuine updater, running from Program Files.")
    for day in (0, 2):
        t = at(day, "05:21:09")
        name = "\\MicrosoftEdgeUpdateTaskMachineUA"
        content = ev.task_xml("Microsoft Corporation",
                              "C:\\Program Files (x86)\\Microsoft\\EdgeUpdate\\"
                              "MicrosoftEdgeUpdate.exe", "/ua /installsource scheduler")
        subject = (*DC_ACCOUNT, company.AD_NETBIOS, 0x3E7)
        subject = ("S-1-5-18", subject[1], subject[2], subject[3])
        world.emit(t, ev.task_created(t, DC, subject, name, content), story)
        world.emit(t + SECOND, ev.task_event(t + SECOND, DC, 106, [
            ("TaskName", name), ("UserContext", "NT AUTHORITY\\SYSTEM")]), story)
