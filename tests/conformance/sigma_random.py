#!/usr/bin/env python3
"""Random rules on random events: konseki beside the slow evaluator of the specification
(sigma_reference.py). Rules are made so that many match: values and events share a small alphabet full
of what is special to Sigma. What one side refuses the other must refuse too.

    sigma_random.py KONSEKI [--seed N] [--rules N] [--events N]

The same seed makes the same rules and events. Prints each difference with rule and event; exit code 1
if there is any.
"""
import argparse
import json
import pathlib
import random
import sys
import tempfile

import yaml

from sigma_language import answers_of, check_accepted
from sigma_reference import Refused, condition, selection

FIELDS = ("A", "B", "C.x", "Long Name")
PIECES = ("a", "B", "ab", "-", "/", "-a", "/b", " ", "*", "?", "\\", "\\\\", "\\*", "\\?", ".", "%", "1", "10",
          "\u00e9", "\u00c9", "\u2013", "\u65e5", "\n", "x", "x", "5")
EVENT_PIECES = [p for p in PIECES if p not in ("\\*", "\\?")] + ["a", "b", "ab", "x"]
EXPRESSIONS = ("a", "^a", "b$", "a.b", "[ab]+", "a|x", "(ab)+", "^$", "x{1,2}", "\\.", "a\\*", "\\\\", "^.$", "\\d+", "")
NETWORKS = ("10.0.0.0/8", "10.1.0.0/16", "0.0.0.0/0", "::/0", "fe80::/10", "10.0.0.1")
ADDRESSES = ("10.0.0.1", "10.1.2.3", "11.0.0.1", "fe80::1", "::ffff:10.0.0.1", "10.0.0.1x")
TIMES = ("2026-01-31T03:59:00Z", "2026-12-31 23:00:10", "2026-01-05", "2024-02-29T12:30:00+09:00", "x")
PLACES = ("", "contains", "startswith", "endswith")
NAMES = ("sel", "sel_a", "sel_b", "filter", "filter_1", "_hidden", "other-x")


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, things):
        return self.random.choice(things)

    def rare(self, things, share):
        return self.pick(things) if self.random.random() < share else None

    def text(self, pieces, most=4):
        return "".join(self.pick(pieces) for _ in range(self.random.randint(0, most)))

    # --- events ---

    def scalar(self):
        kind = self.random.random()
        if kind < 0.55:
            return self.text(EVENT_PIECES)
        if kind < 0.7:
            return self.pick((0, 1, 5, 10, -1, 2.5, "5", "10", "-1", "2.50", "0x10", "05"))
        if kind < 0.8:
            return self.pick(ADDRESSES)
        if kind < 0.9:
            return self.pick(TIMES)
        return self.pick((True, False, "", "true", None, "YWI=", "a\0b\0"))

    def value(self):
        if self.random.random() < 0.15:
            return [self.scalar() for _ in range(self.random.randint(1, 3))]
        return self.scalar()

    def event(self):
        return {f: self.value() for f in FIELDS if self.random.random() < 0.75}

    # --- rules ---

    def text_key(self):
        mods = [self.pick(PLACES)]
        for word, share in (("windash", 0.15), ("cased", 0.15), ("base64", 0.04), ("base64offset", 0.04),
                            ("wide", 0.04), ("utf16be", 0.02), ("expand", 0.03)):
            if self.random.random() < share:
                mods.insert(self.random.randint(0, len(mods)), word)
        return [m for m in mods if m], lambda: self.rare((5, 10, True, "", None), 0.2) or self.text(PIECES)

    def key(self):
        """(modifiers, maker of values)."""
        kind = self.random.random()
        if kind < 0.6:
            return self.text_key()
        if kind < 0.7:
            flags = [f for f in "ims" if self.random.random() < 0.3]
            before = self.rare((["contains"], ["cased"], ["neq"]), 0.1) or []
            # Python's ^ with m fits behind a newline at the very end, that of PCRE does not.
            expressions = [e for e in EXPRESSIONS if "m" not in flags or e[:1] != "^"]
            return before + ["re"] + flags, lambda: self.pick(expressions)
        if kind < 0.76:
            return ["cidr"], lambda: self.pick(NETWORKS)
        if kind < 0.86:
            return [self.pick(("gt", "gte", "lt", "lte"))], lambda: self.rare(("x", True), 0.03) or self.pick((0, 1, 5, 10, 2.5, "5"))
        if kind < 0.92:
            mods = [self.pick(("minute", "hour", "day", "week", "month", "year"))]
            if self.random.random() < 0.5:
                mods.insert(self.random.randint(0, 1), self.pick(("gt", "lte")))
            return mods, lambda: self.rare((0, 23, 53, 2026), 0.2) or self.pick((1, 3, 5, 12))
        if kind < 0.97:
            return ["fieldref"] + self.pick(([], ["contains"], ["startswith"], ["cased"])), lambda: self.pick(FIELDS)
        return ["exists"], lambda: self.random.random() < 0.7

    def item(self):
        mods, make = self.key()
        if self.random.random() < 0.08:
            mods = mods + ["neq"]
        field = self.pick(FIELDS) if self.random.random() < 0.95 or "exists" in mods else ""
        values = make()
        if self.random.random() < 0.35 and "exists" not in mods:
            values = [v for v in (make() for _ in range(self.random.randint(1, 3))) if v is not None] or "x"
            if isinstance(values, list) and len(values) > 1 and self.random.random() < 0.3:
                mods.insert(self.random.randint(0, len(mods)), "all")
        return "|".join([field] + mods), values

    def definition(self):
        if self.random.random() < 0.12:
            return [self.text(PIECES) or "x" for _ in range(self.random.randint(1, 3))]
        maps = [dict(self.item() for _ in range(self.random.randint(1, 2)))
                for _ in range(self.random.randint(1, 3))]
        return maps if self.random.random() < 0.25 else maps[0]

    def expression(self, names, depth):
        kind = self.random.random()
        if depth > 0 and kind < 0.45:
            word = self.pick((" and ", " or "))
            return self.expression(names, depth - 1) + word + self.expression(names, depth - 1)
        if depth > 0 and kind < 0.6:
            return "not " + self.expression(names, depth - 1)
        if depth > 0 and kind < 0.75:
            return "(" + self.expression(names, depth - 1) + ")"
        if kind < 0.9:
            pattern = self.rare(("sel*", "filter*", "*_*", "s*l", "*x", "_*"), 0.3) or self.pick(
                ("*", "them", self.pick(names), self.pick(names)[:2] + "*"))
            return self.pick(("1", "all", "any")) + " of " + pattern
        return self.pick(names)

    def rule(self, number):
        names = self.random.sample(NAMES[:5], self.random.randint(1, 3))
        names += self.rare((["_hidden"], ["other-x"]), 0.3) or []
        detection = {name: self.definition() for name in names}
        tree = self.expression(names, 3)
        detection["condition"] = [tree, self.expression(names, 1)] if self.random.random() < 0.1 else tree
        return {"title": "random", "id": "random-%05d" % number, "logsource": {"product": "windows"},
                "detection": detection}


