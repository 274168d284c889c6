#include "segment_writer.h"

#include "check.h"
#include "hash.h"
#include "mem.h"
#include "stripe_writer.h"
#include "triple_note.h"
#include "wire.h"

enum {
    LEVEL_FAST = 6, /* zstd levels of directories and templates */
    LEVEL_DEEP = 19,
    LEVEL_LOOK = 3,
    LEVEL_BESIDE = 15,
    BESIDE_PERCENT = 80, /* of what a chunk takes by itself: what it may take beside others */
    BASE_REF_BYTES = 12,
    INLINE_BYTES = 12, /* shorter chunks stand in the directory */
    FULL_BYTES = 96 << 20,
    FULL_MEMORY = 80 << 20, /* of dictionaries and words */
    FULL_MEMORY_FAST = 24 << 20,
    INDEX_PERCENT = 9,         /* of a stripe's bytes, for both indexes */
    NUMBERS_PERCENT = 3,       /* ... of which those of words of digits may take so much */
    TOKENS_PERCENT = 6,        /* from here on other words get fewer bits each */
    LEAST_TEMPLATES = 8 << 10, /* plain bytes of a chunk of templates */
    MOST_TEMPLATES = 128 << 10,
    TEMPLATES_SHARE = 400 /* of a segment: what several chunks of templates may take beyond one */
};

struct segment_writer *segment_writer_create(enum dataset dataset, enum segment_effort effort) {
    static const char header[SEGMENT_HEADER_BYTES] = "KSEG0002";
    struct segment_writer *w = mem_calloc(1, sizeof *w);
    w->effort = effort;
    w->zstd = zstd_frame_create();
    w->similar = similar_chunks_create(effort);
    w->info = (struct segment_info){.dataset = dataset,
                                    .effort = effort,
                                    .time_min = INT64_MAX,
                                    .time_max = INT64_MIN,
                                    .receive_max = TIME_NONE};
    (void)segment_writer_dataset(w, (uint16_t)dataset);
    buf_append(&w->out, header, sizeof header);
    return w;
}

void segment_writer_destroy(struct segment_writer **writer) {
    struct segment_writer *w = *writer;
    if (w == NULL) {
        return;
    }
    for (size_t i = 0; i < w->column_count; i++) {
        intern_fini(&w->columns[i].dictionary);
        mem_free(w->columns[i].note);
    }
    mem_free(w->columns);
    buf_fini(&w->out);
    buf_fini(&w->filters);
    buf_fini(&w->plain);
    buf_fini(&w->packed);
    buf_fini(&w->learned);
    intern_fini(&w->templates);
    intern_fini(&w->fields);
    intern_fini(&w->names);
    token_set_fini(&w->tokens);
    token_set_fini(&w->stripe_tokens);
    number_index_writer_fini(&w->number_index);
    zstd_frame_destroy(&w->zstd);
    equal_chunks_fini(&w->equal);
    similar_chunks_destroy(&w->similar);
    mem_free(w);
    *writer = NULL;
}

size_t segment_writer_memory(const struct segment_writer *w) {
    size_t bytes = w->out.capacity + w->filters.capacity + w->plain.capacity +
                   w->number_index.hashes.capacity * sizeof *w->number_index.hashes.keys +
                   equal_chunks_memory(&w->equal) + similar_chunks_memory(w->similar) +
                   (w->tokens.slot_count + w->tokens.fresh_capacity) * sizeof *w->tokens.slots;
    for (size_t i = 0; i < w->column_count; i++) {
        bytes += w->columns[i].dictionary.count * (size_t)96;
        bytes += w->columns[i].note != NULL ? sizeof *w->columns[i].note : 0;
    }
    return bytes;
}

/* With `more` stripes added? */
static bool would_be_full(const struct segment_writer *w, size_t more) {
    bool deep = w->effort == EFFORT_DEEP;
    size_t most = deep ? FULL_MEMORY : FULL_MEMORY_FAST;
    return w->stripe_count + more >= SEGMENT_MAX_STRIPES || w->out.len >= FULL_BYTES ||
           (w->stripe_count > 0 && segment_writer_memory(w) - w->out.capacity >= most);
}

bool segment_writer_is_full(const struct segment_writer *w) {
    return would_be_full(w, 0);
}

bool segment_writer_is_nearly_full(const struct segment_writer *w) {
    return would_be_full(w, 1);
}

