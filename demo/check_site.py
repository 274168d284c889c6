#!/usr/bin/env python3
"""Check a site written by make_site.py; prints a table, exit 1 when something is wrong.

    python3 demo/check_site.py DIR

  * every log is there, and has the number of lines or records that a newcomer expects to see;
  * every planted thing has its events, and each of its entities stands in at least one of them;
  * JSON and XML are well-formed;
  * the binary logs decode: evtxexport (libevtx-utils), when installed, finds every record;
  * nothing in the background looks like an attack by accident (beacons, odd ports, uploads,
    listed addresses), judged by rough detectors of this script;
  * a second run of the generator gives the same bytes.
"""
import base64
import collections
import filecmp
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import urllib.parse
import xml.etree.ElementTree
import zlib

sys.dont_write_bytecode = True

import clock  # noqa: E402
import company  # noqa: E402

# log -> least number of lines (records for EVTX)
EXPECTED = {
    "logs/fw01/fortigate.log": 5000, "logs/ssg01/screenos.log": 2500, "logs/asa01/asa.log": 2500,
    "logs/rtx01/rtx.log": 1500, "logs/proxy01/access.log": 1800,
    "logs/proxy02/access_combined.log": 4500, "logs/mx01/maillog": 5000,
    "logs/ns01/query.log": 2000, "logs/dhcp01/dhcpd.log": 2500,
    "logs/dc01/Security.evtx": 2000, "logs/dc01/System.evtx": 600,
    "logs/dc01/Microsoft-Windows-TaskScheduler%4Operational.evtx": 600,
    "logs/fs01/Security.xml": 1500, "logs/pc/winlogbeat.ndjson": 1200,
    "logs/pc/nxlog.ndjson": 800, "logs/srv01/app.log": 800, "logs/srv01/nichiji.txt": 20,
}
WORD = re.compile(r"=\?([^?]+)\?B\?([A-Za-z0-9+/=]+)\?=(?:\? )?")


class Checker:
    """Reads the site once and collects what is wrong."""

    def __init__(self, directory):
        self.directory = directory
        self.problems = []
        self.cache = {}

    def fail(self, text):
        self.problems.append(text)

    def lines(self, path):
        """The physical lines of a text log, as text (undecodable bytes escaped)."""
        if path not in self.cache:
            with open(os.path.join(self.directory, path), "rb") as source:
                raw = source.read()
            encoding = "cp932" if path.endswith("nichiji.txt") else "utf-8"
            self.cache[path] = [line.decode(encoding, "backslashreplace")
                                for line in raw.split(b"\n")]
        return self.cache[path]

    def records(self, path):
        """The bytes of each record of a binary log, in order, found by walking the chunks."""
        if path not in self.cache:
            with open(os.path.join(self.directory, path), "rb") as source:
                raw = source.read()
            self.cache[path] = list(walk_evtx(raw))
        return self.cache[path]


def walk_evtx(raw):
    """(record number, bytes) of every record, with signatures, sizes and checksums checked."""
    if raw[:8] != b"ElfFile\0" or zlib.crc32(raw[:120]) != struct.unpack_from("<I", raw, 124)[0]:
        raise ValueError("file header: bad signature or checksum")
    for start in range(4096, len(raw), 65536):
        chunk = raw[start:start + 65536]
        at, end = 512, struct.unpack_from("<I", chunk, 48)[0]
        sums = (struct.unpack_from("<I", chunk, 52)[0], struct.unpack_from("<I", chunk, 124)[0])
        wanted = (zlib.crc32(chunk[at:end]), zlib.crc32(chunk[:120] + chunk[128:512]))
        if chunk[:8] != b"ElfChnk\0" or sums != wanted:
            raise ValueError(f"chunk at {start}: bad signature or checksum")
        while at < end:
            size, number = struct.unpack_from("<IQ", chunk, at + 4)
            trailer = struct.unpack_from("<I", chunk, at + size - 4)[0]
            if chunk[at:at + 4] != b"**\0\0" or trailer != size:
                raise ValueError(f"chunk at {start}, record at {at}: damaged")
            yield number, chunk[at:at + size]
            at += size


