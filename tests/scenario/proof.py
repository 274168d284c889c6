"""Evidence for others: prove, konseki-verify, anchors, time stamps by `openssl ts` on loopback."""
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import threading

from harness import DATA, PROGRAM, case, equal, events_of, find_line, main, need, run, search, true

VERIFY = str(pathlib.Path(PROGRAM).parent / "konseki-verify")


def check(*arguments, expect=0):
    done = subprocess.run([VERIFY, *map(str, arguments)], capture_output=True, timeout=60)
    text = (done.stdout + done.stderr).decode()
    equal(done.returncode, expect, f"konseki-verify {' '.join(map(str, arguments))}: {text}: exit")
    return text


def write_log(path, first, count):
    path.write_text("".join(f"2026-11-{1 + i % 28:02d}T10:00:{i % 60:02d}Z fw1 deny {i} from 10.0.0.{i % 250}\n"
                            for i in range(first, first + count)))
    return path


def make_store(folder):
    """Three imports; anchors after the first and the third."""
    store = folder / "store"
    run("import", "--store", store, write_log(folder / "a.log", 0, 700))
    run("anchor", "--store", store, "--out", folder / "old.anchor")
    run("import", "--store", store, write_log(folder / "b.log", 700, 300))
    run("import", "--store", store, write_log(folder / "c.log", 1000, 900))
    run("anchor", "--store", store, "--out", folder / "new.anchor")
    return store


def prove(folder, *arguments, name="proof.json"):
    path = folder / name
    path.write_bytes(run("prove", *arguments))
    return path


@case
def one_event(folder):
    store = make_store(folder)
    raw = folder / "raw"
    for event in search(store, "*")[::173]:
        line = int(event["event"]["id"].rsplit("-", 1)[1])
        proof = prove(folder, "--store", store, event["event"]["id"], "--raw-out", raw)
        true(raw.read_bytes().startswith(b"2026-11-"), "--raw-out has no record")
        check(proof, "--raw", raw, "--anchor", folder / "new.anchor")
        in_old = str(folder / "a.log") in event["event"]["id"] and line <= 700
        text = check(proof, "--raw", raw, "--anchor", folder / "old.anchor",
                     expect=0 if in_old else 1)
        true(in_old or "before the event" in text, text)
        check(proof, "--raw", raw, "--anchor", folder / "old.anchor", "--lang", "ja",
              expect=0 if in_old else 1)


@case
def without_the_stored_copies(folder):
    store = make_store(folder)
    shutil.rmtree(store / "anchors")
    id_ = search(store, "*")[5]["event"]["id"]
    raw = folder / "raw"
    proof = prove(folder, "--store", store, id_, "--raw-out", raw)
    text = check(proof, "--raw", raw, "--anchor", folder / "old.anchor", expect=1)
    true("does not speak of that tree" in text, text)
    proof = prove(folder, "--store", store, id_, "--anchor", folder / "old.anchor")
    check(proof, "--raw", raw, "--anchor", folder / "old.anchor")


@case
def an_older_proof_and_a_newer_anchor(folder):
    store = folder / "store"
    raw = folder / "raw"
    run("import", "--store", store, write_log(folder / "a.log", 0, 333))
    run("anchor", "--store", store, "--out", folder / "old.anchor")
    id_ = search(store, "*")[7]["event"]["id"]
    proof = prove(folder, "--store", store, id_, "--raw-out", raw)
    run("import", "--store", store, write_log(folder / "b.log", 333, 1000))
    run("anchor", "--store", store, "--out", folder / "new.anchor")
    check(proof, "--raw", raw, "--anchor", folder / "new.anchor", expect=1)
    grown = prove(folder, "--store", store, "--consistency", folder / "old.anchor", name="grown")
    check(proof, "--raw", raw, "--anchor", folder / "new.anchor", "--consistency", grown)
    check("consistency", folder / "old.anchor", folder / "new.anchor", grown)
    check("consistency", folder / "new.anchor", folder / "old.anchor", grown, expect=1)
    run("prove", "--store", store, "--consistency", folder / "new.anchor", "--to",
        folder / "old.anchor", expect=2)


