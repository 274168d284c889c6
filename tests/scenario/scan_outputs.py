"""What `konseki scan` writes: every form over the same hits, hostile values inert, files, full disks."""
import csv
import gzip
import html.parser
import io
import json
import os
import signal
import subprocess
import time

import sarif_parts
from harness import PROGRAM, case, equal, jsonl, main, run, true

NASTY = "whoami <script>alert(1)</script>\" onmouseover=x '\u202e\u2066\x1b[2J\x07 &amp; =1+1"
VOID = {"meta", "br", "input", "link"}

RULES = {
    "whoami.yml": """
title: 'Whoami <img src=x onerror=alert(1)> "seen" \u65e5\u672c'
id: 11111111-2222-4333-8444-555555555555
status: test
level: high
author: '=cmd|calc'
description: 'Somebody & "who" </script> looks'
references: [ 'https://example.org/a?b=1&c=<2>' ]
tags: [ attack.discovery, attack.t1033, attack.t1059.001, cve.2021-44228 ]
falsepositives: [ "admins' scripts" ]
logsource: { product: windows, category: process_creation }
detection: { selection: { CommandLine|contains: whoami }, condition: selection }
""",
    "start.yml": """
title: Any process
id: 21111111-2222-4333-8444-555555555555
level: low
tags: [ attack.execution ]
logsource: { product: windows, category: process_creation }
detection: { selection: { Image|endswith: .exe }, condition: selection }
""",
    "broken.yml": "title: broken\nlogsource: { product: windows }\ndetection: { condition: nothing }\n",
}


def scene(folder, count=12):
    """Rules, events in falling order of time; every third is nasty. Returns the arguments of scan."""
    (folder / "rules").mkdir()
    (folder / "in").mkdir()
    for name, text in RULES.items():
        (folder / "rules" / name).write_text(text, encoding="utf-8")
    with (folder / "in" / "a b#1.json").open("w") as out:
        for i in range(count):
            event = {"@timestamp": f"2020-10-{28 - i:02d}T0{i % 3}:00:00.000Z", "EventID": 1,
                     "Channel": "Microsoft-Windows-Sysmon/Operational", "RecordNumber": 100 + i,
                     "SourceName": "Microsoft-Windows-Sysmon", "Hostname": f"ws{i % 3}.example",
                     "Image": "C:\\Windows\\whoami.exe", "User": "EX\\user'1", "ProcessId": "7",
                     "CommandLine": NASTY if i % 3 == 0 else "calc"}
            out.write(json.dumps(event) + "\n")
    return ["scan", "--no-rule-cache", "--rules", folder / "rules", folder / "in"]


def no_controls(text):
    """No byte of a terminal's or of a reader's direction gets out."""
    for c in "\x1b\x07\u202e\u2066":
        true(c not in text, f"U+{ord(c):04x} got out")


@case
def all_forms_tell_the_same(folder):
    arguments = scene(folder)
    outs = {x: folder / f"out.{x}" for x in ("jsonl", "json", "csv", "sarif", "timesketch",
                                             "timesketch-jsonl", "table", "navigator", "html")}
    printed = run(*arguments, *[x for form, path in outs.items() for x in ("--out", f"{form}={path}")])
    equal(printed, b"", "standard output beside files")
    text = {form: path.read_text(encoding="utf-8-sig") for form, path in outs.items()}
    for each in text.values():
        no_controls(each)
    hits = jsonl(text["jsonl"].encode())
    equal(len(hits), 16, "hits")
    equal(json.loads(text["json"]), hits, "json")
    rows = list(csv.DictReader(io.StringIO(text["csv"], newline="")))
    equal([(x["timestamp"], x["rule_id"], int(x["line"])) for x in rows],
          [(x["@timestamp"], x["rule"]["id"], x["event"]["line"]) for x in hits], "csv")
    equal([json.loads(x["fields"]) for x in rows], [x["fields"] for x in hits], "fields in csv")
    results = json.loads(text["sarif"])["runs"][0]["results"]
    equal([x["ruleId"] for x in results], [x["rule"]["id"] for x in hits], "sarif")
    sketch = jsonl(text["timesketch-jsonl"].encode())
    equal([x["rule_id"] for x in sketch], [x["rule"]["id"] for x in hits], "timesketch-jsonl")
    rows = list(csv.DictReader(io.StringIO(text["timesketch"], newline="")))
    for row, event in zip(rows, sketch, strict=True):
        equal((row["datetime"], row["timestamp"]), (event["datetime"], str(event["timestamp"])), "time")
        true(row["message"] and row["timestamp_desc"] == "Event time", "what Timesketch needs")
        true("attack." in ",".join(event["tag"]), "tags")
    lines = text["table"].splitlines()
    equal(len(lines), 17, "table")
    equal(lines[1:], sorted(lines[1:], key=lambda x: x[:24]), "a table is by time")


