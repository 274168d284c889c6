#!/usr/bin/env python3
"""Rules of every kind of log source find their events: own samples of each log, `konseki scan`."""
import json
import pathlib
import subprocess
import sys
import tempfile

from harness import PROGRAM

SYSMON_LINUX = (
    'Mar  4 10:00:00 host1 sysmon: <Event><System><Provider Name="Linux-Sysmon" '
    'Guid="{ff032593-a8d3-4f13-b0d6-01fc615a0f97}"/><EventID>%d</EventID><Version>5</Version>'
    '<Level>4</Level><Task>1</Task><Opcode>0</Opcode><Keywords>0x8000000000000000</Keywords>'
    '<TimeCreated SystemTime="2026-03-04T10:00:00.000000000Z"/><EventRecordID>7</EventRecordID>'
    '<Correlation/><Execution ProcessID="99" ThreadID="99"/>'
    '<Channel>Linux-Sysmon/Operational</Channel><Computer>host1</Computer>'
    '<Security UserId="0"/></System><EventData>%s</EventData></Event>')


def data(**fields):
    return "".join('<Data Name="%s">%s</Data>' % f for f in fields.items())


WINDOWS = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1, "Computer": "pc1",
           "Provider_Name": "Microsoft-Windows-Sysmon", "Image": r"C:\Tools\evil.exe",
           "CommandLine": "evil.exe -x", "ParentImage": r"C:\Windows\explorer.exe"}
AUDITED = {"Channel": "Security", "EventID": 4688, "Computer": "pc1",
           "Provider_Name": "Microsoft-Windows-Security-Auditing",
           "NewProcessName": r"C:\Tools\evil.exe", "CommandLine": "evil.exe -x",
           "ParentProcessName": r"C:\Windows\explorer.exe"}
WINLOGBEAT = {"@timestamp": "2026-03-04T10:00:00Z",
              "winlog": {"channel": "Microsoft-Windows-Sysmon/Operational", "event_id": 1,
                         "computer_name": "pc1", "provider_name": "Microsoft-Windows-Sysmon",
                         "event_data": {"Image": r"C:\Tools\evil.exe",
                                        "CommandLine": "evil.exe -x"}}}
KUBE = {"kind": "Event", "apiVersion": "audit.k8s.io/v1", "verb": "create",
        "objectRef": {"resource": "pods", "apiGroup": "batch", "namespace": "kube-system"},
        "requestObject": {"spec": {"volumes": [{"hostPath": {"path": "/etc"}}]}}}
GCP = {"protoPayload": {"methodName": "v1.compute.routers.delete",
                        "serviceName": "compute.googleapis.com"}, "logName": "x"}

