"""Import, compaction and size: konseki beside zstd, the naive splitter, DuckDB and ClickHouse."""
import functools
import json
import pathlib
import shutil
import subprocess
import sys

import bench_peers
from bench_base import ONE_CORE, ROOT, size_of, timed

HERE = pathlib.Path(__file__).resolve().parent
COLUMNS_SQL = """SELECT string_agg('''' || replace(column_name, '''', '''''') || ''':''' ||
 data_type || '''', ',') FROM duckdb_columns() WHERE table_name='b'"""


class Program:
    """The built konseki, and what it can do: commands come and go between versions."""

    def __init__(self, path):
        self.path = path

    @functools.lru_cache(maxsize=None)
    def help_of(self, command):
        done = subprocess.run([self.path, *command.split(), "--help"], capture_output=True, text=True)
        return done.stdout + done.stderr if done.returncode == 0 else ""

    def can(self, command, option=""):
        return bool(self.help_of(command)) and option in self.help_of(command)


def import_command(program, store, site=None):
    words = [*ONE_CORE, program.path, "import", "--store", store]
    if site is None:
        return words + (["--no-analyses"] if program.can("import", "--no-analyses") else [])
    conf = site / "bench-site.conf"
    with conf.open("wb") as out:
        subprocess.run([ROOT / "tools" / "site-from-simulator", site / "site.json"], check=True,
                       stdout=out)
    return words + ["--site", conf, "--ioc", site / "ioc"]


