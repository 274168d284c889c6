"""Packed inputs of scan: every kind, one in another, damaged, encrypted, bombs, Japanese names."""
import bz2
import gzip
import io
import json
import lzma
import pathlib
import random
import shutil
import subprocess
import tarfile
import tempfile
import zipfile

from harness import PROGRAM, Skip, case, equal, jsonl, main, run, true

RULE = """title: A word
id: 11111111-2222-3333-4444-555555555555
status: test
level: high
logsource:
    product: windows
    service: security
detection:
    selection:
        EventID: 4688
        NewProcessName|endswith: '\\evil.exe'
    condition: selection
"""


def events(count, evil):
    """NDJSON of Security 4688; the lines of `evil` (from 1) match the rule."""
    lines = [json.dumps({
        "EventID": 4688, "Channel": "Security", "Computer": "pc1.example", "EventRecordID": n,
        "Provider_Name": "Microsoft-Windows-Security-Auditing",
        "TimeCreated_SystemTime": f"2026-11-09T00:{n // 60 % 60:02}:{n % 60:02}.000Z",
        "NewProcessName": r"C:\Temp\evil.exe" if n in evil else r"C:\Windows\notepad.exe"})
        for n in range(1, count + 1)]
    return ("\n".join(lines) + "\n").encode()


def scan(folder, path, *more, expect=0, **keywords):
    """[(file, line)] of the hits, below the folder."""
    rule = folder / "rule.yml"
    rule.write_text(RULE)
    hits = jsonl(run("scan", "--rules", rule, "--format", "jsonl", *more, path, expect=expect,
                     **keywords))
    return [(hit["event"]["file"].removeprefix(f"{folder}/"), hit["event"]["line"])
            for hit in hits]


