#!/usr/bin/env python3
"""The mapping of log sources: what its files may say, what is refused, what rules it lets run."""
import json
import pathlib

from harness import DATA, Skip, case, main, run

RULE = """title: t
id: 00000000-0000-4000-8000-00000000000%d
logsource: {%s}
detection:
  s:
%s
  condition: s
"""


def text(folder, name, content):
    path = pathlib.Path(folder) / name
    path.write_text(content)
    return path


# (file, what the message must say)
BROKEN = [
    ("sauce { }", "line 1: sauce: allowed are windows-services, composed, source"),
    ("\nsource { product = a, wey { } }", "line 2: wey: allowed are product, category"),
    ("source { product = a, way { dataset = nosuch } }", "dataset = 'nosuch': allowed are names"),
    ("source { way { service = nosuch } }", "service = 'nosuch': must be a name of windows-services"),
    ("source { way { channel = C, event-id = [1, x] } }", "event ids are numbers from 0 to 65535"),
    ("source { way { channel = C, event-id = 70000 } }", "event-id = '70000'"),
    ("source { way { channel = C, dataset = json } }", "either service, channel or provider"),
    ("source { way { } }", "either service, channel or provider"),
    ("source { add = maybe }", "add = 'maybe': allowed are true, false"),
    ("source { way { channel = [a, b, c, d, e, f, g, h, i] } }", "at most 8 channels"),
    ("source { way { channel = C, rename { A { values { x = y } } } } }", "field is missing"),
    ("source { way { channel = C, rename { A { feeld = B } } } }", "allowed are field, values"),
    ("source { way = x }", "must be a section"),
    ("source { way { dataset = json, when = x } }", "must be a section"),
    ("source { way { provider = [a, b] } }", "must be one text"),
    ("windows-services { s = [] }", "1 to 8 channels are allowed"),
    ("composed { a { } }", "1 to 16 of text { ... } and write are needed"),
    ("composed { a = x }", "must be a section"),
    ("composed { a { write = '{F' } }", "braces stand around fields only"),
    ("composed { a { write = 'F}' } }", "braces stand around fields only"),
    ("composed { a { write = '}{F' } }", "braces stand around fields only"),
    ("composed { a { write = '{}' } }", "{FIELD} names a field"),
    ("composed { a { write = '{F:hex}' } }", "forms are {FIELD:decimal}"),
    ("composed { a { write = '{F:..b}' } }", "forms are {FIELD:decimal}"),
    ("composed { a { write = '%s' } }" % ("{F}" * 17), "at most 16 fields"),
    ("composed { a { %s } }" % ("write = '{%s}'\n" * 3 % tuple(
        "}{".join("f%d" % (n + m) for m in range(11)) for n in (0, 11, 22))), "at most 32 different"),
    ("composed { a { text { when { F = x } } } }", "write is missing"),
    ("composed { a { text { wen { F = x } } } }", "allowed are when, write"),
    ("composed { a { write = x, writ = x } }", "allowed are text, write, prefixes"),
    ("source { way { dataset = json, rename { A = '{nosuch}' } } }", "must be a name of composed"),
    ("fields { dataset = json }", "names { ... } is missing"),
    ("fields { dataset = json, names { }, x = 1 }", "allowed are dataset, names"),
    ("events { service = nosuch }", "must be a name of windows-services"),
    ("events { service = sysmon, x = 1 }", "allowed are service, channel, dataset, needs"),
    ("source { product = a", "'}' is missing"),
]


@case
def broken_files_say_where(folder):
    for number, (content, message) in enumerate(BROKEN):
        path = text(folder, "%d.conf" % number, content)
        run("--lang", "en", "rules", "mapping", "--mapping", path, expect=2)
        assert str(path) in run.stderr and message in run.stderr, (content, run.stderr)


