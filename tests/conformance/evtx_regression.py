#!/usr/bin/env python3
"""Compare decoded events with the JSON beside each EVTX of SigmaHQ's regression set.

    python3 tests/conformance/evtx_regression.py build/konseki [DATA]

DATA (default $KONSEKI_DATA, then ../shared/data) holds evtx/sigma-regression. The JSON files were
written by another decoder: numbers as numbers, GUIDs without braces, attributes under
"#attributes", times with other digits. Both sides are brought to one flat form before comparing;
what is normalised away is exactly: braces of GUIDs, case (some JSON files were edited by hand:
Explorer.exe for Explorer.EXE), number or text, digits of times, CR, and blanks at the ends, which
the other decoder trims ("cmd.exe " is in the bytes).
Some JSON files hold several documents, some are missing; each document is looked up by its
EventRecordID.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

GUID = re.compile(r"\{?([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\}?")
TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z")


def normal(value):
    """One text for what both decoders mean."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return [normal(item) for item in value]
    text = "" if value is None else str(value)
    if GUID.fullmatch(text):
        return GUID.fullmatch(text).group(1).lower()
    time = TIME.fullmatch(text)
    if time:
        return f"{time.group(1)}.{(time.group(2) or '').ljust(9, '0')[:6]}"
    return text.replace("\r\n", "\n").strip().lower()


def split_element(node):
    """(attributes, text, children) of one element of the reference."""
    if not isinstance(node, dict):
        return {}, node, {}
    children = {k: v for k, v in node.items() if k not in ("#attributes", "#text")}
    return node.get("#attributes", {}), node.get("#text"), children


def add(flat, name, value):
    flat.setdefault(name, []).extend(value if isinstance(value, list) else [value])


def flatten_system(flat, system):
    for name, node in system.items():
        attributes, text, _ = split_element(node)
        for key, value in attributes.items():
            add(flat, f"{name}_{key}", value)
        if text is not None:
            add(flat, name, text)


def flatten_body(flat, system_names, body):
    for name, node in body.items():
        if name == "#attributes":
            continue
        attributes, text, children = split_element(node)
        if children:
            flatten_body(flat, system_names, children)
            continue
        key = name.replace(" ", "")
        add(flat, f"EventData.{key}" if key in system_names else key, text)


def flatten(document):
    flat = {}
    event = document["Event"]
    flatten_system(flat, event["System"])
    names = set(flat)
    for part in ("EventData", "UserData"):
        if isinstance(event.get(part), dict):
            flatten_body(flat, names, event[part])
    return {k: normal(v[0] if len(v) == 1 else v) for k, v in flat.items()}


def documents(path):
    """All JSON documents of a file, one behind the other."""
    text = path.read_text(encoding="utf-8-sig")
    decoder = json.JSONDecoder()
    at = 0
    while at < len(text):
        if text[at].isspace() or text[at] == ",":
            at += 1
            continue
        document, at = decoder.raw_decode(text, at)
        yield from document if isinstance(document, list) else [document]


def dumped(program, evtx):
    run = subprocess.run([program, "dump", "--flat", str(evtx)], stdout=subprocess.PIPE,
                         check=True, timeout=60)
    events = (json.loads(line)["event"] for line in run.stdout.splitlines())
    return {event.get("EventRecordID"): event for event in events}


def compare(evtx, events, document):
    """Differences of one event as text lines."""
    want = flatten(document)
    got = events.get(want.get("EventRecordID"))
    if got is None:
        return [f"{evtx.name}: no record {want.get('EventRecordID')}"]
    got = {k: normal(v) for k, v in got.items()}
    return [f"{evtx.name} {name}: reference {want.get(name)!r} ours {got.get(name)!r}"
            for name in sorted(want.keys() | got.keys()) if want.get(name) != got.get(name)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=os.path.abspath)
    default = os.environ.get("KONSEKI_DATA", "../shared/data")
    parser.add_argument("data", nargs="?", default=default, type=pathlib.Path)
    arguments = parser.parse_args()
    folder = arguments.data / "evtx" / "sigma-regression"
    if not folder.exists():
        print(f"SKIPPED: {folder} not found")
        return 77  # meson: skipped
    cases = compared = missing = 0
    differences = []
    for evtx in sorted(folder.rglob("*.evtx")):
        cases += 1
        reference = evtx.with_suffix(".json")
        if not reference.exists():
            missing += 1
            continue
        events = dumped(arguments.program, evtx)
        for document in documents(reference):
            compared += 1
            differences += compare(evtx, events, document)
    print(f"{cases} cases, {missing} without JSON, {compared} events compared, "
          f"{len(differences)} differences")
    for line in differences[:40]:
        print("  " + line[:300])
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
