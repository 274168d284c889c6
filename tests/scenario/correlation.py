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


CHAIN = """title: Failed logon
id: 0b5d9a52-3d2f-4a52-9e55-0d7a3f1c0011
name: failed
logsource: {product: windows, service: security}
detection: {s: {EventID: 4625}, condition: s}
---
title: Good logon
id: 0b5d9a52-3d2f-4a52-9e55-0d7a3f1c0012
name: good
logsource: {product: windows, service: security}
detection: {s: {EventID: 4624}, condition: s}
---
title: Many names from one address
id: 0b5d9a52-3d2f-4a52-9e55-0d7a3f1c0013
name: many
level: high
tags: [attack.t1110.003]
correlation: {type: value_count, rules: [failed], group-by: [IpAddress], timespan: 1h,
              condition: {field: [TargetUserName, LogonType], gte: 3}}
---
title: Names, then a good logon
id: 0b5d9a52-3d2f-4a52-9e55-0d7a3f1c0014
level: critical
correlation: {type: temporal_ordered, rules: [many, good], group-by: [from], timespan: 1h, generate: true,
              aliases: {from: {many: IpAddress, good: IpAddress}}}
"""


def logons():
    """Two names, one of them twice, then a third, a hostile one, and the good logon."""
    names = ["ann", "bob", "bob", "=cmd()\x1b[31m<b>", "ann", None]
    return [{"Channel": "Security", "EventID": 4625 if n else 4624, "Computer": "dc", "EventRecordID": 70 + i,
             "TargetUserName": n or "ann", "LogonType": 3, "IpAddress": "10.0.0.9",
             "@timestamp": "2026-03-01T10:%02d:00Z" % i} for i, n in enumerate(names)]


ID = "0b5d9a52-3d2f-4a52-9e55-0d7a3f1c00"


def check_story(hits):
    """The same from a store and from a file."""
    many, order = hits
    c = many["correlation"]
    equal((c["fields"], c["value"], c["count"]), (["TargetUserName", "LogonType"], 3, 5), "what is measured")
    equal(c["rules"], [{"id": ID + "11", "title": "Failed logon", "events": 5}], "rules")
    equal([e["values"] for e in many["events"]],
          [["ann", "3"], ["bob", "3"], ["bob", "3"], ["=cmd()\x1b[31m<b>", "3"], ["ann", "3"]], "values")
    equal({tuple(e["rules"]) for e in many["events"]}, {(ID + "11",)}, "rules of its events")
    c = order["correlation"]
    equal(c["aliases"], {"from": {ID + "13": "IpAddress", ID + "12": "IpAddress"}}, "aliases")
    equal([(r["id"], r["events"]) for r in c["rules"]], [(ID + "13", 2), (ID + "12", 1)], "rules in their order")
    equal([e["rules"] for e in order["events"]], [[ID + "13"], [ID + "13"], [ID + "12"]], "who came when")
    true("fields" not in c and "values" not in order["events"][0], "nothing is measured")


@case
def what_happened(folder):
    rules, log, store = folder / "r.yml", folder / "logons.json", folder / "store"
    rules.write_text(CHAIN)
    log.write_text("".join(json.dumps(e) + "\n" for e in logons()))
    scan = ["scan", "--rules", rules, "--no-summary", "--level", "high", log]
    check_story(jsonl(run(*scan, "--format", "jsonl")))
    run("import", "--store", store, "--rules", rules, log)
    kept = [f for f in jsonl(run("findings", "--store", store, "--format", "jsonl")) if "correlation" in f]
    check_story(kept)
    equal(kept[1]["entities"], {"client": ["10.0.0.9"]}, "an alias is what it stands for")
    shown = run("findings", "--store", store, "--format", "table").decode()
    for hit in kept:
        true(hit["id"] in shown, "the list has the id that the command takes")
        one = jsonl(run("findings", "--store", store, "--format", "jsonl", hit["id"][:9]))
        equal(one, [hit], "one hit")
    story = run("findings", "--store", store, "--format", "table", kept[0]["id"]).decode()
    for text in ("Many names from one address", "attack.t1110.003", "value_count (TargetUserName, LogonType): 3 within 1h",
                 "5  Failed logon", "2  bob, 3", "1  =cmd()\\x1b[31m<b>, 3", "Evidence: 5 event(s), 5 shown"):
        true(text in story, f"{text!r} is not in {story}")
    rows = [x for x in story.splitlines() if "logons.json:" in x]
    true("Failed logon" in rows[0] and rows[0].endswith("ann, 3") and len(rows) == 5, rows)
    story = run("findings", "--store", store, "--format", "table", "--lang", "ja", kept[1]["id"]).decode()
    true("ルールごとのイベント数" in story and "from = IpAddress (Many names from one address)" in story, story)
    true(story.splitlines()[-1].endswith("Good logon"), story)
    run("findings", "--store", store, "--format", "table", "0123456789abcdef", expect=1)


