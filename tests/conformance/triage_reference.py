#!/usr/bin/env python3
"""What `konseki triage` counts is what a plain program counts over `konseki dump --flat`.

    triage_reference.py KONSEKI DATA        DATA/evtx is read
"""
import base64
import calendar
import collections
import hashlib
import ipaddress
import json
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

KONSEKI = sys.argv[1]
ROOT = sys.argv[2] + "/evtx"
SYSMON = "Microsoft-Windows-Sysmon/Operational"
POWERSHELL = ("Microsoft-Windows-PowerShell/Operational", "PowerShellCore/Operational")
TASKS = "Microsoft-Windows-TaskScheduler/Operational"
LSM = "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational"
RCM = "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational"

GATEWAY = "Microsoft-Windows-TerminalServices-Gateway/Operational"


def lines(*arguments):
    done = subprocess.run([KONSEKI, *arguments], capture_output=True, timeout=600, check=False)
    if done.returncode not in (0, 4):
        raise SystemExit(f"{arguments}: exit {done.returncode}: {done.stderr[-300:]}")
    return done.stdout.splitlines()


def listing(*arguments):
    return [json.loads(x) for x in lines("triage", *arguments, "--format", "jsonl", ROOT)]


def first(event, name):
    """The first value of a field; nothing for '-', as Windows writes it."""
    value = event.get(name)
    value = value[0] if isinstance(value, list) else value
    return "" if value in (None, "-") else value


class Groups(dict):
    """key -> [count, hosts, first, last]"""

    def add(self, key, host, time):
        group = self.setdefault(key, [0, set(), None, None])
        group[0] += 1
        group[1] |= {host} - {""}
        if time:
            group[2] = min(group[2] or time, time)
            group[3] = max(group[3] or time, time)


def compare(name, groups, rows, columns, has_hosts=True):
    """Complaints: a listing against the groups. Keys are texts in the order of the columns."""
    wanted = {k: (g[0], len(g[1]) if has_hosts else 0, g[2], g[3]) for k, g in groups.items()}
    found = {tuple(r.get(c, "") for c in columns):
             (r["count"], r.get("hosts", 0), r.get("first"), r.get("last")) for r in rows}
    if len(found) != len(rows):
        return [f"{name}: a group stands twice"]
    if wanted == found and wanted:
        print(f"ok {name}: {len(wanted)} groups")
        return []
    differ = [k for k in wanted.keys() | found.keys() if wanted.get(k) != found.get(k)]
    return [f"{name}: {len(differ)} of {len(wanted)} groups differ"] + \
        [f"  {k}: expected {wanted.get(k)}, found {found.get(k)}" for k in differ[:3]]


def merge(rows, group):
    """Rows of one group in several formats as one; hosts are compared where there is one row."""
    if len(rows) == 1 or group is None:
        return rows[0]
    return {**rows[0], "count": sum(r["count"] for r in rows), "hosts": len(group[1]),
            "first": min(r["first"] for r in rows), "last": max(r["last"] for r in rows)}


def metrics(events):
    groups = {"events": Groups(), "channels": Groups(), "computers": Groups()}
    for e, is_windows in events:
        host, time = first(e, "Computer"), first(e, "TimeCreated_SystemTime")
        kind = (first(e, "EventID"), first(e, "Channel"), first(e, "Provider_Name"))
        if is_windows:
            groups["events"].add(kind, host, time)
            groups["channels"].add((kind[1],), host, time)
            groups["computers"].add((host,), host, time)
    bad = []
    for what, columns in (("events", ("event", "channel", "provider")), ("channels", ("channel",)),
                          ("computers", ("computer",))):
        rows = [r for r in listing("metrics", what)
                if r.get("computer") or r.get("dataset", "").startswith("windows.")]
        merged = collections.defaultdict(list)  # the dump does not tell formats apart
        for r in rows:
            merged[tuple(r.get(c, "") for c in columns)].append(r)
        rows = [merge(m, groups[what].get(k)) for k, m in merged.items()]
        bad += compare(f"metrics {what}", groups[what], rows, columns, what != "computers")
    return bad


