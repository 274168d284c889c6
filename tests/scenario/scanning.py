"""scan: which events and rules are asked for, copies, how far it is, Ctrl-C, folders of an image."""
import gzip
import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import time
import zipfile

from harness import DATA, PROGRAM, ROOT, Skip, case, equal, jsonl, main, run, true

RULE = """title: {title}
id: {id}
status: {status}
level: {level}
tags:
    - {tag}
logsource:
    product: windows
    service: {service}
detection:
    selection:
        EventID: {event}
    condition: selection
"""
RULES = [dict(title="Process", id="11111111-1111-1111-1111-111111111111", status="stable",
              level="high", tag="attack.t1059.001", service="security", event=4688),
         dict(title="Logon", id="22222222-2222-2222-2222-222222222222", status="experimental",
              level="low", tag="attack.t1078", service="security", event=4624),
         dict(title="Service", id="33333333-3333-3333-3333-333333333333", status="test",
              level="medium", tag="attack.t1543", service="system", event=7045)]


def event(n, number, channel="Security", host="pc1.example", minute=0):
    return {"EventID": number, "Channel": channel, "Computer": host, "EventRecordID": n,
            "Provider_Name": "P", "TimeCreated_SystemTime": f"2026-11-09T00:{minute:02}:00.000Z",
            "Name": "x"}


def lines(events):
    return "".join(json.dumps(e) + "\n" for e in events).encode()


def rules(folder):
    into = folder / "rules"
    into.mkdir(exist_ok=True)
    for rule in RULES:
        (into / f"{rule['title']}.yml").write_text(RULE.format(**rule))
    return into


def scan(folder, path, *more, expect=0):
    """[(rule's title, line)] of the hits."""
    hits = jsonl(run("scan", "--rules", rules(folder), "--format", "jsonl", *more, path,
                     expect=expect))
    return sorted((hit["rule"]["title"], hit["event"]["line"]) for hit in hits)


def sample(folder):
    path = folder / "events.json"
    path.write_bytes(lines([event(1, 4688), event(2, 4624, host="PC2.example", minute=10),
                            event(3, 7045, "System", minute=20), event(4, 4688, minute=30)]))
    return path


ALL = [("Logon", 2), ("Process", 1), ("Process", 4), ("Service", 3)]


@case
def events_that_are_asked_for(folder):
    path = sample(folder)
    equal(scan(folder, path), ALL, "without a filter")
    for options, wanted in [
            (["--from", "2026-11-09T00:10:00Z", "--to", "2026-11-09T00:30:00Z"],
             [("Logon", 2), ("Service", 3)]),
            (["--last", "10m"], [("Process", 4), ("Service", 3)]),
            (["--host", "pc2*"], [("Logon", 2)]),
            (["--exclude-host", "pc2.example"], [x for x in ALL if x[1] != 2]),
            (["--channel", "sys*"], [("Service", 3)]),
            (["--exclude-channel", "Security"], [("Service", 3)]),
            (["--event-id", "4600-4688"], [x for x in ALL if x[1] != 3]),
            (["--event-id", "1,7045"], [("Service", 3)]),
            (["--exclude-event-id", "4688", "--exclude-event-id", "7045"], [("Logon", 2)])]:
        equal(scan(folder, path, *options), wanted, " ".join(options))
        true("not asked for" in run.stderr, "what was left out is counted: " + run.stderr)
    scan(folder, path, "--event-id", "46x", expect=2)
    scan(folder, path, "--last", "soon", expect=2)
    scan(folder, path, "--last", "1d", "--from", "now", expect=2)


@case
def an_event_without_the_field_is_neither_wanted_nor_excluded(folder):
    bare = event(1, 4688)
    del bare["Computer"]
    path = folder / "bare.json"
    path.write_bytes(lines([bare]))
    equal(scan(folder, path, "--host", "*"), [], "wanted")
    equal(scan(folder, path, "--exclude-host", "*"), [("Process", 1)], "excluded")


