"""Windows events as neutral objects, and the catalogue of those that the demo needs.

The same Event (evtx_writer.Event) goes to a binary log, to `wevtutil` XML, to Winlogbeat or to
NXLog: what differs is only the host's way of collection (see winsinks.py). Field names and
their order are those of Windows Server 2022.
"""
import clock
from evtx_writer import BOOL, Element, Event, HEX32, HEX64, GUID, SID, Typed, UINT16
from evtx_writer import UINT32

AUDIT = ("Microsoft-Windows-Security-Auditing", "54849625-5478-4994-a5ba-3e3b0328c30d")
EVENTLOG = ("Microsoft-Windows-Eventlog", "fc65ddd8-d6ef-4962-83d5-6e5cfe9ce148")
SYSMON = ("Microsoft-Windows-Sysmon", "5770385f-c22a-43e0-bf4c-06f5698ffbd9")
TASKS = ("Microsoft-Windows-TaskScheduler", "de7b24ea-73c8-4a09-985d-5bdadcfa9017")
SERVICES = ("Service Control Manager", "555908d1-a6d7-4695-8e1e-26931d2012f4")
TIME = ("Microsoft-Windows-Time-Service", "06edcfeb-0fd1-4e53-acca-a6f8bbf81bcb")
RDP_CLIENT = ("Microsoft-Windows-TerminalServices-ClientActiveXCore",
              "28aa95bb-d444-4719-a36f-40462168127e")

SUCCESS, FAILURE = 0x8020000000000000, 0x8010000000000000
SYSTEM_SID = "S-1-5-18"
NULL_SID = "S-1-0-0"
NO_GUID = "00000000-0000-0000-0000-000000000000"
PRIVILEGES = ["SeSecurityPrivilege", "SeTakeOwnershipPrivilege", "SeLoadDriverPrivilege",
              "SeBackupPrivilege", "SeRestorePrivilege", "SeDebugPrivilege",
              "SeSystemEnvironmentPrivilege", "SeEnableDelegationPrivilege",
              "SeImpersonatePrivilege"]


def sid(value):
    return Typed(SID, value)


def hex64(value):
    return Typed(HEX64, value)


def hex32(value):
    return Typed(HEX32, value)


def _event(t, computer, source, event_id, channel, data, **system):
    provider, guid = source
    return Event(provider=provider, guid=guid, event_id=event_id, channel=channel,
                 computer=computer, filetime=clock.filetime(t), data=data, **system)


def audit(t, computer, event_id, task, data, version=0, keywords=SUCCESS):
    """An event of the Security channel."""
    return _event(t, computer, AUDIT, event_id, "Security", data, task=task, version=version,
                  keywords=keywords, process_id=676, thread_id=1820 + event_id % 7 * 4)


def _subject(account):
    """The four Subject fields; account is (sid, name, domain, logon id)."""
    return [("SubjectUserSid", sid(account[0])), ("SubjectUserName", account[1]),
            ("SubjectDomainName", account[2]), ("SubjectLogonId", hex64(account[3]))]


NOBODY = (NULL_SID, "-", "-", 0)


def logon(t, computer, target, logon_type, ip="-", port="0", package="Kerberos",
          workstation="-", subject=NOBODY, process="-", elevated=False):
    """4624; target is (sid, name, domain, logon id)."""
    guid = NO_GUID if package == "NTLM" else _logon_guid(target[3])
    return audit(t, computer, 4624, 12544, _subject(subject) + [
        ("TargetUserSid", sid(target[0])), ("TargetUserName", target[1]),
        ("TargetDomainName", target[2]), ("TargetLogonId", hex64(target[3])),
        ("LogonType", Typed(UINT32, logon_type)),
        ("LogonProcessName", "NtLmSsp " if package == "NTLM" else package),
        ("AuthenticationPackageName", package), ("WorkstationName", workstation),
        ("LogonGuid", Typed(GUID, guid)), ("TransmittedServices", "-"),
        ("LmPackageName", "NTLM V2" if package == "NTLM" else "-"),
        ("KeyLength", Typed(UINT32, 128 if package == "NTLM" else 0)),
        ("ProcessId", hex64(0)), ("ProcessName", process), ("IpAddress", ip),
        ("IpPort", str(port)), ("ImpersonationLevel", "%%1833"), ("RestrictedAdminMode", "-"),
        ("TargetOutboundUserName", "-"), ("TargetOutboundDomainName", "-"),
        ("VirtualAccount", "%%1843"), ("TargetLinkedLogonId", hex64(0)),
        ("ElevatedToken", "%%1842" if elevated else "%%1843")], version=2)