def zero(status):
    return re.fullmatch(r"(0x)?0*", status, re.I) is not None


TICKETS = {"0x12": "AES256-CTS-HMAC-SHA1", "0x17": "RC4-HMAC"}


def logon(e):
    """(result, user, domain, type, host, address, package, ntlm, process, key, status, by, target)"""
    def get(*names):
        return tuple(first(e, n).strip() if n else "" for n in names)
    place = (first(e, "Channel"), first(e, "EventID"))
    logons = ("TargetUserName", "TargetDomainName", "LogonType", "WorkstationName", "IpAddress",
              "AuthenticationPackageName", "LmPackageName", "LogonProcessName", "KeyLength")
    if place == ("Security", "4624"):
        return ("success",) + get(*logons) + ("", "", "")
    if place == ("Security", "4625"):
        status, sub = get("Status", "SubStatus")
        return ("failure",) + get(*logons) + (status if zero(sub) else sub, "", "")
    if place in (("Security", "4634"), ("Security", "4647")):
        kind = get("LogonType") if place[1] == "4634" else ("",)
        return ("logoff",) + get("TargetUserName", "TargetDomainName") + kind + ("",) * 9
    if place == (LSM, "23"):
        return ("logoff",) + get("User") + ("",) * 11
    if place == ("Security", "4648"):
        user, domain = get("SubjectUserName", "SubjectDomainName")
        by = domain + "\\" + user if user and domain else user
        return ("explicit",) + get("TargetUserName", "TargetDomainName", "", "", "IpAddress", "",
                                   "", "ProcessName", "") + ("", by) + get("TargetServerName")
    if place[0] == "Security" and place[1] in ("4768", "4769", "4771"):
        status, target = get("Status", "ServiceName")
        result = "success" if zero(status) and place[1] != "4771" else "failure"
        domain = get("TargetDomainName") if place[1] != "4771" else ("",)
        return (result,) + get("TargetUserName") + domain + ("", "") + get("IpAddress") + \
            (TICKETS.get(first(e, "TicketEncryptionType").lower(), ""),) + \
            ("", "", "", status, "", target)
    if place == ("Security", "4776"):
        status = get("Status")[0]
        return ("success" if zero(status) else "failure",) + \
            get("TargetUserName", "", "", "Workstation", "", "PackageName") + \
            ("", "", "", status, "", "")
    if place[0] == "Security" and place[1] in ("4778", "4779"):
        return ("reconnect" if place[1] == "4778" else "disconnect",) + \
            get("AccountName", "AccountDomain", "", "ClientName", "ClientAddress", "", "",
                "SessionName") + ("", "", "", "")
    if place == (RCM, "1149"):
        return ("success",) + get("Param1", "Param2", "", "", "Param3") + ("",) * 7
    if place[0] == LSM and place[1] in ("21", "24", "25"):
        result = {"21": "success", "24": "disconnect", "25": "reconnect"}[place[1]]
        return (result,) + get("User", "", "", "", "Address") + ("",) * 7
    if place[0] == GATEWAY and place[1] in ("302", "303"):
        result = "success" if place[1] == "302" else "disconnect"
        return (result,) + get("Username", "", "", "", "IpAddress", "AuthType") + ("",) * 5 + \
            get("Resource")
    return None


def logons(events):
    groups, privileged, ids = Groups(), collections.Counter(), set()
    for e, _ in events:
        if first(e, "Channel") == "Security" and first(e, "EventID") == "4672":
            ids.add((first(e, "Computer").lower(), first(e, "SubjectLogonId").lower()))
    for e, _ in events:
        parts = logon(e)
        if parts is None:
            continue
        parts = list(parts)
        parts[5] = re.sub(r"^::ffff:", "", parts[5], flags=re.I)
        key = (first(e, "EventID"), first(e, "Computer"), *parts)
        groups.add(key, "", first(e, "TimeCreated_SystemTime"))
        if key[0] == "4624":
            session = (key[1].lower(), first(e, "TargetLogonId").lower())
            privileged[key] += session in ids
    columns = ("event", "computer", "result", "user", "domain", "logon_type", "source_host",
               "source_ip", "package", "ntlm", "logon_process", "key_length", "status", "by",
               "target")
    rows = listing("logons")
    bad = compare("logons", groups, rows, columns, has_hosts=False)
    for r in rows:
        key = tuple(r.get(c, "") for c in columns)
        if r["privileged"] != privileged[key]:
            bad.append(f"logons: {key}: privileged {r['privileged']}, expected {privileged[key]}")
    if sum(privileged.values()) == 0:
        bad.append("logons: no privileged logon in the data: the comparison says nothing")
    return bad


