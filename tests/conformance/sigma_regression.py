#!/usr/bin/env python3
"""SigmaHQ's regression set: in every case the named rule must fire on the .evtx at least
`match_count` times (default 1).

  sigma_regression.py KONSEKI [DATA]        DATA: default $KONSEKI_DATA, else ../shared/data

One scan a rule folder over all cases; prints the cases that fail, exit code 1 if there are any.
"""
import collections
import json
import os
import pathlib
import subprocess
import sys

import yaml

RULE_FOLDERS = ("rules", "rules-emerging-threats", "rules-threat-hunting", "rules-compliance",
                "rules-dfir", "deprecated")


def read_cases(root):
    """(evtx path, rule id, wanted count) of every case."""
    for info in sorted(root.rglob("info.yml")):
        document = yaml.safe_load(info.read_text(encoding="utf-8"))
        rule = document["rule_metadata"][0]["id"]
        for test in document.get("regression_tests_info") or [{}]:
            evtx = info.parent / pathlib.PurePosixPath(test.get("path", "")).name
            if not evtx.is_file():
                evtx = next(iter(sorted(info.parent.glob("*.evtx"))), None)
            if evtx is not None:
                yield str(evtx), rule, int(test.get("match_count", 1))


def scan(konseki, data, root):
    command = [konseki, "scan", "--format", "jsonl"]
    for folder in RULE_FOLDERS:
        if (data / "sigma" / folder).is_dir():
            command += ["--rules", str(data / "sigma" / folder)]
    done = subprocess.run(command + [str(root)], check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace")
    if done.returncode != 0:
        sys.exit("scan: exit code %d\n%s" % (done.returncode, done.stderr))
    counts = collections.Counter()
    for line in done.stdout.splitlines():
        hit = json.loads(line)
        counts[(hit["event"]["file"], hit["rule"]["id"])] += 1
    return counts


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    data = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else
                        os.environ.get("KONSEKI_DATA", "../shared/data"))
    root = data / "evtx" / "sigma-regression"
    if not root.is_dir():
        print("SKIPPED: %s not found" % root)
        return 0
    counts = scan(sys.argv[1], data, root)
    cases, failed = list(read_cases(root)), 0
    for evtx, rule, wanted in cases:
        if counts[(evtx, rule)] < wanted:
            failed += 1
            print("%s: rule %s fired %d times, wanted %d" % (evtx, rule, counts[(evtx, rule)], wanted))
    print("%d cases, %d failed" % (len(cases), failed))
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