@case
def good_file_is_printed(folder):
    path = text(folder, "m.conf", """
windows-services { mine = [Mine, "Mine/Operational"] }
source {
    product = [acme, "-"], service = box, needs = "a box"
    way { dataset = json, when { vendor = "AC*", kind = [a, b] }
          rename { Who = [actor, user], On { field = state, values { true = "1" } } }, needs = "its log" }
    way { service = mine, event-id = "1 2" }
}
fields { dataset = json, names { Nick = "actor.nick#name" } }
events { service = mine, needs = "x", fields { 1 = "A B", "*" = "*" } }
""")
    rows = [json.loads(line) for line in
            run("rules", "mapping", "--format", "jsonl", "--mapping", path).splitlines()]
    own = next(r for r in rows if r["kind"] == "source")
    assert own["file"] == str(path) and own["line"] == 3 and own["product"] == ["acme", "-"]
    first, second = own["ways"]
    assert first["datasets"] == "json" and first["needs"] == "its log"
    assert first["when"] == [{"field": "vendor", "values": ["AC*"]},
                             {"field": "kind", "values": ["a", "b"]}]
    assert first["rename"][0] == {"name": "Who", "fields": ["actor", "user"], "values": []}
    assert first["rename"][1] == {"name": "On", "fields": ["state"], "values": ["true", "1"]}
    assert second["channels"] == ["Mine", "Mine/Operational"] and second["event_ids"] == "1 2"
    assert {"kind": "event", "channel": "Mine", "id": "1", "fields": ["A", "B"],
            "needs": "x"} in rows
    assert b"acme" in run("rules", "mapping", "--format", "table", "--mapping", path)


def scan_lines(rule, log, *more):
    out = run("scan", "--tz", "UTC", "--format", "jsonl", "--rules", rule, *more, log)
    return [json.loads(line)["event"]["line"] for line in out.splitlines()]


@case
def files_extend_and_replace(folder):
    rule = text(folder, "r.yml", RULE % (1, "product: acme, service: box",
                                         "    Who: bob\n    On: 'true'\n    Nick: tool"))
    log = text(folder, "r.log", "\n".join(json.dumps(e) for e in [
        {"vendor": "Acme", "actor": "Bob", "state": "1", "path": "C:\\x\\tool"},
        {"vendor": "Acme", "user": "bob", "state": "1", "path": "/x/tool"},
        {"vendor": "Acme", "user": "bob", "state": "0", "path": "/x/tool"},
        {"vendor": "Other", "actor": "bob", "state": "1", "path": "tool"},
        {"Who": "bob", "On": "true", "Nick": "tool"}]) + "\n")
    box = """source { product = acme, way { dataset = json, when { vendor = "a?me" }
        rename { Who = [actor, user], On { field = state, values { true = "1" } } } } %s }
        fields { dataset = json, names { Nick = "path#name" } }"""
    assert scan_lines(rule, log) == [5]
    replaced = text(folder, "replace.conf", box % "")
    assert scan_lines(rule, log, "--mapping", replaced) == [1, 2]
    added = text(folder, "add.conf", box % ", add = true")
    assert scan_lines(rule, log, "--mapping", added) == [1, 2, 5]
    last = text(folder, "last.conf", "source { product = acme }")
    assert scan_lines(rule, log, "--mapping", added, "--mapping", last) == []


@case
def exports_of_clouds_as_tables_and_arrays(folder):
    rule = text(folder, "r.yml", RULE % (1, "product: aws, service: cloudtrail",
                                         "    eventName: ConsoleLogin\n    userIdentity.type: Root"))
    table = text(folder, "r.csv", "eventTime,eventSource,eventName,userIdentity.type\n"
                 "2026-03-04T10:00:00Z,signin.amazonaws.com,ConsoleLogin,Root\n"
                 "2026-03-04T10:00:01Z,signin.amazonaws.com,ConsoleLogin,IAMUser\n")
    assert scan_lines(rule, table) == [2]
    record = {"eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin",
              "userIdentity": {"type": "Root"}}
    whole = text(folder, "r.json", json.dumps({"Records": [record, dict(record, eventName="x")]}))
    assert len(scan_lines(rule, whole)) == 1


COMPOSED = """
composed {
    path {
        text { when { kind = ["v*", deep] }, write = '{key}\\{value|(none)}' }
        text { when { kind = number }, write = "N {value:hex8} {value:high8} {value:decimal}" }
        write = '{key}'
        prefixes { '\\Kernel\\Set00?\\' = 'K:\\', '\\Kernel\\' = 'k:\\' }
    }
}
composed { user { write = "{text: U=.. ;}" }, rest { write = "{text: R=..}/{text: U=..}" } }
source {
    product = acme
    way {
        dataset = json
        rename { Path = [raw, "{path}"], Self = "{path}", User = "{user}", Rest = "{rest}" }
    }
}
"""


