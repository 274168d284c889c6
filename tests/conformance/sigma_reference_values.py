"""Values of Sigma rules, slowly: what one value with its modifiers means, written from the
specification alone (rules, appendix modifiers). Used by sigma_reference.py and sigma_random.py."""
import base64
import datetime
import ipaddress
import itertools
import re

DASHES = "-/\u2013\u2014\u2015"
STAR, ANY = object(), object()
FLAGS = {"i": re.I, "m": re.M, "s": re.S, "ignorecase": re.I, "multiline": re.M, "dotall": re.S}
COMPARE = {"lt": lambda a, b: a < b, "lte": lambda a, b: a <= b, "gt": lambda a, b: a > b,
           "gte": lambda a, b: a >= b}
PARTS = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "week": (1, 53), "month": (1, 12),
         "year": (0, 9999)}
ENCODINGS = {"wide": "utf-16le", "utf16le": "utf-16le", "utf16be": "utf-16be", "utf16": "utf-16le"}
LIST_WORDS = ("all", "neq")
# What may stand before a modifier that gives the value its kind.
NEUTRAL = LIST_WORDS + ("cased", "expand")


class Refused(Exception):
    """A rule that must not run."""


def as_text(value):
    if value is True or value is False:
        return "true" if value else "false"
    return str(value)


def number_of(value):
    text = as_text(value)
    return float(text) if re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", text) else None


def tokens(text):
    """Sigma string to a list of characters and wildcards."""
    out, i = [], 0
    while i < len(text):
        if text[i] == "\\" and i + 1 < len(text) and text[i + 1] in "*?\\":
            out.append(text[i + 1])
            i += 2
            continue
        out.append({"*": STAR, "?": ANY}.get(text[i], text[i]))
        i += 1
    return out


def plain(toks):
    if any(t in (STAR, ANY) for t in toks):
        raise Refused("wildcards")
    return "".join(toks)


def windash(toks):
    places = []
    for i, t in enumerate(toks):
        before = toks[i - 1] if i else None
        after = toks[i + 1] if i + 1 < len(toks) else None
        word = [isinstance(c, str) and bool(re.match(r"\w", c)) for c in (before, after)]
        if isinstance(t, str) and t in DASHES and not word[0] and word[1]:
            places.append(i)
    for choice in itertools.product(DASHES, repeat=len(places)):
        variant = list(toks)
        for place, dash in zip(places, choice):
            variant[place] = dash
        yield variant


def offsets(data):
    for shift in range(3):
        text = base64.b64encode(b" " * shift + data).decode()
        end = {0: len(text), 1: -3, 2: -2}[(len(data) + shift) % 3]
        cut = text[(0, 2, 3)[shift]:end]
        if not cut:
            raise Refused("too short")
        yield cut


def glob(toks, cased):
    parts = [".*" if t is STAR else "." if t is ANY else re.escape(t) for t in toks]
    return re.compile("".join(parts), re.S | (0 if cased else re.I))


def part_of(text, part):
    match = re.match(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d))?", as_text(text))
    if not match:
        return None
    year, month, day, hour, minute = (int(g or 0) for g in match.groups())
    try:
        moment = datetime.datetime(year, month, day, hour, minute)
    except ValueError:
        return None
    return moment.isocalendar()[1] if part == "week" else getattr(moment, part)


def network_test(value):
    try:
        network = ipaddress.ip_network(str(value), strict=False)
    except ValueError as error:
        raise Refused("network") from error

    def passes(v):
        try:
            address = ipaddress.ip_address(as_text(v))
        except ValueError:
            return False
        mapped = address.version == 6 and address.ipv4_mapped
        return address in network or bool(mapped) and mapped in network
    return passes


def number_test(value, mods):
    """Comparisons and parts of times: at most one of each, in any order."""
    operators = [m for m in mods if m in COMPARE]
    parts = [m for m in mods if m in PARTS]
    limit = None if isinstance(value, bool) else number_of(value)
    others = [m for m in mods if m not in COMPARE and m not in PARTS and m not in LIST_WORDS]
    if limit is None or others or len(operators) > 1 or len(parts) > 1:
        raise Refused("number")
    compare = COMPARE[operators[0]] if operators else lambda a, b: a == b
    if not parts:
        return lambda v: number_of(v) is not None and compare(number_of(v), limit)
    low, high = PARTS[parts[0]]
    if not operators and not (low <= limit <= high and limit == int(limit)):
        raise Refused("range")
    return lambda v: part_of(v, parts[0]) is not None and compare(part_of(v, parts[0]), limit)