@case
def rules_that_are_asked_for(folder):
    path = sample(folder)
    for options, wanted in [
            (["--status", "stable,test"], [x for x in ALL if x[0] != "Logon"]),
            (["--exclude-status", "experimental"], [x for x in ALL if x[0] != "Logon"]),
            (["--tag", "attack.t1059*"], [("Process", 1), ("Process", 4)]),
            (["--tag", "attack.t1059"], [("Process", 1), ("Process", 4)]),
            (["--tag", "attack.t105"], []),
            (["--exclude-tag", "ATTACK.T1059.001"], [("Logon", 2), ("Service", 3)]),
            (["--rule", "22222222-*"], [("Logon", 2)]),
            (["--rule", "Logon", "--rule", "Service"], [("Logon", 2), ("Service", 3)]),
            (["--exclude-rule", "process"], [("Logon", 2), ("Service", 3)]),
            (["--service", "system"], [("Service", 3)]),
            (["--product", "linux"], []),
            (["--category", "process_creation"], []),
            (["--level", "medium", "--exclude-rule", "Service"], [("Process", 1), ("Process", 4)])]:
        equal(scan(folder, path, *options), wanted, " ".join(options))


@case
def objects_behind_each_other(folder):
    """However one writes objects of JSON one after the other, each is an event with its own place."""
    one = [json.dumps(event(n, 4688)) for n in (1, 2, 3)]
    for name, text in {"lines": "\n".join(one) + "\n", "together": "".join(one),
                       "commas": ",\n".join(one), "one line": ", ".join(one) + "\n",
                       "macintosh": "\r".join(one), "array": "[\n" + ",\n".join(one) + "]"}.items():
        (folder / "odd.json").write_bytes(text.encode())
        hits = jsonl(run("scan", "--rules", rules(folder), "--format", "jsonl", folder / "odd.json"))
        equal([hit["event"]["record_id"] for hit in hits], [1, 2, 3], name)


@case
def rules_out_of_lists(folder):
    """Files of ids as other tools keep them: comments, a second column, a byte order mark."""
    path = sample(folder)
    listed = folder / "list.txt"
    listed.write_text("\ufeff# proven\n11111111-1111-1111-1111-111111111111 # Process\r\n\nService,high\n",
                      encoding="utf-8")
    equal(scan(folder, path, "--rule-list", listed), [("Process", 1), ("Process", 4), ("Service", 3)], "listed")
    equal(scan(folder, path, "--exclude-rule-list", listed), [("Logon", 2)], "not listed")
    equal(scan(folder, path, "--rule-list", listed, "--rule", "Logon", "--exclude-rule", "Service"),
          [("Logon", 2), ("Process", 1), ("Process", 4)], "beside other words")
    listed.write_text("# nothing\n")
    run("scan", "--rules", rules(folder), "--rule-list", listed, path, expect=2)
    true("names no rule" in run.stderr, run.stderr)
    run("scan", "--rules", rules(folder), "--rule-list", folder / "none.txt", path, expect=2)
    true("none.txt" in run.stderr, run.stderr)


@case
def files_that_are_asked_for(folder):
    """By name, also in packed files; what is left out is counted, and its damage is nobody's business."""
    logs = folder / "logs" / "deep"
    logs.mkdir(parents=True)
    content = lines([event(1, 4688)])
    for name in ("a.json", "B.JSON", "c.txt"):
        (logs / name).write_bytes(content)
    with zipfile.ZipFile(folder / "logs" / "pack.zip", "w") as packed:
        packed.writestr("in/a.json", content)
        packed.writestr("in/d.log", content)

    def names(*more, expect=0):
        hits = jsonl(run("scan", "--rules", rules(folder), "--format", "jsonl", *more, folder / "logs",
                         expect=expect))
        return sorted(hit["event"]["file"][len(str(folder)) + 6:] for hit in hits)

    equal(len(names()), 5, "all")
    for threads in ("1", "2"):
        equal(names("--file", "*.json", "--threads", threads), ["deep/B.JSON", "deep/a.json", "pack.zip/in/a.json"],
              "by their ending")
        true("2 files were not asked for" in run.stderr and "of 3 files" in run.stderr, run.stderr)
    equal(names("--file", "*/deep/*,d.log", "--exclude-file", "b.*"),
          ["deep/a.json", "deep/c.txt", "pack.zip/in/d.log"], "by folder, and not")
    equal(names("--file", "nothing"), [], "none")


