#include "segment.h"
#include "i18n.h"

#include <stdio.h>

#include "column_writer.h"
#include "hash.h"
#include "intpack.h"
#include "mem.h"
#include "token_filter.h"
#include "wire.h"

enum {
    MAX_CHUNK_BYTES = 1 << 30,
    MAX_NAMES = 1 << 20,
    MAX_TEMPLATES = SEGMENT_MAX_ROWS,
    MAX_PIECES = 1 << 20,
    MAX_VALUES = 1 << 25, /* of a column in a block */
    MAX_FORMULA_DEPTH = 4 /* formulas whose operands are formulas */
};

enum status segment_damaged(const struct segment *s, struct err *err, const char *what) {
    return err_set(err, STATUS_DAMAGED,
                   "segment %s is damaged: %s; run konseki verify, and restore the file from a"
                   " backup",
                   s->path, what);
}

/* --- the footer --- */

static struct chunk_ref take_ref(struct wire *w, const struct segment *s) {
    struct chunk_ref ref;
    ref.offset = wire_count(w, s->map.size_bytes);
    ref.stored_len = (uint32_t)wire_count(w, s->map.size_bytes - ref.offset);
    ref.plain_len = (uint32_t)wire_count(w, MAX_CHUNK_BYTES);
    ref.checksum = wire_fixed64(w);
    return ref;
}

static void take_extent(struct wire *w, const struct segment *s, uint64_t *offset, uint64_t *len,
                        uint8_t hash[SHA256_BYTES]) {
    *offset = wire_count(w, s->map.size_bytes);
    *len = wire_count(w, s->map.size_bytes - *offset);
    struct str bytes = wire_bytes(w, SHA256_BYTES);
    if (bytes.len == SHA256_BYTES) {
        memcpy(hash, bytes.ptr, SHA256_BYTES);
    }
}

/* Field numbers of columns are resolved at the end, when the names have been read. */
static void take_columns(struct wire *w, struct segment *s) {
    s->column_count = (size_t)wire_count(w, SEGMENT_MAX_COLUMNS + COLUMN_KIND_COUNT);
    s->columns = arena_array(&s->arena, s->column_count + 1, sizeof *s->columns);
    for (size_t i = 0; i < s->column_count && !w->failed; i++) {
        struct segment_column *c = &s->columns[i];
        c->kind = (enum column_kind)wire_count(w, COLUMN_KIND_COUNT - 1);
        c->field = (uint32_t)wire_count(w, MAX_NAMES);
        c->type = (enum column_type)wire_count(w, COLUMN_TYPE_COUNT - 1);
        c->shape = wire_str(w);
        c->dictionary_count = (uint32_t)wire_count(w, SEGMENT_MAX_ROWS * 256ULL);
    }
}

static void take_block(struct wire *w, struct segment *s, struct segment_block *b) {
    b->rows = (uint32_t)wire_count(w, SEGMENT_BLOCK_ROWS);
    b->time_min = wire_i64(w);
    b->time_max = wire_i64(w);
    for (int i = 0; i < ROW_NUMBER_COUNT; i++) {
        b->numbers[i] = take_ref(w, s);
    }
    b->column_counts = arena_array(&s->arena, s->column_count + 1, sizeof *b->column_counts);
    b->columns = arena_array(&s->arena, s->column_count + 1, sizeof *b->columns);
    for (size_t i = 0; i < s->column_count; i++) {
        b->column_counts[i] = (uint32_t)wire_count(w, MAX_VALUES);
        b->columns[i] = take_ref(w, s);
    }
    take_extent(w, s, &b->offset, &b->len, b->sha256);
}

static void take_blocks(struct wire *w, struct segment *s) {
    s->block_count = (size_t)wire_count(w, SEGMENT_MAX_BLOCKS);
    s->blocks = arena_array(&s->arena, s->block_count + 1, sizeof *s->blocks);
    uint64_t rows = 0;
    for (size_t i = 0; i < s->block_count && !w->failed; i++) {
        take_block(w, s, &s->blocks[i]);
        rows += s->blocks[i].rows;
    }
    w->failed = w->failed || rows != s->row_count;
}

