"""The frame of the generator: journals (one per output file), stories, deterministic chance.

Every line is added with its time and, when it belongs to something planted, with a tag (a
Story). At the end each journal is sorted by time and written, and every story learns on which
line or record its events ended up. Nothing depends on the time of day, on hash order or on the
machine: the same source gives the same bytes.
"""
import dataclasses
import os
import random
import zlib

import clock
import evtx_writer


@dataclasses.dataclass
class Story:
    """Something planted: an attack that must be found, or a look-alike that must stay quiet."""
    key: str            # unique, e.g. "ML-02a"
    analysis: str       # id of the analysis (or of the Sigma rule) that it is about
    level: str          # the level a finding should have; "none" for a look-alike
    entities: dict      # entity key -> list of values, keys as in konseki's findings
    ja: str
    en: str
    also: tuple = ()    # other analyses that may rightly report the same events
    first: int = 0
    last: int = 0
    events: list = dataclasses.field(default_factory=list)  # {"file", "line"|"record_id","idx"}

    @property
    def is_attack(self):
        return self.level != "none"

    def saw(self, t, place):
        self.first = min(self.first or t, t)
        self.last = max(self.last, t)
        self.events.append(place)


def note(tag, t, place):
    """Tell the story, or each of several, where one of its events stands."""
    for story in tag if isinstance(tag, tuple) else (tag,):
        if story is not None:
            story.saw(t, place)


class TextJournal:
    """A log of lines. `encoding` applies to str; bytes are written as they are."""

    def __init__(self, path, newline="\n", encoding="utf-8"):
        self.path, self.newline, self.encoding = path, newline, encoding
        self.entries = []

    def add(self, t, text, tag=None):
        self.entries.append((t, len(self.entries), text, tag))

    def write(self, directory):
        line = 1
        chunks = []
        for t, _, text, tag in sorted(self.entries, key=lambda entry: entry[:2]):
            if isinstance(text, str):
                text = (text + self.newline).encode(self.encoding)
            note(tag, t, {"file": self.path, "line": line})
            line += text.count(b"\n")
            chunks.append(text)
        write_file(os.path.join(directory, self.path), b"".join(chunks))


class EvtxJournal:
    """A binary event log; what is added are evtx_writer.Event objects."""

    def __init__(self, path, first_record_id):
        self.path, self.first_record_id = path, first_record_id
        self.entries = []

    def add(self, t, event, tag=None):
        self.entries.append((t, len(self.entries), event, tag))

    def write(self, directory):
        options = evtx_writer.Options(first_record_id=self.first_record_id)
        writer = evtx_writer.EvtxWriter(options)
        ordered = sorted(self.entries, key=lambda entry: entry[:2])
        for index, (t, _, event, tag) in enumerate(ordered):
            number = writer.add(event)
            note(tag, t, {"file": self.path, "record_id": number, "idx": index})
        write_file(os.path.join(directory, self.path), writer.finish())


def write_file(path, data):
    """Write bytes; the file's time is the end of the demo, so that years can be inferred."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as target:
        target.write(data)
    stamp = clock.END // clock.SECOND
    os.utime(path, (stamp, stamp))


def chance(*names):
    """A random generator of its own for each purpose: new code does not shift old draws."""
    return random.Random("tsukimori:" + ":".join(str(name) for name in names))


def digest(text):
    """A stable small number for a text."""
    return zlib.crc32(text.encode("utf-8"))


class Site:
    """All that is being written: journals by path, stories in order."""

    def __init__(self):
        self.journals = {}
        self.stories = []

    def journal(self, path, **options):
        """The text journal of that path, made at its first use."""
        if path not in self.journals:
            self.journals[path] = TextJournal(path, **options)
        return self.journals[path]

    def event_log(self, path, first_record_id):
        if path not in self.journals:
            self.journals[path] = EvtxJournal(path, first_record_id)
        return self.journals[path]

    def plant(self, key, analysis, level, entities, ja, en, also=()):
        """Announce an attack; its events are tagged with the story that comes back."""
        story = Story(key, analysis, level, entities, ja, en, also)
        self.stories.append(story)
        return story

    def lookalike(self, key, analysis, entities, ja, en):
        """Announce something that resembles an attack and must stay quiet."""
        return self.plant(key, analysis, "none", entities, ja, en)

    def write(self, directory):
        for path in sorted(self.journals):
            self.journals[path].write(directory)
