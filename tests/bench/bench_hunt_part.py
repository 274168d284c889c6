"""Retro-hunt: 10,000 indicators over (a) and (b) in one store.

The list is made by seed: addresses, domains, hashes and URLs; PLANTED of each kind are taken from the
corpora, the rest is made up. Exact means: of the planted ones none is missed, and no made-up one
is found; which of them stand in the text is asked of ripgrep.
"""
import collections
import json
import random
import re
import subprocess

from bench_base import timed
from bench_search_part import sample_lines
from bench_store_part import fresh, import_command

MADE = dict(address=4000, domain=3000, hash=1500, url=1500)
PLANTED = 25
FEW = 100
PATTERNS = dict(address=r"\b(?!10\.|127\.|192\.168\.|172\.|0\.|255\.)(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b",
                domain=r"\b[a-z0-9-]{4,}\.(?:com|net|org|jp)\b",
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
    asked = {kind: dice.sample(values, min(20 * PLANTED, len(values)))
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


class HuntPart:
    def __init__(self, program, corpora, figures):
        self.program, self.corpora, self.figures = program, corpora, figures

    def run(self):
        site, events = self.corpora.a(), self.corpora.b()
        if site is None or events is None:
            return
        listed, present = make_list(site / "logs", events)
        path = self.corpora.folder / "iocs.txt"
        path.write_text("\n".join(listed) + "\n")
        store = self.corpora.folder / "stores" / (self.corpora.a_name() + "b")
        if not store.is_dir():
            fresh(store)
            timed([*import_command(self.program, store), site / "logs", events])
            if self.program.can("store", "compact"):
                timed([self.program.path, "store", "compact", "--store", store])
        peer = self.ripgrep(path, [site / "logs", events])
        self.hunt(store, path, present, peer)

    def ripgrep(self, path, folders):
        """The same list as literals, for the time and to see that the planted ones are there."""
        return timed(["rg", "-o", "-i", "-F", "-w", "--no-filename", "-f", path, *folders])

    def hunt(self, store, path, present, peer):
        if self.program.can("hunt"):
            command = [self.program.path, "hunt", "--store", store, "--ioc", path, "--format", "jsonl"]
        elif self.program.can("search", "--ioc"):
            command = [self.program.path, "search", "--store", store, "--ioc", path, "--limit", "0",
                       "--format", "jsonl", "*"]
        else:
            command = [self.program.path, "detect", "--store", store, "--ioc", path]
        run = timed(command, 1 if "detect" in command else 3)
        found = collections.Counter(value for values in present.values() for value in values
                                    if value.lower() in run.stdout.lower())
        wanted = [value for values in present.values() for value in values
                  if value.lower() in peer.stdout.lower()]
        missed = [value for value in wanted if not found[value]]
        note = f"{len(wanted)} planted"
        if "detect" in command:
            note += "; with all analyses: there is no command for indicators alone"
            missed = []
        self.figures.add("retro-hunt, 10,000 indicators over (a)+(b)", run.seconds, "s", goal="<= 2",
                         peer="rg -F -f", peer_value=peer.seconds, ratio=peer.seconds / run.seconds,
                         command=run.command, peer_command=peer.command, is_exact=not missed,
                         note=note + (f", missed {missed[:3]}" if missed else "") +
                         f"; {run.peak_mib:.0f} MiB")
