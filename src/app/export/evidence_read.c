/*
 * A line is cut into the event and its evidence at the last evidence member (nothing that a log
 * holds can look like it: quotation marks in strings are escaped, and it is always the last). Both
 * are read into lists first, because a row's bytes must be known before its values can point into
 * them.
 */
#include "base64.h"
#include "evidence.h"
#include "evidence_names.h"
#include "evidence_slice.h"
#include "i18n.h"
#include "json_shim.h"
#include "json_text.h"
#include "mem.h"
#include "num.h"

/* The first so many values of a row are searched for in its line (evidence_slice.h). The other
 * limits bound the work that a hostile line can make. */
enum { SLICE_VALUES = 2048, LEAVES_MAX = 1 << 20, EXACT_PAIRS_MAX = 1 << 28 };

/* One leaf of the event, texts in the reader's arena. */
struct shown {
    uint32_t field;
    struct str text;
};

/* One exact value; those of a field stand in their order. */
struct exact {
    uint32_t field;
    struct str bytes;
    bool used;
};

struct evidence_reader {
    struct json_reader *json;
    struct buf line;
    struct buf scratch;
    struct evidence_slicer slicer;
    struct arena texts;
    struct shown *shown;
    size_t shown_count;
    size_t shown_capacity;
    struct exact *exact;
    size_t exact_count;
    size_t exact_capacity;
    /* of the evidence */
    struct buf raw;
    struct str end;
    bool has_raw;
    bool has_end;
    bool no_message;
    enum charset charset;
    uint64_t back;
    uint64_t offset;
    uint64_t length;
    uint64_t idx;
    struct str original;
    const char *problem; /* NULL: none so far */
};

struct evidence_reader *evidence_reader_create(void) {
    struct evidence_reader *r = mem_calloc(1, sizeof *r);
    r->json = json_reader_create();
    return r;
}

void evidence_reader_destroy(struct evidence_reader **reader) {
    struct evidence_reader *r = *reader;
    if (r == NULL) {
        return;
    }
    json_reader_destroy(r->json);
    buf_fini(&r->line);
    buf_fini(&r->scratch);
    evidence_slicer_fini(&r->slicer);
    buf_fini(&r->raw);
    arena_fini(&r->texts);
    mem_free(r->shown);
    mem_free(r->exact);
    mem_free(r);
    *reader = NULL;
}

static void complain(struct evidence_reader *r, const char *problem) {
    r->problem = r->problem == NULL ? problem : r->problem;
}

/* The leaf's text, kept in the arena. */
static struct str leaf_text(struct evidence_reader *r, const struct json_leaf *leaf) {
    struct str text = leaf->slice;
    if (leaf->kind == JSON_STRING && leaf->escaped) {
        buf_clear(&r->scratch);
        (void)json_text_decode(&r->scratch, leaf->slice);
        text = buf_str(&r->scratch);
    }
    return arena_str(&r->texts, text);
}

/* --- the two lists --- */

static void take_shown(void *ctx, const struct json_leaf *leaf) {
    struct evidence_reader *r = ctx;
    if (r->shown_count >= LEAVES_MAX) {
        complain(r, N_("too many values"));
        return;
    }
    MEM_GROW(r->shown, r->shown_capacity, r->shown_count + 1);
    r->shown[r->shown_count++] = (struct shown){schema_field(leaf->path), leaf_text(r, leaf)};
}

static void take_charset(struct evidence_reader *r, struct str name) {
    for (size_t i = 0; i < EVIDENCE_CHARSETS; i++) {
        if (str_eq(name, evidence_charsets[i])) {
            r->charset = (enum charset)i;
            return;
        }
    }
    complain(r, N_("unknown charset"));
}

static void take_exact(struct evidence_reader *r, struct str field, struct str text) {
    buf_clear(&r->scratch);
    if (r->exact_count >= LEAVES_MAX || !base64_decode(&r->scratch, text)) {
        complain(r, N_("a value of \"exact\" is not base64"));
        return;
    }
    MEM_GROW(r->exact, r->exact_capacity, r->exact_count + 1);
    r->exact[r->exact_count++] =
        (struct exact){schema_field(field), arena_str(&r->texts, buf_str(&r->scratch)), false};
}

static void take_number(struct evidence_reader *r, uint64_t *out, struct str text) {
    if (!num_parse_u64(out, text) || *out > UINT32_MAX) {
        complain(r, N_("a number of the evidence is out of range"));
    }
}

