#!/usr/bin/env python3
"""Correlations against a slow reference: random rules, random events, `rules eval --ids`.

The reference evaluates each event by the definition (docs/manual/sigma.md): it gathers the window
[t - timespan, t] of the event's group anew from all events before it, keeps no state and shares no
idea with the program but the definition.

    sigma_correlation_reference.py KONSEKI [--cases N] [--seed S]

Exit code 1 if any event of any case differs; the first case that does is shown whole.
"""
import argparse
import itertools
import json
import math
import pathlib
import random
import subprocess
import statistics
import sys
import tempfile
from fractions import Fraction

LIMITS = {"gt": lambda a, b: a > b, "gte": lambda a, b: a >= b, "lt": lambda a, b: a < b,
          "lte": lambda a, b: a <= b, "eq": lambda a, b: a == b, "neq": lambda a, b: a != b}
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
BASE = ("alpha", "beta", "gamma", "_delta")
FIELDS = ("User", "Host", "Address")


# --- the reference ---

class Arrival:
    """An event as it came to a correlation: which refs it is of, its group, its value."""

    def __init__(self, time, refs, group, value):
        self.time, self.refs, self.group, self.value = time, refs, group, value


def number(text):
    try:
        return Fraction(text) if "_" not in text and "/" not in text else None
    except ValueError:
        return None


class Reference:
    def __init__(self, correlations, events):
        self.correlations = {c["name"]: c for c in correlations}
        self.events = sorted((e for e in events if e["time"] is not None), key=lambda e: e["time"])
        self.done = {}

    def field(self, name, event, path):
        """The field as the last correlation of the path calls it; the path ends at a rule."""
        for correlation, ref in path:
            name = correlation["aliases"].get(name, {}).get(ref, name)
        value = event["fields"].get(name)
        value = value[0] if isinstance(value, list) else value
        return None if value is None else str(value)  # 9 and "9" are the same

    def occurrences(self, name, event):
        """Paths by which the event is one of rule or correlation `name`: lists of (correlation,
        ref), inner ones last."""
        if name in BASE:
            return [[]] if name in event["rules"] else []
        return self.matches(name).get(event["index"], [])

    def arrivals(self, c, event):
        found = []
        for position, ref in enumerate(c["rules"]):
            for inner in self.occurrences(ref, event):
                path = [(c, ref)] + inner
                group = tuple(self.field(f, event, path) for f in c["group"])
                values = tuple(self.field(f, event, path) for f in c["fields"])
                if None in group or None in values:
                    continue
                if takes_numbers(c) and number(values[0]) is None:
                    continue
                same = [a for a, _ in found if a.group == group]
                if same:
                    same[0].refs.add(position)
                else:
                    found.append((Arrival(event["time"], {position}, group, values), path))
        return found

    def matches(self, name):
        """Event index -> paths of its matches."""
        if name in self.done:
            return self.done[name]
        c = self.correlations[name]
        earlier, result = [], {}
        for event in self.events:
            found = self.arrivals(c, event)
            for arrival, path in found:
                window = [a for a in earlier if a.group == arrival.group
                          and a.time >= arrival.time - c["seconds"]] + [arrival]
                if holds(c, window):
                    result.setdefault(event["index"], []).append(path)
            earlier += [a for a, _ in found]
        self.done[name] = result
        return result


def takes_numbers(c):
    return c["type"] in ("value_sum", "value_avg", "value_median", "value_percentile") \
        and not (c["type"] == "value_percentile" and c["percentile"] is None)


def in_order(window, wanted):
    """Greedy: the earliest event for each ref in turn, one ref an event."""
    place = 0
    for arrival in window:
        if place < len(wanted) and wanted[place] in arrival.refs:
            place += 1
    return place == len(wanted)


def longest(window, refs):
    """The most refs that occur in their order, gaps allowed."""
    best = 0
    for mask in range(1, 1 << refs):
        wanted = [i for i in range(refs) if mask >> i & 1]
        if len(wanted) > best and in_order(window, wanted):
            best = len(wanted)
    return best


def temporal(c, window):
    present = set().union(*(a.refs for a in window))
    ordered = c["type"] == "temporal_ordered"
    if c["limits"]:
        return within(c, longest(window, len(c["rules"])) if ordered else len(present))
    if not ordered:
        return truth(c["tree"], present, present)
    return any(truth(c["tree"], set(chosen), present) and in_order(window, sorted(chosen))
               for size in range(len(present) + 1)
               for chosen in itertools.combinations(sorted(present), size))


def truth(tree, chosen, present, negated=False):
    """A ref that is not negated must be one of those chosen (for the order), a negated one must not
    be in the window at all."""
    if isinstance(tree, int):
        return tree not in present if negated else tree in chosen
    if tree[0] == "not":
        return truth(tree[1], chosen, present, not negated)
    parts = [truth(t, chosen, present, negated) for t in tree[1:]]
    return all(parts) if (tree[0] == "and") != negated else any(parts)