@case
def a_timeframe_alone_is_hinted(folder):
    rule = folder / "r.yml"
    for condition, hint in (("s", "'timeframe' does nothing"), ("s | count() > 2", "type: event_count")):
        rule.write_text("title: t\nlogsource: {product: windows}\ndetection:\n  s: {a: b}\n"
                        f"  timeframe: 5m\n  condition: {condition}\n")
        checked = json.loads(run("rules", "check", "--format", "jsonl", rule).splitlines()[0])
        equal(checked["status"], "ok", condition)
        true(hint in checked["hint"], checked)


@case
def stretches_that_begin_alike(folder):
    """The condition holds, does not, holds again while the first event is still in the window."""
    rules, log, store = folder / "r.yml", folder / "e.json", folder / "store"
    rules.write_text(CHAIN.split("---")[0] + """---
title: Averages
id: 0b5d9a52-3d2f-4a52-9e55-0d7a3f1c0021
correlation: {type: value_avg, rules: [failed], timespan: 1h, condition: {field: Bytes, gte: 10}}
""")
    log.write_text("".join(json.dumps({"Channel": "Security", "EventID": 4625, "Bytes": b,
                                       "@timestamp": "2026-03-01T10:00:%02dZ" % i}) + "\n"
                           for i, b in enumerate((10, 0, 30, 0, 0, 90))))
    scanned = jsonl(run("scan", "--rules", rules, "--no-summary", "--format", "jsonl", log))
    equal([h["correlation"]["count"] for h in scanned if "correlation" in h], [1, 4, 6], "hits of scan")
    for command in (["import", "--store", store, "--rules", rules, log], ["detect", "--store", store, "--rules", rules]):
        run(*command)
        kept = [f for f in jsonl(run("findings", "--store", store, "--format", "jsonl")) if "correlation" in f]
        equal(sorted(h["correlation"]["count"] for h in kept), [1, 4, 6], command[0])
        equal(len({h["id"] for h in kept}), 3, "ids")


@case
def every_form_tells_what_happened(folder):
    rules, log = folder / "r.yml", folder / "logons.json"
    rules.write_text(CHAIN)
    log.write_text("".join(json.dumps(e) + "\n" for e in logons()))
    forms = {f: run("scan", "--rules", rules, "--no-summary", "--level", "high", "--format", f, log).decode("utf-8-sig")
             for f in ("csv", "timesketch", "timesketch-jsonl", "sarif", "html", "table")}
    places = " | ".join(f"{log}:{i}" for i in range(1, 6))
    for form in ("csv", "timesketch"):
        rows = list(csv.DictReader(io.StringIO(forms[form])))
        equal(rows[0]["events"], places, form)
        text = rows[1]["correlation" if form == "csv" else "message"]
        true("rules: Many names from one address (2), Good logon (1)" in text, text)
    equal(jsonl(forms["timesketch-jsonl"].encode())[0]["events"], places, "timesketch-jsonl")
    first, second = json.loads(forms["sarif"])["runs"][0]["results"]
    equal([x["message"]["text"] for x in first["relatedLocations"] + first["locations"]],
          ["Failed logon: ann, 3", "Failed logon: bob, 3", "Failed logon: bob, 3",
           "Failed logon: =cmd()\x1b[31m<b>, 3", "Failed logon: ann, 3"], "sarif")
    equal(second["properties"]["correlation"]["rules"][0]["events"], 2, "sarif's properties")
    true("=cmd()" in forms["html"] and "<b>, 3" not in forms["html"], "the page")
    for form in ("table", "html", "csv", "timesketch"):
        true("TargetUserName, LogonType: ann, 3; bob, 3; =cmd()" in forms[form], f"{form}: {forms[form]}")


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
