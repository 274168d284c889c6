#include "windows_xml.h"

#include "charset.h"
#include "mem.h"
#include "windows_ecs.h"
#include "windows_xml_event.h"

enum {
    DEFAULT_RECORD_LIMIT = 1 << 20,
    FILLER_LIMIT_BYTES = 64 << 10, /* bytes around a record that are kept in its row */
    SNIFF_BYTES = 4096,
    NEEDLE_BYTES = 64,
    NAMESPACE_AWAY = 64 /* characters from <Event to its xmlns */
};

/* http://schemas.microsoft.com/win/2004/08/events/event */
#define NAMESPACE_HEAD "schemas.microsoft.com/win/2004"

/* Text to look for, in the encoding of the input. */
struct needle {
    uint8_t bytes[NEEDLE_BYTES];
    size_t len;
};

struct windows_xml_reader {
    const uint8_t *bytes;
    size_t size;
    size_t limit;
    size_t unit; /* bytes of a character: 1, or 2 for UTF-16 */
    enum text_charset charset;
    struct needle open;  /* "<Event" */
    struct needle close; /* "</Event>" */
    size_t done;         /* bytes that are in rows */
    size_t next;         /* start of the next <Event, or size */
    size_t tail_end;     /* up to here: rest of an over-long record, or filler */
    bool tail_is_record;
    uint32_t line; /* of `line_at`, from 1 */
    size_t line_at;
    struct text_converter converter;
    struct buf utf8;
    struct buf scratch;
};

/* --- finding elements --- */

static struct needle make_needle(const char *text, enum text_charset charset) {
    struct needle n = {.len = 0};
    for (; *text != 0; text++) {
        if (charset == TEXT_UTF16BE) {
            n.bytes[n.len++] = 0;
        }
        n.bytes[n.len++] = (uint8_t)*text;
        if (charset == TEXT_UTF16LE) {
            n.bytes[n.len++] = 0;
        }
    }
    return n;
}

static enum text_charset sniff_charset(const uint8_t *bytes, size_t size) {
    if (size >= 2 && bytes[0] == 0xff && bytes[1] == 0xfe) {
        return TEXT_UTF16LE;
    }
    if (size >= 2 && bytes[0] == 0xfe && bytes[1] == 0xff) {
        return TEXT_UTF16BE;
    }
    if (size >= 4 && bytes[0] == '<' && bytes[1] == 0) {
        return TEXT_UTF16LE;
    }
    return size >= 4 && bytes[0] == 0 && bytes[1] == '<' ? TEXT_UTF16BE : TEXT_UTF8;
}

/* Offset of the needle in [from, end), or `end`; whole characters only. */
static size_t find(const struct windows_xml_reader *r, const struct needle *n, size_t from,
                   size_t end) {
    struct str needle = str_make((const char *)n->bytes, n->len);
    while (from < end) {
        size_t at = str_find(str_make((const char *)r->bytes + from, end - from), needle);
        if (at == STR_NONE) {
            return end;
        }
        if ((from + at) % r->unit == 0) {
            return from + at;
        }
        from += at + 1;
    }
    return end;
}

/* The ASCII character at `at`; 0 for any other and behind the end. */
static char char_at(const struct windows_xml_reader *r, size_t at) {
    if (at + r->unit > r->size) {
        return 0;
    }
    if (r->unit == 1) {
        return (char)r->bytes[at];
    }
    size_t low = r->charset == TEXT_UTF16LE ? at : at + 1;
    return r->bytes[low ^ 1] == 0 ? (char)r->bytes[low] : 0;
}

static bool ends_name(char c) {
    return c == '>' || c == '/' || ascii_is_space(c);
}

/* Start of the next <Event> element (not <Events>), or size. */
static size_t find_event(const struct windows_xml_reader *r, size_t from) {
    size_t at = from;
    while ((at = find(r, &r->open, at, r->size)) < r->size) {
        if (ends_name(char_at(r, at + r->open.len))) {
            return at;
        }
        at += r->open.len;
    }
    return r->size;
}

/* --- rows --- */

/* Line ends in [line_at, at) counted. */
static uint32_t line_of(struct windows_xml_reader *r, size_t at) {
    while (r->line_at < at) {
        const uint8_t *hit = memchr(r->bytes + r->line_at, '\n', at - r->line_at);
        if (hit == NULL) {
            r->line_at = at;
            break;
        }
        size_t lf = (size_t)(hit - r->bytes);
        r->line_at = lf + 1;
        r->line += char_at(r, lf - lf % r->unit) == '\n' && r->line < UINT32_MAX ? 1 : 0;
    }
    return r->line;
}