@case
def fields_are_composed(folder):
    """The first text that can be written; conditions, numbers, prefixes; nothing from outside."""
    events = [{"kind": "V1", "key": "\\kernel\\SET001\\a", "value": "b"},
              {"kind": "deep", "key": "\\Kernel\\a", "value": ""},
              {"kind": "value", "key": "a", "value": "-"},
              {"kind": "number", "value": "0x10000000f"},
              {"kind": "number", "value": "255"},
              {"kind": "number", "key": "x", "value": "no"},
              {"kind": "value", "value": "b"},
              {"{path}": "x", "kind": "y"},
              {"raw": "x"},
              {"kind": "other", "key": ["first", "second"]},
              {"text": "a ; U=bob ; R=x y"}, {"text": "a ; U=eve"}, {"text": "U=bob"}]
    log = text(folder, "e.log", "".join(json.dumps(e) + "\n" for e in events))
    mapping = text(folder, "m.conf", COMPOSED)
    cases = [("    Path: K:\\a\\b", [1]), ("    Path: k:\\a\\(none)", [2]),
             ("    Path: a\\(none)", [3]), ("    Path: N 0000000f 00000001 4294967311", [4]),
             ("    Path: N 000000ff 00000000 255", [5]), ("    Path: x", [6, 9]),
             ("    Self: null", [7, 8, 9, 11, 12, 13]), ("    Self: '*'", [1, 2, 3, 4, 5, 6, 10]),
             ("    Self|endswith: first", [10]), ("    Self|fieldref: key", [6, 10]),
             ("    Path|exists: true", [1, 2, 3, 4, 5, 6, 9, 10]), ("    '{path}': x", [6]),
             ("    User: bob", [11]), ("    User: '*'", [11, 12]),
             ("    Rest: x y/bob ; R=x y", [11]), ("    Rest: '*'", [11])]
    for number, (selection, wanted) in enumerate(cases):
        rule = text(folder, "r.yml", RULE % (number % 10, "product: acme", selection))
        assert scan_lines(rule, log, "--mapping", mapping) == wanted, selection
    later = text(folder, "later.conf", "composed { path { write = 'now {kind}' } }")
    rule = text(folder, "r.yml", RULE % (1, "product: acme", "    Path: now deep"))
    assert scan_lines(rule, log, "--mapping", mapping, "--mapping", later) == [2]


@case
def composed_fields_in_stored_events_and_correlations(folder):
    """A store answers the same, and a correlation groups by the composed text."""
    mapping = text(folder, "m.conf", COMPOSED)
    log = text(folder, "e.log", "".join(json.dumps(dict(e, time="2026-03-04T10:00:0%dZ" % n)) + "\n"
               for n, e in enumerate([{"kind": "number", "value": "255"},
                                      {"kind": "number", "value": "0xff"},
                                      {"kind": "number", "value": "7"}])))
    rule = text(folder, "r.yml", (RULE % (1, "product: acme", "    Self|startswith: N ")).replace(
        "title: t", "title: t\nname: base") + """---
title: twice
id: 00000000-0000-4000-8000-000000000002
correlation:
  type: event_count
  rules: [base]
  group-by: [Self]
  timespan: 1m
  condition: {gte: 2}
""")
    found = [json.loads(line) for line in
             run("scan", "--format", "jsonl", "--mapping", mapping, "--rules", rule, log).splitlines()]
    assert len(found) == 1 and "N 000000ff 00000000 255" in json.dumps(found[0]), found
    alone = text(folder, "a.yml", RULE % (3, "product: acme", "    Self|contains: '000000ff'"))
    store = pathlib.Path(folder) / "store"
    run("import", "--store", store, "--no-analyses", log)
    run("detect", "--store", store, "--rules", alone, "--mapping", mapping)
    rows = [json.loads(line) for line in
            run("findings", "--store", store, "--format", "jsonl").splitlines()]
    assert [row["event"]["line"] for row in rows if "event" in row] == [1, 2], rows


@case
def negation_of_renamed_fields(folder):
    """Of several names for a field: NOT means none of them, null means all of them."""
    rule = text(folder, "r.yml", (RULE % (1, "product: acme", "    Who: '*'")).replace(
        "condition: s", "n:\n    Who: bob\n  condition: not n and not m\n  m:\n    Who: null"))
    log = text(folder, "r.log", "\n".join(json.dumps(e) for e in [
        {"a": "bob", "b": "eve"}, {"a": "eve", "b": "bob"}, {"a": "eve"}, {"b": "eve"}, {"c": 1}]))
    mapping = text(folder, "m.conf",
                   "source { product = acme, way { dataset = json, rename { Who = [a, b] } } }")
    assert scan_lines(rule, log, "--mapping", mapping) == [3, 4]