def fresh(path):
    shutil.rmtree(path, ignore_errors=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


class StorePart:
    def __init__(self, program, corpora, peers, figures, cache, wanted="abc"):
        self.program, self.corpora, self.peers = program, corpora, peers
        self.figures, self.cache, self.wanted = figures, cache, wanted
        self.stores = corpora.folder / "stores"

    def run(self):
        logs = "c" in self.wanted and self.corpora.c()
        if logs:
            self.text("c", logs, None, None)
        site = "a" in self.wanted and self.corpora.a()
        if site:
            self.text(self.corpora.a_name(), site / "logs", site, ">= 100")
        events = "b" in self.wanted and self.corpora.b()
        if events:
            self.windows_events(events)

    # --- one corpus through import and compaction ---

    def import_into(self, name, logs, goal):
        """Imports without analyses; (store, raw bytes, Run)."""
        store = fresh(self.stores / name)
        raw = size_of(logs)
        run = timed([*import_command(self.program, store), logs.name], cwd=logs.parent)
        self.figures.add(f"({name}) import to sealed, one core", raw / 1e6 / run.seconds, "MB/s",
                         goal=goal or "", command=run.command,
                         cpu_value=raw / 1e6 / run.cpu_seconds,
                         note=f"{raw / 1e6 / run.cpu_seconds:.0f} MB/s of processor time")
        self.figures.add(f"({name}) import, peak memory", run.peak_mib, "MiB", goal="<= 256",
                         command=run.command)
        return store, raw, run

    def compact(self, name, store, raw):
        """Merges; bytes before and after (the same if there is no such command)."""
        sealed = size_of(store)
        if not self.program.can("store", "compact"):
            self.figures.skip(f"({name}) store compact: no such command")
            return sealed, sealed
        run = timed([*ONE_CORE, self.program.path, "store", "compact", "--store", store])
        compacted = size_of(store)
        self.figures.add(f"({name}) compaction, one core", raw / 1e6 / run.seconds, "MB/s",
                         goal=">= 10", command=run.command,
                         cpu_value=raw / 1e6 / run.cpu_seconds,
                         note=f"{raw / 1e6 / run.cpu_seconds:.1f} MB/s of processor time")
        self.figures.add(f"({name}) compaction, peak memory", run.peak_mib, "MiB")
        self.figures.add(f"({name}) sealed / compacted", sealed / 1e6, "MB", goal="<= 1.3 x",
                         peer="compacted", peer_value=compacted / 1e6, ratio=sealed / compacted)
        return sealed, compacted

    def index_share(self, name, store):
        if not self.program.can("store", "stat"):
            self.figures.skip(f"({name}) index share: no store stat command")
            return
        run = timed([self.program.path, "store", "stat", "--store", store, "--format", "jsonl"])
        rows = [json.loads(line) for line in run.stdout.splitlines()]
        total = max(rows, key=lambda row: row.get("disk_bytes", 0))
        share = total["index_bytes"] / total["disk_bytes"]
        self.figures.add(f"({name}) index / bytes on disk", 100 * share, "%", goal="<= 10",
                         command=run.command)

    # --- text: beside zstd and the naive splitter ---

    def text(self, name, logs, site, goal):
        tar = self.corpora.tar(name, logs)
        store, raw, run = self.import_into(name, logs, goal)
        level3 = timed([*ONE_CORE, "zstd", "-3", "-q", "-f", "-k", tar, "-o", tar.with_suffix(".3")])
        self.figures.add(f"({name}) import beside zstd -3", raw / 1e6 / run.seconds, "MB/s",
                         peer="zstd -3", peer_value=raw / 1e6 / level3.seconds,
                         ratio=level3.seconds / run.seconds, peer_command=level3.command)
        sealed, compacted = self.compact(name, store, raw)
        self.sizes(name, tar, sealed, compacted)
        self.index_share(name, store)
        self.naive(name, logs)
        if site is not None:
            self.with_analyses(name, logs, site, raw)

    def sizes(self, name, tar, sealed, compacted):
        packed = tar.with_suffix(".tar.zst")
        command = ["zstd", "-19", "--long=27", "-q", "-f", "-k", str(tar), "-o", str(packed)]

        def make():
            if not packed.exists():
                subprocess.run(command, check=True)
            return size_of(packed)
        best = self.cache.get(self.corpora.sha(name), "zstd -19 --long=27", make)
        for what, size, goal in (("compacted", compacted, "<= 0.65 x"), ("sealed", sealed, "")):
            self.figures.add(f"({name}) disk of everything, {what}", size / 1e6, "MB", goal=goal,
                             peer="zstd -19 --long=27", peer_value=best / 1e6, ratio=size / best,
                             peer_command=" ".join(command), note="peer's size cached by SHA-256")

    def naive(self, name, logs):
        """The splitter's size; for (a) it takes half an hour, so only if the cache has it."""
        sha = self.corpora.sha(name)
        if name.startswith("a") and "naive splitter" not in self.cache.known.get(sha, {}):
            self.figures.skip(f"({name}) naive splitter: run tests/bench/naive_splitter.py by hand")
            return
        files = sorted(path for path in logs.rglob("*") if path.is_file())

        def make():
            done = subprocess.run([sys.executable, HERE / "naive_splitter.py", "--json", *files],
                                  check=True, capture_output=True, text=True)
            return json.loads(done.stdout)["files"][-1]["split"]
        split = self.cache.get(sha, "naive splitter", make)
        whole = self.cache.known[sha]["zstd -19 --long=27"]
        self.figures.add(f"({name}) naive splitter without index", split / 1e6, "MB",
                         peer="zstd -19 --long=27", peer_value=whole / 1e6, ratio=split / whole,
                         note="the splitter's ratio, not ours")

    def with_analyses(self, name, logs, site, raw):
        store = fresh(self.stores / (name + "-analysed"))
        run = timed([*import_command(self.program, store, site), logs.name], cwd=logs.parent)
        self.figures.add(f"({name}) import with the analyses, one core", raw / 1e6 / run.seconds,
                         "MB/s", command=run.command,
                         note=f"{raw / 1e6 / run.cpu_seconds:.0f} MB/s of processor time, "
                              f"{run.peak_mib:.0f} MiB")
        shutil.rmtree(store)

    # --- Windows events: beside DuckDB and ClickHouse ---

    def windows_events(self, folder):
        self.corpora.tar("b", folder)
        store, raw, run = self.import_into("b", folder, ">= 250")
        self.beside_loads(folder, raw, run)
        _, compacted = self.compact("b", store, raw)
        parquet = self.parquet_bytes(folder)
        if parquet:
            self.figures.add("(b) disk of everything, compacted", compacted / 1e6, "MB",
                             goal="<= 0.6 x", peer="DuckDB Parquet zstd", peer_value=parquet / 1e6,
                             ratio=compacted / parquet, peer_command=bench_peers.DUCKDB_JSON,
                             note="peer's size cached by SHA-256")
        self.index_share("b", store)

    def beside_loads(self, folder, raw, run):
        path = f"{folder}/*.json"
        duck = self.peers.run("duckdb", [("sniffed", bench_peers.DUCKDB_JSON.format(path=path), 1),
                                         ("columns", COLUMNS_SQL, 1)], "b")
        loads = []
        if duck:
            declared = ("CREATE OR REPLACE TABLE b AS SELECT * FROM read_json('" + path +
                        "', format='newline_delimited', maximum_object_size=67108864, columns={" +
                        duck["columns"]["rows"][0] + "})")
            known = self.peers.run("duckdb", [("declared", declared, 1)], "b")
            loads += [("DuckDB, columns sniffed", duck["sniffed"], ""),
                      ("DuckDB, columns declared", known["declared"], ">= 3.5 x")]
        click = self.peers.run("clickhouse", [(str(at), sql.format(path=path), 1) for at, sql in
                                              enumerate(bench_peers.CLICKHOUSE_JSON)], "b")
        if click:
            loads.append(("ClickHouse JSON type", click["2"], ">= 10 x"))
        for peer, answer, goal in loads:
            self.figures.add("(b) import beside a load", raw / 1e6 / run.seconds, "MB/s", goal=goal,
                             peer=peer, peer_value=raw / 1e6 / answer["seconds"],
                             ratio=answer["seconds"] / run.seconds,
                             note=f"of processor time: {answer['cpu_seconds'] / run.cpu_seconds:.2f} x")

    def parquet_bytes(self, folder):
        out = self.peers.folder / "b.parquet"

        def make():
            done = self.peers.run("duckdb", [
                ("load", bench_peers.DUCKDB_JSON.format(path=f"{folder}/*.json"), 1),
                ("write", f"COPY b TO '{out}' (FORMAT parquet, COMPRESSION zstd)", 1)], "b")
            if done is None:
                raise FileNotFoundError("duckdb")
            return size_of(out)
        try:
            return self.cache.get(self.corpora.sha("b"), "DuckDB Parquet zstd", make)
        except FileNotFoundError:
            return None