def within(c, value):
    return all(LIMITS[op](value, limit) for op, limit in c["limits"])


def measured(c, window):
    if c["type"] == "event_count":
        return len(window)
    values = [a.value for a in window]
    if c["type"] == "value_count":
        return len(set(values))
    if not takes_numbers(c):
        return Fraction(100 * values.count(values[-1]), len(values))
    numbers = sorted(number(v[0]) for v in values)
    if c["type"] == "value_sum":
        return sum(numbers)
    if c["type"] == "value_avg":
        return sum(numbers) / len(numbers)
    if c["type"] == "value_median":
        return statistics.median(numbers)
    rank = math.ceil(Fraction(c["percentile"]) * len(numbers) / 100)
    return numbers[max(rank, 1) - 1]


def holds(c, window):
    return temporal(c, window) if c["type"].startswith("temporal") else within(c, measured(c, window))


# --- random cases ---

def random_tree(rng, refs, depth):
    if depth == 0 or rng.random() < 0.3:
        leaf = rng.randrange(refs)
        return ("not", leaf) if rng.random() < 0.25 else leaf
    op = rng.choice(("and", "and", "or"))
    tree = (op, random_tree(rng, refs, depth - 1), random_tree(rng, refs, depth - 1))
    return ("not", tree) if rng.random() < 0.1 else tree


def text_of(tree, rules):
    if isinstance(tree, int):
        return rules[tree]
    if tree[0] == "not":
        return "not (" + text_of(tree[1], rules) + ")"
    return "(" + (" %s " % tree[0]).join(text_of(t, rules) for t in tree[1:]) + ")"


def random_condition(rng, c):
    """Fills in limits, tree and the text of the condition (None: none)."""
    refs = len(c["rules"])
    c["limits"], c["fields"], c["percentile"] = [], (), None
    c["tree"] = ("and",) + tuple(range(refs))
    c["expression"] = None
    if c["type"].startswith("temporal"):
        kind = rng.random()
        if kind < 0.35:
            return
        if kind < 0.75:
            c["tree"] = random_tree(rng, refs, 2)
            c["expression"] = text_of(c["tree"], c["rules"])
            return
    most = {"value_sum": 30, "value_avg": 12, "value_median": 12, "value_percentile": 12,
            "temporal": refs, "temporal_ordered": refs}.get(c["type"], 5)
    c["limits"] = [(rng.choice(("gt", "gte", "gte", "lt", "lte", "eq", "neq")),
                    rng.randint(1, most))]
    if rng.random() < 0.3:
        low = rng.randint(0, most)
        c["limits"] = [("gt", low), (rng.choice(("lt", "lte")), low + rng.randint(1, most))]
    if c["type"].startswith("value_"):
        c["fields"] = ("Bytes",)
        if c["type"] == "value_count":
            c["fields"] = rng.choice((("Bytes",), ("Host",), ("Host", "Bytes")))
        if c["type"] == "value_percentile" and rng.random() < 0.6:
            c["percentile"] = rng.choice((1, 10, 25, 50, 75, 90, 95, 99, 100))
        elif c["type"] == "value_percentile":
            c["fields"] = ("Host",)
            c["limits"] = [(rng.choice(("gt", "lte", "gte", "lt")), rng.randint(5, 95))]


def random_correlation(rng, name, inner):
    pool = list(BASE) + inner
    c = {"name": name, "type": rng.choice(("event_count", "value_count", "temporal",
                                           "temporal_ordered", "value_sum", "value_avg",
                                           "value_median", "value_percentile"))}
    c["rules"] = rng.sample(pool, rng.randint(1, min(4, len(pool))))
    if inner and rng.random() < 0.7 and inner[-1] not in c["rules"]:
        c["rules"][0] = inner[-1]
    c["span"] = rng.choice(("3s", "10s", "30s", "1m", "2m"))
    c["seconds"] = int(c["span"][:-1]) * UNITS[c["span"][-1]]
    c["group"] = tuple(rng.sample(FIELDS, rng.choice((0, 1, 1, 2))))
    c["aliases"] = {}
    if rng.random() < 0.4:
        c["aliases"] = {"who": {r: rng.choice(FIELDS) for r in c["rules"] if rng.random() < 0.9}}
        c["group"] += ("who",)
    c["aliases"] = {k: v for k, v in c["aliases"].items() if v}
    random_condition(rng, c)
    c["generate"] = rng.random() < 0.3
    return c


def yaml_of(c):
    """JSON is YAML."""
    section = {"type": c["type"], "rules": c["rules"], "timespan": c["span"]}
    if c["group"]:
        section["group-by"] = list(c["group"])
    if c["aliases"]:
        section["aliases"] = c["aliases"]
    if c["expression"] is not None:
        section["condition"] = c["expression"]
    elif c["limits"]:
        section["condition"] = dict(c["limits"])
        if c["fields"]:
            section["condition"]["field"] = c["fields"][0] if len(c["fields"]) == 1 \
                else list(c["fields"])
        if c["percentile"] is not None:
            section["condition"]["percentile"] = c["percentile"]
    return json.dumps({"title": c["name"], "id": c["name"], "name": c["name"],
                       "correlation": section, "generate": c["generate"]})


