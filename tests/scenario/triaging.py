"""triage as a responder sees it: tables of a terminal, the same for programs, nothing to show, and
answers recounted from the events themselves."""
import collections
import fcntl
import json
import os
import pty
import struct
import subprocess
import termios

from harness import PROGRAM, case, equal, jsonl, main, run, true

WIDTH = 120


def logon(n, event, user, **data):
    return {"EventID": event, "Channel": "Security", "Computer": f"pc{n % 3}.example", "EventRecordID": n,
            "Provider_Name": "Microsoft-Windows-Security-Auditing",
            "TimeCreated_SystemTime": f"2026-11-09T00:{n % 60:02}:00.1234567Z",
            "TargetUserName": user, "TargetDomainName": "EXAMPLE", "LogonType": "3",
            "IpAddress": "10.0.0.9", **data}


def evidence(folder):
    """Events, and the folder that holds them under a long name."""
    reasons = [("0xc000006a", "0xc000006d"), ("0xc0000064", "0xc000006d"), ("0x0", "0xc0000224")]
    events = [logon(n, 4624, f"user{n % 4}") for n in range(30)]
    events += [logon(n, 4625, "admin", SubStatus=reasons[n % 3][0], Status=reasons[n % 3][1])
               for n in range(30, 50)]
    into = folder / "a rather long name of a folder that does not fit" / "and another one"
    into.mkdir(parents=True, exist_ok=True)
    (into / "Security.json").write_text("".join(json.dumps(e) + "\n" for e in events))
    return events, into


def on_terminal(*arguments):
    """What a terminal of WIDTH columns gets."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, WIDTH, 0, 0))
    done = subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=theirs, stderr=subprocess.DEVNULL)
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    equal(done.wait(timeout=60), 0, "exit code")
    return shown.decode("utf-8").splitlines()


@case
def tables_fit_terminals(folder):
    _, path = evidence(folder)
    lines = on_terminal("triage", "files", path)
    true(len(lines) == 2 and "Security.json" in lines[1] and "\u2026" in lines[1], lines)
    true("2026-11-09T00:00:00.123Z" in lines[1] and "00.123456700Z" not in lines[1], lines)
    lines = on_terminal("triage", "metrics", "channels", path)
    true(all(len(line) <= WIDTH for line in lines), lines)
    files = jsonl(run("triage", "files", path))
    equal(files[0]["first"], "2026-11-09T00:00:00.123456700Z", "programs get all digits")


@case
def nothing_to_show_is_said(folder):
    _, path = evidence(folder)
    equal(run("triage", "power", path), b"", "rows")
    true("50 events of 1 files" in run.stderr, run.stderr)
    run("triage", "metrics", "channels", path)
    equal(run.stderr, "", "nothing is said where there are rows")


@case
def logons_are_those_of_the_events(folder):
    events, path = evidence(folder)
    names = {"0xc000006a": "wrong password", "0xc0000064": "user name does not exist",
             "0xc0000224": "password must be changed"}
    wanted = collections.Counter()
    for e in events:
        status = e.get("SubStatus") if e.get("SubStatus") != "0x0" else e["Status"]
        wanted[(e["EventID"], e["TargetUserName"], e["Computer"], names.get(status))] += 1
    got = collections.Counter()
    for row in jsonl(run("triage", "logons", path)):
        got[(int(row["event"]), row["user"], row["computer"], row.get("reason"))] += row["count"]
    equal(got, wanted, "logons")


@case
def roles_are_those_that_events_show(folder):
    def event(n, number, channel, host, **data):
        return {"EventID": number, "Channel": channel, "Computer": host, "EventRecordID": n,
                "Provider_Name": "P", "TimeCreated_SystemTime": "2026-11-09T00:00:00Z", **data}
    events = [event(1, 4768, "Security", "dc", TargetUserName="u", Status="0x0"),
              event(2, 150, "DNS Server", "dc"), event(3, 770, "DNS Server", "dc"),
              event(4, 4624, "Security", "pc", TargetUserName="u"), event(5, 4768, "System", "pc"),
              event(6, 302, "Microsoft-Windows-TerminalServices-Gateway/Operational", "gw",
                    Username="EXAMPLE\\u", IpAddress="192.0.2.7", AuthType="NTLM", Resource="pc")]
    path = folder / "a.json"
    path.write_text("".join(json.dumps(e) + "\n" for e in events))
    got = {row["computer"]: row.get("roles") for row in jsonl(run("triage", "systems", path))}
    equal(got, {"dc": "domain-controller, dns-server", "pc": None,
                "gw": "remote-desktop-gateway"}, "roles")
    gateway = [row for row in jsonl(run("triage", "logons", path)) if str(row["event"]) == "302"]
    equal([(r["result"], r["user"], r["source_ip"], r["target"]) for r in gateway],
          [("success", "EXAMPLE\\u", "192.0.2.7", "pc")], "gateway")


main()
