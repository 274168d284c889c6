"""BIND 9.18 query log with print-category and print-severity."""
import clock

PATH = "logs/ns01/query.log"


class Bind:
    def __init__(self, site):
        self.log = site.journal(PATH)

    def query(self, t, client, port, name, kind="A", tag=None):
        handle = 0x7F31C4000000 + (port * 40503 & 0xFFFFFF0)
        self.log.add(t, f"{clock.bind(t)} queries: info: client @{handle:#x} {client}#{port} "
                        f"({name}): query: {name} IN {kind} +E(0)K (10.61.1.53)", tag)