def base_rule(name):
    return json.dumps({"title": name, "id": "id-" + name, "name": name,
                       "logsource": {"product": "windows"},
                       "detection": {"s": {"is_" + name: 1}, "condition": "s"}})


def random_event(rng, index, clock):
    fields = {f: rng.choice(("a", "b", "A")) for f in FIELDS if rng.random() < 0.92}
    if rng.random() < 0.9:
        fields["Bytes"] = rng.choice((rng.randint(0, 20), str(rng.randint(0, 20)), "1.5", 2.25,
                                      -3, "many", "0x10", ""))
    if rng.random() < 0.05:
        fields[rng.choice(FIELDS)] = rng.choice((None, ["a", "b"], ""))
    rules = [b for b in BASE if rng.random() < 0.4]
    fields.update({"is_" + b: 1 for b in rules})
    time = clock + rng.choice((0, 0, 0, -7, 3))
    if rng.random() < 0.02:
        time = None
    elif rng.random() < 0.1:
        fields["@timestamp"] = time * 1000
    else:
        fields["@timestamp"] = "2026-03-01T%02d:%02d:%02dZ" % (time // 3600 % 24, time // 60 % 60,
                                                               time % 60)
    return {"index": index, "time": time, "rules": rules, "fields": fields}


BEGIN = 1772323200  # 2026-03-01T00:00:00Z, in seconds since 1970


def random_case(rng):
    correlations = []
    for i in range(rng.randint(1, 3)):
        correlations.append(random_correlation(rng, "corr_%d" % i,
                                               [c["name"] for c in correlations]))
    events, clock = [], BEGIN + 100
    steps, count = (0, 0, 1, 1, 2, 5, 20), rng.randint(5, 60)
    if rng.random() < 0.15:  # large windows
        steps, count = (0, 0, 1), 150
    for index in range(count):
        clock += rng.choice(steps)
        events.append(random_event(rng, index, clock))
    return correlations, events


def expected(correlations, events):
    reference = Reference(correlations, events)
    named = {r: [c for c in correlations if r in c["rules"]] for c in correlations
             for r in c["rules"]}
    loud = [n for n in BASE + tuple(c["name"] for c in correlations)
            if n not in named or any(c["generate"] for c in named[n])]
    result = []
    for event in events:
        ids = {"id-" + b for b in event["rules"] if b in loud}
        ids |= {c["name"] for c in correlations
                if c["name"] in loud and event["index"] in reference.matches(c["name"])}
        result.append(ids)
    return result


def observed(konseki, folder, correlations, events, rng):
    documents = [yaml_of(c) for c in correlations] + [base_rule(b) for b in BASE]
    rng.shuffle(documents)
    rules, lines = folder / "rules.yml", folder / "events.jsonl"
    rules.write_text("\n---\n".join(documents) + "\n", encoding="utf-8")
    lines.write_text("".join(json.dumps(e["fields"]) + "\n" for e in events), encoding="utf-8")
    done = subprocess.run([konseki, "rules", "eval", "--ids", "--ignore-logsource", str(rules),
                           str(lines)], check=False, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        return done.stderr
    return [set(json.loads(line)["rules"]) for line in done.stdout.splitlines()]


def never_true(correlations):
    """The program refuses conditions that cannot hold; the generator leaves such cases out."""
    for c in correlations:
        refs = range(len(c["rules"]))
        if c["expression"] is not None and not any(
                truth(c["tree"], set(s), set(s)) for n in range(len(refs) + 1)
                for s in itertools.combinations(refs, n)):
            return True
    return False


def show(correlations, events, wanted, got):
    for c in correlations:
        print(yaml_of(c))
    if isinstance(got, str):
        print(got)
        return
    for event, w, g in zip(events, wanted, got):
        print("%s %s wanted %s got %s" % ("  " if w == g else "!!", json.dumps(event["fields"]),
                                          sorted(w), sorted(g)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("konseki")
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    different = matches = total = ran = 0
    with tempfile.TemporaryDirectory() as folder:
        while ran < options.cases:
            correlations, events = random_case(rng)
            if never_true(correlations):
                continue
            ran += 1
            wanted = expected(correlations, events)
            got = observed(options.konseki, pathlib.Path(folder), correlations, events, rng)
            total += len(events)
            matches += sum(any(i.startswith("corr_") for i in w) for w in wanted)
            if got != wanted:
                different += 1
                if different == 1:
                    show(correlations, events, wanted, got)
    print("%d cases, %d events, %d of them match a correlation, %d cases differ"
          % (ran, total, matches, different))
    return 1 if different or matches < ran else 0


if __name__ == "__main__":
    sys.exit(main())
