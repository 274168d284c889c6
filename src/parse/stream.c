/*
 * Records from the network: one line reader a source, so that each device's format, year and
 * encoding are remembered. Sources that are over the limit share one reader.
 */
#include "input.h"
#include "line_reader.h"
#include "mem.h"

enum { READERS_MAX = 4096 };

struct parse_stream {
    struct parse_settings settings;
    struct intern sources;
    struct line_reader **readers; /* by id in sources; the last one is shared */
    size_t capacity;
};

struct parse_stream *parse_stream_create(const struct parse_settings *settings) {
    struct parse_stream *stream = mem_calloc(1, sizeof *stream);
    stream->settings = *settings;
    return stream;
}

void parse_stream_destroy(struct parse_stream **stream) {
    struct parse_stream *s = *stream;
    if (s == NULL) {
        return;
    }
    for (uint32_t i = 0; i < s->sources.count; i++) {
        line_reader_fini(s->readers[i]);
        mem_free(s->readers[i]);
    }
    mem_free(s->readers);
    intern_fini(&s->sources);
    mem_free(s);
    *stream = NULL;
}

static struct line_reader *find_reader(struct parse_stream *stream, struct str source) {
    uint32_t id = intern_find(&stream->sources, source);
    if (id == INTERN_NONE && stream->sources.count >= READERS_MAX) {
        return stream->readers[READERS_MAX - 1];
    }
    if (id == INTERN_NONE) {
        id = intern_add(&stream->sources, source);
        MEM_GROW(stream->readers, stream->capacity, (size_t)id + 1);
        stream->readers[id] = mem_calloc(1, sizeof **stream->readers);
        line_reader_init(stream->readers[id], &stream->settings, STR_EMPTY, DATASET_UNKNOWN);
    }
    return stream->readers[id];
}

/* Without LF and the CRs before it; a NUL at the end is framing of some senders (RFC 6587). */
static struct str without_terminator(struct str s) {
    while (s.len > 0 &&
           (s.ptr[s.len - 1] == '\n' || s.ptr[s.len - 1] == '\r' || s.ptr[s.len - 1] == '\0')) {
        s.len--;
    }
    return s;
}

void parse_stream_record(struct parse_stream *stream, struct batch *batch, struct str record,
                         struct str source, struct str peer, int64_t receive_ns) {
    struct line_reader *reader = find_reader(stream, source);
    size_t raw_off = batch->raw.len;
    buf_add(&batch->raw, record);
    struct row *row = batch_row_begin(batch, raw_off, record.len);
    row->source = intern_add(&batch->names, source);
    row->origin = peer.len > 0 ? intern_add(&batch->names, peer) : INTERN_NONE;
    row->receive_ns = receive_ns;
    reader->settings.newest_ns = receive_ns + NS_PER_DAY;
    struct str raw = batch_raw(batch, batch_row(batch));
    line_reader_read(reader, batch, without_terminator(raw), TEXT_UTF8);
}
