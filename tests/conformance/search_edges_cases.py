"""Searches for search_edges.py: made from random places of real lines, with what must be found.

A case is (kind, query, test): the query in konseki's language, and a function that says of the text
of a record whether it must be found. Places are chosen where a store that cuts lines into templates
and variables has its seams: inside numbers, words and time texts, and over several of them.
"""
import functools
import re
import unicodedata

# Everything but letters, digits and blanks is written as \\xHH: no quoting rule is in the way.
PLAIN = re.compile(r"[A-Za-z0-9 _=,:;@%~-]")
RUN = re.compile(r"[A-Za-z]+|[0-9]+|[^A-Za-z0-9]+")
TIME = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}|[0-9]{4}-[0-9]{2}-[0-9]{2}")
# As docs/manual/search.md says: letters, digits and '_'; Han, kana and Hangul are words one by one
# (not asked for here), but part of the run that a pattern is compared with.
WORD = re.compile(r"[A-Za-z0-9_]{3,}")
TOKEN = re.compile(r"[^\W\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]+")
TOKEN_RUN = re.compile(r"\w+")
NUMBER = re.compile(r"(?=.*[0-9])[0-9tz]{2,}")
SUBSTRING_MAX = 28


def escaped(text):
    return "".join(c if PLAIN.match(c) else "\\x%02x" % ord(c) if ord(c) < 256
                   else "\\x{%x}" % ord(c) for c in text)


def python_form(pattern):
    """The same expression for Python's re, which writes code points above 255 its own way."""
    return re.sub(r"\\x\{([0-9a-f]+)\}", lambda m: "\\U%08x" % int(m.group(1), 16), pattern)


def regex_case(kind, pattern, ignore_case=False):
    compiled = re.compile(python_form(pattern), re.ASCII | (re.I if ignore_case else 0))
    return kind, "/%s/%s" % (pattern, "i" if ignore_case else ""), \
        lambda text: compiled.search(text) is not None


def substring_case(kind, part):
    return kind, "/%s/" % escaped(part), lambda text: part in text


def random_part(dice, line):
    """Any piece of the line."""
    start = dice.randrange(len(line))
    return line[start:start + dice.randrange(2, SUBSTRING_MAX)]


def edge_part(dice, line):
    """From inside one run of letters or digits to inside a later one."""
    runs = [m for m in RUN.finditer(line) if m.end() - m.start() > 1]
    if len(runs) < 2:
        return random_part(dice, line)
    first = dice.randrange(len(runs) - 1)
    last = min(len(runs) - 1, first + dice.randrange(1, 5))
    start = dice.randrange(runs[first].start(), runs[first].end())
    end = dice.randrange(runs[last].start(), runs[last].end()) + 1
    return line[start:end]


def time_part(dice, line):
    """Around a time or date text, cut anywhere."""
    found = list(TIME.finditer(line))
    if not found:
        return edge_part(dice, line)
    at = dice.choice(found)
    start = max(0, at.start() - dice.randrange(4)) + dice.randrange(6)
    return line[start:at.end() + dice.randrange(-3, 7)] or at.group()


def delimiter_part(dice, line):
    """Begins and ends with characters that are no letters or digits."""
    runs = [m for m in RUN.finditer(line) if not m.group()[0].isalnum()]
    if len(runs) < 2:
        return random_part(dice, line)
    first = dice.randrange(len(runs) - 1)
    last = min(len(runs) - 1, first + dice.randrange(1, 4))
    return line[runs[first].start():runs[last].end()]


def almost_part(dice, line):
    """A piece with one character changed: mostly nowhere, and near much."""
    part = edge_part(dice, line)
    at = dice.randrange(len(part))
    return part[:at] + dice.choice("0123456789abcxyzQ-") + part[at + 1:]


def generalised(dice, part):
    """An expression that fits `part`: some of its runs become classes. Gaps of any length only in
    gap_regex: here one may come first, and then every place of a line is tried to its end."""
    out = []
    for run in RUN.findall(part):
        ways = [escaped(run)] * 2
        if run.isdigit():
            ways += ["[0-9]+", r"\d{%d}" % len(run), r"[0-9]{1,%d}" % (len(run) + 1),
                     r"\d*%s" % run[-1], "(?:%s|%s)" % (run, run[::-1])]
        elif run.isalpha() and run.isascii():
            ways += [r"[a-zA-Z]+", r"\w{%d}" % len(run), "%s.{0,9}" % run[0],
                     "(?:%s|zzz)" % run, "%s?" % run]
        else:
            ways += [".{%d}" % len(run), r"[^0-9A-Za-z]+", ".{1,9}?"]
        out.append(dice.choice(ways))
    return "".join(out)


def general_regex(dice, line):
    return regex_case("regex", generalised(dice, edge_part(dice, line)))


