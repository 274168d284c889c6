#!/usr/bin/env python3
"""Words whose first and later values lie in different stripes of one merged segment.

    search_stripes.py KONSEKI

150,000 lines of one format, imported and compacted: three stripes. Later stripes have new values that
hold words of the first one; every word must be found in exactly the lines that have it. So must pairs
of a word that is known from the first stripe and one that stands in one line.
"""
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile

LINES = 150_000
LINE = '10.0.%d.%d - user%d [02/Mar/2026:11:%02d:%02d +0900] "GET http://host%d/%s HTTP/1.1" 200 %d "%s" "%s" TCP_MISS:DIRECT\n'


def agent(number):
    if number % 50_000 == 49_999:
        return "Late Chrome of %d" % (number // 50_000)
    return "Mozilla Chrome" if number < 70_000 else "Other Client"


def name(number):
    """A name, and digits that no other line has; 't' makes them no number."""
    return "name%d %dt%d" % (number % 31, 8_000_000 + number * 7, number % 97)


def page(number):
    """A word of its own for each line; some are words of others."""
    return "q%05xz" % number if number % 1000 else "chrome%d" % number


def line(number):
    return LINE % (number // 256 % 256, number % 256, number % 97, number // 2500 % 60, number // 42 % 60,
                   number % 31, page(number), number, name(number), agent(number))


def count(konseki, store, word):
    done = subprocess.run([konseki, "search", "--store", store, "--format", "jsonl", '"%s" | count' % word],
                          stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)["count"]


def main():
    konseki = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder, "access.log")
        lines = [line(number) for number in range(LINES)]
        log.write_text("".join(lines))
        store = pathlib.Path(folder, "store")
        quiet = {"check": True, "stdout": subprocess.DEVNULL}
        subprocess.run([konseki, "import", "--no-analyses", "--store", store, log], **quiet)
        subprocess.run([konseki, "store", "compact", "--store", store], **quiet)
        words = collections.Counter(word for text in lines
                                    for word in set(re.findall(r"\w+", text.lower())))
        single = (77, 65_600, 100_001, 149_001)
        words.update({name(number): 1 for number in single})
        asked = ("chrome", "late", "mozilla", "other", "client", "user5", "host30", "tcp_miss", "name7",
                 "chrome149000", "q99999z", *map(page, single), *map(name, single))
        wrong = [(word, words[word], found) for word in asked
                 for found in [count(konseki, store, word)] if found != words[word]]
    for word, wanted, found in wrong:
        print("%s: %d lines, found %d" % (word, wanted, found))
    print("%d passed, %d failed" % (len(asked) - len(wrong), len(wrong)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
