#include "chunk_writer.h"

#include "byte_parts.h"
#include "intpack.h"

enum {
    LEVEL_QUICK = 1, /* zstd levels */
    LEVEL_SEAL_TEXTS = 3,
    LEVEL_SEAL_CODES = 5,
    LEVEL_MIDDLE = 6,
    LEVEL_MOST = 17,    /* 19 takes twice the time for 0.1 % */
    GUESS_MARGIN = 4,   /* guessing must save a quarter: codes gain more from effort, */
    GUESS_VALUES = 128, /* ... and a byte of so many values: readers pay for it */
    LEARN_BYTES = 256,  /* of a chunk that can teach */
    PARTS_GAIN = 16,    /* bytes that packing in parts must save */
    BITS_COUNT = 4096,  /* numbers that are worth bits: reading few of them takes no time anyway */
    BITS_LOSS = 5       /* ... which may take a fifth more bytes than zstd's */
};

/* Stored bytes of a coding, quickly. */
static size_t quick_size(struct segment_writer *w, struct str plain) {
    buf_clear(&w->packed);
    zstd_frame_pack(w->zstd, &w->packed, plain, LEVEL_QUICK);
    return w->packed.len;
}

/* Appends them in the form that becomes smallest; returns how small, 0: not known. */
static size_t add_smallest(struct segment_writer *w, const int64_t *numbers, size_t count) {
    if (w->effort == EFFORT_FAST || count < 16) {
        intpack_encode(&w->plain, numbers, count);
        return 0;
    }
    size_t start = w->plain.len;
    size_t best = SIZE_MAX;
    enum intpack_form best_form = INTPACK_OFFSET;
    for (int form = INTPACK_CONSTANT; form < INTPACK_BITS; form++) {
        w->plain.len = start;
        if (!intpack_encode_as(&w->plain, numbers, count, (enum intpack_form)form)) {
            continue;
        }
        size_t size = quick_size(w, str_make(w->plain.ptr + start, w->plain.len - start));
        if (size < best) {
            best = size;
            best_form = (enum intpack_form)form;
        }
        if (form == INTPACK_CONSTANT) {
            return 0;
        }
    }
    w->plain.len = start;
    (void)intpack_encode_as(&w->plain, numbers, count, best_form);
    return best;
}

void chunk_add_numbers(struct segment_writer *w, const int64_t *numbers, size_t count) {
    (void)add_smallest(w, numbers, count);
}

void chunk_add_only_numbers(struct segment_writer *w, const int64_t *numbers, size_t count,
                            bool is_field) {
    size_t start = w->plain.len;
    size_t packed = add_smallest(w, numbers, count);
    size_t plain = w->plain.len - start;
    w->is_final = false;
    if (!is_field || packed == 0 || count < BITS_COUNT || packed == plain) {
        return;
    }
    size_t limit = packed + packed / BITS_LOSS;
    struct buf best = BUF_INIT;
    for (int form = INTPACK_BITS; form <= INTPACK_STEPS; form++) {
        size_t before = w->plain.len;
        (void)intpack_encode_as(&w->plain, numbers, count, (enum intpack_form)form);
        size_t len = w->plain.len - before;
        if (len <= limit) {
            limit = len - 1;
            buf_clear(&best);
            buf_append(&best, w->plain.ptr + before, len);
        }
        w->plain.len = before;
    }
    if (best.len > 0) {
        w->plain.len = start;
        buf_add(&w->plain, buf_str(&best));
        w->is_final = true;
    }
    buf_fini(&best);
}

/* Codes of a block. */
struct codes {
    const int64_t *numbers;
    size_t count;
    bool is_field;
};

static size_t add_flagged(struct segment_writer *w, size_t start, char flag,
                          const struct codes *codes) {
    w->plain.len = start;
    buf_putc(&w->plain, flag);
    chunk_add_only_numbers(w, codes->numbers, codes->count, codes->is_field);
    struct str added = str_make(w->plain.ptr + start, w->plain.len - start);
    return w->is_final ? added.len : quick_size(w, added);
}

