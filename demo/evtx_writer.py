#!/usr/bin/env python3
"""Write valid (and, on request, damaged) Windows event log files (EVTX 3.1).

    python3 evtx_writer.py events.json out.evtx

As a library:

    writer = EvtxWriter()
    writer.add(Event(provider="Microsoft-Windows-Security-Auditing", event_id=4624, ...))
    open("Security.evtx", "wb").write(writer.finish())

Sources: [MS-EVEN6] section 2.2.12 (BinXml), libyal's EVTX format notes. All integers are
little-endian. All offsets inside BinXml are counted from the start of the 64 KiB chunk.

What the writer does the way Windows does it:
  * one System template per (provider, channel, computer), one payload template per list of
    field names; a template is defined at its first use in a chunk and referred to after that;
  * names live once in a chunk, linked into the 64 buckets of the chunk's string table;
  * the payload (EventData or UserData) is an embedded BinXml fragment in the last value.

What it does on request, for tests of parsers (see Options and DAMAGES):
  * inline BinXml without any template, with or without the dependency ids of [MS-EVEN6];
  * header flags dirty and full, wrong checksums, cut files, records that live only in slack.

The JSON form of the command line (evtx_example.json uses all of it):

    {"options": {field of Options: value, ...},
     "events": [{"provider": "P", "guid": "...", "event_id": 4624, "channel": "Security",
                 "computer": "pc1", "time": "2026-11-09T00:00:01.1234567Z",
                 "data": [["Name", "text"], ["Id", {"type": "hex64", "value": "0x3e7"}],
                          [null, "unnamed"], ["Empty", null]]}]}

  * an event has the fields of Event, with "time" (RFC 3339) for the filetime; keywords may be
    hexadecimal text; "user_data" stands instead of "data": {"name", "attributes", "children"};
  * a value is text, null, or {"type": key of TYPE_NAMES, "value": V}, with "array": true a list;
  * children are elements, values, {"cdata": T}, {"char": N}, {"entity": N} or {"pi": [T, D]};
  * damages are described at their functions below (damage_*).
"""
import dataclasses
import datetime
import json
import struct
import sys
import uuid
import zlib

CHUNK_SIZE = 65536
CHUNK_DATA = 512
CHUNK_LIMIT = CHUNK_SIZE - 8  # libevtx misses a record that ends at the very end of a chunk
FILE_HEADER_SIZE = 4096
FLAG_DIRTY, FLAG_FULL = 1, 2
EPOCH_FILETIME = 116444736000000000  # 1970-01-01 in 100 ns ticks since 1601-01-01
EVENT_NAMESPACE = "http://schemas.microsoft.com/win/2004/08/events/event"

# Value types of BinXml, [MS-EVEN6] 2.2.12. An array sets ARRAY on the type of its items.
NULL, STRING, ANSI, INT8, UINT8, INT16, UINT16, INT32, UINT32, INT64, UINT64 = range(11)
FLOAT, DOUBLE, BOOL, BINARY, GUID, SIZET, FILETIME, SYSTEMTIME, SID, HEX32, HEX64 = range(11, 22)
BINXML = 0x21
ARRAY = 0x80
TYPE_NAMES = {
    "null": NULL, "string": STRING, "ansi": ANSI, "int8": INT8, "uint8": UINT8, "int16": INT16,
    "uint16": UINT16, "int32": INT32, "uint32": UINT32, "int64": INT64, "uint64": UINT64,
    "float": FLOAT, "double": DOUBLE, "bool": BOOL, "binary": BINARY, "guid": GUID,
    "sizet": SIZET, "filetime": FILETIME, "systemtime": SYSTEMTIME, "sid": SID,
    "hex32": HEX32, "hex64": HEX64,
}
PACK_FORMATS = {
    INT8: "<b", UINT8: "<B", INT16: "<h", UINT16: "<H", INT32: "<i", UINT32: "<I", INT64: "<q",
    UINT64: "<Q", FLOAT: "<f", DOUBLE: "<d", SIZET: "<Q", FILETIME: "<Q", HEX32: "<I",
    HEX64: "<Q",
}

