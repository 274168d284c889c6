"""Searches as programs: --explain, names, stopping, the memory limit, threads, findings at rest."""
import json
import os
import signal
import subprocess
import time

from harness import PROGRAM, Skip, case, equal, jsonl, main, run, true


def make_store(folder, count=60000):
    lines = "".join(f"<34>Nov 20 10:{i // 60 % 60:02d}:{i % 60:02d} host{i % 3} app[{i}]: "
                    f"item w{i}x of {i * 7919 % 1000003} for user u{i % 997}\n" for i in range(count))
    (folder / "a.log").write_text(lines)
    run("import", "--store", folder / "store", folder / "a.log")
    return folder / "store"


def explain(store, query, *more):
    run("search", "--store", store, "--explain", *more, query)
    lines = [x for x in run.stderr.splitlines() if x.startswith('{"explain"')]
    equal(len(lines), 1, "lines of --explain")
    return json.loads(lines[0])["explain"]


@case
def explain_says_what_was_left_out(folder):
    store = make_store(folder)
    absent = explain(store, "zxqvrareword")
    equal(absent["segments_read"], 0, "segments read for a word that is not there")
    equal(absent["pruned_by"]["filter"], absent["segments_pruned"], "pruned by the filter")
    equal(absent["bytes_read"], 0, "bytes read")
    found = explain(store, "w31234x")
    equal((found["rows_matched"], found["rows_out"]), (1, 1), "rows of a word that is there once")
    for e in (absent, found):
        equal(e["segments_considered"], e["segments_pruned"] + e["segments_read"], "segments")
        equal(e["blocks_considered"], e["blocks_pruned"] + e["blocks_read"], "blocks")
        true(e["ms"]["total"] >= e["ms"]["scan"] >= 0, "times")
    equal(explain(store, "event.dataset:asa")["pruned_by"]["dataset"],
          absent["segments_considered"], "pruned by the dataset")


@case
def a_friendly_name_does_not_hide_a_field_of_that_name(folder):
    store, log = folder / "store", folder / "own.json"
    hosts = ["h1", "1000", "1e3", "10.1.2.3"]
    log.write_text("".join(json.dumps({"Hostname": hosts[i % 4], "User": "{x}", "Path": f"C:\\{i}",
                                       "Odd": hosts[i % 4], "Size": i}) + "\n" for i in range(400)))
    run("import", "--store", store, log)
    for query, wanted in (("Hostname:h1", 100), ("hostname:H1", 100), ("host:h1", 0), ("Path:*399", 1),
                          ('NOT User:"{X}"', 0), ("Hostname:1000", 100), ("Odd:1E3", 100),
                          ("Odd:>=1000", 200),
                          ("odd:(h1 OR 10.1.2.3)", 200), ("Odd:::ffff:10.1.2.3", 0), ("Hostname:h", 0),
                          ("Path:/C:.39$/", 1), ("Odd:h1 Hostname:*", 100), ("path:*own.json", 400)):
        equal(jsonl(run("search", "--store", store, query + " | count")), [{"count": wanted}], query)
    equal(jsonl(run("search", "--store", store, "h1 | count by Hostname")),
          [{"Hostname": "h1", "count": 100}], "groups")
    for query in ("Hostname:zork", "Odd:zork"):  # a name that is in no schema is pruned, too
        equal(explain(store, query)["pruned_by"]["filter"], 1, query)


def run_as_reader(*arguments):
    """As somebody who may read only: permissions do not hold root back."""
    user = {"user": 65534} if os.geteuid() == 0 else {}
    try:
        return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, timeout=60, **user)
    except PermissionError as why:
        raise Skip("other users may not run the program") from why


@case
def findings_are_read_where_nobody_can_write(folder):
    store, rules = folder / "a store %41?#", folder / "rule.yml"
    rules.write_text("title: t\nid: 11111111-1111-1111-1111-111111111111\nlogsource: {category: test}\n"
                     "detection: {k: [w5x], condition: k}\nlevel: high\n")
    make_store(folder, 100).rename(store)
    run("detect", "--store", store, "--rules", rules)
    before = run("findings", "--store", store)
    true(before.count(b"\n") >= 1, "the rule's hit")
    for name in ("findings.db-shm", "findings.db-wal"):
        (store / name).unlink(missing_ok=True)
    for path in (*store.rglob("*"), store, folder):
        path.chmod(0o555 if path.is_dir() else 0o444)
    equal(run_as_reader("findings", "--store", store).stdout, before, "findings")
    done = run_as_reader("timeline", "--store", store, "host1")
    equal((done.returncode, len(done.stdout) > 0), (0, True), f"timeline: {done.stderr}")
    folder.chmod(0o755)
    store.chmod(0o755)
    (store / "findings.db-wal").write_bytes(b"x" * 100)
    store.chmod(0o555)
    equal(run_as_reader("findings", "--store", store).returncode, 5, "exit with a log that is left")
    store.chmod(0o755)


@case
def ten_thousand_words_in_one_query(folder):
    store = make_store(folder, 2000)
    words = " OR ".join(f"q{i:05d}" for i in range(9990))
    query = f"{words} OR w7x OR w1999x OR w3000x | count"
    true(len(query) > 90000, "length")
    equal(jsonl(run("search", "--store", store, query)), [{"count": 2}], "two of them")


@case
def threads_do_not_change_the_output(folder):
    store = make_store(folder)
    for query in ("*", "u12 OR w5x", "/w1[0-9]+5x/", "* | count by host.name"):
        one = run("search", "--store", store, "--limit", "0", "--threads", "1", query)
        equal(run("search", "--store", store, "--limit", "0", "--threads", "5", query), one, query)
        true(len(one) > 0, query)


@case
def a_signal_stops_a_search(folder):
    store = make_store(folder)
    for number in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen([PROGRAM, "search", "--store", str(store), "--limit", "0", "*"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        first = os.read(process.stdout.fileno(), 100)  # it runs, and waits soon: nobody reads
        time.sleep(0.2)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        equal(process.returncode, 128 + number, "exit code")
        true(b"stopped" in err, "stderr says that it was stopped")
        whole = (first + out).splitlines()
        true(0 < len(whole) < 60000, "a part of the events")
        for line in whole:
            json.loads(line)  # no half event


@case
def memory_is_bounded(folder):
    store = make_store(folder)
    refused = ("* | sort message", "* | stats values(message) by host.name",
               "* | dedup message", "* | count by message")
    for query in refused:
        run("search", "--store", store, "--limit", "0", "--memory", "1MB", query, expect=2)
        true("--memory" in run.stderr and "MiB" in run.stderr, query)
    equal(len(jsonl(run("search", "--store", store, "--memory", "4MB", "--format", "jsonl",
                        "* | sort message | head 5"))), 5, "sort in front of head holds few")
    ours = b"x" * (300 << 20)  # what the starter of a search used is not the search's
    peak = explain(store, "* | sort message | tail 1")["memory_peak_bytes"]
    true(1 << 20 < peak < 256 << 20, "peak of %d bytes, ours %d" % (peak, len(ours)))


main()
