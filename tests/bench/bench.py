#!/usr/bin/env python3
"""Measures konseki against its peers in one run; every figure stands beside its peer's as a ratio.

    bench.py [--mb 1000] [--only NAME,...] [--keep DIR]

Corpora: simulator text (tools/enterprise of the shared folder, --size-mb), data/evtx, the largest
sets of data/json-events. What is missing is skipped with a note. Results: a table on standard
output and bench/results/<UTC time>.json with machine, commit, corpus, commands and figures.
"""
import argparse
import collections
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / "konseki"
DATA = pathlib.Path(os.environ.get("KONSEKI_DATA", ROOT.parent / "shared" / "data"))
SIMULATOR = DATA.parent / "tools" / "enterprise"
RULES = DATA / "sigma" / "rules"
ROUNDS = 5


# Runs a command from a small process of its own: a child's peak memory counts what its parent had
# when it was forked, and this script holds corpora in memory.
LAUNCHER = """
import json, os, resource, subprocess, sys, time
out = open(os.devnull, "wb")
started = time.monotonic()
code = subprocess.call(sys.argv[2:], stdout=out, stderr=out)
seconds = time.monotonic() - started
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
json.dump([code, seconds, peak], open(sys.argv[1], "w"))
"""


def timed(command, rounds=1):
    """(best seconds, peak MiB of the last run) of a command that must succeed."""
    best, peak = None, 0.0
    for _ in range(rounds):
        with tempfile.NamedTemporaryFile() as answer:
            subprocess.run([sys.executable, "-c", LAUNCHER, answer.name, *map(str, command)],
                           check=True)
            code, seconds, peak = json.load(open(answer.name))
        if code not in (0, 1):
            raise RuntimeError(f"exit {code}: {command}")
        best = seconds if best is None else min(best, seconds)
    return best, peak


def size_of(path):
    path = pathlib.Path(path)
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sum(p.stat().st_size for p in files)


