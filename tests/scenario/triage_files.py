"""`triage` over files of all kinds: packed, empty, and rules whose logs are not there."""
import json
import shutil
import subprocess
import zipfile

from harness import Skip, case, equal, jsonl, main, run, true

EVENT = {"Channel": "Security", "EventID": 4624, "Computer": "pc1",
         "Provider_Name": "Microsoft-Windows-Security-Auditing", "TargetUserName": "anna"}
RULE = """title: %s
id: %s
logsource:
  %s
detection:
  s:
    TargetUserName: %s
  condition: s
"""


def write_logs(folder):
    logs = folder / "logs"
    logs.mkdir()
    (logs / "a.json").write_text(json.dumps(EVENT) + "\n")
    (logs / "empty.log").write_text("")
    (logs / "blank.log").write_text("\n\n")
    with zipfile.ZipFile(logs / "z.zip", "w") as packed:
        packed.writestr("inner.json", (json.dumps(EVENT) + "\n") * 3)
        packed.writestr("nothing.json", "")
    return logs


@case
def files_without_events_are_told(folder):
    logs = write_logs(folder)
    rows = {r["file"][len(str(logs)) + 1:]: r["events"]
            for r in jsonl(run("triage", "files", "--format", "jsonl", logs))}
    equal(rows, {"a.json": 1, "empty.log": 0, "blank.log": 0, "z.zip/inner.json": 3,
                 "z.zip/nothing.json": 0}, "events of each file")
    limited = jsonl(run("triage", "files", "--format", "jsonl", "--limit", "2", logs))
    equal(len(limited), 2, "rows with --limit")


@case
def unpacking_is_bounded(folder):
    logs = write_logs(folder)
    run("triage", "files", "--format", "jsonl", "--unpack-limit", "100", logs, expect=4)
    true("z.zip" in run.stderr, run.stderr)


@case
def a_password(folder):
    (folder / "a.json").write_text(json.dumps(EVENT) + "\n")
    if shutil.which("7z") is None:
        raise Skip("no 7z program")
    subprocess.run(["7z", "a", "-bd", "-tzip", "-psecret", "x.zip", "a.json"], cwd=folder, check=True,
                   timeout=60, stdout=subprocess.DEVNULL)
    run("triage", "files", "--format", "jsonl", folder / "x.zip", expect=4)
    rows = jsonl(run("triage", "files", "--format", "jsonl", "--password", "secret", folder / "x.zip"))
    equal([r["events"] for r in rows], [1], "events")


@case
def rules_whose_logs_are_not_there(folder):
    logs, rules = write_logs(folder), folder / "rules"
    rules.mkdir()
    sources = {"hit": ("product: windows\n  service: security", "anna"),
               "quiet": ("product: windows\n  service: security", "nobody"),
               "absent": ("product: windows\n  category: dns_query", "anna"),
               "unread": ("product: nothing\n  service: known", "anna")}
    for name, (source, user) in sources.items():
        (rules / (name + ".yml")).write_text(RULE % (name, name, source, user))
    found = {r["title"]: (r["hits"], r.get("source"), r.get("needs"))
             for r in jsonl(run("triage", "coverage", "rules", "--rules", rules, "--format", "jsonl", logs))}
    equal(found, {"hit": (4, None, None), "quiet": (0, None, None),
                  "absent": (0, "absent", "Microsoft-Windows-Sysmon/Operational 22"),
                  "unread": (0, "absent", "json")}, "coverage")


if __name__ == "__main__":
    main()
