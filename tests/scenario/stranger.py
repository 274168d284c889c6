"""A stranger reads a store's evidence by docs/formats alone: checkpoint.md, retention.md, proof.md.

Nothing of konseki is used but to make the store: the chain, its links and keys, the tree, the
footers that it names, kept hashes, anchors and proofs are read and computed again here. (Checksums
are left out: Python has no XXH3; signatures are tested where the module `cryptography` is there.)
"""
import hashlib
import json
import os
import pathlib
import struct
import subprocess

from harness import case, equal, main, raw, run, search, true

OLD_STORE = os.environ["KONSEKI_OLD_STORE"]
try:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    Ed25519PublicKey = None


def sha(data):
    return hashlib.sha256(data).digest()


def node(left, right):
    return sha(b"\1" + left + right)


class Wire:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        true(self.at + count <= len(self.data), "the bytes end too early")
        self.at += count
        return self.data[self.at - count:self.at]

    def u(self):
        value = shift = 0
        while True:
            byte, = self.take(1)
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def i(self):
        value = self.u()
        return (value >> 1) ^ -(value & 1)

    def s(self):
        return self.take(self.u())

    def done(self):
        return self.at == len(self.data)


# --- the chain ---

def read_head(data):
    w = Wire(data)
    equal(w.u(), 2, "version")
    head = dict(number=w.u(), previous=w.take(32), time=w.i(), writer=w.s(), key=w.take(32),
                next_key=w.take(32), rows=w.u(), root=w.take(32), log=w.u(), body=w.take(32))
    true(w.done(), "a head ends with the hash of the body")
    return head


def read_segment(w):
    names = ("number", "dataset", "marks", "rows", "derived", "raw_bytes", "first", "last", "oldest",
             "newest", "file_bytes", "index_bytes", "filters")
    kinds = "usuuuuuuiiuuu"
    segment = {name: getattr(w, kind)() for name, kind in zip(names, kinds)}
    segment["lines"] = [w.u() for _ in range(w.u())]
    segment["footer"] = w.take(32)
    segment["received"] = w.i() if segment["marks"] & 2 else None
    return segment


def read_body(w, rows):
    body = dict(peaks={level: w.take(32) for level in range(64) if rows >> level & 1})
    body["segments"] = [read_segment(w) for _ in range(w.u())]
    body["fates"] = [(w.u(), w.u(), w.u()) for _ in range(w.u())]
    body["notes"] = [(w.s().decode(), json.loads(w.s())) for _ in range(w.u())]
    body["sources"] = [(w.s(), w.u()) for _ in range(w.u())]
    body["inputs"] = [(w.take(32), w.s(), w.u(), w.u(), w.i()) for _ in range(w.u())]
    true(w.done(), "a body ends with its inputs")
    return body


def read_chain(store):
    data, at, checkpoints = (store / "chain").read_bytes(), 0, []
    while at < len(data):
        equal(data[at:at + 4], b"KCHK", "mark of a record")
        size, = struct.unpack_from("<I", data, at + 4)
        w = Wire(data[at + 12:at + 12 + size])
        head_bytes = w.s()
        head = read_head(head_bytes)
        equal(sha(w.data[w.at:]), head["body"], "hash of the body")
        head.update(read_body(Wire(w.data[w.at:]), head["rows"]))
        head.update(hash=sha(head_bytes), signature=data[at + 12 + size:at + 76 + size])
        checkpoints.append(head)
        at += 12 + size + 64 + 8
    return checkpoints


def root_of(peaks):
    root = None
    for level in sorted(peaks):
        root = peaks[level] if root is None else node(peaks[level], root)
    return root if root is not None else sha(b"")


