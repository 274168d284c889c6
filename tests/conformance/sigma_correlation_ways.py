#!/usr/bin/env python3
"""Hits of correlations do not depend on the way: scan (one file; four files, one and four threads),
import, import in parts and detect, all beside stretches of the slow reference.

    sigma_correlation_ways.py KONSEKI [--cases N] [--seed S]

Exit code 1 if a way differs in any case; the first case that does is shown.
"""
import argparse
import calendar
import collections
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import sigma_correlation_reference as reference

PARTS = 4


# --- what is expected ---

class Stretches:
    """Matches of one correlation that follow each other in a group, as (group, times)."""

    def __init__(self, correlation):
        self.correlation, self.open, self.last, self.done = correlation, {}, {}, []

    def see(self, arrival, window):
        group = arrival.group
        if group in self.open and arrival.time - self.last[group] > self.correlation["seconds"]:
            self.done.append((group, self.open.pop(group)))  # the window was empty meanwhile
        if not reference.holds(self.correlation, window):
            if group in self.open:
                self.done.append((group, self.open.pop(group)))
        elif group in self.open:
            self.open[group].append(arrival.time)
        else:
            self.open[group] = [a.time for a in window]
        self.last[group] = arrival.time

    def all(self):
        return self.done + list(self.open.items())


def loud(correlations):
    """Those that print: nobody names them, or one that does says generate."""
    for c in correlations:
        outer = [o for o in correlations if c["name"] in o["rules"]]
        if not outer or any(o["generate"] for o in outer):
            yield c


def expected(correlations, events):
    slow, hits = reference.Reference(correlations, events), collections.Counter()
    for c in loud(correlations):
        earlier, stretches = [], Stretches(c)
        for event in slow.events:
            found = [arrival for arrival, _ in slow.arrivals(c, event)]
            for a in found:
                stretches.see(a, [e for e in earlier if e.group == a.group
                                  and e.time >= a.time - c["seconds"]] + [a])
            earlier += found
        for group, times in stretches.all():
            hits[c["name"], group, times[0], times[-1], len(times)] += 1
    return hits


# --- what the program says ---

def seconds(text):
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))


def observed(output):
    """The hits, and all that is said of them and their events."""
    hits, whole = collections.Counter(), []
    for line in output.splitlines():
        o = json.loads(line)
        if "correlation" in o:
            c = o["correlation"]
            hits[o["rule"]["id"], tuple(c["group"].values()), seconds(c["first"]), seconds(c["last"]),
                 c["count"]] += 1
            whole.append(json.dumps([o["rule"]["id"], c, [[e["@timestamp"], e["rules"], e.get("values")]
                                                          for e in o["events"]]]))
    return hits, sorted(whole)


def write_events(folder, events):
    """events.json, and the same in parts; returns the parts."""
    lines = []
    for i, event in enumerate(events):
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(event["time"]))
        lines.append(json.dumps({**event["fields"], "@timestamp": stamp, "Channel": "Test", "EventID": 1,
                                 "EventRecordID": i + 1}) + "\n")
    (folder / "events.json").write_text("".join(lines), encoding="utf-8")
    size = len(lines) // PARTS + 1
    parts = [folder / "parts" / f"{i}.json" for i in range(PARTS) if lines[i * size:(i + 1) * size]]
    (folder / "parts").mkdir()
    for i, part in enumerate(parts):
        part.write_text("".join(lines[i * size:(i + 1) * size]), encoding="utf-8")
    return parts


def ways(konseki, folder, parts):
    """Name of each way and what it prints."""
    def run(*arguments):
        return subprocess.run([konseki, *map(str, arguments)], check=True, capture_output=True,
                              text=True, timeout=120).stdout

    rules, whole, together, apart = (folder / n for n in ("rules.yml", "events.json", "together", "apart"))
    scan = ["scan", "--rules", rules, "--no-rule-cache", "--format", "jsonl", "--no-summary"]
    yield "scan", run(*scan, whole)
    for threads in (1, 4):
        yield f"scan, {threads} threads", run(*scan, "--threads", threads, folder / "parts")
    run("import", "--store", together, "--rules", rules, "--no-analyses", whole)
    run("detect", "--store", together, "--rules", rules)  # changes nothing
    yield "import", run("findings", "--store", together, "--format", "jsonl")
    for part in parts:
        run("import", "--store", apart, "--no-analyses", part)
    run("detect", "--store", apart, "--rules", rules)
    yield "detect", run("findings", "--store", apart, "--format", "jsonl")


def differs(konseki, folder, correlations, events, rng):
    documents = [reference.yaml_of(c) for c in correlations] + [reference.base_rule(b) for b in reference.BASE]
    rng.shuffle(documents)
    (folder / "rules.yml").write_text("\n---\n".join(documents) + "\n", encoding="utf-8")
    wanted, first = expected(correlations, events), None
    for name, output in ways(konseki, folder, write_events(folder, events)):
        hits, whole = observed(output)
        first = first or whole
        if hits != wanted or whole != first:
            print(f"{name}: missing {wanted - hits}, too much {hits - wanted}", *documents, sep="\n")
            return True, wanted
    return False, wanted


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("konseki")
    parser.add_argument("--cases", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng, ran, hits, different = random.Random(options.seed), 0, 0, 0
    while ran < options.cases and different == 0:
        correlations, events = reference.random_case(rng)
        if reference.never_true(correlations):
            continue
        ran += 1
        with tempfile.TemporaryDirectory() as folder:
            bad, wanted = differs(options.konseki, pathlib.Path(folder), correlations,
                                  [e for e in events if e["time"] is not None], rng)
        different += bad
        hits += sum(wanted.values())
    print(f"{ran} cases, {hits} hits, {different} cases differ")
    return 1 if different or hits < ran else 0


if __name__ == "__main__":
    sys.exit(main())