@case
def the_last_months(folder):
    path = folder / "old.json"
    old = [dict(event(n, 4688), TimeCreated_SystemTime=f"2020-{month:02}-01T00:00:00Z")
           for n, month in ((1, 1), (2, 4), (3, 5), (4, 6))]
    path.write_bytes(lines(old))
    equal(scan(folder, path, "--last", "2M"), [("Process", 3), ("Process", 4)], "60 days before the newest")
    equal(len(scan(folder, path, "--last", "1y")), 4, "a year")


@case
def copies_count_once(folder):
    """The same records in a backup, cut to milliseconds, and in another order."""
    path = sample(folder)
    into = folder / "both"
    into.mkdir()
    (into / "a.json").write_bytes(path.read_bytes())
    (into / "b.json.gz").write_bytes(gzip.compress(
        b"\n".join(reversed(path.read_bytes().splitlines())) + b"\n"))
    equal(len(scan(folder, into)), 8, "without --dedup")
    equal(scan(folder, into, "--dedup"), ALL, "with --dedup")
    true("4 events with hits were in another file already" in run.stderr, run.stderr)
    other = lines([event(1, 4688, host="other.example"), event(1, 4688, minute=1)])
    (into / "c.json").write_bytes(other)
    equal(len(scan(folder, into, "--dedup")), 6, "another host or time is another event")


