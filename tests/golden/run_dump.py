#!/usr/bin/env python3
"""Golden tests of `konseki dump`.

    python3 tests/golden/run_dump.py PROGRAM FOLDER [--update]

FOLDER/NAME.json   events and options for demo/evtx_writer.py; the program reads NAME.evtx
FOLDER/NAME.xml    read as it is (with FOLDER/NAME.utf16 empty beside it: turned to UTF-16LE)
FOLDER/NAME.log    text lines, read as they are
Beside each the expected outputs: NAME.flat.jsonl (--flat --recover), NAME.out.xml (--format xml
--recover), which must also be well-formed. --update writes them anew: read the diff.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUTPUTS = {".flat.jsonl": ["--flat", "--recover"], ".out.xml": ["--format", "xml", "--recover"]}


def make_input(case, folder):
    """Writes the case's input into the folder; returns its name."""
    if case.suffix == ".json":
        target = folder / f"{case.stem}.evtx"
        subprocess.run([sys.executable, ROOT / "demo" / "evtx_writer.py", case, target],
                       check=True)
        return target.name
    data = case.read_bytes()
    if case.with_suffix(".utf16").exists():
        data = data.decode("utf-8").encode("utf-16")
    (folder / case.name).write_bytes(data)
    return case.name


def check_output(program, case, folder, name, suffix, update):
    """True if the program prints what is expected."""
    run = subprocess.run([program, "dump", *OUTPUTS[suffix], name], cwd=folder, timeout=60,
                         stdout=subprocess.PIPE, check=False)
    expected = case.with_name(case.stem + suffix)
    if suffix == ".out.xml":
        for line in run.stdout.split(b"\n")[:-1]:
            xml.etree.ElementTree.fromstring(line)
    if update:
        expected.write_bytes(run.stdout)
    if run.returncode == 0 and run.stdout == expected.read_bytes():
        return True
    print(f"{expected.name}: differs (exit code {run.returncode})")
    want, got = expected.read_bytes().splitlines(), run.stdout.splitlines()
    for number, (a, b) in enumerate(zip(want, got), 1):
        if a != b:
            print(f"  line {number}\n  expected {a[:2000]!r}\n  got      {b[:2000]!r}")
            break
    else:
        print(f"  expected {len(want)} lines, got {len(got)}")
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()
    program = arguments.program.resolve()
    cases = [path for path in sorted(arguments.folder.iterdir())
             if path.suffix in (".json", ".log") or (path.suffix == ".xml" and ".out" not in path.name)]
    good = True
    for case in cases:
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            name = make_input(case, folder)
            for suffix in OUTPUTS:
                good &= check_output(program, case, folder, name, suffix, arguments.update)
    print(f"{len(cases)} cases, {'all as expected' if good else 'FAILED'}")
    return 0 if good and cases else 1


if __name__ == "__main__":
    sys.exit(main())