void segment_writer_rest(struct segment_writer *w) {
    zstd_frame_destroy(&w->zstd);
    w->zstd = zstd_frame_create();
    buf_fini(&w->plain);
    buf_fini(&w->packed);
    buf_fini(&w->learned);
    token_set_fini(&w->stripe_tokens);
}

/* --- pieces --- */

static void put_ref(struct buf *out, const struct chunk_ref *ref) {
    wire_put_u64(out, ref->stored_len);
    wire_put_u64(out, ref->plain_len);
    wire_put_fixed32(out, ref->checksum);
}

/* Of what was appended to w->out from `offset` on. */
static struct chunk_ref ref_from(const struct segment_writer *w, size_t offset, size_t plain_len) {
    struct chunk_ref ref = {.offset = offset, .plain_len = (uint32_t)plain_len};
    ref.stored_len = (uint32_t)(w->out.len - offset);
    ref.checksum = (uint32_t)hash_bytes(w->out.ptr + offset, ref.stored_len);
    return ref;
}

static struct chunk_ref put_bytes(struct segment_writer *w, struct str plain, int level) {
    size_t offset = w->out.len;
    zstd_frame_pack(w->zstd, &w->out, plain, level);
    return ref_from(w, offset, plain.len);
}

static struct chunk_ref put_by_habit(struct segment_writer *w, struct str plain,
                                     struct chunk_habit habit) {
    size_t offset = w->out.len;
    if (habit.as_it_is) {
        buf_add(&w->out, plain);
    } else if (w->learned.len > 0) {
        buf_add(&w->out, buf_str(&w->learned));
    } else if (habit.in_parts) {
        zstd_frame_pack_parts(w->zstd, &w->out, plain, habit.level);
    } else {
        return put_bytes(w, plain, habit.level);
    }
    return ref_from(w, offset, plain.len);
}

/* The plain bytes of chunks that were written before, one after the other. */
static void unpack_chunks(struct buf *out, struct segment_writer *w, const struct chunk_ref *chunks,
                          size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct str stored = str_make(w->out.ptr + chunks[i].offset, chunks[i].stored_len);
        bool good = zstd_frame_unpack(w->zstd, buf_reserve(out, (size_t)chunks[i].plain_len + 1),
                                      chunks[i].plain_len, stored);
        CHECK(good);
        out->len += chunks[i].plain_len;
    }
}

/* Packs a chunk beside others, if that saves much of it: reading it takes longer then. A quick
 * look first: most chunks that share something with others share little. */
static bool pack_beside(struct chunk_ref *out, struct segment_writer *w, struct str plain,
                        const struct chunk_ref *bases, size_t count) {
    struct buf base = BUF_INIT;
    unpack_chunks(&base, w, bases, count);
    buf_clear(&w->packed);
    zstd_frame_pack(w->zstd, &w->packed, plain, LEVEL_LOOK);
    size_t limit = w->packed.len * BESIDE_PERCENT / 100;
    buf_clear(&w->packed);
    zstd_frame_pack_beside(w->zstd, &w->packed, plain, LEVEL_LOOK, buf_str(&base));
    bool good = w->packed.len + count * BASE_REF_BYTES <= limit;
    size_t offset = w->out.len;
    if (good && w->effort == EFFORT_DEEP) {
        zstd_frame_pack_beside(w->zstd, &w->out, plain, LEVEL_BESIDE, buf_str(&base));
    } else if (good) {
        buf_add(&w->out, buf_str(&w->packed));
    }
    if (good) {
        *out = ref_from(w, offset, plain.len);
    }
    buf_fini(&base);
    return good;
}

static void put_beside_ref(struct buf *out, const struct chunk_ref *ref,
                           const struct chunk_ref *bases, size_t count) {
    wire_put_u64(out, ref->stored_len);
    wire_put_u64(out, ref->plain_len + (uint64_t)count * CHUNK_BASES_UNIT);
    wire_put_fixed32(out, ref->checksum);
    for (size_t i = 0; i < count; i++) {
        wire_put_u64(out, ref->offset - bases[i].offset);
        put_ref(out, &bases[i]);
    }
}