# Tokens of BinXml. MORE says that another item of the same list follows.
EOF_TOKEN, OPEN_ELEMENT, CLOSE_START, CLOSE_EMPTY, END_ELEMENT = 0, 1, 2, 3, 4
VALUE_TEXT, ATTRIBUTE, CDATA, CHAR_REF, ENTITY_REF, PI_TARGET, PI_DATA = 5, 6, 7, 8, 9, 10, 11
TEMPLATE_INSTANCE, SUBSTITUTION, OPTIONAL_SUBSTITUTION = 12, 13, 14
MORE = 0x40
FRAGMENT_HEADER = b"\x0f\x01\x01\x00"
NO_DEPENDENCY = 0xFFFF


class EvtxError(ValueError):
    """The event cannot be written: the message names the field and what is allowed."""


# ---------------------------------------------------------------------------------- the tree


@dataclasses.dataclass(frozen=True)
class Typed:
    """A value with its BinXml type; `value` is what pack_value() takes for that type."""
    kind: int
    value: object = None


@dataclasses.dataclass(frozen=True)
class Slot:
    """A place in a template, filled by the instance's value number `index`."""
    index: int
    kind: int
    optional: bool = True


@dataclasses.dataclass(frozen=True)
class Cdata:
    text: str


@dataclasses.dataclass(frozen=True)
class CharRef:
    code: int


@dataclasses.dataclass(frozen=True)
class EntityRef:
    name: str


@dataclasses.dataclass(frozen=True)
class Pi:
    target: str
    data: str


@dataclasses.dataclass
class Element:
    """An XML element; attributes are (name, content), content is str, Typed or Slot."""
    name: str
    attributes: list = dataclasses.field(default_factory=list)
    children: list = dataclasses.field(default_factory=list)
    dependency: int = NO_DEPENDENCY


@dataclasses.dataclass
class Event:
    """One event. `data` is a list of (name or None, str or Typed); `user_data` an Element."""
    provider: str
    event_id: int
    channel: str
    computer: str
    filetime: int
    guid: str = None
    event_source: str = None
    version: int = 0
    level: int = 0
    task: int = 0
    opcode: int = 0
    keywords: int = 0x8020000000000000
    process_id: int = 0
    thread_id: int = 0
    activity_id: str = None
    user_sid: str = None
    qualifiers: int = None
    record_id: int = None  # EventRecordID of System; None: the record header's number
    data: list = dataclasses.field(default_factory=list)
    user_data: Element = None


@dataclasses.dataclass
class Options:
    """How the file is laid out. The defaults give a file as a cleanly closed log has it."""
    inline: bool = False             # whole events as plain BinXml, no templates
    inline_dependency_ids: bool = False
    inline_payload: bool = False     # templates for System only, the payload as plain BinXml
    flags: int = 0                   # FLAG_DIRTY | FLAG_FULL
    first_record_id: int = 1
    records_per_chunk: int = 0       # 0: as many as fit
    damages: list = dataclasses.field(default_factory=list)


def filetime_of(text):
    """RFC 3339 text, up to 7 digits of fraction, to 100 ns ticks since 1601. Zone required."""
    head, _, fraction = text.rstrip("Z").partition(".")
    zone = datetime.timezone.utc
    for sign in "+-":
        if sign in fraction:
            fraction, _, offset = fraction.partition(sign)
            hours, minutes = offset.split(":")
            delta = datetime.timedelta(hours=int(hours), minutes=int(minutes))
            zone = datetime.timezone(delta if sign == "+" else -delta)
    moment = datetime.datetime.fromisoformat(head).replace(tzinfo=zone)
    seconds = (moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc))
    return int(seconds.total_seconds()) * 10**7 + int((fraction + "0000000")[:7]) + EPOCH_FILETIME