def reference_of(rule):
    """A function of an event, or None if the rule must be refused."""
    detection = dict(rule["detection"])
    conditions = detection.pop("condition")
    try:
        parts = {name: selection(d) for name, d in detection.items()}
        many = conditions if isinstance(conditions, list) else [conditions]
        trees = [condition(c, list(parts)) for c in many]
    except (Refused, IndexError):
        return None
    return lambda e: any(tree(lambda name: parts[name](e, {})) for tree in trees)


def compare(konseki, folder, rules, events):
    (folder / "rules").mkdir()
    for rule in rules:
        text = yaml.safe_dump(rule, allow_unicode=True, sort_keys=False)
        (folder / "rules" / (rule["id"] + ".yml")).write_text(text, encoding="utf-8")
    references = {rule["id"]: reference_of(rule) for rule in rules}
    refused = check_accepted(konseki, folder / "rules")
    for rule in rules:
        ours, theirs = rule["id"] in refused, references[rule["id"]] is None
        if ours != theirs:
            yield "%s: konseki %s, the reference %s" % (json.dumps(rule["detection"]), refused.get(rule["id"], "accepts"),
                                                        "refuses" if theirs else "accepts")
        if ours:
            (folder / "rules" / (rule["id"] + ".yml")).unlink()
    event_file = folder / "events.jsonl"
    event_file.write_text("".join(json.dumps(e) + "\n" for e in events), encoding="utf-8")
    answers = answers_of(konseki, folder / "rules", event_file)
    for rule in rules:
        reference = references[rule["id"]]
        if reference is None or rule["id"] in refused:
            continue
        for event, answer in zip(events, answers):
            if reference(event) != (rule["id"] in answer):
                yield "%s: event %s: reference %s, konseki %s" % (
                    json.dumps(rule["detection"]), json.dumps(event), reference(event), rule["id"] in answer)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("konseki")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rules", type=int, default=600)
    parser.add_argument("--events", type=int, default=60)
    args = parser.parse_args()
    maker = Maker(args.seed)
    rules = [maker.rule(n) for n in range(args.rules)]
    events = [maker.event() for _ in range(args.events)]
    with tempfile.TemporaryDirectory() as name:
        problems = list(compare(args.konseki, pathlib.Path(name), rules, events))
    for problem in problems[:40]:
        print("FAILED %s" % problem)
    print("seed %d: %d rules, %d events, %d differences" % (args.seed, len(rules), len(events), len(problems)))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