@case
def by_the_pinned_key(folder):
    store = make_store(folder)
    key = folder / "pinned.key"
    shutil.copy(store / "keys" / "public.key", key)
    raw = folder / "raw"
    id_ = search(store, "*")[-1]["event"]["id"]
    proof = prove(folder, "--store", store, "--pubkey", key, id_, "--raw-out", raw)
    check(proof, "--raw", raw, "--pubkey", key)
    document = json.loads(proof.read_text())
    true(len(document["checkpoints"]) >= 4, "the heads from the first key on")
    del document["checkpoints"][1]
    proof.write_text(json.dumps(document))
    check(proof, "--raw", raw, "--pubkey", key, expect=1)
    other = folder / "other"
    run("import", "--store", other, write_log(folder / "a.log", 0, 10))
    run("prove", "--store", other, "--pubkey", key, search(other, "*")[0]["event"]["id"], expect=5)


@case
def every_changed_digit_of_a_proof(folder):
    store = make_store(folder)
    raw = folder / "raw"
    proof = prove(folder, "--store", store, search(store, "*")[400]["event"]["id"], "--raw-out", raw)
    document = json.loads(proof.read_text())
    event = document["events"][0]
    rows = int(find_line((folder / "old.anchor").read_text(), r"rows=(\d+)").group(1))
    event["inclusion"] = [x for x in event["inclusion"] if x["rows"] == rows]
    check(proof, "--raw", raw, "--anchor", folder / "old.anchor")

    def broken(what):
        proof.write_text(json.dumps(document))
        check(proof, "--raw", raw, "--anchor", folder / "old.anchor", expect=(1 if what else 2))

    path = event["inclusion"][0]["path"]
    for i, node in enumerate(path):
        path[i] = node[:i] + ("1" if node[i] == "0" else "0") + node[i + 1:]
        broken("node")
        path[i] = node
    for name, value in (("index", event["index"] + 1), ("sequence", event["sequence"] + 1),
                        ("receive_time_ns", event["receive_time_ns"] - 1),
                        ("source_bytes", "41" + event["source_bytes"]), ("leaf", "0" * 64)):
        kept, event[name] = event[name], value
        broken(name)
        event[name] = kept
    raw.write_bytes(raw.read_bytes()[:-1])
    broken("raw")
    for text in ("", "[]", "{}", '{"konseki_proof":1}', "[" * 100, '{"konseki_proof":2}'):
        proof.write_text(text)
        check(proof, "--raw", raw, "--anchor", folder / "old.anchor", expect=2)


def places(value, at=()):
    """(path of keys, what stands there) for every member of a document."""
    members = value.items() if isinstance(value, dict) else enumerate(value) \
        if isinstance(value, list) else ()
    for key, member in members:
        yield at + (key,), member
        yield from places(member, at + (key,))


def other_values(value):
    if isinstance(value, str):
        return [value[:-1] + ("1" if value[-1:] != "1" else "2"), value[:-1], value + "00", value.upper(),
                value[::-1], None, 7]
    if isinstance(value, int):
        return [value + 1, value - 1, -1, 2**63, 2**64, value + 0.5, str(value), None]
    return [None, 0, {} if isinstance(value, list) else [], "x"]


@case
def every_member_of_a_proof(folder):
    """All of it, also what the anchor or key at hand does not need."""
    store, raw, proof, tried = make_store(folder), folder / "raw", folder / "changed.json", 0
    key = store / "keys" / "public.key"
    event = search(store, "*")[400]["event"]["id"]
    document = json.loads(run("prove", "--store", store, "--pubkey", key, "--anchor", folder / "old.anchor",
                              "--raw-out", raw, event))
    given = (("--anchor", folder / "new.anchor"), ("--pubkey", key))
    for keys, value in list(places(document)):
        holder = document
        for k in keys[:-1]:
            holder = holder[k]
        for changed in other_values(value):
            if changed == value or (changed is not None and changed == ""):
                continue
            holder[keys[-1]] = changed
            proof.write_text(json.dumps(document))
            done = subprocess.run([VERIFY, proof, "--raw", raw, *given[tried % 2]], capture_output=True,
                                  timeout=60)
            true(done.returncode in (1, 2), f"{keys} as {changed}: {done.returncode} {done.stdout}")
            tried += 1
        holder[keys[-1]] = value
    print(f"        {tried} changes of {len(list(places(document)))} members, all refused")
    true(tried > 200, "changes")
    proof.write_text(json.dumps(document) + "x")
    check(proof, "--raw", raw, *given[0], expect=2)
    proof.write_text(json.dumps(document) + "\n ")
    for options in given:
        check(proof, "--raw", raw, *options)