static void take_shared(struct wire *w, struct segment *s) {
    s->template_count = (uint32_t)wire_count(w, MAX_TEMPLATES);
    s->templates_ref = take_ref(w, s);
    for (size_t i = 0; i < s->column_count; i++) {
        if (s->columns[i].type == COLUMN_DICTIONARY) {
            s->columns[i].dictionary_ref = take_ref(w, s);
        }
    }
    s->filter_offset = wire_count(w, s->map.size_bytes);
    s->filter_lines = wire_count(w, s->map.size_bytes / FILTER_LINE_BYTES);
    if (token_filter_bytes(s->filter_lines) > s->map.size_bytes - s->filter_offset) {
        w->failed = true;
    }
    take_extent(w, s, &s->shared_offset, &s->shared_len, s->shared_sha256);
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
    struct str dataset = wire_str(&w);
    s->dataset = dataset.len == 0 ? DATASET_UNKNOWN : dataset_find(dataset);
    if (s->dataset == DATASET_COUNT) { /* written by a later version: rows are still readable */
        s->dataset = DATASET_UNKNOWN;
    }
    s->row_count = wire_count(&w, SEGMENT_MAX_ROWS);
    take_columns(&w, s);
    take_blocks(&w, s);
    if (!w.failed) {
        take_shared(&w, s);
        resolve_fields(&w, s);
        s->names = take_names(&w, s, &s->name_count);
    }
    return w.failed ? segment_damaged(s, err, _("its footer is malformed")) : STATUS_OK;
}

static enum status parse_trailer(struct str *footer, struct segment *s, struct err *err) {
    size_t size = s->map.size_bytes;
    if (size < SEGMENT_HEADER_BYTES + SEGMENT_TRAILER_BYTES ||
        memcmp(s->map.bytes, "KSEG", 4) != 0) {
        return segment_damaged(s, err, _("it is too short or no segment"));
    }
    const uint8_t *trailer = s->map.bytes + size - SEGMENT_TRAILER_BYTES;
    if (memcmp(trailer + 56, "KSEGEND1", 8) != 0 ||
        bytes_le64(trailer + 48) != hash_bytes(trailer, 48)) {
        return segment_damaged(s, err, _("its trailer is missing or wrong (cut short?)"));
    }
    uint64_t offset = bytes_le64(trailer);
    uint32_t len = bytes_le32(trailer + 8);
    if (bytes_le32(trailer + 12) != SEGMENT_VERSION) {
        return err_set(err, STATUS_DAMAGED,
                       "segment %s has format version %u; this program reads version %d: use a"
                       " newer konseki",
                       s->path, bytes_le32(trailer + 12), SEGMENT_VERSION);
    }
    if (offset > size - SEGMENT_TRAILER_BYTES || len != size - SEGMENT_TRAILER_BYTES - offset) {
        return segment_damaged(s, err, _("its trailer points outside of the file"));
    }
    *footer = str_make((const char *)s->map.bytes + offset, len);
    sha256_of(s->footer_sha256, *footer);
    if (memcmp(s->footer_sha256, trailer + 16, SHA256_BYTES) != 0) {
        return segment_damaged(s, err, _("its footer fails its hash"));
    }
    return STATUS_OK;
}