LOCAL = {"127.0.0.1", "::1", "localhost", "local"}
SYSTEM_SID = r"S-1-5-(18|19|20|9[06]-.*)"
SYSTEM_NAME = r"(system|local service|network service|dwm-.*|umfd-.*)"


def edge(e):
    """(account, source, computer, class) of a logon; nothing of accounts of machines and Windows."""
    parts = logon(e)
    if parts is None or parts[0] not in ("success", "failure", "explicit"):
        return None
    result, user, host, address = parts[0], parts[1], parts[4], re.sub(r"(?i)^::ffff:", "", parts[5])
    user = low(user.split("\\", 1)[-1])
    user = user.split("@")[0] or user
    sid = first(e, "TargetUserSid") if first(e, "Channel") == "Security" else ""
    if not user or user.endswith("$") or re.fullmatch(SYSTEM_SID, sid) or \
            re.fullmatch(SYSTEM_NAME, user):
        return None
    computer = low(first(e, "Computer"))
    if result == "explicit":
        target = low(parts[-1])
        return user, computer, computer if not target or target in LOCAL else target, result
    source = next((low(x) for x in (address, host) if x and low(x) not in LOCAL), "")
    if result == "success" and first(e, "EventID") in ("4768", "4769", "4776"):
        result = "validated"
    return user, source, computer, result


def accounts(events):
    """The graph of accounts and machines; rank has as many of each, hours too."""
    wanted = collections.Counter(x for x in (edge(e) for e, _ in events) if x)
    classes = ("success", "failure", "explicit", "validated")
    found = collections.Counter()
    for r in listing("accounts", "graph"):
        for c in classes:
            if r[c]:
                found[r["account"], r.get("source", ""), r.get("computer", ""), c] += r[c]
    bad = [f"accounts graph: {k}: expected {wanted[k]}, found {found[k]}"
           for k in wanted | found if wanted[k] != found[k]][:3]
    for kind in ("rank", "hours"):
        sums = collections.Counter()
        for r in listing("accounts", kind):
            sums.update({(r["account"], c): r[c] for c in classes if r[c]})
        expected = collections.Counter()
        for (account, _, _, c), n in wanted.items():
            expected[account, c] += n
        bad += [f"accounts {kind}: {k}: expected {expected[k]}, found {sums[k]}"
                for k in expected | sums if expected[k] != sums[k]][:3]
    print(f"{'FAILED' if bad else 'ok'} accounts: {len(wanted)} edges")
    return bad + ["accounts: none"] * (not wanted)


REPLICATION = ("1131f6aa-9c07-11d1-f79f-00c04fc2dcd2", "1131f6ad-9c07-11d1-f79f-00c04fc2dcd2",
               "89e95b76-444d-4c62-991a-0facbeda640c")
CHANGES = {"1102", "4662", "4764", "4765", "4766", "4767", "4780", "4781", "4794", "4704", "4705",
           "4706", "4707", "4713", "4716", "4717", "4718", "4719", "4739", "4740", "4912", "4928",
           "4929", "5136", "5137", "5138", "5139", "5141", "4865", "4866", "4867",
           "4720", "4722", "4723", "4724", "4725", "4726", "4738"} | \
    {str(n) for n in (*range(4727, 4736), 4737, *range(4741, 4764))}