/* A row with the bytes up to `end`. */
static struct row *begin_row(struct windows_xml_reader *r, struct batch *batch, size_t end,
                             const struct windows_reader_stamp *stamp) {
    size_t raw_off = batch->raw.len;
    buf_append(&batch->raw, r->bytes + r->done, end - r->done);
    struct row *row = batch_row_begin(batch, raw_off, end - r->done);
    row->receive_ns = stamp->receive_ns;
    row->time_ns = TIME_NONE;
    row->source = stamp->source;
    row->origin = stamp->origin;
    row->dataset = DATASET_WINDOWS_XML;
    row->charset = (uint8_t)r->charset;
    r->done = end;
    return row;
}

static void finish_row(struct batch *batch) {
    struct row *row = batch_row(batch);
    if (row->time_ns == TIME_NONE) {
        row->time_ns = row->receive_ns;
        row->flags |= ROW_TIME_RECEIVED;
    }
}

static void note_damage(struct batch *batch, const char *what, size_t at) {
    size_t start = batch->text.len;
    buf_printf(&batch->text, "Windows XML: %s (at byte %zu of the record)", what, at);
    batch_add(batch, FIELD_PARSE_ERROR, str_make(batch->text.ptr + start, batch->text.len - start));
    batch_row(batch)->flags |= ROW_DAMAGED;
}

/* The element as UTF-8: a slice of the row's raw bytes if it is that already. */
static struct str element_text(struct windows_xml_reader *r, struct row *row, struct str raw) {
    bool certain = true;
    if (r->charset == TEXT_UTF8 && utf8_is_valid(raw)) {
        return raw;
    }
    enum text_charset charset =
        r->charset == TEXT_UTF8 ? text_detect(raw, TEXT_UTF8, &certain) : r->charset;
    row->charset = (uint8_t)charset;
    buf_clear(&r->utf8);
    if (!text_to_utf8(&r->converter, &r->utf8, raw, charset)) {
        row->flags |= ROW_BAD_ENCODING;
    }
    return buf_str(&r->utf8);
}

/* XML allows TAB, LF and CR only; anything else got in on the way. One pass without branches. */
static bool has_control(struct str s) {
    unsigned found = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        found |= (unsigned)((c < 0x20) & (c != '\t') & (c != '\n') & (c != '\r')) |
                 (unsigned)(c == 0x7f);
    }
    return found != 0;
}

/* The rest of an over-long record, or bytes between records, in parts. */
static void add_tail_row(struct windows_xml_reader *r, struct batch *batch,
                         const struct windows_reader_stamp *stamp) {
    size_t rest = r->tail_end - r->done;
    size_t part = r->limit - r->limit % r->unit;
    uint32_t line = line_of(r, r->done);
    struct row *row = begin_row(r, batch, r->done + (rest < part ? rest : part), stamp);
    row->line = line;
    row->flags |= r->tail_is_record ? ROW_CONTINUED | ROW_DAMAGED : ROW_META;
    finish_row(batch);
}

/*
 * The record at r->next: its bytes reach to its end tag, or to the next record if it has none.
 * The row begins at r->done (filler before the first record).
 */
static void read_record(struct windows_xml_reader *r, struct batch *batch,
                        const struct windows_reader_stamp *stamp) {
    size_t start = r->next;
    size_t following = find_event(r, start + r->open.len);
    size_t end = find(r, &r->close, start, following);
    end = end < following ? end + r->close.len : following;
    size_t row_end = following - end <= FILLER_LIMIT_BYTES ? following : end;
    bool too_long = end - start > r->limit;
    r->tail_is_record = too_long;
    if (too_long) {
        end = start + (r->limit - r->limit % r->unit);
        row_end = end;
    }
    uint32_t line = line_of(r, start);
    size_t lead = start - r->done;
    struct row *row = begin_row(r, batch, row_end, stamp);
    row->line = line;
    row->flags |= too_long ? ROW_CONTINUED : 0;
    struct str raw = str_make(batch_raw(batch, row).ptr + lead, end - start);
    size_t broken_at = 0;
    struct str text = element_text(r, row, raw);
    const char *what = windows_xml_event(&broken_at, batch, text, &r->scratch);
    if (what == NULL && has_control(text)) {
        what = "control characters";
    }
    if (what != NULL) {
        note_damage(batch, too_long ? "longer than the record limit" : what, broken_at);
    }
    finish_row(batch);
    windows_ecs_add(batch);
    r->next = following;
    r->tail_end = following;
}

/* --- the reader --- */

