#!/usr/bin/env python3
"""Substrings, regular expressions and words over the seams of templates and variables.

    search_edges.py KONSEKI [--cases 256] [--lines 20] [--seed 1] [--rg] [--keep DIR]

Slices of real logs (search_edges_corpus.py) are imported in one store; random pieces of their lines
become searches (search_edges_cases.py). The set of events that a search finds must be exactly the
set of records that Python finds in the files' bytes: in the store as it was sealed, and again (other
lines, other searches) when it is compacted, which has other templates and columns. With --rg the
literal ones are also asked of ripgrep. From 66,000 lines of a format on its segment has several
stripes (--lines 4000). In CI a few hundred, by hand --cases 20000 --lines 2000 --seed N.
Data: $KONSEKI_DATA, default ../shared/data beside the source; without it the demo site is used alone.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import search_edges_cases
import search_edges_corpus

HERE = pathlib.Path(__file__).resolve().parent
DATA = pathlib.Path(os.environ.get("KONSEKI_DATA", HERE.parents[2] / "shared" / "data"))
SHOWN_DIFFERENCES = 12
TIMEOUT_S = 120


class Store:
    """An imported folder and, taken from its files alone, the text of each record."""

    def __init__(self, konseki, folder):
        self.konseki, self.folder = konseki, folder
        self.path = folder / "store"
        subprocess.run([konseki, "import", "--store", self.path, "logs"], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL, timeout=TIMEOUT_S * 5)
        self.records = self.read_records(self.search("*"))

    def compact(self):
        subprocess.run([self.konseki, "store", "compact", "--store", self.path], check=True,
                       stdout=subprocess.DEVNULL, timeout=TIMEOUT_S * 5)

    def search(self, query):
        """(file, line) of every event found."""
        done = subprocess.run([self.konseki, "search", "--store", self.path, "--limit", "0",
                               "--format", "jsonl", query + " | fields log.file.path, konseki.line"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT_S)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode("utf-8", "replace"))
        rows = map(json.loads, done.stdout.splitlines())
        return [(row["log"]["file"]["path"], row["konseki"]["line"]) for row in rows]

    def read_records(self, places):
        """A record reaches from its first line to the next one's; its last terminator is no text."""
        starts = collections.defaultdict(list)
        for path, line in places:
            starts[path].append(line)
        records = {}
        for path, firsts in starts.items():
            lines = (self.folder / path).read_bytes().removesuffix(b"\n").split(b"\n")
            firsts.sort()
            if len(set(firsts)) != len(firsts) or firsts[0] != 1:
                raise RuntimeError("%s: records do not begin at lines of their own" % path)
            for first, following in zip(firsts, firsts[1:] + [len(lines) + 1]):
                raw = b"\n".join(lines[first - 1:following - 1])
                records[path, first] = raw.removesuffix(b"\r").decode("utf-8")
        return records


def rg_places(folder, literal):
    """(file, line) of the physical lines that hold the text, as ripgrep sees it."""
    done = subprocess.run(["rg", "-n", "--no-heading", "--with-filename", "-uuu", "-a", "-F", "-0",
                           "-e", literal, "logs"], cwd=folder, stdout=subprocess.PIPE)
    places = set()
    for line in done.stdout.splitlines():
        path, _, rest = line.partition(b"\0")
        places.add((path.decode(), int(rest.split(b":", 1)[0])))
    return places


def check(store, case):
    """Lines that tell what differs; empty if nothing."""
    kind, query, is_wanted = case
    try:
        found = store.search(query)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        return ["%s: %s\n    %s" % (kind, query, error)]
    wanted = {place for place, text in store.records.items() if is_wanted(text)}
    out = []
    if len(found) != len(set(found)):
        out.append("%s: %s\n    an event came twice" % (kind, query))
    for name, places in (("missed", wanted - set(found)), ("wrong", set(found) - wanted)):
        for place in sorted(places)[:1]:
            out.append("%s: %s\n    %s %d of %d, first %s: %.300r" %
                       (kind, query, name, len(places), len(wanted), place, store.records[place]))
    return out


def check_with_rg(store, dice, lines, count):
    """The reference itself beside ripgrep, on records of one line."""
    out = []
    lines = [line for line in lines if len(line) >= 8]
    for _ in range(count):
        part = search_edges_cases.edge_part(dice, dice.choice(lines))
        ours = set(store.search(search_edges_cases.substring_case("", part)[1]))
        theirs = rg_places(store.folder, part)
        if ours != {place for place in theirs if place in store.records}:
            out.append("rg -F %r finds %d lines, the search %d" % (part, len(theirs), len(ours)))
    return out


def ask(args, store, dice, lines):
    """The kinds of the searches, and a list of what differs for each."""
    cases = search_edges_cases.make(dice, lines, args.cases)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda case: check(store, case), cases))
    if args.rg:
        answers += [[text] for text in check_with_rg(store, dice, lines, args.cases // 8)]
    return {kind for kind, _, _ in cases}, answers


def run(args, folder):
    has_data = search_edges_corpus.build(folder, DATA, args.lines)
    if not has_data:
        print("SKIPPED: %s not found: lines of the demo site only" % DATA.name)
    store = Store(args.konseki, folder)
    lines = [text for _, text in sorted(store.records.items()) if "\n" not in text]
    dice = random.Random(args.seed)
    kinds, answers = ask(args, store, dice, lines)
    store.compact()
    answers += ask(args, store, dice, lines)[1]
    differing = [text for answer in answers for text in answer]
    for text in differing[:SHOWN_DIFFERENCES]:
        print(text)
    print("search edges: %d records, %d searches of %d kinds, %d differ (seed %d)" %
          (len(store.records), len(answers), len(kinds), len(differing), args.seed))
    failed = sum(map(bool, answers))
    print("%d passed, %d failed, %d skipped" % (len(answers) - failed, failed, not has_data))
    return 1 if differing else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("konseki", type=pathlib.Path)
    parser.add_argument("--cases", type=int, default=160)
    parser.add_argument("--lines", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rg", action="store_true")
    parser.add_argument("--keep", type=pathlib.Path)
    args = parser.parse_args()
    args.konseki = args.konseki.resolve()
    if args.keep:
        args.keep.mkdir(parents=True)
        return run(args, args.keep)
    with tempfile.TemporaryDirectory() as folder:
        return run(args, pathlib.Path(folder))


if __name__ == "__main__":
    sys.exit(main())
