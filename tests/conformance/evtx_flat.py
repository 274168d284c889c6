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
import re
import subprocess
import sys

TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d+)Z")

EXPLAINED = {
    "line ends": "the reference went through XML, which turns CR LF into LF; the bytes hold CR LF",
    "only blanks": "the reference drops texts of blanks only; the bytes hold them",
    "control characters": "the reference dropped characters that XML cannot hold",
    "hex digits": "the reference pads System/Keywords to 16 digits; Windows prints 0x80000000000000",
    "time digits": "the same time; the second reader of the reference prints 7 digits",
    "number": "the same number in another notation (3.199234e+003)",
}

# The index stops at the first broken record of a chunk, we go on at the next signature.
TORN = "torn chunks: records behind the tear are found and, where damaged, reported"
SAMPLES = "evtx/format-cases/evtx-rs/samples/"
COUNTS_EXPLAINED = {
    SAMPLES + "2-vss_0-Microsoft-Windows-RemoteDesktopServices-RdpCoreTS_4Operational.evtx": TORN,
    SAMPLES + "sample_with_a_bad_chunk_magic.evtx": TORN,
}


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


def as_number(text):
    try:
        return int(text, 16) if text.startswith("0x") else float(text)
    except ValueError:
        return None


def same_text_class(want, got):
    """Class of two different texts."""
    unix = got.replace("\r\n", "\n").replace("\r", "\n")
    if want == unix:
        return "line ends"
    if want == "" and got.strip() == "":
        return "only blanks"
    if want == "".join(c for c in unix if c >= " " or c in "\t\n"):
        return "control characters"
    if TIME.fullmatch(want) and TIME.fullmatch(got):
        digits = [TIME.fullmatch(text).groups() for text in (want, got)]
        same = digits[0][0] == digits[1][0] and digits[0][1].ljust(9, "0") == digits[1][1]
        return "time digits" if same else "value"
    if as_number(want) is not None and as_number(want) == as_number(got):
        return "hex digits" if want.startswith("0x") else "number"
    return "value"


def classify(want, got):
    """Class of one difference, for EXPLAINED and for the report."""
    if want is None or got is None:
        return "only in ours" if want is None else "only in reference"
    if isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        kinds = {classify(w, g) for w, g in zip(want, got) if w != g}
        return kinds.pop() if len(kinds) == 1 else "value"
    if isinstance(want, str) and isinstance(got, str):
        return same_text_class(want, got)
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
                    kind = classify(want.get(name), got.get(name))
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
        return 77  # meson: skipped
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