def _logon_guid(number):
    return f"{number & 0xFFFFFFFF:08x}-51c7-4e0a-9b3d-{number * 2654435761 % 2**48:012x}"


def logon_failure(t, computer, name, domain, ip, sub_status=0xC000006A, workstation="-"):
    """4625 of a network logon."""
    return audit(t, computer, 4625, 12544, _subject(NOBODY) + [
        ("TargetUserSid", sid(NULL_SID)), ("TargetUserName", name), ("TargetDomainName", domain),
        ("Status", hex32(0xC000006D)), ("FailureReason", "%%2313"),
        ("SubStatus", hex32(sub_status)), ("LogonType", Typed(UINT32, 3)),
        ("LogonProcessName", "NtLmSsp "), ("AuthenticationPackageName", "NTLM"),
        ("WorkstationName", workstation), ("TransmittedServices", "-"), ("LmPackageName", "-"),
        ("KeyLength", Typed(UINT32, 0)), ("ProcessId", hex64(0)), ("ProcessName", "-"),
        ("IpAddress", ip), ("IpPort", "0")], keywords=FAILURE)


def logoff(t, computer, target, logon_type):
    """4634."""
    return audit(t, computer, 4634, 12545, [
        ("TargetUserSid", sid(target[0])), ("TargetUserName", target[1]),
        ("TargetDomainName", target[2]), ("TargetLogonId", hex64(target[3])),
        ("LogonType", Typed(UINT32, logon_type))])


def special_logon(t, computer, subject, privileges=None):
    """4672: privileges assigned to a new logon."""
    text = "\r\n\t\t\t".join(privileges or PRIVILEGES)
    return audit(t, computer, 4672, 12548, _subject(subject) + [("PrivilegeList", text)])


def ticket_granting(t, computer, account, ip, port, status=0, cipher=0x12):
    """4768; account is (sid, name)."""
    return audit(t, computer, 4768, 14339, [
        ("TargetUserName", account[1]), ("TargetDomainName", "AD.TSUKIMORI.EXAMPLE"),
        ("TargetSid", sid(account[0])), ("ServiceName", "krbtgt"),
        ("ServiceSid", sid("S-1-5-21-2894471106-1750233914-3320471185-502")),
        ("TicketOptions", hex32(0x40810010)), ("Status", hex32(status)),
        ("TicketEncryptionType", hex32(cipher)), ("PreAuthType", "2"),
        ("IpAddress", f"::ffff:{ip}"), ("IpPort", str(port)), ("CertIssuerName", ""),
        ("CertSerialNumber", ""), ("CertThumbprint", "")],
        keywords=SUCCESS if status == 0 else FAILURE)


def service_ticket(t, computer, name, service, ip, port, status=0, cipher=0x12,
                   options=0x40810000):
    """4769; name without realm, service is (sid, name)."""
    return audit(t, computer, 4769, 14337, [
        ("TargetUserName", f"{name}@AD.TSUKIMORI.EXAMPLE"),
        ("TargetDomainName", "AD.TSUKIMORI.EXAMPLE"), ("ServiceName", service[1]),
        ("ServiceSid", sid(service[0])), ("TicketOptions", hex32(options)),
        ("TicketEncryptionType", hex32(cipher if status == 0 else 0xFFFFFFFF)),
        ("IpAddress", f"::ffff:{ip}"), ("IpPort", str(port)), ("Status", hex32(status)),
        ("LogonGuid", Typed(GUID, NO_GUID if status else _logon_guid(port * 977))),
        ("TransmittedServices", "-")], keywords=SUCCESS if status == 0 else FAILURE)


def preauth_failed(t, computer, account, ip, port):
    """4771 with a wrong password."""
    return audit(t, computer, 4771, 14339, [
        ("TargetUserName", account[1]), ("TargetSid", sid(account[0])),
        ("ServiceName", "krbtgt/AD.TSUKIMORI.EXAMPLE"), ("TicketOptions", hex32(0x40810010)),
        ("Status", hex32(0x18)), ("PreAuthType", "2"), ("IpAddress", f"::ffff:{ip}"),
        ("IpPort", str(port)), ("CertIssuerName", ""), ("CertSerialNumber", ""),
        ("CertThumbprint", "")], keywords=FAILURE)


def task_created(t, computer, subject, name, content):
    """4698."""
    return audit(t, computer, 4698, 12804, _subject(subject) + [
        ("TaskName", name), ("TaskContent", content)])


