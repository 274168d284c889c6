#!/usr/bin/env python3
"""Runs the cases of lint.cases through `konseki rules lint --hints` and compares all findings. Every
check that the program has must occur in some case.

Usage: lint.py KONSEKI CHECKS.def; exit code 1 if a case fails.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

CASES = pathlib.Path(__file__).resolve().parent / "lint.cases"
GOOD_NAME = "good_name_of_a_rule.yml"


def read_cases():
    for block in CASES.read_text(encoding="utf-8").split("\n=== ")[1:]:
        name, _, body = block.partition("\n")
        text, _, check = body.rpartition("\n---")
        head, _, findings = check.partition("\n")
        text = (text + "\n").replace("\u23ce\n", "\r\n")
        yield name, text, head.strip() or GOOD_NAME, [l.split(" ", 3) for l in findings.splitlines() if l.strip()]


def lint(konseki, path):
    done = subprocess.run([konseki, "rules", "lint", "--hints", "--format", "jsonl", str(path)], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def fits(wanted, got):
    return (int(wanted[0]) == got["line"] and wanted[1] == got["severity"] and wanted[2] == got["check"] and
            (len(wanted) < 4 or wanted[3] in got["message"]))


def problems(name, code, wanted, got):
    rest = list(got)
    for finding in wanted:
        hit = next((g for g in rest if fits(finding, g)), None)
        if hit is None:
            yield "%s: expected '%s', got %s" % (name, " ".join(finding), json.dumps(rest))
        else:
            rest.remove(hit)
    for finding in rest:
        yield "%s: not expected: %s" % (name, json.dumps(finding))
    has_error = any(f[1] == "error" for f in wanted)
    if code != (1 if has_error else 0):
        yield "%s: exit code %d" % (name, code)


def main():
    konseki, checks = sys.argv[1], set(re.findall(r'LINT_CHECK\(\w+, "([\w-]+)"', pathlib.Path(sys.argv[2]).read_text()))
    failed = count = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, text, file_name, wanted in read_cases():
            path = pathlib.Path(folder) / file_name
            path.write_bytes(text.encode())
            code, got = lint(konseki, path)
            path.unlink()
            count += 1
            checks -= {f[2] for f in wanted}
            for problem in problems(name, code, wanted, got):
                failed += 1
                print("FAILED %s" % problem)
    for check in sorted(checks):
        failed += 1
        print("FAILED no case has the check %s" % check)
    print("%d cases, %d failures" % (count, failed))
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
