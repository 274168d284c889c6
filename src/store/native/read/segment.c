#include "segment.h"
#include "i18n.h"

#include "hash.h"
#include "mem.h"
#include "segment_priv.h"
#include "token_filter.h"

enum {
    MAX_NAMES = 1 << 20,
    MAX_COLUMNS = SEGMENT_MAX_COLUMNS + 4096, /* the writer makes a few more than it wants */
    MAX_ENTRIES = 1 << 23,                    /* of a dictionary */
    MAX_DATASETS = 256
};

enum status segment_damaged(const struct segment *s, struct err *err, const char *what) {
    return err_set(err, STATUS_DAMAGED,
                   "segment %s is damaged: %s; run konseki verify, and restore the file from a"
                   " backup",
                   s->path, what);
}

/* --- the footer --- */

static void take_hash(struct wire *w, uint8_t hash[SHA256_BYTES]) {
    struct str bytes = wire_bytes(w, SHA256_BYTES);
    if (bytes.len == SHA256_BYTES) {
        memcpy(hash, bytes.ptr, SHA256_BYTES);
    }
}

static void take_datasets(struct wire *w, struct segment *s) {
    s->effort = (enum segment_effort)wire_count(w, EFFORT_DEEP);
    s->dataset_count = (size_t)wire_count(w, MAX_DATASETS);
    s->datasets = arena_array(&s->arena, s->dataset_count + 1, sizeof *s->datasets);
    for (size_t i = 0; i < s->dataset_count; i++) {
        struct str name = wire_str(w);
        s->datasets[i] = name.len == 0 ? DATASET_UNKNOWN : dataset_find(name);
        if (s->datasets[i] == DATASET_COUNT) { /* of a later version: rows are still readable */
            s->datasets[i] = DATASET_UNKNOWN;
        }
    }
    w->failed = w->failed || s->dataset_count == 0;
    s->dataset = s->datasets[0];
}

/* Field numbers of columns are resolved at the end, when the names have been read. */
static void take_columns(struct wire *w, struct segment *s) {
    s->column_count = (size_t)wire_count(w, MAX_COLUMNS);
    s->columns = arena_array(&s->arena, s->column_count + 1, sizeof *s->columns);
    for (size_t i = 0; i < s->column_count && !w->failed; i++) {
        struct segment_column *c = &s->columns[i];
        c->kind = (enum column_kind)wire_count(w, COLUMN_KIND_COUNT - 1);
        c->field = (uint32_t)wire_count(w, MAX_NAMES);
        c->type = (enum column_type)wire_count(w, COLUMN_TYPE_COUNT - 1);
        c->shape = wire_str(w);
        c->context = (uint32_t)wire_count(w, s->column_count);
        c->marks = (unsigned)wire_count(w, COLUMN_ZONED);
        c->dictionary_count = (uint32_t)wire_count(w, MAX_ENTRIES);
    }
}

/* Dictionary columns only, and no context has a context of its own. */
static bool contexts_are_sane(const struct segment *s) {
    for (size_t i = 0; i < s->column_count; i++) {
        const struct segment_column *c = &s->columns[i];
        if (c->context == 0) {
            continue;
        }
        const struct segment_column *k = &s->columns[c->context - 1];
        if (c->type != COLUMN_DICTIONARY || k->type != COLUMN_DICTIONARY || k->context != 0) {
            return false;
        }
    }
    return true;
}

/* How many of each dictionary's entries are new in the stripe. */
static void take_parts(struct wire *w, struct segment *s, size_t stripe) {
    for (size_t i = 0; i < s->column_count && !w->failed; i++) {
        struct segment_column *c = &s->columns[i];
        if (c->type != COLUMN_DICTIONARY) {
            continue;
        }
        if (c->parts == NULL) {
            c->parts = arena_array(&s->arena, s->stripe_count + 1, sizeof *c->parts);
        }
        struct dictionary_part *part = &c->parts[stripe];
        part->first = stripe == 0 ? 0 : part[-1].first + part[-1].count;
        part->count = (uint32_t)wire_count(w, c->dictionary_count - part->first);
        bool last = stripe + 1 == s->stripe_count;
        w->failed = w->failed || (last && part->first + part->count != c->dictionary_count);
    }
}

