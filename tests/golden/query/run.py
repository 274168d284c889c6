#!/usr/bin/env python3
"""Runs the cases of *.case through `konseki search` and `konseki timeline` over inputs/.

A case:
    === name
    search --format csv 'QUERY'      the command, quoted as in a shell; --store is added
    --- [exit N] [stderr]            what stdout must be, to the byte ("\\r" shows as a CR sign);
    ...                              with the word stderr: what stderr must be

Usage: run.py KONSEKI [--update]; --update writes what came out: read the difference before you
commit it.
"""
import pathlib
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
INPUTS = ["inputs/fw.log", "inputs/notes.txt", "inputs/proxy.log"]
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "LANGUAGE": "en", "PATH": "/usr/bin:/bin"}


def run(konseki, arguments):
    return subprocess.run([konseki, *arguments], cwd=HERE, env=ENVIRONMENT, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def shown(raw):
    return raw.decode("utf-8", "backslashreplace").replace("\r", "\u240d")


def read_cases(path):
    for block in path.read_text(encoding="utf-8").split("=== ")[1:]:
        name, _, body = block.partition("\n")
        command, _, rest = body.partition("\n--- ") if "\n--- " in body else (body, "", "\n")
        head, _, want = rest.partition("\n")
        yield name, command.strip("\n"), head.split(), want


def check(konseki, store, case):
    name, command, head, want = case
    verb, *arguments = shlex.split(command)
    result = run(konseki, [verb, "--store", store, *arguments])
    code = int(head[head.index("exit") + 1]) if "exit" in head else 0
    got = shown(result.stderr if "stderr" in head else result.stdout)
    if not got.endswith("\n"):
        got += "\u2b90no newline\n" if got else ""
    if result.returncode == code and got == want:
        return got, result.returncode, True
    print(f"FAILED {name}: exit {result.returncode}\n{got}", end="")
    return got, result.returncode, False


def update(path, cases, results):
    text = ""
    for (name, command, head, _), (got, code, _) in zip(cases, results):
        mark = (["exit", str(code)] if code else []) + (["stderr"] if "stderr" in head else [])
        text += f"=== {name}\n{command}\n--- {' '.join(mark)}\n{got}"
    path.write_text(text, encoding="utf-8")


def main():
    konseki = str(pathlib.Path(sys.argv[1]).resolve())
    good = total = 0
    with tempfile.TemporaryDirectory() as folder:
        store = folder + "/store"
        done = run(konseki, ["import", "--store", store, "--tz", "Asia/Tokyo", *INPUTS])
        if done.returncode != 0:
            sys.exit(f"FAILED import: {done.stderr.decode()}")
        for path in sorted(HERE.glob("*.case")):
            cases = list(read_cases(path))
            results = [check(konseki, store, case) for case in cases]
            good += sum(result[2] for result in results)
            total += len(results)
            if "--update" in sys.argv:
                update(path, cases, results)
        for file in INPUTS:
            raw = run(konseki, ["search", "--store", store, "--raw", f'log.file.path:"{file}"'])
            total += 1
            good += raw.stdout == (HERE / file).read_bytes()
    print(f"{good} passed, {total - good} failed")
    sys.exit(good != total)


if __name__ == "__main__":
    main()
