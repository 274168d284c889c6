"""The facts of the demo company: what its operator knows. Nothing random lives here.

月守食品株式会社 (Tsukimori Foods) does not exist. Its names end in .example (RFC 2606) and all
outside addresses are from the documentation ranges of RFC 5737.
"""
import dataclasses

NAME_JA = "月守食品株式会社"
DOMAIN = "tsukimori.example"
AD_DNS = "ad.tsukimori.example"
AD_NETBIOS = "TSUKIMORI"
AD_SID = "S-1-5-21-2894471106-1750233914-3320471185"
TRUSTED_DOMAINS = ["KITAMI", "kitami-hoso.example"]

INTERNAL_NETWORKS = ["10.61.0.0/16", "10.62.0.0/16", "10.63.0.0/16", "10.64.0.0/16",
                     "172.30.5.0/24"]
PUBLIC_NETWORKS = ["203.0.113.0/28", "198.51.100.240/28"]
HOURS = ("08:00", "19:00")


@dataclasses.dataclass(frozen=True)
class Branch:
    key: str
    ja: str
    client_net: str   # first three octets of the clients' /24
    firewall: str


BRANCHES = {branch.key: branch for branch in [
    Branch("hq", "札幌本社", "10.61.20", "fw01"),
    Branch("asahikawa", "旭川工場", "10.62.20", "rtx01"),
    Branch("tokyo", "東京支店", "10.63.20", "ssg01"),
    Branch("osaka", "大阪物流センター", "10.64.20", "asa01"),
]}


@dataclasses.dataclass(frozen=True)
class Server:
    name: str
    ip: str
    role: str
    ja: str


SERVERS = {server.name: server for server in [
    Server("dc01", "10.61.1.11", "dc", "ドメインコントローラ"),
    Server("fs01", "10.61.1.21", "file", "ファイルサーバ"),
    Server("srv01", "10.61.1.41", "app", "受発注システム"),
    Server("ex01", "10.61.1.25", "mail", "メールサーバ"),
    Server("ns01", "10.61.1.53", "dns", "DNS"),
    Server("dhcp01", "10.61.1.54", "dhcp", "DHCP"),
    Server("proxy02", "10.61.1.80", "proxy", "本社プロキシ"),
    Server("log01", "10.61.1.91", "log", "ログサーバ"),
    Server("mon01", "10.61.1.92", "monitor", "監視サーバ"),
    Server("mx01", "172.30.5.25", "mail", "メールゲートウェイ"),
    Server("proxy01", "10.63.1.80", "proxy", "東京支店プロキシ"),
]}
PUBLIC_MAIL_IP = "203.0.113.5"
NTP_SERVERS = ["192.0.2.123", "198.51.100.123"]


@dataclasses.dataclass(frozen=True)
class Person:
    user: str
    ja: str
    department: str
    branch: str
    pc: str
    ip: str
    mac: str
    rid: int

    @property
    def mail(self):
        return f"{self.user}@{DOMAIN}"

    @property
    def sid(self):
        return f"{AD_SID}-{self.rid}"


# user id, name, department; the position in the list gives PC, address and RID
_ROSTER = {
    "hq": """tamura.e 田村絵美 経理課|shiraki.h 白木浩 総務部|nagai.y 永井雄一 総務部
        hoshino.k 星野香織 人事課|mikami.t 三上徹 経理課|kasuga.r 春日玲奈 営業部
        oikawa.s 及川聡 営業部|numata.j 沼田純 営業部|hirose.m 広瀬真理 商品企画課
        yokoi.d 横井大輔 商品企画課|sakuma.n 佐久間直美 品質管理課|tsuji.a 辻明 品質管理課
        maruo.k 丸尾健二 情報システム課|kinjo.t 金城貴 情報システム課|ebina.c 海老名千夏 経営企画室
        wakui.o 和久井修 役員室|uehara.f 上原文子 総務部|noda.g 野田剛 営業部""",
    "tokyo": """asakura.m 朝倉美咲 東京営業課|dan.h 団宏 東京営業課|fukaya.r 深谷亮 東京営業課
        hamano.s 浜野沙織 東京営業課|ida.k 飯田和也 東京営業課|jinbo.y 神保由紀 東京営業課
        kubota.n 久保田昇 広報課|matsui.c 松井千尋 広報課|ogata.t 緒方哲也 広報課
        shimada.a 島田彩 東京総務|toyama.i 外山郁夫 東京総務|usami.e 宇佐美栄 東京総務""",
    "osaka": """kuroki.b 黒木勉 物流課|matsuoka.h 松岡晴美 物流課|nitta.j 新田淳 物流課
        okuda.k 奥田恵子 物流課|saeki.t 佐伯隆 配車課|takeda.w 武田渉 配車課
        yasui.m 安井守 配車課""",
    "asahikawa": """abe.c 阿部千代 製造課|chiba.d 千葉大地 製造課|endo.f 遠藤史郎 製造課
        goto.h 後藤陽 生産管理課|hatta.i 八田育美 生産管理課|imai.j 今井仁 設備課
        kudo.m 工藤正 設備課""",
}