def task_xml(author, command, arguments, principal="S-1-5-18"):
    """The task's definition as the Task Scheduler stores it."""
    def escape(text):
        return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return (
        '<?xml version="1.0" encoding="UTF-16"?>\r\n<Task version="1.2" '
        'xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">\r\n'
        f"  <RegistrationInfo>\r\n    <Author>{escape(author)}</Author>\r\n  </RegistrationInfo>"
        "\r\n  <Triggers>\r\n    <CalendarTrigger>\r\n      <StartBoundary>2026-11-01T03:10:00"
        "</StartBoundary>\r\n      <ScheduleByDay><DaysInterval>1</DaysInterval></ScheduleByDay>"
        "\r\n    </CalendarTrigger>\r\n  </Triggers>\r\n  <Principals>\r\n    "
        f'<Principal id="Author">\r\n      <UserId>{principal}</UserId>\r\n      <RunLevel>'
        "HighestAvailable</RunLevel>\r\n    </Principal>\r\n  </Principals>\r\n  "
        '<Actions Context="Author">\r\n    <Exec>\r\n      '
        f"<Command>{escape(command)}</Command>\r\n      <Arguments>{escape(arguments)}"
        "</Arguments>\r\n    </Exec>\r\n  </Actions>\r\n</Task>")


def process_created(t, computer, subject, image, command_line, parent, pid):
    """4688 with the command line."""
    return audit(t, computer, 4688, 13312, _subject(subject) + [
        ("NewProcessId", hex64(pid)), ("NewProcessName", image),
        ("TokenElevationType", "%%1938"), ("ProcessId", hex64(pid - 0x48)),
        ("CommandLine", command_line), ("TargetUserSid", sid(NULL_SID)),
        ("TargetUserName", "-"), ("TargetDomainName", "-"), ("TargetLogonId", hex64(0)),
        ("ParentProcessName", parent), ("MandatoryLabel", sid("S-1-16-8192"))], version=2)


def share_access(t, computer, subject, ip, port, share, path, event_id=5145, mask=0x120089):
    """5140 (the share) or 5145 (a file on it)."""
    data = _subject(subject) + [
        ("ObjectType", "File"), ("IpAddress", ip), ("IpPort", str(port)),
        ("ShareName", f"\\\\*\\{share}"), ("ShareLocalPath", f"\\??\\D:\\{share}")]
    if event_id == 5145:
        data.append(("RelativeTargetName", path))
    data += [("AccessMask", hex32(mask)), ("AccessList", "%%1538\r\n\t\t\t\t%%4416\r\n\t\t\t\t")]
    if event_id == 5145:
        data.append(("AccessReason", "-"))
    return audit(t, computer, event_id, 12811 if event_id == 5145 else 12808, data,
                 version=0 if event_id == 5145 else 1)


def log_cleared(t, computer, subject, channel="Security"):
    """1102 for Security, 104 for another channel: UserData, not EventData."""
    names = [("SubjectUserSid", sid(subject[0])), ("SubjectUserName", subject[1]),
             ("SubjectDomainName", subject[2]), ("SubjectLogonId", hex64(subject[3]))]
    if channel != "Security":
        names = names[:3] + [("Channel", channel), ("BackupPath", "")]
    payload = Element(
        "LogFileCleared",
        [("xmlns", "http://manifests.microsoft.com/win/2004/08/windows/eventlog")],
        [Element(name, [], [value]) for name, value in names])
    event = _event(t, computer, EVENTLOG, 1102 if channel == "Security" else 104,
                   "Security" if channel == "Security" else "System", [], level=4, task=104,
                   keywords=0x4020000000000000, process_id=1012, thread_id=4400)
    event.user_data = payload
    if channel != "Security":
        event.keywords, event.user_sid = 0x8000000000000000, subject[0]
    return event


def service_state(t, computer, service, state):
    """7036."""
    return _event(t, computer, SERVICES, 7036, "System",
                  [("param1", service), ("param2", state)], event_source=SERVICES[0], level=4,
                  keywords=0x8080000000000000, qualifiers=16384, process_id=640, thread_id=2212)


def service_installed(t, computer, user_sid, service, image, account="LocalSystem"):
    """7045."""
    return _event(t, computer, SERVICES, 7045, "System",
                  [("ServiceName", service), ("ImagePath", image),
                   ("ServiceType", "ユーザー モード サービス"), ("StartType", "自動で開始"),
                   ("AccountName", account)], event_source=SERVICES[0], level=4,
                  keywords=0x8080000000000000, qualifiers=16384, process_id=640, thread_id=2216,
                  user_sid=user_sid)


def time_synchronised(t, computer, server):
    """w32time 35: the clock follows that server."""
    return _event(t, computer, TIME, 35, "System",
                  [("TimeSource", f"{server},0x8 (ntp.m|0x8|0.0.0.0:123->{server}:123)"),
                   ("TimeSourceRefId", "0xc000027b"), ("CurrentStratumNumber", "3")],
                  level=4, keywords=0x8000000000000000, process_id=1088, thread_id=1104,
                  user_sid="S-1-5-19")


