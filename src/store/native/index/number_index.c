#include "number_index.h"

#include "hash.h"
#include "mem.h"
#include "time_word.h"
#include "token_filter.h"
#include "wire.h"

enum {
    BITS_A_WORD = 30,
    LEAST_BITS = 5,   /* fewer would say "maybe" of most words that are not there */
    MOST_APART = 16,  /* neighbours in a stretch */
    LEAST_IN_ONE = 8, /* numbers in a stretch: fewer cost less in the filter */
    ALL_BLOCKS = 255, /* in the place of a block's number: all of the segment */
    MOST_LISTED = 16, /* blocks of a number that are told apart: they share a line */
    LEAST_PROBES = 2,
    MOST_PROBES = 12,
    MAX_PATTERNS = 128,
    HEAD_BYTES = 8, /* length and checksum of the directory */
    FIRST_READ = 4096
};

/* --- writing --- */

void number_index_writer_fini(struct number_index_writer *w) {
    buf_fini(&w->stripes);
    number_words_fini(&w->hashes);
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

/* What stands in the filter for a key of one block of the segment: mostly all blocks' are in one
 * line. */
static uint64_t block_hash(uint64_t key, uint32_t block) {
    return (hash_u64(key) & ~(uint64_t)UINT8_MAX) | block;
}

/* The stretches of a stripe's blocks, and what all of them lie in. */
struct stretches {
    struct buf lists;
    bool any;
    uint64_t first;
    uint64_t last;
};

static void add_stretch(struct stretches *all, struct buf *out, uint64_t *at, uint64_t first,
                        uint64_t last) {
    wire_put_u64(out, first - *at);
    wire_put_u64(out, last - first);
    *at = last;
    all->first = all->any && all->first < first ? all->first : first;
    all->last = all->any && all->last > last ? all->last : last;
    all->any = true;
}

/* Adds the stretches of a block's keys and leaves hashes of those that are in none. */
static void put_stretches(struct stretches *all, struct number_words *words, uint32_t block) {
    struct buf out = BUF_INIT;
    uint64_t count = 0;
    uint64_t last = 0;
    size_t left = 0;
    for (size_t at = 0; at < words->count;) {
        uint64_t first = words->keys[at];
        size_t length = first < NUMBER_WORD_HASHES ? stretch_length(words, at) : 1;
        if (length > 1) {
            add_stretch(all, &out, &last, first, words->keys[at + length - 1]);
            count++;
        } else {
            words->keys[left++] = block_hash(first, block);
        }
        at += length;
    }
    words->count = left;
    wire_put_u64(&all->lists, count);
    buf_add(&all->lists, buf_str(&out));
    buf_fini(&out);
}

/* As many as there is room for in all stripes: often few of them have nearly all of the words. */
static unsigned bits_a_word(size_t words, uint64_t bytes) {
    uint64_t bits = words == 0 || bytes / BITS_A_WORD >= words ? BITS_A_WORD : bytes * 8 / words;
    return (unsigned)(bits > BITS_A_WORD ? BITS_A_WORD : bits < LEAST_BITS ? LEAST_BITS : bits);
}

static void put_times(struct buf *out, const struct number_times *times) {
    struct buf list = BUF_INIT;
    int64_t last = 0;
    wire_put_u64(&list, times->block_count);
    for (uint32_t i = 0; i < times->block_count; i++) {
        wire_put_i64(&list, (int64_t)((uint64_t)times->smallest[i] - (uint64_t)last));
        wire_put_u64(&list, (uint64_t)times->largest[i] - (uint64_t)times->smallest[i]);
        last = times->smallest[i];
    }
    wire_put_str(out, buf_str(&list));
    buf_fini(&list);
}

static void put_all_stretches(struct buf *out, struct number_index_writer *w,
                              struct number_words *words) {
    struct stretches all = {.lists = BUF_INIT};
    for (uint32_t i = 0; i < SEGMENT_STRIPE_BLOCKS; i++) {
        number_words_sort(&words[i]);
        put_stretches(&all, &words[i], w->stripe_count * SEGMENT_STRIPE_BLOCKS + i);
    }
    wire_put_str(out, all.any ? buf_str(&all.lists) : STR_EMPTY);
    if (all.any) {
        wire_put_u64(out, all.first);
        wire_put_u64(out, all.last - all.first);
    }
    buf_fini(&all.lists);
}

void number_index_writer_add(struct number_index_writer *w, struct number_words *words,
                             const struct number_times *times, uint64_t bytes) {
    size_t start = w->stripes.len;
    put_times(&w->stripes, times);
    put_all_stretches(&w->stripes, w, words);
    for (uint32_t i = 0; i < SEGMENT_STRIPE_BLOCKS; i++) {
        number_words_add_all(&w->hashes, &words[i]);
        number_words_clear(&words[i]);
    }
    size_t used = w->stripes.len - start;
    bytes = bytes > used ? bytes - used : 0;
    w->bytes = bytes > UINT64_MAX - w->bytes ? UINT64_MAX : w->bytes + bytes;
    add_patterns(w, times->patterns);
    if (times->more != NULL) {
        add_patterns(w, times->more);
    }
    w->stripe_count++;
}

/* Numbers of many blocks would fill their line: they are said to be in all. */
static void join_blocks(struct number_words *hashes) {
    size_t kept = 0;
    number_words_sort(hashes);
    for (size_t at = 0; at < hashes->count;) {
        uint64_t first = hashes->keys[at];
        size_t end = at + 1;
        while (end < hashes->count && hashes->keys[end] >> 8 == first >> 8) {
            end++;
        }
        if (end - at > MOST_LISTED) {
            hashes->keys[kept++] = first | ALL_BLOCKS;
            at = end;
        }
        while (at < end) {
            hashes->keys[kept++] = hashes->keys[at++];
        }
    }
    hashes->count = kept;
}

/* About as many as make "maybe" of the fewest words that are not there. */
static unsigned probes_of(uint64_t bits_a_hash) {
    uint64_t probes = (bits_a_hash * 9 + 8) / 16;
    return (unsigned)(probes > MOST_PROBES    ? MOST_PROBES
                      : probes < LEAST_PROBES ? LEAST_PROBES
                                              : probes);
}

void number_index_writer_end(struct buf *out, struct number_index_writer *w) {
    struct buf directory = BUF_INIT;
    struct buf lines = BUF_INIT;
    join_blocks(&w->hashes);
    unsigned bits = bits_a_word(w->hashes.count, w->bytes);
    unsigned probes = probes_of(bits);
    wire_put_u64(&directory, w->patterns.count);
    for (uint32_t i = 0; i < w->patterns.count; i++) {
        buf_add(&directory, intern_text(&w->patterns, i));
        wire_put_u64(&directory, w->masks[i]);
    }
    wire_put_u64(&directory, w->unlisted);
    wire_put_u64(&directory,
                 token_filter_encode(&lines, w->hashes.keys, w->hashes.count, bits, probes));
    wire_put_u64(&directory, probes);
    buf_add(&directory, buf_str(&w->stripes));
    size_t start = out->len;
    wire_put_fixed32(out, (uint32_t)directory.len);
    wire_put_fixed32(out, (uint32_t)hash_bytes(directory.ptr, directory.len));
    buf_add(out, buf_str(&directory));
    while ((out->len - start) % FILTER_LINE_BYTES != 0) {
        buf_putc(out, 0);
    }
    buf_add(out, buf_str(&lines));
    buf_fini(&directory);
    buf_fini(&lines);
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
        return STATUS_NOT_FOUND;
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

/* The filter, as it is asked. */
struct number_filter {
    const struct number_index *index;
    uint64_t lines;
    unsigned probes;
    uint64_t last; /* place of `line`; UINT64_MAX: none was read */
    uint8_t line[FILTER_LINE_BYTES];
};

static enum token_answer ask_filter(struct number_filter *f, uint64_t hash) {
    if (f->lines == 0) {
        return TOKEN_ABSENT;
    }
    uint64_t at = f->index->lines_offset + token_filter_line(f->lines, hash);
    if (at != f->last && (!index_source_read(&f->index->source, f->line, sizeof f->line, at) ||
                          !token_line_is_whole(f->line))) {
        return TOKEN_DAMAGED;
    }
    f->last = at;
    return token_line_may_have(f->line, hash, f->probes) ? TOKEN_MAYBE : TOKEN_ABSENT;
}

/* Blocks of a stripe that have the key by the filter. */
static enum status ask_blocks(uint8_t *out, struct number_filter *f, uint64_t key,
                              uint32_t stripe) {
    for (uint32_t block = 0; block < f->index->block_count; block++) {
        uint64_t hash = block_hash(key, stripe * SEGMENT_STRIPE_BLOCKS + block);
        enum token_answer answer = ask_filter(f, hash);
        if (answer == TOKEN_DAMAGED) {
            return STATUS_DAMAGED;
        }
        *out |= (uint8_t)(answer == TOKEN_MAYBE ? 1U << block : 0);
    }
    return STATUS_OK;
}

/* Blocks whose times a pattern may print. */
static uint8_t take_block_times(struct wire *w, const struct asked *a, uint32_t stripe) {
    struct str list = wire_str(w);
    struct wire times = wire_make(list.ptr, a->time_count == 0 ? 0 : list.len);
    int64_t low = 0;
    unsigned blocks = 0;
    uint64_t count = a->time_count == 0 ? 0 : wire_count(&times, SEGMENT_STRIPE_BLOCKS);
    for (uint64_t i = 0; i < count; i++) {
        low = (int64_t)((uint64_t)low + (uint64_t)wire_i64(&times));
        int64_t high = (int64_t)((uint64_t)low + wire_u64(&times));
        blocks |= times_may_print(a, stripe, low, high) ? 1U << i : 0;
    }
    w->failed = w->failed || times.failed;
    return (uint8_t)blocks;
}

/* Mostly no stretch of the stripe is near the key: then none is looked at. */
static uint8_t take_all_stretches(struct wire *w, uint64_t key) {
    struct str lists = wire_str(w);
    uint64_t first = lists.len == 0 ? 0 : wire_u64(w);
    uint64_t length = lists.len == 0 ? 0 : wire_u64(w);
    unsigned blocks = 0;
    if (lists.len == 0 || key < first || key - first > length) {
        return 0;
    }
    struct wire list = wire_make(lists.ptr, lists.len);
    for (uint32_t block = 0; block < SEGMENT_STRIPE_BLOCKS; block++) {
        blocks |= take_stretches(&list, key) ? 1U << block : 0;
    }
    w->failed = w->failed || list.failed;
    return (uint8_t)blocks;
}

static enum status ask_stripe(struct index_blocks *out, const struct asked *a, struct wire *w,
                              struct number_filter *f, uint32_t stripe) {
    out->of_stripe[stripe] |= take_block_times(w, a, stripe);
    out->listed[stripe] |= take_all_stretches(w, a->key);
    return w->failed ? STATUS_DAMAGED : ask_blocks(&out->listed[stripe], f, a->key, stripe);
}

/* Takes what is said of the filter for all stripes, and asks it for the key of all blocks. */
static enum status begin_filter(struct index_blocks *out, struct number_filter *f, struct wire *w,
                                uint64_t key) {
    f->lines = wire_count(w, (f->index->end - f->index->lines_offset) / FILTER_LINE_BYTES);
    f->probes = (unsigned)wire_count(w, MOST_PROBES);
    if (w->failed) {
        return STATUS_DAMAGED;
    }
    enum token_answer answer = ask_filter(f, block_hash(key, ALL_BLOCKS));
    memset(out->listed, answer == TOKEN_MAYBE ? UINT8_MAX : 0, sizeof out->listed);
    return answer == TOKEN_DAMAGED ? STATUS_DAMAGED : STATUS_OK;
}

enum status number_index_ask(struct index_blocks *out, const struct number_index *index,
                             struct str word) {
    struct asked a = {.word = word, .key = number_word_key(word)};
    struct wire w = wire_make(index->directory.ptr + HEAD_BYTES, index->directory.len - HEAD_BYTES);
    struct number_filter f = {.index = index, .last = UINT64_MAX};
    enum status status = index->lines_offset <= index->end ? STATUS_OK : STATUS_DAMAGED;
    memset(out, 0, sizeof *out);
    uint32_t unlisted = take_patterns(&a, &w);
    status = status == STATUS_OK ? begin_filter(out, &f, &w, a.key) : status;
    for (uint32_t i = 0; i < index->stripe_count && status == STATUS_OK; i++) {
        out->of_stripe[i] = (unlisted >> i & 1) != 0 ? UINT8_MAX : 0;
        status = ask_stripe(out, &a, &w, &f, i);
        out->of_stripe[i] |= out->listed[i];
    }
    mem_free(a.times);
    mem_free(a.masks);
    mem_free(a.are_before);
    return status;
}
