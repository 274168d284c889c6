#!/usr/bin/env python3
"""Rules like the real ones, for measuring what many rules cost: each is a real rule with new
words in its values, the same fields, modifiers, conditions and log source.

  sigma_generate.py OUT COUNT RULES...      (needs PyYAML; the same call makes the same rules)

Words of at least four letters become others of the same length and mix of cases; file suffixes,
numbers, GUIDs, event ids, wildcards and escapes stay.
"""
import pathlib
import random
import re
import sys
import uuid

import yaml

WORD = re.compile(r"(?<![\\%{(?])[A-Za-z]{4,}")
SYLLABLES = ("ba be bi bo da de di do fa fe ga go ha hi ka ke ki ko la le li lo ma me mi mo na ne "
             "no pa pe po ra re ri ro sa se si so ta te ti to va ve wa xe ya zo").split()


def read_rules(folders):
    """(path, document) of every rule below the folders that has a detection."""
    for folder in folders:
        for path in sorted(pathlib.Path(folder).rglob("*.yml")):
            try:
                documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
            except (yaml.YAMLError, UnicodeDecodeError):
                continue
            if len(documents) == 1 and "detection" in (documents[0] or {}):
                yield path, documents[0]


def new_word(rng, word):
    text = ""
    while len(text) < len(word):
        text += rng.choice(SYLLABLES)
    return "".join(b.upper() if a.isupper() else b for a, b in zip(word, text))


def vary_text(rng, text):
    return WORD.sub(lambda m: new_word(rng, m.group()), text)


def vary(rng, node, key=""):
    """The same tree with other words in its values."""
    if isinstance(node, dict):
        return {k: vary(rng, v, str(k)) for k, v in node.items()}
    if isinstance(node, list):
        return [vary(rng, v, key) for v in node]
    if isinstance(node, str) and key.split("|")[0] not in ("EventID", "condition", "timeframe"):
        return node if "|fieldref" in key or "|expand" in key else vary_text(rng, node)
    return node


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    out, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    rules = list(read_rules(sys.argv[3:]))
    if not rules:
        sys.exit("no rules below " + " ".join(sys.argv[3:]))
    rng = random.Random(20261122)
    out.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        _, rule = rules[rng.randrange(len(rules))]
        rule = dict(rule)
        rule["id"] = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        rule["title"] = f"{rule['title']} (generated {number})"
        rule["detection"] = vary(rng, rule["detection"])
        text = yaml.safe_dump(rule, allow_unicode=True, sort_keys=False, width=1000)
        (out / f"generated_{number:05d}.yml").write_text(text, encoding="utf-8")
    print(f"{count} rules from {len(rules)} in {out}")


if __name__ == "__main__":
    sys.exit(main())
