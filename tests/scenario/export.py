"""`konseki export`: every format, read by others; an export comes back as the same store."""
import csv
import ctypes
import hashlib
import io
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import time

from harness import (DATA, PROGRAM, ROOT, Skip, case, equal, jsonl, main, need, raw, run, search,
                     true)

ALL = "* OR event.kind:derived"  # derived events too, as an export without a query has them


def written_files(folder):
    """Small files of every kind of text, and what is broken."""
    files = folder / "in"
    (files / "sub").mkdir(parents=True)
    contents = {
        "cp932.log": "2026-11-20 10:00:00 表示 ソ 能\r\n".encode("cp932") * 5,
        "euc.log": "漢字の行です\n二行目\n".encode("euc_jp") * 3,
        "utf16.log": "\ufeffいろは abc\r\nsecond\r\n".encode("utf-16-le"),
        "bad.log": b"caf\xe9 \xff\xfe\n\xc3\n\n\0\x01x\nno newline at the end",
        "bom.log": b"\xef\xbb\xbfhello\nworld \xe2\x80\xae x\r\n\r\n",
        "sub/long.log": b"x" * (2 * 1024 * 1024 + 17) + b"\nafter\n",
        "sub/forged.json": b'{"a":"007","b":true,"source":{"bytes":"007"},"destination":{"port":"+43"},'
                           b'"konseki":{"evidence":{"raw":"AAAA"}},"konseki.evidence":{"raw":"AAAA"},'
                           b'"x\\u0000y":"q\\n\\u202e","l":[1,2,"2"]}\n{"broken\n',
        "fw.log": b'<134>date=2026-11-20 time=10:00:00 devname="fw1" devid="FG1" logid="0000000013" '
                  b'type="traffic" subtype="forward" level="notice" srcip=10.0.0.5 srcport=5000 '
                  b'dstip=203.0.113.9 dstport=443 action="close" sentbyte=100 rcvdbyte=200\n' * 40,
        "formula.log": b"=cmd|' /C calc'!A0\n+1+1\n@SUM(A1)\n-1+2\n\t=1\n\"quoted\",and commas\n",
        "manifest.jsonl": b"a file of this name\n",
    }
    for name, content in contents.items():
        (files / name).write_bytes(content)
    return files


def add_event_logs(files):
    """EVTX files of the test data; without them the cases still run on the rest."""
    base = DATA / "evtx"
    chosen = sorted(p for p in base.rglob("*.evtx") if p.stat().st_size < 2_000_000)[::90]
    for number, path in enumerate(chosen):
        shutil.copyfile(path, files / f"log{number}.evtx")
    return bool(chosen)


def made_store(folder, event_logs=True):
    files = written_files(folder)
    if event_logs and not add_event_logs(files):
        print("        SKIPPED: EVTX files not found, the rest is checked")
    run("import", "--store", folder / "store", files)
    return folder / "store", files


def events_in(path):
    """The rows of an exported file, without its head, tail and register of files."""
    return [row for row in jsonl(path.read_bytes()) if "konseki.export" not in row]


def numbers(event):
    """An event without what belongs to its store."""
    event["konseki"].pop("arrival")
    return event


def root_of(store):
    return dict(w.split("=") for w in run("anchor", "--store", store).decode().split() if "=" in w)


def same_store(a, b):
    """Same bytes, same events in the same order, same tree."""
    equal(raw(b), raw(a), "raw bytes")
    equal(list(map(numbers, search(b, ALL, "--original"))),
          list(map(numbers, search(a, ALL, "--original"))), "events")
    equal((root_of(b)["rows"], root_of(b)["root"]), (root_of(a)["rows"], root_of(a)["root"]), "tree")
    run("verify", "--store", b)