def regex_test(value, mods):
    first = mods.index("re")
    if value is None or set(mods[:first]) - set(NEUTRAL):
        raise Refused("re")
    flags = re.A
    for m in mods[first + 1:]:
        if m not in FLAGS and m not in NEUTRAL + ("contains", "startswith", "endswith"):
            raise Refused(m)
        flags |= FLAGS.get(m, 0)
    try:
        expression = re.compile(as_text(value), flags)
    except re.error as error:
        raise Refused("expression") from error
    return lambda v: expression.search(as_text(v)) is not None


def encoded(toks, encoding, marked):
    """UTF-16. Wildcards stay, but only beside ASCII: other bytes are no text to compare with."""
    if not any(t in (STAR, ANY) for t in toks):
        return toks, (b"\xff\xfe" if marked else b"") + "".join(toks).encode(encoding)
    if not all(t in (STAR, ANY) or t < "\x80" for t in toks):
        raise Refused("wildcards beside bytes")
    pairs = [[t] if t in (STAR, ANY) else list(t.encode(encoding).decode()) for t in toks]
    return (["\ufeff"] if marked else []) + [c for pair in pairs for c in pair], None


def text_of(data):
    """Bytes that no base64 follows, as text: only ASCII and NUL can be compared."""
    marked = data.startswith(b"\xff\xfe")
    data = data[2:] if marked else data
    if any(byte >= 0x80 for byte in data):
        raise Refused("bytes that are no text")
    return (["\ufeff"] if marked else []) + list(data.decode())


def modified(variant, m):
    """(tokens, bytes or None) after one modifier, as a list of alternatives."""
    toks, data = variant
    if m in LIST_WORDS + ("cased", "expand"):
        return [variant]
    if m in ENCODINGS:
        return [encoded(toks, ENCODINGS[m], m == "utf16")]
    if m in ("base64", "base64offset"):
        raw = data if data is not None else plain(toks).encode()
        done = [base64.b64encode(raw).decode()] if m == "base64" else list(offsets(raw))
        return [(list(t), None) for t in done]
    if data is not None:
        toks = text_of(data)
    if m == "contains":
        return [([STAR] + toks + [STAR], None)]
    if m == "startswith":
        return [(toks + [STAR], None)]
    if m == "endswith":
        return [([STAR] + toks, None)]
    if m == "windash":
        return [(w, None) for w in windash(toks)]
    raise Refused("modifier " + m)


def value_test(value, mods):
    """A function of one event value (no null, no list), for one rule value that is not null."""
    kind = next((m for m in mods if m not in NEUTRAL), "")
    if "re" in mods:
        return regex_test(value, mods)
    if "cidr" in mods:
        if kind != "cidr" or set(mods) - set(NEUTRAL) - {"cidr"} or isinstance(value, (bool, int, float)):
            raise Refused("cidr")
        return network_test(value)
    if set(mods) & (set(COMPARE) | set(PARTS)):
        return number_test(value, mods)
    if not set(mods) - set(LIST_WORDS) and isinstance(value, (int, float)) and not isinstance(value, bool):
        return lambda v: as_text(v).lower() == str(value) or number_of(v) == float(value)
    if re.search(r"(^|,)(wide|utf16\w*),((all|neq|cased|expand),)*(wide|utf16\w*)(,|$)", ",".join(mods)):
        raise Refused("encoded twice")
    variants = [(tokens(as_text(value)), None)]
    for m in mods:
        variants = [w for v in variants for w in modified(v, m)]
    tests = [glob(toks if data is None else text_of(data), "cased" in mods)
             for toks, data in variants]
    return lambda v: any(t.fullmatch(as_text(v)) for t in tests)


def reference_test(mods):
    """Compares a value of the field with one of the other field (fieldref)."""
    if set(mods) - {"fieldref", "contains", "startswith", "endswith"} - set(NEUTRAL):
        raise Refused("fieldref")
    places = [m for m in mods if m in ("contains", "startswith", "endswith")]
    if set(mods[:mods.index("fieldref")]) & set(places):
        raise Refused("fieldref")
    place = places[-1] if places else ""
    fold = (lambda t: t) if "cased" in mods else str.lower

    def passes(a, b):
        a, b = fold(as_text(a)), fold(as_text(b))
        return {"contains": b in a, "startswith": a.startswith(b), "endswith": a.endswith(b)}.get(place, a == b)
    return passes
