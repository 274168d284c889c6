"""Searches beside ripgrep on the raw text, aggregates beside DuckDB and ClickHouse, on one core for
the aggregates. Each search at 0.1 and 1 GB, with --large at 10 GB too: cost should grow with what
matches, not with what is kept.

Words, substrings and regular expressions are picked by seed; a figure is the median of ten. Every
answer (the number of lines) is compared with the peer's.
"""
import collections
import json
import random
import re
import statistics
import subprocess

import bench_peers
from bench_base import ONE_CORE, timed
from bench_store_part import fresh, import_command

ROUNDS = 5
PICKED = 10
# no word bounds: they begin and end inside words and numbers
REGEXES = (r"5[0-9]{3} srcintf=.{3}rt1\W", r"10\.1[0-9]\.4[0-9]\s.*4[04]3\s", r"-[a-f0-9]{4}-4f[a-f0-9]{2}-",
           r"rom=<[^>]*@[a-z-]+\.c", r"\.(exe|dll|zi)p? HTT", r"(?:ailed|rror) .{0,20}ser",
           r"ation=1[0-9]{3} se", r"0x7f62b[0-9a-f]{3}7", r"ime=0[0-3]:5[0-9].*eny", r"ogin[a-z]*\.ph")
EVENTS = "event.dataset:(fortigate OR squid.upload OR squid.native OR squid.combined OR paloalto OR bluecoat)"
FIELDS = "@timestamp, source.ip, user.name, event.action, source.bytes, url.full"
OUR_AGGREGATES = {
    "top-10 sources by bytes": "stats sum(source.bytes) as s by source.ip | sort -s | head 10",
    "distinct URLs per client": "stats distinct(url.full) as n by source.ip | sort -n | head 10",
    "minute x action": "timechart span=1m count by event.action | stats count, sum(count)"}


def sample_lines(logs, seed, count):
    """Lines from random places of the files, by their sizes."""
    dice = random.Random(seed)
    files = sorted(path for path in logs.rglob("*") if path.is_file() and path.stat().st_size > 9999)
    sizes = [path.stat().st_size for path in files]
    lines = []
    while len(lines) < count:
        path = dice.choices(files, sizes)[0]
        with path.open("rb") as f:
            f.seek(dice.randrange(path.stat().st_size - 4096))
            f.readline()
            line = f.readline().rstrip(b"\r\n")
        if line.isascii() and len(line) > 40:
            lines.append(line.decode())
    return lines


def count_words(words, folders):
    """How often each of the words stands in the folders' files."""
    done = subprocess.run(["rg", "-o", "-w", "-i", "-F", "--no-filename", "-f", "-", *folders],
                          input="\n".join(sorted(words)), capture_output=True, text=True)
    return collections.Counter(done.stdout.lower().split())


def rare_words(folders, seed, most):
    """Ten words with digits of the last folder that stand at most so often in all of them."""
    words = {word.lower() for line in sample_lines(folders[-1], seed, 300 * len(folders) ** 2)
             for word in re.findall(r"\b[A-Za-z0-9]{8,15}\b", line) if re.search("[0-9]", word)}
    for place in (folders[-1:], folders):  # few words are left for the many folders
        counts = count_words(words, place)
        words = {word for word in words if 1 <= counts[word] <= most}
    return random.Random(seed).sample(sorted(words), min(PICKED, len(words)))


def substrings(logs, seed):
    """Ten pieces of lines, 7 to 16 characters, from inside a word to inside a later one."""
    dice = random.Random(seed)
    found = []
    for line in sample_lines(logs, seed + 1, 400):
        start = dice.randrange(len(line) - 20)
        part = line[start:start + dice.randrange(7, 17)]
        if part[0].isalnum() and part[-1].isalnum() and not part.isalnum() and start > 0 and \
                line[start - 1].isalnum():
            found.append(part)
    return found[:PICKED]


def escaped(text):
    return "".join(c if c.isalnum() else "\\x%02x" % ord(c) for c in text)


def rg_count(run):
    return sum(int(line.rsplit(":", 1)[-1]) for line in run.stdout.splitlines() if line.strip())


def our_count(run):
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    return int(rows[0]["count"]) if rows else 0


def explained_ms(run):
    """Milliseconds inside the process, the best round; None if --explain does not tell."""
    explained = [json.loads(line)["explain"] for line in run.stderr.splitlines()
                 if line.startswith('{"explain"')]
    times = [one["ms"]["total"] for one in explained if isinstance(one.get("ms"), dict)]
    return min(times, default=None)