def changes(events):
    """Changes by event, account that made them, its target; signs of three kinds."""
    wanted = collections.Counter()
    for e, is_windows in events:
        place = first(e, "Channel"), first(e, "EventID")
        if not is_windows or not (place[0] == "Security" and place[1] in CHANGES or
                                  place == ("System", "104")):
            continue
        asked = [r for r in REPLICATION if r in first(e, "Properties").lower()]
        if place[1] == "4662" and not asked:
            continue
        user, domain = first(e, "SubjectUserName"), first(e, "SubjectDomainName")
        by = user or first(e, "SubjectUserSid")
        rid = re.fullmatch(r"S-1-5-.*-(\d+)", first(e, "TargetSid"))
        added = place[1] in ("4728", "4732", "4756") and rid is not None and \
            rid.group(1) in "512 516 518 519 520 526 527 544 548 549 550 551 552 555 580".split()
        sign = "dcsync" if asked and not user.endswith("$") else \
            "privileged-group" if added else "log-cleared" if place[1] in ("1102", "104") else ""
        wanted[place[1], domain + "\\" + by if domain and by else by, sign] += 1
    signs = {"dcsync", "privileged-group", "log-cleared"}
    found = collections.Counter((r["event"], r.get("by", ""), {*signs} & {r.get("sign")} and
                                 r["sign"] or "") for r in listing("changes"))
    differ = [k for k in wanted | found if wanted[k] != found[k]]
    print(f"{'FAILED' if differ else 'ok'} changes: {sum(wanted.values())}")
    return [f"changes: {k}: expected {wanted[k]}, found {found[k]}" for k in differ[:3]] + \
        ["changes: none"] * (not wanted)


def low(text):
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def shape(text):
    guid = r"(?<![0-9A-Za-z])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    def word(m):
        run = m.group(0)
        if re.fullmatch(guid, run):
            return "{guid}"
        if re.fullmatch(r"[0-9]{2,}", run):
            return "{n}"
        if re.fullmatch(r"[0-9a-fA-F]{8,}", run) and re.search("[0-9]", run):
            return "{hex}"
        return low(run)
    return low(re.sub(guid + r"|[0-9A-Za-z]+", word, text)) if text else ""


def address(text):
    try:
        ip = ipaddress.ip_address(text)
        return str(getattr(ip, "ipv4_mapped", None) or ip)
    except ValueError:
        return text


def script(text):
    return re.sub(r"[ \t\n\v\f\r]+", " ", low(text.strip(" \t\n\v\f\r")))


def task(text):
    """What the XML of a task runs, by an XML parser."""
    if not text:
        return ""
    root = ElementTree.fromstring(re.sub(r"^<\?xml[^>]*\?>", "", text.strip()))
    name = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
    runs = []
    for action in root.iter(name + "Exec"):
        parts = [(action.findtext(name + x) or "").strip() for x in ("Command", "Arguments")]
        runs.append(" ".join(x for x in parts if x))
    return "; ".join(runs)


def stack_keys(e):
    """(kind, key) pairs of an event."""
    channel, number = first(e, "Channel"), first(e, "EventID")
    if channel == SYSMON and number == "1":
        yield "processes", (low(first(e, "Image")), shape(first(e, "CommandLine")),
                            low(first(e, "ParentImage")))
    if channel == "Security" and number == "4688":
        yield "processes", (low(first(e, "NewProcessName")), shape(first(e, "CommandLine")),
                            low(first(e, "ParentProcessName")))
    if channel == "System" and number == "7045":
        yield "services", tuple(first(e, x) for x in
                                ("ServiceName", "ImagePath", "StartType", "AccountName"))
    if channel == "Security" and number == "4697":
        yield "services", tuple(first(e, x) for x in ("ServiceName", "ServiceFileName",
                                                      "ServiceStartType", "ServiceAccount"))
    if channel == SYSMON and number == "3":
        yield "addresses", (address(first(e, "DestinationIp")), first(e, "DestinationPort"),
                            low(first(e, "Image")))
    if channel == "Security" and number == "5156":
        yield "addresses", (address(first(e, "DestAddress")), first(e, "DestPort"),
                            low(first(e, "Application")))
    if channel in POWERSHELL and number == "4104":
        text = script(first(e, "ScriptBlockText"))
        hashed = hashlib.sha256(text.encode()).hexdigest() if text else ""
        yield "scripts", (hashed, low(first(e, "Path")), first(e, "MessageTotal"))
    if channel == "Security" and number in ("4698", "4700", "4701"):
        yield "tasks", (first(e, "TaskName"), task(first(e, "TaskContent")), number)
    if channel == "Security" and number == "4702":
        yield "tasks", (first(e, "TaskName"), task(first(e, "TaskContentNew")), number)
    if channel == "Security" and number in ("4720", "4722", "4724", "4726", "4728", "4732", "4738"):
        yield "users", (number, first(e, "TargetUserName"),
                        first(e, "MemberSid") if number in ("4728", "4732") else "",
                        first(e, "SubjectUserName"))


