#!/usr/bin/env python3
"""The law of the folders: an include of a header that a library may not see does not compile.

    include_law.py SOURCE_ROOT BUILD_ROOT

For each folder, the include folders of its real compile command are given to the compiler with a
probe: each header that the folder may see must be found, every other one must not. The last probe
is a plain #include against the law, which the compiler must refuse.
"""
import json
import pathlib
import shlex
import subprocess
import sys

BASE = ["base"]
PLATFORM = BASE + ["platform"]
CODEC = PLATFORM + ["codec"]
PROOF = CODEC + ["proof"]
EVENT = CODEC + ["event", "tables"]
EXPR = EVENT + ["expr"]
SIGMA = EXPR + ["detect/sigma"]
SIGMA_INNER = [f"detect/sigma/{room}"
               for room in ("language", "mapping", "correlation", "engine", "cache")]
PARSE = ["parse", "parse/windows"]
PARSE_INNER = ["parse/formats", "parse/evtx"]
STORE = ["store", "store/chain", "store/tiers", "store/prove"]
STORE_INNER = ["store/live", "store/merge", "store/scan",
               *(f"store/native/{room}" for room in
                 ("layout", "cut", "index", "write", "read", "search", "group"))]
DETECT = ["detect", "detect/findings", "detect/site", "detect/ioc"]
REPORT = ["report", "report/forms", "report/html"]
APP = ["app", "app/export", "app/inputs"]
LAW = {  # folder: the folders whose headers it sees
    "base": BASE, "platform": PLATFORM, "codec": CODEC, "proof": PROOF, "unpack": CODEC + ["unpack"], "event": EVENT, "expr": EXPR,
    "parse": EXPR + PARSE + PARSE_INNER, "normalise": EXPR + ["normalise"],
    "store": EXPR + ["proof"] + STORE + STORE_INNER, "collect": EXPR + ["collect"],
    "detect/sigma": SIGMA + SIGMA_INNER, "detect": SIGMA + STORE + DETECT + ["detect/analyses"],
    "query": EXPR + STORE + ["query"],
    "investigate": EXPR + STORE + DETECT + ["query", "detect/sigma", "investigate"],
    "triage": SIGMA + ["triage", "triage/parts"],
    "report": EVENT + ["detect/sigma"] + REPORT,
    "app": EXPR + PARSE + STORE + DETECT + APP + ["normalise", "query", "detect/sigma", "collect",
                                          "investigate", "unpack"],
}
INNER = {"detect/analyses": "detect", "triage/parts": "triage",
         **{room: "detect/sigma" for room in SIGMA_INNER},
         **{room: "parse" for room in PARSE[1:] + PARSE_INNER},
         **{room: "store" for room in STORE[1:] + STORE_INNER},
         **{room: "detect" for room in DETECT[1:]}, **{room: "app" for room in APP[1:]},
         **{room: "report" for room in REPORT[1:]}}


def folder_of(header, source):
    return str(header.parent.relative_to(source / "src"))


def commands(source, build):
    """Folder of src/ -> every compile command of its C files, as (folder, argument list)."""
    found = {}
    for row in json.loads((build / "compile_commands.json").read_text()):
        path = (pathlib.Path(row["directory"]) / row["file"]).resolve()
        if path.suffix == ".c" and source / "src" in path.parents:
            folder = str(path.parent.relative_to(source / "src"))
            found.setdefault(INNER.get(folder, folder), []).append(row)
    return found


def include_flags(row):
    return [x for x in shlex.split(row["command"]) if x.startswith("-I")]


def compile_probe(row, text, *more):
    compiler = [x for x in shlex.split(row["command"])[:2] if "ccache" not in x][0]
    return subprocess.run([compiler, *include_flags(row), *more, "-x", "c", "-E", "-o", "/dev/null", "-"],
                          input=text, cwd=row["directory"], capture_output=True, text=True)


def check_folder(folder, row, headers):
    """Complaints about what one compile command sees."""
    lines = []
    for name, home in sorted(headers.items()):
        wanted = home in LAW[folder]
        lines += [f'#if {"!" if wanted else ""}__has_include("{name}")',
                  f'#error "{folder} {"does not see" if wanted else "sees"} {home}/{name}"',
                  "#endif"]
    # a header of the system may bear the name of one of ours (libarchive's archive.h)
    done = compile_probe(row, "\n".join(lines) + "\n", "-nostdinc")
    return [x for x in done.stderr.splitlines() if "#error" in x or done.returncode == 0]


def main():
    source, build = (pathlib.Path(x).resolve() for x in sys.argv[1:3])
    headers = {p.name: folder_of(p, source) for p in (source / "src").rglob("*.h")}
    rows = commands(source, build)
    complaints = [f"{x}: no rule in LAW" for x in sorted(set(rows) - set(LAW))]
    complaints += [f"{x}: nothing is compiled there" for x in sorted(set(LAW) - set(rows))]
    for folder in sorted(set(rows) & set(LAW)):
        seen = {tuple(include_flags(row)): row for row in rows[folder]}
        for row in seen.values():
            complaints += check_folder(folder, row, headers)
    if compile_probe(rows["base"][0], '#include "store.h"\n').returncode == 0:
        complaints.append("base includes store.h, and that compiles")
    for complaint in complaints:
        print("include law:", complaint)
    print(f"include law: {len(rows)} folders, {len(headers)} headers, {len(complaints)} complaints")
    return 1 if complaints or len(headers) < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
