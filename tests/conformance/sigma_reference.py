#!/usr/bin/env python3
"""A slow, plain evaluator of Sigma rules, written from the specification alone, and a comparison of
konseki with it over whole rule folders.

  sigma_reference.py KONSEKI RULES_DIR EVENTS.jsonl[.gz] [--limit N]

Prints every (event, rule) on which the two differ; exit code 1 if there is any. Log sources follow
`konseki rules mapping`, which is read as data.
"""
import argparse
import gzip
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

from sigma_reference_values import Refused, reference_test, value_test


# --- log sources ---

class Table:
    """What `konseki rules mapping` says: sources in order, channels of services."""
    sources = []
    services = {}

    @classmethod
    def read(cls, konseki):
        done = subprocess.run([konseki, "rules", "mapping", "--format", "jsonl"], check=True,
                              stdout=subprocess.PIPE, text=True)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        cls.sources = [r for r in rows if r["kind"] == "source"]
        cls.services = {r["name"].lower(): [c.lower() for c in r["channels"]]
                        for r in rows if r["kind"] == "windows-service"}


def fits(wanted, given):
    words = [w.lower() for w in wanted]
    return not words or (given in words if given else "-" in words)


def source_of(category, product, service):
    """The first source that fits; for rules without a product only those of Windows matter."""
    for source in Table.sources:
        if product:
            inside = fits(source["product"], product)
        else:
            named = (category and category in source["category"] or
                     service and service in source["service"])
            inside = named and "windows" in source["product"]
        if inside and fits(source["category"], category) and fits(source["service"], service):
            return source
    return {"ways": []}


def ways_of(logsource):
    """(test of the event, renames) pairs; only Windows events have a known origin here."""
    category, product, service = (str(logsource.get(k) or "").lower()
                                  for k in ("category", "product", "service"))
    if not (category or product or service):
        return [(lambda e: True, {})]
    bare = (lambda e: "Channel" not in e, {})
    channels = Table.services.get(service, []) if product in ("", "windows") else []
    ways = [] if product == "windows" else [bare]
    for way in source_of(category, product, service)["ways"]:
        own = [c.lower() for c in way["channels"]]
        if way["datasets"] or (category and channels and not set(own) & set(channels)):
            continue
        ways.append((window(own, way), {r["name"]: renames_of(r) for r in way["rename"]}))
    if channels and not category:
        ways.append((window(channels, None), {}))
    return ways


def renames_of(rename):
    """(native fields, {native value: value of rules})"""
    pairs = rename["values"]
    return rename["fields"], {pairs[i + 1]: pairs[i] for i in range(0, len(pairs), 2)}


def window(channels, way):
    ids = way["event_ids"].split() if way else []
    provider = way["provider"].lower() if way else ""
    conditions = way["when"] if way else []

    def passes(event):
        return ("Channel" in event and
                (not channels or str(event["Channel"]).lower() in channels) and
                (not ids or str(event.get("EventID", "")) in ids) and
                (not provider or str(event.get("Provider_Name", "")).lower() == provider) and
                all(str(event.get(c["field"], "")) in c["values"] for c in conditions))
    return passes


# --- detection ---

MISSING = object()


def values_of(event, renames, field):
    """Values of the field, or MISSING."""
    natives, words = renames.get(field, ([field], {}))
    native = next((n for n in natives if n in event), None)
    if native is None:
        return MISSING
    value = event[native]
    return [words.get(v, v) if isinstance(v, str) else v
            for v in (value if isinstance(value, list) else [value])]


def every_value(event):
    for value in event.values():
        for v in value if isinstance(value, list) else [value]:
            if v is not None:
                yield v


def exists_item(field, mods, values):
    if not field or isinstance(values, list) or not isinstance(values, bool) or \
            set(mods) - {"exists", "neq"}:
        raise Refused("exists")
    wanted = values != ("neq" in mods)
    return lambda e, r: (values_of(e, r, field) is not MISSING) == wanted


def fieldref_item(field, mods, names):
    if not field or not all(isinstance(n, str) and n and not set(n) & set("*?") for n in names):
        raise Refused("fieldref")
    linked = all if "all" in mods else any
    fits = reference_test(mods)
    return lambda e, r: linked(
        any(fits(a, b) for a in present(e, r, field) for b in present(e, r, name)) for name in names)


def tests_of(field, mods, values):
    if any(v is None for v in values) and (len(values) > 1 or not field or set(mods) - {"neq"}):
        raise Refused("null")
    return [None if v is None else value_test(v, mods if field else keyword_mods(mods)) for v in values]


def item(key, values):
    """A function (event, renames) -> bool."""
    field, *mods = str(key).split("|")
    many = values if isinstance(values, list) else [values]
    if not many or "all" in mods and len(many) < 2:
        raise Refused("list")
    if any(isinstance(v, (list, dict)) for v in many):
        raise Refused("value")
    if "exists" in mods:
        return exists_item(field, mods, values)
    linked = all if "all" in mods else any
    if "fieldref" in mods:
        passes = fieldref_item(field, mods, many)
        return (lambda e, r: not passes(e, r)) if "neq" in mods else passes
    tests = tests_of(field, mods, many)

    def passes(event, renames):
        found = list(every_value(event)) if not field else values_of(event, renames, field)
        results = []
        for test in tests:
            if test is None:
                results.append(found is MISSING or any(v is None for v in found))
            else:
                results.append(found is not MISSING and
                               any(v is not None and test(v) for v in found))
        return linked(results)
    if "neq" in mods:
        return lambda e, r: not passes(e, r)
    return passes


def present(event, renames, field):
    found = values_of(event, renames, field)
    return [] if found is MISSING else [v for v in found if v is not None]


