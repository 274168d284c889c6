#include "number_index.h"

#include "hash.h"
#include "mem.h"
#include "time_word.h"
#include "token_filter.h"
#include "wire.h"

enum {
    BITS_A_WORD = 24,
    LEAST_BITS = 5,   /* fewer would say "maybe" of most words that are not there */
    MOST_APART = 16,  /* neighbours in a stretch */
    LEAST_IN_ONE = 8, /* numbers in a stretch: fewer cost less in the filter */
    MAX_PATTERNS = 128,
    HEAD_BYTES = 8, /* length and checksum of the directory */
    FIRST_READ = 4096
};

/* --- writing --- */

void number_index_writer_fini(struct number_index_writer *w) {
    buf_fini(&w->stripes);
    buf_fini(&w->lines);
    intern_fini(&w->patterns);
    mem_free(w->masks);
    *w = (struct number_index_writer){.stripe_count = 0};
}

void number_index_pattern(struct intern *patterns, struct str pattern, int32_t zone_seconds,
                          bool is_before) {
    struct buf stored = BUF_INIT;
    if (time_pattern_has_word(pattern, NUMBER_WORD_DIGITS)) {
        wire_put_u64(&stored, is_before);
        wire_put_i64(&stored, zone_seconds);
        wire_put_str(&stored, pattern);
        (void)intern_add(patterns, buf_str(&stored));
    }
    buf_fini(&stored);
}

static void add_patterns(struct number_index_writer *w, const struct intern *patterns) {
    uint32_t stripe = UINT32_C(1) << w->stripe_count;
    for (uint32_t i = 0; i < patterns->count; i++) {
        struct str pattern = intern_text(patterns, i);
        uint32_t known = intern_find(&w->patterns, pattern);
        if (known == INTERN_NONE && w->patterns.count == MAX_PATTERNS) {
            w->unlisted |= stripe;
            continue;
        }
        if (known == INTERN_NONE) {
            known = intern_add(&w->patterns, pattern);
            MEM_GROW(w->masks, w->mask_capacity, (size_t)known + 1);
            w->masks[known] = 0;
        }
        w->masks[known] |= stripe;
    }
}

/* How many keys from `at` on are one stretch; 1: none. */
static size_t stretch_length(const struct number_words *words, size_t at) {
    size_t end = at + 1;
    while (end < words->count && words->keys[end] < NUMBER_WORD_HASHES &&
           words->keys[end] - words->keys[end - 1] <= MOST_APART) {
        end++;
    }
    return end - at >= LEAST_IN_ONE ? end - at : 1;
}

/* What stands for a key of one block in the stripe's filter: mostly all blocks' are in one line. */
static uint64_t block_hash(uint64_t key, uint32_t block) {
    return (hash_u64(key) & ~(uint64_t)(SEGMENT_STRIPE_BLOCKS - 1)) | block;
}

/* Writes the stretches of a block's keys to `out` and leaves hashes of those that are in none;
 * returns their number. */
static uint64_t put_stretches(struct buf *out, struct number_words *words, uint32_t block) {
    uint64_t count = 0;
    uint64_t last = 0;
    size_t left = 0;
    for (size_t at = 0; at < words->count;) {
        uint64_t first = words->keys[at];
        size_t length = first < NUMBER_WORD_HASHES ? stretch_length(words, at) : 1;
        if (length > 1) {
            uint64_t end = words->keys[at + length - 1];
            wire_put_u64(out, first - last);
            wire_put_u64(out, end - first);
            last = end;
            count++;
        } else {
            words->keys[left++] = block_hash(first, block);
        }
        at += length;
    }
    words->count = left;
    return count;
}

static unsigned bits_a_word(size_t words, uint64_t bytes) {
    uint64_t bits = words == 0 ? BITS_A_WORD : bytes * 8 / words;
    return (unsigned)(bits > BITS_A_WORD ? BITS_A_WORD : bits < LEAST_BITS ? LEAST_BITS : bits);
}

void number_index_writer_add(struct number_index_writer *w, struct number_words *words,
                             const struct number_times *times, uint64_t bytes) {
    struct buf stretches = BUF_INIT;
    struct buf block = BUF_INIT;
    struct number_words hashes = {.count = 0};
    for (uint32_t i = 0; i < SEGMENT_STRIPE_BLOCKS; i++) {
        buf_clear(&block);
        number_words_sort(&words[i]);
        wire_put_u64(&stretches, put_stretches(&block, &words[i], i));
        buf_add(&stretches, buf_str(&block));
        number_words_add_all(&hashes, &words[i]);
        number_words_clear(&words[i]);
    }
    wire_put_i64(&w->stripes, times->time_min);
    wire_put_u64(&w->stripes, (uint64_t)times->time_max - (uint64_t)times->time_min);
    uint64_t left = bytes > stretches.len ? bytes - stretches.len : 0;
    wire_put_u64(&w->stripes, token_filter_encode(&w->lines, hashes.keys, hashes.count,
                                                  bits_a_word(hashes.count, left)));
    buf_add(&w->stripes, buf_str(&stretches));
    number_words_fini(&hashes);
    buf_fini(&block);
    buf_fini(&stretches);
    add_patterns(w, times->patterns);
    if (times->more != NULL) {
        add_patterns(w, times->more);
    }
    w->stripe_count++;
}

