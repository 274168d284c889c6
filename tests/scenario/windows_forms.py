#!/usr/bin/env python3
"""The same Windows event in the JSON of each shipper and export: the same rule finds all of them."""
import json

from harness import case, equal, main, run

IMAGE, PARENT = "C:\\Windows\\System32\\vssadmin.exe", "C:\\Windows\\explorer.exe"
TIME, CHANNEL, PROVIDER = ("2026-03-04T10:00:00.000Z", "Microsoft-Windows-Sysmon/Operational",
                           "Microsoft-Windows-Sysmon")
RULE = """title: t
id: 00000000-0000-4000-8000-000000000001
logsource: {product: windows, category: process_creation}
detection:
  s:
    Image|endswith: '\\vssadmin.exe'
    CommandLine|contains|all: [delete, '"x"']
    ParentImage: C:\\Windows\\explorer.exe
    OriginalFileName: VSSADMIN.EXE
  condition: s
"""


def data_of(command):
    return {"UtcTime": "2026-03-04 10:00:00.000", "ProcessId": "4242", "Image": IMAGE,
            "CommandLine": command, "ParentImage": PARENT, "User": "WORK\\bob",
            "OriginalFileName": "VSSADMIN.EXE"}


def xml_of(data, escape):
    body = "".join('<Data Name="%s">%s</Data>' % (n, escape(v)) for n, v in data.items())
    return ('<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System>'
            '<Provider Name="%s"/><EventID>1</EventID><TimeCreated SystemTime="%s"/>'
            '<EventRecordID>77</EventRecordID><Channel>%s</Channel><Computer>pc1</Computer></System>'
            '<EventData>%s</EventData></Event>' % (PROVIDER, TIME, CHANNEL, body))


def telemetry_of(data):
    return {"channel": CHANNEL, "computer": "pc1", "event_id": {"id": 1, "qualifiers": 0},
            "provider": {"name": PROVIDER, "guid": "x"}, "system_time": TIME, "record_id": 77,
            "event_data": data}


def forms_of(command):
    """By shipper: an object as it writes the event."""
    def escape(text):
        return text.replace("&", "&amp;").replace('"', "&quot;")
    d = data_of(command)
    named = [{"@Name": name, "#text": text} for name, text in d.items()]
    message = "Process Create:\r\nRuleName: -\r\n" + "\r\n".join("%s: %s" % x for x in d.items())
    flat = dict(d, Channel=CHANNEL, EventID=1, Provider_Name=PROVIDER, Computer="pc1")
    beat = {"@timestamp": TIME, "winlog": {"channel": CHANNEL, "provider_name": PROVIDER,
            "event_id": 1, "record_id": 77, "computer_name": "pc1", "event_data": d}}
    xml = xml_of(d, escape)
    body_xml = xml[xml.index("<EventData>"):xml.index("</Event>")]
    system = {"Provider": {"@Name": PROVIDER}, "EventID": "1", "TimeCreated": {"@SystemTime": TIME},
              "EventRecordID": "77", "Channel": CHANNEL, "Computer": "pc1"}
    return {
        "flat": flat,
        "winlogbeat": beat,
        "winlogbeat, dotted": {"@timestamp": TIME, "winlog.channel": CHANNEL, "winlog.event_id": "1",
                               **{"winlog.event_data." + n: v for n, v in d.items()}},
        "winlogbeat 6": {"@timestamp": TIME, "log_name": CHANNEL, "source_name": PROVIDER,
                         "event_id": 1, "computer_name": "pc1", "event_data": d},
        "elasticsearch": {"_index": "w", "_source": beat},
        "evtx_dump": {"Event": {"System": {"Provider": {"#attributes": {"Name": PROVIDER}},
                                           "EventID": 1, "Channel": CHANNEL, "Computer": "pc1"},
                                "EventData": d}},
        "xmltodict": {"Event": {"System": system, "EventData": {"Data": named}}},
        "evtxecmd": {"PayloadData1": "x", "Channel": CHANNEL, "Provider": PROVIDER, "EventId": 1,
                     "EventRecordId": "77", "Computer": "pc1", "TimeCreated": TIME,
                     "Payload": json.dumps({"EventData": {"Data": named}})},
        "nxlog": dict(flat, EventTime="2026-03-04 10:00:00", Hostname="pc1", SourceName=PROVIDER,
                      SourceModuleName="in", EventReceivedTime="2026-03-04 10:00:01"),
        "fluentd": {"ProviderName": PROVIDER, "EventID": "1", "Channel": CHANNEL, "Computer": "pc1",
                    "Description": message.replace("\r\n", "\n"), "EventData": list(d.values())},
        "fluent bit": {"ProviderName": PROVIDER, "EventID": 1, "Channel": CHANNEL, "Computer": "pc1",
                       "TimeCreated": "2026-03-04 10:00:00 +0000", "Message": message,
                       "StringInserts": list(d.values())},
        "splunk collector, XML": {"time": 1772618400.0, "host": "pc1", "event": xml},
        "splunk collector, object": {"time": 1772618400.0, "host": "pc1", "event": flat},
        "splunk collector, text": {"time": 1772618400.0, "event": json.dumps(flat)},
        "splunk export, XML": {"preview": False, "offset": 0, "result": {"_raw": xml, "_time": TIME}},
        "splunk export, JSON": {"preview": False, "result": {"_raw": json.dumps(beat)}},
        "splunk export, fields": {"preview": False, "result": dict(
            d, EventCode="1", Channel=CHANNEL, ComputerName="pc1", _time=TIME)},
        "splunk row": {"_raw": xml, "_time": TIME},
        "azure table Event": {"TimeGenerated": TIME, "Source": PROVIDER, "EventLog": CHANNEL,
                              "Computer": "pc1", "EventID": 1, "Type": "Event", "EventData":
                              '<DataItem type="System.XmlData">%s</DataItem>' % body_xml},
        "azure table WindowsEvent": {"TimeGenerated": TIME, "Provider": PROVIDER, "Computer": "pc1",
                                     "Channel": CHANNEL, "EventID": 1, "Type": "WindowsEvent",
                                     "EventData": d},
        "opentelemetry": telemetry_of(d),
        "opentelemetry, body": {"timestamp": TIME, "body": telemetry_of(d)},
        "opentelemetry, list": {"Timestamp": TIME, "Body": telemetry_of(
            {"data": [{name: text} for name, text in d.items()]})},
        "velociraptor": {"System": {"Provider": {"Name": PROVIDER}, "EventID": {"Value": 1},
                                    "TimeCreated": {"SystemTime": 1772618400.0}, "Channel": CHANNEL,
                                    "Computer": "pc1"}, "EventData": d},
        "get-winevent": {"Id": 1, "ProviderName": PROVIDER, "LogName": CHANNEL, "MachineName": "pc1",
                         "TimeCreated": "/Date(1772618400000)/", "RecordId": 77, "Message": message},
        "wazuh": {"timestamp": TIME, "rule": {"id": "61603"}, "data": {"win": {
            "system": {"providerName": PROVIDER, "eventID": "1", "channel": CHANNEL,
                       "computer": "pc1", "systemTime": TIME},
            "eventdata": {n[0].lower() + n[1:]: v for n, v in d.items()}}}},
    }


