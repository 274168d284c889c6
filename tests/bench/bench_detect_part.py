"""Detection: all Sigma rules over EVTX and NDJSON, one core; start, ten thousand rules, memory, also over
10 GB of EVTX; a correlation with a million groups; a new rule over a store; beside SQLite (each rule as
SQL on the same events) and evtxexport (decoding)."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

from bench_base import DATA, ONE_CORE, timed

SIGMA = DATA / "sigma"
RULE_FOLDERS = ("rules", "rules-emerging-threats", "rules-threat-hunting")
GENERATED = 7000
EVTX_LARGE_BYTES = 1 << 20
RECORDS = 1_000_000  # folders are given as often as it takes
EVTX_BYTES = 10 << 30
GROUPS = 1_000_000
GROUPS_WITH_HIT = 1000
GROUP_EVENTS = 3  # of those with a hit; the others have one event each
ROUNDS = 3
HERE = pathlib.Path(__file__).resolve().parent
GROUPS_RULE = """title: failures
name: failures
id: 0b5d9a52-3d2f-4a52-9e55-0d7a3f1c1001
logsource:
  product: windows
  service: security
detection:
  s:
    EventID: 4625
  condition: s
---
title: Many failures of one address
id: 0b5d9a52-3d2f-4a52-9e55-0d7a3f1c1002
correlation:
  type: event_count
  rules: [failures]
  group-by: [IpAddress]
  timespan: 1h
  condition:
    gte: %d