def whole_scripts(events):
    """The events; parts of a long script as one event with its whole text."""
    waiting = {}
    for e, _ in events:
        total = int(first(e, "MessageTotal") or 1) if first(e, "Channel") in POWERSHELL else 1
        if first(e, "EventID") != "4104" or total == 1:
            yield e
            continue
        key = first(e, "Computer"), first(e, "ScriptBlockId")
        parts = waiting.setdefault(key, {})
        parts.setdefault(int(first(e, "MessageNumber")), (first(e, "ScriptBlockText"), e))
        if len(parts) == total:
            yield {**e, "ScriptBlockText": "".join(parts[n][0] for n in range(1, total + 1))}
            del waiting[key]
    for parts in waiting.values():
        text, e = "".join(parts[n][0] for n in sorted(parts)), next(iter(parts.values()))[1]
        yield {**e, "ScriptBlockText": text,
               "MessageTotal": f"{len(parts)} of {first(e, 'MessageTotal')}"}


def stacks(events):
    columns = {"processes": ("image", "command_shape", "parent"),
               "services": ("service", "path", "start", "account"),
               "addresses": ("address", "port", "process"), "scripts": ("sha256", "path", "parts"),
               "tasks": ("task", "action", "event"), "users": ("event", "account", "member", "by")}
    groups = {kind: Groups() for kind in columns}
    for e in whole_scripts(events):
        for kind, key in stack_keys(e):
            if any(key):
                groups[kind].add(key, first(e, "Computer"), first(e, "TimeCreated_SystemTime"))
    bad = []
    for kind, names in columns.items():
        rows = listing("stack", kind)
        if kind == "tasks":
            rows = [r for r in rows if r["event"] in ("4698", "4700", "4701", "4702")]
        if kind == "users":
            rows = [r for r in rows if r["event"] in ("4720", "4722", "4724", "4726", "4728", "4732",
                                                      "4738")]
        bad += compare(f"stack {kind}", groups[kind], rows, names)
        if [r["hosts"] for r in rows] != sorted(r["hosts"] for r in rows):
            bad.append(f"stack {kind}: not the rarest first")
    return bad


def texts(event):
    for value in event.values():
        yield from value if isinstance(value, list) else [value]


def search(flat):
    """Lines of the search are the lines of the dump that have the word."""
    bad = []
    for arguments, test in (
            (["mimikatz", "--ignore-case"], lambda e: any("mimikatz" in low(t) for t in texts(e))),
            (["lsass.exe"], lambda e: any("lsass.exe" in t for t in texts(e))),
            (["powershell", "--and", "-enc", "--ignore-case"],
             lambda e: any("powershell" in low(t) for t in texts(e)) and
             any("-enc" in low(t) for t in texts(e))),
            (["cmd.exe", "--field", "ParentImage"],
             lambda e: "cmd.exe" in first(e, "ParentImage")),
            (["no such word", "--or", "psexec"], lambda e: any("psexec" in t for t in texts(e))),
            (["^S-1-5-21-[0-9-]+-500$", "--regex"],
             lambda e: any(re.search(r"^S-1-5-21-[0-9-]+-500$", t) for t in texts(e)))):
        wanted = [(x["file"], x["idx"]) for x in flat if "idx" in x and test(x["event"])]
        found = [(x["file"], x["idx"]) for x in listing("search", *arguments) if "idx" in x]
        if wanted != found or not wanted:
            bad.append(f"search {arguments}: {len(found)} events, expected {len(wanted)}")
        else:
            print(f"ok search {' '.join(arguments)}: {len(wanted)} events")
    return bad


