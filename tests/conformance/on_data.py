#!/usr/bin/env python3
"""Runs the conformance scripts over the reference data and counts them; skips with a visible note
where the data folder is absent. What each script compares stands in its head.

    on_data.py KONSEKI        data: $KONSEKI_DATA, default ../shared/data beside the source
"""
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
DATA = pathlib.Path(os.environ.get("KONSEKI_DATA", HERE.parents[2] / "shared" / "data"))

# script: arguments behind the program, and what it needs below the data folder
RUNS = (
    ("evtx_flat.py", [DATA], "evtx-decoded"),
    ("evtx_regression.py", [DATA], "evtx/sigma-regression"),
    ("postfix_lines.py", [DATA], "sources/mail"),
    ("sigma_regression.py", [DATA], "evtx/sigma-regression"),
    ("sigma_reference.py",
     [DATA / "sigma/rules", DATA / "evtx-decoded/events.jsonl.gz", "--step", "40"], "sigma/rules"),
    ("sigma_scan_eval.py",
     [DATA / "sigma/rules", DATA / "evtx/hayabusa", DATA / "evtx/deepblue"], "evtx/deepblue"),
    ("sigma_cache.py", [DATA / "sigma/rules", DATA / "evtx"], "evtx"),
    ("triage_reference.py", [DATA], "evtx/deepblue"),
)


def main():
    passed = failed = skipped = 0
    for script, arguments, needed in RUNS:
        if not (DATA / needed).exists():
            skipped += 1
            print(f"SKIPPED: {script}: data/{needed} not found")
            continue
        done = subprocess.run([sys.executable, HERE / script, sys.argv[1], *map(str, arguments)],
                              capture_output=True, text=True, timeout=900)
        lines = [x for x in done.stdout.splitlines() if x.strip()]
        good = done.returncode == 0
        passed += good
        failed += not good
        print(f"{'ok     ' if good else 'FAILED '} {script}")
        for line in (lines[-1:] if good else lines[-40:] + done.stderr.splitlines()[-10:]):
            print("        " + line[:200])
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