class SearchPart:
    def __init__(self, program, corpora, peers, figures, is_large):
        self.program, self.corpora, self.peers = program, corpora, peers
        self.figures, self.is_large = figures, is_large
        self.rare_ms = {}

    def run(self):
        whole_mb = self.corpora.size_mb
        for size_mb in (whole_mb // 10, whole_mb):
            name, site = self.corpora.a_name(size_mb), self.corpora.a(size_mb)
            if site is None:
                return
            self.corpora.tar(name, site / "logs")
            self.searches(name, f"{size_mb / 1000:g} GB", self.store_of(name, [site]), [site / "logs"],
                          20)
        if self.is_large:
            sites = self.corpora.large()
            self.searches("large", "10 GB", self.store_of("large", sites),
                          [site / "logs" for site in sites], 150)
            self.growth()
        self.aggregates()

    def store_of(self, name, sites):
        """The store of the import part, or a new one (compacted where that exists)."""
        store = self.corpora.folder / "stores" / name
        if not store.is_dir():
            fresh(store)
            for site in sites:
                timed([*import_command(self.program, store), f"{site.name}/logs"],
                      cwd=site.parent)
            if self.program.can("store", "compact"):
                timed([self.program.path, "store", "compact", "--store", store])
        return store

    def our_search(self, store, query, is_one_thread=False):
        prefix = ONE_CORE if is_one_thread else []
        return timed([*prefix, self.program.path, "search", "--store", store, "--format", "jsonl",
                      "--explain", query], ROUNDS)

    def searches(self, name, size, store, folders, rare_goal):
        self.rare_words(name, size, store, folders, f">= {rare_goal} x")
        parts = substrings(folders[-1], 11)
        self.compare(f"substring, {size}", store, folders,
                     [("/" + escaped(part) + "/", ["-F", "-e", part]) for part in parts], ">= 15 x")
        self.compare(f"regex, {size}", store, folders,
                     [("/" + regex.replace("/", r"\/") + "/", ["-e", regex]) for regex in REGEXES],
                     ">= 5 x")

    def rare_words(self, name, size, store, folders, goal):
        """Words that stand once in the text; at 10 GB also those that are as rare in a tenth of it:
        these stand in ten segments, and what a search costs should grow with that only."""
        def compare(what, words):
            return self.compare(what, store, folders,
                                [(w, ["-w", "-i", "-F", "-e", w]) for w in words], goal)
        once = rare_words(folders, 7, 1)
        self.rare_ms[name] = compare(f"rare word once in the text, {size}", once)
        if len(folders) > 1:
            compare(f"rare word ten times in the text, {size}", rare_words(folders[-1:], 7, 3))
        if name == self.corpora.a_name():
            self.text_index(folders[0], once, size)

    def compare(self, what, store, folders, pairs, goal):
        """Medians over (our query, rg's words); our median of milliseconds inside the process."""
        ours, theirs, inside, differ, peak = [], [], [], [], 0.0
        if not pairs:
            raise RuntimeError(f"{what}: no words were found")
        for query, words in pairs:
            run = self.our_search(store, query + " | count")
            peer = timed(["rg", "-c", *words, *folders], 3)
            ours.append(run.ms)
            theirs.append(peer.ms)
            inside.append(explained_ms(run))
            peak = max(peak, run.peak_mib)
            if our_count(run) != rg_count(peer):
                differ.append(f"{query}: {our_count(run)}, rg {rg_count(peer)}")
        ratio = statistics.median(b / a for a, b in zip(ours, theirs))
        self.figures.add(f"{what}, whole process", statistics.median(ours), "ms", goal=goal, peer="rg -c",
                         peer_value=statistics.median(theirs), ratio=ratio, command=run.command,
                         peer_command=peer.command, is_exact=not differ,
                         note="; ".join(differ[:2]) or f"{len(pairs)} searches, counts equal rg's",
                         worst_ms=max(ours), all_ms=ours, all_peer_ms=theirs)
        self.figures.add(f"{what}, peak memory", peak, "MiB", goal="<= 256")
        if None in inside:
            self.figures.skip(f"{what}, inside the process: --explain tells no time")
            return None
        goal = "<= 1" if what == "rare word once in the text, 1 GB" else ""
        self.figures.add(f"{what}, inside the process", statistics.median(inside), "ms", goal=goal,
                         worst_ms=max(inside))
        return statistics.median(inside)

    def text_index(self, logs, words, size):
        """The rare words again, in ClickHouse's table of lines with a text index."""
        load = [(str(at), sql.format(path=f"{logs}/**"), 1)
                for at, sql in enumerate(bench_peers.CLICKHOUSE_LINES)]
        ask = [(word, f"SELECT count() FROM lines WHERE hasToken(line, '{word}')", ROUNDS + 2)
               for word in words]
        answers = self.peers.run("clickhouse", load + ask, "lines")
        if answers is None:
            return
        theirs = statistics.median(answers[word]["seconds"] for word in words) * 1000
        ours = self.rare_ms[self.corpora.a_name()]
        if ours is not None:
            self.figures.add(f"rare word, {size}, beside a text index", ours, "ms", goal=">= 6 x",
                             peer="ClickHouse hasToken", peer_value=theirs, ratio=theirs / ours,
                             note=f"its load of the lines took {answers['2']['seconds']:.0f} s")

    def growth(self):
        small, large = self.rare_ms.get(self.corpora.a_name(100)), self.rare_ms.get("large")
        if small and large:
            self.figures.add("rare word, inside: 10 GB beside 0.1 GB", large, "ms", goal="<= 2 x",
                             peer="0.1 GB", peer_value=small, ratio=large / small)

    # --- aggregates ---

    def aggregates(self):
        name = self.corpora.a_name()
        store = self.store_of(name, [self.corpora.a()])
        fields = self.corpora.folder / f"fields-{name}.jsonl"
        if not fields.exists():
            with fields.open("wb") as out:
                subprocess.run([self.program.path, "search", "--store", store, "--limit", "0", "--format",
                                "jsonl", f"{EVENTS} | fields {FIELDS}"], check=True, stdout=out)
        duck = self.load_and_ask("duckdb", [bench_peers.DUCKDB_EVENTS], fields, 0)
        click = self.load_and_ask("clickhouse", bench_peers.CLICKHOUSE_EVENTS, fields, 1)
        for name, stages in OUR_AGGREGATES.items():
            run = self.our_search(store, f"{EVENTS} | {stages}", True)
            self.aggregate(name, run, {"DuckDB": duck, "ClickHouse": click})

    @property
    def size(self):
        return f"{self.corpora.size_mb / 1000:g} GB"

    def load_and_ask(self, kind, load, fields, which):
        return self.peers.run(kind, [("load", sql.format(path=fields), 1) for sql in load] + [
            (name, sqls[which], ROUNDS) for name, sqls in bench_peers.AGGREGATES.items()], "fields")

    def aggregate(self, name, run, peers):
        present = {peer: answers[name] for peer, answers in peers.items() if answers}
        ours = explained_ms(run) or run.ms
        if not present:
            self.figures.add(f"{name}, {self.size}", ours, "ms", command=run.command)
            return
        peer = min(present, key=lambda one: present[one]["seconds"])
        theirs = present[peer]["seconds"] * 1000
        self.figures.add(f"{name}, {self.size}", ours, "ms", goal=">= 5 x", peer=peer, peer_value=theirs,
                         ratio=theirs / ours, command=run.command,
                         is_exact=same_answer(name, run.stdout, present[peer]["rows"]),
                         note=f"whole process {run.ms:.0f} ms, {run.peak_mib:.0f} MiB; " +
                              ", ".join(f"{p} {a['seconds'] * 1000:.0f}" for p, a in present.items()))


def same_answer(name, ours, theirs):
    """The same numbers in order, and the same keys but where several have the last number. Numbers
    to one in a million: values of a damaged line that has two byte counts are summed here and left
    out there."""
    rows = []
    for line in ours.splitlines():
        row = json.loads(line)
        if name == "minute x action":
            rows.append((row["count"], row["sum(count)"]))
        else:
            rows.append((row["source"]["ip"], row.get("s", row.get("n"))))
    peer = [line.split("\t") for line in theirs]
    numbers = [(float(a[1]), float(b[1])) for a, b in zip(rows, peer)]
    last = numbers[-1][1] if numbers else 0.0
    keys = [{str(key) for key, number in side if float(number) > last * (1 + 1e-6)}
            for side in (rows, peer)]
    return len(rows) == len(peer) and keys[0] == keys[1] and all(
        abs(a - b) <= 1e-6 * abs(b) for a, b in numbers)