/* Packs a chunk, beside those that it repeats. True if it has no bases. */
static bool put_new(struct chunk_ref *ref, struct segment_writer *w, struct buf *directory,
                    struct str plain, struct chunk_habit habit) {
    struct chunk_ref bases[CHUNK_BASES];
    struct chunk_sketch sketch;
    size_t count = 0;
    if (!habit.apart) {
        similar_chunks_sketch(&sketch, w->similar, plain);
        count = similar_chunks_find(bases, w->similar, &sketch);
    }
    if (count == 0 || !pack_beside(ref, w, plain, bases, count)) {
        count = 0;
        *ref = put_by_habit(w, plain, habit);
        if (!habit.apart) {
            similar_chunks_add(w->similar, &sketch, ref);
        }
    }
    put_beside_ref(directory, ref, bases, count);
    return count == 0;
}

/* Refers to an earlier chunk with the same bytes, if there is one. */
static bool put_again(struct segment_writer *w, struct buf *directory, struct str plain,
                      uint64_t hash) {
    const struct chunk_ref *known = equal_chunks_find(&w->equal, hash, plain.len);
    if (known == NULL) {
        return false;
    }
    buf_clear(&w->packed);
    unpack_chunks(&w->packed, w, known, 1);
    if (!str_eq(buf_str(&w->packed), plain)) {
        return false;
    }
    wire_put_u64(directory, known->stored_len);
    wire_put_u64(directory, known->plain_len + (uint64_t)CHUNK_AGAIN * CHUNK_BASES_UNIT);
    wire_put_fixed32(directory, known->checksum);
    wire_put_u64(directory, w->out.len - known->offset);
    return true;
}

void segment_writer_put_chunk(struct segment_writer *w, struct buf *directory, struct buf *plain,
                              struct chunk_habit habit) {
    if (plain->len <= INLINE_BYTES) {
        wire_put_u64(directory, 0);
        wire_put_str(directory, buf_str(plain));
        buf_clear(plain);
        return;
    }
    uint64_t hash = hash_str(buf_str(plain));
    struct chunk_ref ref;
    if (!put_again(w, directory, buf_str(plain), hash) &&
        put_new(&ref, w, directory, buf_str(plain), habit)) {
        equal_chunks_add(&w->equal, hash, &ref);
    }
    buf_clear(plain);
    buf_clear(&w->learned);
}

uint32_t segment_writer_dataset(struct segment_writer *w, uint16_t dataset) {
    for (size_t i = 0; i < w->dataset_count; i++) {
        if (w->datasets[i] == dataset) {
            return (uint32_t)i;
        }
    }
    CHECK(w->dataset_count < DATASET_COUNT);
    w->datasets[w->dataset_count] = dataset;
    return (uint32_t)w->dataset_count++;
}

/* --- stripes --- */

static void summarise(struct written_stripe *out, const struct stripe *s) {
    *out = (struct written_stripe){.rows = s->row_count,
                                   .time_min = INT64_MAX,
                                   .time_max = INT64_MIN,
                                   .arrival_first = s->rows[0].arrival,
                                   .arrival_last = s->rows[s->row_count - 1].arrival};
    for (size_t i = 0; i < s->row_count; i++) {
        int64_t t = s->rows[i].time_ns;
        out->time_min = t < out->time_min ? t : out->time_min;
        out->time_max = t > out->time_max ? t : out->time_max;
    }
}

static void add_to_info(struct segment_info *info, const struct written_stripe *stripe,
                        const struct stripe *s) {
    if (info->rows == 0) {
        info->arrival_first = stripe->arrival_first;
    }
    info->arrival_last = stripe->arrival_last;
    info->rows += stripe->rows;
    info->derived += s->derived;
    info->raw_bytes += s->raw_bytes;
    info->time_min = stripe->time_min < info->time_min ? stripe->time_min : info->time_min;
    info->time_max = stripe->time_max > info->time_max ? stripe->time_max : info->time_max;
    for (size_t i = 0; i < s->row_count; i++) {
        int64_t t = s->rows[i].receive_ns;
        info->receive_max = t > info->receive_max ? t : info->receive_max;
    }
}

/* What the words of digits may take: both indexes stay below a tenth of the data, but where the
 * other words take much, those of digits get a little in any case. */
static uint64_t number_index_bytes(const struct written_stripe *stripe) {
    uint64_t both = stripe->len * INDEX_PERCENT / 100;
    uint64_t least = stripe->len * NUMBERS_PERCENT / 100;
    uint64_t words = (uint64_t)stripe->filter_lines * FILTER_LINE_BYTES;
    return both > words + least ? both - words : least;
}