void number_index_writer_end(struct buf *out, const struct number_index_writer *w) {
    struct buf directory = BUF_INIT;
    wire_put_u64(&directory, w->patterns.count);
    for (uint32_t i = 0; i < w->patterns.count; i++) {
        buf_add(&directory, intern_text(&w->patterns, i));
        wire_put_u64(&directory, w->masks[i]);
    }
    wire_put_u64(&directory, w->unlisted);
    buf_add(&directory, buf_str(&w->stripes));
    size_t start = out->len;
    wire_put_fixed32(out, (uint32_t)directory.len);
    wire_put_fixed32(out, (uint32_t)hash_bytes(directory.ptr, directory.len));
    buf_add(out, buf_str(&directory));
    while ((out->len - start) % FILTER_LINE_BYTES != 0) {
        buf_putc(out, 0);
    }
    buf_add(out, buf_str(&w->lines));
    buf_fini(&directory);
}

/* --- reading --- */

bool index_source_read(const struct index_source *source, void *out, size_t len, uint64_t offset) {
    if (source->file != NULL) {
        return file_reader_at(source->file, out, len, offset);
    }
    bool fits = offset <= source->mapped_bytes && len <= source->mapped_bytes - offset;
    if (fits) {
        memcpy(out, source->mapped + offset, len);
    }
    return fits;
}

/* Reads the head and, mostly at once, all of the directory. */
static enum status read_directory(struct number_index *out, uint64_t start) {
    uint64_t room = out->end - start;
    size_t first = room < FIRST_READ ? (size_t)room : FIRST_READ;
    char *at = buf_reserve(&out->directory, first);
    if (first < HEAD_BYTES || !index_source_read(&out->source, at, first, start)) {
        return STATUS_DAMAGED;
    }
    uint64_t length = bytes_le32(at);
    uint32_t checksum = bytes_le32(at + 4);
    if (length > room - HEAD_BYTES) {
        return STATUS_DAMAGED;
    }
    if (length + HEAD_BYTES > first) {
        at = buf_reserve(&out->directory, (size_t)length + HEAD_BYTES);
        if (!index_source_read(&out->source, at, (size_t)length + HEAD_BYTES, start)) {
            return STATUS_DAMAGED;
        }
    }
    out->directory.len = (size_t)length + HEAD_BYTES;
    uint64_t lines = (length + HEAD_BYTES + FILTER_LINE_BYTES - 1) / FILTER_LINE_BYTES;
    out->lines_offset = start + lines * FILTER_LINE_BYTES;
    return (uint32_t)hash_bytes(at + HEAD_BYTES, (size_t)length) == checksum ? STATUS_OK
                                                                             : STATUS_DAMAGED;
}

/* Of a stripe: each has a row at least. */
static uint32_t most_blocks(const struct segment_info *info) {
    uint64_t rows = info->rows < info->stripe_count ? 1 : info->rows - info->stripe_count + 1;
    rows = rows < SEGMENT_STRIPE_ROWS ? rows : SEGMENT_STRIPE_ROWS;
    return (uint32_t)((rows + SEGMENT_BLOCK_ROWS - 1) / SEGMENT_BLOCK_ROWS);
}

enum status number_index_open(struct number_index *out, const struct segment_info *info,
                              const struct index_source *source) {
    uint64_t filters = 0;
    *out = (struct number_index){.source = *source, .stripe_count = info->stripe_count};
    out->block_count = most_blocks(info);
    for (uint32_t i = 0; i < info->stripe_count; i++) {
        filters += token_filter_bytes(info->filter_lines[i]);
    }
    if (info->index_bytes == filters) {
        return STATUS_NOT_FOUND; /* of a segment from before there was this index */
    }
    uint64_t start;
    if (info->index_bytes < filters || info->stripe_count > SEGMENT_MAX_STRIPES ||
        __builtin_add_overflow(info->filter_offset, filters, &start) ||
        __builtin_add_overflow(info->filter_offset, info->index_bytes, &out->end)) {
        return STATUS_DAMAGED;
    }
    enum status status = read_directory(out, start);
    if (status != STATUS_OK) {
        number_index_close(out);
    }
    return status;
}

void number_index_close(struct number_index *index) {
    buf_fini(&index->directory);
}

struct asked {
    struct str word;
    uint64_t key;
    struct time_word *times; /* by pattern that can print the word */
    uint32_t *masks;
    bool *are_before;
    size_t time_count;
};

