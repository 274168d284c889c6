"""Damaged lines as real transports leave them: cut, binary, blank, glued. Never story lines."""
import core
from clock import END, SECOND, START
from sources import asa, bind, dhcpd, fortigate, postfix, rtx, screenos, squid

PATHS = [fortigate.PATH, screenos.PATH, asa.PATH, rtx.PATH, squid.NATIVE_PATH,
         squid.COMBINED_PATH, postfix.PATH, bind.PATH, dhcpd.PATH]


def run(world):
    for path in PATHS:
        spoil(world.site.journal(path), core.chance("dirt", path))


def spoil(journal, rng):
    """Four damaged lines per log, made from copies of ordinary ones."""
    plain = [entry for entry in journal.entries if entry[3] is None]
    samples = [rng.choice(plain) for _ in range(3)]
    cut, binary, glued = (sample[2].encode(journal.encoding) for sample in samples)
    middle = len(cut) // 3
    journal.add(samples[0][0], cut[:middle] + b"\n")
    journal.add(samples[1][0], binary[:middle] + bytes([0, 1, 0x1B, 0xFF, 0xFE]) +
                binary[middle:] + b"\n")
    journal.add(samples[2][0], glued[:middle] + glued + b"\n")
    journal.add(START + rng.randrange((END - START) // SECOND) * SECOND, b"\n")
