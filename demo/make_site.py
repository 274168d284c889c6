#!/usr/bin/env python3
"""Write the demo site: four days of logs of a small fictional company, with planted attacks.

    python3 demo/make_site.py --out DIR

DIR/logs    the logs, one folder a device          DIR/ioc         IOC lists, "value,comment"
DIR/site.conf   what the operator knows            DIR/story.md    what was planted, to read
                                                   DIR/story.json  the same, for programs
The same source gives the same bytes on every run and machine.
"""
import argparse
import sys

sys.dont_write_bytecode = True

import core  # noqa: E402
import outputs  # noqa: E402
import world as world_module  # noqa: E402
from background import dirt, mail, network, orders, web, windows  # noqa: E402
from stories import ALL  # noqa: E402

BACKGROUND = (web, network, mail, windows, orders)


def build():
    """The whole site in memory."""
    site = core.Site()
    world = world_module.World(site)
    for part in BACKGROUND:
        part.run(world)
    for story in ALL:
        story.run(world)
    dirt.run(world)
    return site


def main():
    parser = argparse.ArgumentParser(description="write the demo site of konseki")
    parser.add_argument("--out", required=True, help="directory to write to (made if missing)")
    arguments = parser.parse_args()
    site = build()
    try:
        site.write(arguments.out)
        outputs.write(site, arguments.out)
    except OSError as error:
        print(f"make_site: cannot write {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    attacks = sum(story.is_attack for story in site.stories)
    print(f"{arguments.out}: {len(site.journals)} logs, {attacks} planted attacks, "
          f"{len(site.stories) - attacks} look-alikes; read {arguments.out}/story.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