def check_chain(store, checkpoints):
    before = dict(hash=bytes(32), number=0, next_key=checkpoints[0]["key"], rows=0)
    for c in checkpoints:
        equal((c["number"], c["previous"], c["key"]),
              (before["number"] + 1, before["hash"], before["next_key"]), "links of the chain")
        true(c["rows"] >= before["rows"], "rows grow")
        equal(root_of(c["peaks"]), c["root"], "root of the peaks")
        if Ed25519PublicKey is not None:
            Ed25519PublicKey.from_public_bytes(c["key"]).verify(
                c["signature"], b"konseki checkpoint 2\n" + c["hash"])
        before = c
    words = (store / "keys/public.key").read_text().split()
    equal(words, ["konseki-ed25519", checkpoints[0]["key"].hex()], "the first key")


def live(checkpoints):
    """Segments that no fate took away, by number; what expired; where archived ones lie."""
    segments, expired, places = {}, [], {}
    for c in checkpoints:
        segments.update({s["number"]: s for s in c["segments"]})
        for number, fate, by in c["fates"]:
            places[number] = by if fate == 2 else 0
            if fate in (1, 4):
                gone = segments.pop(number)
                expired += [gone] if fate == 4 else []
    return segments, expired, places


def check_segments(folders, segments, places):
    for number, s in segments.items():
        data = (folders[places.get(number, 0)] / f"segments/{number:010d}.seg").read_bytes()
        equal((len(data), data[:8], data[-8:]), (s["file_bytes"], b"KSEG0002", b"KSEGEND1"), "a segment")
        offset, size, version = struct.unpack_from("<QII", data, len(data) - 64)
        equal((version, offset + size), (2, len(data) - 64), "its trailer")
        footer = data[offset:offset + size]
        equal((sha(footer), data[-48:-16]), (s["footer"], s["footer"]), "its footer")


