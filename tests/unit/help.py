#!/usr/bin/env python3
"""Every command answers --help, and every option that a command takes stands in the manual.

    help.py SOURCE_ROOT PROGRAM
"""
import pathlib
import re
import subprocess
import sys

EVERYWHERE = {"lang", "format", "store", "help"}  # explained once, for all commands

WHOLE_PAGES = {"scan", "triage"}  # their pages name every option, in both languages


def run(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, encoding="utf-8",
                          stdin=subprocess.DEVNULL, timeout=30)


def check_command(program, name, manual):
    """Complaints about one command."""
    complaints = []
    done = run(program, name, "--help")
    text = done.stdout + done.stderr
    if done.returncode != 0 or not done.stdout.startswith(f"usage: konseki {name}"):
        complaints.append(f"{name} --help: exit {done.returncode}: {text[:80]!r}")
    page = re.search(r"docs/manual/([a-z-]+)\.md\n$", done.stdout)
    if page and page.group(1) + ".md" not in manual:
        complaints.append(f"{name} --help names a page that is not there")
    for option in re.findall(r" --([a-z-]+)", run(program, name, "--no-such-option").stderr):
        known = re.compile(rf"--{option}\b")
        if option not in EVERYWHERE | {"no-such-option"} and \
                not any(known.search(x) for x in manual.values()):
            complaints.append(f"{name} --{option} is not in docs/manual")
        if name in WHOLE_PAGES and option not in {"lang", "help", "no-such-option"}:
            complaints += [f"{name} --{option} is not in {name}{end}" for end in (".md", ".ja.md")
                           if not known.search(manual[name + end])]
    return complaints


def check_forms(root, program, manual):
    """Every form of hits stands in the help of scan and on its pages."""
    help_text = run(program, "scan", "--help").stdout
    forms = re.findall(r'^REPORT_FORM\(\w+, "([a-z-]+)"', (root / "src/report/report_forms.def").read_text(), re.M)
    complaints = [f"scan --help does not name {x}" for x in forms if f"\n  {x}\n" not in help_text]
    complaints += [f"form {x} is not in {page}" for x in forms for page in ("scan.md", "scan.ja.md")
                   if f"`{x}`" not in manual[page]]
    return complaints or ([] if forms else ["no form of hits"])


def main():
    root, program = pathlib.Path(sys.argv[1]), sys.argv[2]
    manual = {p.name: p.read_text() for p in (root / "docs/manual").glob("*.md")}
    names = re.findall(r'^COMMAND\("([a-z]+)"', (root / "cli/commands.def").read_text(), re.M)
    complaints = [x for name in names for x in check_command(program, name, manual)]
    complaints += check_forms(root, program, manual)
    for complaint in complaints:
        print("help:", complaint)
    print(f"help: {len(names)} commands, {len(complaints)} complaints")
    return 1 if complaints or len(names) < 10 else 0


if __name__ == "__main__":
    sys.exit(main())
