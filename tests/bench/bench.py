#!/usr/bin/env python3
"""Measures konseki against its peers in one run; every figure stands beside its peer's as a ratio.

    bench.py [--only PART,...] [--corpora abc] [--mb 1000] [--large] [--konseki PROGRAM]

Parts: store (import, compaction, size), search (and aggregates), proof (verify, proofs), hunt
(indicators), detect (Sigma, EVTX). --corpora: those of the part store. --mb: another size of corpus
(a), for trials; the goals are meant for 1000. --large adds 10 GB of text to the searches (an hour more).

Corpora and stores are kept in $KONSEKI_BENCH_DIR (default build/bench; about 8 GB, with --large 30);
what is missing is skipped with a note. Sizes that take long (zstd -19 of 1 GB: a quarter of an hour
or more) are kept in bench/cache.json by the SHA-256 of their corpus; speeds never are. Results: a
table on standard output and bench/results/<UTC time>.json with machine, commit, corpora (SHA-256,
bytes), commands, goals and figures. Leave the machine alone while it runs.
"""
import argparse
import pathlib
import subprocess
import sys

from bench_base import ROOT, Cache, Figures, write_results
from bench_corpora import Corpora, bench_folder
from bench_detect_part import DetectPart
from bench_hunt_part import HuntPart
from bench_peers import Peers
from bench_proof_part import ProofPart
from bench_search_part import SearchPart
from bench_store_part import Program, StorePart

PARTS = ("store", "search", "proof", "hunt", "detect")


def run_part(name, part, figures):
    """False if a command of the part failed: what it measured until then stays in the results."""
    try:
        part.run()
        return True
    except (RuntimeError, subprocess.CalledProcessError) as error:
        figures.skip(f"the rest of part {name}: {error}")
        return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--corpora", default="abc")
    parser.add_argument("--mb", type=int, default=1000)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--konseki", type=pathlib.Path, default=ROOT / "build" / "konseki")
    args = parser.parse_args()
    chosen = [part for part in args.only.split(",") if part] or list(PARTS)
    unknown = set(chosen) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(unknown)}; parts: {', '.join(PARTS)}")
    figures, folder = Figures(), bench_folder()
    program, corpora = Program(args.konseki.resolve()), Corpora(folder, figures, args.mb)
    peers = Peers(folder, figures)
    parts = dict(store=StorePart(program, corpora, peers, figures, Cache(), args.corpora),
                 search=SearchPart(program, corpora, peers, figures, args.large),
                 proof=ProofPart(program, corpora, figures),
                 hunt=HuntPart(program, corpora, figures),
                 detect=DetectPart(program, corpora, figures))
    broken = [part for part in PARTS if part in chosen and not run_part(part, parts[part], figures)]
    out = write_results(figures, dict(parts=chosen, large=args.large, mb=args.mb, broken=broken))
    print(f"written: {out.relative_to(ROOT)}")
    judged = [row["is_met"] for row in figures.rows if row["is_met"] is not None]
    print(f"{sum(judged)} of {len(judged)} goals met, {len(figures.skipped)} figures skipped")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