static void take_stripe(struct wire *w, struct segment *s, size_t number, uint64_t *at) {
    struct segment_stripe *t = &s->stripes[number];
    t->rows = (uint32_t)wire_count(w, SEGMENT_STRIPE_ROWS);
    t->time_min = wire_i64(w);
    t->time_max = (int64_t)((uint64_t)t->time_min + wire_u64(w));
    t->arrival_first = wire_u64(w);
    t->arrival_last = t->arrival_first + wire_u64(w);
    t->offset = *at;
    t->len = wire_count(w, s->map.size_bytes - *at);
    *at += t->len;
    uint64_t first = *at; /* the directory ends where the stripe ends */
    t->directory.stored_len = (uint32_t)wire_count(w, t->len);
    t->directory.offset = first - t->directory.stored_len;
    t->directory.plain_len = (uint32_t)wire_count(w, SEGMENT_MAX_CHUNK);
    struct str sum = wire_bytes(w, 4);
    t->directory.checksum = sum.len == 4 ? bytes_le32(sum.ptr) : 0;
    t->filter_lines = (uint32_t)wire_count(w, s->map.size_bytes / FILTER_LINE_BYTES);
    take_hash(w, t->sha256);
    take_parts(w, s, number);
    w->failed = w->failed || t->rows == 0;
}

static void make_blocks(struct segment *s) {
    s->blocks = arena_array(&s->arena, SEGMENT_MAX_BLOCKS + 1, sizeof *s->blocks);
    for (size_t i = 0; i < s->stripe_count; i++) {
        struct segment_stripe *t = &s->stripes[i];
        t->first_block = (uint32_t)s->block_count;
        for (uint32_t left = t->rows; left > 0;) {
            struct segment_block *b = &s->blocks[s->block_count++];
            b->rows = left < SEGMENT_BLOCK_ROWS ? left : SEGMENT_BLOCK_ROWS;
            b->stripe = (uint32_t)i;
            left -= b->rows;
        }
        t->block_count = (uint32_t)s->block_count - t->first_block;
    }
}

static void take_stripes(struct wire *w, struct segment *s, uint64_t *at) {
    s->stripe_count = (size_t)wire_count(w, SEGMENT_MAX_STRIPES);
    s->stripes = arena_array(&s->arena, s->stripe_count + 1, sizeof *s->stripes);
    uint64_t rows = 0;
    for (size_t i = 0; i < s->stripe_count && !w->failed; i++) {
        take_stripe(w, s, i, at);
        rows += s->stripes[i].rows;
    }
    w->failed = w->failed || rows != s->row_count;
    if (!w->failed) {
        make_blocks(s);
    }
}

/* Each holds templates, all together all of them. */
static void take_template_chunks(struct wire *w, struct segment *s, uint64_t *at) {
    s->template_chunk_count = (size_t)wire_count(w, s->template_count);
    s->template_chunks =
        arena_array(&s->arena, s->template_chunk_count + 1, sizeof *s->template_chunks);
    uint32_t first = 0;
    for (size_t i = 0; i < s->template_chunk_count && !w->failed; i++) {
        struct template_chunk *chunk = &s->template_chunks[i];
        chunk->first = first;
        chunk->count = (uint32_t)wire_count(w, s->template_count - first);
        chunk->ref = segment_take_ref(w, s, at, s->filter_offset);
        first += chunk->count;
    }
    w->failed = w->failed || first != s->template_count;
}

/* Notes, triples, then the templates. */
static void take_notes(struct wire *w, struct segment *s) {
    uint64_t at = s->shared_offset;
    s->notes_ref = segment_take_ref(w, s, &at, s->filter_offset);
    s->triples_ref = segment_take_ref(w, s, &at, s->filter_offset);
    take_template_chunks(w, s, &at);
    w->failed = w->failed || at > s->filter_offset || wire_left(w) > 0;
}

/* What lies behind the stripes up to the footer: notes and templates, filters, words of digits. */
static void take_shared(struct wire *w, struct segment *s, uint64_t at, uint64_t end) {
    s->shared_offset = at;
    s->shared_len = end - at;
    s->template_count = (uint32_t)wire_count(w, SEGMENT_MAX_ROWS);
    s->filter_offset = s->shared_offset + wire_count(w, s->shared_len);
    take_hash(w, s->shared_sha256);
    uint64_t filter = s->filter_offset;
    for (size_t i = 0; i < s->stripe_count && !w->failed; i++) {
        s->stripes[i].filter_offset = filter;
        filter += token_filter_bytes(s->stripes[i].filter_lines);
        w->failed = filter > end;
    }
}

