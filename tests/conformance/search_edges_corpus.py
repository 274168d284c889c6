"""Real lines for search_edges.py: slices of the reference data and of the demo site, and made ones.

Nothing is kept: the slices go to a temporary folder. Lines that are not UTF-8 are left out, for the
reference works on text; everything else is taken as it is (CRLF, tabs, broken lines, JSON escapes).
"""
import gzip
import itertools
import pathlib
import random
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
DEMO = HERE.parents[1] / "demo" / "make_site.py"
LINE_LIMIT_BYTES = 3000


def is_text(line):
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return "\0" not in text and len(line) < LINE_LIMIT_BYTES and not text.startswith("\ufeff")


def open_lines(path):
    """Lines of a plain, gzip or zstd file, with their terminators."""
    if path.suffix == ".gz":
        with gzip.open(path) as f:
            yield from f
    elif path.suffix == ".zst":
        with subprocess.Popen(["zstd", "-q", "-d", "-c", path], stdout=subprocess.PIPE) as unpack:
            yield from unpack.stdout
            unpack.kill()
    else:
        with path.open("rb") as f:
            yield from f


def copy_slice(path, target, skip, count):
    """`count` lines behind the first `skip` (or the first ones, if the file is short)."""
    lines = list(filter(is_text, itertools.islice(open_lines(path), skip + count)))
    lines = lines[-count:]
    if lines:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"".join(lines))


def wanted_files(data):
    """(path, skip) of what is taken from the reference data."""
    for path in sorted((data / "loghub").glob("*/*_2k.log")):
        yield path, 700
    for path in sorted((data / "sources").rglob("*.log")):
        yield path, 0
    for path in sorted((data / "zeek").rglob("*.log.gz")):
        yield path, 5
    for path in sorted((data / "json-events").rglob("*.zst"))[::6]:
        yield path, 40


def made_lines(seed, count):
    """Lines that no parser knows, with numbers, times and words that meet at their edges."""
    dice = random.Random(seed)
    for number in range(count):
        parts = ["job%d" % (number % 7), "%08d" % number, "%x" % dice.getrandbits(40),
                 "2026-03-%02dT%02d:%02d:%02d.%03dZ" % tuple(map(dice.randrange,
                                                               (28, 24, 60, 60, 1000))),
                 "n=%d" % (number * 3), "took %.3fs" % (dice.random() * 9), "'a b'", "x" * (number % 5),
                 "rx %d tx %d all %d" % (number * 7, number * 1000 + 99999, number * 1007 + 99999),
                 "at %d (%s)" % (1772377204 + number, "20260301T15%02d%02dZ" % divmod(number % 3600, 60)),
                 "/var/%s/%s.tmp" % ("ab" * (number % 4), number % 100), "受信%d件" % number, "0" * (number % 9)]
        dice.shuffle(parts)
        text = dice.choice((" ", ",", "\t", ";", "  ", "=", "|")).join(parts[:4 + number % 8])
        yield text.encode() + dice.choice((b"\n", b"\r\n"))


def build(folder, data, lines_a_file):
    """Fills `folder`/logs; False, with a visible note, if the reference data was not there."""
    logs = folder / "logs"
    (logs / "made").mkdir(parents=True)
    (logs / "made" / "job.txt").write_bytes(b"".join(made_lines(3, lines_a_file * 4)))
    site = folder / "demo"
    subprocess.run([sys.executable, DEMO, "--out", site], check=True, stdout=subprocess.DEVNULL)
    for path in sorted((site / "logs").rglob("*")):
        if path.is_file() and path.suffix not in (".evtx", ".xml"):
            copy_slice(path, logs / "demo" / path.relative_to(site / "logs"), 50, lines_a_file * 2)
    if not data.is_dir():
        return False
    for path, skip in wanted_files(data):
        copy_slice(path, logs / path.relative_to(data).with_suffix(".txt"), skip, lines_a_file)
    return True