def check_tree(store, last):
    """The file's nodes lead to the peaks that the last checkpoint signed."""
    data, groups = (store / "tree").read_bytes(), last["rows"] >> 8
    at = [(g + g // 256) * 32 for g in range(groups)]
    nodes = [data[a:a + 32] for a in at]
    for block in range(groups // 256):
        level = nodes[block * 256:block * 256 + 256]
        while len(level) > 1:
            level = [node(level[i], level[i + 1]) for i in range(0, len(level), 2)]
        place = (block * 257 + 256) * 32
        equal(data[place:place + 32], level[0], "root of a block of groups")
    for height in range(8, 64):
        if last["rows"] >> height & 1:
            count = 1 << (height - 8)
            first = (last["rows"] >> height << height >> 8) - count
            level = nodes[first:first + count]
            while len(level) > 1:
                level = [node(level[i], level[i + 1]) for i in range(0, len(level), 2)]
            equal(level[0], last["peaks"][height], f"peak of 2^{height} rows")
    equal(len(data), (groups + groups // 256) * 32, "length of the tree file")


def check_kept(store, checkpoints, expired):
    """The file of hashes covers exactly the rows that expired."""
    notes = [text for c in checkpoints for kind, text in c["notes"] if kind == "kept"]
    data = (store / notes[-1]["file"]).read_bytes()
    equal((data[:8], sha(data).hex()), (b"KEXP0001", notes[-1]["sha256"]), "the kept hashes")
    rows = end = 0
    for at in range(8, len(data), 40):
        key, = struct.unpack_from("<Q", data, at)
        first, count = key >> 4, 1 << (key & 15)
        true(first >= end and first % count == 0 and count <= 256, "nodes ascend")
        rows, end = rows + count, first + count
    equal(rows, sum(s["rows"] for s in expired), "rows that expired")
    equal(((len(data) - 8) // 40, rows), (int(notes[-1]["nodes"]), int(notes[-1]["rows"])), "the note")


# --- anchors and proofs ---

def read_anchor(path):
    words = path.read_text().split()
    equal(words[:2], ["konseki-anchor", "2"], "an anchor's first words")
    line, check = " ".join(words[:-1]), words[-1]
    equal(check, "check=" + sha(line.encode()).hex()[:8], "its check word")
    return dict(word.split("=", 1) for word in words[2:])


def root_by_path(leaf, index, rows, path):
    """RFC 9162, section 2.1.3.2."""
    fn, sn, r = index, rows - 1, leaf
    for p in path:
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    equal(sn, 0, "length of the path")
    return r


def check_proof(store, anchor, event, record):
    proof = json.loads(run("prove", "--store", store, "--anchor", anchor, event))
    equal(proof["konseki_proof"], 1, "version")
    e, = proof["events"]
    source = bytes.fromhex(e["source_bytes"])
    leaf = sha(b"\0" + struct.pack("<I", len(source)) + source +
               struct.pack("<Qq", e["sequence"], e["receive_time_ns"]) + record)
    equal((leaf.hex(), e["raw_bytes"]), (e["leaf"], len(record)), "the leaf")
    words = read_anchor(anchor)
    path, = [i["path"] for i in e["inclusion"] if i["rows"] == int(words["rows"])]
    root = root_by_path(leaf, e["index"], int(words["rows"]), list(map(bytes.fromhex, path)))
    equal(root.hex(), words["root"], "the anchor's root")


def check_store(store, folders):
    checkpoints = read_chain(store)
    check_chain(store, checkpoints)
    segments, expired, places = live(checkpoints)
    check_segments(folders, segments, places)
    check_tree(store, checkpoints[-1])
    return checkpoints, segments, expired, places


@case
def what_an_import_left(folder):
    store, lines = folder / "store", []
    for part, count in enumerate((65700, 300, 255)):
        text = [f"2026-11-0{part + 1}T10:00:00Z fw1 deny {i} from 10.0.{part}.{i % 250}\n"
                for i in range(count)]
        (folder / f"{part}.log").write_text("".join(text))
        run("import", "--no-analyses", "--store", store, folder / f"{part}.log")
        lines += text
    run("store", "compact", "--store", store)
    run("anchor", "--store", store, "--out", folder / "anchor")
    checkpoints, segments, _, _ = check_store(store, {0: store})
    equal(sum(s["rows"] for s in segments.values()), len(lines), "rows")
    equal(read_anchor(folder / "anchor")["hash"], checkpoints[-1]["hash"].hex(), "the anchor's checkpoint")
    inputs = [i for c in checkpoints for i in c["inputs"]]
    equal([i[0] for i in inputs], [sha((folder / f"{p}.log").read_bytes()) for p in range(3)], "inputs")
    events = search(store, "*")
    for at in (0, 255, 256, 30000, 65535, 65536, 65700, len(lines) - 1):
        check_proof(store, folder / "anchor", events[at]["event"]["id"], lines[at].encode())


@case
def what_expiry_and_an_archive_left(folder):
    store = folder / "store"
    for days, rows in ((400, 1500), (380, 900), (0, 300)):
        subprocess.run([OLD_STORE, store, str(days), str(rows)], check=True, timeout=60)
    run("archive", "--store", store, "--to", folder / "box", "--older-than", 100)
    run("retention", "set", "--store", store, "--class", "short=1/390", "*=short")
    run("expire", "--store", store)
    run("anchor", "--store", store, "--out", folder / "anchor")
    described = json.loads((folder / "box/konseki-archive.json").read_text())
    checkpoints, _, expired, places = check_store(store, {0: store, int(described["id"], 16):
                                                          folder / "box"})
    check_kept(store, checkpoints, expired)
    equal(sum(s["rows"] for s in expired), 1500, "expired rows")
    true(set(places.values()) - {0} == {int(described["id"], 16)}, "the archive's id")
    equal(described["store"], checkpoints[0]["key"].hex(), "the archive's store")
    kinds = [kind for c in checkpoints for kind, _ in c["notes"]]
    equal(sorted(set(kinds)), ["archive", "expire", "kept", "retention"], "notes")
    equal(kinds[-1], "kept", "the last note")
    for event in search(store, "*")[::400]:
        id_ = event["event"]["id"]
        check_proof(store, folder / "anchor", id_, raw(store, f'event.id:"{id_}"'))


main()