static struct str *take_names(struct wire *w, struct segment *s, size_t *count) {
    *count = (size_t)wire_count(w, wire_left(w));
    struct str *names = arena_array(&s->arena, *count + 1, sizeof *names);
    for (size_t i = 0; i < *count; i++) {
        names[i] = wire_str(w);
    }
    return names;
}

static void resolve_fields(struct wire *w, struct segment *s) {
    struct str *names = take_names(w, s, &s->field_count);
    s->fields = arena_array(&s->arena, s->field_count + 1, sizeof *s->fields);
    for (size_t i = 0; i < s->field_count && !w->failed; i++) {
        s->fields[i] = schema_field(names[i]);
    }
    for (size_t i = 0; i < s->column_count && !w->failed; i++) {
        uint32_t number = s->columns[i].field;
        w->failed = number > s->field_count;
        s->columns[i].field = number == 0 || w->failed ? FIELD_NONE : s->fields[number - 1];
    }
}

static enum status parse_footer(struct segment *s, struct str footer, struct err *err) {
    struct wire w = wire_make(footer.ptr, footer.len);
    uint64_t at = SEGMENT_HEADER_BYTES;
    uint64_t end = s->map.size_bytes - SEGMENT_TRAILER_BYTES - footer.len;
    take_datasets(&w, s);
    s->row_count = wire_count(&w, SEGMENT_MAX_ROWS);
    take_columns(&w, s);
    w.failed = w.failed || !contexts_are_sane(s);
    if (!w.failed) {
        take_stripes(&w, s, &at);
    }
    if (!w.failed && at <= end) {
        take_shared(&w, s, at, end);
        resolve_fields(&w, s);
        s->names = take_names(&w, s, &s->name_count);
        take_notes(&w, s);
    }
    return w.failed || at > end ? segment_damaged(s, err, _("its footer is malformed")) : STATUS_OK;
}

static enum status parse_trailer(struct str *footer, struct segment *s, struct err *err) {
    size_t size = s->map.size_bytes;
    if (size < SEGMENT_HEADER_BYTES + SEGMENT_TRAILER_BYTES ||
        memcmp(s->map.bytes, "KSEG", 4) != 0) {
        return segment_damaged(s, err, _("it is too short or no segment"));
    }
    const uint8_t *trailer = s->map.bytes + size - SEGMENT_TRAILER_BYTES;
    uint64_t offset = bytes_le64(trailer);
    uint32_t len = bytes_le32(trailer + 8);
    if (memcmp(trailer + 56, "KSEGEND1", 8) != 0) {
        return segment_damaged(s, err, _("its trailer is missing or wrong (cut short?)"));
    }
    if (bytes_le32(trailer + 12) != SEGMENT_VERSION) {
        return err_set(err, STATUS_DAMAGED,
                       "segment %s has format version %u; this program reads version %d: use a"
                       " newer konseki",
                       s->path, bytes_le32(trailer + 12), SEGMENT_VERSION);
    }
    if (offset < SEGMENT_HEADER_BYTES || offset > size - SEGMENT_TRAILER_BYTES ||
        len != size - SEGMENT_TRAILER_BYTES - offset) {
        return segment_damaged(s, err, _("its trailer points outside of the file"));
    }
    if (bytes_le64(trailer + 48) != hash_bytes(s->map.bytes + offset, (size_t)len + 48)) {
        return segment_damaged(s, err, _("its footer fails its checksum"));
    }
    *footer = str_make((const char *)s->map.bytes + offset, len);
    return STATUS_OK;
}

bool segment_has_footer(const struct segment *s, const uint8_t sha256[SHA256_BYTES]) {
    const uint8_t *trailer = s->map.bytes + s->map.size_bytes - SEGMENT_TRAILER_BYTES;
    const uint8_t *footer = s->map.bytes + bytes_le64(trailer);
    uint8_t own[SHA256_BYTES];
    sha256_of(own, str_make((const char *)footer, (size_t)(trailer - footer)));
    return memcmp(own, sha256, SHA256_BYTES) == 0 &&
           memcmp(trailer + 16, sha256, SHA256_BYTES) == 0;
}

