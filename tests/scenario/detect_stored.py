#!/usr/bin/env python3
"""`detect --rules` over a store: by the values of columns, and event by event as `import` and `scan` do: one result."""
import json
import pathlib
import random
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


# --- rules and events by chance ---

WORDS = ["alpha", "Beta", "gam ma", "C:\\\\T\\\\run.exe", "/etc/x", "-enc", "10", "42", "0x3e7", "caf\u00e9", "", "a&b <c>"]
FIELDS = ["CommandLine", "Image", "User", "TargetUserName", "SubjectUserName", "LogonId", "Note", "SubjectDomainName",
          "NewProcessName", "TokenElevationType", "MandatoryLabel", "ProcessId", "missing"]
MODIFIERS = ["", "|contains", "|startswith", "|endswith", "|contains|all", "|re", "|exists", "|gt", "|cased", "|fieldref"]
SOURCES = ["product: windows", "product: windows\n  service: security", "category: process_creation\n  product: windows",
           "product: linux\n  service: sshd", "product: linux\n  service: auth", "category: webserver"]


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def any_test(chance):
    modifier, field = chance.choice(MODIFIERS), chance.choice(FIELDS)
    words = [w for w in WORDS if w]
    if modifier == "|exists":
        return "    %s|exists: %s" % (field, chance.choice(["true", "false"]))
    if modifier == "|gt":
        return "    %s|gt: %d" % (field, chance.randrange(60))
    if modifier == "|re":
        return "    %s|re: %s" % (field, chance.choice(["'^[a-z]+$'", "'\\d{2}'", "'(?i)beta|ru.\\.'"]))
    if modifier == "|fieldref":
        return "    %s|fieldref: %s" % (field, chance.choice(FIELDS))
    if modifier == "" and chance.random() < 0.2:
        return "    %s: %s" % (field, chance.choice(["null", "''", "'*'"]))
    return "    %s%s:\n%s" % (field, modifier, "\n".join(
        "      - " + quoted(chance.choice(words)[:chance.randrange(1, 9)]) for _ in range(chance.randrange(1, 3))))


def any_rule(chance, number):
    tests = ["  %s:\n%s" % (name, any_test(chance)) for name in "ab"]
    if chance.random() < 0.25:
        tests[1] = "  b:\n    - %s\n    - '*%s'" % (quoted(chance.choice(["alpha", "42", "caf", "/etc", "x=1"])),
                                                  chance.choice(["ma", "exe", "7"]))
    condition = chance.choice(["a", "a and b", "a or b", "a and not b", "not a", "not (a or b)", "b"])
    return "title: chance %d\nid: chance-%d\nlogsource:\n  %s\ndetection:\n%s\n  condition: %s\n" % (
        number, number, chance.choice(SOURCES), "\n".join(tests), condition)


def any_events(chance, count):
    for n in range(count):
        event = dict({"@timestamp": "2026-03-01T10:%02d:%02dZ" % (n // 60, n % 60)}, **WINDOWS, EventRecordID=n)
        event.update(EventID=chance.choice([4688, 4624, 1, 7045]),
                     Channel=chance.choice(["Security", "Microsoft-Windows-Sysmon/Operational", "System"]))
        for field in FIELDS[:-1]:
            if chance.random() < 0.7:
                event[field] = chance.choice(WORDS) if chance.random() < 0.8 else "%s %d" % (chance.choice(WORDS), n)
        yield json.dumps(event, ensure_ascii=chance.random() < 0.5)


def any_lines(chance, count):
    for n in range(count):
        yield "<86>1 2026-03-01T10:%02d:%02dZ h sshd %d - - x=%d %s from 10.0.0.%d" % (
            n // 60 % 60, n % 60, n % 90, n % 3, chance.choice(WORDS), n % 250)


def found(store):
    lines = jsonl(run("findings", "--store", store, "--format", "jsonl"))
    return sorted(json.dumps(line, sort_keys=True) for line in lines)


@case
def by_chance_columns_and_events_agree(folder):
    folder = pathlib.Path(folder)
    for seed in range(4):
        chance = random.Random(seed)
        here = folder / str(seed)
        here.mkdir()
        (here / "windows.log").write_text("\n".join(any_events(chance, 900)) + "\n", encoding="utf-8")
        (here / "lines.log").write_text("\n".join(any_lines(chance, 300)) + "\n", encoding="utf-8")
        (here / "rules.yml").write_text("---\n".join(any_rule(chance, n) for n in range(120)), encoding="utf-8")
        logs = [here / "windows.log", here / "lines.log"]
        run("import", "--store", here / "events", "--rules", here / "rules.yml", *logs)
        run("import", "--store", here / "columns", "--no-analyses", *logs)
        run("detect", "--store", here / "columns", "--rules", here / "rules.yml")
        told = found(here / "columns")
        true(len(told) > 1000, "seed %d finds %d" % (seed, len(told)))
        equal(told, found(here / "events"), "seed %d" % seed)


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
