#!/usr/bin/env python3
"""`detect --rules` over a store: few rules by the values of columns, many row by row, one result."""
import pathlib
import re

from harness import case, equal, jsonl, main, run, true
from sigma_sources import CASES, write_cases

WINDOWS = {"Channel": "Security", "EventID": 4688, "Computer": "pc1",
           "Provider_Name": "Microsoft-Windows-Security-Auditing"}
# (log source, detection): what columns cannot tell alone
RULES = [
    ("product: windows", "  keywords:\n    - marker-in-a-value\n  condition: keywords"),
    ("product: windows", "  keywords:\n    - '4688'\n  condition: keywords"),
    ("product: windows\n  service: security", "  a:\n    EventID: 4688\n  b:\n    CommandLine|contains: '-k'\n"
     "  condition: a and not b"),
    ("product: windows\n  service: security", "  a:\n    CommandLine: null\n  condition: a"),
    ("product: windows\n  service: security", "  a:\n    ProcessId|gt: 41\n    CommandLine|re: 'n[0-9]+$'\n"
     "  condition: a"),
    ("product: windows\n  service: security", "  a:\n    EventRecordID: 17\n  condition: a"),
    ("product: windows\n  service: security", "  a:\n    SubjectUserName|fieldref: TargetUserName\n"
     "  condition: a"),
    ("product: windows\n  category: process_creation", "  a:\n    CommandLine|contains|all: ['run', '7']\n"
     "  b:\n    Image|endswith: '\\a.exe'\n  condition: a or b"),
    ("product: linux\n  service: sshd", "  keywords:\n    - evil\n  condition: keywords"),
    ("product: nothing\n  category: known", "  a:\n    A: b\n  condition: a"),
]
FILLER = """title: filler %d
id: filler-%d
logsource:
  product: windows
  service: security
detection:
  a:
    CommandLine: nobody-writes-this-%d
  condition: a
"""


def write_events(folder):
    import json
    lines = []
    for n in range(300):
        event = dict(WINDOWS, EventRecordID=n, ProcessId=n % 60, NewProcessName=r"C:\t\%s.exe" % "abc"[n % 3],
                     CommandLine="run -%s n%d" % ("kx"[n % 2], n), SubjectUserName="u%d" % (n % 5),
                     TargetUserName="u%d" % (n % 7))
        if n % 50 == 0:
            event["Note"] = "a marker-in-a-value here"
        if n % 60 == 0:
            del event["CommandLine"]
        lines.append(json.dumps(event))
    (folder / "events.log").write_text("\n".join(lines) + "\n")


def write_rules(folder):
    for number, (source, detection) in enumerate(RULES):
        (folder / ("more%02d.yml" % number)).write_text(
            "title: more %d\nid: more-%02d\nlogsource:\n  %s\ndetection:\n%s\n"
            % (number, number, source, detection))


def detect(store, *rules):
    arguments = [a for rule in rules for a in ("--rules", rule)]
    run("detect", "--store", store, *arguments)
    seen, hits = re.search(r"rules saw (\d+) events; rule hits: (\d+)", run.stderr).groups()
    return int(seen), int(hits)


def scanned(logs, rule):
    return len(jsonl(run("scan", "--tz", "UTC", "--format", "jsonl", "--no-summary", "--rules", rule, *logs)))


@case
def few_rules_and_many_find_the_same(folder):
    folder = pathlib.Path(folder)
    write_cases(folder)
    write_events(folder)
    write_rules(folder)
    logs, rules = sorted(folder.glob("*.log")), sorted(folder.glob("*.yml"))
    store = folder / "store"
    run("import", "--store", store, "--tz", "UTC", "--no-analyses", *logs)
    equal(len(rules), len(CASES) + len(RULES), "rules")
    events, total = None, 0
    for rule in rules:
        seen, hits = detect(store, rule)
        equal(hits, scanned(logs, rule), rule.read_text())
        equal(seen, events or seen, "events")
        events, total = seen, total + hits
    true(total > len(CASES), "most rules find something")
    filler = folder / "filler"
    filler.mkdir()
    (filler / "all.yml").write_text("---\n".join(FILLER % (n, n, n) for n in range(700)))
    equal(detect(store, *rules, filler), (events, total), "row by row")
    equal(detect(store, *rules), (events, total), "all by columns")


@case
def a_span_of_time(folder):
    folder = pathlib.Path(folder)
    lines = ["<86>1 2026-03-%02dT10:00:00Z h sshd 9 - - evil %d\n" % (d, d) for d in range(1, 29)]
    (folder / "a.log").write_text("".join(lines))
    write_rules(folder)
    store = folder / "store"
    run("import", "--store", store, "--no-analyses", folder / "a.log")
    run("detect", "--store", store, "--rules", folder / "more08.yml", "--from", "2026-03-05", "--to",
        "2026-03-10", "--tz", "UTC")
    true("rules saw 5 events; rule hits: 5" in run.stderr, run.stderr)


if __name__ == "__main__":
    main()
