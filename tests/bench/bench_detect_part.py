"""Detection: all Sigma rules over EVTX and NDJSON, decoding beside evtxexport."""
import shutil
import subprocess

from bench_base import DATA, ONE_CORE, timed

RULES = DATA / "sigma" / "rules"
EVTX_LARGE_BYTES = 1 << 20


class DetectPart:
    def __init__(self, program, corpora, figures):
        self.program, self.corpora, self.figures = program, corpora, figures

    def run(self):
        if not RULES.exists():
            self.figures.skip("detection: data/sigma not found")
            return
        empty = self.corpora.folder / "empty.evtx"
        empty.write_bytes(b"")
        start = timed(self.scan(empty), 3)
        self.figures.add("scan: start with all Sigma rules", start.seconds, "s", command=start.command)
        self.scan_folder("data/evtx", DATA / "evtx", start)
        if shutil.which("evtxexport"):
            self.beside_evtxexport()
        else:
            self.figures.skip("evtxexport not installed")
        if self.corpora.b():
            self.scan_folder("data/json-events", self.corpora.b(), start)

    def scan(self, path):
        return [*ONE_CORE, self.program.path, "scan", "--rules", RULES, "--format", "jsonl", path]

    def scan_folder(self, name, folder, start):
        dumped = subprocess.Popen([self.program.path, "dump", "--flat", folder],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        records = sum(1 for _ in dumped.stdout)
        dumped.wait()
        run = timed(self.scan(folder), allowed=(0, 1, 4))
        self.figures.add(f"scan {name}, all Sigma rules, one core",
                         records / (run.seconds - start.seconds), "events/s", goal=">= 20000",
                         command=run.command, note=f"{records} records, {run.peak_mib:.0f} MiB")

    def beside_evtxexport(self):
        large = sorted(path for path in (DATA / "evtx").rglob("*.evtx")
                       if path.stat().st_size > EVTX_LARGE_BYTES)[:10]
        ours = theirs = ours_count = theirs_count = 0
        for path in large:
            done = subprocess.run(["evtxexport", path], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
            if done.returncode != 0:
                continue
            theirs_count += done.stdout.count(b"Event number")
            theirs += timed(["evtxexport", path]).seconds
            run = timed([self.program.path, "dump", path])
            ours_count += run.stdout.count("\n")
            ours += run.seconds
        if theirs_count:
            self.figures.add("dump of large EVTX files", ours_count / ours, "records/s",
                             peer="evtxexport", peer_value=theirs_count / theirs,
                             ratio=(ours_count / ours) / (theirs_count / theirs))
