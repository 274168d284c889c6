"""Where Windows events go: binary logs, `wevtutil` XML, Winlogbeat and NXLog JSON lines.

The way of collection belongs to the host: dc01 gives its EVTX files, fs01 an export by
`wevtutil qe Security /f:xml`, PCs of the head office and Osaka run Winlogbeat, those of Tokyo
and Asahikawa NXLog.
"""
import json

import clock
import company
import core
import evtx_writer
from evtx_writer import Element, inline_text, Typed

EVTX_PATHS = {
    "Security": ("logs/dc01/Security.evtx", 4410021),
    "System": ("logs/dc01/System.evtx", 91207),
    "Microsoft-Windows-TaskScheduler/Operational":
        ("logs/dc01/Microsoft-Windows-TaskScheduler%4Operational.evtx", 30551),
}
XML_PATH = "logs/fs01/Security.xml"
WINLOGBEAT_PATH = "logs/pc/winlogbeat.ndjson"
NXLOG_PATH = "logs/pc/nxlog.ndjson"
NXLOG_BRANCHES = {"tokyo", "asahikawa"}

# the first line of the rendered text; the rest is made from the fields
TITLES = {
    4624: ("アカウントが正常にログオンしました。", "An account was successfully logged on."),
    4625: ("アカウントがログオンに失敗しました。", "An account failed to log on."),
    4634: ("アカウントがログオフしました。", "An account was logged off."),
    4672: ("新しいログオンに特権が割り当てられました。",
           "Special privileges assigned to new logon."),
    4688: ("新しいプロセスが作成されました。", "A new process has been created."),
    4698: ("スケジュールされたタスクが作成されました。", "A scheduled task was created."),
    1102: ("監査ログが消去されました。", "The audit log was cleared."),
    7045: ("サービスがシステムにインストールされました。", "A service was installed in the system."),
    1: ("Process Create:", "Process Create:"),
    3: ("Network connection detected:", "Network connection detected:"),
    11: ("File created:", "File created:"),
}
TASKS = {4624: "Logon", 4625: "Logon", 4634: "Logoff", 4672: "Special Logon",
         4688: "Process Creation", 4698: "Other Object Access Events", 1102: "Log clear",
         1: "Process Create (rule: ProcessCreate)",
         3: "Network connection detected (rule: NetworkConnect)",
         11: "File created (rule: FileCreate)"}


def text_of(content):
    return inline_text(content) if isinstance(content, Typed) else content


def fields_of(event):
    """(name, text) of the payload, whichever kind it is."""
    if event.user_data is not None:
        return [(child.name, text_of(child.children[0])) for child in event.user_data.children]
    return [(name, text_of(content)) for name, content in event.data]


def message_of(event, language):
    """A rendered text: title, then the first fields (Windows writes them all, at length)."""
    title = TITLES.get(event.event_id, ("イベント", "Event"))[language]
    return title + "\n\n" + "\n".join(f"{name}:\t{text}" for name, text in fields_of(event)[:6])


class Counters:
    """EventRecordID per computer and channel."""

    def __init__(self):
        self.last = {}

    def next(self, event):
        key = (event.computer, event.channel)
        start = 1000 + core.digest(event.computer + event.channel) % 90000
        self.last[key] = self.last.get(key, start) + 1
        return self.last[key]


class RenderedJournal(core.TextJournal):
    """A text journal of events: rendered when written, so that record ids follow time."""

    def __init__(self, path, newline="\n"):
        super().__init__(path, newline)
        self.counters = Counters()

    def write(self, directory):
        self.entries.sort(key=lambda entry: entry[:2])
        self.entries = [(t, seq, self.render(t, event) if not isinstance(event, (str, bytes))
                         else event, tag) for t, seq, event, tag in self.entries]
        super().write(directory)


# ---------------------------------------------------------------------------- wevtutil XML