static void index_numbers(struct segment_writer *w, const struct written_stripe *stripe,
                          struct stripe *s) {
    struct number_times times = {.patterns = &s->steps.patterns,
                                 .more = s->values_are_text ? &s->steps.value_patterns : NULL};
    for (size_t i = 0; i < s->row_count; i++) {
        size_t block = i / SEGMENT_BLOCK_ROWS;
        int64_t t = s->rows[i].time_ns;
        bool is_first = i % SEGMENT_BLOCK_ROWS == 0;
        times.block_count += is_first;
        times.smallest[block] = is_first || t < times.smallest[block] ? t : times.smallest[block];
        times.largest[block] = is_first || t > times.largest[block] ? t : times.largest[block];
    }
    number_index_writer_add(&w->number_index, s->numbers, &times, number_index_bytes(stripe));
}

void segment_writer_add(struct segment_writer *w, struct stripe *s) {
    CHECK(w->stripe_count < SEGMENT_MAX_STRIPES && s->row_count > 0);
    struct written_stripe *stripe = &w->stripes[w->stripe_count];
    summarise(stripe, s);
    add_to_info(&w->info, stripe, s);
    size_t offset = w->out.len;
    struct buf directory = BUF_INIT;
    stripe_write(&directory, w, s);
    bool deep = w->effort == EFFORT_DEEP;
    stripe->directory = put_bytes(w, buf_str(&directory), deep ? LEVEL_DEEP : LEVEL_FAST);
    buf_fini(&directory);
    stripe->len = w->out.len - offset;
    sha256_of(stripe->sha256, str_make(w->out.ptr + offset, (size_t)stripe->len));
    token_set_take_fresh(&w->stripe_tokens, &w->tokens);
    stripe->filter_lines =
        token_set_encode_fresh(&w->filters, &w->stripe_tokens, stripe->len * TOKENS_PERCENT / 100);
    index_numbers(w, stripe, s);
    token_set_clear(&w->stripe_tokens);
    w->stripe_count++;
}

/* --- the end --- */

static void put_names(struct buf *out, const struct intern *names) {
    wire_put_u64(out, names->count);
    for (uint32_t i = 0; i < names->count; i++) {
        wire_put_str(out, intern_text(names, i));
    }
}

static void put_columns(struct buf *out, struct segment_writer *w) {
    wire_put_u64(out, w->column_count);
    for (size_t i = 0; i < w->column_count; i++) {
        const struct written_column *c = &w->columns[i];
        struct str shape = number_shape_str(&c->shape);
        bool zoned = c->type == COLUMN_NUMBER && number_shape_is_zoned(shape);
        wire_put_u64(out, c->kind);
        wire_put_u64(
            out, c->field == FIELD_NONE ? 0 : 1 + intern_add(&w->fields, schema_name(c->field)));
        wire_put_u64(out, c->type);
        wire_put_str(out, shape);
        wire_put_u64(out, c->context);
        wire_put_u64(out, zoned ? COLUMN_ZONED : 0);
        wire_put_u64(out, c->dictionary.count);
    }
}

static void put_stripe(struct buf *out, const struct segment_writer *w, size_t number) {
    const struct written_stripe *s = &w->stripes[number];
    wire_put_u64(out, s->rows);
    wire_put_i64(out, s->time_min);
    wire_put_u64(out, (uint64_t)s->time_max - (uint64_t)s->time_min);
    wire_put_u64(out, s->arrival_first);
    wire_put_u64(out, s->arrival_last - s->arrival_first);
    wire_put_u64(out, s->len);
    put_ref(out, &s->directory);
    wire_put_u64(out, s->filter_lines);
    buf_append(out, s->sha256, SHA256_BYTES);
    for (size_t i = 0; i < w->column_count; i++) {
        if (w->columns[i].type == COLUMN_DICTIONARY) {
            wire_put_u64(out, w->columns[i].entries[number]);
        }
    }
}

/* Of entries the note is made here, when all are known. */
static void add_note(struct buf *out, const struct written_column *c,
                     struct column_note_builder *scratch) {
    if (c->type == COLUMN_DICTIONARY) {
        memset(scratch, 0, sizeof *scratch);
        for (uint32_t i = 0; i < c->dictionary.count; i++) {
            column_note_add(scratch, intern_text(&c->dictionary, i));
        }
        column_note_encode(out, scratch);
    } else if (c->type == COLUMN_TEXT) {
        column_note_encode(out, c->note);
    }
}