@case
def the_contract_of_json_lines(folder):
    arguments = scene(folder)
    hit = [x for x in jsonl(run(*arguments, "--format", "jsonl")) if x["rule"]["level"] == "high"][0]
    equal(hit["@timestamp"], "2020-10-28T00:00:00.000000000Z", "@timestamp")
    equal(hit["rule"]["tags"][1], "attack.t1033", "tags")
    equal(hit["event"], {"file": f"{folder}/in/a b#1.json", "line": 1, "record_id": 100,
                         "dataset": "windows.json", "computer": "ws0.example", "event_id": "1",
                         "channel": "Microsoft-Windows-Sysmon/Operational",
                         "provider": "Microsoft-Windows-Sysmon"}, "event")
    equal(hit["fields"], {"CommandLine": NASTY}, "fields")


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.stack, self.text, self.found = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            true(not name.startswith("on") and name not in ("style", "src", "srcset", "action"),
                 f"<{tag} {name}>")
            true(name != "href" or value.startswith("#"), f"href {value}")
        self.found.append((tag, dict(attributes)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attributes):
        true(tag == "rect", f"<{tag}/>")

    def handle_endtag(self, tag):
        equal(tag, self.stack.pop() if self.stack else None, f"end of an element at {self.getpos()}")

    def handle_data(self, data):
        if self.stack and self.stack[-1] not in ("script", "style"):
            self.text.append(data)


@case
def the_page_is_inert(folder):
    arguments = scene(folder)
    for lang, words in (("en", ["Report of a scan", "Hosts, the worst first", "Rules refused", "What to do next"]),
                        ("ja", ["\u30b9\u30ad\u30e3\u30f3\u306e\u5831\u544a", "\u6b21\u306b\u3059\u308b\u3053\u3068"])):
        text = run(*arguments, "--format", "html", "--lang", lang).decode("utf-8")
        no_controls(text)
        page = Page(text)
        equal(page.stack, [], "open elements")
        tags = [x for x, _ in page.found]
        equal((tags.count("script"), tags.count("style"), tags.count("img")), (1, 1, 0), "elements")
        equal(page.found[0], ("html", {"lang": lang}), "language")
        policy = [a["content"] for t, a in page.found if a.get("http-equiv") == "Content-Security-Policy"][0]
        true("default-src 'none'" in policy and "unsafe" not in policy, policy)
        shown = "".join(page.text)
        for word in [*words, "alert(1)</script>\" onmouseover=x", "\\u202e\\u2066\\x1b[2J",
                     "<img src=x onerror=alert(1)>", "ws1.example", "example.org/a?b=1&c=<2>",
                     "attack.mitre.org/techniques/T1059/001", "broken.yml", "16"]:
            true(word in shown, f"{word!r} is not in the page ({lang})")


@case
def correlations_in_every_form(folder):
    arguments = scene(folder)
    (folder / "rules" / "many.yml").write_text("""
title: Many processes
id: 31111111-2222-4333-8444-555555555555
level: critical
correlation:
  type: event_count
  rules: [ 21111111-2222-4333-8444-555555555555 ]
  group-by: [ Computer ]
  timespan: 30d
  condition: { gte: 4 }
""")
    arguments += ["--level", "critical"]
    hits = jsonl(run(*arguments, "--format", "jsonl"))
    equal([(x["rule"]["type"], x["correlation"]["count"]) for x in hits], [("correlation", 4)] * 3, "hits")
    equal({x["correlation"]["group"]["Computer"] for x in hits}, {f"ws{i}.example" for i in range(3)}, "groups")
    equal([len(x["events"]) for x in hits], [4, 4, 4], "events")
    log = json.loads(run(*arguments, "--format", "sarif"))
    sarif_parts.check(log)
    results = log["runs"][0]["results"]
    equal([len(x["relatedLocations"]) for x in results], [3, 3, 3], "relatedLocations")
    equal(len({x["partialFingerprints"]["konseki/v1"] for x in results}), 3, "fingerprints")
    page = Page(run(*arguments, "--format", "html").decode("utf-8"))
    equal(page.stack, [], "open elements")
    shown = "".join(page.text)
    true("event_count: 4 events in 30d" in shown and "a b#1.json:12" in shown, "the page")
    for form in ("csv", "table", "timesketch", "timesketch-jsonl"):
        text = run(*arguments, "--format", form).decode("utf-8-sig")
        true(text.count("Many processes") >= 3 and "ws2.example" in text, f"{form}: {text}")
    summary = jsonl(run(*arguments, "--summary", "--summary-format", "json"))[0]["summary"]
    equal((summary["hits"], summary["levels"]["critical"]), (3, 3), "summary")


@case
def sarif_has_its_structure(folder):
    arguments = scene(folder)
    log = json.loads(run(*arguments, folder / "none", "--format", "sarif", expect=4))
    sarif_parts.check(log)
    equal(len(log["runs"][0]["invocations"][0]["toolExecutionNotifications"]), 1, "unreadable inputs")
    log = json.loads(run(*arguments, "--format", "sarif"))
    sarif_parts.check(log)
    equal(log["version"], "2.1.0", "version")
    run_ = log["runs"][0]
    rules = run_["tool"]["driver"]["rules"]
    equal(run_["tool"]["driver"]["name"], "konseki", "name")
    for rule in rules:
        true(rule["shortDescription"]["text"] and rule["help"]["text"], "text of a rule")
        true(rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error"), "level")
        tags = rule["properties"]["tags"]
        equal(len(tags), len(set(tags)), "tags are unique")
    for result in run_["results"]:
        equal(rules[result["ruleIndex"]]["id"], result["ruleId"], "ruleIndex")
        place = result["locations"][0]["physicalLocation"]
        true(place["region"]["startLine"] >= 1, "startLine")
        uri = place["artifactLocation"]["uri"]
        true(uri.startswith("file:///") and uri.endswith("/in/a%20b%231.json"), uri)
    prints = [x["partialFingerprints"]["konseki/v1"] for x in run_["results"]]
    equal(len(prints), len(set(prints)), "fingerprints differ")
    objects = [{"@timestamp": "2020-10-28T00:00:00Z", "EventID": 1, "CommandLine": f"whoami {n}",
                "Channel": "Microsoft-Windows-Sysmon/Operational"} for n in range(3)]
    (folder / "line.json").write_text(json.dumps(objects))
    results = json.loads(run(*arguments[:-1], folder / "line.json", "--format", "sarif"))["runs"][0]["results"]
    equal(len({x["partialFingerprints"]["konseki/v1"] for x in results}), 3, "of objects on one line too")
    equal(len(run_["invocations"][0]["toolConfigurationNotifications"]), 1, "refused rules")
    (folder / "site.conf").write_text("rules {\n disable { rule = \"21111111-2222-4333-8444-555555555555\", "
                                      "owner = me, reason = known, until = 2099-01-01 }\n}\n")
    log = json.loads(run(*arguments, "--format", "sarif", "--site", folder / "site.conf", "--suppressed"))
    sarif_parts.check(log)
    equal(log["runs"][0]["results"][0]["suppressions"], [{"kind": "external", "justification": "me: known"}],
          "suppressed")


@case
def the_layer_of_the_navigator(folder):
    layer = json.loads(run(*scene(folder), "--format", "navigator"))
    equal((layer["versions"]["layer"], layer["domain"]), ("4.5", "enterprise-attack"), "version")
    equal({x["techniqueID"]: x["score"] for x in layer["techniques"]}, {"T1033": 4, "T1059.001": 4}, "scores")
    equal(layer["gradient"]["maxValue"], 4, "gradient")


@case
def columns_are_chosen(folder):
    arguments = scene(folder)
    rows = list(csv.reader(io.StringIO(run(*arguments, "--format", "csv", "--level", "high", "--columns",
                                           "author,tactics,details,all_fields").decode("utf-8-sig"))))
    equal(rows[0], ["author", "tactics", "details", "all_fields"], "headers")
    equal(rows[1][:2], ["'=cmd|calc", "Discovery"], "a formula is none")
    true(rows[1][2].startswith("Cmd: whoami <script>") and "User: EX\\user'1" in rows[1][2], rows[1][2])
    true("ProcessId: 7" in rows[1][3], rows[1][3])
    text = run(*arguments, "--format", "csv", "--profile", "minimal", "--all-tags").decode("utf-8-sig")
    row = next(csv.DictReader(io.StringIO(text)))
    equal(row["tags"], "attack.discovery | attack.t1033 | attack.t1059.001 | cve.2021-44228", "--all-tags")
    row = jsonl(run(*arguments, "--format", "jsonl", "--profile", "super", "--abbreviate"))[0]
    equal((row["channel"], row["computer"], row["event_id"]), ("Sysmon", "ws0.example", "1"), "profile")
    theirs = ("Timestamp,Computer,Channel,EventID,Level,RecordID,RuleTitle,Details,ExtraFieldInfo,AllFieldInfo,RuleFile,"
              "EvtxFile,MitreTactics,MitreTags,OtherTags,RecoveredRecord,RuleAuthor,RuleCreationDate,RuleModifiedDate,"
              "Status,RuleID,Provider")
    row = jsonl(run(*arguments, "--format", "jsonl", "--level", "high", "--columns", theirs))[0]
    equal((len(row), row["tactics"], row["techniques"], row["other_tags"], row["author"]),
          (22, "Discovery", "T1033 | T1059.001", "cve.2021-44228", "=cmd|calc"), "names of another tool")
    rows = jsonl(run(*arguments, "--format", "jsonl", "--columns", "level,tactics", "--abbreviate"))
    equal({(row["level"], row["tactics"]) for row in rows}, {("high", "Disc"), ("low", "Exec")}, "short names")
    (folder / "mine.conf").write_text('profile mine { columns = [details] }\n'
                                      'details "Microsoft-Windows-Sysmon/Operational" { 1 = "P %ProcessId%" }\n')
    row = jsonl(run(*arguments, "--format", "jsonl", "--profiles", folder / "mine.conf", "--profile", "mine"))[0]
    equal(row, {"details": "P 7"}, "own profile")
    for bad in (["--columns", "level,nonsense"], ["--profile", "nonsense"], ["--format", "nonsense"],
                ["--out", "csv"], ["--out", "nonsense=x"], ["--sort", "size"], ["--summary-format", "xml"],
                ["--profiles", folder / "none.conf"]):
        run(*arguments, *bad, expect=(2, 5))
        true("nonsense" not in bad or "nonsense" in run.stderr, run.stderr)


@case
def rows_to_taste(folder):
    """Times in other styles and zones, parts of cells on lines of their own, whole cells in tables."""
    arguments = [*scene(folder), "--level", "high"]

    def rows(*more):
        text = run(*arguments, "--format", "csv", "--sort", "time", *more).decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    shown = {"default": "2020-10-19T00:00:00.000000000Z", "plain": "2020-10-19 09:00:00.000 +09:00",
             "iso-8601": "2020-10-19T00:00:00.0000000Z", "rfc-2822": "Mon, 19 Oct 2020 09:00:00 +0900",
             "us": "10-19-2020 09:00:00.000 AM +09:00", "unix": "1603065600.000000000"}
    for form, wanted in shown.items():
        equal(rows("--tz", "Asia/Tokyo", "--time-format", form)[0]["timestamp"], wanted, form)
    equal(jsonl(run(*arguments, "--format", "jsonl", "--columns", "timestamp", "--time-format", "european"))[0],
          {"timestamp": "28-10-2020 00:00:00.000 +00:00"}, "columns of json")
    for name, between in {"line": "\n", "tab": "\t", "bar": " | "}.items():
        row = rows("--columns", "details,fields", "--separator", name)[0]
        equal(row["details"].split(between)[1:], ["Proc: C:\\Windows\\whoami.exe", "User: EX\\user'1", "PID: 7"],
              name)
    row = rows("--profile", "extra-field-info")[0]
    equal(row["extra_fields"], "", "all that the event says is among the details")
    (folder / "mine.conf").write_text('details "Microsoft-Windows-Sysmon/Operational" { 1 = "P %ProcessId%" }\n'
                                      'values "ProcessId" { 7 = lucky }\n')
    mine = ["--profiles", folder / "mine.conf", "--columns", "details,extra_fields"]
    row = rows(*mine)[0]
    equal(row["details"], "P 7 (lucky)", "what a value means")
    text = (folder / "mine.conf").read_text().replace("%ProcessId%", "%ProcessId@Other%")
    (folder / "other.conf").write_text(text + 'values "Other" { 7 = prime }\n')
    equal(rows("--profiles", folder / "other.conf", "--columns", "details")[0]["details"], "P 7 (prime)",
          "by another table")
    equal(rows(*mine, "--raw-values")[0]["details"], "P 7", "--raw-values")
    equal(sorted(part.split(":")[0] for part in row["extra_fields"].split(" | ")), ["CommandLine", "Image", "User"],
          "extra fields")
    true("\u2026" in run(*arguments, "--format", "table", "--width", "60").decode(), "cut")
    true("\u2026" not in run(*arguments, "--format", "table", "--profile", "super", "--width", "0").decode(),
         "whole")
    for bad in (["--time-format", "swatch"], ["--separator", ";"], ["--width", "wide"]):
        run(*arguments, *bad, expect=2)
        true(bad[1] in run.stderr, run.stderr)


@case
def details_without_a_template(folder):
    """A rule that looks at nothing but ids: the details are what the event says, not its id."""
    (folder / "rule.yml").write_text("title: t\nid: 11111111-2222-4333-8444-555555555556\nlevel: low\n"
                                     "logsource: { product: windows, service: system }\n"
                                     "detection: { selection: { EventID: 999 }, condition: selection }\n")
    event = {"@timestamp": "2020-10-28T00:00:00Z", "EventID": 999, "Channel": "System", "Computer": "pc",
             "Version": 3, "Why": "because", "Who": "me"}
    (folder / "e.json").write_text(json.dumps(event) + "\n")
    row = jsonl(run("scan", "--no-rule-cache", "--rules", folder / "rule.yml", "--columns", "details",
                    "--format", "jsonl", folder / "e.json"))[0]
    equal(sorted(row["details"].split(" | ")), ["Who: me", "Why: because"], "details")


@case
def files_are_made_anew_and_not_among_the_evidence(folder):
    arguments = scene(folder)
    out = folder / "hits.jsonl"
    run(*arguments, "--out", f"jsonl={out}")
    first = out.read_bytes()
    run(*arguments, "--out", f"jsonl={out}", expect=2)
    equal(out.read_bytes(), first, "what was there stays")
    run(*arguments, "--out", f"csv={out}", "--overwrite")
    true(out.read_bytes().startswith(b"\xef\xbb\xbftimestamp,"), "--overwrite")
    run(*arguments, "--out", f"csv={folder}/new.csv", "--out", f"jsonl={folder}/new.csv", expect=2)
    true("twice" in run.stderr and not (folder / "new.csv").exists(), "no file of a scan that did not begin")
    rule = folder / "rules" / "start.yml"
    run(*arguments, "--out", f"csv={rule}", "--overwrite", expect=2)
    equal(rule.read_text(), RULES["start.yml"], "a rule")
    evidence = folder / "in" / "a b#1.json"
    before = evidence.read_bytes()
    for place in (evidence, folder / "in" / "new.html", folder / "rules" / ".." / "in" / "x"):
        run(*arguments, "--out", f"html={place}", "--overwrite", expect=2)
    equal(evidence.read_bytes(), before, "the input")
    equal(sorted(os.listdir(folder / "in")), ["a b#1.json"], "nothing new among the inputs")


@case
def a_full_disk_is_told(folder):
    arguments = scene(folder)
    for form in ("jsonl", "csv", "table", "html", "sarif"):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, *map(str, arguments), "--format", form], stdout=full,
                                  stderr=subprocess.PIPE, timeout=60)
        equal(done.returncode, 5, f"{form} to a full disk")
        run(*arguments, "--overwrite", "--out", f"{form}=/dev/full", expect=5)
        true("/dev/full" in run.stderr, run.stderr)
    with open("/dev/full", "wb") as full:
        done = subprocess.run([PROGRAM, *map(str, arguments), "--summary"], stdout=full,
                              stderr=subprocess.PIPE, timeout=60)
    equal(done.returncode, 5, "summary to a full disk")


