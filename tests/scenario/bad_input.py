"""Bad input and a bad environment: a clear error or a counted flag each time, the store intact."""
import os
import pathlib
import subprocess

from harness import (PROGRAM, Skip, case, equal, events_of, jsonl, main, raw, run, search, true)


def imported(folder, name, content, *more, expect=0):
    path = folder / name
    path.write_bytes(content)
    report = jsonl(run("import", "--store", folder / "store", "--format", "jsonl", *more, path,
                       expect=expect))
    run("verify", "--store", folder / "store")
    return report[0] if report else None


@case
def unknown_lines_are_kept_and_counted(folder):
    report = imported(folder, "odd.log", b"\x01\x02 garbage !!\nnothing known here\n\n")
    equal(report["events"], 3, "events")
    equal(report["blank"], 1, "blank")
    true(report["unparsed"] >= 1, "unparsed lines are counted")
    equal(len(search(folder / "store", "nothing known")), 1, "unknown lines are searchable")
    event = search(folder / "store", "nothing known")[0]
    true("dataset" not in event.get("event", {}), "an unknown line has no event.dataset")


@case
def one_huge_line(folder):
    size = int(os.environ.get("KONSEKI_HUGE_LINE_MB", "64")) * 1024 * 1024
    path = folder / "huge.log"
    with path.open("wb") as out:
        for i in range(size // 65536):
            out.write((b"%08d" % i) * 8192)
    report = jsonl(run("import", "--store", folder / "store", "--format", "jsonl", path))[0]
    equal(report["events"], size // (1024 * 1024), "parts of the record limit")
    true(report["continued"] >= report["events"] - 1, "parts are flagged")
    with subprocess.Popen([PROGRAM, "search", "--store", folder / "store", "--raw", "--limit", "0",
                           "*"], stdout=subprocess.PIPE) as back, path.open("rb") as wanted:
        while True:
            chunk = wanted.read(1 << 20)
            equal(back.stdout.read(len(chunk) or 1) == chunk, True, "raw bytes")
            if not chunk:
                break
    run("verify", "--store", folder / "store")


@case
def unreadable_paths(folder):
    (folder / "good.log").write_text("hello\n")
    run("import", "--store", folder / "store", folder / "missing.log", folder / "good.log",
        expect=4)
    true("missing.log" in run.stderr, "the missing file is named")
    equal(raw(folder / "store"), b"hello\n", "the rest is done")
    os.mkfifo(folder / "fifo")
    run("import", "--store", folder / "store", folder / "fifo", expect=4)


@case
def same_content_is_skipped(folder):
    (folder / "a.log").write_text("one\ntwo\n")
    (folder / "copy.log").write_text("one\ntwo\n")
    run("import", "--store", folder / "store", folder / "a.log")
    report = jsonl(run("import", "--store", folder / "store", "--format", "jsonl",
                       folder / "copy.log"))
    equal(report[0]["outcome"], "known", "outcome")
    equal(events_of(folder / "store"), 2, "events")
    run("import", "--store", folder / "store", "--again", folder / "copy.log")
    equal(events_of(folder / "store"), 4, "events after --again")


@case
def wrong_rules_are_said(folder):
    rules = folder / "rules"
    rules.mkdir()
    (rules / "bad.yml").write_text("title: [unclosed\n")
    (rules / "worse.yml").write_bytes(b"\xff\xfe\0\0")
    (rules / "agg.yml").write_text("title: t\nlogsource: {product: windows}\ndetection:\n"
                                   "  a: {EventID: 1}\n  condition: a | count() by x > 5\n")
    out = run("rules", "check", rules, expect=1).decode()
    for name in ("bad.yml", "worse.yml", "agg.yml"):
        true(name in out, f"{name} is named in: {out[:300]}")


@case
def usage_errors(folder):
    (folder / "a.log").write_text("x\n")
    run("import", "--store", folder / "store", folder / "a.log")
    run("import", folder / "a.log", expect=2)
    run("import", "--store", folder / "store", expect=2)
    run("import", "--store", folder / "store", "--source", "no-such", folder / "a.log", expect=2)
    run("import", "--store", folder / "store", "--tz", "Mars/Olympus", folder / "a.log", expect=2)
    run("import", "--store", folder / "store", "--year", "26", folder / "a.log", expect=2)
    run("search", "--store", folder / "store", "(unclosed", expect=2)
    run("search", "--store", folder / "nowhere", "x", expect=5)
    run("no-such-command", expect=2)
    run(expect=2)


@case
def site_file_errors_name_the_line(folder):
    (folder / "a.log").write_text("x\n")
    (folder / "site.conf").write_text("networks {\n  internal = [10.0.0.0/8, 10.0.0.0/99]\n}\n")
    run("import", "--store", folder / "store", "--site", folder / "site.conf", folder / "a.log",
        expect=2)
    true("site.conf" in run.stderr and "10.0.0.0/99" in run.stderr, run.stderr)


@case
def full_disk(folder):
    if os.geteuid() != 0:
        raise Skip("a tmpfs needs root")
    disk = folder / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(disk)],
                          capture_output=True)
    if done.returncode != 0:
        raise Skip("no tmpfs can be mounted here")
    try:
        small = folder / "small.log"
        small.write_bytes(b"".join(b"kept line %d\n" % i for i in range(2000)))
        run("import", "--store", disk / "store", small)
        big = folder / "big.log"
        big.write_bytes(os.urandom(24 << 20).hex().encode())
        run("import", "--store", disk / "store", big, expect=5)
        true("space" in run.stderr.lower() or "容量" in run.stderr, run.stderr)
        run("verify", "--store", disk / "store")
        equal(raw(disk / "store"), small.read_bytes(), "what was acknowledged is there")
        again = folder / "again.log"
        again.write_bytes(b"after the full disk\n")
        run("import", "--store", disk / "store", again)
        equal(len(search(disk / "store", "after")), 1, "the store goes on")
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


main()