@case
def rules_eval_in_ecs_and_native(folder):
    """Bare events: native names, ECS as Winlogbeat writes it, and rules in either."""
    native = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1,
              "Image": "C:\\a\\b.exe", "CommandLine": "b -x", "ParentImage": "C:\\p.exe"}
    beat = {"winlog": {"channel": native["Channel"], "event_id": 1, "event_data":
                       {"Image": "C:\\a\\b.exe", "CommandLine": "b -x", "ParentImage": "C:\\p.exe"}}}
    ecs = {"winlog": {"channel": native["Channel"]}, "event": {"code": "1"},
           "process": {"executable": "C:\\a\\b.exe", "command_line": "b -x",
                       "parent": {"executable": "C:\\p.exe"}}}
    other = dict(native, EventID=5)
    events = text(folder, "e.jsonl", "\n".join(map(json.dumps, [native, beat, ecs, other])) + "\n")
    source = "product: windows, category: process_creation"
    selections = {
        1: ("    Image|endswith: \\b.exe\n    CommandLine: b -x\n    ParentImage: C:\\p.exe",
            [True, True, True, False]),
        2: ("    process.executable|endswith: \\b.exe\n    process.command_line: b -x\n"
            "    process.parent.executable: C:\\p.exe", [True, True, True, False]),
        3: ("    process.name: b.exe\n    process.parent.name: p.exe\n    event.code: 1",
            [True, True, False, False]),
        4: ("    winlog.event_data.CommandLine: b -x", [True, True, False, False]),
        5: ("    EventID: 1\n    process.command_line: null", [False, False, False, False]),
    }
    for number, (selection, wanted) in selections.items():
        rule = text(folder, "%d.yml" % number, RULE % (number, source, selection))
        answers = [json.loads(line)["match"] for line in
                   run("rules", "eval", rule, events).splitlines()]
        assert answers == wanted, (number, answers)


def check(*paths):
    return {r["id"]: r for r in
            map(json.loads, run("rules", "check", "--format", "jsonl", *paths,
                                expect=(0, 1)).splitlines())}


@case
def rules_say_what_they_miss(folder):
    cases = {
        1: ("product: windows, category: process_creation", "    Image: x", "full", []),
        2: ("product: windows, category: process_creation", "    Image|exists: true\n"
            "    GrandParentImage: x", "no", ["GrandParentImage"]),
        3: ("product: windows, category: file_event", "    - TargetFilename: x\n    - CommandLine: y",
            "degraded", ["CommandLine"]),
        4: ("product: windows, service: security", "    EventID: 4688\n    Hashes: x", "no", ["Hashes"]),
        5: ("product: windows, service: security", "    EventID: [4688, 4624]\n    IpAddress: x",
            "full", []),
        6: ("product: windows, category: nosuch", "    A: x", "no", []),
        7: ("category: dns", "    query: x\n    nosuch: y", "no", ["nosuch"]),
        8: ("product: windows, category: process_creation",
            "    process.command_line: x\n    process.parent.name: y", "full", []),
        9: ("product: windows, category: image_load", "    ImageLoaded: x\n    CommandLine: null",
            "degraded", ["CommandLine"]),
    }
    for number, (source, selection, _, _) in cases.items():
        text(folder, "%d.yml" % number, RULE % (number, source, selection))
    rows = check(folder)
    for number, (_, _, runs, missing) in cases.items():
        row = rows["00000000-0000-4000-8000-00000000000%d" % number]
        assert (row["runs"], row["missing"]) == (runs, missing), row
    audit = rows["00000000-0000-4000-8000-000000000001"]["ways"][1]
    assert audit["way"] == "Security 4688" and "Process Creation" in audit["needs"]
    assert rows["00000000-0000-4000-8000-000000000006"]["why"]
    needs = [json.loads(line) for line in
             run("rules", "check", "--needs", "--format", "jsonl", folder).splitlines()]
    sysmon = next(n for n in needs if n["needs"].startswith("Sysmon event 1 "))
    assert (sysmon["rules"], sysmon["only"]) == (2, 0), needs


@case
def every_source_of_the_collection_has_a_way(folder):
    if not (DATA / "sigma/rules").is_dir():
        raise Skip("no reference rules")
    rows = check(*(DATA / "sigma" / name for name in
                   ("rules", "rules-emerging-threats", "rules-threat-hunting")))
    accepted = [r for r in rows.values() if r["status"] == "ok"]
    without = [r for r in accepted if r.get("runs") == "no"]
    assert len(accepted) > 3000 and len(without) < len(accepted) // 50, len(without)
    for row in without:
        assert row["why"] and (row["missing"] or row["needs"]), row


if __name__ == "__main__":
    main()