/* Writes nothing if there is none. */
static struct chunk_ref put_notes(struct segment_writer *w) {
    struct column_note_builder *scratch = mem_alloc(sizeof *scratch);
    buf_clear(&w->plain);
    for (size_t i = 0; i < w->column_count; i++) {
        add_note(&w->plain, &w->columns[i], scratch);
    }
    mem_free(scratch);
    if (w->plain.len == 0) {
        return (struct chunk_ref){.plain_len = 0};
    }
    bool deep = w->effort == EFFORT_DEEP;
    return put_bytes(w, buf_str(&w->plain), deep ? LEVEL_DEEP : LEVEL_FAST);
}

/* Appends the triples of the column's entries. */
static bool add_triples(struct buf *out, const struct written_column *c,
                        struct triple_note_builder *scratch) {
    size_t text_bytes = 0;
    for (uint32_t i = 0; i < c->dictionary.count; i++) {
        text_bytes += intern_text(&c->dictionary, i).len;
    }
    if (text_bytes < TRIPLE_NOTE_LEAST_TEXT) {
        return false;
    }
    memset(scratch, 0, sizeof *scratch);
    for (uint32_t i = 0; i < c->dictionary.count; i++) {
        triple_note_add(scratch, intern_text(&c->dictionary, i));
    }
    return triple_note_encode(out, scratch);
}

/* Of large dictionaries. Writes nothing if there are none. */
static struct chunk_ref put_triples(struct segment_writer *w) {
    struct triple_note_builder *scratch = mem_alloc(sizeof *scratch);
    struct buf one = BUF_INIT;
    size_t before = 0;
    buf_clear(&w->plain);
    for (size_t i = 0; i < w->column_count && w->effort == EFFORT_DEEP; i++) {
        const struct written_column *c = &w->columns[i];
        if (c->type == COLUMN_DICTIONARY && add_triples(&one, c, scratch)) {
            wire_put_u64(&w->plain, i - before);
            buf_add(&w->plain, buf_str(&one));
            before = i;
        }
        buf_clear(&one);
    }
    buf_fini(&one);
    mem_free(scratch);
    return w->plain.len == 0 ? (struct chunk_ref){.plain_len = 0}
                             : put_bytes(w, buf_str(&w->plain), LEVEL_FAST);
}

/* --- templates --- */

/* Templates [first, end) one after the other, each behind its length, in w->plain. */
static struct str join_templates(struct segment_writer *w, uint32_t first, uint32_t end) {
    buf_clear(&w->plain);
    for (uint32_t i = first; i < end; i++) {
        wire_put_str(&w->plain, intern_text(&w->templates, i));
    }
    return buf_str(&w->plain);
}

/* Where the chunk ends that begins with template `first` and should have so many bytes. */
static uint32_t template_chunk_end(const struct segment_writer *w, uint32_t first, size_t bytes) {
    uint32_t end = first;
    size_t len = 0;
    while (end < w->templates.count && (end == first || len < bytes)) {
        len += intern_text(&w->templates, end).len;
        end++;
    }
    return end;
}

/* What the templates take in such chunks, by a quick look. */
static size_t templates_cost(struct segment_writer *w, size_t bytes) {
    buf_clear(&w->packed);
    for (uint32_t first = 0; first < w->templates.count;) {
        uint32_t end = template_chunk_end(w, first, bytes);
        zstd_frame_pack(w->zstd, &w->packed, join_templates(w, first, end), LEVEL_LOOK);
        first = end;
    }
    return w->packed.len;
}

/* A row needs one template, so chunks should be small; but templates are alike, and what they take
 * must stay a little beside the segment. */
static size_t template_chunk_bytes(struct segment_writer *w) {
    size_t limit = templates_cost(w, SIZE_MAX) + w->out.len / TEMPLATES_SHARE;
    for (size_t bytes = LEAST_TEMPLATES; bytes <= MOST_TEMPLATES; bytes *= 4) {
        if (templates_cost(w, bytes) <= limit) {
            return bytes;
        }
    }
    return SIZE_MAX;
}

