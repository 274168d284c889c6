#!/usr/bin/env python3
"""Conformance of the Sigma language: every modifier, kind of value and trap, and what follows from
each by the rules of the language. The expectations (sigma_language_cases.py) are written from the
specification.

    sigma_language.py KONSEKI [-v]

From each value several rules are derived: the value alone, in a list, negated, with `neq`, in a list
of maps, in event values that are lists, and with upper-case events. All rules run together in one
`rules eval --ids`, so that they also share tests as they do in a real rule set. Each difference is
printed with rule, event, expected and got; exit code 1 if there is any.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

from sigma_language_cases import BAD_PLACEHOLDERS, PLACEHOLDERS, REFUSED, VALUES, WHOLE, Raw

NEVER = "never in any event \u2603"
HEAD = "title: '%s'\nid: %s\nlogsource:\n    product: windows\ndetection:\n"


def scalar(value):
    return str(value) if isinstance(value, Raw) else json.dumps(value, ensure_ascii=False)


def is_null(value):
    return isinstance(value, Raw) and value in ("null", "~", "")


def indent(text):
    return "".join("    " + line + "\n" for line in text.splitlines())


class Suite:
    """Rules by id, and what is expected of each on its own events."""

    def __init__(self):
        self.rules = []  # (id, name, YAML)
        self.expected = []  # (id, event number, bool)
        self.events = []
        self.numbers = {}

    def event(self, event):
        key = json.dumps(event)
        if key not in self.numbers:
            self.numbers[key] = len(self.events)
            self.events.append(key)
        return self.numbers[key]

    def add(self, name, detection, matching, others):
        rule = "case-%05d" % len(self.rules)
        self.rules.append((rule, name, HEAD % (name.replace("'", "''")[:200], rule) + indent(detection)))
        for wanted, events in ((True, matching), (False, others)):
            self.expected.extend((rule, self.event(e), wanted) for e in events)


def derive(suite, mods, value, matching, others):
    key, text = "A|" + mods if mods else "A", scalar(value)
    name = "%s: %s" % (key, text)
    good, bad = [{"A": v} for v in matching], [{"A": v} for v in others]
    absent = [{}, {"B": "x"}]
    good, bad = (good + absent, bad) if is_null(value) else (good, bad + absent + [{"A": None}])
    quoted = json.dumps(key)
    suite.add(name, "s: {%s: %s}\ncondition: s" % (quoted, text), good, bad)
    suite.add(name + " (not)", "s: {%s: %s}\ncondition: not s" % (quoted, text), bad, good)
    suite.add(name + " (1 of)", "s_1: {%s: %s}\ns_2: {Z: x}\ncondition: 1 of s_*" % (quoted, text), good, bad)
    suite.add(name + " (list of maps)", "s: [{%s: %s}, {Z: 1, Y: 2}]\ncondition: s" % (quoted, text), good, bad)
    suite.add(name + " (and)", "s: {%s: %s, 'B|contains': 'q'}\ncondition: s" % (quoted, text),
              [dict(e, B="-Q-") for e in good], [dict(e, B="-Q-") for e in bad] + good)
    suite.add(name + " (neq)", "s: {%s: %s}\ncondition: s" % (json.dumps(key + "|neq"), text), bad, good)
    if is_null(value):
        return
    suite.add(name + " (event list)", "s: {%s: %s}\ncondition: s" % (quoted, text),
              [{"A": [NEVER, e["A"]]} for e in good if "A" in e], [{"A": [e["A"], e["A"]]} for e in bad if "A" in e])
    derive_lists(suite, mods, key, text, good, bad, name)


def derive_lists(suite, mods, key, text, good, bad, name):
    quoted = json.dumps(key)
    numeric = set(mods.split("|")) & {"gt", "gte", "lt", "lte", "hour", "minute", "day", "week", "month", "year"}
    other = "10.99.99.99/32" if "cidr" in mods else text if numeric else json.dumps(NEVER)
    suite.add(name + " (list)", "s: {%s: [%s, %s]}\ncondition: s" % (quoted, other, text), good, bad)
    suite.add(name + " (all, twice the same)", "s: {%s: [%s, %s]}\ncondition: s" %
              (json.dumps(key + "|all"), text, text), good, bad)
    if not numeric and "cidr" not in mods:
        suite.add(name + " (all)", "s: {%s: [%s, %s]}\ncondition: s" % (json.dumps(key + "|all"), text, other), [], bad)


def placeholders_of(folder):
    """Options that name the files of placeholders."""
    options = []
    for number, text in enumerate(PLACEHOLDERS):
        path = folder.parent / ("placeholders-%d.yml" % number)
        path.write_text(text, encoding="utf-8")
        options += ["--placeholders", str(path)]
    return options


def check_accepted(konseki, folder):
    """Ids of refused rules with the reason."""
    command = [konseki, "rules", "check", *placeholders_of(folder), "--format", "jsonl", str(folder)]
    done = subprocess.run(command, check=False,
                          stdout=subprocess.PIPE, text=True, timeout=300)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return {pathlib.Path(a["path"]).stem: a["why"] for a in answers if a["status"] != "ok"}


def answers_of(konseki, rules, events):
    command = [konseki, "rules", "eval", *placeholders_of(rules), "--ids", "--ignore-logsource"]
    done = subprocess.run(command + [str(rules), str(events)], check=False, stdout=subprocess.PIPE, text=True, timeout=300)
    if done.returncode != 0:
        sys.exit("rules eval: exit code %d" % done.returncode)
    return [set(json.loads(line)["rules"]) for line in done.stdout.splitlines()]


def run_matching(konseki, folder, suite):
    rules = folder / "rules"
    rules.mkdir()
    for rule, _, text in suite.rules:
        (rules / (rule + ".yml")).write_text(text, encoding="utf-8")
    names = {rule: (name, text) for rule, name, text in suite.rules}
    problems = []
    for rule, why in sorted(check_accepted(konseki, rules).items()):
        problems.append("%s: refused: %s" % (names[rule][0], why))
        (rules / (rule + ".yml")).unlink()
        names.pop(rule)
    event_file = folder / "events.jsonl"
    event_file.write_text("".join(e + "\n" for e in suite.events), encoding="utf-8")
    answers = answers_of(konseki, rules, event_file)
    for rule, event, wanted in suite.expected:
        got = rule in answers[event]
        if rule in names and got != wanted:
            problems.append("%s: event %s: expected %s, got %s" % (names[rule][0], suite.events[event], wanted, got))
    return problems


def run_refused(konseki, folder):
    rules = folder / "refused"
    rules.mkdir()
    for number, (name, detection, _) in enumerate(REFUSED):
        rule = "refused-%03d" % number
        (rules / (rule + ".yml")).write_text(HEAD % (name, rule) + indent(detection), encoding="utf-8")
    refused = check_accepted(konseki, rules)
    for number, (name, _, word) in enumerate(REFUSED):
        why = refused.get("refused-%03d" % number)
        if why is None:
            yield "%s: expected a refusal, got none" % name
        elif word not in why or "line " not in why:
            yield "%s: expected a reason with a line and \"%s\", got: %s" % (name, word, why)


def run_bad_placeholders(konseki, folder):
    path = folder / "bad.yml"
    for text, words in BAD_PLACEHOLDERS:
        path.write_text(text, encoding="utf-8")
        done = subprocess.run([konseki, "rules", "eval", "--placeholders", str(path), str(folder / "rules"),
                               str(folder / "events.jsonl")], check=False, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, timeout=60)
        if done.returncode != 2 or words not in done.stderr or str(path) not in done.stderr:
            yield "placeholders %r: expected exit code 2 and \"%s\", got %d: %s" % (
                text, words, done.returncode, done.stderr.strip())


def main():
    konseki = sys.argv[1]
    suite = Suite()
    for case in VALUES:
        derive(suite, *case)
    for case in WHOLE:
        suite.add(*case)
    with tempfile.TemporaryDirectory() as name:
        problems = run_matching(konseki, pathlib.Path(name), suite)
        problems += run_refused(konseki, pathlib.Path(name))
        problems += run_bad_placeholders(konseki, pathlib.Path(name))
    for problem in problems:
        print("FAILED %s" % problem)
    print("%d rules, %d events, %d expectations, %d refusals, %d differences" %
          (len(suite.rules), len(suite.events), len(suite.expected), len(REFUSED), len(problems)))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