def scan(folder, name, text):
    path = folder / name
    path.write_text(text)
    out = run("scan", "--format", "jsonl", "--rules", folder / "r.yml", path)
    return [json.loads(line)["event"] for line in out.splitlines()]


@case
def one_rule_finds_every_form(folder):
    (folder / "r.yml").write_text(RULE)
    hits = forms_of('vssadmin delete shadows "x"')
    misses = forms_of("vssadmin list shadows")
    for number, (name, event) in enumerate(hits.items()):
        both = [event, misses[name]]
        lines = "".join(json.dumps(e) + "\n" for e in both)
        found = scan(folder, "%d.jsonl" % number, lines)
        equal([e["line"] for e in found], [1], name)
        equal((found[0]["channel"], found[0]["event_id"]), (CHANNEL, "1"), name)
        equal(len(scan(folder, "%d.json" % number, json.dumps(both, indent=2))), 1, name + ", array")


@case
def what_only_looks_like_a_form(folder):
    """Texts that are no records stay values; broken ones do no harm."""
    (folder / "r.yml").write_text(RULE)
    objects = [{"event": "login"}, {"event": "<b>no event</b>"}, {"event": "{no json"},
               {"_raw": "Mar  4 10:00:00 host sshd: x"}, {"_raw": "<Event"}, {"_raw": ["{", "<Event>"]},
               {"result": {"_raw": "{\"a\":"}}, {"Payload": "{\"EventData\":", "EventId": 1, "Channel": "c"},
               {"EventID": 1, "Channel": "c", "EventData": "<EventData><Data Name=\"a\">"},
               {"EventID": 1, "Channel": "c", "Payload": "CommandInvocation(x)"},
               {"Event": {"System": {"EventID": 1, "Channel": "c"},
                          "EventData": {"Data": [{"@Name": "a"}, {"@Name": "b", "#text": "c"}]}}}]
    path = folder / "o.jsonl"
    path.write_text("".join(json.dumps(o) + "\n" for o in objects))
    equal(run("scan", "--format", "jsonl", "--rules", folder / "r.yml", path), b"", "hits")
    rows = [json.loads(line) for line in run("dump", "--flat", path, expect=(0, 4)).splitlines()]
    equal(len(rows), len(objects), "rows")
    equal(rows[0]["event"], {"json.event": "login"}, "a text")
    equal(rows[9]["event"]["Payload"], "CommandInvocation(x)", "PowerShell's payload")
    equal(rows[10]["event"]["b"], "c", "a Data element")


@case
def records_in_texts_of_other_logs(folder):
    """What Splunk exports of CloudTrail is CloudTrail."""
    (folder / "r.yml").write_text("""title: t
id: 00000000-0000-4000-8000-000000000002
logsource: {product: aws, service: cloudtrail}
detection:
  s: {eventName: CreateUser}
  condition: s
""")
    record = {"eventSource": "iam.amazonaws.com", "eventName": "CreateUser", "eventTime": TIME}
    found = scan(folder, "s.json", json.dumps({"result": {"_raw": json.dumps(record)}}) + "\n")
    equal(len(found), 1, "hits")


if __name__ == "__main__":
    main()