enum status segment_open(struct segment **out, const char *path, struct err *err) {
    struct segment *s = mem_calloc(1, sizeof *s);
    s->path = mem_strdup(path, strlen(path));
    s->zstd = zstd_frame_create();
    s->file.fd = -1;
    struct str footer = STR_EMPTY;
    enum status status = file_map(&s->map, path, false, err);
    if (status == STATUS_OK) {
        status = parse_trailer(&footer, s, err);
    }
    if (status == STATUS_OK) {
        status = parse_footer(s, footer, err);
    }
    if (status != STATUS_OK) {
        segment_close(&s);
        return status;
    }
    *out = s;
    return STATUS_OK;
}

static void close_column(struct segment *s, struct segment_column *c) {
    for (size_t i = 0; c->parts != NULL && i < s->stripe_count; i++) {
        buf_fini(&c->parts[i].bytes);
        mem_free(c->parts[i].offsets);
    }
    mem_free(c->uses);
    mem_free(c->dictionary);
}

void segment_close(struct segment **segment) {
    struct segment *s = *segment;
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < s->column_count && s->columns != NULL; i++) {
        close_column(s, &s->columns[i]);
    }
    for (size_t i = 0; i < s->stripe_count && s->stripes != NULL; i++) {
        mem_free(s->stripes[i].directory_bytes);
    }
    for (size_t i = 0; i < s->template_chunk_count && s->template_chunks != NULL; i++) {
        mem_free(s->template_chunks[i].bytes);
    }
    mem_free(s->notes_bytes);
    mem_free(s->triples_bytes);
    mem_free(s->pieces);
    mem_free(s->bases);
    arena_fini(&s->arena);
    zstd_frame_destroy(&s->zstd);
    if (s->file.fd >= 0) {
        file_reader_close(&s->file);
    }
    buf_fini(&s->stored);
    file_unmap(&s->map);
    mem_free(s->path);
    mem_free(s);
    *segment = NULL;
}

/* --- notes --- */

enum status segment_notes(struct segment *s, struct err *err) {
    if (s->has_notes || s->notes_ref.plain_len == 0) {
        return STATUS_OK;
    }
    mem_free(s->notes_bytes); /* of an attempt that failed */
    s->notes_bytes = NULL;
    enum status status = segment_chunk(&s->notes_bytes, s, &s->notes_ref, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct wire w = wire_make(s->notes_bytes, s->notes_ref.plain_len);
    struct column_note *notes = arena_array(&s->arena, s->column_count + 1, sizeof *notes);
    bool *known = arena_array(&s->arena, s->column_count + 1, sizeof *known);
    for (size_t i = 0; i < s->column_count; i++) {
        if (s->columns[i].type != COLUMN_NUMBER) {
            column_note_decode(&notes[i], &known[i], &w);
        }
    }
    if (w.failed || wire_left(&w) > 0) {
        return segment_damaged(s, err, _("the notes of its columns are malformed"));
    }
    for (size_t i = 0; i < s->column_count; i++) {
        s->columns[i].note = known[i] ? &notes[i] : NULL;
    }
    s->has_notes = true;
    return STATUS_OK;
}

/* The columns that have triples, in ascending order. */
static bool take_triples(struct segment *s) {
    struct wire w = wire_make(s->triples_bytes, s->triples_ref.plain_len);
    uint64_t column = 0;
    for (bool first = true; wire_left(&w) > 0 && !w.failed; first = false) {
        uint64_t step = wire_count(&w, s->column_count);
        column += step;
        struct triple_note *note = arena_alloc(&s->arena, sizeof *note);
        triple_note_decode(note, &w);
        if (w.failed || column >= s->column_count || (!first && step == 0)) {
            return false;
        }
        s->columns[column].triples = note;
    }
    return !w.failed;
}

enum status segment_triples(struct segment *s, struct err *err) {
    if (s->has_triples || s->triples_ref.plain_len == 0) {
        return STATUS_OK;
    }
    mem_free(s->triples_bytes); /* of an attempt that failed */
    s->triples_bytes = NULL;
    enum status status = segment_chunk(&s->triples_bytes, s, &s->triples_ref, err);
    if (status == STATUS_OK && !take_triples(s)) {
        status = segment_damaged(s, err, _("the notes of its columns are malformed"));
    }
    s->has_triples = status == STATUS_OK;
    return status;
}