static void take_evidence(void *ctx, const struct json_leaf *leaf) {
    struct evidence_reader *r = ctx;
    const struct str member = STR("konseki.evidence.");
    if (!str_starts(leaf->path, member)) {
        complain(r, N_("something stands behind the evidence"));
        return;
    }
    struct str name = str_skip(leaf->path, member.len);
    struct str text = leaf_text(r, leaf);
    if (str_eq(name, STR("raw"))) {
        r->has_raw = base64_decode(&r->raw, text);
        if (!r->has_raw) {
            complain(r, N_("\"raw\" is not base64"));
        }
    } else if (str_eq(name, STR("end"))) {
        r->end = text;
        r->has_end = true;
    } else if (str_eq(name, STR("charset"))) {
        take_charset(r, text);
    } else if (str_eq(name, STR("container.back"))) {
        take_number(r, &r->back, text);
    } else if (str_eq(name, STR("container.offset"))) {
        take_number(r, &r->offset, text);
    } else if (str_eq(name, STR("container.length"))) {
        take_number(r, &r->length, text);
    } else if (str_eq(name, STR("idx"))) {
        take_number(r, &r->idx, text);
    } else if (str_eq(name, STR("no_message"))) {
        r->no_message = true;
    } else if (str_starts(name, STR("exact."))) {
        take_exact(r, str_skip(name, STR("exact.").len), text);
    } else {
        complain(r, N_("the evidence has a member that this version does not know"));
    }
}

/* --- cutting --- */

static size_t find_last(struct str s, struct str needle) {
    for (size_t at = s.len; at >= needle.len; at--) {
        if (memcmp(s.ptr + at - needle.len, needle.ptr, needle.len) == 0) {
            return at - needle.len;
        }
    }
    return STR_NONE;
}

static bool read_object(struct evidence_reader *r, struct str head, struct str body,
                        struct str tail, json_leaf_fn *leaf) {
    buf_clear(&r->line);
    buf_add(&r->line, head);
    buf_add(&r->line, body);
    buf_add(&r->line, tail);
    memset(buf_reserve(&r->line, JSON_PADDING_BYTES), 0, JSON_PADDING_BYTES);
    return json_reader_read(r->json, buf_str(&r->line), leaf, r) == JSON_OK;
}

static void clear(struct evidence_reader *r) {
    arena_reset(&r->texts);
    buf_clear(&r->raw);
    r->shown_count = 0;
    r->exact_count = 0;
    r->end = STR_EMPTY;
    r->has_raw = r->has_end = r->no_message = false;
    r->charset = CHARSET_UTF8;
    r->back = r->offset = r->length = r->idx = 0;
    r->original = STR_EMPTY;
    r->problem = NULL;
}

static void read_parts(struct evidence_reader *r, struct str line) {
    size_t at = find_last(line, STR(EVIDENCE_MEMBER));
    if (at == STR_NONE) {
        complain(r, N_("it has no \"konseki.evidence\""));
        return;
    }
    /* an object without members is good JSON for the event, none for the evidence: say {} */
    struct str evidence = str_skip(line, at + 1);
    bool empty = str_eq(evidence, STR("\"konseki.evidence\":{}}"));
    if (!empty && !read_object(r, STR("{"), evidence, STR_EMPTY, take_evidence)) {
        complain(r, N_("its evidence is no JSON object"));
    }
    if (!read_object(r, STR_EMPTY, str_head(line, at), STR("}"), take_shown)) {
        complain(r, N_("it is no JSON object"));
    }
}

/* --- the row --- */

static bool parse_time(int64_t *out, struct str text) {
    bool has_zone = false;
    return civil_parse_rfc3339(out, &has_zone, text) && has_zone;
}

static bool set_flag(struct row *row, struct str name) {
    for (uint32_t bit = 0; bit < 32; bit++) {
        if (str_eq(row_flag_name(bit), name) && !str_eq(name, STR("unknown"))) {
            row->flags |= UINT32_C(1) << bit;
            return true;
        }
    }
    return false;
}

static bool set_u32(uint32_t *out, struct str text) {
    uint64_t number;
    if (!num_parse_u64(&number, text) || number > UINT32_MAX) {
        return false;
    }
    *out = (uint32_t)number;
    return true;
}

static bool set_dataset(struct row *row, struct str name) {
    enum dataset dataset = dataset_find(name);
    if (dataset == DATASET_COUNT) {
        return false;
    }
    row->dataset = (uint16_t)dataset;
    return true;
}

/* The attribute's text as it was before JSON could not say it. */
static struct str exact_attribute(const struct evidence_reader *r, const struct shown *s) {
    for (size_t i = 0; i < r->exact_count; i++) {
        if (r->exact[i].field == s->field) {
            return r->exact[i].bytes;
        }
    }
    return s->text;
}