@case
def jsonl_comes_back(folder):
    store, files = made_store(folder)
    for name in ("a.jsonl", "a.jsonl.zst"):
        run("export", "--store", store, "--out", folder / name)
        run("import", "--store", folder / (name + ".store"), folder / name)
        same_store(store, folder / (name + ".store"))
        report = jsonl(run("import", "--store", folder / (name + ".store"), "--format", "jsonl", files))
        equal({r["outcome"] for r in report if r["bytes"] > 0}, {"known"}, "the files are known")
    lines = (folder / "a.jsonl").read_text("utf-8").split("\n")
    head, tail = json.loads(lines[0])["konseki.export"], json.loads(lines[-2])["konseki.export"]["end"]
    equal(head["format"], 1, "format")
    true(root_of(store)["root"] in head["anchor"], "the head holds the anchor")
    inputs = sum(line.startswith('{"konseki.export":{"input":') for line in lines)
    equal(inputs, sum(p.is_file() for p in files.rglob("*")), "imported files")
    equal(tail["events"], len(lines) - 3 - inputs, "events in the tail")
    body = (folder / "a.jsonl").read_bytes()
    body = body[:body.rindex(b"\n", 0, len(body) - 1) + 1]
    equal(tail["sha256"], hashlib.sha256(body).hexdigest(), "hash in the tail")


@case
def a_whole_site_comes_back(folder):
    """The demo site: joined mails and findings are the same in the new store."""
    subprocess.run([sys.executable, str(ROOT / "demo/make_site.py"), "--out", str(folder / "site")],
                   check=True, stdout=subprocess.DEVNULL, timeout=120)
    old, new, conf = folder / "old", folder / "new", folder / "site/site.conf"
    run("import", "--store", old, "--site", conf, folder / "site/logs")
    true(search(old, "event.kind:derived"), "joined mails")
    run("export", "--store", old, "--out", folder / "a.jsonl.zst")
    run("import", "--store", new, "--site", conf, folder / "a.jsonl.zst")
    same_store(old, new)
    findings = [sorted(run("findings", "--store", s, "--format", "jsonl").splitlines())
                for s in (old, new)]
    true(findings[0] and findings[0] == findings[1], "the same findings")
    run("export", "--store", new, "--out", folder / "raw", "--format", "raw")
    for entry in jsonl((folder / "raw/manifest.jsonl").read_bytes()):
        true(entry["identical_to_import"], f"{entry['path']} is the file that was imported")
        equal((folder / "raw" / entry["path"]).read_bytes(),
              pathlib.Path(entry["origin"]).read_bytes(), entry["path"])


@case
def jsonl_is_what_search_prints(folder):
    store, _ = made_store(folder, event_logs=False)
    run("export", "--store", store, "--out", folder / "p.jsonl", "--plain", "*")
    equal(jsonl((folder / "p.jsonl").read_bytes()), search(store, "*", "--original"), "plain lines")
    run("export", "--store", store, "--out", folder / "f.jsonl", "*")
    rows = events_in(folder / "f.jsonl")
    for row in rows:
        row.pop("konseki.evidence")
    equal(rows, search(store, "*", "--original"), "lines with evidence")


@case
def second_export_is_the_same(folder):
    store, _ = made_store(folder)
    run("export", "--store", store, "--out", folder / "a.jsonl")
    run("import", "--store", folder / "b", folder / "a.jsonl")
    run("export", "--store", folder / "b", "--out", folder / "b.jsonl")
    a, b = ([line for line in (folder / name).read_bytes().split(b"\n")
             if not line.startswith(b'{"konseki.export":')] for name in ("a.jsonl", "b.jsonl"))
    true(a == b, "the rows of both exports are the same, byte for byte")


@case
def parts_come_back_in_order(folder):
    store, _ = made_store(folder)
    (folder / "parts").mkdir()
    run("export", "--store", store, "--out", folder / "parts/p.jsonl.zst", "--split", "200k")
    true(len(list((folder / "parts").iterdir())) > 2, "several parts")
    run("import", "--store", folder / "again", folder / "parts")
    same_store(store, folder / "again")


@case
def parts_by_day(folder):
    store, _ = made_store(folder, event_logs=False)
    run("export", "--store", store, "--out", folder / "d.jsonl", "--split", "day")
    names = sorted(p.name for p in folder.glob("d*"))
    true("d-2026-11-20.jsonl" in names and len(names) > 1, f"one file a day: {names}")
    for row in events_in(folder / "d-2026-11-20.jsonl"):
        true(row["@timestamp"].startswith("2026-11-20"), "only events of the day")
    total = sum(len(events_in(folder / n)) for n in names)
    equal(total, len(search(store, ALL)), "events of all days")