void chunk_add_guessed(struct segment_writer *w, const int64_t *codes, const int64_t *residuals,
                       size_t count, bool is_field) {
    struct codes all = {codes, count, is_field};
    struct codes wrong = {residuals, count, is_field};
    size_t start = w->plain.len;
    size_t guessed = residuals != NULL ? add_flagged(w, start, 1, &wrong) : SIZE_MAX / 2;
    size_t plain = add_flagged(w, start, 0, &all);
    size_t margin = guessed / GUESS_MARGIN + (is_field ? count / GUESS_VALUES : 0);
    if (guessed + margin < plain) {
        (void)add_flagged(w, start, 1, &wrong);
    }
}

void chunk_add_texts(struct segment_writer *w, const struct text_array *texts) {
    size_t start = w->plain.len;
    size_t best = SIZE_MAX;
    enum text_encoding best_encoding = TEXT_PLAIN;
    for (int e = 0; e < TEXT_ENCODING_COUNT && w->effort == EFFORT_DEEP && texts->count > 8; e++) {
        w->plain.len = start;
        if (!text_encode(&w->plain, texts, (enum text_encoding)e)) {
            continue;
        }
        size_t size = quick_size(w, str_make(w->plain.ptr + start, w->plain.len - start));
        if (size < best) {
            best = size;
            best_encoding = (enum text_encoding)e;
        }
    }
    w->plain.len = start;
    (void)text_encode(&w->plain, texts, best_encoding);
}

static size_t packed_size(struct segment_writer *w, int level) {
    buf_clear(&w->packed);
    zstd_frame_pack(w->zstd, &w->packed, buf_str(&w->plain), level);
    return w->packed.len;
}

static size_t packed_in_parts(struct segment_writer *w, int level) {
    buf_clear(&w->packed);
    zstd_frame_pack_parts(w->zstd, &w->packed, buf_str(&w->plain), level);
    return w->packed.len;
}

/* What packing left in w->packed is what the chunk will be. */
static void keep_learned(struct segment_writer *w) {
    struct buf kept = w->packed;
    w->packed = w->learned;
    w->learned = kept;
}

/* Many columns of numbers have no repetitions that effort finds: then it is not spent. Others have
 * planes of different natures. Most columns of small segments have one chunk: it is not packed
 * again. */
static struct chunk_habit learn_habit(struct segment_writer *w) {
    size_t quick = packed_size(w, LEVEL_QUICK);
    size_t middle = packed_size(w, LEVEL_MIDDLE);
    size_t most = packed_size(w, LEVEL_MOST);
    size_t best = middle < quick ? middle : quick;
    struct chunk_habit habit = {.level = middle < quick ? LEVEL_MIDDLE : LEVEL_QUICK};
    if (most + most / 100 < quick && most < middle) {
        habit.level = LEVEL_MOST;
        best = most;
        keep_learned(w);
    }
    if (byte_part(buf_str(&w->plain)) == w->plain.len || packed_in_parts(w, LEVEL_QUICK) >= quick) {
        return habit;
    }
    habit.in_parts = packed_in_parts(w, habit.level) + PARTS_GAIN <= best;
    if (habit.in_parts) {
        keep_learned(w);
    }
    return habit;
}

/* Sealing: codes gain from more effort, numbers hardly. */
static const int seal_levels[] = {[CHUNK_OF_CODES] = LEVEL_SEAL_CODES,
                                  [CHUNK_OF_NUMBERS] = LEVEL_QUICK,
                                  [CHUNK_OF_TEXT] = LEVEL_SEAL_TEXTS};

void chunk_put(struct segment_writer *w, struct buf *directory, enum chunk_kind kind,
               struct chunk_habit *habit) {
    bool is_text = kind == CHUNK_OF_TEXT;
    struct chunk_habit use = {.level = seal_levels[kind]};
    if (w->effort == EFFORT_DEEP) {
        use.level = LEVEL_MOST;
        if (!is_text && habit->level == 0 && w->plain.len > LEARN_BYTES && !w->is_final) {
            *habit = learn_habit(w);
        }
        if (!is_text && habit->level != 0) {
            use = *habit;
        }
    }
    use.as_it_is = w->is_final;
    use.apart = !is_text && w->effort == EFFORT_FAST;
    w->is_final = false;
    segment_writer_put_chunk(w, directory, &w->plain, use);
}
