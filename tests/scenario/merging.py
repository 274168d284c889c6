"""Merging beside everything else: readers always see a consistent whole, kill -9 at any time loses
and doubles nothing."""
import random
import subprocess
import threading
import time

from harness import PROGRAM, Server, case, equal, jsonl, main, raw, run, true, wait_for


def lines(count, start=0):
    return [f"<34>Nov 20 10:00:{i % 60:02d} host{i % 3} app[{i}]: item {i} of {i * 7919 % 1000003}"
            for i in range(start, start + count)]


def write_file(path, count, start):
    path.write_text("".join(x + "\n" for x in lines(count, start)))
    return path


def total(store):
    return jsonl(run("store", "stat", "--store", store, "--format", "jsonl"))[-1]


class Reader(threading.Thread):
    """Searches in a loop: every answer is whole lines 0..n in order, and n never falls."""

    def __init__(self, store):
        super().__init__()
        self.store, self.over, self.answers, self.problem = store, False, 0, None

    def run(self):
        seen = 0
        while not self.over and self.problem is None:
            done = subprocess.run([PROGRAM, "search", "--store", str(self.store), "--limit", "0",
                                   "--raw", "*"], capture_output=True, timeout=120)
            got = done.stdout.decode().splitlines()
            if done.returncode != 0 or got != lines(len(got)) or len(got) < seen:
                self.problem = (f"exit {done.returncode}, {len(got)} lines after {seen}: "
                                f"{done.stderr.decode()[-500:]}")
            seen = len(got)
            self.answers += 1

    def stop(self):
        self.over = True
        self.join(timeout=130)
        equal(self.problem, None, "what the reader saw")
        true(self.answers > 2, "the reader got answers")


@case
def readers_see_a_whole(folder):
    store = folder / "store"
    run("import", "--store", store, write_file(folder / "first", 400, 0))
    reader = Reader(store)
    reader.start()
    for i in range(1, 12):
        run("import", "--store", store, write_file(folder / f"part{i:02d}", 400, 400 * i))
        if i % 4 == 0:
            run("store", "compact", "--store", store)
    reader.stop()
    run("store", "compact", "--store", store)
    stat = total(store)
    equal(stat["events"], 4800, "events")
    equal(stat["segments"], stat["merged"], "merged segments")
    equal(stat["disk_bytes"], sum(p.stat().st_size for p in store.rglob("*") if p.is_file()),
          "disk_bytes of the total")
    equal(len(list((store / "segments").iterdir())), stat["segments"], "files left")
    run("verify", "--store", store)


@case
def a_server_merges_behind(folder):
    store, config = folder / "store", folder / "serve.conf"
    config.write_text("seal { interval = 1s }\ncommit { interval = 50ms }\n")
    sent = 0
    with Server(store, "--config", config) as server:
        reader = Reader(store)
        tcp = server.tcp()
        tcp.sendall("".join(x + "\n" for x in lines(50)).encode())
        sent = 50
        wait_for(lambda: total(store)["events"] == sent, "the first lines are there")
        reader.start()
        deadline = time.monotonic() + 90
        while total(store)["merged"] == 0 and time.monotonic() < deadline:
            tcp.sendall("".join(x + "\n" for x in lines(50, sent)).encode())
            sent += 50
            time.sleep(1.05)
        true(total(store)["merged"] > 0, "the server merged")
        tcp.close()
        equal(server.stop()[0], 0, "exit code")
        reader.stop()
    equal(raw(store).decode().splitlines(), lines(sent), "lines")
    run("verify", "--store", store)


def kill_after(seconds, *arguments):
    """Starts the command and kills it; True if it was still running."""
    process = subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        process.wait(timeout=seconds)
        return False
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True


@case
def kill_at_any_time(folder):
    """Imports and merges are killed; what was acknowledged is there once, nobody has to help."""
    store, random_ = folder / "store", random.Random(5)
    done = kills = 0
    started = time.monotonic()  # kills fall into the time that a command takes here
    run("import", "--store", folder / "trial", write_file(folder / "trial.log", 3000, 0))
    whole = time.monotonic() - started
    for part in range(10):
        path = write_file(folder / f"part{part:02d}", 3000, 3000 * part)
        for _ in range(4): # the same content is taken once, however often it is tried
            if not kill_after(random_.uniform(0, whole), "import", "--store", store, path):
                break
            kills += 1
        run("import", "--store", store, path)
        done += 3000
        kills += kill_after(random_.uniform(0, whole), "store", "compact", "--store", store)
        equal(raw(store).decode().splitlines(), lines(done), "lines after kills")
    run("store", "compact", "--store", store)
    stat = total(store)
    equal((stat["events"], stat["merged"]), (done, stat["segments"]), "events, merged")
    equal(len(list((store / "segments").iterdir())), stat["segments"], "files left")
    run("verify", "--store", store)
    true(kills > 5, f"commands were killed ({kills})")


main()
