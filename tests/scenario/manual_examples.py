"""The manual's examples do what the pages say: every command that stands in a block of code of the
manual and the README, in both languages, is run over a small folder of evidence. Lines that show
forms of a command ("[--out FILE]", "...") are no examples; what needs another machine is named in
ELSEWHERE."""
import json
import os
import re
import shutil
import subprocess
import zipfile

from harness import PROGRAM, ROOT, case, equal, main, true

PAGES = ["README", *(f"docs/manual/{n}" for n in (
    "getting-started", "scan", "triage", "rules", "sigma", "hunt", "search", "export", "import",
    "store", "retention", "verify-evidence", "config", "detect"))]
LEAST = {"docs/manual/scan": 6, "docs/manual/triage": 15, "docs/manual/rules": 1,
         "docs/manual/sigma": 5, "README": 6, "docs/manual/getting-started": 3}

IMPORT = "konseki import --store DIR --site site.conf --ioc ioc/ --rules sigma/ evidence"
WITHOUT_STORE = {"docs/manual/scan", "docs/manual/triage", "docs/manual/rules"}

# What needs something that is not here, and what it is.
ELSEWHERE = {"mount ": "a disk", "serve": "runs until it is stopped",
             "--tsa": "an authority on the network", "--tsq": "a reply of an authority", "--tsr": "a reply of an authority",
             "/media/dvd7": "a disk", "archive recall": "an archive that is elsewhere",
             "/mnt/": "a disk", "--consistency": "an older anchor", "EVENT_ID": "an event's number",
             "--duckdb-library": "another program's library", "findings --store /var/lib/konseki ID":
             "a finding's number", "hold release": "a hold's number", "regression_data":
             "SigmaHQ's data", "Security.evtx": "an EVTX file", ".parquet": "another program's library"}

RULE = """title: Encoded command
id: 6f3a9c1e-2d4b-4c8e-9a51-0c7d5e8f1b20
status: test
level: high
tags: [attack.t1059.001]
logsource: {product: windows, category: process_creation}
detection:
  selection: {CommandLine|contains: ' -enc '}
  condition: selection
"""
RULE_TEST = """cases:
  - name: encoded
    events:
      - {Channel: Microsoft-Windows-Sysmon/Operational, EventID: 1, CommandLine: 'powershell -enc VwBy'}
"""
SITE = 'zone = "UTC"\n'


def event(n, number, channel, **data):
    return {"EventID": number, "Channel": channel, "Computer": f"PC0{n % 3}", "EventRecordID": n + 1,
            "Provider_Name": "Microsoft-Windows-Security-Auditing" if channel == "Security" else
                             channel.rsplit("/", 1)[0],
            "TimeCreated_SystemTime": f"2026-03-02T09:{n % 60:02}:00.000Z", **data}


def evidence():
    """Events of the kinds that questions ask for."""
    sysmon = "Microsoft-Windows-Sysmon/Operational"
    events = [event(n, 1, sysmon, Image="C:\\Users\\eve\\Downloads\\mimikatz.exe", ProcessId=str(4242 + n),
                    CommandLine="powershell -enc VwByAGkAdABlAC0ASABvAHMAdAAgAGgAaQA=",
                    ProcessGuid=f"{{g{n}}}", ParentProcessGuid=f"{{g{n - 1}}}",
                    ParentImage="C:\\Windows\\explorer.exe", User="EX\\eve") for n in range(4)]
    events += [event(4, 4624, "Security", TargetUserName="eve", LogonType="3", IpAddress="10.0.0.9"),
               event(5, 4732, "Security", TargetUserName="Administrators", TargetSid="S-1-5-32-544",
                     MemberSid="S-1-5-21-1-2-3-1001", SubjectUserName="eve"),
               event(6, 7045, "System", ServiceName="svc", ImagePath="C:\\x.exe", AccountName="LocalSystem"),
               event(9, 3, sysmon, Image="C:\\x.exe", DestinationIp="192.0.2.7", DestinationPort="443")]
    return "".join(json.dumps(e) + "\n" for e in events)


def prepare(folder):
    """The folder that the commands run in, with all that they name."""
    for name in ("evidence", "rules", "sigma/rules", "logs", "ioc", "build"):
        (folder / name).mkdir(parents=True)
    (folder / "evidence/Security.jsonl").write_text(evidence())
    (folder / "EVENTS.jsonl").write_text(evidence())
    for name in ("rules/r.yml", "sigma/rules/r.yml", "RULE.yml"):
        (folder / name).write_text(RULE)
    (folder / "rules/r.test.yml").write_text(RULE_TEST)
    for name in ("site.conf", "SITE.conf"):
        (folder / name).write_text(SITE)
    for name in ("ioc/list.txt", "new-list.txt"):
        (folder / name).write_text("192.0.2.7\n")
    (folder / "logs/fw.log").write_text("Mar  2 09:00:00 fw1 kernel: something\n")
    with zipfile.ZipFile(folder / "triage.zip", "w") as packed:
        packed.writestr("events.jsonl", evidence())
    (folder / "disk.img").write_bytes(bytes(8192))
    (folder / "build/konseki").symlink_to(PROGRAM)
    (folder / "bin").mkdir()
    (folder / "bin/konseki").symlink_to(PROGRAM)


def commands(page):
    """Lines of code blocks that are commands; not forms of one."""
    found = []
    fenced = False
    for line in (ROOT / page).read_text().splitlines():
        if line.startswith("```"):
            fenced = not fenced
            continue
        match = re.match(r"^(?: {4,})?((?:build/)?konseki [a-z].*)$", line)
        if not match or not (fenced or line.startswith("    ")):
            continue
        command = re.sub(r"\s+#\s.*$", "", match.group(1)).strip()
        is_form = re.search(r"\[-|\.\.\.|\[[A-Z]|SUBCOMMAND|\bPATH\b|\.\.\. |\\$|[a-z]\|[a-z]", command)
        if not is_form and not re.search(r"[\u3000-\u9fff]$", command):
            found.append(command)
    return found


def run_example(folder, command):
    """(exit code, last words)"""
    command = command.replace("/var/lib/konseki", "DIR").replace("/srv/logs", "logs")
    done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, timeout=60, check=False,
                          env={**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}", "HOME": str(folder)})
    return done.returncode, done.stderr.decode(errors="replace")[-300:]


def elsewhere(command):
    return next((why for part, why in ELSEWHERE.items() if part in command), None)


@case
def examples_run(folder):
    bad, ran = [], 0
    for page in PAGES:
        for language in (".md", ".ja.md"):
            count = 0
            place = folder / (page.replace("/", "-") + language)
            place.mkdir()
            prepare(place)
            if page not in WITHOUT_STORE:
                equal(run_example(place, IMPORT)[0], 0, "the store for the examples")
            for command in commands(page + language):
                if elsewhere(command):
                    continue
                code, said = run_example(place, command)
                count += 1
                if code != 0:
                    bad.append(f"{page}{language}: {command}: exit {code}: {said}")
            ran += count
            if count < LEAST.get(page, 0):
                bad.append(f"{page}{language}: only {count} examples were found")
            shutil.rmtree(place)
    print(f"{ran} examples")
    true(not bad, "\n".join(bad))


main()
