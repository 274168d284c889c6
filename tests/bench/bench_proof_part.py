"""The evidence: verify beside sha256sum, proofs of single events."""
import json
import tempfile
import pathlib

from bench_base import size_of, timed
from bench_store_part import import_command, fresh

PROVEN = 400


class ProofPart:
    def __init__(self, program, corpora, figures):
        self.program, self.corpora, self.figures = program, corpora, figures
        self.checker = program.path.with_name("konseki-verify")

    def run(self):
        site = self.corpora.a()
        if site is None:
            return
        name = self.corpora.a_name()
        tar = self.corpora.tar(name, site / "logs")
        store = self.corpora.folder / "stores" / name
        if not store.is_dir():
            fresh(store)
            timed([*import_command(self.program, store), "logs"], cwd=site)
        self.verify(store, tar, size_of(site / "logs"))
        if not self.program.can("prove"):
            self.figures.skip("proofs: no prove command")
            return
        self.prove(store)

    def verify(self, store, tar, raw):
        peer = timed(["sha256sum", tar])
        ways = [("verify, every stored byte", [], ">= 20 x")]
        if self.program.can("verify", "--rebuild"):
            ways.append(("verify --rebuild, every record again", ["--rebuild"], ""))
        for name, words, goal in ways:
            run = timed([self.program.path, "verify", "--store", store, *words])
            self.figures.add(name, raw / 1e6 / run.seconds, "MB/s", goal=goal, peer="sha256sum",
                             peer_value=raw / 1e6 / peer.seconds, ratio=peer.seconds / run.seconds,
                             command=run.command, peer_command=peer.command,
                             note=f"{run.seconds:.3f} s; of processor time "
                                  f"{peer.cpu_seconds / run.cpu_seconds:.1f} x")

    def prove(self, store):
        """Time of one proof: that of many less that of one, for the start is no part of it."""
        rows = timed([self.program.path, "search", "--store", store, "--limit", str(PROVEN * 50),
                      "--format", "jsonl", "NOT event.dataset:fortigate | fields event.id"])
        ids = [json.loads(line)["event"]["id"] for line in rows.stdout.splitlines()][::50]
        base = [self.program.path, "prove", "--store", store]
        one = timed([*base, ids[0]], 3, allowed=(0,))
        many = timed([*base, *ids], 3, allowed=(0,))
        each_us = (many.seconds - one.seconds) / (len(ids) - 1) * 1e6
        self.figures.add("producing an inclusion proof", each_us, "us", goal="<= 100",
                         command=f"konseki prove --store S ID... ({len(ids)} ids, less one id)",
                         note=f"one with the start of the program {one.ms:.1f} ms")
        self.check(store, ids)

    def check(self, store, ids):
        with tempfile.TemporaryDirectory() as folder:
            proof, raw = pathlib.Path(folder, "proof.json"), pathlib.Path(folder, "raw")
            anchor = pathlib.Path(folder, "anchor")
            timed([self.program.path, "anchor", "--store", store, "--out", anchor], allowed=(0,))
            made = timed([self.program.path, "prove", "--store", store, "--anchor", anchor,
                          "--raw-out", raw, ids[0]], allowed=(0,))
            proof.write_text(made.stdout)
            run = timed([self.checker, proof, "--raw", raw, "--anchor", anchor], 9, allowed=(0,))
            empty = timed([self.checker, "--help"], 9, allowed=(0, 2))
            self.figures.add("checking a proof, without the start", max(run.ms - empty.ms, 0), "ms",
                             goal="<= 1", command=run.command,
                             note=f"whole program {run.ms:.1f} ms, its start {empty.ms:.1f} ms")
