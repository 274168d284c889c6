"""Rules, archives that come and go, holds, expiry, and what others can still check after it."""
import os
import pathlib
import subprocess

from harness import PROGRAM, Server, case, equal, jsonl, main, run, search, true, wait_for

VERIFY = str(pathlib.Path(PROGRAM).parent / "konseki-verify")
OLD_STORE = os.environ["KONSEKI_OLD_STORE"]


def write_old(store, days, rows):
    subprocess.run([OLD_STORE, store, str(days), str(rows)], check=True, timeout=60)


def make_store(folder):
    """1,500 rows of 400 days ago, 900 of 380, 300 of today; an anchor after the second."""
    store = folder / "store"
    write_old(store, 400, 1500)
    write_old(store, 380, 900)
    run("anchor", "--store", store, "--out", folder / "old.anchor")
    write_old(store, 0, 300)
    return store


def ids(store, query="*"):
    return sorted(event["event"]["id"] for event in search(store, query))


def expire(store, *more, **how):
    return jsonl(run("expire", "--store", store, "--format", "jsonl", *more, **how))


def check(folder, anchor, expect):
    """The separate program, with an anchor of before or after the expiry."""
    done = subprocess.run([VERIFY, folder / "proof.json", "--raw", folder / "raw", "--anchor",
                           folder / anchor], capture_output=True, timeout=60)
    equal(done.returncode, expect, f"{anchor}: {done.stdout + done.stderr}")


@case
def archives_come_and_go(folder):
    store = make_store(folder)
    before = ids(store)
    run("archive", "--store", store, "--to", folder / "one", "--older-than", 390, "--label", "box 1")
    run("archive", "--store", store, "--to", folder / "two", "--older-than", 100)
    equal(ids(store), before, "events found in the archives")
    run("verify", "--store", store, "--rebuild")
    true(len(list((store / "segments").iterdir())) < 4, "the originals are there still")

    (folder / "one").rename(folder / "away")
    left = jsonl(run("search", "--store", store, "--limit", "0", "--format", "jsonl", "*", expect=4))
    equal(len(left), len(before) - 1500, "events without the first medium")
    true("1500 events" in run.stderr, run.stderr)
    true('"box 1"' in run.stderr, run.stderr)
    told = jsonl("\n".join(x for x in run.stderr.splitlines() if x.startswith("{")).encode())
    equal((told[0]["coverage"]["label"], told[0]["coverage"]["events"]), ("box 1", 1500), "coverage")
    young = jsonl(run("search", "--store", store, "--format", "jsonl", "--limit", "0", "--from",
                      "now-2d", "*"))
    equal(len(young), 300, "a search that needs no medium ends with 0")
    run("verify", "--store", store, "--rebuild", expect=4)
    states = {a["label"]: a["state"] for a in jsonl(run("archive", "list", "--store", store,
                                                        "--format", "jsonl"))}
    equal(states, {"box 1": "offline", "two": "online"}, "states")

    run("archive", "attach", "--store", store, folder / "away")
    equal(ids(store), before, "events after attaching")
    run("archive", "recall", "--store", store, "box 1")
    (folder / "away").rename(folder / "gone")
    equal(ids(store), before, "events after recalling")
    run("verify", "--store", store, "--rebuild")