def task_event(t, computer, event_id, data, user_sid=SYSTEM_SID):
    """TaskScheduler/Operational 100, 102, 106, 140, 200, 201."""
    return _event(t, computer, TASKS, event_id, "Microsoft-Windows-TaskScheduler/Operational",
                  data, level=4, task=event_id, keywords=0x8000000000000000, process_id=1420,
                  thread_id=3984, user_sid=user_sid)


def sysmon_process(t, computer, user, image, command_line, parent, parent_line, pid, sha256):
    """Sysmon 1; user as DOMAIN\\name."""
    guid = f"7b1f0c52-{pid & 0xFFFF:04x}-6911-0000-{t // 1000 % 2**48:012x}"
    return _sysmon(t, computer, 1, 5, [
        ("RuleName", "-"), ("UtcTime", clock.utc(t, 3).replace("T", " ").rstrip("Z")),
        ("ProcessGuid", Typed(GUID, guid)), ("ProcessId", Typed(UINT32, pid)), ("Image", image),
        ("FileVersion", "10.0.22621.1"), ("Description", "-"), ("Product", "-"), ("Company", "-"),
        ("OriginalFileName", image.rsplit("\\", 1)[1]), ("CommandLine", command_line),
        ("CurrentDirectory", "C:\\Windows\\system32\\"), ("User", user),
        ("LogonGuid", Typed(GUID, guid)), ("LogonId", hex64(0x5A31C)),
        ("TerminalSessionId", Typed(UINT32, 1)), ("IntegrityLevel", "Medium"),
        ("Hashes", f"SHA256={sha256}"), ("ParentProcessGuid", Typed(GUID, guid)),
        ("ParentProcessId", Typed(UINT32, pid - 72)), ("ParentImage", parent),
        ("ParentCommandLine", parent_line), ("ParentUser", user)])


def sysmon_connection(t, computer, user, image, pid, src, dst):
    """Sysmon 3; src and dst are (address, port)."""
    guid = f"7b1f0c52-{pid & 0xFFFF:04x}-6911-0000-{t // 1000 % 2**48:012x}"
    return _sysmon(t, computer, 3, 5, [
        ("RuleName", "-"), ("UtcTime", clock.utc(t, 3).replace("T", " ").rstrip("Z")),
        ("ProcessGuid", Typed(GUID, guid)), ("ProcessId", Typed(UINT32, pid)), ("Image", image),
        ("User", user), ("Protocol", "tcp"), ("Initiated", Typed(BOOL, True)),
        ("SourceIsIpv6", Typed(BOOL, False)), ("SourceIp", src[0]), ("SourceHostname", computer),
        ("SourcePort", Typed(UINT16, src[1])), ("SourcePortName", "-"),
        ("DestinationIsIpv6", Typed(BOOL, False)), ("DestinationIp", dst[0]),
        ("DestinationHostname", "-"), ("DestinationPort", Typed(UINT16, dst[1])),
        ("DestinationPortName", "-")])


def sysmon_file(t, computer, user, image, target, pid):
    """Sysmon 11."""
    guid = f"7b1f0c52-{pid & 0xFFFF:04x}-6911-0000-{t // 1000 % 2**48:012x}"
    return _sysmon(t, computer, 11, 2, [
        ("RuleName", "-"), ("UtcTime", clock.utc(t, 3).replace("T", " ").rstrip("Z")),
        ("ProcessGuid", Typed(GUID, guid)), ("ProcessId", Typed(UINT32, pid)), ("Image", image),
        ("TargetFilename", target),
        ("CreationUtcTime", clock.utc(t, 3).replace("T", " ").rstrip("Z")), ("User", user)])


def _sysmon(t, computer, event_id, version, data):
    return _event(t, computer, SYSMON, event_id, "Microsoft-Windows-Sysmon/Operational", data,
                  version=version, level=4, task=event_id, keywords=0x8000000000000000,
                  process_id=3120, thread_id=4204, user_sid=SYSTEM_SID)


def remote_desktop_client(t, computer, user_sid, server):
    """1102 of the RDP client: same number as "audit log cleared", quite another meaning."""
    return _event(t, computer, RDP_CLIENT, 1102,
                  "Microsoft-Windows-TerminalServices-RDPClient/Operational",
                  [("Name", "Server Address"), ("Value", server)], level=4, task=101, opcode=10,
                  keywords=0x4000000000000000, process_id=7720, thread_id=7728, user_sid=user_sid)
