"""What all parts of the bench share: running and timing commands, the table of figures, the cache.

Times are wall clock, the best of the rounds; processor seconds stand beside them, because on a
machine with other work they say more. A child is started from a small process of its own, for a
child's peak memory counts what its parent had when it was started.
"""
import dataclasses
import datetime
import hashlib
import json
import os
import pathlib
import platform
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("KONSEKI_DATA", ROOT.parent / "shared" / "data"))
CACHE = ROOT / "bench" / "cache.json"
ONE_CORE = ["taskset", "-c", "0"]

LAUNCHER = """
import json, os, sys, time
answer, out, err, rounds, cwd = sys.argv[1:6]
os.chdir(cwd)
runs = []
for _ in range(int(rounds)):
    flags = os.O_WRONLY | os.O_CREAT
    actions = [(os.POSIX_SPAWN_OPEN, 1, out, flags | os.O_TRUNC, 0o600),
               (os.POSIX_SPAWN_OPEN, 2, err, flags | os.O_APPEND, 0o600)]
    started = time.perf_counter()
    child = os.posix_spawnp(sys.argv[6], sys.argv[6:], os.environ, file_actions=actions)
    _, status, used = os.wait4(child, 0)
    seconds = time.perf_counter() - started
    runs.append([os.waitstatus_to_exitcode(status), seconds, used.ru_utime + used.ru_stime, used.ru_maxrss])
json.dump(runs, open(answer, "w"))
"""


@dataclasses.dataclass
class Run:
    """Of one command: best times of its rounds, peak memory, standard output of the last round,
    standard error of all."""
    seconds: float
    cpu_seconds: float
    peak_mib: float
    stdout: str
    stderr: str
    code: int
    command: str

    @property
    def ms(self):
        return self.seconds * 1000


def timed(command, rounds=1, allowed=(0, 1), cwd="."):
    """Runs a command `rounds` times (more than one: one more first, to warm up)."""
    words = [str(word) for word in command]
    with tempfile.TemporaryDirectory() as folder:
        answer, out, err = (os.path.join(folder, name) for name in ("answer", "out", "err"))
        warm_up = 1 if rounds > 1 else 0
        subprocess.run([sys.executable, "-c", LAUNCHER, answer, out, err, str(rounds + warm_up),
                        str(cwd), *words], check=True)
        runs = json.load(open(answer))[warm_up:]
        texts = [open(path, encoding="utf-8", errors="replace").read(1 << 24)
                 for path in (out, err)]
    codes = [run[0] for run in runs]
    if any(code not in allowed for code in codes):
        raise RuntimeError(f"exit {codes}: {shlex.join(words)[:500]}\n{texts[1][-2000:]}")
    return Run(min(r[1] for r in runs), min(r[2] for r in runs), max(r[3] for r in runs) / 1024,
               texts[0], texts[1], codes[-1], shlex.join(words)[:1000])


def size_of(path):
    path = pathlib.Path(path)
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sum(p.stat().st_size for p in files)


def sha256_of(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


class Cache:
    """Sizes that take long to find, by the SHA-256 of the corpus: {sha: {name: bytes}}. Never
    speeds: those are measured in the run that quotes them."""

    def __init__(self, path=CACHE):
        self.path = path
        self.known = json.loads(path.read_text()) if path.exists() else {}

    def get(self, sha, name, make):
        if name not in self.known.setdefault(sha, {}):
            self.known[sha][name] = make()
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(json.dumps(self.known, indent=1, sort_keys=True))
        return self.known[sha][name]


def is_met(goal, number):
    """None if the goal is no "<= N" or ">= N"."""
    parts = re.match(r"(<=|>=|<|>) *([0-9.]+)", goal or "")
    if not parts or number is None:
        return None
    limit = float(parts.group(2))
    return {"<=": number <= limit, ">=": number >= limit, "<": number < limit,
            ">": number > limit}[parts.group(1)]


class Figures:
    """The rows of the results. `goal` ends in "x" where it speaks of the ratio to the peer."""

    def __init__(self):
        self.rows = []
        self.skipped = []
        self.corpora = {}

    def add(self, figure, value, unit, *, goal="", peer="", peer_value=None, ratio=None,
            command="", peer_command="", note="", is_exact=True, **more):
        met = is_met(goal, ratio if goal.endswith("x") else value)
        if not is_exact:
            met, note = False, ("ANSWER DIFFERS from the peer's; " + note).strip()
        self.rows.append(dict(figure=figure, value=value, unit=unit, goal=goal, is_met=met, peer=peer,
                              peer_value=peer_value, ratio=ratio, command=command,
                              peer_command=peer_command, note=note, **more))
        peer_text = f"{peer} {peer_value:.4g}" if peer_value is not None else ""
        ratio_text = f"{ratio:.3g} x" if ratio is not None else ""
        verdict = {None: "", True: "met", False: "NOT MET"}[met]
        print(f"{figure:52} {value:10.4g} {unit:9} {peer_text:34} {ratio_text:9} "
              f"{goal:11} {verdict:8} {note}", flush=True)

    def skip(self, what):
        self.skipped.append(what)
        print("SKIPPED: " + what, flush=True)


def machine():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo")
                  if line.startswith("model name")), "?")
    return dict(cpu=model, cores=os.cpu_count(), kernel=platform.release(),
                memory_gib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
                load_average=os.getloadavg())


def write_results(figures, arguments):
    def git(*words):
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True).stdout
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    out = ROOT / "bench" / "results" / f"{now}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    is_clean = not git("status", "--porcelain", "--untracked-files=no").strip()
    out.write_text(json.dumps(dict(
        time=now, commit=git("rev-parse", "HEAD").strip(), is_clean=is_clean, machine=machine(),
        arguments=arguments, corpora=figures.corpora, figures=figures.rows,
        skipped=figures.skipped), indent=1))
    return out
