#!/usr/bin/env python3
"""Very many groups in one window: the answer must be that of a plain count, the memory bounded.

Writes failed logons of N users within 50 minutes, in no order of time, some users twice or three
times; `scan` looks for two of one user within an hour.

    sigma_correlation_groups.py KONSEKI [--groups N] [--max-rss MIB] [--types T,T]

Prints time and memory of each type; exit code 1 if a hit is missing, too much or wrong, or if the
program took more memory.
"""
import argparse
import json
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time

RULES = {
    "event_count": ("event_count", {"gte": 2}),
    "value_sum": ("value_sum", {"field": "LogonType", "gte": 6}),
    "value_count": ("value_count", {"field": "IpAddress", "gte": 2}),
    "temporal_ordered": ("temporal_ordered", None),
}
DAY = "2026-01-05T10:"


def documents(name):
    kind, condition = RULES[name]
    section = {"type": kind, "rules": ["failed"], "group-by": ["TargetUserName"], "timespan": "1h"}
    if condition is not None:
        section["condition"] = condition
    else:
        section["rules"] = ["failed", "again"]
    rules = [{"title": name, "id": name, "correlation": section}]
    for rule, address in (("failed", "10.0.0.1"), ("again", "10.0.0.2")):
        if rule in section["rules"]:
            fields = {"EventID": 4625}
            if kind == "temporal_ordered":
                fields["IpAddress"] = address
            rules.append({"title": rule, "id": rule, "name": rule,
                          "logsource": {"product": "windows", "service": "security"},
                          "detection": {"s": fields, "condition": "s"}})
    return "\n---\n".join(json.dumps(r) for r in rules) + "\n"


def event(user, second, again):
    return ('{"@timestamp":"%s%02d:%06.3fZ","Channel":"Security","EventID":4625,"Hostname":"h",'
            '"TargetUserName":"user%07d","LogonType":3,"IpAddress":"10.0.0.%d"}\n'
            % (DAY, second // 60, second % 60, user, again))


def write_events(path, groups):
    """User -> events; each user once within 40 minutes, some of them once or twice later."""
    rng = random.Random(groups)
    wanted = {}
    lines = [event(i, (i * 2400.0 / groups), 1) for i in range(groups)]
    for user in rng.sample(range(groups), max(groups // 1000, 10)):
        wanted[user] = 2 + user % 2
        for n in range(1, wanted[user]):
            lines.append(event(user, 2400 + 60 * n, 2))
    rng.shuffle(lines)
    path.write_text("".join(lines))
    return wanted, len(lines)


def write_apart(folder, groups):
    """In a process of its own: what this one takes would count as the program's."""
    code = ("import json,pathlib,sys; sys.path.insert(0, sys.argv[1]);"
            "import sigma_correlation_groups as s;"
            "print(json.dumps(s.write_events(pathlib.Path(sys.argv[2]), int(sys.argv[3]))))")
    here = str(pathlib.Path(__file__).resolve().parent)
    done = subprocess.run([sys.executable, "-B", "-c", code, here, str(folder / "events.jsonl"),
                           str(groups)], capture_output=True, text=True, check=True)
    wanted, count = json.loads(done.stdout)
    return {int(user): events for user, events in wanted.items()}, count


def run(konseki, rules, events):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    done = subprocess.run([konseki, "scan", "--rules", str(rules), "--format", "jsonl",
                           "--no-summary", str(events)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit("scan: exit code %d: %s" % (done.returncode, done.stderr))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (done.stdout.splitlines(), time.monotonic() - begin, after.ru_utime - before.ru_utime,
            done.stderr)


def memory_of(konseki, rules, events):
    """MiB at most, of a run of its own whose parent is small."""
    code = ("import resource,subprocess,sys;"
            "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL);"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    done = subprocess.run([sys.executable, "-c", code, konseki, "scan", "--rules", str(rules),
                           "--format", "jsonl", "--no-summary", str(events)],
                          capture_output=True, text=True, check=True)
    return int(done.stdout) / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("konseki")
    parser.add_argument("--groups", type=int, default=20000)
    parser.add_argument("--max-rss", type=float, default=200)
    parser.add_argument("--types", default=",".join(RULES))
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        events, rules = pathlib.Path(folder) / "events.jsonl", pathlib.Path(folder) / "rules.yml"
        wanted, count = write_apart(events.parent, options.groups)
        for name in options.types.split(","):
            rules.write_text(documents(name))
            lines, wall, user, messages = run(options.konseki, rules, events)
            hits = [json.loads(line)["correlation"] for line in lines]
            found = {int(h["group"]["TargetUserName"][4:]): h["count"] for h in hits}
            right = found == wanted and len(hits) == len(wanted)
            rss = memory_of(options.konseki, rules, events)
            failed += not right or rss > options.max_rss
            print("%-16s %d groups, %d events, %d hits %s: %.1f s, %.1f s user, %.0f MiB at most"
                  % (name, options.groups, count, len(hits), "right" if right else "WRONG", wall, user,
                     rss))
            if not right:
                print(messages)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
