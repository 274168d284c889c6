#!/usr/bin/env python3
"""The SQLite way of running Sigma rules, as a peer: events become rows of a table with a column a
field, each rule a SELECT with LIKE ... (Zircolite works so).

  peer_sqlite_sigma.py KONSEKI EVENTS RULES... [--every N] [--index]     (needs PyYAML)

Kind to the peer: the events come decoded (`konseki dump --flat`, not timed), only the fields that
rules name become columns, and a rule that needs more than this SQL can say is left out. --index: one
over channel and event id besides, kinder still. --every N: only each Nth rule is run, for time; the time of all
is N times as long. Prints one JSON object: events, rules, rules_run, insert_seconds,
match_seconds (of all rules), hits.
"""
import argparse
import fnmatch
import json
import pathlib
import re
import sqlite3
import subprocess
import sys
import time

import yaml


class NotSql(Exception):
    """The rule says something that this SQL cannot."""


def quote_name(field):
    return '"' + field.replace('"', '""') + '"'


def like(value, before="", after=""):
    """A Sigma string as the operand of LIKE ... ESCAPE."""
    out, i = "", 0
    while i < len(value):
        c = value[i]
        if c == "\\" and i + 1 < len(value) and value[i + 1] in "*?\\":
            i += 1
            out += {"\\": "\\\\"}.get(value[i], value[i])
        elif c in "*?":
            out += "%" if c == "*" else "_"
        else:
            out += "\\" + c if c in "%_\\" else c
        i += 1
    return before + out + after


def test(field, modifiers, value, arguments):
    """SQL of one value."""
    name = quote_name(field)
    if value is None:
        return f"{name} IS NULL"
    text = str(value)
    if "re" in modifiers:
        arguments.append(text)
        return f"{name} REGEXP ?"
    around = {"contains": ("%", "%"), "startswith": ("", "%"), "endswith": ("%", "")}
    before, after = next((around[m] for m in modifiers if m in around), ("", ""))
    arguments.append(like(text, before, after))
    return f"{name} LIKE ? ESCAPE '\\'"


def item(key, values, arguments):
    field, *modifiers = key.split("|")
    if not field or set(modifiers) - {"contains", "startswith", "endswith", "all", "re", "windash"}:
        raise NotSql(key)
    values = values if isinstance(values, list) else [values]
    if "windash" in modifiers:
        values = [v.replace("-", d, 1) for v in map(str, values) for d in "-/"]
    joiner = " AND " if "all" in modifiers else " OR "
    return "(" + joiner.join(test(field, modifiers, v, arguments) for v in values) + ")"


def selection(tree, arguments):
    if isinstance(tree, dict):
        return "(" + " AND ".join(item(k, v, arguments) for k, v in tree.items()) + ")"
    if isinstance(tree, list) and tree and all(isinstance(x, dict) for x in tree):
        return "(" + " OR ".join(selection(x, arguments) for x in tree) + ")"
    raise NotSql("keywords")


def condition(detection, arguments):
    """The condition's words, names replaced by their SQL in order of appearance."""
    text = detection["condition"]
    if not isinstance(text, str) or "|" in text:
        raise NotSql("condition")
    names = [n for n in detection if n not in ("condition", "timeframe")]
    out = []
    text = re.sub(r"\b(1|all) of (\S+?)(?=[\s)]|$)", r"\1_of=\2", text)
    for word in re.findall(r"\(|\)|[^\s()]+", text):
        if word in ("and", "or", "not", "(", ")"):
            out.append(word)
        elif "_of=" in word:
            how, pattern = word.split("_of=")
            chosen = [n for n in names if (pattern == "them" or fnmatch.fnmatchcase(n, pattern))
                      and not n.startswith("_")]
            joiner = " OR " if how == "1" else " AND "
            out.append("(" + joiner.join(selection(detection[n], arguments) for n in chosen) + ")")
        else:
            out.append(selection(detection[word], arguments))
    return " ".join(out)


def source_sql(logsource, mapping):
    """Channels and event ids of the log source's first way."""
    category, service = logsource.get("category", ""), logsource.get("service", "")
    if logsource.get("product", "") != "windows":
        raise NotSql("product")
    for row in mapping:
        if row["kind"] == "windows-service" and row["name"] == service:
            return f"Channel IN ({', '.join(repr(c) for c in row['channels'])})"
        if row["kind"] == "source" and category and category in row["category"] and \
                "windows" in row["product"] and row["ways"] and row["ways"][0]["channels"]:
            way = row["ways"][0]
            ids = [f"'{x}'" for x in way["event_ids"].split()]
            channels = ", ".join(repr(c) for c in way["channels"])
            return f"Channel IN ({channels})" + (f" AND EventID IN ({', '.join(ids)})" if ids else "")
    raise NotSql("logsource")


def read_rules(folders, mapping):
    """(SQL, arguments) of every rule that SQL can say, and the number of all."""
    rules, count = [], 0
    for path in (p for folder in folders for p in sorted(pathlib.Path(folder).rglob("*.yml"))):
        rule = yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        count += 1
        arguments = []
        try:
            where = source_sql(rule["logsource"], mapping)
            rules.append((f"{where} AND ({condition(rule['detection'], arguments)})", arguments))
        except (NotSql, KeyError, TypeError, AttributeError):
            continue
    return rules, count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("konseki")
    parser.add_argument("events")
    parser.add_argument("rules", nargs="+")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--index", action="store_true")
    a = parser.parse_args()
    listing = subprocess.run([a.konseki, "rules", "mapping", "--format", "jsonl"], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
    rules, count = read_rules(a.rules, [json.loads(x) for x in listing.splitlines()])
    fields = {m for sql, _ in rules for m in re.findall(r'"([^"]+)"', sql)} | {"Channel", "EventID"}
    fields = sorted({f.lower(): f for f in fields}.values())[:1900]
    dump = subprocess.run([a.konseki, "dump", "--flat", a.events], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False).stdout
    events = [json.loads(line)["event"] for line in dump.splitlines()]
    base = sqlite3.connect(":memory:")
    base.create_function("REGEXP", 2, lambda p, v: v is not None and re.search(p, v) is not None)
    base.execute(f"CREATE TABLE logs ({', '.join(quote_name(f) + ' TEXT COLLATE NOCASE' for f in fields)})")
    started = time.perf_counter()
    base.executemany(f"INSERT INTO logs VALUES ({', '.join('?' * len(fields))})",
                     ([None if (v := e.get(f)) is None else str(v) for f in fields] for e in events))
    if a.index:
        base.execute("CREATE INDEX by_source ON logs (Channel, EventID)")
    inserted = time.perf_counter()
    hits = failed = 0
    chosen = rules[::a.every]
    for sql, arguments in chosen:
        try:
            hits += len(base.execute(f"SELECT rowid FROM logs WHERE {sql}", arguments).fetchall())
        except (sqlite3.Error, re.error):
            failed += 1
    matched = time.perf_counter()
    print(json.dumps(dict(events=len(events), rules=count, rules_in_sql=len(rules),
                          rules_run=len(chosen) - failed, insert_seconds=inserted - started,
                          match_seconds=(matched - inserted) * a.every, hits=hits)))


if __name__ == "__main__":
    sys.exit(main())