def check_volume(checker):
    total = 0
    for path, least in EXPECTED.items():
        full = os.path.join(checker.directory, path)
        if not os.path.exists(full):
            checker.fail(f"{path}: missing")
            continue
        size = os.path.getsize(full)
        evtx = path.endswith(".evtx")
        count = len(checker.records(path)) if evtx else len(checker.lines(path)) - 1
        total += size
        print(f"{count:8d} {'records' if evtx else 'lines  '} {size:9d} bytes  {path}")
        if count < least:
            checker.fail(f"{path}: {count}, expected at least {least}")
    if not 8e6 <= total <= 20.5e6:
        checker.fail(f"logs have {total} bytes together, expected 8 to 20 MB")


def decoded(text):
    """A line with RFC 2047 words, RFC 2231 values and escapes of JSON and XML undone."""
    def word(match):
        charset, data = match.groups()
        codec = "iso2022_jp" if charset.lower() == "iso-2022-jp" else charset
        return base64.b64decode(data).decode(codec, "replace")
    text = WORD.sub(word, text)
    text = urllib.parse.unquote(text)
    text = text.replace("\\\\", "\\").replace("&lt;", "<").replace("&gt;", ">")
    return text.lower()


def event_text(checker, event):
    """What one piece of evidence says, in lower case."""
    if "idx" in event:
        number, raw = checker.records(event["file"])[event["idx"]]
        if number != event["record_id"]:
            checker.fail(f"{event['file']}: index {event['idx']} is record {number}, "
                         f"not {event['record_id']}")
        both = raw.decode("utf-16-le", "replace") + raw[1:].decode("utf-16-le", "replace")
        return both.lower()
    return decoded(checker.lines(event["file"])[event["line"] - 1])


def check_stories(checker):
    with open(os.path.join(checker.directory, "story.json"), encoding="utf-8") as source:
        stories = json.load(source)
    for story in stories:
        if not story["events"]:
            checker.fail(f"{story['key']}: no events")
            continue
        text = "\n".join(event_text(checker, event) for event in story["events"])
        for key, values in story["entities"].items():
            for value in values:
                known_by_path = any(f"/{value}/" in event["file"] for event in story["events"])
                if value.lower() not in text and not known_by_path:
                    checker.fail(f"{story['key']}: {key}={value} stands in none of its events")
    seen = {story["analysis"] for story in stories if story["level"] != "none"}
    wanted = {"FW-02", "FW-03", "ML-01", "ML-02", "PX-01", "PX-02", "PX-04", "PX-05", "PX-06",
              "AD-01", "AD-02", "AD-03", "AD-04", "AD-05"}
    for analysis in sorted(wanted - seen):
        checker.fail(f"{analysis}: nothing planted")
    print(f"{len(stories)} planted things, {sum(len(s['events']) for s in stories)} events")
    return stories


def check_syntax(checker):
    """JSON lines and the XML export must be well-formed, whatever Japanese they hold."""
    for path in ("logs/pc/winlogbeat.ndjson", "logs/pc/nxlog.ndjson"):
        for number, line in enumerate(checker.lines(path)[:-1], 1):
            try:
                json.loads(line)
            except ValueError as error:
                checker.fail(f"{path}:{number}: {error}")
    text = "\n".join(checker.lines("logs/fs01/Security.xml"))
    events = len(xml.etree.ElementTree.fromstring(f"<all>{text}</all>"))
    print(f"{events} events in logs/fs01/Security.xml")


def check_decoder(checker):
    """evtxexport must find every record and complain about none."""
    if not shutil.which("evtxexport"):
        print("SKIPPED: evtxexport not found (package libevtx-utils)")
        return
    for path in (p for p in EXPECTED if p.endswith(".evtx")):
        run = subprocess.run(["evtxexport", "-f", "xml", os.path.join(checker.directory, path)],
                             capture_output=True, timeout=120, check=False)
        found = run.stdout.count(b"<Event xmlns=")
        expected = len(checker.records(path))
        print(f"evtxexport: {found} of {expected} records of {path}")
        if found != expected or run.returncode != 0:
            checker.fail(f"{path}: evtxexport {run.stderr[:200]!r}")


REQUEST = re.compile(r'^(\S+) - (\S+) \[(\d\d)/\S+ \S+\] "(\S+) (\S+) HTTP/1\.1" (\d+) (\d+) '
                     r'"[^"]*" "([^"]*)" \S+ "[^"]*" (\d+) ')