def keyword_mods(mods):
    placed = {"contains", "startswith", "endswith", "re", "cidr", "lt", "lte", "gt", "gte", "minute",
              "hour", "day", "week", "month", "year"} & set(mods)
    return mods if placed else mods + ["contains"]


def selection(definition):
    if isinstance(definition, dict):
        items = [item(k, v) for k, v in definition.items()]
        return lambda e, r: all(i(e, r) for i in items)
    if isinstance(definition, list):
        parts = [selection(d) if isinstance(d, dict) else item("", d) for d in definition]
        return lambda e, r: any(p(e, r) for p in parts)
    raise Refused("selection")


def condition(text, names):
    """Recursive descent over whole words."""
    words = re.findall(r"[()|]|[^\s()|]+", text)
    at = 0

    def peek():
        return words[at].lower() if at < len(words) else ""

    def take():
        nonlocal at
        at += 1
        return words[at - 1]

    def expr():
        parts = [conj()]
        while peek() == "or":
            take()
            parts.append(conj())
        return lambda s: any(p(s) for p in parts)

    def conj():
        parts = [neg()]
        while peek() == "and":
            take()
            parts.append(neg())
        return lambda s: all(p(s) for p in parts)

    def neg():
        if peek() == "not":
            take()
            inner = neg()
            return lambda s: not inner(s)
        return primary()

    def primary():
        if peek() == "(":
            take()
            inner = expr()
            if take() != ")":
                raise Refused("parenthesis")
            return inner
        if peek() in ("1", "any", "all") and at + 1 < len(words) and words[at + 1].lower() == "of":
            quantifier = all if take().lower() == "all" else any
            take()
            pattern = take()
            if pattern.lower() == "them":
                pattern = "*"
            shape = re.compile(".*".join(re.escape(p) for p in pattern.split("*")))
            chosen = [n for n in names if not n.startswith("_") and shape.fullmatch(n)]
            if not chosen:
                raise Refused("nothing fits " + pattern)
            return lambda s: quantifier(s(n) for n in chosen)
        name = take()
        if name not in names:
            raise Refused("no identifier " + name)
        return lambda s: s(name)

    tree = expr()
    if at != len(words):
        raise Refused("rest: " + words[at])
    return tree


class Rule:
    def __init__(self, document):
        detection = dict(document["detection"])
        conditions = detection.pop("condition")
        detection.pop("timeframe", None)
        self.id = document["id"]
        self.parts = {name: selection(d) for name, d in detection.items()}
        many = conditions if isinstance(conditions, list) else [conditions]
        self.trees = [condition(c, list(self.parts)) for c in many]
        self.ways = ways_of(document.get("logsource", {}))

    def matches(self, event):
        for gate, renames in self.ways:
            if gate(event):
                value = {}

                def state(name, renames=renames, value=value):
                    if name not in value:
                        value[name] = self.parts[name](event, renames)
                    return value[name]
                if any(tree(state) for tree in self.trees):
                    return True
        return False


# --- comparison ---

def load_rules(folder):
    for path in sorted(pathlib.Path(folder).rglob("*.yml")):
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            try:
                yield Rule(document)
            except (Refused, KeyError, TypeError):
                continue


def load_events(path, step):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as f:
        for number, line in enumerate(f):
            if number % step == 0:
                yield json.loads(line)


def accepted_rules(konseki, rules, folder):
    """Copies the rules that konseki accepts (`rules eval` takes no others) into the folder."""
    done = subprocess.run([konseki, "rules", "check", "--format", "jsonl", rules], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for number, line in enumerate(done.stdout.splitlines()):
        answer = json.loads(line)
        if answer["status"] == "ok":
            shutil.copyfile(answer["path"], folder / ("%d.yml" % number))


def konseki_answers(konseki, rules, events):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "rules").mkdir()
        accepted_rules(konseki, rules, folder / "rules")
        with open(folder / "events.jsonl", "w", encoding="utf-8") as f:
            for event in events:
                f.write(json.dumps(event) + "\n")
        done = subprocess.run([konseki, "rules", "eval", "--ids", str(folder / "rules"),
                               str(folder / "events.jsonl")], check=False,
                              stdout=subprocess.PIPE, text=True)
        answers = [set(json.loads(line)["rules"]) for line in done.stdout.splitlines()]
        if done.returncode != 0 or len(answers) != len(events):
            sys.exit("konseki rules eval: exit code %d" % done.returncode)
        return answers


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("konseki")
    parser.add_argument("rules")
    parser.add_argument("events")
    parser.add_argument("--step", type=int, default=1, help="take every n-th event")
    args = parser.parse_args()
    Table.read(args.konseki)
    rules = list(load_rules(args.rules))
    events = list(load_events(args.events, args.step))
    answers = konseki_answers(args.konseki, args.rules, events)
    by_origin, differences, hits = {}, 0, 0
    for wrapper, answer in zip(events, answers):
        event = wrapper.get("event", wrapper)
        origin = (event.get("Channel"), str(event.get("EventID")), event.get("Provider_Name"),
                  event.get("OperationType") if isinstance(event.get("OperationType"), str) else "")
        if origin not in by_origin:
            by_origin[origin] = [r for r in rules if any(g(event) for g, _ in r.ways)]
        expected = {r.id for r in by_origin[origin] if r.matches(event)}
        hits += len(expected)
        for rule in sorted(expected ^ answer):
            differences += 1
            who = "reference only" if rule in expected else "konseki only"
            print(json.dumps({"file": wrapper.get("file"), "idx": wrapper.get("idx"),
                              "rule": rule, "who": who}))
    print("%d rules, %d events, %d hits, %d differences" %
          (len(rules), len(events), hits, differences), file=sys.stderr)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