def zip_bytes(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def tar_bytes(members, mode):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def zstd(content):
    if shutil.which("zstd") is None:
        raise Skip("no zstd program")
    return subprocess.run(["zstd", "-q", "-c"], input=content, capture_output=True, check=True).stdout


@case
def streams_keep_the_name_of_their_file(folder):
    content = events(50, {7, 50})
    for name, packed in {"a.gz": gzip.compress(content), "a.xz": lzma.compress(content),
                         "a.bz2": bz2.compress(content), "a.zst": zstd(content),
                         "named.log": gzip.compress(content)}.items():
        (folder / name).write_bytes(packed)
        equal(scan(folder, folder / name), [(name, 7), (name, 50)], name)


@case
def members_are_named_below_their_archive(folder):
    members = {"dir/one.json": events(5, {2}), "two.json": events(9, {9}), "empty": b""}
    wanted = [("dir/one.json", 2), ("two.json", 9)]
    for name, packed in {"a.zip": zip_bytes(members), "a.tar": tar_bytes(members, "w"),
                         "a.tgz": tar_bytes(members, "w:gz"),
                         "a.tar.xz": tar_bytes(members, "w:xz")}.items():
        (folder / name).write_bytes(packed)
        equal(scan(folder, folder / name), [(f"{name}/{file}", line) for file, line in wanted], name)
    true("3 files" in run.stderr, run.stderr)


@case
def seven_zip(folder):
    if shutil.which("7z") is None:
        raise Skip("no 7z program")
    (folder / "one.json").write_bytes(events(5, {2}))
    subprocess.run(["7z", "a", "-bd", "a.7z", "one.json"], cwd=folder, check=True, timeout=60,
                   capture_output=True)
    equal(scan(folder, folder / "a.7z"), [("a.7z/one.json", 2)], "7z")


@case
def a_damaged_header_in_a_tar_file(folder):
    """What stands there is no member: the others are read, and it is told."""
    whole = tar_bytes({"one.json": events(3, {2}), "two.json": events(3, {3})}, "w")
    at = whole.index(b"two.json")
    (folder / "a.tar").write_bytes(whole[:at + 140] + b"7" + whole[at + 141:])
    equal(scan(folder, folder / "a.tar", expect=4), [("a.tar/one.json", 2)], "the other member")
    (folder / "b.tar").write_bytes(whole[:at] + b"\x01" * 512 + whole[at:])
    equal(scan(folder, folder / "b.tar", expect=4), [("b.tar/one.json", 2), ("b.tar/two.json", 3)],
          "both members")


@case
def one_in_another(folder):
    inner = zip_bytes({"x/one.json.gz": gzip.compress(events(5, {2}))})
    (folder / "two.zip").write_bytes(zip_bytes({"deep/inner.zip": inner}))
    equal(scan(folder, folder / "two.zip"), [("two.zip/deep/inner.zip/x/one.json.gz", 2)], "names")
    (folder / "three.zip").write_bytes(zip_bytes({"two.zip": zip_bytes({"inner.zip": inner})}))
    equal(scan(folder, folder / "three.zip", expect=4), [], "too deep")
    true("packed more than 3 times" in run.stderr, run.stderr)


@case
def a_window_is_no_border(folder):
    """Over 4 MiB, so that lines lie across windows; the same hits as unpacked."""
    content = events(40000, set(range(1, 40001, 1999)))
    (folder / "plain.json").write_bytes(content)
    (folder / "a.gz").write_bytes(gzip.compress(content, 1))
    plain = [line for _, line in scan(folder, folder / "plain.json")]
    equal(len(plain), 21, "hits of the plain file")
    equal([line for _, line in scan(folder, folder / "a.gz")], plain, "hits of the packed one")


@case
def a_line_over_the_limit_in_a_stream(folder):
    content = events(3, {1}) + b"x" * (9 << 20) + b"\n" + events(3, {2})
    (folder / "a.gz").write_bytes(gzip.compress(content, 1))
    equal([line for _, line in scan(folder, folder / "a.gz")], [1, 6], "lines around it")


@case
def utf16_in_a_stream(folder):
    text = ("\ufeff" + events(30000, {3, 29999}).decode()).encode("utf-16-le")
    (folder / "a.gz").write_bytes(gzip.compress(text, 1))
    equal([line for _, line in scan(folder, folder / "a.gz")], [3, 29999], "lines")


@case
def a_cut_stream_gives_what_it_has(folder):
    packed = gzip.compress(events(20000, {1, 19999}), 1)
    (folder / "cut.gz").write_bytes(packed[:len(packed) // 2])
    equal(scan(folder, folder / "cut.gz", expect=4), [("cut.gz", 1)], "hits before the cut")
    true("cut.gz:" in run.stderr, run.stderr)


@case
def a_damaged_member_does_not_hide_the_others(folder):
    members = {"a.json": events(2000, {1}), "b.json": events(5, {5})}
    packed = bytearray(zip_bytes(members))
    at = packed.index(b"a.json") + 600
    packed[at:at + 40] = bytes(40)
    (folder / "bad.zip").write_bytes(packed)
    hits = scan(folder, folder / "bad.zip", expect=4)
    true(("bad.zip/b.json", 5) in hits, f"the member behind the damage: {hits}")
    true("bad.zip/a.json" in run.stderr, run.stderr)


@case
def damage_anywhere_in_zip_files(folder):
    """400 of them, each with a few bytes lost, doubled or changed: every one is told of in its own words, or read."""
    dice = random.Random(8)
    line = events(1, {1})
    whole = zip_bytes({"a.json": line, "b/" * 100 + "c.json": line, "../d.json": line, "e.json": line * 3})
    many = folder / "many"
    many.mkdir()
    for n in range(400):
        packed = bytearray(whole)
        for _ in range(dice.choice([1, 3, 10, 60])):
            at, what = dice.randrange(len(packed)), dice.random()
            if what < 0.4:
                packed[at] = dice.randrange(256)
            elif what < 0.7:
                del packed[at:at + dice.randrange(1, 40)]
            else:
                packed[at:at] = packed[dice.randrange(len(packed)):][:dice.randrange(1, 60)]
        (many / f"{n}.zip").write_bytes(packed)
    scan(folder, many, expect=4)
    true("INTERNAL" not in run.stderr, [line for line in run.stderr.splitlines() if "INTERNAL" in line])


@case
def encrypted(folder):
    if shutil.which("7z") is None:
        raise Skip("no 7z program")
    (folder / "one.json").write_bytes(events(5, {2}))
    for name, password, method in (("usual.zip", "infected", "ZipCrypto"),
                                   ("aes.zip", "infected", "AES256"),
                                   ("own.zip", "secret", "AES256")):
        subprocess.run(["7z", "a", "-bd", "-tzip", f"-p{password}", f"-mem={method}", name,
                        "one.json"], cwd=folder, check=True, timeout=60, capture_output=True)
    equal(scan(folder, folder / "usual.zip"), [("usual.zip/one.json", 2)], "tried without asking")
    equal(scan(folder, folder / "aes.zip"), [("aes.zip/one.json", 2)], "AES")
    equal(scan(folder, folder / "own.zip", expect=4), [], "no password")
    true("own.zip/one.json" in run.stderr, run.stderr)
    true("--password" in run.stderr, "the message names the option: " + run.stderr)
    equal(scan(folder, folder / "own.zip", "--password", "secret"), [("own.zip/one.json", 2)],
          "with the password")


@case
def bombs_end_with_a_message(folder):
    zeros = lzma.compress(bytes(1 << 20))
    (folder / "ratio.xz").write_bytes(zstd(bytes(320 << 20)))
    equal(scan(folder, folder / "ratio.xz", expect=4), [], "ratio")
    true("10000 times" in run.stderr, run.stderr)
    (folder / "size.gz").write_bytes(gzip.compress(events(20000, {1})))
    scan(folder, folder / "size.gz", "--unpack-limit", "1MB", expect=4)
    true("--unpack-limit" in run.stderr, run.stderr)
    (folder / "many.zip").write_bytes(zip_bytes({f"{n}.xz": zeros for n in range(50)}))
    scan(folder, folder / "many.zip", "--unpack-limit", "20MB", expect=4)
    true("--unpack-limit" in run.stderr, "members of members count: " + run.stderr)


@case
def names_are_shown_harmless(folder):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("ログ/証跡.json", events(5, {2}))
        info = zipfile.ZipInfo("CP")
        archive.writestr(info, events(5, {3}))
        archive.writestr("esc\x1b[31m.gz", b"\x1f\x8b\x08 broken")
    packed = out.getvalue().replace(b"CP", "表".encode("cp932"))
    (folder / "n.zip").write_bytes(packed)
    hits = scan(folder, folder / "n.zip", expect=4, env={"LC_ALL": "C"})
    equal(hits, [("n.zip/ログ/証跡.json", 2), ("n.zip/表", 3)], "names")
    true("\x1b" not in run.stderr and "esc" in run.stderr, "no control goes to the terminal")


@case
def no_archive_at_all(folder):
    """Bytes that only begin like one: told and counted, or read as text."""
    (folder / "half.zip").write_bytes(b"PK\x03\x04 and then text\n")
    scan(folder, folder / "half.zip", expect=(0, 4))
    (folder / "half.gz").write_bytes(b"\x1f\x8b\x08 and then text\n")
    scan(folder, folder / "half.gz", expect=4)
    true("half.gz: " in run.stderr and "times" not in run.stderr, run.stderr)
    (folder / "BZh.log").write_bytes(b"BZh is no magic by itself\n")
    scan(folder, folder / "BZh.log")
    true("1 files" in run.stderr, run.stderr)


@case
def memory_does_not_grow(folder):
    """400 MB of text out of one stream, within the memory of a small one and some room."""
    with subprocess.Popen(["zstd", "-q", "-1", "-o", str(folder / "a.zst")],
                          stdin=subprocess.PIPE) as packer:
        part = events(20000, {9})
        for _ in range(80):
            packer.stdin.write(part)
        packer.stdin.close()
    (folder / "rule.yml").write_text(RULE)
    peak = tempfile.NamedTemporaryFile("r", dir=folder)
    script = ("import resource,subprocess,sys;"
              "subprocess.run(sys.argv[2:],stdout=subprocess.DEVNULL,check=True);"
              "open(sys.argv[1],'w').write("
              "str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))")
    subprocess.run(["python3", "-c", script, peak.name, PROGRAM, "scan", "--rules",
                    str(folder / "rule.yml"), str(folder / "a.zst"), "--no-summary"], check=True, timeout=120)
    kilobytes = int(pathlib.Path(peak.name).read_text())
    true(kilobytes < 120 * 1024, f"{kilobytes} kB at most")


main()
