#!/usr/bin/env python3
"""A rule set from the cache finds what a compiled one finds: one scan without a cache, one that
writes it, one that reads it; hits and messages must be the same.

  sigma_cache.py KONSEKI RULES EVENTS...
"""
import json
import pathlib
import subprocess
import sys
import tempfile


def scan(konseki, rules, events, options):
    """(hits, messages): without times, which are those of the reading where an event has none."""
    done = subprocess.run([konseki, "scan", "--format", "jsonl", "--rules", rules, *options, *events],
                          check=False, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        sys.exit("scan: exit code %d\n%s" % (done.returncode, done.stderr))
    hits = []
    for line in done.stdout.splitlines():
        hit = json.loads(line)
        hit.pop("@timestamp", None)
        hits.append(json.dumps(hit, sort_keys=True))
    messages = [x for x in done.stderr.splitlines() if "refused" in x]
    return sorted(hits), messages


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    konseki, rules, events = sys.argv[1], sys.argv[2], sys.argv[3:]
    wanted = scan(konseki, rules, events, ["--no-rule-cache"])
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(2):
            got = scan(konseki, rules, events, ["--rule-cache", folder])
            if got != wanted:
                failed += 1
                print("run %d differs: %d hits for %d" % (number, len(got[0]), len(wanted[0])))
        kept = list(pathlib.Path(folder).glob("*.sigma"))
    if len(kept) != 1:
        failed += 1
        print("%d files in the cache" % len(kept))
    print("sigma_cache: %d hits, %d differences" % (len(wanted[0]), failed))
    return 1 if failed or not wanted[0] else 0


if __name__ == "__main__":
    sys.exit(main())
