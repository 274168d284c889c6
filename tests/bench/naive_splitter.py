#!/usr/bin/env python3
"""How small do lines get that are only split, without any knowledge of logs? A peer for the store.

    naive_splitter.py [--level 19] [--small-rows 64] [--json] FILE...

A line is split at the delimiters [ \\t="',;()[]{}<>|]; its delimiters in order are its skeleton;
lines of one skeleton (of one file) are a group; each token position of a group is a column. A
column takes the smallest of: text; numbers as byte planes; zig-zag deltas as byte planes; a
dictionary ranked by frequency; where all values have one shape, each run of digits as numbers.
Every stream is one zstd frame. The group of each line is one more stream, so the text could be
put together again byte for byte; every encoding is tested for that before it is chosen.

Groups under --small-rows lines are kept as text together (0: never), which favours this peer: a
frame a column costs more than it saves there. Prints a file: raw, zstd frame of the whole file,
columns, ratio; and all. There is no index and no field in it.
"""
import argparse
import array
import collections
import json
import pathlib
import re
import sys

from zstd_lib import packed_size

DELIMITER = re.compile(rb"([ \t=\"',;()\[\]{}<>|])")
DIGITS = re.compile(rb"([0-9]+)")
NUMBER_LIMIT = 1 << 62
FRAME_HEADER = 2  # what a real container would spend to tell one stream from the next


def planes(numbers):
    """Non-negative numbers as byte planes of the least width, little end first."""
    width = max((max(numbers).bit_length() + 7) // 8, 1) if numbers else 1
    whole = array.array("Q", numbers).tobytes()
    return b"".join(whole[plane::8] for plane in range(width))


def zigzag_deltas(numbers):
    out, before = [], 0
    for number in numbers:
        step = number - before
        out.append(step << 1 if step >= 0 else (-step << 1) - 1)
        before = number
    return out


def as_numbers(values, is_padded=False):
    """The numbers of decimal texts, None if a text would not come back."""
    out = []
    for value in values:
        if not value.isdigit() or len(value) > 18 or (not is_padded and value[:1] == b"0" != value):
            return None
        out.append(int(value))
    return out


def number_streams(numbers):
    return [[planes(numbers)], [planes(zigzag_deltas(numbers))]]


def dictionary_streams(values):
    counts = collections.Counter(values)
    if len(counts) * 2 > len(values):
        return []
    ranked = [value for value, _ in counts.most_common()]
    place = {value: number for number, value in enumerate(ranked)}
    return [[b"\n".join(ranked), planes([place[value] for value in values])]]


def shape_streams(values):
    """Values of one shape ("10:22:05"): a column of numbers for every run of digits."""
    first = DIGITS.split(values[0])
    if len(first) < 3 or any(len(value) != len(values[0]) for value in values):
        return []
    parts = [[] for _ in range(len(first) // 2)]
    for value in values:
        cut = DIGITS.split(value)
        if cut[0::2] != first[0::2] or list(map(len, cut)) != list(map(len, first)):
            return []
        for part, digits in zip(parts, cut[1::2]):
            part.append(digits)
    numbers = [as_numbers(part, is_padded=True) for part in parts]
    if any(part is None for part in numbers):
        return []
    return [[planes(part) for part in numbers], [planes(zigzag_deltas(part)) for part in numbers]]


def streams_size(streams, level):
    return sum(packed_size(stream, level) + FRAME_HEADER for stream in streams)


def column_size(values, level):
    """(bytes, name of the encoding) of the best way to store a column."""
    if values.count(values[0]) == len(values):
        return len(values[0]) + FRAME_HEADER, "constant"
    ways = [("text", [b"\n".join(values)])]
    numbers = as_numbers(values)
    if numbers is not None:
        ways += zip(("planes", "delta"), number_streams(numbers))
    ways += zip(("dictionary",), dictionary_streams(values))
    ways += zip(("shape", "shape delta"), shape_streams(values))
    return min((streams_size(streams, level), name) for name, streams in ways)


def split_lines(data):
    """groups: skeleton -> rows (lists of tokens); order: the group number of each line."""
    groups, number_of, order = {}, {}, array.array("Q")
    for line in data.split(b"\n"):
        parts = DELIMITER.split(line)
        skeleton = b"".join(parts[1::2])
        order.append(number_of.setdefault(skeleton, len(number_of)))
        groups.setdefault(skeleton, []).append(parts[0::2])
    return groups, order


def row_text(skeleton, row):
    out = [row[0]]
    for at, token in enumerate(row[1:]):
        out += (skeleton[at:at + 1], token)
    return b"".join(out)


def file_size(data, level, small_rows, chosen):
    groups, order = split_lines(data)
    total = packed_size(planes(order), level)
    small, skeletons = [], []
    for skeleton, rows in groups.items():
        if len(rows) < small_rows:
            small += [row_text(skeleton, row) for row in rows]
            continue
        skeletons.append(skeleton)
        for column in zip(*rows):
            size, name = column_size(column, level)
            total += size
            chosen[name] += size
    chosen["small rows"] += packed_size(b"\n".join(small), level)
    return total + packed_size(b"\n".join(small), level) + packed_size(b"\n".join(skeletons), level)


def measure(paths, level, small_rows):
    rows, chosen = [], collections.Counter()
    for path in paths:
        data = path.read_bytes()
        if not data:
            continue
        ours = file_size(data, level, small_rows, chosen)
        rows.append(dict(path=str(path), raw=len(data), zstd=packed_size(data, level), split=ours))
    return rows, chosen


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--level", type=int, default=19)
    parser.add_argument("--small-rows", type=int, default=64)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    args = parser.parse_args()
    rows, chosen = measure(args.files, args.level, args.small_rows)
    rows.append(dict(path="all", **{key: sum(row[key] for row in rows)
                                    for key in ("raw", "zstd", "split")}))
    if args.json:
        json.dump(dict(files=rows, encodings=dict(chosen)), sys.stdout)
        return
    for row in rows:
        print(f"{row['raw']:12} raw {row['zstd']:10} zstd {row['split']:10} split "
              f"{row['split'] / row['zstd']:6.3f}  {row['path']}")
    print("bytes by encoding:", ", ".join(f"{k} {v}" for k, v in chosen.most_common()))


if __name__ == "__main__":
    main()
