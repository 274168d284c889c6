"""The summary of a scan, counted again from its hits: levels, days, hosts, users, channels, rules, tactics, first and last."""
import collections
import json

from harness import DATA, Skip, case, equal, jsonl, main, run, true

LEVELS = ("critical", "high", "medium", "low", "informational")
COLUMNS = "timestamp,level,rule_id,rule_title,tactics,computer,user,channel,file,idx,line,time_received"


def worst_first(rows):
    """Names in the order of the summary: by critical hits, then high ones and so on, then by name."""
    return sorted(rows, key=lambda row: ([-row[1]["levels"][level] for level in LEVELS], row[0].encode()))


def group(hits, member, with_tactics=False):
    """{name: what the summary says of it} of hits that have the member."""
    groups = collections.defaultdict(list)
    for hit in hits:
        if hit[member]:
            groups[hit[member]].append(hit)
    return {name: row(of, with_tactics) for name, of in groups.items()}


def row(hits, with_tactics):
    times = sorted(hit["timestamp"] for hit in hits if not hit["time_received"])
    levels = collections.Counter(hit["level"] for hit in hits)
    tactics = collections.Counter(t for hit in hits for t in set(hit["tactics"].split(" | ")) - {""})
    return {"hits": len(hits), "levels": {level: levels[level] for level in LEVELS},
            "first": times[0] if times else None, "last": times[-1] if times else None,
            "tactics": dict(tactics) if with_tactics else {}}


def check_groups(told, counted, what):
    equal(told["distinct"], len(counted), f"{what}: how many")
    for place in told["top"]:
        wanted = counted[place["name"]]
        equal({key: place.get(key) for key in wanted}, wanted, f"{what}: {place['name']}")


def check(summary, hits):
    levels = collections.Counter(hit["level"] for hit in hits)
    rules = {level: len({hit["rule_id"] for hit in hits if hit["level"] == level}) for level in LEVELS}
    equal(summary["hits"], len(hits), "hits")
    equal(summary["levels"], {level: levels[level] for level in LEVELS}, "levels")
    equal(summary["rules_hit"], rules, "rules by level")
    equal(summary["events_with_hits"], len({(h["file"], h["idx"], h["line"]) for h in hits}), "events with hits")
    equal(summary["files_with_hits"], len({hit["file"] for hit in hits}), "files with hits")
    timed = [hit for hit in hits if not hit["time_received"]]
    equal(summary["hits_without_time"], len(hits) - len(timed), "hits without a time")
    times = sorted(hit["timestamp"] for hit in timed)
    equal((summary["first_hit"], summary["last_hit"]), (times[0], times[-1]), "first and last hit")
    for hit in timed:
        hit["day"] = hit["timestamp"][:10]
    check_groups(summary["hosts"], group(hits, "computer", True), "hosts")
    check_groups(summary["users"], group(hits, "user"), "users")
    check_groups(summary["channels"], group(hits, "channel"), "channels")
    check_groups(summary["days"], group(timed, "day"), "days")
    names = [place["name"] for place in summary["hosts"]["top"]]
    equal(names, [name for name, _ in worst_first(group(hits, "computer").items())][:len(names)], "worst host first")
    busiest = {level: max(collections.Counter(hit["day"] for hit in timed if hit["level"] == level).values())
               for level in LEVELS if any(hit["level"] == level for hit in timed)}
    equal({level: day["hits"] for level, day in summary["busiest_days"].items()}, busiest, "busiest days")
    for level, day in summary["busiest_days"].items():
        equal(sum(hit["level"] == level and hit["day"] == day["day"] for hit in timed), day["hits"], day["day"])
    counts = collections.Counter(hit["rule_id"] for hit in hits)
    for rule in summary["top_rules"]:
        equal(rule["hits"], counts[rule["id"]], rule["title"])
    for level in LEVELS:
        of_level = {hit["rule_id"]: counts[hit["rule_id"]] for hit in hits if hit["level"] == level}
        told = [rule["hits"] for rule in summary["top_rules"] if rule["level"] == level]
        equal(told, sorted(of_level.values(), reverse=True)[:20], f"top rules, {level}")


def check_text(text, summary):
    """The text for people has the same numbers."""
    for level in LEVELS:
        line = next(line for line in text.splitlines() if line.startswith(level + " "))
        equal([line.split()[1].replace(",", ""), line.split()[3]],
              [str(summary["levels"][level]), str(summary["rules_hit"][level])], level)
    without = 100 - 100 * summary["events_with_hits"] / summary["events"]
    true(f"data reduction: {without:.2f} %" in text, text[:600])


@case
def recounted(folder):
    if not (DATA / "evtx").is_dir():
        raise Skip("no shared data")
    arguments = ["scan", "--rules", DATA / "sigma" / "rules", DATA / "evtx"]
    hits = jsonl(run(*arguments, "--format", "jsonl", "--columns", COLUMNS, "--no-summary"))
    true(len(hits) > 5000, len(hits))
    summary = json.loads(run(*arguments, "--summary", "--summary-format", "json"))["summary"]
    check(summary, hits)
    check_text(run(*arguments, "--summary", "--lang", "en").decode(), summary)


@case
def recounted_with_a_filter(folder):
    if not (DATA / "evtx").is_dir():
        raise Skip("no shared data")
    arguments = ["scan", "--rules", DATA / "sigma" / "rules", "--threads", "2", "--dedup", "--level", "medium",
                 "--exclude-channel", "Security", DATA / "evtx"]
    hits = jsonl(run(*arguments, "--format", "jsonl", "--columns", COLUMNS, "--no-summary"))
    true(not any(hit["channel"] == "Security" or hit["level"] == "low" for hit in hits), "filters")
    check(json.loads(run(*arguments, "--summary", "--summary-format", "json"))["summary"], hits)


main()