def anchored_regex(dice, line):
    if dice.random() < 0.5:
        return regex_case("anchored", "^" + generalised(dice, line[:dice.randrange(2, 30)]))
    return regex_case("anchored", generalised(dice, line[-dice.randrange(2, 30):]) + "$")


def gap_regex(dice, line):
    """Two pieces with anything between them."""
    middle = len(line) // 2
    first, second = edge_part(dice, line[:middle] or line), edge_part(dice, line[middle:])
    return regex_case("gap", "%s%s%s" % (escaped(first), dice.choice((".*", ".+", ".{0,40}")),
                                         escaped(second)))


def either_regex(dice, line):
    return regex_case("either", "(%s|%s)" % (escaped(edge_part(dice, line)),
                                             escaped(almost_part(dice, line))))


def caseless_regex(dice, line):
    return regex_case("caseless", escaped(edge_part(dice, line).swapcase())
                      if line.isascii() else escaped(edge_part(dice, line)), line.isascii())


def bounded_regex(dice, line):
    words = WORD.findall(line) or ["a"]
    return regex_case("bounds", r"\b%s\b" % dice.choice(words))


def look_regex(dice, line):
    part = edge_part(dice, line)
    half = len(part) // 2
    return regex_case("look", "%s(?%s%s)" % (escaped(part[:half]), dice.choice("=!"),
                                             escaped(part[half:])))


@functools.lru_cache(maxsize=None)
def tokens(text, form):
    return frozenset(form.findall(unicodedata.normalize("NFKC", text).casefold()))


def tokens_case(kind, query, pattern, form):
    """Found if a token (run) of the folded line fits the pattern as a whole."""
    compiled = re.compile(pattern)
    return kind, query, lambda text: any(map(compiled.fullmatch, tokens(text, form)))


def word_case(dice, line):
    words = [w for w in WORD.findall(line) if w not in ("AND", "OR", "NOT", "and", "not")]
    word = dice.choice(words or ["zq"])
    if word in ("TO", "or") or not line.isascii():
        word = "kernel"
    return tokens_case("word", word, re.escape(word.casefold()), TOKEN)


def number_case(dice, line):
    """A word of digits (or of digits, T and Z), or one beside it: counters, sums, times of all
    patterns. Some stand in a column, some are only printed, the ones beside mostly nowhere."""
    words = [w for w in tokens(line, TOKEN) if NUMBER.fullmatch(w)]
    word = dice.choice(sorted(words, key=lambda w: (len(w), w))[-6:] or ["20260301"])
    way = dice.randrange(4)
    if way == 0 and word.isdigit() and word.isascii():
        word = str(int(word) + dice.choice((-1, 1, 10 ** (len(word) // 2)))).lstrip("-")
    elif way == 1:
        word = word[:-1] + dice.choice("0123456789z")
    return tokens_case("number", word, re.escape(word), TOKEN)


def wildcard_case(dice, line):
    word = dice.choice(WORD.findall(line) or ["abc"]).casefold()
    cut = dice.randrange(1, len(word))
    left, right = word[:cut], word[cut:]
    query, pattern = dice.choice(((left + "*", left + r"\w*"), ("*" + right, r"\w*" + right),
                                  (left[:1] + "*" + right, left[:1] + r"\w*" + right),
                                  (left[:-1] + "?" + right, left[:-1] + r"\w" + right)))
    return tokens_case("wildcard", query, pattern, TOKEN_RUN)


def both_case(dice, line):
    """Two conditions, of which the second may be denied."""
    _, first, has_first = substring_case("", edge_part(dice, line))
    _, second, has_second = substring_case("", random_part(dice, line))
    if dice.random() < 0.4:
        return "not", "%s AND NOT %s" % (first, second), \
            lambda text: has_first(text) and not has_second(text)
    if dice.random() < 0.5:
        return "or", "%s OR %s" % (first, second), \
            lambda text: has_first(text) or has_second(text)
    return "and", "%s %s" % (first, second), lambda text: has_first(text) and has_second(text)


def of_part(kind, choose):
    return lambda dice, line: substring_case(kind, choose(dice, line))


MAKERS = (of_part("substring", random_part), of_part("edges", edge_part), of_part("time", time_part),
          of_part("delimiters", delimiter_part), of_part("almost", almost_part), general_regex,
          general_regex, anchored_regex, gap_regex, either_regex, caseless_regex, bounded_regex,
          look_regex, word_case, number_case, wildcard_case,
          both_case)


def make(dice, lines, count):
    """`count` cases from random lines, the kinds in turn."""
    cases = []
    while len(cases) < count:
        line = dice.choice(lines)
        if len(line) >= 8:
            cases.append(MAKERS[len(cases) % len(MAKERS)](dice, line))
    return cases