def escape_xml(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def element_xml(element):
    attributes = "".join(f" {name}='{escape_xml(text_of(content))}'"
                         for name, content in element.attributes)
    if not element.children:
        return f"<{element.name}{attributes}/>"
    inner = "".join(element_xml(child) if isinstance(child, Element)
                    else escape_xml(text_of(child)) for child in element.children)
    return f"<{element.name}{attributes}>{inner}</{element.name}>"


class XmlJournal(RenderedJournal):
    """No XML declaration, no root element, one event after the other, CRLF."""

    def __init__(self, path):
        super().__init__(path, newline="\r\n")

    def render(self, _t, event):
        return element_xml(evtx_writer.inline_event(self.counters.next(event), event))


# ------------------------------------------------------------------------------ Winlogbeat


class WinlogbeatJournal(RenderedJournal):
    AGENT = {"ephemeral_id": "51f1c7ce-0b4e-4e0e-9d7c-1a2f7d0a8e11", "type": "winlogbeat",
             "id": "6a1dc0f2-7d8f-4c5b-8e1e-0f4d8a91b7c3", "version": "8.12.2"}

    def render(self, t, event):
        payload = "user_data" if event.user_data is not None else "event_data"
        values = dict(fields_of(event))
        if event.user_data is not None:
            values = {"xml_name": event.user_data.name, **values}
        winlog = {
            "api": "wineventlog", "channel": event.channel, "computer_name": event.computer,
            payload: values, "event_id": str(event.event_id),
            "keywords": self.keywords(event), "opcode": "Info",
            "process": {"pid": event.process_id, "thread": {"id": event.thread_id}},
            "provider_guid": "{" + event.guid + "}", "provider_name": event.provider,
            "record_id": self.counters.next(event), "task": TASKS.get(event.event_id, ""),
        }
        if event.version:
            winlog["version"] = event.version
        if event.user_sid:
            winlog["user"] = {"identifier": event.user_sid}
        details = {"code": str(event.event_id), "kind": "event", "provider": event.provider,
                   "created": clock.utc(t + clock.SECOND, 3)}
        if event.channel == "Security":
            details["outcome"] = "failure" if event.keywords & 1 << 52 else "success"
        return json.dumps({
            "@timestamp": clock.utc(t, 3),
            "@metadata": {"beat": "winlogbeat", "type": "_doc", "version": "8.12.2"},
            "winlog": winlog, "event": details, "log": {"level": "information"},
            "message": message_of(event, 1), "host": {"name": event.computer},
            "agent": {**self.AGENT, "name": event.computer.split(".")[0]},
            "ecs": {"version": "8.0.0"},
        }, ensure_ascii=False, separators=(",", ":"))

    @staticmethod
    def keywords(event):
        if event.channel != "Security":
            return []
        return ["Audit Failure" if event.keywords & 1 << 52 else "Audit Success"]


# ----------------------------------------------------------------------------------- NXLog


class NxlogJournal(RenderedJournal):
    """im_msvistalog with to_json(): flat, local time without a zone."""

    def render(self, t, event):
        failure = bool(event.keywords & 1 << 52)
        security = event.channel == "Security"
        kind = ("AUDIT_FAILURE" if failure else "AUDIT_SUCCESS") if security else "INFO"
        signed = event.keywords - 2**64 if event.keywords >= 2**63 else event.keywords
        record = {
            "EventTime": clock.local(t), "Hostname": event.computer, "Keywords": signed,
            "EventType": kind, "SeverityValue": 4 if failure else 2,
            "Severity": "ERROR" if failure else "INFO", "EventID": event.event_id,
            "SourceName": event.provider, "ProviderGuid": "{" + event.guid.upper() + "}",
            "Version": event.version, "Task": event.task, "OpcodeValue": event.opcode,
            "RecordNumber": self.counters.next(event), "ProcessID": event.process_id,
            "ThreadID": event.thread_id, "Channel": event.channel,
        }
        if event.user_sid:
            record |= {"Domain": "NT AUTHORITY", "AccountName": "SYSTEM",
                       "UserID": event.user_sid, "AccountType": "User"}
        record |= {"Message": message_of(event, 0).replace("\n", "\r\n"), "Opcode": "情報"}
        record |= dict(fields_of(event))
        record |= {"EventReceivedTime": clock.local(t + 2 * clock.SECOND),
                   "SourceModuleName": "eventlog", "SourceModuleType": "im_msvistalog"}
        return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


# ------------------------------------------------------------------------------ the switch


def fqdn(host):
    return f"{host}.{company.AD_DNS}"


class Windows:
    """emit() brings an event to the journal of its host."""

    def __init__(self, site):
        self.site = site
        for journal in (XmlJournal(XML_PATH), WinlogbeatJournal(WINLOGBEAT_PATH),
                        NxlogJournal(NXLOG_PATH)):
            site.journals[journal.path] = journal

    def emit(self, t, event, tag=None):
        host = event.computer.split(".")[0]
        if host == "dc01":
            path, first = EVTX_PATHS[event.channel]
            self.site.event_log(path, first).add(t, event, tag)
        elif host == "fs01":
            self.site.journals[XML_PATH].add(t, event, tag)
        elif company.PC_OWNER[host].branch in NXLOG_BRANCHES:
            self.site.journals[NXLOG_PATH].add(t, event, tag)
        else:
            self.site.journals[WINLOGBEAT_PATH].add(t, event, tag)
