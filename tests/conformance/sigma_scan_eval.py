#!/usr/bin/env python3
"""`scan` over files must find the same (event, rule) pairs as `rules eval` over their flat dump: the
two ways to the engine (rows of batches, bare events) agree on real data.

  sigma_scan_eval.py KONSEKI RULES PATH...          Windows event files (EVTX, NDJSON)
"""
import json
import subprocess
import sys
import tempfile


def run(command):
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode not in (0, 2, 4):
        sys.exit("%s: exit code %d\n%s" % (command[1], done.returncode, done.stderr.decode()))
    return done.stdout.decode("utf-8", "replace").splitlines()


def place_of(record):
    """File and order in it: `scan` counts the lines of NDJSON from 1, `dump` its records from 0."""
    return record["file"], record["line"] - 1 if "line" in record else record["idx"]


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    konseki, rules, *paths = sys.argv[1:]
    scanned = set()
    for line in run([konseki, "scan", "--format", "jsonl", "--rules", rules] + paths):
        hit = json.loads(line)
        scanned.add(place_of(hit["event"]) + (hit["rule"]["id"],))
    dump = [json.loads(line) for line in run([konseki, "dump", "--flat"] + paths)]
    # a record so damaged that it has no Channel is kept out of scans
    dump = [record for record in dump if "Channel" in record["event"]]
    evaluated = set()
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as f:
        for record in dump:
            f.write(json.dumps(record) + "\n")
        f.flush()
        answers = run([konseki, "rules", "eval", "--ids", rules, f.name])
    for record, answer in zip(dump, answers):
        for rule in json.loads(answer)["rules"]:
            evaluated.add(place_of(record) + (rule,))
    windows = {place_of(record) for record in dump}
    scanned = {pair for pair in scanned if pair[:-1] in windows}
    for pair in sorted(scanned ^ evaluated):
        print("%s: %s" % ("scan only" if pair in scanned else "eval only", pair))
    print("%d events, %d hits, %d differences" %
          (len(dump), len(evaluated), len(scanned ^ evaluated)))
    return 1 if scanned ^ evaluated or not evaluated else 0


if __name__ == "__main__":
    sys.exit(main())
