#!/usr/bin/env python3
"""Runs the language cases (*.case) of this folder through `konseki rules eval`.

A case:
    === name
    detection: ...          the rule's text below title and logsource (or a whole document with a
                            title of its own); may be several documents
    --- events [log source] one event a line: "+ {json}" must match, "- {json}" must not;
                            with the word "logsource" the rule's log source counts
    --- refused TEXT        the rule must be refused, and the reason must hold TEXT

Usage: run.py KONSEKI [FILE.case...]; exit code 1 if a case fails.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
HEAD = "title: case\nid: 00000000-0000-4000-8000-000000000000\nlogsource:\n    product: windows\n"


def read_cases(path):
    for block in path.read_text(encoding="utf-8").split("\n=== ")[1:]:
        name, _, body = block.partition("\n")
        rule, _, check = body.partition("\n--- ")
        head, _, events = check.partition("\n")
        if "title:" not in rule:
            rule = HEAD + rule
        yield name, rule + "\n", head, [line for line in events.splitlines() if line[:1] in "+-"]


def evaluate(konseki, folder, rule, head, events):
    """(exit code, list of matches, messages)."""
    rule_file, event_file = folder / "rule.yml", folder / "events.jsonl"
    rule_file.write_text(rule, encoding="utf-8")
    event_file.write_text("".join(e[1:].strip() + "\n" for e in events), encoding="utf-8")
    command = [konseki, "rules", "eval"]
    if "logsource" not in head:
        command.append("--ignore-logsource")
    done = subprocess.run(command + [str(rule_file), str(event_file)], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    return done.returncode, [json.loads(l)["match"] for l in done.stdout.splitlines()], done.stderr


def problems(konseki, folder, case):
    name, rule, head, events = case
    code, matches, messages = evaluate(konseki, folder, rule, head, events)
    if head.startswith("refused"):
        wanted = head[len("refused"):].strip()
        if code != 2 or wanted not in messages:
            yield "%s: exit code %d, wanted 2 with '%s': %s" % (name, code, wanted, messages.strip())
        return
    if not events:
        yield "%s: no events" % name
    if code != 0 or len(matches) != len(events):
        yield "%s: exit code %d: %s" % (name, code, messages.strip())
        return
    for event, match in zip(events, matches):
        if match != (event[0] == "+"):
            yield "%s: %s" % (name, event)


def main():
    konseki = sys.argv[1]
    files = [pathlib.Path(p) for p in sys.argv[2:]] or sorted(HERE.glob("*.case"))
    cases = [case for path in files for case in read_cases(path)]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            for text in problems(konseki, pathlib.Path(folder), case):
                failed += 1
                print("FAILED %s" % text)
    print("%d cases, %d failures" % (len(cases), failed))
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
