"""The evidence: verify beside sha256sum, proofs of single events, what hashing costs an import."""
import json
import pathlib
import tempfile

from bench_base import ONE_CORE, size_of, timed
from bench_store_part import fresh, import_command

EVENTS = 400


class ProofPart:
    def __init__(self, program, corpora, figures):
        self.program, self.corpora, self.figures = program, corpora, figures
        self.checker = program.path.with_name("konseki-verify")
        self.inside = program.path.parent / "tests" / "bench_proof"
        self.hashing = program.path.parent / "tests" / "bench_hash"

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
        self.hash(site)

    def verify(self, store, tar, raw):
        peer = timed(["sha256sum", tar])
        ways = [("verify, every stored byte", [], ">= 20 x")]
        if self.program.can("verify", "--rebuild"):
            ways.append(("verify --rebuild, every record again", ["--rebuild"], ""))
        for name, words, goal in ways:
            run = timed([self.program.path, "verify", "--store", store, *words], 3 if goal else 1,
                        allowed=(0,))
            self.figures.add(name, raw / 1e6 / run.seconds, "MB/s", goal=goal, peer="sha256sum",
                             peer_value=raw / 1e6 / peer.seconds, ratio=peer.seconds / run.seconds,
                             command=run.command, peer_command=peer.command,
                             note=f"{run.seconds:.3f} s; of processor time "
                                  f"{peer.cpu_seconds / run.cpu_seconds:.1f} x")

    # --- single events ---

    def prove(self, store):
        if not self.inside.exists():
            self.figures.skip(f"times inside the process: {self.inside} is not built")
        else:
            self.prove_inside(store)
        event, = self.ids(store, 1)
        run = timed([self.program.path, "prove", "--store", store, event], 9, allowed=(0,))
        empty = timed([self.program.path, "prove"], 9, allowed=(2,))
        self.figures.add("konseki prove, one event, whole program", run.ms, "ms", command=run.command,
                         note=f"its start {empty.ms:.1f} ms")
        self.check(store, event)

    def prove_inside(self, store):
        run = timed([*ONE_CORE, self.inside, store, EVENTS], allowed=(0,))
        times = json.loads(run.stdout)
        rows = (("producing an inclusion proof, events in order", "run", "<= 100",
                 "mostly of the same 256 records as the one before"),
                ("producing an inclusion proof, events anywhere", "random", "<= 100",
                 "the 256 records of its group are put together and hashed"),
                ("producing the first proof of a process", "cold", "", "nothing is unpacked yet"),
                ("opening store and chain for it", "open", "", ""),
                ("checking a proof, inside", "check", "<= 1000", ""))
        for figure, key, goal, note in rows:
            self.figures.add(figure, times[key]["median"], "us", goal=goal, command=run.command,
                             note=f"{note}; one in twenty > {times[key]['p95']:.0f} us; processor "
                                  "time".lstrip("; "))

    def ids(self, store, count):
        rows = timed([self.program.path, "search", "--store", store, "--limit", count, "--format",
                      "jsonl", "NOT event.dataset:fortigate | fields event.id"])
        return [json.loads(line)["event"]["id"] for line in rows.stdout.splitlines()]

    def check(self, store, event):
        with tempfile.TemporaryDirectory() as folder:
            proof, raw = pathlib.Path(folder, "proof.json"), pathlib.Path(folder, "raw")
            anchor = pathlib.Path(folder, "anchor")
            timed([self.program.path, "anchor", "--store", store, "--out", anchor], allowed=(0,))
            made = timed([self.program.path, "prove", "--store", store, "--anchor", anchor,
                          "--raw-out", raw, event], allowed=(0,))
            proof.write_text(made.stdout)
            run = timed([self.checker, proof, "--raw", raw, "--anchor", anchor], 9, allowed=(0,))
            empty = timed([self.checker], 9, allowed=(2,))
            self.figures.add("konseki-verify, one proof, whole program", run.ms, "ms",
                             command=run.command, note=f"its start {empty.ms:.1f} ms")

    # --- what hashing costs an import ---

    def hash(self, site):
        if not self.hashing.exists():
            self.figures.skip(f"the costs of hashing: {self.hashing} is not built")
            return
        store = fresh(self.corpora.folder / "stores" / "hashing")
        taken = timed([*import_command(self.program, store), "logs"], cwd=site)
        run = timed([*ONE_CORE, self.hashing, store, site / "logs"], allowed=(0,))
        fresh(store)
        costs = json.loads(run.stdout)
        rows = (("checksums of blocks (XXH3)", "checksums", "<= 3"),
                ("signed hashes of segments (SHA-256)", "segments", ""),
                ("leaf hashes and tree of all records", "leaves", ""))
        for figure, key, goal in rows:
            seconds = costs[key]["seconds"]
            speed = costs[key]["bytes"] / 1e6 / max(seconds, 1e-9)
            self.figures.add(figure + ", of import CPU", 100 * seconds / taken.cpu_seconds, "%",
                             goal=goal, command=run.command, peer_command=taken.command,
                             note=f"{seconds:.3f} s of {taken.cpu_seconds:.2f} s; {speed:.0f} MB/s")