def nanoseconds(text):
    """Of "2019-02-13T18:01:41.593830000Z"."""
    seconds = calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))
    return seconds * 10 ** 9 + int(text[20:29])


def gaps(flat):
    """Missing record ids and clocks that went back, by sorting each file's records."""
    series = collections.defaultdict(list)
    for x in flat:
        e = x["event"]
        if "idx" in x and e.get("EventRecordID"):
            place = (x["file"], first(e, "Channel"), first(e, "Computer"))
            time = first(e, "TimeCreated_SystemTime")
            series[place].append((int(e["EventRecordID"]), nanoseconds(time) if time else None))
    wanted = collections.Counter()
    for place, records in series.items():
        records.sort(key=lambda r: (r[0], r[1] or -2 ** 63))
        for (a, a_ns), (b, b_ns) in zip(records, records[1:]):
            if b - a > 1:
                wanted["records", *place, a, b, b - a - 1] += 1
            if a != b and a_ns and b_ns and a_ns - b_ns >= 60 * 10 ** 9:
                wanted["clock", *place, a, b, 0] += 1
    rows = [r for r in listing("gaps") if r["kind"] in ("records", "clock")]
    found = collections.Counter(
        (r["kind"], r["file"], r.get("channel", ""), r.get("computer", ""), r.get("after", 0),
         r.get("before", 0), r.get("missing", 0)) for r in rows)
    found = collections.Counter({k: n for k, n in found.items() if k[1] in {p[0] for p in series}})
    if wanted == found and wanted:
        print(f"ok gaps: {sum(wanted.values())} rows")
        return []
    return [f"gaps: expected and not found {list((wanted - found).items())[:3]}, "
            f"found and not expected {list((found - wanted).items())[:3]}"]


def files(flat):
    """Events, first and last time and record id of each file."""
    wanted = {}
    for x in flat:
        e, f = x["event"], wanted.setdefault(x["file"], [0, None, None, None, None])
        f[0] += 1
        time, number = first(e, "TimeCreated_SystemTime"), int(first(e, "EventRecordID") or 0)
        if "idx" in x and time:
            f[1], f[2] = min(f[1] or time, time), max(f[2] or time, time)
        if number:
            f[3], f[4] = min(f[3] or number, number), max(f[4] or number, number)
    rows = [r for r in listing("files") if r.get("dataset", "").startswith("windows.")]
    bad = [f"files: {r['file']}: {r}, expected {wanted.get(r['file'])}" for r in rows
           if wanted.get(r["file"]) != [r["events"], r.get("first"), r.get("last"),
                                        r.get("first_id"), r.get("last_id")]]
    print(f"{'FAILED' if bad else 'ok'} files: {len(rows)} files")
    return bad[:3] if rows else ["files: none"]


def systems(events):
    """Boots, shutdowns and unexpected stops of each computer."""
    wanted = collections.defaultdict(collections.Counter)
    words = {("Microsoft-Windows-Kernel-General", "12"): "boots",
             ("Microsoft-Windows-Kernel-General", "13"): "shutdowns", ("EventLog", "6008"): "log",
             ("Microsoft-Windows-Kernel-Power", "41"): "kernel",
             ("Microsoft-Windows-Kernel-General", "1"): "clock_changes",
             ("Microsoft-Windows-Security-Auditing", "4616"): "clock_changes"}
    for e, is_windows in events:
        if is_windows and first(e, "Computer"):
            counts = wanted[first(e, "Computer")]
            counts["events"] += 1
            counts[words.get((first(e, "Provider_Name"), first(e, "EventID")), "other")] += 1
    rows = listing("systems")
    bad = []
    for r in rows:
        w = wanted.pop(r["computer"])
        expected = (w["events"], w["boots"], w["shutdowns"], max(w["log"], w["kernel"]),
                    w["clock_changes"])
        if expected != tuple(r[c] for c in ("events", "boots", "shutdowns", "unexpected",
                                            "clock_changes")):
            bad.append(f"systems: {r}: expected {expected}")
    print(f"{'FAILED' if bad or wanted else 'ok'} systems: {len(rows)} computers")
    return bad[:3] + [f"systems: not found: {list(wanted)[:3]}"] * bool(wanted)


