"""What the scenario tests share: running the program, cases, the closing line.

A scenario is a script with functions marked @case; main() runs them in order, each in a fresh
folder, and prints `N passed, N failed, N skipped`. The program comes from KONSEKI_PROGRAM.
"""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = pathlib.Path(os.environ.get("KONSEKI_SOURCE", pathlib.Path(__file__).parents[2]))
PROGRAM = os.environ.get("KONSEKI_PROGRAM", str(ROOT / "build" / "konseki"))
DATA = pathlib.Path(os.environ.get("KONSEKI_DATA", ROOT.parent / "shared" / "data"))
SIMULATOR = DATA.parent / "tools" / "enterprise"
LIMIT_S = 300

_cases = []


class Skip(Exception):
    """Raised by a case that cannot run here; its text says what is missing."""


def case(function):
    _cases.append(function)
    return function


def run(*arguments, expect=0, input=None, env=None, limit=LIMIT_S):
    """Runs the program and returns its standard output as bytes; checks the exit code."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], input=input, capture_output=True,
                          timeout=limit, env={**os.environ, **(env or {})})
    allowed = expect if isinstance(expect, tuple) else (expect,)
    if done.returncode not in allowed:
        raise AssertionError(f"konseki {' '.join(map(str, arguments))}: exit {done.returncode}, "
                             f"wanted {expect}\n{done.stderr.decode(errors='replace')[-3000:]}")
    run.stderr = done.stderr.decode(errors="replace")
    return done.stdout


def jsonl(data):
    return [json.loads(line) for line in data.decode("utf-8").splitlines() if line.strip()]


def search(store, query, *more):
    """Events of a query as objects, without a limit."""
    return jsonl(run("search", "--store", store, "--limit", "0", "--format", "jsonl", *more, query))


def raw(store, query="*"):
    return run("search", "--store", store, "--limit", "0", "--raw", query)


def events_of(store):
    return len(search(store, "*"))


def equal(got, wanted, what="value"):
    if got != wanted:
        raise AssertionError(f"{what}: got {str(got)[:600]!r}, wanted {str(wanted)[:600]!r}")


def true(condition, what):
    if not condition:
        raise AssertionError(what)


class Server:
    """`konseki serve` on loopback, bounded in time; a context manager that stops it by its pid."""

    def __init__(self, store, *arguments, schemes=("syslog+tcp", "syslog+udp")):
        self.ports = {scheme: free_port(scheme) for scheme in schemes}
        listen = []
        for scheme, port in self.ports.items():
            listen += ["--listen", f"{scheme}://127.0.0.1:{port}"]
        self.command = [PROGRAM, "serve", "--store", str(store), *listen, *map(str, arguments)]
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        line = b""
        deadline = time.monotonic() + 30
        while b"ready" not in line and time.monotonic() < deadline:
            line = self.process.stderr.readline()
            if not line and self.process.poll() is not None:
                raise AssertionError("serve ended before it was ready")
        true(b"ready" in line, "serve did not say ready")
        return self

    def stop(self, how=signal.SIGTERM):
        """Ends it; returns (exit code, standard output, standard error)."""
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err.decode(errors="replace")

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate(timeout=30)

    def tcp(self):
        return socket.create_connection(("127.0.0.1", self.ports["syslog+tcp"]), timeout=30)

    def udp(self):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.connect(("127.0.0.1", self.ports["syslog+udp"]))
        return s


def free_port(scheme):
    kind = socket.SOCK_DGRAM if "udp" in scheme else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(condition, what, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}")


def need(path, what):
    if not pathlib.Path(path).exists():
        raise Skip(f"{what} not found")
    return path


def simulator(out, *arguments):
    """Runs the enterprise simulator where it is there."""
    need(SIMULATOR, "the enterprise simulator")
    subprocess.run([sys.executable, str(SIMULATOR), "--out", str(out), "--quiet", *map(str, arguments)],
                   check=True, stdout=subprocess.DEVNULL, timeout=LIMIT_S)
    return pathlib.Path(out)


def main():
    passed = failed = skipped = 0
    wanted = sys.argv[1:]
    for function in _cases:
        if wanted and function.__name__ not in wanted:
            continue
        folder = pathlib.Path(tempfile.mkdtemp(prefix="konseki-scenario-"))
        started = time.monotonic()
        try:
            function(folder)
            passed += 1
            print(f"ok      {function.__name__} ({time.monotonic() - started:.1f} s)")
        except Skip as why:
            skipped += 1
            print(f"SKIPPED: {function.__name__}: {why}")
        except Exception:
            failed += 1
            print(f"FAILED  {function.__name__}")
            traceback.print_exc(file=sys.stdout)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        sys.stdout.flush()
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)


def find_line(text, pattern):
    match = re.search(pattern, text)
    if not match:
        raise AssertionError(f"no {pattern!r} in {text[-500:]!r}")
    return match