@case
def several_events_in_one_proof(folder):
    store = make_store(folder)
    proof = prove(folder, "--store", store, "--query", '"deny 7"')
    events = json.loads(proof.read_text())["events"]
    equal(len(events), len(search(store, '"deny 7"')), "events")
    proof = prove(folder, "--store", store, "--query", "*", "--limit", "0")
    equal(len(json.loads(proof.read_text())["events"]), events_of(store), "events")
    ids = [e["event"]["id"] for e in search(store, "*")[10:13]]
    raws = []
    for i, one in enumerate(ids):
        raws += ["--raw", folder / f"raw{i}"]
        prove(folder, "--store", store, one, "--raw-out", folder / f"raw{i}", name="one.json")
    proof = prove(folder, "--store", store, *ids)
    check(proof, *raws, "--anchor", folder / "new.anchor")
    check(proof, *raws[:2], "--anchor", folder / "new.anchor", expect=2)
    check(proof, *raws[2:], *raws[:2], "--anchor", folder / "new.anchor", expect=1)


@case
def what_cannot_be_proven(folder):
    store = make_store(folder)
    run("prove", "--store", store, "nobody-1", expect=1)
    true("has no event nobody-1" in run.stderr, run.stderr)
    run("prove", "--store", store, str(folder / "a.log") + "-701", expect=1)
    run("prove", "--store", store, "no number", expect=2)
    run("prove", "--store", store, expect=2)
    run("prove", "--store", folder / "nothing", "a-1", expect=5)


@case
def a_record_of_an_evtx_file(folder):
    files = sorted(pathlib.Path(need(DATA, "data")).rglob("*.evtx"))
    need(files[0] if files else folder / "none", "an EVTX file")
    store = folder / "store"
    run("import", "--store", store, min(files, key=lambda p: p.stat().st_size))
    run("anchor", "--store", store, "--out", folder / "anchor")
    raw = folder / "raw"
    proof = prove(folder, "--store", store, search(store, "*")[-1]["event"]["id"], "--raw-out", raw)
    text = check(proof, "--raw", raw, "--anchor", folder / "anchor")
    event = json.loads(proof.read_text())["events"][0]
    if "within" in event:
        true("not proven" in text, text)
        start = event["within"]["offset"]
        equal(raw.read_bytes()[start:start + 4], b"**\0\0", "the record's signature")


# --- anchors ---


@case
def anchors_from_paper(folder):
    store = make_store(folder)
    line = (folder / "old.anchor").read_text()
    typed = folder / "typed"
    typed.write_text(line.replace(" ", "\n  "))  # broken into lines, as on paper
    run("verify", "--store", store, "--anchor", typed)
    for at in range(20, len(line) - 2, 7):
        if line[at] in " =":
            continue
        slip = "0" if line[at] != "0" else "1"
        typed.write_text(line[:at] + slip + line[at + 1:])
        run("verify", "--store", store, "--anchor", typed, expect=2)
    run("verify", "--store", store, "--anchor", typed, "--lang", "ja", expect=2)
    true("書き誤り" in run.stderr, run.stderr)


# --- time stamps ---

TSA_CONF = """
[tsa]
default_tsa = one
[one]
serial = {0}/serial
crypto_device = builtin
signer_cert = {0}/tsa.pem
certs = {0}/ca.pem
signer_key = {0}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_chain = yes
ess_cert_id_alg = sha256
[ext]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
"""


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, timeout=60)
    equal(done.returncode, 0, f"openssl {arguments[0]}: {done.stderr.decode()[-500:]}: exit")


def make_authority(folder):
    """A certificate authority and a time stamp authority under it."""
    folder.mkdir()
    conf = folder / "conf"
    conf.write_text(TSA_CONF.format(folder))
    (folder / "serial").write_text("01\n")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Test CA", "-days", "3650",
            "-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-config", "/dev/null",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Test TSA", "-keyout",
            folder / "tsa.key", "-out", folder / "tsa.csr", "-config", "/dev/null")
    openssl("x509", "-req", "-in", folder / "tsa.csr", "-CA", folder / "ca.pem", "-CAkey",
            folder / "ca.key", "-CAcreateserial", "-days", "3650", "-extfile", conf,
            "-extensions", "ext", "-out", folder / "tsa.pem")
    return folder


def reply(authority, query, answer):
    openssl("ts", "-reply", "-config", authority / "conf", "-queryfile", query, "-out", answer)