def _people():
    people, rid = {}, 1131
    for branch, roster in _ROSTER.items():
        for number, entry in enumerate(roster.replace("\n", "|").split("|")):
            user, name, department = entry.split()
            net = BRANCHES[branch].client_net
            pc = f"TM-{branch[:2].upper()}-{number + 1:03d}"
            mac = f"a4:4c:c8:{len(people) // 16:02x}:{number:02x}:{(rid * 37) % 256:02x}"
            people[user] = Person(user, name, department, branch, pc, f"{net}.{101 + number}",
                                  mac, rid)
            rid += 1
    return people


PEOPLE = _people()
PC_OWNER = {person.pc: person for person in PEOPLE.values()}

# PCs that are not switched off in the evening: the infected one, and the monitoring agent's
ALWAYS_ON = {"TM-HQ-001", "TM-HQ-013"}

# accounts with administrative rights, registered with owner; svc_*: services
ADMINS = {"adm-maruo": 1105, "adm-kinjo": 1106}
SERVICES = {"svc_backup": 1110, "svc_monitor": 1111, "svc_juhachu": 1112}
SERVICE_HOSTS = {"svc_backup": ["fs01"], "svc_monitor": ["mon01"], "svc_juhachu": ["srv01"]}
PRIVILEGED = ["Administrator", *ADMINS, "svc_backup", "svc_monitor"]
ADMIN_TERMINALS = {"TM-HQ-013": "10.61.20.113", "TM-HQ-014": "10.61.20.114"}

# machines that are no PC: the operator knows what they say to the outside
PRINTER_CLOUD = "192.0.2.77"
DEVICES = {  # address, kind, where it phones home, note
    "mfp-hq-1": ("10.61.20.201", "printer", [PRINTER_CLOUD], "複合機 (本社3階)"),
    "cam-os-1": ("10.64.20.210", "camera", ["192.0.2.78"], "監視カメラ (倉庫)"),
}

PARTNERS = ["kitami-hoso.example", "ishikari-unyu.example", "furano-beika.example",
            "otaru-suisan.example", "midori-print.example"]
MAILING_LISTS = ["foodsafety@foodsafety-ml.example"]

APPROVED_AGENTS = {
    "Edge": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
    "Chrome": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
              "Chrome/142.0.0.0 Safari/537.36",
    "Firefox": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0",
    "Office": "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)",
    "CryptoAPI": "Microsoft-CryptoAPI/10.0",
    "WindowsUpdate": "Windows-Update-Agent/10.0.10011.16384 Client-Protocol/2.71",
    "KanshiAgent": "KanshiAgent/3.2",
}
APPROVED_PREFIXES = [  # product and version family; a newer version of the same is fine
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:",
    "Microsoft Office/16.0", "Microsoft-CryptoAPI/10.0", "Windows-Update-Agent/10.0", "KanshiAgent/3",
]
NEWER_EDGE = APPROVED_AGENTS["Edge"].replace("142.0", "143.0")

STORAGE_HOST = "okiba.cloud-bunko.example"       # the sanctioned upload service
MONITOR_HOST = "beat.kanshi-dai.example"         # the monitoring vendor's collector
VC_HOST = ("vc.kaigi-net.example", 8443)         # video conference, registered port
EDI_HOST = ("edi.furano-beika.example", 9443)    # partner's order exchange, registered port

# What the operator allows, as konseki's site file wants it: analysis, match, owner, reason
ALLOW = [
    ("PX-02", {"destination": MONITOR_HOST}, "情報システム課 丸尾", "監視業者の死活監視 (1時間毎)"),
    ("PX-04", {"destination": VC_HOST[0], "port": str(VC_HOST[1])}, "総務部 永井",
     "Web会議 (8443/tcp)"),
    ("PX-04", {"destination": EDI_HOST[0], "port": str(EDI_HOST[1])}, "営業部 及川",
     "取引先EDI (9443/tcp)"),
    ("PX-06", {"destination": STORAGE_HOST}, "情報システム課 丸尾", "契約済みオンラインストレージ"),
    ("AD-04", {"host": "TM-HQ-018"}, "情報システム課 金城", "PC再展開 (作業票 C-2211)"),
]
ALLOW_UNTIL = "2099-03-31"  # the demo's days stand still; a real entry ends within a year

# systems with owner and classification
SYSTEMS = [
    ("受発注システム", ["srv01"], "営業部 及川", "社外秘"),
    ("共有ファイル", ["fs01"], "総務部 永井", "社外秘"),
    ("認証基盤", ["dc01"], "情報システム課 丸尾", "極秘"),
]