class Bench:
    def __init__(self, work, mb):
        self.work = work
        self.mb = mb
        self.rows = []
        self.corpora = {}

    def row(self, figure, value, unit, goal="", peer="", peer_value=None, ratio=None, note=""):
        self.rows.append(dict(figure=figure, value=value, unit=unit, goal=goal, peer=peer,
                              peer_value=peer_value, ratio=ratio, note=note))
        peer_text = f"{peer} {peer_value:.4g} {unit}" if peer_value is not None else ""
        ratio_text = f"ratio {ratio:.2f}" if ratio is not None else ""
        print(f"{figure:46} {value:10.4g} {unit:12} {goal:14} {peer_text:34} {ratio_text} {note}",
              flush=True)

    def text_corpus(self):
        """Simulator text of about `mb` MB as a folder, and as one file for rg and zstd."""
        if "text" not in self.corpora:
            site = self.work / "site"
            subprocess.run([sys.executable, str(SIMULATOR), "--seed", "7001", "--days", "3",
                            "--users", "150", "--size-mb", str(self.mb), "--mix", "text-only",
                            "--out", str(site), "--quiet"], check=True)
            whole = self.work / "whole.log"
            with whole.open("wb") as out:
                for path in sorted((site / "logs").rglob("*")):
                    if path.is_file():
                        out.write(path.read_bytes())
            self.corpora["text"] = (site, whole)
        return self.corpora["text"]

    def import_text(self):
        """Import with the analyses, with all Sigma rules, memory, size beside zstd."""
        site, whole = self.text_corpus()
        raw_mb = size_of(site / "logs") / 1e6
        conf = self.work / "site.conf"
        with conf.open("wb") as out:
            subprocess.run([ROOT / "tools" / "site-from-simulator", site / "site.json"],
                           check=True, stdout=out)
        base = ["taskset", "-c", "0", PROGRAM, "import", "--site", conf, "--ioc", site / "ioc"]
        store = self.work / "store"
        seconds, peak = timed([*base, "--store", store, site / "logs"])
        zstd_s, _ = timed(["taskset", "-c", "0", "zstd", "-3", "-q", "-f", "-k", whole, "-o",
                           self.work / "whole.zst"])
        self.row("import, analyses on, one core", raw_mb / seconds, "MB/s", ">= 30", "zstd -3",
                 raw_mb / zstd_s, zstd_s / seconds)
        self.row("import, peak memory", peak, "MiB", "< 512")
        self.row("store size / zstd -3 of the text", size_of(store) / 1e6, "MB", "",
                 "zstd -3", size_of(self.work / "whole.zst") / 1e6,
                 size_of(store) / size_of(self.work / "whole.zst"))
        if RULES.exists():
            seconds, peak = timed([*base, "--rules", RULES, "--store", self.work / "store-rules",
                                   site / "logs"])
            self.row("import, analyses and all Sigma rules", raw_mb / seconds, "MB/s")
            shutil.rmtree(self.work / "store-rules")
        seconds, _ = timed([PROGRAM, "verify", "--store", store])
        sha_s, _ = timed(["sha256sum", whole])
        self.row("verify", raw_mb / seconds, "MB/s of raw", "", "sha256sum", raw_mb / sha_s,
                 sha_s / seconds)

    def search_text(self):
        """A rare word, a missing word, a frequent word and an aggregate beside rg on the raw."""
        _, whole = self.text_corpus()
        store = self.work / "store"
        rare = self.rare_word(whole)
        for name, word in (("rare word", rare), ("word that is not there", "zzqqxxkonseki")):
            ours, _ = timed([PROGRAM, "search", "--store", store, "--limit", "0", "--format",
                             "jsonl", word], ROUNDS)
            peer, _ = timed(["rg", "-w", "-i", "--no-filename", word, whole], ROUNDS)
            self.row(f"search, {name}, {size_of(whole) / 1e9:.2f} GB raw", ours * 1000, "ms",
                     "< rg", "rg -w -i", peer * 1000, ours / peer)
            case_s, _ = timed(["rg", "-F", "--no-filename", word, whole], ROUNDS)
            self.row(f"search, {name}, beside rg -F", ours * 1000, "ms", "< rg", "rg -F",
                     case_s * 1000, ours / case_s)
        ours, _ = timed([PROGRAM, "search", "--store", store, "--format", "jsonl",
                         "* | count by event.dataset"], 3)
        self.row("search, count by event.dataset", ours * 1000, "ms")
        ours, _ = timed([PROGRAM, "search", "--store", store, "--limit", "0", "--raw", "*"])
        self.row("search --raw '*' (all bytes back)", size_of(whole) / 1e6 / ours, "MB/s")

    @staticmethod
    def rare_word(whole):
        """A word with digits that stands in one line of the whole corpus."""
        with whole.open("rb") as f:
            f.seek(whole.stat().st_size // 2)
            f.readline()
            words = re.findall(rb"\b[A-Za-z0-9]{8,15}\b", f.read(8 << 20))
        once = [w for w, n in collections.Counter(words).items() if n == 1]
        for word in [w for w in once if re.search(rb"[0-9]", w)][:200]:
            found = subprocess.run(["rg", "-c", "-w", "-i", word.decode(), whole],
                                   capture_output=True, text=True).stdout.strip()
            if found == "1":
                return word.decode()
        raise RuntimeError("no word occurs once")

    def scan_evtx(self):
        """Scan of data/evtx with all rules, start subtracted; decoding beside evtxexport."""
        evtx = DATA / "evtx"
        records = int(subprocess.run([PROGRAM, "dump", "--flat", evtx], stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL).stdout.count(b"\n"))
        empty = self.work / "empty.evtx"
        empty.write_bytes(b"")
        start, _ = timed([PROGRAM, "scan", "--rules", RULES, "--format", "jsonl", empty], 3)
        self.row("scan: start with all Sigma rules", start, "s")
        seconds, peak = timed(["taskset", "-c", "0", PROGRAM, "scan", "--rules", RULES, "--format",
                               "jsonl", evtx])
        self.row("scan data/evtx, all Sigma rules, one core", records / (seconds - start),
                 "events/s", ">= 20000", note=f"{records} records, {peak:.0f} MiB")
        named = sorted(p for p in evtx.rglob("*.evtx") if p.stat().st_size > 1 << 20)[:10]
        ours = theirs = ours_n = theirs_n = 0
        for path in named:
            done = subprocess.run(["evtxexport", path], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
            if done.returncode != 0:
                continue
            theirs_n += done.stdout.count(b"Event number")
            theirs += timed(["evtxexport", path])[0]
            ours_n += subprocess.run([PROGRAM, "dump", path], stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL).stdout.count(b"\n")
            ours += timed([PROGRAM, "dump", path])[0]
        if theirs_n:
            self.row("dump of large EVTX files", ours_n / ours, "records/s", "", "evtxexport",
                     theirs_n / theirs, (ours_n / ours) / (theirs_n / theirs))

    def scan_json(self):
        """Scan of Windows events as NDJSON with all rules."""
        packed = sorted((DATA / "json-events" / "windows").rglob("*.zst"),
                        key=lambda p: p.stat().st_size, reverse=True)[:4]
        folder = self.work / "json"
        folder.mkdir(exist_ok=True)
        for path in packed:
            subprocess.run(["zstd", "-q", "-d", "-f", path, "-o", folder / path.stem], check=True)
        records = sum(p.read_bytes().count(b"\n") for p in folder.iterdir())
        empty = self.work / "empty.evtx"
        empty.write_bytes(b"")
        start, _ = timed([PROGRAM, "scan", "--rules", RULES, "--format", "jsonl", empty], 3)
        seconds, peak = timed(["taskset", "-c", "0", PROGRAM, "scan", "--rules", RULES, "--format",
                               "jsonl", folder])
        self.row("scan data/json-events, all Sigma rules, one core", records / (seconds - start),
                 "events/s", ">= 20000", note=f"{records} records, {peak:.0f} MiB")


def machine():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), "?")
    return dict(cpu=model, cores=os.cpu_count(), kernel=platform.release(),
                memory_gib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mb", type=int, default=1000)
    parser.add_argument("--only", default="")
    parser.add_argument("--keep")
    args = parser.parse_args()
    work = pathlib.Path(args.keep or tempfile.mkdtemp(prefix="konseki-bench-"))
    work.mkdir(parents=True, exist_ok=True)
    bench = Bench(work, args.mb)
    parts = {"import": (bench.import_text, SIMULATOR), "search": (bench.search_text, SIMULATOR),
             "evtx": (bench.scan_evtx, DATA / "evtx"), "json": (bench.scan_json, RULES)}
    chosen = [p for p in args.only.split(",") if p] or list(parts)
    try:
        for name in chosen:
            run, needs = parts[name]
            if needs.exists():
                run()
            else:
                print(f"SKIPPED: {name}: {needs.name} not found")
    finally:
        if not args.keep:
            shutil.rmtree(work, ignore_errors=True)
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True,
                            text=True).stdout.strip()
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    out = ROOT / "bench" / "results" / f"{now}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(dict(time=now, commit=commit, machine=machine(),
                                   corpus=dict(text_mb=args.mb, seed=7001), figures=bench.rows),
                              indent=1))
    print(f"written: {out.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
