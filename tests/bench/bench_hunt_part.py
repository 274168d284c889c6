"""Retro-hunt: 10,000 indicators over (a) and (b) in one store.

The list is made by seed: addresses, domains, hashes and URLs; PLANTED of each kind are taken from the
corpora (values that stand in few lines), the rest is made up. Exact means: of the planted ones that
ripgrep sees none is missed, no made-up one is found, and addresses and hashes are found in as many
events as there are lines that hold them by the rules of docs/formats/ioc.md.
"""
import collections
import json
import random
import re
import shutil
import subprocess

from bench_base import timed
from bench_search_part import sample_lines
from bench_store_part import fresh, import_command

MADE = dict(address=4000, domain=3000, hash=1500, url=1500)
PLANTED = 25
FEW = 100
PATTERNS = dict(address=r"\b(?!10\.|127\.|192\.168\.|172\.|0\.|255\.)(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b",
                domain=r"\b(?:[a-z0-9-]+\.)+(?:com|net|org|jp)\b",
                hash=r"\bSHA256=([0-9A-F]{64})\b", url=r"\bhttp://[a-z0-9.-]+/[A-Za-z0-9/._-]{4,}")


def made_up(dice, kind):
    word = "".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=14))
    return dict(address="198.%d.%d.%d" % (dice.choice((18, 19)), dice.randrange(256), dice.randrange(256)),
                domain=word + ".example", hash="%064x" % dice.getrandbits(256),
                url="http://%s.invalid/%s/x" % (word, word[::-1]))[kind]


def counts(words, folders):
    """How many lines hold each word, by ripgrep; in lower case."""
    done = subprocess.run(["rg", "-o", "-i", "-F", "-w", "--no-filename", "-f", "-", *folders],
                          input="\n".join(words), capture_output=True, text=True)
    return collections.Counter(done.stdout.lower().split("\n"))


def planted(dice, lines, folders):
    """{kind: values of the text that stand in at most FEW lines}: what everybody goes to is on no
    list of indicators."""
    found = {kind: sorted({m for line in lines for m in re.findall(pattern, line)})
             for kind, pattern in PATTERNS.items()}
    asked = {kind: dice.sample(values, min(6 * PLANTED, len(values)))
             for kind, values in found.items()}
    count = counts([value for values in asked.values() for value in values], folders)
    return {kind: [value for value in values if 1 <= count[value.lower()] <= FEW][:PLANTED]
            for kind, values in asked.items()}


def make_list(logs, events):
    """(all indicators shuffled, {kind: planted ones})."""
    dice = random.Random(10)
    lines = sample_lines(logs, 21, 20000) + sample_lines(events, 22, 3000)
    present = planted(dice, lines, [logs, events])
    listed = [value for values in present.values() for value in values]
    for kind, count in MADE.items():
        listed += [made_up(dice, kind) for _ in range(count - len(present[kind]))]
    dice.shuffle(listed)
    return listed, present


def lines_with(values, folders):
    """{value: lines that hold it, by ripgrep and a regular expression}, for addresses and hashes."""
    if not values:
        return {}
    done = subprocess.run(["rg", "-i", "-F", "-w", "--no-filename", "-f", "-", *folders],
                          input="\n".join(values), capture_output=True, text=True, errors="replace")
    forms = {value: re.compile(r"(?<![a-z0-9._])(?:\\[a-z])?%s(?![a-z0-9_]|\.[a-z0-9])" % re.escape(value.lower()))
             for value in values}
    lines = done.stdout.lower().splitlines()
    return {value: sum(bool(form.search(line)) for line in lines if value.lower() in line)
            for value, form in forms.items()}


class HuntPart:
    def __init__(self, program, corpora, figures):
        self.program, self.corpora, self.figures = program, corpora, figures

    def run(self):
        site, events = self.corpora.a(), self.corpora.b()
        if site is None or events is None:
            return
        folders = [site / "logs", events]
        listed, present = make_list(*folders)
        path = self.corpora.folder / "iocs.txt"
        path.write_text("\n".join(listed) + "\n")
        store = self.corpora.folder / "stores" / (self.corpora.a_name() + "b")
        if not store.is_dir():
            fresh(store)
            timed([*import_command(self.program, store), *folders])
            timed([self.program.path, "store", "compact", "--store", store])
        self.hunt(store, path, present, folders)
        self.detect(store, path)

    def hunt(self, store, path, present, folders):
        command = [self.program.path, "hunt", "--store", store, "--ioc", path, "--summary",
                   "--format", "jsonl"]
        run = timed(command, 3)
        peer = timed(["rg", "-o", "-i", "-F", "-w", "--no-filename", "-f", path, *folders])
        seen = set(peer.stdout.lower().split("\n"))
        hits = {hit["indicator"]["value"].lower(): hit["events"]
                for hit in map(json.loads, run.stdout.splitlines())}
        planted_values = {value.lower().removeprefix("http://") for values in present.values() for value in values}
        invented = [value for value in hits if value not in planted_values]
        counted = lines_with(present["address"] + present["hash"], folders)
        # rg's words also stand inside names (an address in the name of a block list's query)
        missed = [value for values in present.values() for value in values
                  if counted.get(value, 1) > 0 and value.lower() in seen and
                  value.lower().removeprefix("http://") not in hits]
        differing = [value for value, lines in counted.items() if hits.get(value.lower(), 0) != lines]
        wrong = [f"{name}: {values[:3]}" for name, values in
                 (("missed", missed), ("made up", invented), ("counts", differing)) if values]
        self.figures.add("retro-hunt, 10,000 indicators over (a)+(b)", run.seconds, "s", goal="<= 2",
                         peer="rg -F -f", peer_value=peer.seconds, ratio=peer.seconds / run.seconds,
                         command=run.command, peer_command=peer.command, is_exact=not wrong,
                         note="; ".join([f"{len(hits)} found, {run.cpu_seconds:.2f} s of processor, "
                                         f"{run.peak_mib:.0f} MiB", *wrong]))

    def detect(self, store, path):
        """The same list as findings: in a copy whose analyses are up to date."""
        copy = fresh(self.corpora.folder / "stores" / "hunted")
        shutil.copytree(store, copy)
        before = timed([self.program.path, "detect", "--store", copy])
        run = timed([self.program.path, "detect", "--store", copy, "--ioc", path])
        self.figures.add("the same as findings (detect --ioc)", run.seconds, "s", goal="<= 2",
                         peer="all analyses anew", peer_value=before.seconds,
                         ratio=before.seconds / run.seconds, command=run.command,
                         peer_command=before.command,
                         note=f"{run.cpu_seconds:.2f} s of processor, {run.peak_mib:.0f} MiB")
        shutil.rmtree(copy)
