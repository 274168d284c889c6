"""site.conf of the demo: the company's facts in konseki's site format (docs/formats/site.md)."""
import company


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def listed(values):
    return "[" + ", ".join(quoted(value) for value in values) + "]"


def text():
    """The whole file."""
    parts = [head(), networks(), machines(), domain(), people(), accounts(), calendar(),
             sources(), knowledge(), explanations()]
    return "\n".join(parts)


def head():
    return (f"# {company.NAME_JA}: what the operator knows. Written by demo/make_site.py.\n"
            f"organisation {{\n    name = {quoted(company.NAME_JA)}\n"
            f"    domains = {listed([company.DOMAIN, company.AD_DNS])}\n"
            f"    partners = {listed(company.PARTNERS)}\n}}\n\n"
            'zone = "Asia/Tokyo"\n')


def networks():
    return (f"networks {{\n    internal = {listed(company.INTERNAL_NETWORKS)}\n"
            f"    public = {listed(company.PUBLIC_NETWORKS)}\n}}\n")


def machines():
    owner_of = {name: (owner, classification)
                for _, names, owner, classification in company.SYSTEMS for name in names}
    lines = []
    for server in company.SERVERS.values():
        if server.role == "proxy":
            lines.append(f'proxy {server.name} {{ ip = "{server.ip}" }}  # {server.ja}')
            continue
        fields = [f'ip = "{server.ip}"', f"roles = [{server.role}]"]
        if server.name in owner_of:
            owner, classification = owner_of[server.name]
            fields += [f"owner = {quoted(owner)}", f"classification = {quoted(classification)}"]
        lines.append(f"server {server.name} {{ {', '.join(fields)} }}  # {server.ja}")
    for name, (ip, kind, homes, ja) in company.DEVICES.items():
        lines.append(f'device {name} {{ ip = "{ip}", kind = {kind}, phones_home = {listed(homes)} }}'
                     f"  # {ja}")
    return "\n".join(lines) + "\n"


def domain():
    return (f"domain {{\n    netbios = {quoted(company.AD_NETBIOS)}\n"
            f"    dns = {quoted(company.AD_DNS)}\n    sid = {quoted(company.AD_SID)}\n"
            f"    trusts = {listed(company.TRUSTED_DOMAINS)}\n}}\n")


def people():
    return "\n".join(
        f"user {quoted(person.user)} {{ name = {quoted(person.ja)}, mail = {quoted(person.mail)}, "
        f"department = {quoted(person.department)}, pcs = {listed([person.pc])} }}"
        for person in company.PEOPLE.values()) + "\n"


def accounts():
    services = "\n".join(f"    service {name} {{ hosts = {listed(hosts)} }}"
                         for name, hosts in company.SERVICE_HOSTS.items())
    return (f"accounts {{\n    admins = {listed(company.PRIVILEGED)}\n{services}\n}}\n\n"
            f"admin_terminals = {listed(company.ADMIN_TERMINALS)}\n")


def calendar():
    start, end = company.HOURS
    return (f'hours {{ start = "{start}", end = "{end}", days = [mon, tue, wed, thu, fri] }}\n'
            'holidays { country = "JP" }\n')


def sources():
    return ('source proxy02 { logformat = "squid.upload" }\n'
            'path { glob = "logs/pc/*", source = "pc" }\n'
            'path { glob = "logs/*/*", source = "$1", host = "$1" }\n')


def knowledge():
    approved = ",\n    ".join(quoted(prefix) for prefix in company.APPROVED_PREFIXES)
    return (f"user_agents {{ approved = [\n    {approved}\n] }}\n\n"
            f"mailing_lists = {listed(company.MAILING_LISTS)}\n")


def explanations():
    """The 妥当性台帳: every entry has an owner, a reason and a last day."""
    return "\n".join(
        f"allow {{\n    analysis = {quoted(analysis)}\n    match {{ "
        + ", ".join(f"{key} = {value if key == 'port' else quoted(value)}"
                    for key, value in match.items())
        + f" }}\n    owner = {quoted(owner)}\n    reason = {quoted(reason)}\n"
          f"    until = {quoted(company.ALLOW_UNTIL)}\n}}"
        for analysis, match, owner, reason in company.ALLOW) + "\n"