# ------------------------------------------------------------------------------------ values


def pack_sid(text):
    """`S-1-5-21-...` to its binary form: revision, count, authority (big-endian), RIDs."""
    parts = text.split("-")
    if len(parts) < 3 or parts[0] != "S":
        raise EvtxError(f"SID {text!r}: must look like S-1-5-18")
    rids = [int(x) for x in parts[3:]]
    head = struct.pack("<BB", int(parts[1]), len(rids)) + int(parts[2]).to_bytes(6, "big")
    return head + b"".join(struct.pack("<I", rid) for rid in rids)


def pack_systemtime(value):
    """(year, month, weekday, day, hour, minute, second, millisecond) as eight words."""
    return struct.pack("<8H", *value)


def as_number(value):
    """Numbers come as int, float or as text, decimal or 0x-hexadecimal."""
    return int(value, 0) if isinstance(value, str) else value


def pack_value(kind, value):
    """The bytes of one value as they stand in a template instance."""
    if kind & ARRAY:
        return pack_array(kind & ~ARRAY, value)
    if kind == NULL:
        return b""
    if kind == STRING:
        return value.encode("utf-16-le", "surrogatepass")
    if kind == ANSI:
        return value.encode("cp932") if isinstance(value, str) else value
    if kind == BOOL:
        return struct.pack("<I", 1 if value else 0)
    if kind == BINARY:
        return bytes.fromhex(value) if isinstance(value, str) else value
    if kind == GUID:
        return uuid.UUID(value).bytes_le
    if kind == SID:
        return pack_sid(value)
    if kind == SYSTEMTIME:
        return pack_systemtime(value)
    if kind in PACK_FORMATS:
        return struct.pack(PACK_FORMATS[kind], as_number(value))
    raise EvtxError(f"value type {kind:#x} is unknown; allowed: {sorted(TYPE_NAMES)}")


def pack_array(kind, values):
    """Strings are separated by their terminators, fixed-size items stand side by side."""
    if kind == STRING:
        return b"".join(v.encode("utf-16-le") + b"\0\0" for v in values)
    if kind == ANSI:
        return b"".join(v.encode("cp932") + b"\0" for v in values)
    return b"".join(pack_value(kind, v) for v in values)


def inline_text(typed):
    """The text a value has when it is written without a template (inline values are text)."""
    kind, value = typed.kind, typed.value
    if kind & ARRAY:
        return ", ".join(inline_text(Typed(kind & ~ARRAY, v)) for v in value)
    if kind == NULL:
        return ""
    if kind in (HEX32, HEX64):
        return f"{as_number(value):#x}"
    if kind == BINARY:
        return pack_value(kind, value).hex().upper()
    if kind == GUID:
        return "{" + str(uuid.UUID(value)) + "}"
    if kind == BOOL:
        return "true" if value else "false"
    if kind == FILETIME:
        return filetime_text(as_number(value))
    return str(value)


def filetime_text(ticks):
    """100 ns ticks since 1601 as Windows prints them in XML: seven digits, Z."""
    seconds, rest = divmod(ticks - EPOCH_FILETIME, 10**7)
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    return f"{moment.isoformat()}.{rest:07d}Z"


# ------------------------------------------------------------------------------------- chunk


class ChunkFull(Exception):
    """The record does not fit any more; the caller opens the next chunk."""