def pid(text):
    try:
        return int(text, 16) if text.lower().startswith("0x") else int(text)
    except ValueError:
        return 0


def processes(flat):
    """Place of each process -> place of its parent or None, by reading in order of time. A place is
    (file, record id, time)."""
    events = []
    for x in flat:
        e = x["event"]
        place = (first(e, "Channel"), first(e, "EventID"))
        if place in ((SYSMON, "1"), (SYSMON, "5"), ("Security", "4688"), ("Security", "4689")):
            time = first(e, "TimeCreated_SystemTime")
            events.append((first(e, "Computer"), time, int(first(e, "EventRecordID") or 0),
                           x["file"], x["idx"], place, e))
    events.sort(key=lambda r: r[:5])
    running, parents = {}, {}
    for host, time, number, file, _, place, e in events:
        host, here = low(host), (file, number, time)
        if place[0] == SYSMON:
            key = (host, low(first(e, "ProcessGuid")))
            parent_key = (host, low(first(e, "ParentProcessGuid")))
        else:
            key = (host, pid(first(e, "NewProcessId" if place[1] == "4688" else "ProcessId")))
            parent_key = (host, pid(first(e, "ProcessId")))
        if place[1] in ("5", "4689"):
            if key in running:
                running[key][1] = time
            continue
        image = first(e, "NewProcessName")
        same = running.get(key)
        if same and (place[0] == SYSMON or same[2:] == [time, image]):
            continue  # the same log twice
        parent = running.get(parent_key)
        if parent and place[0] != SYSMON and parent[1] and parent[1] < time:
            parent = None  # the number was free again
            del running[parent_key]
        parents[here] = parent[0] if parent else None
        running[key] = [here, None, time, image]
    return parents


def ptree(flat):
    """Every process stands once, under the one that started it."""
    wanted, found, path = processes(flat), {}, []
    missing = 0
    for r in listing("ptree"):
        del path[r["depth"]:]
        if len(path) != r["depth"]:
            return [f"ptree: depth jumps at {r}"]
        place = None if r.get("missing") else (r["file"], r.get("record_id", 0), r["start"])
        missing += place is None
        if place:
            found[place] = path[-1] if path else None
        path.append(place)
    bad = [f"ptree: {k}: parent {found.get(k, 'not there')}, expected {wanted.get(k, 'not there')}"
           for k in wanted.keys() | found.keys()
           if wanted.get(k, 0) != found.get(k, 0)]
    print(f"{'FAILED' if bad else 'ok'} ptree: {len(wanted)} processes, {missing} missing")
    return bad[:3] if wanted else ["ptree: none"]


