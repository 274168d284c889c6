#!/usr/bin/env python3
"""Every message of the sources has a Japanese translation that fits its placeholders.

    catalogue.py SOURCE_ROOT PROGRAM

Extracts the messages as the build does and compares them with po/ja.po (gettext's own tools), then
lets the program fail in Japanese: an error of a library, told by the command.
"""
import pathlib
import re
import subprocess
import sys
import tempfile


def main():
    root = pathlib.Path(sys.argv[1])
    options = re.findall(r"'(--[^']+)'", (root / "po/meson.build").read_text())
    with tempfile.TemporaryDirectory() as folder:
        template = pathlib.Path(folder) / "konseki.pot"
        steps = [
            ["xgettext", *options, f"--directory={root}", f"--files-from={root}/po/POTFILES",
             f"--output={template}"],
            ["msgfmt", "--check", f"--output-file={folder}/ja.mo", f"{root}/po/ja.po"],
            ["msgcmp", f"{root}/po/ja.po", str(template)],
        ]
        failed = 0
        for step in steps:
            done = subprocess.run(step, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            failed += done.returncode != 0
            if done.returncode != 0:
                print(f"{' '.join(step)}:\n{done.stdout}")
        steps.append([sys.argv[2], "verify", "--lang", "ja", "--store", f"{folder}/none"])
        done = subprocess.run(steps[-1], capture_output=True, encoding="utf-8")
        if "none/chain: 開けません" not in done.stderr:
            print(f"verify --lang ja says: {done.stderr}")
            failed += 1
    print(f"catalogue: {len(steps) - failed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
