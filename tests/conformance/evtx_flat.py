#!/usr/bin/env python3
"""Compare `konseki dump --flat` with the reference data, field by field.

    python3 tests/conformance/evtx_flat.py build/konseki [DATA]

DATA (default $KONSEKI_DATA, then ../shared/data) holds evtx/, evtx/INDEX.csv and
evtx-decoded/events.jsonl.gz (see the README there). Three checks:

  counts   every file of INDEX.csv: records that the chunk walk counted == records dumped
  fields   every record of events.jsonl.gz: the same names with the same values
  noise    the run ends with exit code 0 and writes valid JSON

Differences are grouped by class. EXPLAINED lists the classes where the reference is known to be
wrong or to print differently, each with its reason; all others make the check fail.
"""
import argparse
import collections
import csv
import gzip
import json
import os
import pathlib
import subprocess
import sys

EXPLAINED = {}

COUNTS_EXPLAINED = {}


def shorten(value, limit=100):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else text[:limit] + "..."


def dump(program, data, *arguments):
    run = subprocess.run([program, "dump", *arguments, "evtx"], cwd=data, stdout=subprocess.PIPE,
                         check=False, timeout=600)
    return run.returncode, run.stdout


def check_counts(records, index_path):
    """Number of files whose record count differs without explanation."""
    bad = 0
    with open(index_path, newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            want, got = int(row["records_in_chunks"] or 0), len(records.get(row["path"], {}))
            if want == got:
                continue
            reason = COUNTS_EXPLAINED.get(row["path"])
            print(f"count {row['path']}: index {want}, dumped {got}: {reason or 'UNEXPLAINED'}")
            bad += reason is None
    return bad


def classify(name, want, got):
    """Class of one difference, for EXPLAINED and for the report."""
    if want is None:
        return "only in ours"
    if got is None:
        return "only in reference"
    if isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        kinds = {classify(name, w, g) for w, g in zip(want, got) if w != g}
        return kinds.pop() if len(kinds) == 1 else "value"
    if isinstance(want, str) and isinstance(got, str):
        if want.lower() == got.lower():
            return "case"
        if want.replace("\x00", "") == got.replace("\x00", ""):
            return "NUL"
        if want == got.replace("\r\n", "\n").replace("\r", "\n"):
            return "line ends"
        if want == "" and got.strip() == "":
            return "only blanks"
        if want.strip() == got.strip():
            return "blanks at the ends"
    return "value"


def check_fields(records, decoded_path):
    """Compares record by record; returns (compared, {class: [examples]})."""
    classes = collections.defaultdict(list)
    compared = 0
    with gzip.open(decoded_path, "rt", encoding="utf-8") as lines:
        for line in lines:
            reference = json.loads(line)
            got = records.get(reference["file"], {}).get(reference["idx"])
            where = f"{reference['file']} #{reference['idx']}"
            if got is None:
                classes["record missing"].append(where)
                continue
            compared += 1
            want = reference["event"]
            for name in want.keys() | got.keys():
                if want.get(name) != got.get(name):
                    kind = classify(name, want.get(name), got.get(name))
                    classes[kind].append(f"{where} {name}: reference {shorten(want.get(name))} "
                                         f"ours {shorten(got.get(name))}")
    return compared, classes


def report(compared, classes):
    bad = 0
    print(f"{compared} records compared")
    for kind, examples in sorted(classes.items()):
        reason = EXPLAINED.get(kind)
        print(f"{len(examples):6} {kind}: {reason or 'UNEXPLAINED'}")
        for example in examples[:: max(1, len(examples) // 8)][:8]:
            print(f"         {example}")
        bad += 0 if reason else len(examples)
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=os.path.abspath)
    default = os.environ.get("KONSEKI_DATA", "../shared/data")
    parser.add_argument("data", nargs="?", default=default, type=pathlib.Path)
    arguments = parser.parse_args()
    decoded = arguments.data / "evtx-decoded" / "events.jsonl.gz"
    if not decoded.exists():
        print(f"SKIPPED: {decoded} not found")
        return 0
    code, output = dump(arguments.program, arguments.data, "--flat")
    records = collections.defaultdict(dict)
    for line in output.splitlines():
        record = json.loads(line)
        if "idx" in record:
            records[record["file"]][record["idx"]] = record["event"]
    bad = check_counts(records, arguments.data / "evtx" / "INDEX.csv")
    bad += report(*check_fields(records, decoded))
    if code != 0:
        print(f"exit code {code}")
    return 1 if bad or code else 0


if __name__ == "__main__":
    sys.exit(main())