@case
def a_query_keeps_its_evidence(folder):
    """EVTX rows whose chunk was not asked for: the chunk comes along."""
    store, files = made_store(folder)
    if not list(files.glob("*.evtx")):
        raise Skip("EVTX files not found")
    events = [e for e in search(store, "event.dataset:windows.evtx") if "in_container" in
              e["konseki"].get("flags", [])]
    wanted = events[len(events) // 2]["event"]["id"]
    query = f'event.id:"{wanted}"'
    run("export", "--store", store, "--out", folder / "one.jsonl", query)
    run("import", "--store", folder / "one", folder / "one.jsonl")
    equal(raw(folder / "one", query), raw(store, query), "the chunk")
    equal(list(map(numbers, search(folder / "one", query))),
          list(map(numbers, search(store, query))), "the event")


@case
def what_was_left_out_is_no_damage(folder):
    store, _ = made_store(folder, event_logs=False)
    events = search(store, "*")
    dataset = sorted({e["event"]["dataset"] for e in events if "dataset" in e["event"]})[0]
    run("export", "--store", store, "--out", folder / "some.jsonl", f"NOT event.dataset:{dataset}")
    run("import", "--store", folder / "some", folder / "some.jsonl")
    kept = len(search(folder / "some", "*"))
    true(0 < kept < len(events), f"{kept} of {len(events)} events")
    said = run("verify", "--store", folder / "some", "--rebuild").decode()
    true("were restored from an export that left" in said, said)


@case
def cut_and_changed_exports_are_refused(folder):
    store, _ = made_store(folder, event_logs=False)
    run("export", "--store", store, "--out", folder / "a.jsonl")
    run("export", "--store", store, "--out", folder / "a.jsonl.zst")
    good = (folder / "a.jsonl").read_bytes()
    packed = (folder / "a.jsonl.zst").read_bytes()
    lines = good.split(b"\n")
    bad = {
        "cut in a line": good[:len(good) // 2],
        "without tail": b"\n".join(lines[:-2]) + b"\n",
        "one line gone": b"\n".join(lines[:5] + lines[6:]),
        "one byte changed": good.replace(b"hello", b"hallo"),
        "two lines swapped": b"\n".join(lines[:5] + [lines[6], lines[5]] + lines[7:]),
        "a line more": good + b"{}\n",
        "another version": good.replace(b'"format":1,', b'"format":2,', 1),
        "packed and cut": packed[:-9],
        "packed and changed": packed[:-200] + bytes([packed[-200] ^ 1]) + packed[-199:],
    }
    for name, content in bad.items():
        (folder / "bad.jsonl").write_bytes(content)
        report = jsonl(run("import", "--store", folder / "b", "--format", "jsonl",
                           folder / "bad.jsonl", expect=4))
        equal(report[0]["outcome"], "unreadable", name)
        equal(search(folder / "b", ALL), [], f"events of: {name}")


def hashed(rows):
    """An export made by hand: with a tail that fits."""
    head = b'{"konseki.export":{"format":1,"part":1}}\n'
    body = head + b"".join(r + b"\n" for r in rows)
    digest = hashlib.sha256(body).hexdigest()
    return body + (b'{"konseki.export":{"end":{"events":%d,"sha256":"%s"}}}\n'
                   % (len(rows), digest.encode()))


@case
def hostile_lines_are_refused(folder):
    good = (b'{"@timestamp":"2026-11-21T10:00:00Z","event":{"created":"2026-11-21T10:00:00Z",'
            b'"sequence":%d,"original":"x"},"konseki":{"source":"s"},'
            b'"konseki.evidence":{"end":"\\n"}}')
    evidence = b'"konseki.evidence":{"end":"\\n"}'
    bad = {
        "no number": good.replace(b'"sequence":%d,', b""),
        "number 0": good % 0,
        "negative number": good.replace(b"%d", b"-1"),
        "huge number": good.replace(b"%d", b"18446744073709551615"),
        "no source": (good % 1).replace(b'"source":"s"', b""),
        "no time": (good % 1).replace(b"@timestamp", b"time"),
        "a time without zone": (good % 1).replace(b"00:00Z", b"00:00"),
        "no evidence": (good % 1).replace(b"," + evidence, b""),
        "unknown evidence": (good % 1).replace(evidence, b'"konseki.evidence":{"more":1}'),
        "bad base64": (good % 1).replace(evidence, b'"konseki.evidence":{"raw":"a"}'),
        "odd base64": (good % 1).replace(evidence, b'"konseki.evidence":{"raw":"YR=="}'),
        "unknown charset": (good % 1).replace(b'{"end"', b'{"charset":"ebcdic","end"'),
        "container behind": (good % 1).replace(evidence, b'"konseki.evidence":{"container":{"back":1}}'),
        "unknown mark": (good % 1).replace(b'"source":"s"', b'"source":"s","flags":["nice"]'),
        "unknown dataset": (good % 1).replace(b'"original"', b'"dataset":"of.tomorrow","original"'),
        "behind the evidence": (good % 1)[:-1] + b',"a":1}',
        "no JSON": b'{"a":' + (good % 1)[1:],
        "nothing": b"",
    }
    for name, row in bad.items():
        (folder / "x.jsonl").write_bytes(hashed([row]))
        run("import", "--store", folder / "s", folder / "x.jsonl", expect=4)
        equal(search(folder / "s", ALL), [], f"events of: {name}")
    (folder / "x.jsonl").write_bytes(hashed([good % 2, good % 2]))
    run("import", "--store", folder / "s", folder / "x.jsonl", expect=4)  # a number twice
    (folder / "x.jsonl").write_bytes(hashed([good % 2, good % 3]))
    run("import", "--store", folder / "s", folder / "x.jsonl")
    equal([e["event"]["id"] for e in search(folder / "s", "*")], ["s-2", "s-3"], "ids")
    (folder / "x.jsonl").write_bytes(hashed([good % 3]))
    run("import", "--store", folder / "s", folder / "x.jsonl", expect=4)  # is taken
    equal(len(search(folder / "s", "*")), 2, "events")


@case
def files_as_they_came(folder):
    store, files = made_store(folder)
    run("export", "--store", store, "--out", folder / "out", "--format", "raw")
    manifest = jsonl((folder / "out/manifest.jsonl").read_bytes())
    wanted = sorted(p for p in files.rglob("*") if p.is_file())
    equal(sorted(m["origin"] for m in manifest), [str(p) for p in wanted], "origins")
    for entry in manifest:
        content = (folder / "out" / entry["path"]).read_bytes()
        equal(content, pathlib.Path(entry["origin"]).read_bytes(), entry["path"])
        equal(entry["sha256"], hashlib.sha256(content).hexdigest(), "hash")
        true(entry["identical_to_import"] and not entry["partial"], f"{entry} says it is whole")


@case
def names_cannot_leave_the_folder(folder):
    """Origins are whatever was given at import."""
    files = folder / "in"
    (files / "Case").mkdir(parents=True)
    (files / "case").mkdir()
    for n, name in enumerate(["Case/a.log", "case/A.log", "con.log", "end.", "tab\tx", "back\\slash"]):
        (files / name).write_bytes(b"line %d\n" % n)
    here = os.getcwd()
    os.chdir(files / "case")
    try:
        run("import", "--store", folder / "store", "../../in/../in")
        run("import", "--store", folder / "store", "--again", "--host", "../../up", ".")
        run("export", "--store", folder / "store", "--out", folder / "out", "--format", "raw")
    finally:
        os.chdir(here)
    manifest = jsonl((folder / "out/manifest.jsonl").read_bytes())
    names = [m["path"] for m in manifest]
    equal(len(manifest), 7, "files")
    equal(len({n.lower() for n in names}), len(names), "names that differ")
    for entry in manifest:
        parts = pathlib.PurePosixPath(entry["path"]).parts
        true(not entry["path"].startswith("/") and ".." not in parts and "con.log" not in parts,
             f"{entry['path']} is harmless")
        true(not any(c in entry["path"] for c in "\t\\"), f"{entry['path']} has plain characters")
        true((folder / "out" / entry["path"]).is_file(), f"{entry['path']} is there")


@case
def raw_of_a_query_is_partial(folder):
    store, _ = made_store(folder, event_logs=False)
    run("export", "--store", store, "--out", folder / "out", "--format", "raw", "destination.port:443")
    entries = jsonl((folder / "out/manifest.jsonl").read_bytes())
    true(all(e["partial"] for e in entries), "said to be partial")
    equal(b"".join((folder / "out" / e["path"]).read_bytes() for e in entries),
          raw(store, "destination.port:443"), "bytes")
    run("export", "--store", store, "--out", folder / "out", "--format", "raw", expect=2)


@case
def csv_for_spreadsheets(folder):
    store, _ = made_store(folder, event_logs=False)
    fields = "event.id,destination.port,source.ip,event.original"
    run("export", "--store", store, "--out", folder / "a.csv", "--bom", "--fields", fields, "*")
    content = (folder / "a.csv").read_bytes()
    true(content.startswith(b"\xef\xbb\xbf"), "a byte order mark")
    csv.field_size_limit(1 << 24)
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    events = search(store, "*", "--original")
    equal(rows[0], fields.split(","), "names")
    equal([r[0] for r in rows[1:]], [e["event"]["id"] for e in events], "ids")
    equal({tuple(r[1:3]) for r in rows[1:] if r[1] == "443"}, {("443", "10.0.0.5")}, "columns")
    by_text = [r[3] for r in rows[1:]]
    for formula in ("=cmd|' /C calc'!A0", "+1+1", "@SUM(A1)", "-1+2", "\t=1"):
        true("'" + formula in by_text, f"{formula} is defused")
    true('"quoted",and commas' in by_text, "quotation marks")
    true(not any(c in "".join(by_text) for c in "\0\x01\u202e\xff"), "nothing hidden")
    run("export", "--store", store, "--out", folder / "usual.csv")
    with open(folder / "usual.csv", newline="", encoding="utf-8") as f:
        equal(next(csv.reader(f))[0], "@timestamp", "our own name is no formula")
    run("export", "--store", store, "--out", folder / "b.csv", "* | count by destination.port")
    equal(list(csv.reader(open(folder / "b.csv", newline="")))[0], ["destination.port", "count"],
          "names of an aggregation")


def duckdb():
    """A function that runs SQL in DuckDB's library, through the same file konseki loads."""
    beside = pathlib.Path(PROGRAM).parent / "node_modules/@duckdb"
    found = [os.environ.get("KONSEKI_DUCKDB", "")] + sorted(map(str, beside.glob("*/libduckdb.so")))
    path = next((p for p in found if p and os.path.exists(p)), None)
    if path is None:
        raise Skip("libduckdb.so not found (docs/manual/export.md)")
    library = ctypes.CDLL(path)
    library.duckdb_result_error.restype = ctypes.c_char_p
    database, connection = ctypes.c_void_p(), ctypes.c_void_p()
    library.duckdb_open(None, ctypes.byref(database))
    library.duckdb_connect(database, ctypes.byref(connection))

    def query(sql, out):
        result = (ctypes.c_uint64 * 8)()
        if library.duckdb_query(connection, f"COPY ({sql}) TO '{out}'".encode(), ctypes.byref(result)):
            raise AssertionError(library.duckdb_result_error(ctypes.byref(result)).decode())
        return jsonl(out.read_bytes())
    return path, query


@case
def parquet_is_read_by_duckdb(folder):
    path, query = duckdb()
    store, _ = made_store(folder)
    file = folder / "a.parquet"
    run("export", "--store", store, "--out", file, "--duckdb-library", path)
    events = search(store, ALL, "--original")
    rows = query(f"SELECT * FROM '{file}'", folder / "rows.json")
    equal(len(rows), len(events), "rows")
    types = {r["column_name"]: r["column_type"] for r in
             query(f"SELECT * FROM (DESCRIBE SELECT * FROM '{file}')", folder / "types.json")}
    equal([types[n] for n in ("@timestamp", "event.sequence", "source.bytes", "destination.port",
                              "source.ip", "konseki.flags")],
          ["TIMESTAMP_NS", "BIGINT", "BIGINT", "BIGINT", "VARCHAR", "VARCHAR[]"], "types")
    for row, event in zip(rows, events):
        equal(row["event.id"], event["event"]["id"], "id")
        equal(row["konseki.flags"], event["konseki"].get("flags"), "flags")
        equal(row["event.original"], event["event"].get("original"), "line")
        port = event.get("destination", {}).get("port")
        equal(row["destination.port"], port if isinstance(port, int) else None, "port")
    forged = next(r for r in rows if (r["konseki.source"] or "").endswith("forged.json"))
    equal((forged["source.bytes"], forged["konseki.other"]), (7, ["destination.port=+43"]), "odd value")
    only = folder / "b.parquet"
    run("export", "--store", store, "--out", only, "--duckdb-library", path, "--fields",
        "@timestamp,source.ip", "destination.port:443")
    rows = query(f"SELECT * FROM '{only}'", folder / "rows.json")
    equal([set(r) for r in rows], [{"@timestamp", "source.ip"}] * 40, "chosen columns")


@case
def parquet_without_the_library(folder):
    store, _ = made_store(folder, event_logs=False)
    run("export", "--store", store, "--out", folder / "a.parquet", "--duckdb-library", "/none.so",
        expect=2)
    true("none.so" in run.stderr, "the message names the file")
    equal(list(folder.glob("a.parquet*")), [], "files left")


def export_limited(store, out, limit_bytes, *more):
    """Runs an export whose files may not grow beyond the limit, as on a full disk."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
    done = subprocess.run([PROGRAM, "export", "--store", str(store), "--out", str(out),
                           *map(str, more)], preexec_fn=limit, capture_output=True, timeout=60)
    equal(done.returncode, 5, f"exit code of {out.name}: {done.stderr}")
    true(done.stderr.strip(), "a message")


@case
def full_disk_leaves_nothing(folder):
    store, _ = made_store(folder, event_logs=False)
    out = folder / "out"
    out.mkdir()
    for name, more in (("a.jsonl", ()), ("a.csv", ()), ("a.jsonl.zst", ()), ("raw", ["--format", "raw"]),
                       ("parts.jsonl", ["--split", "100k"])):
        export_limited(store, out / name, 500 if name.endswith("zst") else 70_000, *more)
        equal(list(out.iterdir()), [], f"files left of {name}")
    run("export", "--store", store, "--out", folder / "none/a.csv", expect=5)
    try:
        path, _ = duckdb()
    except Skip as why:
        print(f"        SKIPPED: Parquet: {why}")
        return
    export_limited(store, out / "a.parquet", 2000, "--duckdb-library", path)
    equal(list(out.iterdir()), [], "files left of Parquet")


@case
def interrupted_export_leaves_nothing(folder):
    """Whenever the signal comes: the whole file, or nothing of it."""
    store, _ = made_store(folder)
    stopped = 0
    for step in range(24):
        out = folder / f"out{step}"
        out.mkdir()
        raw_files = step % 3 == 0
        process = subprocess.Popen([PROGRAM, "export", "--store", str(store), "--out",
                                    str(out / "a"), "--format", "raw" if raw_files else "jsonl"],
                                   stderr=subprocess.PIPE)
        time.sleep(0.004 * step)
        process.send_signal(signal.SIGINT if step % 2 else signal.SIGTERM)
        process.communicate(timeout=60)
        names = sorted(p.name for p in out.iterdir())
        if process.returncode == 0:
            equal(names, ["a"], "files of a whole export")
        else:
            true(process.returncode < 0, f"ended by the signal, not with {process.returncode}")
            equal(names, [], "files left")
            stopped += 1
    true(stopped > 0, "some exports were stopped")


@case
def usage_errors(folder):
    store, _ = made_store(folder, event_logs=False)
    for more in (["--format", "xml"], ["--split", "week"], ["--format", "raw", "--split", "day"],
                 ["--bom"], ["--fields", "a"], ["--format", "csv", "--plain"], ["* | count"],
                 ["source.ip:x"], ["a", "b"]):
        run("export", "--store", store, "--out", folder / "a", *more, expect=2)
    run("export", "--store", store, expect=2)
    run("export", "--store", folder / "none", "--out", folder / "a", expect=5)
    equal(sorted(p.name for p in folder.iterdir()), ["in", "store"], "files left")


main()
