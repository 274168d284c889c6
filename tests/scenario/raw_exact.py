"""`search --raw '*'` gives every imported file back, byte for byte."""
import concurrent.futures
import gzip
import hashlib

from harness import DATA, case, equal, jsonl, main, need, raw, run, simulator, true


def round_trip(path, folder):
    """One file through a store of its own; None, or what is wrong."""
    store = folder / hashlib.sha256(str(path).encode()).hexdigest()[:16]
    report = jsonl(run("import", "--store", store, "--format", "jsonl", path))
    content = path.read_bytes()
    back = raw(store)
    if back != content:
        at = next((i for i, (a, b) in enumerate(zip(back, content)) if a != b),
                  min(len(back), len(content)))
        return f"{path}: {len(back)} bytes, wanted {len(content)}; first difference at {at}"
    if content and sum(r["bytes"] for r in report) != len(content):
        return f"{path}: the summary says {report}"
    return None


def all_of(paths, folder):
    wrong = []
    # more workers than cores: an import waits for the disk most of the time
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for answer in pool.map(lambda p: round_trip(p, folder), paths):
            if answer:
                wrong.append(answer)
    true(not wrong, f"{len(wrong)} of {len(paths)} files differ:\n" + "\n".join(wrong[:10]))
    print(f"        {len(paths)} files byte-exact")


@case
def written_cases(folder):
    cases = {
        "empty": b"", "no_newline": b"one line", "only_newlines": b"\n\n\r\n\n",
        "crlf": b"a\r\nb\r\n", "cr_alone": b"a\rb\rc", "nul": b"a\0b\n\0\n",
        "binary": bytes(range(256)) * 50, "bad_utf8": b"caf\xe9 \xff\xfe\n\xc3\n",
        "bom": b"\xef\xbb\xbfhello\n", "cp932": "表示 ソ 能\r\n".encode("cp932") * 3,
        "utf16le": "\ufeffいろは abc\r\nsecond\r\n".encode("utf-16-le"),
        "utf16be": "\ufeffいろは abc\r\nsecond".encode("utf-16-be"),
        "utf16_odd": "\ufeffab\n".encode("utf-16-le") + b"x",
        "long_line": b"x" * (3 * 1024 * 1024 + 17) + b"\nafter\n",
        "evtx_magic_only": b"ElfFile\0" + b"\0" * 100,
        "xml_start": b"<Event xmlns='x'><System></Sys", "json_broken": b'{"a": [1, 2\n{"b": 1}\n',
        "same_lines": b"10.0.0.1 - - x\n" * 5000,
    }
    files = folder / "in"
    files.mkdir()
    for name, content in cases.items():
        (files / name).write_bytes(content)
    all_of(sorted(files.iterdir()), folder)


@case
def samples_of_devices(folder):
    base = need(DATA / "sources", "data/sources")
    all_of(sorted(p for p in base.rglob("*") if p.is_file()), folder)


@case
def loghub(folder):
    base = need(DATA / "loghub", "data/loghub")
    all_of(sorted(p for p in base.rglob("*") if p.is_file()), folder)


@case
def windows_event_logs(folder):
    base = need(DATA / "evtx", "data/evtx")
    paths = sorted(p for p in base.rglob("*") if p.suffix.lower() == ".evtx")
    chosen = [p for p in paths if "format-cases" in str(p)] + paths[::12]
    all_of(sorted(set(chosen)), folder)


@case
def zeek_unpacked(folder):
    base = need(DATA / "zeek", "data/zeek")
    files = folder / "in"
    files.mkdir()
    for path in sorted(base.rglob("*.gz"))[:8]:
        (files / (path.parent.name + path.stem)).write_bytes(gzip.decompress(path.read_bytes()))
    all_of(sorted(files.iterdir()), folder)


@case
def simulated_site(folder):
    site = simulator(folder / "site", "--seed", 11, "--days", 1, "--users", 30, "--scale", 0.02)
    all_of(sorted(p for p in (site / "logs").rglob("*") if p.is_file()), folder)


@case
def folder_in_arrival_order(folder):
    files = folder / "in"
    (files / "sub").mkdir(parents=True)
    names = ["a.log", "b.log", "sub/c.log"]
    for n, name in enumerate(names):
        (files / name).write_bytes(b"".join(b"file %d line %d\n" % (n, i) for i in range(1000)))
    run("import", "--store", folder / "store", files)
    equal(raw(folder / "store"), b"".join((files / n).read_bytes() for n in names), "raw bytes")


main()