/* Below another root (EVTXtract writes <evtxtract><record ..>): an <Event> of Windows' own
 * namespace begins near the start. */
static bool holds_event(struct windows_xml_reader *r, size_t at) {
    r->open = make_needle("<Event", r->charset);
    const struct needle space = make_needle(NAMESPACE_HEAD, r->charset);
    size_t event = find_event(r, at);
    size_t near =
        r->size - event > NAMESPACE_AWAY * r->unit ? event + NAMESPACE_AWAY * r->unit : r->size;
    return event < r->size && find(r, &space, event, near) < near;
}

bool windows_xml_is_file(const uint8_t *bytes, size_t size_bytes) {
    struct windows_xml_reader r = {.bytes = bytes,
                                   .size = size_bytes < SNIFF_BYTES ? size_bytes : SNIFF_BYTES,
                                   .charset = sniff_charset(bytes, size_bytes)};
    r.unit = r.charset == TEXT_UTF8 ? 1 : 2;
    bool has_mark = size_bytes >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0;
    size_t at = has_mark ? 3 : r.unit == 2 && bytes[0] >= 0xfe ? 2 : 0;
    while (ascii_is_space(char_at(&r, at))) {
        at += r.unit;
    }
    if (char_at(&r, at) != '<') {
        return false;
    }
    /* Past the declaration and comments to the first element. */
    while (char_at(&r, at) == '<' &&
           (char_at(&r, at + r.unit) == '?' || char_at(&r, at + r.unit) == '!')) {
        struct needle end = make_needle(">", r.charset);
        at = find(&r, &end, at, r.size);
        at += r.unit;
        while (ascii_is_space(char_at(&r, at))) {
            at += r.unit;
        }
    }
    static const char name[] = "<Event";
    for (size_t i = 0; i < sizeof name - 1; i++) {
        if (char_at(&r, at + i * r.unit) != name[i]) {
            return holds_event(&r, at);
        }
    }
    at += (sizeof name - 1) * r.unit;
    at += char_at(&r, at) == 's' ? r.unit : 0;
    return ends_name(char_at(&r, at));
}

struct windows_xml_reader *windows_xml_reader_open(const uint8_t *bytes, size_t size_bytes,
                                                   size_t record_limit_bytes) {
    struct windows_xml_reader *r = mem_calloc(1, sizeof *r);
    r->bytes = bytes;
    r->size = size_bytes;
    r->limit = record_limit_bytes > NEEDLE_BYTES ? record_limit_bytes : DEFAULT_RECORD_LIMIT;
    r->charset = sniff_charset(bytes, size_bytes);
    r->unit = r->charset == TEXT_UTF8 ? 1 : 2;
    r->open = make_needle("<Event", r->charset);
    r->close = make_needle("</Event>", r->charset);
    r->line = 1;
    r->next = find_event(r, 0);
    r->tail_end = r->next > FILLER_LIMIT_BYTES || r->next == r->size ? r->next : 0;
    return r;
}

void windows_xml_reader_close(struct windows_xml_reader **reader) {
    struct windows_xml_reader *r = *reader;
    if (r != NULL) {
        text_converter_fini(&r->converter);
        buf_fini(&r->utf8);
        buf_fini(&r->scratch);
        mem_free(r);
        *reader = NULL;
    }
}

bool windows_xml_reader_next(struct windows_xml_reader *r, struct batch *batch,
                             const struct windows_reader_stamp *stamp) {
    size_t rows_before = batch->row_count;
    while (r->done < r->size && batch->row_count - rows_before < WINDOWS_BATCH_ROWS &&
           batch->raw.len < WINDOWS_BATCH_BYTES) {
        if (r->done < r->tail_end) {
            add_tail_row(r, batch, stamp);
        } else {
            read_record(r, batch, stamp);
        }
    }
    return batch->row_count > rows_before;
}

/* --- an element in a line --- */

static enum parse_result parse_body(struct parse_context *context, struct batch *batch,
                                    struct str body) {
    (void)context;
    if (!str_starts(body, STR("<Event")) || body.len < 7 || !ends_name(body.ptr[6])) {
        return PARSE_NO;
    }
    struct buf scratch = BUF_INIT;
    size_t broken_at = 0;
    const char *what = windows_xml_event(&broken_at, batch, body, &scratch);
    buf_fini(&scratch);
    windows_ecs_add(batch);
    return what == NULL ? PARSE_YES : PARSE_DAMAGED;
}

const struct parser windows_xml_parser = {
    .name = "windows_xml", .dataset = DATASET_WINDOWS_XML, .parse = parse_body};
