"""The corpora of the bench, made once in $KONSEKI_BENCH_DIR (default build/bench) and kept there.

a        simulator text, 1 GB    site/logs; a.tar
a100     the same, 100 MB        site100/logs; a100.tar (--mb: other sizes for trials)
large    ten seeds of 1 GB       site-7101/logs ... (only with --large; no tar)
b        data/json-events        b/*.json, unpacked; b.tar
c        real text, about 44 MB  c/logs: loghub, auth.log, apache logs, Zeek (unpacked); c.tar

The tars are what zstd and sha256sum are given: sorted by name, without owners and times.
"""
import gzip
import json
import os
import pathlib
import shutil
import subprocess
import sys

from bench_base import DATA, ROOT, sha256_of, size_of

SIMULATOR = DATA.parent / "tools" / "enterprise"
LARGE_SEEDS = range(7101, 7111)
TAR = ["tar", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0"]


class Corpora:
    def __init__(self, folder, figures, size_mb=1000):
        self.folder = folder
        self.figures = figures
        self.size_mb = size_mb
        folder.mkdir(parents=True, exist_ok=True)

    # --- making ---

    def simulate(self, name, seed, size_mb):
        site = self.folder / name
        if not (site / "logs").is_dir():
            subprocess.run([sys.executable, SIMULATOR, "--seed", str(seed), "--days", "3",
                            "--users", "150", "--size-mb", str(size_mb), "--mix", "text-only",
                            "--out", site, "--quiet"], check=True)
        return site

    def unpack_json_events(self):
        out = self.folder / "b"
        if not out.is_dir():
            out.mkdir()
            for path in sorted((DATA / "json-events").rglob("*.zst")):
                subprocess.run(["zstd", "-q", "-d", path, "-o", out / path.stem], check=True)
        return out

    def copy_real_text(self):
        out = self.folder / "c" / "logs"
        if out.is_dir():
            return out
        plain = [*(DATA / "loghub").glob("*/*_2k.log"),
                 DATA / "sources/linux-unix/elastic-examples/suspicious-login-auth.log",
                 DATA / "sources/web/elastic-examples/apache_logs.log"]
        for path in sorted(plain) + sorted((DATA / "zeek").rglob("*.log.gz")):
            target = out / path.relative_to(DATA)
            target = target.with_suffix("") if path.suffix == ".gz" else target
            target.parent.mkdir(parents=True, exist_ok=True)
            opener = gzip.open if path.suffix == ".gz" else open
            with opener(path, "rb") as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy)
            shutil.copystat(path, target)
            target.chmod(0o644)
        return out

    # --- using ---

    def a_name(self, size_mb=None):
        size_mb = size_mb or self.size_mb
        return "a" if size_mb == 1000 else f"a{size_mb}"

    def a(self, size_mb=None):
        """The site folder of the simulator text of about this size, None if it cannot be made."""
        size_mb = size_mb or self.size_mb
        if not SIMULATOR.exists():
            self.figures.skip("corpus (a): the simulator (tools/enterprise) not found")
            return None
        return self.simulate("site" if size_mb == 1000 else f"site{size_mb}", 7001, size_mb)

    def large(self):
        return [self.simulate(f"site-{seed}", seed, 1000) for seed in LARGE_SEEDS]

    def b(self):
        return self.unpack_json_events() if (DATA / "json-events").is_dir() else self.absent("b")

    def c(self):
        return self.copy_real_text() if (DATA / "zeek").is_dir() else self.absent("c")

    def absent(self, name):
        self.figures.skip(f"corpus ({name}): {DATA.name} not found")

    def tar(self, name, logs):
        """The tar of a folder; its hash and size go to the results."""
        out = self.folder / f"{name}.tar"
        if not out.exists():
            subprocess.run([*TAR, "-C", logs.parent, "-cf", out, logs.name], check=True)
        self.figures.corpora.setdefault(name, dict(
            sha256=self.hash_of(out), tar_bytes=size_of(out), bytes=size_of(logs)))
        return out

    def sha(self, name):
        return self.figures.corpora[name]["sha256"]

    def hash_of(self, path):
        """SHA-256, remembered beside the file for its size and time."""
        note = path.with_suffix(path.suffix + ".sha256")
        stamp = [path.stat().st_size, path.stat().st_mtime_ns]
        if note.exists():
            known = json.loads(note.read_text())
            if known["stamp"] == stamp:
                return known["sha256"]
        digest = sha256_of(path)
        note.write_text(json.dumps(dict(stamp=stamp, sha256=digest)))
        return digest


def bench_folder():
    return pathlib.Path(os.environ.get("KONSEKI_BENCH_DIR", ROOT / "build" / "bench")).resolve()