NATIVE = re.compile(r"^(\d+)\.\d+ +\d+ (\S+) \S+/(\d+) \d+ (\S+) (\S+) (\S+) ")


def requests(checker):
    """(client, day, method, host, port, bytes sent or None) of both proxies."""
    for line in checker.lines("logs/proxy02/access_combined.log"):
        match = REQUEST.match(line)
        if match and match[6] != "407":
            yield (match[1], int(match[3]) - clock.FIRST_DATE.day, match[4], *authority(match[5]), int(match[9]),
                   match[8])
    for line in checker.lines("logs/proxy01/access.log"):
        match = NATIVE.match(line)
        if match and match[3] != "407":
            day = (int(match[1]) * clock.SECOND - clock.START) // clock.DAY
            yield (match[2], day, match[4], *authority(match[5]), None, None)


def authority(url):
    host, _, port = url.split("//")[-1].split("/")[0].partition(":")
    return host, int(port or 80)


def check_background(checker, stories):
    """Rough detectors over the proxies: whatever they find must be in the story."""
    planted = {value for story in stories for values in story["entities"].values()
               for value in values}
    allowed = {match["destination"] for _, match, _, _ in company.ALLOW if "destination" in match}
    days, clients, sent = (collections.defaultdict(set), collections.defaultdict(set),
                           collections.Counter())  # clients: per (host, day)
    for client, day, method, host, port, size, _agent in requests(checker):
        days[client, host].add(day)
        clients[host, day].add(client)
        sent[client, host] += size or 0
        if method == "CONNECT" and port not in (80, 443) and host not in planted:
            checker.fail(f"background: {client} CONNECT {host}:{port}")
    for (client, host), seen in days.items():
        for first in (d for d in range(2) if {d, d + 1, d + 2} <= seen):
            others = set().union(*(clients[host, first + n] for n in range(3)))
            if len(others) < 10 and host not in planted | allowed:
                checker.fail(f"background: {client} meets {host} on {len(seen)} days")
    for (client, host), total in sent.items():
        if total > 10 << 20 and host not in planted | allowed:
            checker.fail(f"background: {client} sent {total} bytes to {host}")
    check_listed(checker, stories)


def check_listed(checker, stories):
    """No address of the IOC list stands in a line of the firewalls but those of the stories."""
    told = {(event["file"], event.get("line")) for story in stories for event in story["events"]}
    with open(os.path.join(checker.directory, "ioc/ip.txt"), encoding="utf-8") as source:
        listed = {line.split(",")[0] for line in source}
    address = re.compile(r"\b192\.0\.2\.\d+\b")
    for path in (p for p in EXPECTED if p.endswith((".log", "maillog"))):
        for number, line in enumerate(checker.lines(path), 1):
            if listed & set(address.findall(line)) and (path, number) not in told:
                checker.fail(f"background: {path}:{number} holds a listed address")


def check_repeatable(checker):
    """Generate again and compare byte by byte."""
    with tempfile.TemporaryDirectory() as second:
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "make_site.py")
        environment = dict(os.environ, PYTHONHASHSEED="4711", TZ="America/Lima", LC_ALL="C")
        subprocess.run([sys.executable, script, "--out", second], check=True, timeout=300,
                       stdout=subprocess.DEVNULL, env=environment)
        for folder, _, names in os.walk(second):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), second)
                first = os.path.join(checker.directory, path)
                if not os.path.exists(first) or not filecmp.cmp(
                        first, os.path.join(second, path), shallow=False):
                    checker.fail(f"{path}: a second run gives other bytes")


def main(arguments):
    if len(arguments) != 1:
        print("usage: check_site.py DIR", file=sys.stderr)
        return 2
    checker = Checker(arguments[0])
    check_volume(checker)
    stories = check_stories(checker)
    check_syntax(checker)
    check_decoder(checker)
    check_background(checker, stories)
    check_repeatable(checker)
    for problem in checker.problems:
        print(f"PROBLEM: {problem}")
    print("site is as it should be" if not checker.problems else
          f"{len(checker.problems)} problems")
    return 1 if checker.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