class Tsa:
    """The authority over HTTP (RFC 3161 section 3.4)."""

    def __init__(self, authority):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                query = authority / "in.tsq"
                query.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
                reply(authority, query, authority / "out.tsr")
                body = (authority / "out.tsr").read_bytes()
                self.send_response(200 if self.path == "/tsr" else 404)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *unused):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/tsr"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *unused):
        self.server.shutdown()
        self.server.server_close()


@case
def time_stamps_over_http(folder):
    store = make_store(folder)
    authority = make_authority(folder / "tsa")
    stranger = make_authority(folder / "stranger")
    with Tsa(authority) as tsa:
        run("anchor", "--store", store, "--tsa", tsa.url, "--out", folder / "stamped")
        run("anchor", "--store", store, "--tsa", tsa.url + "x", expect=5)
    run("anchor", "--store", store, "--tsa", tsa.url, expect=5)  # nobody listens any more
    run("anchor", "--store", store, "--tsa", "https://127.0.0.1/tsr", expect=2)
    openssl("ts", "-verify", "-in", str(folder / "stamped") + ".tsr", "-CAfile", authority / "ca.pem",
            "-data", words_of(folder / "stamped", folder / "words"))
    out = run("verify", "--store", store, "--tsa-ca", authority / "ca.pem").decode()
    true("authority says" in out and "without --anchor" not in out, out)
    run("verify", "--store", store, "--anchor", folder / "stamped", "--tsa-ca", authority / "ca.pem")
    out = run("verify", "--store", store, "--tsa-ca", stranger / "ca.pem", expect=1).decode()
    true("time stamp does not hold" in out, out)
    run("verify", "--store", store, "--tsa-ca", folder / "a.log", expect=2)
    raw = folder / "raw"
    proof = prove(folder, "--store", store, search(store, "*")[3]["event"]["id"], "--raw-out", raw)
    text = check(proof, "--raw", raw, "--tsa-ca", authority / "ca.pem")
    true("RFC 3161" in text, text)
    check(proof, "--raw", raw, "--tsa-ca", stranger / "ca.pem", expect=1)


def words_of(anchor, path):
    path.write_bytes(anchor.read_bytes().strip())
    return path


@case
def time_stamps_offline(folder):
    store = make_store(folder)
    authority = make_authority(folder / "tsa")
    run("anchor", "--store", store, "--tsq", folder / "query", "--out", folder / "line")
    run("import", "--store", store, write_log(folder / "d.log", 5000, 10))  # life goes on
    reply(authority, folder / "query", folder / "answer")
    run("anchor", "--store", store, "--tsr", folder / "answer", "--out", folder / "line2")
    equal((folder / "line2").read_text(), (folder / "line").read_text(), "the stamped anchor")
    run("verify", "--store", store, "--tsa-ca", authority / "ca.pem")
    run("anchor", "--store", store, "--tsr", folder / "query", expect=2)
    (folder / "other").write_text("not an anchor")
    openssl("ts", "-query", "-data", folder / "other", "-sha256", "-cert", "-out", folder / "q2")
    reply(authority, folder / "q2", folder / "a2")
    run("anchor", "--store", store, "--tsr", folder / "a2", expect=2)


@case
def keys_die(folder):
    """Each checkpoint has its own key, and no secret of an earlier one is left on the disk."""
    store = make_store(folder)
    document = json.loads(prove(folder, "--store", store, "--pubkey", store / "keys/public.key",
                                search(store, "*")[-1]["event"]["id"]).read_text())
    heads = [bytes.fromhex(c["head"]) for c in document["checkpoints"]]
    true(len(set(heads)) == len(heads) and len(heads) >= 4, "heads")
    seeds = (store / "keys" / "signing.seed").read_bytes()
    true(len(re.findall(b"KSEED002", seeds)) == 2, "two secrets")
    before = shutil.copytree(store, folder / "before")
    run("import", "--store", store, write_log(folder / "d.log", 9000, 10))
    after = (store / "keys" / "signing.seed").read_bytes()
    true(seeds[8:40] != after[8:40] or seeds[4104:4136] != after[4104:4136], "a key died")
    shutil.copy(before / "chain", store / "chain")  # the end of the chain is taken away
    run("verify", "--store", store, expect=1)
    run("import", "--store", store, write_log(folder / "e.log", 9100, 10), expect=5)


main()
