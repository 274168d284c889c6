"""The server with real senders on loopback: nothing accepted is lost, nothing comes twice."""
import collections
import json
import signal
import threading
import time

from harness import (Server, case, equal, jsonl, main, raw, run, search, true, wait_for)

FORTIGATE = ('<189>date=2026-11-20 time=10:00:{s:02d} devname="fw01" devid="FG1" tz="+0900" '
             'logid="0000000013" type="traffic" subtype="forward" level="notice" '
             'srcip=10.0.0.{n} srcport=50000 srcintf="lan" dstip=203.0.113.7 dstport=443 '
             'dstintf="wan" proto=6 action="deny" policyid=0 sessionid={i}')


def lines(count, start=0):
    return [f"<34>Nov 20 10:00:00 host01 app[{i}]: message number {i} token{i:06d}"
            for i in range(start, start + count)]


@case
def tcp_and_udp_are_kept(folder):
    store = folder / "store"
    with Server(store) as server:
        tcp, udp = server.tcp(), server.udp()
        sent = lines(2000)
        tcp.sendall("".join(x + "\n" for x in sent).encode())
        tcp.close()
        for i in range(200):
            udp.send(FORTIGATE.format(s=i % 60, n=i % 250 + 1, i=i).encode())
            time.sleep(0.0005)
        code, out, err = server.stop()
        equal(code, 0, "exit code")
    got = raw(store)
    for text in (sent[0], sent[1999]):
        true(text.encode() + b"\n" in got, f"{text} is missing")
    equal(len(search(store, "message number")), 2000, "TCP lines")
    fortigate = search(store, "event.dataset:fortigate")
    equal(len(fortigate), 200, "UDP datagrams")
    equal(fortigate[5]["source"]["ip"], "10.0.0.6", "source.ip")
    equal(fortigate[0]["@timestamp"], "2026-11-20T01:00:00.000000000Z", "@timestamp")
    run("verify", "--store", store)


@case
def octet_counting(folder):
    store = folder / "store"
    with Server(store) as server:
        tcp = server.tcp()
        for text in lines(500):
            tcp.sendall(f"{len(text)} {text}".encode())
        tcp.close()
        equal(server.stop()[0], 0, "exit code")
    equal(raw(store), "".join(lines(500)).encode(), "raw bytes")


@case
def kill_loses_nothing_committed(folder):
    store = folder / "store"
    numbers = collections.Counter()
    sent = 0
    for round_number in range(4):
        with Server(store) as server:
            tcp = server.tcp()
            tcp.sendall("".join(x + "\n" for x in lines(3000, sent)).encode())
            wait_for(lambda: len(search(store, f"token{sent + 2999:06d}")) == 1,
                     "the last line is committed", 20)
            # these may be lost: they come after the last group commit we waited for
            tcp.sendall("".join(x + "\n" for x in lines(500, 900000)).encode())
            server.stop(signal.SIGKILL)
        sent += 3000
        run("verify", "--store", store, expect=(0, 3))
    for event in search(store, "message number"):
        numbers[event["log"]["syslog"]["procid"]] += 1
    missing = [i for i in range(sent) if numbers[str(i)] == 0]
    double = [i for i in range(sent) if numbers[str(i)] > 1]
    equal(missing[:5], [], "lines missing after kill -9")
    equal(double[:5], [], "lines twice after kill -9")
    # a new server carries on and seals what was left
    with Server(store) as server:
        equal(server.stop()[0], 0, "exit code")
    run("verify", "--store", store)


@case
def unsealed_tail_is_said(folder):
    store = folder / "store"
    with Server(store) as server:
        tcp = server.tcp()
        tcp.sendall("".join(x + "\n" for x in lines(100)).encode())
        wait_for(lambda: len(search(store, "token000099")) == 1, "committed", 20)
        run("verify", "--store", store, expect=3)
        server.stop(signal.SIGKILL)
    run("verify", "--store", store, expect=3)


