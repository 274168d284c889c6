"""Kinds of tampering at many places: verify must see each, in both languages, and name it."""
import pathlib
import random
import shutil

from harness import case, main, run, true

PLACES = 12  # of each kind in each file


def write_log(path, first, count):
    path.write_text("".join(f"2026-11-{1 + i % 28:02d}T10:00:{i % 60:02d}Z fw1 deny {i * 7919 % 65536} "
                            f"from 10.0.{i % 7}.{i % 250}\n" for i in range(first, first + count)))
    return path


class Stage:
    """A store with four imports, copied back after each try; counts what was tried."""

    def __init__(self, folder):
        self.folder = folder
        self.store = folder / "store"
        self.good = folder / "good"
        self.random = random.Random(5)
        self.tries = {}
        for i in range(4):
            log = write_log(folder / f"{i}.log", i * 900, 900)
            run("import", "--store", self.store, log, "--no-analyses")
            if i == 1:
                shutil.copytree(self.store, folder / "older")
        run("anchor", "--store", self.store, "--out", folder / "anchor")
        shutil.copy(self.store / "keys" / "public.key", folder / "pinned")
        shutil.rmtree(self.store / "anchors")
        shutil.copytree(self.store, self.good)
        run("verify", "--store", self.store, "--rebuild")

    def restore(self):
        shutil.rmtree(self.store)
        shutil.copytree(self.good, self.store)

    def expect(self, kind, *options, words="", damaged=True, place=""):
        """The store as it is now must be called damaged (or not), with these words."""
        self.tries[kind] = self.tries.get(kind, 0) + 1
        lang = "ja" if self.tries[kind] % 4 == 0 else "en"
        out = run("verify", "--store", self.store, *options, "--lang", lang,
                  expect=(1 if damaged else 0)).decode()
        true(lang == "ja" or words in out, f"{kind} {place}: no {words!r} in {out}")
        true(lang == "en" or not out.isascii(), f"{kind} {place}: no Japanese in {out}")

    def end(self):
        total = sum(self.tries.values())
        print(f"        {len(self.tries)} kinds, {total} places, all as they must be: "
              + ", ".join(f"{kind} {n}" for kind, n in self.tries.items()))


def files_of(store):
    named = [store / "chain", store / "tree", store / "keys" / "public.key"]
    return named + sorted((store / "segments").iterdir())


