"""What is written beside the logs: IOC lists, story.md, story.json, site.conf."""
import json
import os

import clock
import company
import core
import siteconf
from stories import fw_02, px_01

# Entries that nobody ever contacts make up most of the lists, as in real life.
IDLE_IPS = [f"192.0.2.{number}" for number in range(241, 253)]
IDLE_DOMAINS = [f"{word}-kakunin.example" for word in
                "ginko takuhai zeimu hoken denryoku suido gakko shiyakusho".split()]
IDLE_URLS = [f"http://free.kyoyu-space.example/share/{word}/index.html" for word in "q8 rr m1".split()]


def write(site, directory):
    write_iocs(directory)
    core.write_file(os.path.join(directory, "site.conf"), siteconf.text().encode("utf-8"))
    core.write_file(os.path.join(directory, "story.md"), story_page(site).encode("utf-8"))
    rows = [story_row(story) for story in site.stories]
    document = json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
    core.write_file(os.path.join(directory, "story.json"), document.encode("utf-8"))


def write_iocs(directory):
    lists = {
        "ip.txt": [(value, "指令サーバ (注意喚起 2026-041)") for value in fw_02.LISTED] +
                  [(value, "指令サーバ (注意喚起 2026-038)") for value in IDLE_IPS],
        "domain.txt": [(px_01.DOMAIN, "配送明細を装う配布サイト")] +
                      [(value, "偽サイト") for value in IDLE_DOMAINS],
        "url.txt": [(px_01.URL, "共有サイト上の偽の請求書")] +
                   [(value, "共有サイト上の偽ページ") for value in IDLE_URLS],
    }
    for name, entries in lists.items():
        text = "".join(f"{value},{comment}\n" for value, comment in sorted(entries))
        core.write_file(os.path.join(directory, "ioc", name), text.encode("utf-8"))


def story_row(story):
    """One planted thing for programs; times are UTC, events are where the lines ended up."""
    return {
        "key": story.key, "analysis": story.analysis, "level": story.level,
        "also": list(story.also), "entities": story.entities, "first": clock.utc(story.first, 9),
        "last": clock.utc(story.last, 9), "ja": story.ja, "en": story.en, "events": story.events,
    }


def story_page(site):
    """The story for the newcomer."""
    parts = [HEAD.format(name=company.NAME_JA)]
    for title, wanted in (("## 攻撃 (見つかるべきもの) / attacks", True),
                          ("## よく似た正常 (静かであるべきもの) / look-alikes", False)):
        parts.append(title + "\n\n| key | analysis | level | 時刻 (JST) | entities | 内容 | lines |\n"
                     "| --- | --- | --- | --- | --- | --- | --- |\n")
        chosen = [story for story in site.stories if story.is_attack == wanted]
        parts += [table_row(story) for story in sorted(chosen, key=lambda s: s.first)]
        parts.append("\n")
    return "".join(parts)


def table_row(story):
    first, last = clock.local(story.first)[5:16], clock.local(story.last)[5:16]
    period = first if first == last else f"{first} - {last}"
    entities = "; ".join(f"{key}={', '.join(values)}" for key, values in story.entities.items())
    place = story.events[0]
    where = f"{place['file']}:{place.get('line', place.get('record_id'))}"
    count = len(story.events)
    where += f" (+{count - 1})" if count > 1 else ""
    cells = [story.key, story.analysis, story.level, period, visible(entities),
             f"{story.ja}<br>{story.en}", where]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def visible(text):
    """Control characters of names (right-to-left override) as their code, for the reader."""
    return "".join(f"<U+{ord(c):04X}>" if c == "\u202e" else c for c in text)


HEAD = """# {name} の4日間 / four days of a fictional company

2026-11-09 (月) から 11-12 (木) までのログ。会社も人も宛先も実在しない (名前は .example、外部の
アドレスは文書用の範囲)。中心は一つの侵入である: 経理課 tamura.e のPC (TM-HQ-001, 10.61.20.101)
に月曜の朝、取引先を装うメールが届き、添付が開かれ、指令サーバとの定期通信が始まる。火曜に
ドメインコントローラの権限が奪われ、タスクとサービスが仕込まれ、水曜の夜にファイルが外へ送られ、
ログが消される。ほかは独立した小さな出来事と、よく似ているが正常なものである。

The logs run from Monday 2026-11-09 to Thursday 11-12. Most of the attacks are one intrusion into the
PC of tamura.e (TM-HQ-001): a mail on Monday morning, its attachment opened, regular calls to a
command host, the domain controller taken on Tuesday, files sent out and logs cleared on Wednesday
night. The rest are small separate events, and things that look alike and are harmless.

Quiet means: no finding of level medium or above (an unregistered task alone is low, and shown).
"lines" names the first line (text) or record id (EVTX) of the evidence; story.json has all of them.

"""
