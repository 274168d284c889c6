"""Browsing: popular sites for everybody, rare ones for one person on one day, updates."""
import company
import core
from background.people import moments, presence
from clock import DAY_COUNT, SECOND, at

POPULAR = [
    "www.kensaku-dai.example", "news.hokkai-jiho.example", "www.tenki-navi.example",
    "img.hokkai-jiho.example", "outlook.jimu-cloud.example", "teams.jimu-cloud.example",
    "login.jimu-cloud.example", "www.norikae-hyo.example", "map.chizu-ya.example",
    "www.jiten-net.example", "shop.bihin-tsuhan.example", "www.shokuhin-hyoji.example",
    "fonts.moji-cdn.example", "static.moji-cdn.example", "ads.koukoku-net.example",
    "stats.koukoku-net.example", "www.hellowork-info.example", "www.nouki-kanri.example",
    "portal.kenpo-kumiai.example", "www.douga-hiroba.example",
]
MACHINE_HOSTS = [("ctl.koushin-mado.example", "CryptoAPI"),
                 ("update.koushin-mado.example", "WindowsUpdate"),
                 ("roaming.jimu-cloud.example", "Office")]
ADJECTIVES = """aoi akai shiroi furui hikari midori kaze umi yama kita minami hoshi yuki sora
    haru natsu aki fuyu hana tsuki""".split()
NOUNS = """shokudo kikai ryokan denki kagu bento seika kobo sangyo tosou kogyo niwa shoten
    meguri insatsu jidosha""".split()
PAGES = ["", "index.html", "news/2026/11/", "css/main.css", "js/app.js", "img/logo.png",
         "category/list?page=2", "search?q=%E9%A3%9F%E5%93%81%E8%A1%A8%E7%A4%BA"]
MIME = {"css": "text/css", "js": "application/javascript", "png": "image/png"}


def rare_host(person, day, number):
    """A site that this person visits on this day only."""
    pick = core.digest(f"{person.user}/{day}/{number}")
    word = f"{ADJECTIVES[pick % 20]}-{NOUNS[pick // 20 % 16]}"
    return f"www.{word}{1 + pick // 320 % 97}.example"


def run(world):
    for person in company.PEOPLE.values():
        for day in range(DAY_COUNT):
            stay = presence(person, day)
            if stay:
                browse(world, person, day, stay)
                machine_traffic(world, person, day, stay)
    monitor_agent(world)


def browse(world, person, day, stay):
    """Bursts of requests over the working day."""
    rng = core.chance("web", person.user, day)
    for number, t in enumerate(moments(rng, *stay, rng.randint(6, 8) if person.branch == "hq" else rng.randint(7, 10))):
        rare = rng.random() < 0.18
        host = rare_host(person, day, number) if rare else rng.choice(POPULAR)
        for _ in range(rng.randint(3, 7)):
            t += int(rng.expovariate(1 / 6) * SECOND) + SECOND // 3
            request(world, rng, person, host, t)


def request(world, rng, person, host, t):
    """One request; most are tunnels, some plain HTTP, a few first ask for the password."""
    if rng.random() < 0.04:
        world.web(t - SECOND // 9, person, "CONNECT", f"{host}:443", user="-", status=407,
                  reply_bytes=4021, milliseconds=0)
    if rng.random() < 0.75:
        world.web(t, person, "CONNECT", f"{host}:443")
        return
    page = rng.choice(PAGES)
    mime = MIME.get(page.rsplit(".", 1)[-1], "text/html")
    method = "POST" if rng.random() < 0.05 else "GET"
    world.web(t, person, method, f"http://{host}/{page}", mime=mime,
              status=rng.choice([200, 200, 200, 200, 304, 404]),
              referer=f"http://{host}/" if page else "-")


def machine_traffic(world, person, day, stay):
    """What Windows and Office do by themselves."""
    rng = core.chance("machine", person.user, day)
    for host, agent in MACHINE_HOSTS:
        t = stay[0] + rng.randrange(int(3600 * 2)) * SECOND
        world.web(t, person, "GET", f"http://{host}/v11/check", user="-",
                  agent=company.APPROVED_AGENTS[agent], reply_bytes=811, mime="text/html")


def monitor_agent(world):
    """The monitoring vendor's agent on an administrator's PC: hourly, known and allowed."""
    person = company.PEOPLE["maruo.k"]
    story = world.site.lookalike(
        "PX-02x1", "PX-02", {"user": [person.user], "destination": [company.MONITOR_HOST]},
        "監視業者の死活監視。1時間毎に規則正しく通信するが、台帳に許可がある。",
        "The monitoring vendor's agent: hourly and regular, but registered with an owner.")
    for day in range(DAY_COUNT):
        for hour in range(24):
            world.web(at(day, f"{hour:02d}:07:{20 + day}"), person, "POST",
                      f"http://{company.MONITOR_HOST}/alive", tag=story,
                      agent=company.APPROVED_AGENTS["KanshiAgent"], reply_bytes=233,
                      request_bytes=612, milliseconds=90)
