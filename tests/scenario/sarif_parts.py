"""The objects of SARIF 2.1.0 as its schema has them: members that must and that may be there, and their types.

Written from the specification (OASIS Standard, 27 March 2020, section 3; errata 01), not copied: the schema allows no member
that it does not name, so neither does check(). Kinds that we do not write are left out: meeting one is an error.
"""
import datetime
import re

PLACES = ["location"]
#  object: (members that must be there, {member: type}); a list is [type of its items], a set the allowed words
OBJECTS = {
    "log": ("version runs", {"$schema": "uri", "version": {"2.1.0"}, "runs": ["run"]}),
    "run": ("tool", {"tool": "tool", "invocations": ["invocation"], "results": ["result"], "properties": "bag",
                     "columnKind": {"utf16CodeUnits", "unicodeCodePoints"}}),
    "tool": ("driver", {"driver": "driver", "properties": "bag"}),
    "driver": ("name", {"name": "text", "version": "text", "semanticVersion": "text", "fullName": "text",
                        "informationUri": "uri", "rules": ["rule"], "properties": "bag"}),
    "rule": ("id", {"id": "text", "name": "text", "shortDescription": "words", "fullDescription": "words",
                    "help": "words", "helpUri": "uri", "defaultConfiguration": "configuration", "properties": "bag"}),
    "words": ("text", {"text": "text", "markdown": "text"}),
    "configuration": ("", {"enabled": "bool", "level": {"none", "note", "warning", "error"}, "rank": "number"}),
    "result": ("message", {"ruleId": "text", "ruleIndex": "index", "kind": {"fail", "open", "informational"},
                           "level": {"none", "note", "warning", "error"}, "message": "words", "locations": PLACES,
                           "relatedLocations": PLACES, "occurrenceCount": "count", "partialFingerprints": "texts",
                           "suppressions": ["suppression"], "properties": "bag"}),
    "suppression": ("kind", {"kind": {"inSource", "external"}, "status": {"accepted", "underReview", "rejected"},
                             "justification": "text"}),
    "location": ("", {"id": "index", "physicalLocation": "place", "logicalLocations": ["logical"], "message": "words", "properties": "bag"}),
    "logical": ("", {"name": "text", "fullyQualifiedName": "text", "kind": "text", "properties": "bag"}),
    "place": ("", {"artifactLocation": "artifact", "region": "region", "properties": "bag"}),
    "artifact": ("", {"uri": "uri", "uriBaseId": "text", "index": "index", "description": "words"}),
    "region": ("", {"startLine": "count", "endLine": "count", "startColumn": "count", "endColumn": "count",
                    "byteOffset": "index", "byteLength": "index", "snippet": "words"}),
    "invocation": ("executionSuccessful", {
        "executionSuccessful": "bool", "startTimeUtc": "time", "endTimeUtc": "time", "exitCode": "number",
        "toolExecutionNotifications": ["notification"], "toolConfigurationNotifications": ["notification"],
        "properties": "bag"}),
    "notification": ("message", {"message": "words", "level": {"none", "note", "warning", "error"}, "timeUtc": "time",
                                 "locations": PLACES, "properties": "bag"}),
}
UNIQUE = {"relatedLocations", "suppressions", "rules", "runs", "locations"}


def is_uri(value):
    return isinstance(value, str) and re.fullmatch(r"(?:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*", value)


def is_time(value):
    return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value) and datetime.datetime.fromisoformat(value[:19])


def is_bag(value):
    tags = value.get("tags", []) if isinstance(value, dict) else None
    return isinstance(tags, list) and all(isinstance(x, str) for x in tags) and len(set(tags)) == len(tags)


SIMPLE = {
    "text": lambda x: isinstance(x, str),
    "texts": lambda x: isinstance(x, dict) and all(isinstance(v, str) for v in x.values()),
    "bool": lambda x: isinstance(x, bool),
    "number": lambda x: isinstance(x, (int, float)) and not isinstance(x, bool),
    "index": lambda x: isinstance(x, int) and x >= 0,
    "count": lambda x: isinstance(x, int) and x >= 1,
    "uri": is_uri,
    "time": is_time,
    "bag": is_bag,
}


def check(value, kind="log", where="$"):
    """Raises AssertionError with the place of the first thing that the schema would refuse."""
    if isinstance(kind, list):
        assert isinstance(value, list), f"{where}: no array"
        for i, item in enumerate(value):
            check(item, kind[0], f"{where}[{i}]")
        if where.rsplit(".", 1)[-1] in UNIQUE:
            assert len({repr(item) for item in value}) == len(value), f"{where}: items are not unique"
    elif isinstance(kind, set):
        assert value in kind, f"{where}: {value!r} is none of {sorted(kind)}"
    elif kind in SIMPLE:
        assert SIMPLE[kind](value), f"{where}: {value!r} is no {kind}"
    else:
        must, members = OBJECTS[kind]
        assert isinstance(value, dict), f"{where}: no object"
        for name in must.split():
            assert name in value, f"{where}: no {name}"
        for name, item in value.items():
            assert name in members, f"{where}: {name} is no member of {kind}"
            check(item, members[name], f"{where}.{name}")