/* Takes the patterns; keeps those that can print the word. */
static uint32_t take_patterns(struct asked *a, struct wire *w) {
    uint64_t count = wire_count(w, MAX_PATTERNS);
    a->times = mem_alloc(((size_t)count + 1) * sizeof *a->times);
    a->masks = mem_calloc((size_t)count + 1, sizeof *a->masks);
    a->are_before = mem_calloc((size_t)count + 1, sizeof *a->are_before);
    for (uint64_t i = 0; i < count && !w->failed; i++) {
        bool is_before = wire_count(w, 1) != 0;
        int64_t zone = wire_i64(w);
        struct str pattern = wire_str(w);
        uint32_t mask = (uint32_t)wire_count(w, UINT32_MAX);
        w->failed = w->failed || zone < -86400 || zone > 86400;
        if (!w->failed &&
            time_word_make(&a->times[a->time_count], pattern, (int32_t)zone, a->word)) {
            a->masks[a->time_count] = mask;
            a->are_before[a->time_count++] = is_before;
        }
    }
    return (uint32_t)wire_count(w, UINT32_MAX);
}

static bool times_may_print(const struct asked *a, uint32_t stripe, int64_t low, int64_t high) {
    bool may = false;
    for (size_t i = 0; i < a->time_count && !may; i++) {
        may = (a->masks[i] >> stripe & 1) != 0 &&
              time_word_in(&a->times[i], a->are_before[i] ? INT64_MIN : low, high);
    }
    return may;
}

/* True if a stretch has the key. Takes all of them. */
static bool take_stretches(struct wire *w, uint64_t key) {
    uint64_t count = wire_count(w, wire_left(w));
    uint64_t at = 0;
    bool has = false;
    for (uint64_t i = 0; i < count && !w->failed; i++) {
        at += wire_u64(w);
        uint64_t length = wire_u64(w);
        has = has || (key >= at && key - at <= length);
        at += length;
    }
    return has;
}

/* Blocks of a stripe that have the key by its filter. */
static enum status ask_lines(uint8_t *out, const struct number_index *index, uint64_t offset,
                             uint64_t lines, uint64_t key) {
    uint8_t line[FILTER_LINE_BYTES];
    uint64_t last = UINT64_MAX; /* place of `line` */
    for (uint32_t block = 0; block < index->block_count && lines > 0; block++) {
        uint64_t hash = block_hash(key, block);
        uint64_t at = offset + token_filter_line(lines, hash);
        if (at != last && !index_source_read(&index->source, line, sizeof line, at)) {
            return STATUS_DAMAGED;
        }
        last = at;
        enum token_answer answer = token_line_has(line, hash);
        if (answer == TOKEN_DAMAGED) {
            return STATUS_DAMAGED;
        }
        *out |= (uint8_t)(answer == TOKEN_MAYBE ? 1U << block : 0);
    }
    return STATUS_OK;
}

static enum status ask_stripe(struct index_blocks *out, const struct asked *a, struct wire *w,
                              const struct number_index *index, uint32_t stripe, uint64_t *offset) {
    uint8_t *listed = &out->listed[stripe];
    int64_t low = wire_i64(w);
    int64_t high = (int64_t)((uint64_t)low + wire_u64(w));
    uint64_t lines = wire_count(w, (index->end - *offset) / FILTER_LINE_BYTES);
    for (uint32_t block = 0; block < SEGMENT_STRIPE_BLOCKS; block++) {
        *listed |= (uint8_t)(take_stretches(w, a->key) ? 1U << block : 0);
    }
    if (w->failed) {
        return STATUS_DAMAGED;
    }
    uint64_t first = *offset;
    *offset += token_filter_bytes(lines);
    enum status status = ask_lines(listed, index, first, lines, a->key);
    out->of_stripe[stripe] |= times_may_print(a, stripe, low, high) ? UINT8_MAX : *listed;
    return status;
}

enum status number_index_ask(struct index_blocks *out, const struct number_index *index,
                             struct str word) {
    struct asked a = {.word = word, .key = number_word_key(word)};
    struct wire w = wire_make(index->directory.ptr + HEAD_BYTES, index->directory.len - HEAD_BYTES);
    uint64_t offset = index->lines_offset;
    enum status status = offset <= index->end ? STATUS_OK : STATUS_DAMAGED;
    memset(out, 0, sizeof *out);
    uint32_t unlisted = take_patterns(&a, &w);
    for (uint32_t i = 0; i < index->stripe_count && status == STATUS_OK; i++) {
        out->of_stripe[i] = (unlisted >> i & 1) != 0 ? UINT8_MAX : 0;
        status = ask_stripe(out, &a, &w, index, i, &offset);
    }
    mem_free(a.times);
    mem_free(a.masks);
    mem_free(a.are_before);
    return status;
}
