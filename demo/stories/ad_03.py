"""AD-03: scheduled tasks that run what nobody registered."""
import company
from background.windows import DC
from clock import SECOND, at
from sources import winevents as ev
from sources.winsinks import fqdn

# "IEX (hidden)" in UTF-16LE, base64: only its form matters, it does nothing
ENCODED = "SQBFAFgAIAAoAGgAaQBkAGQAZQBuACkA"
TASK = "\\Microsoft\\WinUpdSync"


def run(world):
    on_the_dc(world)
    on_a_pc(world)


def on_the_dc(world):
    story = world.site.plant(
        "AD-03a", "AD-03", "high", {"host": ["dc01"], "task": [TASK], "user": ["Administrator"]},
        "DCに、符号化したPowerShellをSYSTEMで毎日動かすタスクが作られ、実行された。",
        "On the DC a task is made that runs encoded PowerShell as SYSTEM every day.",
        also=("AD-02",))
    subject = (f"{company.AD_SID}-500", "Administrator", "eo.oe.kiwi :)", world.logon_id())
    content = ev.task_xml("TSUKIMORI\\Administrator",
                          "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
                          f"-NoP -W Hidden -Enc {ENCODED}")
    t = at(1, "13:29:40")
    world.emit(t, ev.task_created(t, DC, subject, TASK, content), story)
    steps = [(106, t + SECOND), (200, at(2, "03:10:00")), (201, at(2, "03:10:04"))]
    for event_id, moment in steps:
        world.emit(moment, ev.task_event(moment, DC, event_id, [
            ("TaskName", TASK), ("UserContext", "TSUKIMORI\\Administrator")]), story)


def on_a_pc(world):
    person = company.PEOPLE["ida.k"]
    task = "\\OneDrive Sync Helper"
    story = world.site.plant(
        "AD-03b", "AD-03", "high", {"host": [person.pc], "task": [task], "user": [person.user]},
        "誰でも書き込めるフォルダの実行ファイルを動かすタスク。名前だけ正規品に似せてある。",
        "A task that runs a program from a folder anybody can write to, under a familiar name.")
    content = ev.task_xml("TSUKIMORI\\ida.k", "C:\\Users\\Public\\Libraries\\odsync.exe", "-k")
    t = at(3, "09:30:18")
    world.emit(t, ev.task_created(t, fqdn(person.pc), world.account(person), task, content), story)
