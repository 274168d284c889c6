"""Correlations through the whole program: files in any order, the store, the server, a reload."""
import csv
import io
import json
import time

from harness import Server, case, equal, jsonl, main, run, true, wait_for

FORTIGATE = ('<189>date=2026-11-20 time=10:{m:02d}:{s:02d} devname="fw01" devid="FG1" tz="+0000" '
             'logid="0000000013" type="traffic" subtype="forward" level="notice" '
             'srcip=10.0.0.{n} srcport=50000 srcintf="lan" dstip=203.0.113.7 dstport={p} '
             'dstintf="wan" proto=6 action="deny" policyid=0 sessionid={i}\n')

RULES = """title: Many ports refused
id: 0b5d9a52-3d2f-4a52-9e55-0d7a3f1c0001
correlation:
    type: value_count
    rules: [refused]
    group-by: [src_ip]
    timespan: 1m
    condition:
        field: dst_port
        gte: 10
level: high
---
title: Refused
id: 0b5d9a52-3d2f-4a52-9e55-0d7a3f1c0002
name: refused
logsource:
    category: firewall
detection:
    s:
        action: deny
    condition: s
"""


def events(address, ports, minute=0):
    return [FORTIGATE.format(m=minute, s=i % 60, n=address, p=1000 + i, i=i) for i in range(ports)]


def write_rules(folder):
    rules = folder / "rules"
    rules.mkdir()
    (rules / "r.yml").write_text(RULES)
    return rules


def correlations(objects):
    """What must not depend on how the events came."""
    return sorted((o["correlation"]["group"]["src_ip"], o["correlation"]["first"],
                   o["correlation"]["last"], o["correlation"]["count"],
                   float(o["correlation"]["value"]), [e["@timestamp"] for e in o["events"]])
                  for o in objects if "correlation" in o)


@case
def files_in_any_order(folder):
    rules, logs = write_rules(folder), folder / "logs"
    logs.mkdir()
    lines = events(7, 30) + events(8, 9) + events(9, 12, 5)
    for i in range(4):  # a, b, c, d: every file holds a part of every address
        (logs / f"{'dbca'[i]}.log").write_text("".join(lines[i::4]))
    scanned = jsonl(run("scan", "--rules", rules, "--format", "jsonl", "--no-summary", logs))
    found = correlations(scanned)
    equal([f[0] for f in found], ["10.0.0.7", "10.0.0.9"], "addresses")
    equal([f[3] for f in found], [30, 12], "counts")
    equal([o["rule"]["type"] for o in scanned], ["correlation"] * 2, "the rule itself is quiet")
    whole = folder / "whole.log"
    whole.write_text("".join(reversed(lines)))
    again = jsonl(run("scan", "--rules", rules, "--format", "jsonl", "--no-summary", whole))
    equal(correlations(again), found, "one file, backwards")


@case
def events_without_a_time(folder):
    """They would all be of now."""
    rules, log = write_rules(folder), folder / "a.json"
    (rules / "r.yml").write_text(RULES.replace("category: firewall", "product: windows\n    service: security"))
    event = {"Channel": "Security", "EventID": 1, "action": "deny", "src_ip": "10.0.0.7"}
    for times, hits in ((False, 0), (True, 1)):
        rows = [dict(event, dst_port=i, **({"@timestamp": "2026-01-01T00:00:%02dZ" % i} if times else {}))
                for i in range(20)]
        log.write_text("".join(json.dumps(r) + "\n" for r in rows))
        found = jsonl(run("scan", "--rules", rules, "--format", "jsonl", "--no-summary", log))
        equal(len(found), hits, f"hits, times: {times}")


@case
def stored_events(folder):
    rules, log, store = write_rules(folder), folder / "a.log", folder / "store"
    log.write_text("".join(events(7, 30)))
    run("import", "--store", store, "--rules", rules, log)
    first = [f for f in jsonl(run("findings", "--store", store, "--format", "jsonl"))
             if "correlation" in f]
    equal([f["correlation"]["count"] for f in first], [30], "count")
    equal(first[0]["entities"], {"client": ["10.0.0.7"]}, "entities")
    true(first[0]["events"][0]["id"].endswith("-1"), "the id of the event")
    row = next(r for r in csv.DictReader(io.StringIO(
        run("findings", "--store", store, "--format", "csv").decode())) if "(value_count, 30)" in r["reason"])
    true("10.0.0.7" in row["entities"] and row["entities"].endswith("a.log:1"), row)
    # in two imports, each too small: detect looks at all of it
    other = folder / "other"
    for i in range(2):
        part = folder / f"part{i}.log"
        part.write_text("".join(x for n, x in enumerate(events(7, 18)) if n // 9 == i))
        run("import", "--store", other, "--rules", rules, part)
    stored = jsonl(run("findings", "--store", other, "--format", "jsonl"))
    equal([f for f in stored if "correlation" in f], [], "no import sees enough")
    for _ in range(2):  # a second time changes nothing
        run("detect", "--store", other, "--rules", rules)
        stored = jsonl(run("findings", "--store", other, "--format", "jsonl"))
        equal([f["correlation"]["count"] for f in stored if "correlation" in f], [18], "count")


@case
def live_and_loaded_anew(folder):
    rules, store, config = write_rules(folder), folder / "store", folder / "serve.conf"
    config.write_text("detect { watermark = 1s\n interval = 1s }\ncommit.interval = 50ms\n"
                      "rules.interval = 200ms\n")

    def kept():
        return [f for f in jsonl(run("findings", "--store", store, "--format", "jsonl"))
                if "correlation" in f]

    with Server(store, "--config", config, "--rules", rules) as server:
        tcp = server.tcp()
        lines = events(7, 50)
        tcp.sendall("".join(lines[:20]).encode())
        wait_for(lambda: [f for f in kept() if f["correlation"]["count"] >= 15],
                 "a hit before the end", 20)
        tcp.sendall("".join(lines[20:40]).encode())
        wait_for(lambda: [f for f in kept() if f["version"] > 1 and f["correlation"]["count"] > 20],
                 "it grows", 20)
        (rules / "r.yml").write_text(RULES.replace("level: high", "level: low"))
        time.sleep(2)
        tcp.sendall("".join(events(9, 30, 2)).encode())
        tcp.close()
        wait_for(lambda: [f for f in kept() if f["rule"]["level"] == "low"], "the new rule", 20)
        code, out, _ = server.stop()
        equal(code, 0, "exit code")
    said = [json.loads(x) for x in out.splitlines() if b'"correlation"' in x]
    old = [f for f in said if f["rule"]["level"] == "high"]
    equal(len({f["id"] for f in old}), 1, "one hit, told several times")
    equal([f["version"] for f in old], list(range(1, len(old) + 1)), "versions")
    equal(sorted((f["rule"]["level"], f["correlation"]["count"]) for f in kept()),
          [("high", 40), ("low", 30)], "what is kept at the end")


if __name__ == "__main__":
    main()