@case
def a_closed_pipe_is_quiet(folder):
    arguments = scene(folder)
    for form in ("jsonl", "table", "html"):
        with subprocess.Popen([PROGRAM, *map(str, arguments), "--no-summary", "--format", form],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as done:
            done.stdout.close()
            text = done.stderr.read().decode()
            equal(done.wait(60), 0, f"{form}: exit code")
        true("written" not in text and "Traceback" not in text, text)


@case
def order_and_summary(folder):
    arguments = scene(folder)
    times = [x["@timestamp"] for x in jsonl(run(*arguments, "--format", "jsonl", "--sort", "time"))]
    equal(times, sorted(times), "by time")
    lines = [x["event"]["line"] for x in jsonl(run(*arguments, "--format", "jsonl"))]
    equal(lines, sorted(lines), "as found")
    summary = jsonl(run(*arguments, "--summary", "--summary-format", "json"))[0]["summary"]
    equal((summary["hits"], summary["levels"]["high"], summary["rules_hit"]["low"]), (16, 4, 1), "hits")
    equal((summary["events"], summary["events_with_hits"], summary["rules_refused"]), (12, 12, 1), "events")
    equal((summary["files"], summary["files_with_hits"]), (1, 1), "files")
    equal(summary["sources"], {"windows.json": 12}, "sources")
    equal(summary["first_event"], "2020-10-17T02:00:00.000000000Z", "first event")
    host = summary["hosts"]["top"][0]
    equal((host["name"], host["hits"], host["tactics"]), ("ws0.example", 8, {"Execution": 4, "Discovery": 4}),
          "the first host")
    text = run(*arguments, "--summary", env={"LC_ALL": "C.UTF-8"}).decode()
    no_controls(text)
    for part in ("ws1.example", "Any process", "data reduction", "\u2588", "2020-10-28", "Discovery 4"):
        true(part in text, f"{part} is not in the summary")
    text = run(*arguments, "--summary", env={"LC_ALL": "C"}).decode()
    true("\u2588" not in text and "@" in text, "blocks where the terminal has none")
    for rows, wanted in (("1", 1), ("2", 2), ("99999999", 3)):
        hosts = jsonl(run(*arguments, "--summary", "--summary-format", "json", "--top", rows))[0]["summary"]["hosts"]
        equal((len(hosts["top"]), hosts["distinct"]), (wanted, 3), f"--top {rows}")
    text = run(*arguments, "--summary", "--top", "1", "--lang", "en").decode()
    true("... and 2 more" in text, text)
    run(*arguments, "--no-summary")
    true("worst first" not in run.stderr, "--no-summary")


@case
def interrupted_reports_are_whole(folder):
    arguments = scene(folder)
    block = (folder / "in" / "a b#1.json").read_bytes() * 2000
    with gzip.open(folder / "in" / "big.json.gz", "wb", compresslevel=1) as out:
        for _ in range(15):
            out.write(block)
    outs = {x: folder / f"out.{x}" for x in ("json", "html", "sarif", "csv")}
    done = subprocess.Popen([PROGRAM, *map(str, arguments), "--level", "high", "--summary", "--summary-format",
                             "json", *[x for form, path in outs.items() for x in ("--out", f"{form}={path}")]],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while done.poll() is None and not (outs["csv"].exists() and outs["csv"].stat().st_size > 0):
        time.sleep(0.01)  # hits are being written
    done.send_signal(signal.SIGINT)
    summary, err = done.communicate(timeout=60)
    equal(done.returncode, 130, f"exit code ({err.decode()})")
    summary = jsonl(summary)[0]["summary"]
    true(summary["interrupted"] and 0 < summary["hits"] < 4 * 2000 * 15, f"{summary['hits']} hits")
    equal(len(json.loads(outs["json"].read_text())), summary["hits"], "json")
    log = json.loads(outs["sarif"].read_text())["runs"][0]
    equal(log["invocations"][0]["executionSuccessful"], False, "sarif says so")
    equal(len(log["results"]), summary["hits"], "sarif")
    with outs["csv"].open(encoding="utf-8-sig", newline="") as rows:
        equal(len(list(csv.DictReader(rows))), summary["hits"], "csv")
    page = Page(outs["html"].read_text(encoding="utf-8"))
    equal(page.stack, [], "open elements")
    true("interrupted" in "".join(page.text), "the page says so")


@case
def colours_are_for_terminals(folder):
    arguments = scene(folder)
    for env, wanted in (({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False),
                        ({"TERM": "dumb"}, False), ({"TERM": "xterm", "option": "--no-color"}, False)):
        ours, theirs = os.openpty()
        kept = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        more = [env.pop("option")] if "option" in env else []
        done = subprocess.Popen([PROGRAM, *map(str, arguments), "--no-summary", *more], stdout=theirs,
                                stderr=subprocess.DEVNULL, env={**kept, **env})
        os.close(theirs)
        shown = b""
        while True:
            try:
                more = os.read(ours, 65536)
            except OSError:
                break
            if not more:
                break
            shown += more
        os.close(ours)
        equal(done.wait(60), 0, "exit code")
        equal(b"\x1b[31mhigh" in shown, wanted, f"colours with {env}")
        true(b"\x1b[2J" not in shown, "controls of the event")


main()