class Chunk:
    """One 64 KiB chunk being filled. Offsets of names and templates are valid only in it."""

    def __init__(self, options):
        self.options = options
        self.data = bytearray(CHUNK_DATA)
        self.strings, self.string_heads = {}, [0] * 64
        self.templates, self.template_heads = {}, [0] * 32
        self.records = []  # (offset, number)

    def append(self, number, event):
        """Add one record; raises ChunkFull and leaves the chunk as it was."""
        before = (len(self.data), dict(self.strings), self.string_heads[:], dict(self.templates),
                  self.template_heads[:])
        start = len(self.data)
        self.data += b"**\0\0" + struct.pack("<IQQ", 0, number, event.filetime)
        self.write_event(number, event)
        padding = -(len(self.data) + 4 - start) % 8
        size = len(self.data) + padding + 4 - start
        self.data += bytes(padding) + struct.pack("<I", size)
        if len(self.data) > CHUNK_LIMIT:
            length, self.strings, self.string_heads, self.templates, self.template_heads = before
            del self.data[length:]
            raise ChunkFull
        struct.pack_into("<I", self.data, start + 4, size)
        self.records.append((start, number))

    def write_event(self, number, event):
        self.data += FRAGMENT_HEADER
        if self.options.inline:
            self.write_element(inline_event(number, event), self.options.inline_dependency_ids)
        else:
            template, values = system_template(number, event, self.options.inline_payload)
            self.write_instance(template, values)
        self.data.append(EOF_TOKEN)

    # -- BinXml -----------------------------------------------------------------------------

    def write_name(self, name):
        """A name reference; the name itself follows where it is used for the first time."""
        here = len(self.data)
        if name in self.strings:
            self.data += struct.pack("<I", self.strings[name])
            return
        units = name.encode("utf-16-le")
        digest = 0
        for (unit,) in struct.iter_unpack("<H", units):
            digest = (digest * 65599 + unit) & 0xFFFFFFFF
        digest &= 0xFFFF
        bucket = digest % 64
        offset = here + 4
        self.data += struct.pack("<IIHH", offset, self.string_heads[bucket], digest,
                                 len(units) // 2)
        self.data += units + b"\0\0"
        self.strings[name] = self.string_heads[bucket] = offset

    def write_text(self, token, text):
        units = text.encode("utf-16-le", "surrogatepass")
        if len(units) > 2 * 0xFFFF:
            raise EvtxError(f"inline text of {len(units) // 2} units: at most 65535")
        self.data += bytes([token]) + struct.pack("<H", len(units) // 2) + units

    def write_content(self, node):
        """Whatever may stand in an element or an attribute value, but elements."""
        if isinstance(node, Slot):
            token = OPTIONAL_SUBSTITUTION if node.optional else SUBSTITUTION
            self.data += struct.pack("<BHB", token, node.index, node.kind)
        elif isinstance(node, Cdata):
            self.write_text(CDATA, node.text)
        elif isinstance(node, CharRef):
            self.data += struct.pack("<BH", CHAR_REF, node.code)
        elif isinstance(node, EntityRef):
            self.data.append(ENTITY_REF)
            self.write_name(node.name)
        elif isinstance(node, Pi):
            self.data.append(PI_TARGET)
            self.write_name(node.target)
            self.write_text(PI_DATA, node.data)
        else:
            text = inline_text(node) if isinstance(node, Typed) else node
            self.data += bytes([VALUE_TEXT, STRING])
            units = text.encode("utf-16-le", "surrogatepass")
            if len(units) > 2 * 0xFFFF:
                raise EvtxError(f"inline value of {len(units) // 2} units: at most 65535")
            self.data += struct.pack("<H", len(units) // 2) + units

    def write_element(self, element, dependency_ids):
        """An element with all below it. `dependency_ids`: [MS-EVEN6] has them in templates."""
        token = OPEN_ELEMENT | (MORE if element.attributes else 0)
        self.data.append(token)
        if dependency_ids:
            self.data += struct.pack("<H", element.dependency)
        size_at = len(self.data)
        self.data += bytes(4)
        self.write_name(element.name)
        if element.attributes:
            self.write_attributes(element.attributes)
        if element.children:
            self.data.append(CLOSE_START)
            for child in element.children:
                if isinstance(child, Element):
                    self.write_element(child, dependency_ids)
                else:
                    self.write_content(child)
            self.data.append(END_ELEMENT)
        else:
            self.data.append(CLOSE_EMPTY)
        struct.pack_into("<I", self.data, size_at, len(self.data) - size_at - 4)

    def write_attributes(self, attributes):
        size_at = len(self.data)
        self.data += bytes(4)
        for number, (name, content) in enumerate(attributes):
            self.data.append(ATTRIBUTE | (MORE if number + 1 < len(attributes) else 0))
            self.write_name(name)
            self.write_content(content)
        struct.pack_into("<I", self.data, size_at, len(self.data) - size_at - 4)

    def write_instance(self, template, values):
        """A template instance: the reference, the definition at first use, the values."""
        guid = uuid.uuid5(uuid.NAMESPACE_URL, "konseki-demo:" + repr(template))
        template_id = struct.unpack_from("<I", guid.bytes_le)[0]
        here = len(self.data)
        offset = self.templates.get(guid, here + 10)
        self.data += struct.pack("<BBII", TEMPLATE_INSTANCE, 1, template_id, offset)
        if guid not in self.templates:
            self.define_template(guid, template_id, template)
        self.write_values(values)

    def define_template(self, guid, template_id, template):
        offset = len(self.data)
        bucket = template_id % 32
        self.data += struct.pack("<I", self.template_heads[bucket]) + guid.bytes_le + bytes(4)
        self.templates[guid] = self.template_heads[bucket] = offset
        body = len(self.data)
        self.data += FRAGMENT_HEADER
        self.write_element(template, True)
        self.data.append(EOF_TOKEN)
        struct.pack_into("<I", self.data, body - 4, len(self.data) - body)

    def write_values(self, values):
        """Descriptors (size, type) first, the bytes after them. Embedded BinXml is written in
        place, since its own names and templates need their offsets in the chunk."""
        self.data += struct.pack("<I", len(values))
        descriptors = len(self.data)
        self.data += bytes(4 * len(values))
        for number, typed in enumerate(values):
            start = len(self.data)
            if typed.kind == BINXML:
                self.write_embedded(typed.value)
            else:
                self.data += pack_value(typed.kind, typed.value)
            size = len(self.data) - start
            if size > 0xFFFF:
                raise EvtxError(f"value {number} has {size} bytes: at most 65535")
            struct.pack_into("<HBB", self.data, descriptors + 4 * number, size, typed.kind, 0)

    def write_embedded(self, payload):
        self.data += FRAGMENT_HEADER
        if isinstance(payload, Element):
            self.write_element(payload, self.options.inline_dependency_ids)
        else:
            self.write_instance(*payload)
        self.data.append(EOF_TOKEN)

    # -- the finished bytes -----------------------------------------------------------------

    def finish(self):
        """The chunk's 65536 bytes with both checksums."""
        used = len(self.data)
        first, last = self.records[0][1], self.records[-1][1]
        header = bytearray(CHUNK_DATA)
        struct.pack_into("<8sQQQQIII", header, 0, b"ElfChnk\0", first, last, first, last, 128,
                         self.records[-1][0], used)
        struct.pack_into("<64I", header, 128, *self.string_heads)
        struct.pack_into("<32I", header, 384, *self.template_heads)
        chunk = header + self.data[CHUNK_DATA:] + bytes(CHUNK_SIZE - used)
        seal_chunk(chunk)
        return chunk


def seal_chunk(chunk):
    """Set both checksums of a chunk: of the records up to the free space, and of the header."""
    used = struct.unpack_from("<I", chunk, 48)[0]
    struct.pack_into("<I", chunk, 52, zlib.crc32(bytes(chunk[CHUNK_DATA:used])))
    struct.pack_into("<I", chunk, 124, zlib.crc32(bytes(chunk[0:120] + chunk[128:CHUNK_DATA])))


# --------------------------------------------------------------------------------- templates


def system_values(number, event):
    """The values of the System template, in the order of its slots."""
    def optional(kind, value):
        return Typed(NULL) if value is None else Typed(kind, value)
    record_id = number if event.record_id is None else event.record_id
    return [
        Typed(UINT16, event.event_id), optional(UINT16, event.qualifiers),
        Typed(UINT8, event.version), Typed(UINT8, event.level), Typed(UINT16, event.task),
        Typed(UINT8, event.opcode), Typed(HEX64, event.keywords), Typed(FILETIME, event.filetime),
        Typed(UINT64, record_id), optional(GUID, event.activity_id),
        Typed(UINT32, event.process_id), Typed(UINT32, event.thread_id),
        optional(SID, event.user_sid),
    ]


def provider_attributes(event):
    attributes = [("Name", event.provider)]
    if event.guid:
        attributes.append(("Guid", "{" + event.guid.strip("{}") + "}"))
    if event.event_source:
        attributes.append(("EventSourceName", event.event_source))
    return attributes


def system_element(event, contents):
    """The System element; `contents` are 13 slots or 13 values in the order above."""
    (event_id, qualifiers, version, level, task, opcode, keywords, created, record_id, activity,
     process_id, thread_id, user) = contents
    def given(name, content):
        missing = content is None or (isinstance(content, Typed) and content.kind == NULL)
        return [] if missing else [(name, content)]
    return Element("System", [], [
        Element("Provider", provider_attributes(event)),
        Element("EventID", given("Qualifiers", qualifiers), [event_id]),
        Element("Version", [], [version]), Element("Level", [], [level]),
        Element("Task", [], [task]), Element("Opcode", [], [opcode]),
        Element("Keywords", [], [keywords]),
        Element("TimeCreated", [("SystemTime", created)]),
        Element("EventRecordID", [], [record_id]),
        Element("Correlation", given("ActivityID", activity)),
        Element("Execution", [("ProcessID", process_id), ("ThreadID", thread_id)]),
        Element("Channel", [], [event.channel]), Element("Computer", [], [event.computer]),
        Element("Security", given("UserID", user)),
    ])


def system_template(number, event, inline_payload):
    """(template, values) of a whole event; the payload is the last value."""
    values = system_values(number, event)
    kinds = [UINT16, UINT16, UINT8, UINT8, UINT16, UINT8, HEX64, FILETIME, UINT64, GUID, UINT32,
             UINT32, SID]
    slots = [Slot(i, kind) for i, kind in enumerate(kinds)]
    payload = inline_payload_of(event) if inline_payload else payload_instance(event)
    template = Element("Event", [("xmlns", EVENT_NAMESPACE)], [system_element(event, slots)])
    if payload is not None:
        values.append(Typed(BINXML, payload))
        template.children.append(Slot(len(kinds), BINXML))
    return template, values


def payload_instance(event):
    """EventData as (template, values); UserData likewise, or as plain BinXml."""
    if event.user_data is not None:
        values = []
        element = lift_values(event.user_data, values)
        return Element("UserData", [], [element]), values
    if not event.data:
        return None
    values, children = [], []
    for name, content in event.data:
        typed = content if isinstance(content, Typed) else Typed(STRING, content)
        attributes = [("Name", name)] if name is not None else []
        children.append(Element("Data", attributes, [slot_for(typed, len(values))]))
        values.append(typed)
    return Element("EventData", [], children), values


def slot_for(typed, index):
    """The slot of a payload value; only an optional one may take the null type."""
    if typed.kind == NULL:
        return Slot(index, STRING, True)
    return Slot(index, typed.kind, False)


def lift_values(element, values):
    """A copy of the tree in which every text or typed value became a slot."""
    children = []
    for child in element.children:
        if isinstance(child, Element):
            children.append(lift_values(child, values))
        elif isinstance(child, (str, Typed)):
            typed = child if isinstance(child, Typed) else Typed(STRING, child)
            children.append(slot_for(typed, len(values)))
            values.append(typed)
        else:
            children.append(child)
    return Element(element.name, element.attributes, children)


def inline_payload_of(event):
    """The payload as a tree of literal text; None when the event has none."""
    if event.user_data is not None:
        return Element("UserData", [], [event.user_data])
    if not event.data:
        return None
    return Element("EventData", [], [
        Element("Data", [("Name", name)] if name is not None else [], [content])
        for name, content in event.data])


def inline_event(number, event):
    """The whole event as one tree of literal text, for Options.inline."""
    system = system_element(event, system_values(number, event))
    payload = inline_payload_of(event)
    children = [system] if payload is None else [system, payload]
    return Element("Event", [("xmlns", EVENT_NAMESPACE)], children)


# ------------------------------------------------------------------------------ the file


class EvtxWriter:
    """Collects events; finish() returns the file. Memory: the whole file."""

    def __init__(self, options=None):
        self.options = options or Options()
        self.next_id = self.options.first_record_id
        self.chunks = []
        self.chunk = None

    def add(self, event):
        """Append one event and return the record number it got."""
        limit = self.options.records_per_chunk
        if self.chunk is None or (limit and len(self.chunk.records) >= limit):
            self.open_chunk()
        try:
            self.chunk.append(self.next_id, event)
        except ChunkFull:
            if not self.chunk.records:
                raise EvtxError(f"event {event.event_id}: larger than one chunk") from None
            self.open_chunk()
            return self.add(event)
        self.next_id += 1
        return self.next_id - 1

    def open_chunk(self):
        self.chunk = Chunk(self.options)
        self.chunks.append(self.chunk)

    def finish(self):
        """The file's bytes, with the damages of the options done to it."""
        chunks = [chunk for chunk in self.chunks if chunk.records]
        image = self.file_header(len(chunks)) + b"".join(chunk.finish() for chunk in chunks)
        for damage in self.options.damages:
            image = apply_damage(image, damage, chunks)
        return bytes(image)

    def file_header(self, chunk_count):
        header = bytearray(FILE_HEADER_SIZE)
        struct.pack_into("<8sQQQIHHHH", header, 0, b"ElfFile\0", 0, max(chunk_count - 1, 0),
                         self.next_id, 128, 1, 3, FILE_HEADER_SIZE, chunk_count)
        struct.pack_into("<I", header, 120, self.options.flags)
        struct.pack_into("<I", header, 124, zlib.crc32(bytes(header[:120])))
        return header


# ------------------------------------------------------------------------------ damages


def damage_truncate(image, damage, _chunks):
    """{"kind":"truncate","at":N}: the file ends after N bytes."""
    return image[:damage["at"]]


def damage_flip(image, damage, _chunks):
    """{"kind":"flip","at":N,"mask":M}: one byte changed, checksums left as they were."""
    image[damage["at"]] ^= damage.get("mask", 0xFF)
    return image


def damage_chunk_magic(image, damage, _chunks):
    """{"kind":"chunk_magic","chunk":K}: the chunk's signature is gone."""
    at = FILE_HEADER_SIZE + damage["chunk"] * CHUNK_SIZE
    image[at:at + 8] = bytes(8)
    return image


def damage_chunk_count(image, damage, _chunks):
    """{"kind":"chunk_count","value":N}: a wrong count in the file header (checksum right)."""
    struct.pack_into("<H", image, 42, damage["value"])
    struct.pack_into("<I", image, 124, zlib.crc32(bytes(image[:120])))
    return image


def damage_forget_last(image, damage, chunks):
    """{"kind":"forget_last","chunk":K,"count":N,"number":M}: the last N records of a chunk stay
    only in the slack behind the free-space offset. With "number" they are renumbered from M: the
    leftovers of an earlier life; without, a header that was not brought up to date."""
    count = damage["count"]
    records = chunks[damage["chunk"]].records
    if not 0 < count < len(records):
        raise EvtxError(f"forget_last: count {count} of {len(records)} records; allowed 1 to "
                        f"{len(records) - 1}")
    at = FILE_HEADER_SIZE + damage["chunk"] * CHUNK_SIZE
    chunk = image[at:at + CHUNK_SIZE]
    last_offset, last = records[-count - 1]
    for step, (offset, old) in enumerate(records[-count:]):
        number = damage["number"] + step if "number" in damage else old
        struct.pack_into("<Q", chunk, offset + 8, number)
    struct.pack_into("<Q", chunk, 16, last)
    struct.pack_into("<Q", chunk, 32, last)
    struct.pack_into("<II", chunk, 44, last_offset, records[-count][0])
    seal_chunk(chunk)
    image[at:at + CHUNK_SIZE] = chunk
    return image


DAMAGES = {
    "truncate": damage_truncate, "flip": damage_flip, "chunk_magic": damage_chunk_magic,
    "chunk_count": damage_chunk_count, "forget_last": damage_forget_last,
}


def apply_damage(image, damage, chunks):
    if damage.get("kind") not in DAMAGES:
        raise EvtxError(f"damage {damage.get('kind')!r}: allowed {sorted(DAMAGES)}")
    return DAMAGES[damage["kind"]](bytearray(image), damage, chunks)


# ------------------------------------------------------------------------------ JSON form


def value_from_json(value):
    """A plain text, or {"type": NAME, "value": V}; an array has "array": true."""
    if value is None:
        return Typed(NULL)
    if isinstance(value, str):
        return Typed(STRING, value)
    if not isinstance(value, dict) or value.get("type") not in TYPE_NAMES:
        raise EvtxError(f"value {value!r}: text, or an object with type in {sorted(TYPE_NAMES)}")
    kind = TYPE_NAMES[value["type"]] | (ARRAY if value.get("array") else 0)
    raw = value.get("value")
    if kind == FILETIME:
        raw = filetime_from_json(raw)
    elif kind == FILETIME | ARRAY:
        raw = [filetime_from_json(item) for item in raw]
    return Typed(kind, raw)


def filetime_from_json(raw):
    """RFC 3339 text, or ticks as a number."""
    return filetime_of(raw) if isinstance(raw, str) else raw


def element_from_json(node):
    """{"name": N, "attributes": {..}, "children": [element or value, ...]}"""
    children = []
    for child in node.get("children", []):
        is_element = isinstance(child, dict) and "name" in child
        children.append(element_from_json(child) if is_element else node_from_json(child))
    return Element(node["name"], list(node.get("attributes", {}).items()), children)


def node_from_json(child):
    """The rarer tokens: {"cdata":T} {"char":N} {"entity":N} {"pi":[T, D]}, else a value."""
    if isinstance(child, dict):
        if "cdata" in child:
            return Cdata(child["cdata"])
        if "char" in child:
            return CharRef(child["char"])
        if "entity" in child:
            return EntityRef(child["entity"])
        if "pi" in child:
            return Pi(*child["pi"])
    return value_from_json(child)


def event_from_json(item):
    """An Event from its JSON object: the fields of Event, "time" instead of filetime."""
    fields = {key: value for key, value in item.items() if key not in ("time", "data", "user_data")}
    fields["filetime"] = filetime_of(item["time"])
    if isinstance(fields.get("keywords"), str):
        fields["keywords"] = int(fields["keywords"], 0)
    fields["data"] = [(name, value_from_json(value)) for name, value in item.get("data", [])]
    if "user_data" in item:
        fields["user_data"] = element_from_json(item["user_data"])
    return Event(**fields)


def file_from_json(document):
    """The bytes of the file that the document {"options": .., "events": [..]} describes."""
    options = Options(**document.get("options", {}))
    writer = EvtxWriter(options)
    for item in document["events"]:
        writer.add(event_from_json(item))
    return writer.finish()


def main(arguments):
    if len(arguments) != 2:
        print("usage: evtx_writer.py events.json out.evtx", file=sys.stderr)
        return 2
    try:
        with open(arguments[0], encoding="utf-8") as source:
            image = file_from_json(json.load(source))
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        print(f"evtx_writer: {arguments[0]}: {error!r}", file=sys.stderr)
        return 1
    with open(arguments[1], "wb") as target:
        target.write(image)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