def said_by(run):
    data = base64.b64decode(run[:len(run) // 4 * 4].replace("-", "+").replace("_", "/"))
    for form in ("utf-16-le", "ascii"):
        try:
            said = data[:len(data) // 2 * 2].decode(form)
        except UnicodeDecodeError:
            continue
        if re.fullmatch(r"[ -~\t\r\n]+", said):
            yield said


def decoded_runs(text):
    """(offset, text) of runs of the alphabet for URLs, else of standard ones."""
    taken = []
    for m in re.finditer("[A-Za-z0-9_-]{40,}", text):
        if re.search("[-_]", m.group(0)) and text[m.end():m.end() + 1] not in ("+", "/") and \
                text[m.start() - 1:m.start()] not in ("+", "/"):
            for said in said_by(m.group(0)):
                taken.append(m.span())
                yield m.start(), said
    for m in re.finditer("[A-Za-z0-9+/]{40,}", text):
        if not any(a <= m.start() < b for a, b in taken):
            yield from ((m.start(), said) for said in said_by(m.group(0)))


def base64s(flat):
    """Long texts in UTF-16 or ASCII that a plain decoder finds are found, with the same words."""
    wanted = set()
    for x in flat:
        if "idx" not in x:
            continue
        for name, value in x["event"].items():
            for text in value if isinstance(value, list) else [value]:
                for at, said in decoded_runs(text):
                    wanted.add((x["file"], x["idx"], name, at, said[:8000]))
    rows = listing("base64", "--min-length", "40")
    found = {(r["file"], r.get("idx"), r["field"], r["offset"]): r.get("decoded", "") for r in rows
             if r["level"] == 1}
    bad = [f"base64: {w[:4]}: {found.get(w[:4])!r:.80}, expected {w[4]!r:.80}" for w in wanted
           if not found.get(w[:4], "").startswith(w[4])]
    noise = [r for r in rows if r["form"] in ("utf-8", "utf-16le") and
             sum(c in "\t\r\n" or c.isprintable() for c in r["decoded"]) < 0.9 * len(r["decoded"])]
    print(f"{'FAILED' if bad or noise else 'ok'} base64: {len(wanted)} of {len(rows)} compared")
    return bad[:3] + [f"base64: noise: {r}" for r in noise[:2]] + ["base64: none"] * (not wanted)


def pivots(events):
    """Three kinds of words, counted by field."""
    groups = Groups()
    for e, is_windows in events:
        host, time = first(e, "Computer"), first(e, "TimeCreated_SystemTime")
        if not is_windows:
            continue
        for part in first(e, "Hashes").split(","):
            value = low(part.split("=", 1)[-1].strip())
            if value:
                groups.add(("hash", value, "Hashes"), host, time)
        for kind, field in (("service", "ServiceName"), ("user", "TargetUserName"),
                            ("file", "TargetFilename")):
            value = first(e, field)
            if value and value != "S-1-0-0":
                groups.add((kind, low(value) if kind == "file" else value, field), host, time)
    wanted = {"Hashes", "ServiceName", "TargetUserName", "TargetFilename"}
    rows = [r for r in listing("pivot") if r["field"] in wanted]
    return compare("pivot", groups, rows, ("kind", "value", "field"))


def coverage():
    """Hits of rules and of files are those of `konseki scan`."""
    rules = sys.argv[2] + "/sigma/rules/windows/process_creation"
    hits, places, rule_files = collections.Counter(), collections.defaultdict(set), set()
    for line in lines("scan", "--rules", rules, "--format", "jsonl", ROOT):
        hit = json.loads(line)
        if "rule" in hit and hit.get("event"):
            event = hit["event"]
            hits[hit["rule"]["id"]] += 1
            places[event["file"]].add((event.get("idx"), event.get("line"), event.get("record_id")))
    rows = listing("coverage", "rules", "--rules", rules)
    found = {r["id"]: r["hits"] for r in rows if r["hits"]}
    files = {r["file"]: r["with_hits"] for r in listing("coverage", "files", "--rules", rules)}
    bad = [f"coverage rules: {x}: {found.get(x, 0)}, scan has {hits.get(x, 0)}"
           for x in found.keys() | hits.keys() if found.get(x, 0) != hits.get(x, 0)]
    bad += [f"coverage files: {x}: {n}, scan has {len(places[x])}" for x, n in files.items()
            if n != len(places[x])]
    rule_files = {r["path"] for r in rows}
    print(f"{'FAILED' if bad else 'ok'} coverage: {len(rule_files)} rules, {len(found)} with hits")
    return bad[:4] if found and len(found) < len(rows) else ["coverage: no comparison"]


def main():
    flat = [json.loads(x) for x in lines("dump", "--flat", ROOT)]
    events = [(x["event"], "idx" in x) for x in flat]
    bad = metrics(events) + logons(events) + changes(events) + accounts(events) + stacks(events) + search(flat) + \
        gaps(flat) + files(flat) + systems(events) + ptree(flat) + base64s(flat) + \
        pivots(events) + coverage()
    print("\n".join(bad))
    print(f"triage: {len(events)} events, {len(bad)} differences")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