@case
def bit_flips_and_cuts(folder):
    stage = Stage(folder)
    for file in files_of(stage.store):
        content = file.read_bytes()
        size = len(content) - (file.name == "public.key")  # its newline says nothing
        places = {0, 1, size // 2, size - 2, size - 1} | {stage.random.randrange(size)
                                                           for _ in range(PLACES)}
        for at in sorted(places):
            changed = bytearray(content)
            changed[at] ^= 1 << (at % 8)
            file.write_bytes(changed)
            stage.expect("flip in " + file.parent.name + "/" + file.suffix, words=file.name.split(".")[0],
                         place=f"{file.name} byte {at}")
        for keep in sorted({0, 1, size // 3, size - 1}):
            file.write_bytes(content[:keep])
            if file.name == "chain" and keep == 0:
                continue  # an empty chain is no store: exit 5 or 1, tested elsewhere
            stage.expect("cut " + file.parent.name + "/" + file.suffix,
                         place=f"{file.name} to {keep}")
        file.write_bytes(content)
    run("verify", "--store", stage.store, "--rebuild")
    stage.end()


@case
def segments_taken_swapped_and_edited(folder):
    stage = Stage(folder)
    segments = sorted((stage.store / "segments").iterdir())
    for segment in segments:
        segment.unlink()
        stage.expect("deleted segment", words="is missing")
        stage.expect("deleted segment", "--rebuild", words="is missing")
        stage.restore()
    for a, b in zip(segments, segments[1:]):
        one, two = a.read_bytes(), b.read_bytes()
        a.write_bytes(two)
        b.write_bytes(one)
        stage.expect("swapped segments", words="swapped or rewritten")
        a.write_bytes(one)
        stage.expect("doubled segment", words="swapped or rewritten")
        stage.restore()
    for segment in segments:  # bytes of another segment in its middle: all checksums there are right
        one = segment.read_bytes()
        other = segments[(segments.index(segment) + 1) % len(segments)].read_bytes()
        size = min(len(one), len(other))
        for start in range(16, size - 64, max(1, size // PLACES)):
            mixed = one[:start] + other[start:start + 40] + one[start + 40:]
            if mixed == one:
                continue
            segment.write_bytes(mixed)
            stage.expect("bytes of another segment", words=segment.name)
        segment.write_bytes(one)
    (stage.store / "segments" / "0000000999.seg").write_bytes(segments[0].read_bytes())
    stage.expect("foreign segment", words="belongs to no checkpoint", damaged=False)
    stage.end()


@case
def copies_of_anchors(folder):
    stage = Stage(folder)
    chain = stage.store / "chain"
    whole = chain.read_bytes()
    run("anchor", "--store", stage.store)
    copy, = (stage.store / "anchors").iterdir()
    stage.expect("copy of an anchor", damaged=False)
    content = copy.read_bytes()
    for at in range(0, len(content) - 1, len(content) // PLACES):
        copy.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1:])
        stage.expect("flip in anchors/", words=copy.name, place=str(at))
        copy.write_bytes(content[:at])
        stage.expect("cut anchors/", words=copy.name, place=str(at))
    copy.write_bytes(content)
    copy.rename(copy.with_name("0000000002.anchor"))
    stage.expect("copy of another name", words="0000000002.anchor")
    copy.with_name("0000000002.anchor").rename(copy)
    run("verify", "--store", stage.store)
    # an older store put in place of this one, keys and all, but its copies of anchors forgotten
    for name in ("chain", "keys", "segments", "tree"):
        place, older = stage.store / name, stage.folder / "older" / name
        shutil.rmtree(place) if place.is_dir() else place.unlink()
        shutil.copytree(older, place) if older.is_dir() else shutil.copy(older, place)
    true(chain.read_bytes() != whole, "the chain is the older one")
    stage.expect("older copy, anchors forgotten", words="does not fit the chain")
    stage.end()


def records_of(chain):
    """Places of the records of the chain."""
    data, at, found = chain.read_bytes(), 0, []
    while at < len(data):
        size = 12 + int.from_bytes(data[at + 4:at + 8], "little") + 72
        found.append(data[at:at + size])
        at += size
    return found


@case
def the_chain_rewritten(folder):
    stage = Stage(folder)
    chain = stage.store / "chain"
    records = records_of(chain)
    true(len(records) == 5, f"{len(records)} records")
    for i in range(1, len(records)):
        chain.write_bytes(b"".join(records[:i]))
        stage.expect("deleted end of the chain", words="end of the chain was deleted")
        stage.expect("deleted end of the chain", "--anchor", stage.folder / "anchor",
                     words="its end was deleted")
    for i in range(len(records) - 1):
        chain.write_bytes(b"".join(records[:i] + records[i + 1:]))
        stage.expect("checkpoint removed", words="checkpoint")
        swapped = records[:i] + [records[i + 1], records[i]] + records[i + 2:]
        chain.write_bytes(b"".join(swapped))
        stage.expect("checkpoints swapped", words="checkpoint")
        chain.write_bytes(b"".join(records[:i + 1] + records[i:]))
        stage.expect("checkpoint doubled", words="checkpoint")
    stage.end()


@case
def what_needs_an_anchor_or_the_key(folder):
    stage = Stage(folder)
    shutil.rmtree(stage.store)
    shutil.copytree(stage.folder / "older", stage.store)
    stage.expect("older copy, unseen", words="without --anchor this cannot be seen", damaged=False)
    stage.expect("older copy", "--anchor", stage.folder / "anchor", words="older copy")
    stage.expect("older copy, key alone", "--pubkey", stage.folder / "pinned", damaged=False)
    shutil.rmtree(stage.store)
    for i in range(4):
        run("import", "--store", stage.store, stage.folder / f"{i}.log", "--no-analyses")
    stage.expect("made anew, unseen", words="without --pubkey or --anchor", damaged=False)
    stage.expect("made anew", "--pubkey", stage.folder / "pinned", words="made anew")
    stage.expect("made anew", "--anchor", stage.folder / "anchor", words="rewritten or signed again")
    stage.restore()
    shutil.copy(stage.folder / "older" / "keys" / "signing.seed", stage.store / "keys")
    stage.expect("older keys", words="older copy")
    stage.restore()
    # a false end, signed with a key of one's own: the dead keys cannot sign, so the key differs
    other = stage.folder / "other"
    run("import", "--store", other, stage.folder / "0.log", "--no-analyses")
    mine, theirs = records_of(stage.store / "chain"), records_of(other / "chain")
    for i in range(1, len(mine)):
        (stage.store / "chain").write_bytes(b"".join(mine[:i] + theirs[1:]))
        stage.expect("signed again with another key", words="checkpoint 2" if i == 1 else "checkpoint")
    stage.end()


main()