@case
def what_an_archive_says_of_the_store(folder):
    store, box, tried = make_store(folder), folder / "box", 0
    run("archive", "--store", store, "--to", box, "--older-than", 390)
    first_bytes = (store / "chain").stat().st_size
    run("archive", "--store", store, "--to", box, "--older-than", 100)
    write_old(store, 0, 10)
    run("verify", "--store", store)
    for name in ("store-chain", "store-anchor", "konseki-archive.json"):
        content = (box / name).read_bytes()
        for at in range(2, len(content) - 2, len(content) // 9):
            for changed in (content[:at], content[:at] + bytes([content[at] ^ 1]) + content[at + 1:]):
                (box / name).write_bytes(changed)
                code = 1 if name.startswith("store") else (1, 4)  # its id may be that of another
                run("verify", "--store", store, expect=code)
                tried += 1
        (box / name).unlink()
        text = run("verify", "--store", store, expect=(0, 4)).decode()
        true(name in text or "offline" in text, text)
        (box / name).write_bytes(content)
    run("verify", "--store", store)
    chain = store / "chain"
    chain.write_bytes(chain.read_bytes()[:first_bytes])
    (store / "chain.state").unlink(missing_ok=True)
    out = run("verify", "--store", store, expect=1).decode()
    true("store-chain is not what the store's chain begins with" in out, out)
    print(f"        {tried} changes beside the segments")


@case
def a_medium_that_nobody_can_write(folder):
    store = make_store(folder)
    before = ids(store)
    run("archive", "--store", store, "--to", folder / "one", "--older-than", 100)
    for path in sorted((folder / "one").rglob("*"), reverse=True):
        path.chmod(0o555 if path.is_dir() else 0o444)
    (folder / "one").chmod(0o555)
    equal(ids(store), before, "events on a read-only medium")
    run("verify", "--store", store)
    for path in [folder / "one", *sorted((folder / "one").rglob("*"))]:
        path.chmod(0o755)


@case
def expiry_leaves_what_others_need(folder):
    store = make_store(folder)
    run("expire", "--store", store)
    true("no rules" in run.stderr, run.stderr)
    run("retention", "set", "--store", store, "fortigate=default", "syslog=two-year")
    due = expire(store, "--dry-run")
    equal({line["outcome"] for line in due}, {"due"}, "outcomes")
    equal(sum(line["events"] for line in due), 1600, "events that are due")

    hold = run("hold", "add", "--store", store, "--case", "17", "--reason", "court", "--sources", "fw",
               "--to", "now-390d").decode().split()[1]
    equal({line["outcome"] for line in expire(store, "--dry-run")}, {"due", "held"}, "with a hold")
    expire(store)
    equal(len(ids(store)), 2700 - 600, "events after the first expiry")
    run("hold", "release", "--store", store, "--reason", "closed", hold)
    expire(store)
    equal(len(ids(store)), 2700 - 1600, "events after the second expiry")
    equal(expire(store), [], "nothing is left to expire")
    run("store", "compact", "--store", store)
    equal(len(ids(store)), 2700 - 1600, "events after merging")

    text = run("verify", "--store", store, "--rebuild", "--anchor", folder / "old.anchor").decode()
    equal(text.count("rows expired by policy"), 2, text)
    run("anchor", "--store", store, "--out", folder / "new.anchor")
    young = set(ids(store, "@timestamp:>=now-2d"))
    equal(len(young), 300, "events of today")
    for id_ in ids(store)[::97]:
        (folder / "proof.json").write_bytes(run("prove", "--store", store, id_, "--raw-out",
                                                folder / "raw"))
        check(folder, "new.anchor", 0)
        check(folder, "old.anchor", 1 if id_ in young else 0)
    run("prove", "--store", store, "fw-1", expect=(1, 5))
    true("expired" in run.stderr, run.stderr)


@case
def deleting_by_hand_is_damage(folder):
    store = make_store(folder)
    run("retention", "set", "--store", store, "*=default")
    expire(store)
    run("verify", "--store", store)
    kept = list((store / "expired").iterdir())
    equal(len(kept), 1, "files of hashes")
    data = bytearray(kept[0].read_bytes())
    for at in (0, 8, 20, len(data) - 1):
        data[at] ^= 4
        kept[0].write_bytes(data)
        run("verify", "--store", store, expect=1)
        data[at] ^= 4
    kept[0].write_bytes(data)
    run("verify", "--store", store)
    next((store / "segments").iterdir()).unlink()
    text = run("verify", "--store", store, expect=1).decode()
    true("is missing" in text, text)


@case
def a_server_keeps_the_rules(folder):
    store = make_store(folder)
    run("retention", "set", "--store", store, "--class", "short=1/390", "*=short")
    config = folder / "serve.conf"
    config.write_text(f"retention.interval = 1s\nseal.interval = 1s\narchive.path = {folder}/old\n")
    with Server(store, "--config", config) as server:
        wait_for(lambda: len(ids(store)) == 1200, "1,500 events expire")
        wait_for(lambda: len(list((folder / "old").glob("segments/*"))) == 2, "two are archived")
        with server.tcp() as tcp:
            tcp.sendall(b"<34>Nov 20 10:00:00 host01 app[1]: life goes on\n")
            wait_for(lambda: len(ids(store)) == 1201, "a new event")
        equal(server.stop()[0], 0, "exit code")
    run("verify", "--store", store, "--rebuild")


@case
def a_server_without_room_refuses(folder):
    store = folder / "store"
    config = folder / "serve.conf"
    config.write_text("disk.reserve = 1024G\ncommit.interval = 50ms\n")
    write_old(store, 0, 10)
    with Server(store, "--config", config) as server:
        with server.tcp() as tcp:
            tcp.sendall(b"<34>Nov 20 10:00:00 host01 app[1]: no room\n")
        server.process.wait(timeout=30)
        error = server.process.stderr.read().decode()
        true("disk.reserve" in error, error)
    equal(len(ids(store)), 10, "events")
    run("verify", "--store", store)


@case
def forecast_and_bad_numbers(folder):
    store = make_store(folder)
    run("retention", "set", "--store", store, "*=default")
    rows = jsonl(run("store", "forecast", "--store", store, "--format", "jsonl", expect=(0, 1)))
    equal(rows[-1]["stream"], "total", "last row")
    true(rows[-1]["free_bytes"] > 0 and rows[-1]["bytes"] > 0, rows[-1])
    rows = jsonl(run("store", "forecast", "--store", store, "--format", "jsonl", "--reserve", "900T",
                     expect=1))
    equal(rows[-1]["free_bytes"], 0, "nothing is free beyond the reserve")
    true("before the classes" in run.stderr, run.stderr)
    for bad in ("x=0/5", "x=6/5", "x=1/36501", "x=1/99999999999999999999"):
        run("retention", "set", "--store", store, "--class", bad, "*=default", expect=2)
        true("36500" in run.stderr, run.stderr)
    run("archive", "--store", store, "--to", folder / "a", "--older-than", 36501, expect=2)
    run("hold", "add", "--store", store, "--case", "1", expect=2)
    run("hold", "add", "--store", store, "--case", "1", "--reason", "r", "--until", "2020-01-01", expect=2)
    true("past" in run.stderr, run.stderr)
    run("hold", "release", "--store", store, "--reason", "x", "77", expect=5)


main()