# (name, log source, selection, line or object that matches, one that does not)
CASES = [
    ("sysmon-linux process", "product: linux\n  category: process_creation",
     "Image|endswith: /curl\n    CommandLine|contains: evil",
     SYSMON_LINUX % (1, data(Image="/usr/bin/curl", CommandLine="curl http://evil/")),
     SYSMON_LINUX % (3, data(Image="/usr/bin/curl", CommandLine="curl http://evil/"))),
    ("sysmon-linux network", "product: linux\n  category: network_connection",
     "DestinationPort: 4444", SYSMON_LINUX % (3, data(DestinationPort="4444")),
     SYSMON_LINUX % (1, data(DestinationPort="4444"))),
    ("sysmon-linux file", "product: linux\n  category: file_event",
     "TargetFilename|startswith: /etc/cron.d/",
     SYSMON_LINUX % (11, data(TargetFilename="/etc/cron.d/x")),
     SYSMON_LINUX % (11, data(TargetFilename="/tmp/x"))),
    ("every channel of Windows", "product: windows", "Computer: host1",
     dict(WINDOWS, Computer="host1"), SYSMON_LINUX % (1, data(Image="/usr/bin/curl"))),
    ("windows process in ECS", "product: windows\n  category: process_creation",
     "process.name: evil.exe\n    process.command_line|contains: ' -x'\n"
     "    process.parent.name: explorer.exe\n    event.code: 1", WINDOWS,
     dict(WINDOWS, CommandLine="evil.exe")),
    ("4688 in ECS", "product: windows\n  category: process_creation",
     "process.executable|endswith: \\evil.exe\n    process.parent.executable|endswith: \\explorer.exe",
     AUDITED, dict(AUDITED, EventID=4689)),
    ("4688 in native names", "product: windows\n  category: process_creation",
     "Image|endswith: \\evil.exe\n    ParentImage|endswith: \\explorer.exe", AUDITED,
     dict(AUDITED, ParentProcessName="x")),
    ("winlogbeat, native names", "product: windows\n  category: process_creation",
     "Image|endswith: \\evil.exe", WINLOGBEAT, {"winlog": {"channel": "x", "event_id": 1}}),
    ("windows event data by its full name", "product: windows\n  service: sysmon",
     "winlog.event_data.Image|endswith: \\evil.exe", WINDOWS, dict(WINDOWS, Image="x")),
    ("cloudtrail", "product: aws\n  service: cloudtrail",
     "eventSource: iam.amazonaws.com\n    eventName: CreateUser\n    userIdentity.type: Root\n"
     "    src_ip|cidr: 203.0.113.0/24",
     {"eventVersion": "1.08", "eventTime": "2026-03-04T10:00:00Z", "eventSource":
      "iam.amazonaws.com", "eventName": "CreateUser", "userIdentity": {"type": "Root"},
      "sourceIPAddress": "203.0.113.9"},
     {"eventSource": "iam.example.org", "eventName": "CreateUser",
      "userIdentity": {"type": "Root"}, "sourceIPAddress": "203.0.113.9"}),
    ("azure activity", "product: azure\n  service: activitylogs",
     "operationName: MICROSOFT.COMPUTE/VIRTUALMACHINES/DELETE",
     {"time": "2026-03-04T10:00:00Z", "resourceId": "/SUBSCRIPTIONS/1", "category":
      "Administrative", "operationName": "Microsoft.Compute/virtualMachines/delete"},
     {"operationName": "Microsoft.Compute/virtualMachines/delete", "category": "SignInLogs"}),
    ("azure activity of a workspace", "product: azure\n  service: activitylogs",
     "operationName: X/DELETE", {"OperationNameValue": "x/delete", "CategoryValue": "y"},
     {"OperationNameValue": "x/write"}),
    ("azure audit", "product: azure\n  service: auditlogs",
     "properties.message: Add service principal",
     {"category": "AuditLogs", "operationName": "Add service principal",
      "properties": {"result": "success"}},
     {"category": "Other", "operationName": "Add service principal"}),
    ("azure sign-in", "product: azure\n  service: signinlogs",
     "ResultType: 50126\n    AuthenticationRequirement: singleFactorAuthentication",
     {"category": "SignInLogs", "resultType": "50126",
      "properties": {"authenticationRequirement": "singleFactorAuthentication"}},
     {"category": "SignInLogs", "resultType": "0",
      "properties": {"authenticationRequirement": "singleFactorAuthentication"}}),
    ("azure risk", "product: azure\n  service: riskdetection",
     "riskEventType: leakedCredentials", {"properties": {"riskEventType": "leakedCredentials"}},
     {"properties": {"riskEventType": "other"}}),
    ("gcp", "product: gcp\n  service: gcp.audit",
     "gcp.audit.method_name|endswith: .delete\n"
     "    data.protoPayload.serviceName: compute.googleapis.com", GCP,
     {"methodName": "v1.compute.routers.delete"}),
    ("workspace", "product: gcp\n  service: google_workspace.admin",
     "eventService: admin.googleapis.com\n    eventName: ASSIGN_ROLE",
     {"kind": "admin#reports#activity", "id": {"applicationName": "admin"},
      "events": [{"type": "DELEGATED_ADMIN_SETTINGS", "name": "ASSIGN_ROLE"}]},
     {"id": {"applicationName": "drive"}, "events": [{"name": "ASSIGN_ROLE"}]}),
    ("m365", "product: m365\n  service: audit",
     "Operation: New-InboxRule\n    Workload: Exchange",
     {"Workload": "Exchange", "Operation": "New-InboxRule"}, {"Operation": "New-InboxRule"}),
    ("m365 alert", "product: m365\n  service: threat_management",
     "eventSource: SecurityComplianceCenter\n    eventName: Mass download\n    status: success",
     {"Workload": "SecurityComplianceCenter", "Operation": "AlertTriggered",
      "Name": "Mass download", "ResultStatus": "success"},
     {"Workload": "Exchange", "Name": "Mass download", "ResultStatus": "success"}),
    ("okta", "product: okta\n  service: okta",
     "eventType: user.session.start\n    outcome.result: FAILURE",
     {"eventType": "user.session.start", "published": "2026-03-04T10:00:00Z",
      "outcome": {"result": "FAILURE"}},
     {"eventType": "user.session.start", "outcome": {"result": "FAILURE"}}),
    ("onelogin", "product: onelogin\n  service: onelogin.events", "event_type_id: 14",
     {"event_type_id": 14}, {"event_type_id": 15}),
    ("github", "product: github\n  service: audit", "action: repo.destroy",
     {"action": "repo.destroy", "actor": "octo"}, {"action": "repo.destroy"}),
    ("bitbucket", "product: bitbucket\n  service: audit",
     "auditType.category: Users\n    auditType.action: User deleted",
     {"auditType": {"category": "Users", "action": "User deleted"}}, {"auditType": {}}),
    ("duo", "product: cisco\n  service: duo", "event_type: authentication\n    reason: user_marked_fraud",
     {"event_type": "authentication", "reason": "user_marked_fraud", "txid": "1"},
     {"event_type": "authentication", "reason": "user_marked_fraud"}),
    ("kubernetes", "product: kubernetes\n  service: audit",
     "verb: create\n    objectRef.resource: pods\n    apiGroup: batch\n    hostPath: /etc", KUBE,
     dict(KUBE, apiVersion="v1")),
    ("opencanary", "category: application\n  product: opencanary", "logtype: 4002",
     {"logtype": 4002, "src_host": "192.0.2.1"}, {"logtype": 4000}),
    ("rpc firewall", "category: application\n  product: rpc_firewall",
     "EventLog: RPCFW\n    OpNum: 6", {"EventLog": "RPCFW", "OpNum": 6}, {"OpNum": 6}),
    ("zeek dns", "product: zeek\n  service: dns", "query|endswith: .evil.example",
     {"ts": 1772618400.1, "uid": "C1", "id.orig_h": "10.0.0.1", "query": "a.evil.example",
      "rejected": False}, {"query": "a.evil.example"}),
    ("zeek http", "product: zeek\n  service: http", "c-uri: /x\n    id.resp_h: 192.0.2.5",
     {"uid": "C1", "id.orig_h": "10.0.0.1", "id.resp_h": "192.0.2.5", "trans_depth": 1,
      "uri": "/x"}, {"uid": "C1", "id.resp_h": "192.0.2.5", "uri": "/x"}),
    ("zeek smb_files", "product: zeek\n  service: smb_files", "path|endswith: IPC$\n    name: svcctl",
     {"uid": "C1", "id.orig_h": "10.0.0.1", "action": "SMB::FILE_OPEN", "path": "\\\\h\\IPC$",
      "name": "svcctl"}, {"uid": "C1", "path": "\\\\h\\IPC$", "name": "svcctl"}),
    ("macos", "product: macos\n  category: process_creation",
     "Image|endswith: /osascript\n    CommandLine|contains: evil",
     {"host": {"os": {"type": "macos"}}, "process": {"executable": "/usr/bin/osascript",
                                                     "command_line": "osascript evil"}},
     {"process": {"executable": "/usr/bin/osascript", "command_line": "osascript evil"}}),
    ("nginx as JSON", "category: webserver",
     "cs-uri-query|contains: passwd\n    cs-method: GET\n    sc-status: 200",
     {"time": "2026-03-04T10:00:00Z", "request_uri": "/?f=/etc/passwd", "request_method": "GET",
      "status": "200"}, {"request_uri": "/", "request_method": "GET", "status": "200"}),
    ("squid", "category: proxy", "c-uri|contains: evil.example\n    cs-method: GET\n    c-ip: 10.1.2.3",
     "1772618400.123     55 10.1.2.3 TCP_MISS/200 1234 GET http://evil.example/a - "
     "HIER_DIRECT/203.0.113.7 text/html",
     "1772618400.123     55 10.1.2.4 TCP_MISS/200 1234 GET http://evil.example/a - "
     "HIER_DIRECT/203.0.113.7 text/html"),
    ("auditd", "product: linux\n  service: auditd",
     "type: EXECVE\n    a0: cat\n    a1|contains: passwd",
     'type=EXECVE msg=audit(1772618400.123:801): argc=2 a0="cat" a1=2F6574632F706173737764',
     'type=SYSCALL msg=audit(1772618400.123:801): argc=2 a0="cat" a1=2F6574632F706173737764'),
    ("auditd, enriched", "product: linux\n  service: auditd",
     "type: SYSCALL\n    SYSCALL: execve\n    exe: /usr/bin/cat",
     'type=SYSCALL msg=audit(1772618400.1:8): syscall=59 exe="/usr/bin/cat"\x1dSYSCALL=execve UID="r"',
     'type=SYSCALL msg=audit(1772618400.1:8): syscall=59 exe="/usr/bin/cat"\x1dSYSCALL=open UID="r"'),
    ("web server", "category: webserver",
     "cs-uri-query|contains: /etc/passwd\n    cs-method: GET\n    sc-status: 200\n"
     "    cs-user-agent|startswith: curl",
     '192.0.2.1 - - [04/Mar/2026:10:00:00 +0900] "GET /a?f=/etc/passwd HTTP/1.1" 200 5 "-" "curl/8"',
     '192.0.2.1 - - [04/Mar/2026:10:00:00 +0900] "GET /a?f=/etc/passwd HTTP/1.1" 404 5 "-" "curl/8"'),
    ("sshd", "product: linux\n  service: sshd", None,
     "Mar  4 10:00:00 host1 sshd[99]: fatal: evil marker", "Mar  4 10:00:00 host1 cron[9]: evil marker"),
    ("sudo", "product: linux\n  service: sudo",
     "USER|startswith: '#-'\n    COMMAND|endswith: /bash\n    PWD: /home/bob\n    TTY: pts/0",
     "Mar  4 10:00:00 host1 sudo:      bob : TTY=pts/0 ; PWD=/home/bob ; USER=#-1 ; COMMAND=/bin/bash",
     "Mar  4 10:00:00 host1 sudo:      bob : TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/bin/bash"),
    ("cisco ios", "product: cisco\n  service: aaa", "- evil marker",
     "Mar  4 10:00:00 r1 99: Mar  4 10:00:00.123: %PARSER-5-CFGLOG_LOGGEDCMD: User:bob  logged "
     "command:evil marker", "Mar  4 10:00:00 host1 bash[9]: evil marker"),
    ("cisco ios without a number", "product: cisco\n  service: bgp", "- evil marker",
     "Mar  4 10:00:00 r1 %BGP-3-NOTIFICATION: evil marker", "Mar  4 10:00:00 r1 evil marker: 50%"),
    ("proxy as JSON", "category: proxy", "c-uri|endswith: /a.exe\n    c-useragent: x\n    sc-status: 200",
     {"c-uri": "http://h.example/a.exe", "c-useragent": "x", "sc-status": 200},
     {"c-uri": "http://h.example/a.exe", "c-useragent": "x", "sc-status": 404}),
    ("proxy as JSON, path and host", "category: proxy", "c-uri: /a\n    cs-host|endswith: .example",
     {"c-uri": "/a", "cs-host": "h.example", "cs-method": "GET"},
     {"c-uri": "/a", "cs-host": "h.example.org", "cs-method": "GET"}),
    ("proxy in ECS", "category: proxy", "c-uri|endswith: /a.exe\n    c-useragent: x",
     {"url": {"full": "http://h.example/a.exe"}, "user_agent": {"original": "x"}},
     {"url": {"full": "http://h.example/b.exe"}, "user_agent": {"original": "x"}}),
    ("webserver as JSON", "category: webserver", "cs-uri-query|contains: /etc/passwd\n    cs-method: GET",
     {"cs-method": "GET", "cs-uri-stem": "/a", "cs-uri-query": "f=/etc/passwd", "sc-status": 200},
     {"cs-method": "POST", "cs-uri-stem": "/a", "cs-uri-query": "f=/etc/passwd", "sc-status": 200}),
    ("firewall as JSON", "category: firewall", "dst_port: 22\n    action: blocked\n    src_ip|cidr: 192.0.2.0/24",
     {"src_ip": "192.0.2.9", "dst_ip": "198.51.100.1", "dst_port": 22, "action": "blocked"},
     {"src_ip": "192.0.2.9", "dst_ip": "198.51.100.1", "dst_port": 22, "action": "allowed"}),
    ("dns as JSON", "category: dns", "query|endswith: .evil.example\n    record_type: TXT\n    answer|contains: IEX",
     {"query": "a.evil.example", "record_type": "TXT", "answer": "IEX x"},
     {"query": "a.evil.example", "record_type": "A", "answer": "IEX x"}),
    ("dns in ECS", "category: dns", "query|endswith: .evil.example",
     {"dns": {"question": {"name": "a.evil.example"}}}, {"dns": {"question": {"name": "evil.example"}}}),
    ("linux process in ECS", "product: linux\n  category: process_creation",
     "Image|endswith: /curl\n    ParentImage: /bin/sh\n    CommandLine|contains: evil",
     {"host": {"os": {"type": "linux"}}, "process": {"executable": "/usr/bin/curl", "command_line":
      "curl evil", "parent": {"executable": "/bin/sh"}}},
     {"host": {"os": {"type": "macos"}}, "process": {"executable": "/usr/bin/curl", "command_line":
      "curl evil", "parent": {"executable": "/bin/sh"}}}),
    ("linux process in Sysmon's words", "product: linux\n  category: process_creation",
     "Image|endswith: /curl\n    CommandLine|contains: evil",
     {"Image": "/usr/bin/curl", "CommandLine": "curl evil"},
     {"Image": "C:\\x/curl", "CommandLine": "curl evil"}),
    ("linux connection in ECS", "product: linux\n  category: network_connection",
     "DestinationPort: 4444\n    Initiated: 'true'",
     {"host": {"os": {"type": "linux"}}, "destination": {"ip": "192.0.2.1", "port": 4444},
      "network": {"direction": "egress"}},
     {"host": {"os": {"type": "linux"}}, "destination": {"ip": "192.0.2.1", "port": 4444},
      "network": {"direction": "ingress"}}),
    ("windows process of an endpoint in ECS", "product: windows\n  category: process_creation",
     "Image|endswith: \\evil.exe\n    ParentImage|endswith: \\explorer.exe\n    CommandLine: evil -x",
     {"host": {"os": {"type": "windows"}}, "process": {"executable": "C:\\evil.exe", "command_line":
      "evil -x", "parent": {"executable": "C:\\explorer.exe"}}},
     {"process": {"executable": "C:\\evil.exe", "command_line": "evil -x",
                  "parent": {"executable": "C:\\explorer.exe"}}}),
    ("macos, only a command line", "product: macos\n  category: process_creation",
     "CommandLine|contains: evil", {"host": {"os": {"type": "macos"}}, "process":
                                    {"command_line": "osascript evil"}},
     {"host": {"os": {"type": "linux"}}, "process": {"command_line": "osascript evil"}}),
    ("azure audit, targets", "product: azure\n  service: auditlogs",
     "operationName: Add member to role\n    properties.targetResources|contains: Admin",
     {"category": "AuditLogs", "operationName": "Add member to role", "properties":
      {"targetResources": [{"id": "1", "modifiedProperties": [{"displayName": "Role.DisplayName",
                                                              "newValue": "Global Administrator"}]}]}},
     {"category": "AuditLogs", "operationName": "Add member to role", "properties":
      {"targetResources": [{"id": "1", "displayName": "Readers"}]}}),
    ("cron", "product: linux\n  service: cron", None,
     "Mar  4 10:00:00 host1 CRON[99]: (root) evil marker", "Mar  4 10:00:00 host1 sshd[9]: evil marker"),
]

RULE = """title: case %d
id: 00000000-0000-4000-8000-%012d
logsource:
  %s
detection:
  selection:
    %s
  condition: selection
"""


def line_of(sample):
    return sample if isinstance(sample, str) else json.dumps(sample)


def write_cases(folder):
    for number, (_, source, selection, hit, miss) in enumerate(CASES):
        text = selection or "- evil marker"
        (folder / ("%d.yml" % number)).write_text(RULE % (number, number, source, text))
        (folder / ("%d.log" % number)).write_text(line_of(hit) + "\n" + line_of(miss) + "\n")


def hits_of(folder, number):
    done = subprocess.run(
        [PROGRAM, "scan", "--tz", "UTC", "--format", "jsonl", "--rules",
         str(folder / ("%d.yml" % number)), str(folder / ("%d.log" % number))],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, text=True)
    if done.returncode != 0:
        return done.stderr
    return [json.loads(line)["event"].get("line") for line in done.stdout.splitlines()]


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_cases(folder)
        for number, case in enumerate(CASES):
            hits = hits_of(folder, number)
            if hits != [1]:
                failed += 1
                print("%s: lines %s, wanted [1]" % (case[0], hits))
    print("%d passed, %d failed, 0 skipped" % (len(CASES) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
