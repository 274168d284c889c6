"""DuckDB and ClickHouse beside us: their libraries come in npm packages and are called in a process
of their own (peer_sql.py), one thread each. Not installed and no npm: a visible skip.

The versions are fixed here, so that two runs measure the same peers.
"""
import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = {"duckdb": ("@duckdb/node-bindings-linux-x64", "1.5.6-r.1", "libduckdb.so"),
            "clickhouse": ("@chdb/lib-linux-x64-gnu", "26.7.3-stable.1", "libchdb.so")}
ONE_THREAD = {
    "duckdb": ["SET threads=1"],
    "clickhouse": ["SET max_threads=1, max_insert_threads=1, max_parsing_threads=1"]}

# (a), the fields of firewall and proxy rows, from lines that konseki wrote. A damaged line has lists
# where a value should be; such values are no text and no number in either peer.
DUCKDB_EVENTS = """CREATE OR REPLACE TABLE ev AS SELECT "@timestamp"::TIMESTAMP_NS AS ts,
 source->>'$.ip' AS client, "user"->>'$.name' AS usr, event->>'$.action' AS action,
 TRY_CAST(source->>'$.bytes' AS BIGINT) AS bytes, url->>'$.full' AS url
 FROM read_json('{path}', format='newline_delimited', columns={{'@timestamp':'VARCHAR',
 'source':'JSON','user':'JSON','event':'JSON','url':'JSON'}})"""
CLICKHOUSE_EVENTS = [
    "DROP TABLE IF EXISTS ev",
    """CREATE TABLE ev (ts DateTime64(9), client LowCardinality(String),
 usr LowCardinality(String), action LowCardinality(String), bytes Nullable(Int64), url String)
 ENGINE=MergeTree ORDER BY tuple()""",
    """INSERT INTO ev SELECT parseDateTime64BestEffort(JSONExtractString(j,'@timestamp'),9),
 JSONExtractString(j,'source','ip'), JSONExtractString(j,'user','name'),
 JSONExtractString(j,'event','action'), JSONExtract(j,'source','bytes','Nullable(Int64)'),
 JSONExtractString(j,'url','full') FROM file('{path}', LineAsString, 'j String')"""]

# name: (DuckDB, ClickHouse); the same rows as konseki's queries in bench_search_part.py
AGGREGATES = {
    "top-10 sources by bytes": (
        "SELECT client, sum(bytes) s FROM ev WHERE client IS NOT NULL GROUP BY client "
        "ORDER BY s DESC NULLS LAST LIMIT 10",
        "SELECT client, sum(bytes) s FROM ev WHERE client != '' GROUP BY client "
        "ORDER BY s DESC NULLS LAST LIMIT 10"),
    "distinct URLs per client": (
        "SELECT client, count(DISTINCT url) n FROM ev GROUP BY client ORDER BY n DESC LIMIT 10",
        "SELECT client, uniqExact(url) n FROM ev WHERE url != '' GROUP BY client "
        "ORDER BY n DESC LIMIT 10"),
    "minute x action": (
        "SELECT count(*), sum(n) FROM (SELECT date_trunc('minute', ts) m, action, count(*) n "
        "FROM ev WHERE action IS NOT NULL GROUP BY ALL)",
        "SELECT count(), sum(n) FROM (SELECT toStartOfMinute(ts) m, action, count() n FROM ev "
        "WHERE action != '' GROUP BY m, action)")}

# (b): a column for every top-level key; what is nested stays JSON text.
DUCKDB_JSON = """CREATE OR REPLACE TABLE b AS SELECT * FROM read_json('{path}',
 format='newline_delimited', union_by_name=true, sample_size=20480, map_inference_threshold=-1,
 field_appearance_threshold=0, maximum_depth=1, maximum_object_size=67108864)"""
CLICKHOUSE_JSON = [
    "DROP TABLE IF EXISTS b", "CREATE TABLE b (j JSON) ENGINE=MergeTree ORDER BY tuple()",
    "INSERT INTO b SELECT * FROM file('{path}', JSONAsObject, 'j JSON')"]
CLICKHOUSE_LINES = [
    "DROP TABLE IF EXISTS lines",
    "CREATE TABLE lines (line String, INDEX words line TYPE text(tokenizer='splitByNonAlpha')) "
    "ENGINE=MergeTree ORDER BY tuple()",
    "INSERT INTO lines SELECT line FROM file('{path}', LineAsString, 'line String')"]


class Peers:
    def __init__(self, folder, figures):
        self.folder = folder / "peers"
        self.figures = figures
        self.folder.mkdir(parents=True, exist_ok=True)
        self.answers = {}

    def library(self, kind):
        """Path of the peer's library, installed if need be; None (noted once) if it cannot be."""
        package, version, name = PACKAGES[kind]
        path = self.folder / "node_modules" / package / name
        if path.exists():
            return path
        try:
            subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts",
                            f"{package}@{version}"], cwd=self.folder, check=True,
                           capture_output=True, timeout=900)
        except (OSError, subprocess.SubprocessError):
            pass
        if not path.exists():
            self.figures.skip(f"{kind}: npm package {package}@{version} not installed")
            return None
        return path

    def run(self, kind, statements, database="peer"):
        """{name: answer} of (name, sql, rounds); None if the peer is absent. A statement that
        fails stops the bench: a peer measured wrongly is worse than none."""
        library = self.library(kind)
        if library is None:
            return None
        listed = [dict(name="", sql=sql) for sql in ONE_THREAD[kind]]
        listed += [dict(name=name, sql=sql, rounds=rounds) for name, sql, rounds in statements]
        path = self.folder / f"{database}.{kind}"
        done = subprocess.run([sys.executable, HERE / "peer_sql.py", kind, library, path],
                              input=json.dumps(listed), capture_output=True, text=True)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        for answer in answers:
            if "error" in answer:
                raise RuntimeError(f"{kind}: {answer['name']}: {answer['error']}")
        if len(answers) != len(listed):
            raise RuntimeError(f"{kind}: ended early: {done.stderr[-1000:]}")
        return {answer["name"]: answer for answer in answers if answer["name"]}