@case
def findings_are_live(folder):
    rules = folder / "rules"
    rules.mkdir()
    (rules / "r.yml").write_text(
        "title: Odd token\nid: 6c1f8a1e-0d7f-4b5e-9b1b-0d6a3d9f7a11\nstatus: test\n"
        "logsource:\n  product: linux\ndetection:\n  keywords:\n    - 'evil-token'\n"
        "  condition: keywords\nlevel: high\n")
    ioc = folder / "ip.txt"
    ioc.write_text("203.0.113.7,test C2\n")
    store = folder / "store"
    config = folder / "serve.conf"
    config.write_text("detect { watermark = 0s\n interval = 1s }\ncommit.interval = 50ms\n")
    with Server(store, "--config", config, "--rules", rules, "--ioc", ioc) as server:
        tcp = server.tcp()
        tcp.sendall(b"<34>Nov 20 10:00:00 host01 app[1]: an evil-token here\n")
        for i in range(20):
            tcp.sendall(FORTIGATE.format(s=i, n=9, i=i).encode() + b"\n")
        tcp.close()
        time.sleep(4)
        code, out, err = server.stop()
        equal(code, 0, "exit code")
    said = jsonl(out)
    true(any(f.get("rule", {}).get("title") == "Odd token" for f in said), "the rule hit is live")
    true(any(f.get("analysis") == "FW-02" for f in said), f"FW-02 is live: {out[:500]}")
    stored = jsonl(run("findings", "--store", store, "--format", "jsonl"))
    true(any(f.get("analysis") == "FW-02" for f in stored), "FW-02 is stored")


def token_rule(name, token):
    return (f"title: {name}\nid: {name}\nstatus: test\nlogsource:\n  product: linux\n"
            f"detection:\n  k: ['{token}']\n  condition: k\nlevel: high\n")


@case
def rules_are_loaded_anew(folder):
    """By themselves when files change and on SIGHUP; what cannot be loaded leaves the old ones."""
    store, rules, config = folder / "store", folder / "rules", folder / "serve.conf"
    rules.mkdir()
    (rules / "a.yml").write_text(token_rule("first", "alphatoken"))
    config.write_text("rules.interval = 200ms\ncommit.interval = 50ms\n")
    titles = set()

    def listen(stream):
        for line in stream:
            titles.add(json.loads(line).get("rule", {}).get("title"))

    with Server(store, "--config", config, "--rules", rules) as server:
        reader = threading.Thread(target=listen, args=(server.process.stdout,), daemon=True)
        reader.start()
        tcp = server.tcp()

        def fires(title, token):
            tcp.sendall(f"<34>Nov 20 10:00:00 host01 app[1]: {token}\n".encode())
            return title in titles

        wait_for(lambda: fires("first", "alphatoken"), "the first rule fires")
        (rules / "b.yml").write_text(token_rule("second", "betatoken"))
        wait_for(lambda: fires("second", "betatoken"), "a new file is loaded")
        # nothing usable is left: the rules of before go on
        (rules / "a.yml").write_text("title: broken\n")
        (rules / "b.yml").unlink()
        server.process.send_signal(signal.SIGHUP)
        titles.clear()
        time.sleep(1)
        wait_for(lambda: fires("second", "betatoken"), "the old rules stay")
        (rules / "c.yml").write_text(token_rule("third", "gammatoken"))
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: fires("third", "gammatoken"), "SIGHUP loads")
        titles.clear()
        tcp.sendall(b"<34>Nov 20 10:00:00 host01 app[1]: alphatoken\n")
        tcp.close()
        time.sleep(1)
        server.process.send_signal(signal.SIGTERM)
        err = server.process.stderr.read().decode(errors="replace")
        equal(server.process.wait(30), 0, "exit code")
        reader.join(30)
    true("first" not in titles, "a rule that is gone does not fire")
    true("rules loaded anew: 2, 0 left out" in err, f"it says so: {err}")
    true("the old ones stay" in err, f"the refused set is named: {err}")


@case
def one_writer_a_store(folder):
    store = folder / "store"
    (folder / "a.log").write_text("x\n")
    with Server(store) as server:
        run("import", "--store", store, folder / "a.log", expect=5)
        equal(server.stop()[0], 0, "exit code")
    run("import", "--store", store, folder / "a.log")


@case
def wrong_calls_are_refused(folder):
    run("serve", "--store", folder / "s", expect=2)
    run("serve", "--listen", "syslog+udp://127.0.0.1:0", expect=2)
    run("serve", "--store", folder / "s", "--listen", "nonsense", expect=2)
    bad = folder / "bad.conf"
    bad.write_text("commit.interval = never\n")
    run("serve", "--store", folder / "s", "--listen", "syslog+udp://127.0.0.1:0", "--config", bad,
        expect=2)
    from harness import run as last
    true("line 1" in last.stderr and "never" in last.stderr, "the error names line and value")


main()