enum status segment_open(struct segment **out, const char *path, struct err *err) {
    struct segment *s = mem_calloc(1, sizeof *s);
    s->path = mem_strdup(path, strlen(path));
    s->zstd = zstd_frame_create();
    struct str footer;
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

void segment_close(struct segment **s) {
    if (*s == NULL) {
        return;
    }
    for (size_t i = 0; i < (*s)->column_count && (*s)->columns != NULL; i++) {
        mem_free((*s)->columns[i].dictionary_bytes);
    }
    mem_free((*s)->templates_bytes);
    arena_fini(&(*s)->arena);
    zstd_frame_destroy(&(*s)->zstd);
    file_unmap(&(*s)->map);
    mem_free((*s)->path);
    mem_free(*s);
    *s = NULL;
}

/* --- chunks --- */

enum status segment_chunk(char **out, struct segment *s, const struct chunk_ref *ref,
                          struct err *err) {
    const uint8_t *stored = s->map.bytes + ref->offset; /* inside the file: take_ref saw to it */
    if (!s->ignore_checksums && hash_bytes(stored, ref->stored_len) != ref->checksum) {
        char what[160];
        (void)snprintf(what, sizeof what, _("bytes %llu to %llu fail their checksum"),
                       (unsigned long long)ref->offset,
                       (unsigned long long)(ref->offset + ref->stored_len));
        return segment_damaged(s, err, what);
    }
    char *plain = mem_alloc((size_t)ref->plain_len + 1);
    if (!zstd_frame_unpack(s->zstd, plain, ref->plain_len,
                           str_make((const char *)stored, ref->stored_len))) {
        mem_free(plain);
        return segment_damaged(s, err, _("a chunk cannot be unpacked"));
    }
    plain[ref->plain_len] = '\0';
    s->bytes_read += ref->stored_len;
    *out = plain;
    return STATUS_OK;
}

/* Packed lengths and texts: sets texts[i] into the bytes on the wire. */
static bool take_texts(struct str *texts, size_t count, struct wire *w) {
    int64_t *lengths = mem_alloc((count + 1) * sizeof *lengths);
    bool good = intpack_decode(lengths, count, w);
    for (size_t i = 0; good && i < count; i++) {
        good = lengths[i] >= 0 && (uint64_t)lengths[i] <= wire_left(w);
        if (good) {
            texts[i] = wire_bytes(w, (size_t)lengths[i]);
        }
    }
    mem_free(lengths);
    return good;
}

enum status segment_dictionary(struct segment *s, struct segment_column *column, struct err *err) {
    if (column->dictionary != NULL) {
        return STATUS_OK;
    }
    const struct chunk_ref *ref = &column->dictionary_ref;
    mem_free(column->dictionary_bytes); /* of an attempt that failed */
    column->dictionary_bytes = NULL;
    enum status status = segment_chunk(&column->dictionary_bytes, s, ref, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct str *texts = arena_array(&s->arena, (size_t)column->dictionary_count + 1, sizeof *texts);
    struct wire w = wire_make(column->dictionary_bytes, ref->plain_len);
    if (!take_texts(texts, column->dictionary_count, &w)) {
        return segment_damaged(s, err, _("a dictionary is malformed"));
    }
    column->dictionary = texts;
    return STATUS_OK;
}

/* --- templates --- */

/* NULL (and w->failed) if it is malformed. */
static const struct formula *take_formula(struct segment *s, struct wire *w) {
    struct formula *f = arena_alloc(&s->arena, sizeof *f);
    w->failed = !formula_decode(f, w) || w->failed;
    return w->failed ? NULL : f;
}

static bool take_pieces(struct template *t, struct segment *s, struct wire *w) {
    t->flags = (uint32_t)wire_count(w, TEMPLATE_CROSSING | TEMPLATE_ENCODED | TEMPLATE_PRINTED);
    struct wire look = *w;
    uint32_t count = 0;
    uint64_t op;
    while ((op = wire_u64(&look)) != TEMPLATE_END && count < MAX_PIECES) {
        count++;
        if (op == TEMPLATE_LITERAL) {
            (void)wire_str(&look);
        } else if (op == TEMPLATE_FORMULA) {
            struct formula ignored;
            look.failed = !formula_decode(&ignored, &look) || look.failed;
        }
    }
    if (look.failed || op != TEMPLATE_END) {
        return false;
    }
    t->piece_count = count;
    t->pieces = arena_array(&s->arena, (size_t)count + 1, sizeof *t->pieces);
    for (uint32_t i = 0; i < count; i++) {
        op = wire_u64(w);
        if (op == TEMPLATE_LITERAL) {
            t->pieces[i] = (struct template_piece){UINT32_MAX, wire_str(w), NULL};
        } else if (op == TEMPLATE_FORMULA) {
            t->pieces[i] = (struct template_piece){UINT32_MAX, STR_EMPTY, take_formula(s, w)};
        } else if (op >= TEMPLATE_COLUMN && op - TEMPLATE_COLUMN < s->column_count) {
            t->pieces[i] =
                (struct template_piece){(uint32_t)(op - TEMPLATE_COLUMN), STR_EMPTY, NULL};
        } else {
            return false;
        }
    }
    return wire_u64(w) == TEMPLATE_END && !w->failed;
}

static bool take_values(struct template *t, struct segment *s, struct wire *w) {
    t->value_count = (uint32_t)wire_count(w, wire_left(w));
    t->values = arena_array(&s->arena, (size_t)t->value_count + 1, sizeof *t->values);
    for (uint32_t i = 0; i < t->value_count && !w->failed; i++) {
        struct template_value *v = &t->values[i];
        uint64_t field = wire_u64(w);
        uint64_t how = wire_count(w, VALUE_FORMULA);
        v->transform = how == VALUE_FORMULA ? TRANSFORM_NONE : (enum transform)how;
        if (field >= s->field_count) {
            return false;
        }
        v->field = s->fields[field];
        if (how == VALUE_FORMULA) {
            v->formula = take_formula(s, w);
            v->first = UINT32_MAX;
            continue;
        }
        uint64_t limit = v->transform == TRANSFORM_NONE ? s->column_count : t->piece_count;
        v->first = (uint32_t)wire_count(w, limit);
        if (v->transform != TRANSFORM_NONE) {
            v->count = (uint32_t)wire_count(w, limit - v->first);
        }
        if (v->transform == TRANSFORM_NONE && v->first == limit) {
            return false;
        }
    }
    return !w->failed;
}

/* Depth of the formulas that the text of piece `i` needs, by what is known of the pieces before. */
static unsigned piece_depth(const struct template *t, const uint8_t *depths, uint32_t i) {
    return t->pieces[i].formula != NULL ? depths[i] : 0;
}

static unsigned value_depth(const struct template *t, const uint8_t *depths, uint32_t j) {
    const struct template_value *v = &t->values[j];
    unsigned depth = v->formula != NULL ? depths[t->piece_count + j] : 0;
    for (uint32_t k = 0; k < v->count; k++) {
        unsigned other = piece_depth(t, depths, v->first + k);
        depth = other > depth ? other : depth;
    }
    return depth;
}

/* Depth of a formula, or one too great if an operand does not exist or stands later. */
static unsigned formula_depth(const struct template *t, const struct formula *f,
                              const uint8_t *depths) {
    unsigned depth = 0;
    for (uint32_t i = 0; i < f->operand_count; i++) {
        uint32_t o = f->operands[i];
        if (o >= t->piece_count + t->value_count) {
            return MAX_FORMULA_DEPTH + 1;
        }
        unsigned other = o < t->piece_count ? piece_depth(t, depths, o)
                                            : value_depth(t, depths, o - t->piece_count);
        depth = other > depth ? other : depth;
    }
    return depth + 1;
}

/* True if every formula's operands are no formulas or stand before it, and the chains are short:
 * then printing ends. */
static bool template_formulas_end(const struct template *t) {
    size_t count = (size_t)t->piece_count + t->value_count;
    uint8_t *depths = mem_alloc(count + 1);
    memset(depths, MAX_FORMULA_DEPTH + 1, count + 1); /* not known yet: too deep */
    bool good = true;
    for (uint32_t i = 0; i < count && good; i++) {
        const struct formula *f =
            i < t->piece_count ? t->pieces[i].formula : t->values[i - t->piece_count].formula;
        if (f != NULL) {
            unsigned depth = formula_depth(t, f, depths);
            good = depth <= MAX_FORMULA_DEPTH;
            depths[i] = (uint8_t)(good ? depth : MAX_FORMULA_DEPTH + 1);
        }
    }
    mem_free(depths);
    return good;
}

enum status segment_templates(struct segment *s, struct err *err) {
    if (s->templates != NULL) {
        return STATUS_OK;
    }
    mem_free(s->templates_bytes);
    s->templates_bytes = NULL;
    enum status status = segment_chunk(&s->templates_bytes, s, &s->templates_ref, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct template *templates =
        arena_array(&s->arena, (size_t)s->template_count + 1, sizeof *templates);
    struct wire w = wire_make(s->templates_bytes, s->templates_ref.plain_len);
    for (uint32_t i = 0; i < s->template_count; i++) {
        if (!take_pieces(&templates[i], s, &w) || !take_values(&templates[i], s, &w) ||
            !template_formulas_end(&templates[i])) {
            return segment_damaged(s, err, _("a template is malformed"));
        }
    }
    s->templates = templates;
    return STATUS_OK;
}