/* Writes the chunks, and to `list` how many there are and each one's templates and reference. */
static void put_templates(struct buf *list, struct segment_writer *w) {
    struct buf refs = BUF_INIT;
    size_t bytes = template_chunk_bytes(w);
    uint64_t count = 0;
    for (uint32_t first = 0; first < w->templates.count; count++) {
        uint32_t end = template_chunk_end(w, first, bytes);
        bool deep = w->effort == EFFORT_DEEP;
        struct str plain = join_templates(w, first, end);
        struct chunk_ref ref = put_bytes(w, plain, deep ? LEVEL_DEEP : LEVEL_FAST);
        wire_put_u64(&refs, end - first);
        put_ref(&refs, &ref);
        first = end;
    }
    wire_put_u64(list, count);
    buf_add(list, buf_str(&refs));
    buf_fini(&refs);
}

/* A chunk of no bytes. */
static void put_empty_ref(struct buf *out) {
    wire_put_u64(out, 0);
    wire_put_str(out, STR_EMPTY);
}

/* Of no bytes if the chunk was not written. */
static void put_ref_or_none(struct buf *out, const struct chunk_ref *ref) {
    if (ref->plain_len > 0) {
        put_ref(out, ref);
    } else {
        put_empty_ref(out);
    }
}

/* Notes, triples, templates, then zeros up to a multiple of a filter's line, then the filters and
 * the words of digits. `last` is what ends the footer. */
static void put_shared(struct buf *footer, struct buf *last, struct segment_writer *w) {
    size_t offset = w->out.len;
    struct chunk_ref notes = put_notes(w);
    put_ref_or_none(last, &notes);
    struct chunk_ref triples = put_triples(w);
    put_ref_or_none(last, &triples);
    put_templates(last, w);
    while (w->out.len % FILTER_LINE_BYTES != 0) {
        buf_putc(&w->out, 0);
    }
    w->info.filter_offset = w->out.len;
    buf_add(&w->out, buf_str(&w->filters));
    number_index_writer_end(&w->out, &w->number_index);
    w->info.index_bytes = w->out.len - w->info.filter_offset;
    wire_put_u64(footer, w->templates.count);
    wire_put_u64(footer, w->info.filter_offset - offset);
    uint8_t hash[SHA256_BYTES];
    sha256_of(hash, str_make(w->out.ptr + offset, w->out.len - offset));
    buf_append(footer, hash, sizeof hash);
}

static void put_trailer(struct segment_writer *w, struct str footer) {
    char trailer[SEGMENT_TRAILER_BYTES] = {0};
    sha256_of(w->info.footer_sha256, footer);
    bytes_put_le64(trailer, w->out.len);
    bytes_put_le32(trailer + 8, (uint32_t)footer.len);
    bytes_put_le32(trailer + 12, SEGMENT_VERSION);
    memcpy(trailer + 16, w->info.footer_sha256, SHA256_BYTES);
    memcpy(trailer + 56, "KSEGEND1", 8);
    buf_add(&w->out, footer);
    buf_append(&w->out, trailer, sizeof trailer);
    char *sum = w->out.ptr + w->out.len - 16;
    bytes_put_le64(sum, hash_bytes(sum - 48 - footer.len, footer.len + 48));
    w->info.file_bytes = w->out.len;
}

void segment_writer_end(struct buf *out, struct segment_info *info, struct segment_writer *w) {
    struct buf footer = BUF_INIT;
    wire_put_u64(&footer, w->effort);
    wire_put_u64(&footer, w->dataset_count);
    for (size_t i = 0; i < w->dataset_count; i++) {
        wire_put_str(&footer, dataset_info((enum dataset)w->datasets[i])->name);
    }
    wire_put_u64(&footer, w->info.rows);
    put_columns(&footer, w);
    wire_put_u64(&footer, w->stripe_count);
    for (size_t i = 0; i < w->stripe_count; i++) {
        put_stripe(&footer, w, i);
        w->info.filter_lines[i] = w->stripes[i].filter_lines;
    }
    w->info.stripe_count = (uint32_t)w->stripe_count;
    struct buf last = BUF_INIT;
    put_shared(&footer, &last, w);
    put_names(&footer, &w->fields);
    put_names(&footer, &w->names);
    buf_add(&footer, buf_str(&last));
    buf_fini(&last);
    put_trailer(w, buf_str(&footer));
    buf_fini(&footer);
    buf_fini(out);
    *out = w->out;
    w->out = BUF_INIT;
    *info = w->info;
}