def big(folder):
    path = folder / "big.json.gz"
    block = lines([event(n, 4688 if n % 1000 == 0 else 1) for n in range(1, 20001)])
    with gzip.open(path, "wb", compresslevel=1) as out:
        for _ in range(60):
            out.write(block)
    return path


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def interrupted(folder, *paths_and_options):
    """The hits of a scan that was sent SIGINT after a while."""
    done = subprocess.Popen([PROGRAM, "scan", "--rules", str(rules(folder)), "--format", "jsonl",
                             *map(str, paths_and_options)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while done.poll() is None and cpu_seconds(done.pid) < 0.4:
        time.sleep(0.02)
    done.send_signal(signal.SIGINT)
    out, err = done.communicate(timeout=30)
    equal(done.returncode, 130, f"exit code ({err.decode()})")
    true(b"interrupted" in err, err.decode())
    hits = jsonl(out)
    true(all(hit["rule"]["title"] == "Process" for hit in hits), "every line is whole")
    return hits


@case
def interrupted_in_order(folder):
    hits = interrupted(folder, big(folder))
    true(0 < len(hits) < 60 * 20, f"{len(hits)} hits")


def catches(pid, number):
    """Has the process a handler for the signal?"""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^SigCgt:\s*(\w+)", status, re.M)[1], 16) >> (number - 1) & 1


@case
def interrupted_while_rules_are_loaded(folder):
    """Nothing was found yet, but one is told so. Thousands of rules take a second or more."""
    if not (DATA / "sigma" / "rules").is_dir():
        raise Skip("no shared data")
    done = subprocess.Popen([PROGRAM, "scan", "--no-rule-cache", "--rules", DATA / "sigma" / "rules", sample(folder)],
                            stderr=subprocess.PIPE)
    end = time.monotonic() + 30
    while not catches(done.pid, signal.SIGINT) and time.monotonic() < end:
        time.sleep(0.01)
    done.send_signal(signal.SIGINT)
    _, told = done.communicate(timeout=30)
    equal(done.returncode, 130, "exit code")
    true(b"interrupted while the rules were loaded" in told, told)


@case
def threads_are_interrupted_too(folder):
    path = big(folder)
    copies = [folder / f"copy{i}.gz" for i in range(5)]
    for copy in copies:
        os.link(path, copy)
    hits = interrupted(folder, "--threads", "3", path, *copies)
    true(0 < len(hits) < 6 * 60 * 20, f"{len(hits)} hits")


COUNTING = """
---
title: Many logons
id: 44444444-4444-4444-4444-444444444444
correlation:
    type: event_count
    rules: [22222222-2222-2222-2222-222222222222]
    group-by: [Computer]
    timespan: 1h
    condition: {gte: 3}
level: high
"""


def many_files(folder):
    """Files of all sizes, packed, broken and missing, the same event in several."""
    into = folder / "many"
    (into / "below").mkdir(parents=True)
    for i in range(300):
        name = into / ("below" if i % 7 == 0 else "") / f"{i:03}.json"
        name.write_bytes(lines([event(n + i, (1, 4688, 4624, 7045)[(n + i) % 4],
                                      host=f"pc{n % 3}", minute=i % 60)
                                for n in range(20000 if i in (0, 150) else i % 13)]))
    with gzip.open(into / "packed.gz", "wb") as out:
        out.write(lines([event(n, 4688) for n in range(5000)]))
    (into / "broken.gz").write_bytes((into / "packed.gz").read_bytes()[:2000])
    (into / "broken.evtx").write_bytes(b"ElfFile\0" + bytes(5000))
    (into / "below" / "link").symlink_to(folder / "nowhere")
    return [into, folder / "missing", into / "001.json"]


@case
def threads_tell_what_one_would(folder):
    paths = many_files(folder)
    with (rules(folder) / "Logon.yml").open("a") as out:
        out.write(COUNTING)
    command = ["scan", "--rules", folder / "rules", "--format", "jsonl", "--validate-checksums"]
    for options in ([], ["--dedup"], ["--host", "pc1", "--level", "medium"]):
        one = run(*command, *options, *paths, expect=4)
        told = re.sub(r"[0-9.]+ s\n", "", run.stderr)
        true(len(one) > 1000, "there are hits")
        true("missing" in told and "broken" in told, told)
        for threads in (0, 2, 3, 70):
            equal(run(*command, *options, "--threads", threads, *paths, expect=4), one,
                  f"hits with {threads} threads")
            equal(re.sub(r"[0-9.]+ s\n", "", run.stderr), told, f"notes with {threads} threads")


@case
def threads_end_with_the_pipe(folder):
    paths = many_files(folder)
    done = subprocess.Popen([PROGRAM, "scan", "--rules", str(rules(folder)), "--format", "jsonl",
                             "--threads", "4", *map(str, paths)],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    done.stdout.read(1)
    done.stdout.close()
    equal(done.wait(timeout=60), 0, "exit code, as with one thread")


@case
def a_terminal_sees_how_far_it_is(folder):
    path = big(folder)
    for quiet in (False, True):
        ours, theirs = pty.openpty()
        done = subprocess.Popen([PROGRAM, "scan", "--rules", str(rules(folder)), "--format",
                                 "jsonl", *(["--quiet"] if quiet else []), "--no-summary", str(path)],
                                stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:
                break
            if not part:
                break
            shown += part
        equal(done.wait(timeout=60), 0, "exit code")
        text = shown.decode()
        equal(bool(re.search(r"\d+ % · \S+ k? ?M? ?events/s · .*hits", text)), not quiet,
              f"progress in {text!r}")
        true(quiet or "\r\x1b[K" in text, "the line is taken away")


def event_log(folder, name, damages=()):
    """An EVTX file of five events of rule "Process", with damages of demo/evtx_writer.py."""
    plan = {"options": {"damages": list(damages)}, "events": [
        {"provider": "P", "event_id": 4688, "channel": "Security", "computer": "pc1.example",
         "time": f"2026-11-09T00:00:0{n}Z", "data": [["Text", f"record {n}"]]} for n in range(5)]}
    (folder / "plan.json").write_text(json.dumps(plan))
    subprocess.run([sys.executable, ROOT / "demo" / "evtx_writer.py", folder / "plan.json",
                    folder / name], check=True)
    return folder / name


def records(folder, path, *more):
    hits = jsonl(run("scan", "--rules", rules(folder), "--format", "jsonl", *more, path))
    return sorted(hit["event"]["record_id"] for hit in hits)


@case
def checksums_are_told(folder):
    good = event_log(folder, "good.evtx")
    broken = bytearray(good.read_bytes())
    broken[4096 + 512 + 100] ^= 0xff
    bad = folder / "bad.evtx"
    bad.write_bytes(broken)
    header = bytearray(good.read_bytes())
    header[16] ^= 0xff
    (folder / "header.evtx").write_bytes(header)
    run("scan", "--rules", rules(folder), "--no-summary", good)
    true("checksum" not in run.stderr, "nothing to tell of an intact file: " + run.stderr)
    run("scan", "--rules", rules(folder), "--no-summary", bad)
    true("bad.evtx: damaged: 1 of 1 chunks" in run.stderr, run.stderr)
    true("1 event log files are damaged" in run.stderr, run.stderr)
    run("scan", "--rules", rules(folder), "--validate-checksums", good, folder / "header.evtx")
    true("good.evtx: intact: 0 of 1 chunks fail" in run.stderr, run.stderr)
    true("header.evtx: damaged" in run.stderr and "file header fails" in run.stderr, run.stderr)
    for size, words in ((4096, "the file header counts 1 chunks"), (100, "there is no file header")):
        (folder / "cut.evtx").write_bytes(good.read_bytes()[:size])
        run("scan", "--rules", rules(folder), "--no-summary", folder / "cut.evtx")
        true("cut.evtx: damaged" in run.stderr and words in run.stderr, run.stderr)


@case
def chunks_are_carved(folder):
    """Event logs at odd places of what is no event log, packed too; only when asked."""
    log = event_log(folder, "log.evtx").read_bytes()
    noise = b"\x7fELF" + bytes(range(256)) * 2000
    image = folder / "disk.img"
    image.write_bytes(noise + b"x" * 333 + log[4096:] + noise + log + noise[:99])
    equal(records(folder, image), [], "not asked")
    equal(records(folder, image, "--carve"), sorted([1, 2, 3, 4, 5] * 2), "both copies")
    equal(records(folder, image, "--carve", "--dedup"), [1, 2, 3, 4, 5], "once")
    packed = folder / "disk.img.gz"
    packed.write_bytes(gzip.compress(image.read_bytes()))
    equal(records(folder, packed, "--carve"), sorted([1, 2, 3, 4, 5] * 2), "in a stream")
    equal(scan(folder, sample(folder), "--carve"), ALL, "text is read as before")


@case
def logs_below_an_image(folder):
    """Any case of letters; a drive letter as a folder; names escaped once more; an old Windows."""
    root = folder / "mount"
    logs = root / "C" / "WINDOWS" / "system32" / "winevt" / "logs"
    logs.mkdir(parents=True)
    event_log(logs, "Security.evtx")
    (logs / "plan.json").unlink()
    event_log(folder, "x.evtx").rename(logs / "Microsoft-Windows-Sysmon%254Operational.evtx")
    (logs / "System.EVTX").write_bytes(event_log(folder, "y.evtx").read_bytes()[:4096])
    old = root / "C" / "Windows.old" / "Windows" / "System32" / "winevt" / "Logs"
    old.mkdir(parents=True)
    event_log(folder, "z.evtx").rename(old / "Security.evtx")
    (root / "C" / "Users").mkdir()
    (root / "C" / "Users" / "loop").symlink_to(root)
    (root / "C" / "Users" / "Security.evtx").write_bytes(b"of no interest")
    hits = jsonl(run("scan", "--rules", rules(folder), "--format", "jsonl", "--no-summary",
                     "--live", root))
    equal(len(hits), 15, "hits of three logs")
    true("4 event logs in 2 folders" in run.stderr, run.stderr)
    for line in ("  Security: 5 events, 2026-11-09T00:00:00", "Sysmon/Operational: 5 events",
                 "  System: empty", "  Windows PowerShell: absent"):
        true(line in run.stderr, f"{line!r} in {run.stderr}")
    run("scan", "--rules", rules(folder), "--live", root / "C" / "Users", expect=2)
    true("no Windows/System32" in run.stderr, run.stderr)
    run("scan", "--rules", rules(folder), "--live", root, "--out",
        f"csv={root}/hits.csv", expect=2)
    true(not (root / "hits.csv").exists(), "nothing is written into the image")


@case
def logs_elsewhere_in_an_image(folder):
    """Logs that were redirected, put aside when full, or kept by two upgrades; not what users have."""
    root = folder / "mount"
    places = {"C/Windows/System32/winevt/Logs": "Archive-Security-2026-11-09-10-11-12-123.evtx",
              "C/Windows.old.000/Windows/System32/winevt/Logs": "Security.evtx",
              "C/Windows.old/Windows/System32/winevt/Logs": "System.evtx",
              "C/Logs/Events": "Application.evtx", "D/EventLogs": "Windows PowerShell.evtx",
              "C/Users/eve": "Security.evtx", "C/Logs/a/b/c": "Security.evtx"}
    for place, name in places.items():
        (root / place).mkdir(parents=True, exist_ok=True)
        event_log(folder, "x.evtx").rename(root / place / name)
    run("scan", "--rules", rules(folder), "--format", "jsonl", "--no-summary", "--live", root)
    for line in ("5 event logs in 3 folders", "2 of them lie elsewhere", "C/Logs/Events/Application.evtx",
                 "D/EventLogs/Windows PowerShell.evtx", "  Windows PowerShell: 5 events"):
        true(line in run.stderr, f"{line!r} in {run.stderr}")
    equal(run.stderr.count("  Security: 5 events"), 2, "of both")
    rows = jsonl(run("triage", "files", "--live", root))
    equal(len(rows), 5, "triage reads the same")
    run("triage", "files", "--live", root / "C" / "Users", expect=2)
    true("konseki triage: " in run.stderr, run.stderr)


def mmdb_value(value):
    """A value of a database in MaxMind's format 2.0: maps, texts, numbers."""
    def control(kind, size):
        head, extra = (kind << 5, b"") if kind < 8 else (0, bytes([kind - 7]))
        if size < 29:
            return bytes([head | size]) + extra
        return bytes([head | 29]) + extra + bytes([size - 29])
    if isinstance(value, dict):
        return control(7, len(value)) + b"".join(mmdb_value(k) + mmdb_value(v)
                                                 for k, v in value.items())
    if isinstance(value, list):
        return control(11, len(value)) + b"".join(map(mmdb_value, value))
    if isinstance(value, tuple):  # (kind of number, number): 5 of 16 bits, 6 of 32, 9 of 64
        raw = value[1].to_bytes(8, "big").lstrip(b"\0")
        return control(value[0], len(raw)) + raw
    raw = value.encode()
    return control(2, len(raw)) + raw


def mmdb(path, networks):
    """Writes a database of IPv4 networks [("203.0.113.0", bits, value)]."""
    nodes, data = [[None, None]], b""
    for address, bits, value in networks:
        number = int.from_bytes(bytes(map(int, address.split("."))), "big")
        at = 0
        for depth in range(bits):
            side = number >> (31 - depth) & 1
            if depth == bits - 1:
                nodes[at][side] = ("data", len(data))
            elif nodes[at][side] is None:
                nodes.append([None, None])
                nodes[at][side] = len(nodes) - 1
            at = nodes[at][side] if depth < bits - 1 else at
        data += mmdb_value(value)
    def record(r):
        place = len(nodes) if r is None else len(nodes) + 16 + r[1] if isinstance(r, tuple) else r
        return place.to_bytes(4, "big")
    tree = b"".join(record(left) + record(right) for left, right in nodes)
    about = {"node_count": (6, len(nodes)), "record_size": (5, 32), "ip_version": (5, 4),
             "database_type": "Test", "languages": ["en"], "description": {"en": "Test"},
             "binary_format_major_version": (5, 2), "binary_format_minor_version": (5, 0),
             "build_epoch": (9, 1)}
    path.write_bytes(tree + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + mmdb_value(about))
    return path


@case
def places_of_addresses(folder):
    city = mmdb(folder / "city.mmdb", [("203.0.113.0", 24, {
        "country": {"iso_code": "JP"}, "city": {"names": {"en": "Nara\x1b[31m"}}})])
    network = mmdb(folder / "asn.mmdb", [("203.0.112.0", 23, {
        "autonomous_system_number": (6, 64500), "autonomous_system_organization": "=Example"})])
    path = folder / "logon.json"
    path.write_bytes(lines([dict(event(n, 4624), IpAddress=a) for n, a in enumerate(
        ["203.0.113.9", "::ffff:203.0.113.9", "203.0.112.1", "10.1.2.3", "198.51.100.1", "-"], 1)]))
    hits = jsonl(run("scan", "--rules", rules(folder), "--format", "jsonl", "--geoip", city,
                     "--geoip", network, path))
    places = [{k[14:]: v for k, v in hit["fields"].items() if ".geo." in k} for hit in hits]
    whole = {"country": "JP", "city": "Nara\x1b[31m", "asn": "64500", "as": "=Example"}
    equal(places, [whole, whole, {"asn": "64500", "as": "=Example"}, {}, {}, {}], "places")
    table = run("scan", "--rules", rules(folder), "--format", "csv", "--geoip", city, path)
    true(b"\x1b" not in table, "no control in CSV")
    (folder / "no.mmdb").write_bytes(b"no database")
    run("scan", "--rules", rules(folder), "--geoip", folder / "no.mmdb", path, expect=2)
    true("no.mmdb" in run.stderr, run.stderr)


@case
def no_rule_says_so(folder):
    (folder / "a.json").write_bytes(lines([event(1, 4688)]))
    (folder / "empty").mkdir()
    run("scan", folder / "a.json", env={"LC_ALL": "C"})
    true("no --rules given" in run.stderr and "says nothing" in run.stderr, run.stderr)
    run("scan", "--rules", folder / "empty", folder / "a.json")
    true("no rule to run" in run.stderr and "says nothing" in run.stderr, run.stderr)
    run("scan", "--rules", rules(folder), expect=2)
    true("no file or folder" in run.stderr and len(run.stderr) < 300, run.stderr)
    run("scan", "--rules", rules(folder), folder / "a.json")
    true("says nothing" not in run.stderr, run.stderr)


@case
def events_without_a_time(folder):
    """Their hits are shown, marked, and count for no time; a second run says the same of them."""
    timed, timeless = event(1, 4688), event(2, 4688)
    del timeless["TimeCreated_SystemTime"]
    (folder / "a.json").write_bytes(lines([timed, timeless]))
    arguments = ["scan", "--rules", rules(folder), folder / "a.json"]
    hits = jsonl(run(*arguments, "--format", "jsonl"))
    equal([h["event"].get("time_received", False) for h in hits], [False, True], "marks")
    summary = json.loads(run(*arguments, "--summary", "--summary-format", "json"))["summary"]
    equal((summary["first_hit"], summary["last_hit"], summary["hits_without_time"]),
          ("2026-11-09T00:00:00.000000000Z", "2026-11-09T00:00:00.000000000Z", 1), "times")
    prints = [[r["partialFingerprints"] for r in json.loads(run(*arguments, "--format", "sarif"))
               ["runs"][0]["results"]] for _ in range(2)]
    equal(prints[0], prints[1], "fingerprints of two runs")


@case
def levels_and_sources_left_out(folder):
    path = folder / "a.json"
    path.write_bytes(lines([event(1, 4688), event(2, 4624), event(3, 7045, channel="System")]))
    for options, wanted in ((["--exact-level", "high"], ["Process"]),
                            (["--exact-level", "low, medium"], ["Logon", "Service"]),
                            (["--exclude-service", "sec*"], ["Service"]),
                            (["--exclude-product", "windows"], []),
                            (["--exclude-category", "process_creation"], ["Logon", "Process", "Service"])):
        equal([title for title, _ in scan(folder, path, *options)], wanted, options)
    run("scan", "--rules", rules(folder), "--exact-level", "hihg", path, expect=2)
    true("expected informational" in run.stderr, run.stderr)


main()
