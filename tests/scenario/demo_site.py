"""The shipped demo site end to end: what was planted is found, what only looks alike is quiet, and
the findings do not depend on how the logs came in."""
import json
import subprocess
import sys

from harness import ROOT, Server, case, equal, jsonl, main, raw, run, search, true


def make_site(folder):
    site = folder / "site"
    subprocess.run([sys.executable, str(ROOT / "demo" / "make_site.py"), "--out", str(site)],
                   check=True, stdout=subprocess.DEVNULL)
    return site


def import_all(store, site, *paths):
    run("import", "--store", store, "--site", site / "site.conf", "--ioc", site / "ioc", "--rules",
        ROOT / "demo" / "rules", *paths)


def findings(store):
    """What matters of the findings, comparable between stores."""
    kept = []
    for f in jsonl(run("findings", "--store", store, "--format", "jsonl")):
        if "analysis" in f:
            kept.append((f["analysis"], f["level"], json.dumps(f["entities"], sort_keys=True),
                         f["first"], f["last"], f["count"],
                         sorted((e["file"].split("logs/")[-1], e.get("line", 0),
                                 e.get("record_id", 0)) for e in f["events"])))
        elif "rule" in f:
            e = f["event"]
            kept.append((f["rule"]["id"], f["@timestamp"], e["file"].split("logs/")[-1],
                         e.get("line", 0), e.get("record_id", 0)))
    return sorted(map(str, kept))


@case
def planted_is_found_and_look_alikes_are_quiet(folder):
    site = make_site(folder)
    import_all(folder / "store", site, site / "logs")
    out = folder / "findings.jsonl"
    out.write_bytes(run("findings", "--store", folder / "store", "--format", "jsonl"))
    done = subprocess.run([sys.executable, str(ROOT / "demo" / "check_findings.py"), str(site),
                           str(out)], capture_output=True, text=True)
    true(done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:])
    run("verify", "--store", folder / "store")


@case
def findings_do_not_depend_on_the_imports(folder):
    site = make_site(folder)
    import_all(folder / "one", site, site / "logs")
    parts = sorted(p for p in (site / "logs").rglob("*") if p.is_file())
    for path in reversed(parts):
        import_all(folder / "many", site, path)
    one, many = findings(folder / "one"), findings(folder / "many")
    equal([x for x in one if x not in many][:3], [], "only after one import")
    equal([x for x in many if x not in one][:3], [], "only after many imports")
    true(len(one) > 40, "there are findings")


@case
def rules_and_indicators_over_stored_events(folder):
    """What comes later finds the same as what was there while the logs came in."""
    site = make_site(folder)
    import_all(folder / "at_once", site, site / "logs")
    run("import", "--store", folder / "later", "--site", site / "site.conf", site / "logs")
    before = findings(folder / "later")
    run("detect", "--store", folder / "later", "--site", site / "site.conf", "--ioc", site / "ioc",
        "--rules", ROOT / "demo" / "rules")
    after, wanted = findings(folder / "later"), findings(folder / "at_once")
    true(len(before) < len(wanted), "rules and indicators add findings")
    equal([x for x in wanted if x not in after][:3], [], "missed over stored events")
    equal([x for x in after if x not in wanted][:3], [], "only over stored events")
    run("detect", "--store", folder / "later", "--site", site / "site.conf", "--rules",
        ROOT / "demo" / "rules")
    equal(findings(folder / "later"), wanted, "a second look changes nothing")
    run("detect", "--store", folder / "nowhere", expect=5)


@case
def analyses_left_out_and_made_up_for(folder):
    """import --no-analyses stores only; detect then finds what a plain import finds."""
    site = make_site(folder)
    around = ("--site", site / "site.conf", "--ioc", site / "ioc")
    run("import", "--store", folder / "plain", *around, site / "logs")
    run("import", "--store", folder / "bare", *around, "--no-analyses", site / "logs")
    true("analyses left out" in run.stderr, "the summary says that nobody looked")
    equal(findings(folder / "bare"), [], "findings of a bare import")
    equal(raw(folder / "bare"), raw(folder / "plain"), "what is stored")
    run("detect", "--store", folder / "bare", *around)
    equal(findings(folder / "bare"), findings(folder / "plain"), "findings made up for")


@case
def raw_of_the_folder(folder):
    site = make_site(folder)
    import_all(folder / "store", site, site / "logs")
    paths = []

    def walk(at):  # names in byte order, folders in their place
        for path in sorted(at.iterdir(), key=lambda p: p.name.encode()):
            if path.is_dir():
                walk(path)
            else:
                paths.append(path)
    walk(site / "logs")
    equal(raw(folder / "store") == b"".join(p.read_bytes() for p in paths), True, "raw bytes")


@case
def words_in_japanese_are_found(folder):
    site = make_site(folder)
    import_all(folder / "store", site, site / "logs")
    unknown = (site / "logs" / "srv01" / "nichiji.txt").read_bytes().decode("cp932")
    word = next(w for w in unknown.split() if len(w) >= 4 and ord(w[0]) > 0x3000)[:4]
    true(len(search(folder / "store", word)) >= 1, f"{word} is found in CP932 text")
    true(len(search(folder / "store", "ＴＡＭＵＲＡ.Ｅ")) > 5, "full-width letters find half-width")


@case
def live_and_stored_say_the_same(folder):
    """The syslog lines of one source over TCP raise what an import of them raises."""
    site = make_site(folder)
    lines = (site / "logs" / "fw01" / "fortigate.log").read_bytes()
    store = folder / "live"
    conf = folder / "serve.conf"
    conf.write_text("detect { watermark = 0s\n interval = 1s }\n")
    with Server(store, "--config", conf, "--site", site / "site.conf", "--ioc", site / "ioc") as server:
        tcp = server.tcp()
        tcp.sendall(lines)
        tcp.close()
        code, out, err = server.stop()
        equal(code, 0, "exit code: " + err)
    equal(raw(store), lines, "raw bytes")
    import_all(folder / "stored", site, site / "logs" / "fw01" / "fortigate.log")

    def summary(s):
        return sorted((f["analysis"], f["level"], json.dumps(f["entities"], sort_keys=True),
                       f["first"], f["count"])
                      for f in jsonl(run("findings", "--store", s, "--format", "jsonl"))
                      if "analysis" in f)
    equal(summary(store), summary(folder / "stored"), "findings")


main()