static bool set_attribute(struct evidence_reader *r, struct batch *batch, struct row *row,
                          const struct shown *s) {
    switch (s->field) {
    case FIELD_TIMESTAMP:
        return parse_time(&row->time_ns, s->text);
    case FIELD_EVENT_CREATED:
        return parse_time(&row->receive_ns, s->text);
    case FIELD_EVENT_DATASET:
        return set_dataset(row, s->text);
    case FIELD_EVENT_SEQUENCE:
        return num_parse_u64(&row->sequence, s->text);
    case FIELD_SOURCE:
        row->source = intern_add(&batch->names, exact_attribute(r, s));
        return true;
    case FIELD_ORIGIN:
        row->origin = intern_add(&batch->names, exact_attribute(r, s));
        return true;
    case FIELD_LINE:
        return set_u32(&row->line, s->text);
    case FIELD_RECORD_ID:
        return num_parse_u64(&row->record_id, s->text);
    case FIELD_RECORD_INDEX:
        return set_u32(&row->idx, s->text);
    case FIELD_FLAGS:
        return set_flag(row, s->text);
    default: /* event.id follows from others, the arrival number is the new store's */
        return true;
    }
}

static void add_attributes(struct evidence_reader *r, struct batch *batch, struct row *row) {
    for (size_t i = 0; i < r->shown_count; i++) {
        if (schema_is_attribute(r->shown[i].field) && !set_attribute(r, batch, row, &r->shown[i])) {
            complain(r, N_("a number, time, dataset or mark of it is not as it should be"));
        }
    }
    row->charset = (uint8_t)r->charset;
    row->container_back = (uint32_t)r->back;
    row->container_off = (uint32_t)r->offset;
    row->container_len = (uint32_t)r->length;
    row->idx = r->idx != 0 ? (uint32_t)r->idx : row->idx;
}

static void check_row(struct evidence_reader *r, const struct row *row) {
    bool in_container = (row->flags & ROW_IN_CONTAINER) != 0;
    bool has_own_bytes = !in_container && (row->flags & ROW_DERIVED) == 0;
    if (row->source == INTERN_NONE || row->sequence == 0 || row->sequence > INT64_MAX ||
        row->time_ns == TIME_NONE || row->receive_ns == TIME_NONE) {
        complain(r, N_("source, sequence number or a time is missing"));
    } else if (!has_own_bytes && row->raw_len > 0) {
        complain(r, N_("a row of a container or a derived one has bytes"));
    } else if (in_container != (r->back > 0) || r->back >= row->sequence) {
        complain(r, N_("its container does not fit"));
    }
}

/* --- values --- */

/* The exact form of the next value of the field, if there is one; else the text. */
static struct str exact_value(struct evidence_reader *r, uint32_t field, struct str text) {
    for (size_t i = 0; i < r->exact_count; i++) {
        if (r->exact[i].field == field && !r->exact[i].used) {
            r->exact[i].used = true;
            return r->exact[i].bytes;
        }
    }
    return text;
}

static void add_values(struct evidence_reader *r, struct batch *batch) {
    for (size_t i = 0; i < r->shown_count; i++) {
        uint32_t field = r->shown[i].field;
        if (schema_is_attribute(field) || (field == FIELD_MESSAGE && r->no_message)) {
            continue;
        }
        struct str text = exact_value(r, field, r->shown[i].text);
        if (i < SLICE_VALUES) {
            evidence_add_value(batch, &r->slicer, field, text);
        } else {
            batch_add(batch, field, text);
        }
    }
}

/* --- the whole --- */

static struct str shown_original(const struct evidence_reader *r) {
    for (size_t i = 0; i < r->shown_count; i++) {
        if (r->shown[i].field == FIELD_EVENT_ORIGINAL) {
            return r->shown[i].text;
        }
    }
    return STR_EMPTY;
}

enum status evidence_read(struct batch *batch, struct evidence_reader *r, struct str line,
                          struct err *err) {
    clear(r);
    read_parts(r, line);
    size_t rows = batch->row_count;
    size_t values = batch->value_count;
    if (r->exact_count > 0 && r->shown_count > EXACT_PAIRS_MAX / r->exact_count) {
        complain(r, N_("too many exact values"));
    }
    if (r->problem == NULL) {
        size_t off = batch->raw.len;
        if (r->has_end) {
            buf_add(&batch->raw, shown_original(r));
            buf_add(&batch->raw, r->end);
        } else if (r->has_raw) {
            buf_add(&batch->raw, buf_str(&r->raw));
        }
        struct row *row = batch_row_begin(batch, off, batch->raw.len - off);
        row->source = INTERN_NONE;
        add_attributes(r, batch, row);
        check_row(r, row);
        add_values(r, batch);
    }
    if (r->problem == NULL) {
        return STATUS_OK;
    }
    batch->row_count = rows;
    batch->value_count = values;
    return err_set(err, STATUS_BAD_INPUT, "the line cannot be restored: %s", _(r->problem));
}