level: high
"""


class DetectPart:
    def __init__(self, program, corpora, figures):
        self.program, self.corpora, self.figures = program, corpora, figures
        self.cache = corpora.folder / "rule-cache"
        self.rules = [x for name in RULE_FOLDERS if (SIGMA / name).exists()
                      for x in ("--rules", SIGMA / name)]

    def run(self):
        if not self.rules:
            self.figures.skip("detection: data/sigma not found")
            return
        many = [*self.rules, "--rules", self.generated()]
        self.start(self.rules, "<= 0.5")
        self.start(many, "")
        self.scan_folder("data/evtx", DATA / "evtx", many)
        self.large_evtx(DATA / "evtx")
        self.million_groups()
        self.beside_sqlite(DATA / "evtx")
        if shutil.which("evtxexport"):
            self.beside_evtxexport()
        else:
            self.figures.skip("evtxexport not installed")
        if self.corpora.b():
            self.scan_folder("data/json-events", self.corpora.b(), many)
            self.new_rule(self.corpora.b())
            self.all_cores("data/json-events", self.corpora.b())

    def generated(self):
        """Rules like the real ones (sigma_generate.py)."""
        out = self.corpora.folder / "sigma-generated"
        if not out.exists():
            subprocess.run([sys.executable, HERE / "sigma_generate.py", out, str(GENERATED),
                            *[SIGMA / name for name in RULE_FOLDERS]], check=True,
                           stdout=subprocess.DEVNULL)
        return out

    def scan(self, rules, paths, cache=True, cores=tuple(ONE_CORE)):
        keep = ["--rule-cache", self.cache] if cache else ["--no-rule-cache"]
        return [*cores, self.program.path, "scan", *rules, *keep, "--format", "jsonl", *paths]

    def start(self, rules, goal):
        """Without events: compiled, and from the cache."""
        empty = self.corpora.folder / "empty.evtx"
        empty.write_bytes(b"")
        built = timed(self.scan(rules, [empty], cache=False), 1)
        kept = timed(self.scan(rules, [empty]), ROUNDS)
        count = re.search(r"([0-9]+) rules", kept.stderr)
        name = f"scan: start with {count.group(1) if count else '?'} Sigma rules"
        self.figures.add(name + ", compiled", built.seconds, "s", command=built.command,
                         note=f"{built.peak_mib:.0f} MiB")
        self.figures.add(name + ", from the cache", kept.seconds, "s", goal=goal,
                         command=kept.command, note=f"{kept.peak_mib:.0f} MiB")

    def measure(self, rules, folder, times):
        """Processor seconds beyond the start, events, and the run itself."""
        empty = self.corpora.folder / "empty.evtx"
        start = timed(self.scan(rules, [empty]), 1)
        run = timed(self.scan(rules, [folder] * times), allowed=(0, 1, 4))
        events = int(re.search(r"in ([0-9]+) events", run.stderr).group(1))
        return run.seconds - start.seconds, run.cpu_seconds - start.cpu_seconds, events, run

    def scan_folder(self, name, folder, many):
        """Speed over a million events, memory over one pass and over all, ten thousand rules."""
        _, _, events, once = self.measure(self.rules, folder, 1)
        times = -(-RECORDS // events)
        seconds, cpu, events, run = self.measure(self.rules, folder, times)
        self.figures.add(f"scan {name}, all Sigma rules, one core", events / seconds, "events/s",
                         goal=">= 100000", command=run.command,
                         note=f"{events} events, {events / cpu:.0f} a processor second")
        self.figures.add(f"scan {name} {times} times over, peak memory", run.peak_mib, "MiB",
                         goal="<= 200", note=f"once: {once.peak_mib:.0f} MiB")
        _, cpu_many, _, run_many = self.measure(many, folder, times)
        self.figures.add(f"scan {name}, with {GENERATED} more rules", cpu_many / cpu,
                         "x processor time", goal="<= 1.5", command=run_many.command,
                         note=f"{run_many.peak_mib:.0f} MiB")

    def large_evtx(self, folder):
        """10 GB of EVTX by naming the files again and again: memory as for one pass."""
        files = sorted(folder.rglob("*.evtx"))
        times = -(-EVTX_BYTES // sum(path.stat().st_size for path in files))
        once = timed(self.scan(self.rules, [folder]), allowed=(0, 1, 4))
        run = timed(self.scan(self.rules, [folder] * times), allowed=(0, 1, 4))
        self.figures.add(f"scan {EVTX_BYTES >> 30} GB of EVTX ({times} times data/evtx), peak memory",
                         run.peak_mib, "MiB", goal="<= 200", command=run.command[:200],
                         note=f"once: {once.peak_mib:.0f} MiB; {run.seconds:.0f} s")

    def groups_file(self):
        """Events of one hour, each of an address of its own, but for those that have several."""
        out = self.corpora.folder / "groups.json"
        if out.exists():
            return out
        step = GROUPS // GROUPS_WITH_HIT
        with open(out, "w", encoding="utf-8") as f:
            for turn in range(GROUP_EVENTS):
                for n in range(0, GROUPS, 1 if turn == 0 else step):
                    at = (turn * 1200 + n % 1200) % 3600
                    f.write(f'{{"@timestamp":"2026-03-04T10:{at // 60:02d}:{at % 60:02d}Z","Channel":"Security",'
                            f'"EventID":4625,"Computer":"dc1","IpAddress":'
                            f'"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"}}\n')
        return out

    def million_groups(self):
        """The answer is known: which addresses have as many events as the rule asks for."""
        rule = self.corpora.folder / "groups.yml"
        rule.write_text(GROUPS_RULE % GROUP_EVENTS)
        run = timed(self.scan(["--rules", rule], [self.groups_file()]))
        hits = sum('"correlation"' in line for line in run.stdout.splitlines())
        events = GROUPS + GROUPS_WITH_HIT * (GROUP_EVENTS - 1)
        self.figures.add(f"correlation, {GROUPS} groups in an hour, one core", events / run.seconds,
                         "events/s", command=run.command, is_exact=hits == GROUPS_WITH_HIT,
                         note=f"{hits} hits, {GROUPS_WITH_HIT} expected")
        self.figures.add("the same, peak memory", run.peak_mib, "MiB", goal="<= 200")

    def new_rule(self, events):
        """`detect` with one rule, and with all, in a store whose analyses are up to date."""
        store = self.corpora.folder / "stores" / "ruled"
        shutil.rmtree(store, ignore_errors=True)
        store.parent.mkdir(exist_ok=True)
        timed([self.program.path, "import", "--store", store, "--no-analyses", events])
        timed([self.program.path, "detect", "--store", store])
        every = timed([self.program.path, "detect", "--store", store, *self.rules])
        again = timed([self.program.path, "detect", "--store", store, *self.rules])
        rule = next(iter(sorted((SIGMA / "rules" / "windows" / "process_access").glob("*.yml"))))
        timed([self.program.path, "detect", "--store", store, "--rules", rule])
        one = timed([self.program.path, "detect", "--store", store, "--rules", rule], ROUNDS)
        self.figures.add("detect: one new rule over the store of (b)", one.seconds, "s",
                         peer="all rules", peer_value=again.seconds, ratio=again.seconds / one.seconds,
                         command=one.command, note=f"all rules the first time: {every.seconds:.1f} s")
        shutil.rmtree(store)

    def all_cores(self, name, folder):
        """--threads 0 on all cores of this machine, beside one thread."""
        one = timed(self.scan(self.rules, [folder], cores=()), allowed=(0, 1, 4))
        run = timed([*self.scan(self.rules, [folder], cores=()), "--threads", "0"],
                    allowed=(0, 1, 4))
        events = int(re.search(r"in ([0-9]+) events", run.stderr).group(1))
        self.figures.add(f"scan {name}, --threads 0", events / run.seconds, "events/s",
                         command=run.command, note=f"{os.cpu_count()} cores, "
                         f"{one.seconds / run.seconds:.2f} x one thread, {run.peak_mib:.0f} MiB")

    def beside_sqlite(self, folder):
        """Every 20th rule as SQL, its time taken twenty times; ours runs all of them."""
        _, _, events, _ = self.measure(["--rules", SIGMA / "rules"], folder, 1)
        times = -(-RECORDS // events)  # one pass is too short beside the start
        seconds, _, events, _ = self.measure(["--rules", SIGMA / "rules"], folder, times)
        for index in ([], ["--index"]):
            done = subprocess.run([*ONE_CORE, sys.executable, HERE / "peer_sqlite_sigma.py",
                                   self.program.path, folder, SIGMA / "rules", "--every", "20", *index],
                                  stdout=subprocess.PIPE, check=True, text=True)
            peer = json.loads(done.stdout)
            theirs = peer["events"] / (peer["insert_seconds"] + peer["match_seconds"])
            self.figures.add("scan data/evtx beside SQLite" + (", with an index" if index else ""),
                             events / seconds, "events/s", peer="SQLite", peer_value=theirs,
                             ratio=events / seconds / theirs, goal="" if index else ">= 50 x",
                             note=f"{peer['rules_in_sql']} of {peer['rules']} rules can be said in SQL; "
                                  f"every 20th run, time x 20; events come decoded")

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
