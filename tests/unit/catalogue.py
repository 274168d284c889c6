#!/usr/bin/env python3
"""Every message of the sources has a Japanese translation that fits its placeholders.

    catalogue.py SOURCE_ROOT

Extracts the messages as the build does and compares them with po/ja.po (gettext's own tools).
"""
import pathlib
import subprocess
import sys
import tempfile


def main():
    root = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        template = pathlib.Path(folder) / "konseki.pot"
        steps = [
            ["xgettext", "--language=C", "--from-code=UTF-8", "--keyword=_", "--keyword=N_",
             f"--directory={root}", f"--files-from={root}/po/POTFILES", f"--output={template}"],
            ["msgfmt", "--check", f"--output-file={folder}/ja.mo", f"{root}/po/ja.po"],
            ["msgcmp", f"{root}/po/ja.po", str(template)],
        ]
        failed = 0
        for step in steps:
            done = subprocess.run(step, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            failed += done.returncode != 0
            if done.returncode != 0:
                print(f"{' '.join(step)}:\n{done.stdout}")
    print(f"catalogue: {len(steps) - failed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
