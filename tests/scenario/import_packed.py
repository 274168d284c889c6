"""Packed files in a store: each member is evidence under archive/member, its bytes exact; export and
import give the same back."""
import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

from harness import case, equal, jsonl, main, raw, run, search, true

LINES = b"<86>1 2026-03-04T10:00:00Z h sshd 9 - - one\n\n\x1f\x8bno packed line\r\nlast without an end"
OTHER = "<86>1 2026-03-04T10:00:01Z h sshd 9 - - zwei \u00e4\n".encode() * 40


def write_zip(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members.items():
            packed.writestr(name, data)


def outcomes(*arguments, expect=0):
    return {r["path"].rsplit("x/", 1)[-1]: r["outcome"] for r in
            jsonl(run("import", "--format", "jsonl", "--no-analyses", *arguments, expect=expect))}


@case
def streams_come_back_unpacked(folder):
    for ending, pack in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)):
        path, store = folder / ("a.log." + ending), folder / ("store-" + ending)
        path.write_bytes(pack(LINES))
        run("import", "--store", store, "--no-analyses", path)
        equal(raw(store), LINES, ending)
        equal([e["log"]["file"]["path"] for e in search(store, "one")][:1], [str(path)], "file")
        again = jsonl(run("import", "--store", store, "--format", "jsonl", "--no-analyses", path))
        equal([r["outcome"] for r in again], ["known"], "the same archive again")
        run("verify", "--store", store)


@case
def members_are_files(folder):
    place, store = folder / "x", folder / "store"
    place.mkdir()
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as packed:
        info = tarfile.TarInfo("deep/b.log")
        info.size = len(OTHER)
        packed.addfile(info, io.BytesIO(OTHER))
    write_zip(place / "t.zip", {"a.log": LINES, "more.tar.gz": inner.getvalue(), "empty": b""})
    equal(outcomes("--store", store, place),
          {"t.zip/a.log": "imported", "t.zip/more.tar.gz/deep/b.log": "imported", "t.zip/empty": "imported"},
          "files")
    places = {e["log"]["file"]["path"].rsplit("x/", 1)[-1] for e in search(store, "*")}
    equal(places, {"t.zip/a.log", "t.zip/more.tar.gz/deep/b.log"}, "where events are")
    equal(raw(store), LINES + OTHER, "the members' bytes")
    equal(outcomes("--store", store, place), {"t.zip": "known"}, "again")
    (place / "c.log").write_bytes(OTHER)  # the same content outside of the archive
    equal(outcomes("--store", store, place / "c.log"), {"c.log": "known"}, "content is taken once")
    out, back = folder / "out.jsonl", folder / "back"
    run("export", "--store", store, "--format", "jsonl", "--out", out)
    run("import", "--store", back, "--no-analyses", out)
    equal(raw(back), LINES + OTHER, "export and import")


@case
def what_cannot_be_unpacked_is_refused(folder):
    place, store = folder / "x", folder / "store"
    place.mkdir()
    whole = gzip.compress(OTHER + LINES)
    (place / "cut.gz").write_bytes(whole[:len(whole) - 20])
    write_zip(place / "big.zip", {"a.log": LINES, "b.log": OTHER * 1000})
    told = outcomes("--store", store, "--unpack-limit", "10000", place, expect=(3, 4))
    equal(told["cut.gz"], "unreadable", "a stream that is cut short")
    equal(told["big.zip/a.log"], "imported", "what came before the limit")
    true("unreadable" in (told.get("big.zip/b.log"), told.get("big.zip")), told)
    equal(raw(store), LINES, "no part of a member")
    told = outcomes("--store", store, place / "big.zip")
    equal(told, {"big.zip/a.log": "known", "big.zip/b.log": "imported"}, "the rest later")


if __name__ == "__main__":
    main()
