#!/usr/bin/env python3
"""Compare konseki's findings with what make_site.py planted.

    konseki findings --store STORE --format jsonl > findings.jsonl
    python3 demo/check_findings.py DIR findings.jsonl

found       a finding of the planted thing's analysis (or Sigma rule) rests on one of its lines and
            its level is not more than one step below the planted one
look-alike  a finding of level medium or above of the analysis that the look-alike resembles rests,
            by half of its evidence or more, on the look-alike's lines
unexplained a finding of level medium or above of a planted analysis or rule that rests on no line
            of a planted thing it may report

Prints one line for each; exit 0 when all attacks are found and nothing else is reported, 1
otherwise, 2 when the input cannot be used.
"""
import json
import os
import sys

LEVELS = {"none": 0, "informational": 1, "info": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
MEDIUM = LEVELS["medium"]


def tail(path):
    """The part of a path from `logs/` on: the site may have been imported under any name."""
    return path[path.rfind("logs/"):]


def place(event):
    """A key for one event: file, and record id (EVTX) or line."""
    number = event.get("record_id") if event["file"].endswith(".evtx") else event.get("line")
    return tail(event["file"]), number


class Finding:
    """A finding of an analysis, or a hit of a rule, in the parts that matter here."""

    def __init__(self, document):
        rule = document.get("rule") or {}
        self.about = document.get("analysis") or rule.get("id")
        level = document.get("level") or rule.get("level")
        if self.about is None or level not in LEVELS:
            raise ValueError(f"no analysis or rule, or unknown level {level!r}")
        self.level = LEVELS[level]
        events = document.get("events") or [document.get("event")]
        self.places = {place(event) for event in events if event and "file" in event}
        self.title = f"{self.about} {level} {json.dumps(document.get('entities', {}))}"


def read_findings(path):
    """All findings but those about coverage."""
    findings = []
    with open(path, encoding="utf-8") as source:
        for number, line in enumerate(source, 1):
            try:
                document = json.loads(line)
                if "coverage" not in document:
                    findings.append(Finding(document))
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"{path}:{number}: {error}") from error
    return findings


class Planted:
    """One row of story.json."""

    def __init__(self, row):
        self.key, self.analysis = row["key"], row["analysis"]
        self.level = LEVELS[row["level"]]
        self.reports = {row["analysis"], *row["also"]}
        self.places = {place(event) for event in row["events"]}
        self.en = row["en"]


def missed(story, findings):
    """Why an attack does not count as found; None when it does."""
    about = [f for f in findings if f.about == story.analysis and f.places & story.places]
    if not about:
        return "no finding"
    best = max(f.level for f in about)
    return None if best >= story.level - 1 else "level too low"


def is_disturbed(story, findings):
    """A look-alike that a finding of medium or above mainly rests on."""
    return any(f.about == story.analysis and f.level >= MEDIUM and
               2 * len(f.places & story.places) >= len(f.places) > 0 for f in findings)


def unexplained(findings, stories):
    known = set().union(*(story.reports for story in stories))
    attacks = [story for story in stories if story.level]
    quiet = [story for story in stories if not story.level]
    for finding in findings:
        if finding.level < MEDIUM or finding.about not in known:
            continue
        if any(finding.about in s.reports and finding.places & s.places for s in attacks):
            continue
        if not any(is_disturbed(s, [finding]) for s in quiet):
            yield finding


def compare(stories, findings):
    """Print the comparison; the number of things that are not as they should be."""
    wrong = 0
    for story in stories:
        if story.level:
            reason = missed(story, findings)
            verdict = "found" if reason is None else f"MISSED ({reason})"
        else:
            disturbed = is_disturbed(story, findings)
            verdict = "REPORTED" if disturbed else "quiet"
        wrong += verdict.isupper() or verdict.startswith("MISSED")
        print(f"{verdict:22} {story.key:14} {story.en}")
    for finding in unexplained(findings, stories):
        wrong += 1
        print(f"{'UNEXPLAINED':22} {finding.title}")
    return wrong


def main(arguments):
    if len(arguments) != 2:
        print("usage: check_findings.py DIR findings.jsonl", file=sys.stderr)
        return 2
    try:
        with open(os.path.join(arguments[0], "story.json"), encoding="utf-8") as source:
            stories = [Planted(row) for row in json.load(source)]
        findings = read_findings(arguments[1])
    except (OSError, ValueError, KeyError) as error:
        print(f"check_findings: {error}", file=sys.stderr)
        return 2
    wrong = compare(stories, findings)
    attacks = sum(bool(story.level) for story in stories)
    print(f"{attacks} attacks, {len(stories) - attacks} look-alikes, {len(findings)} findings: "
          + ("all as planted" if not wrong else f"{wrong} not as planted"))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
