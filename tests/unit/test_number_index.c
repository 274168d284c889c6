/* The index of words of digits: what is in it is found, damage is seen, and time patterns say of
 * every word that they print that they can, at the instants at which they do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "bytes.h"
#include "hash.h"
#include "number_index.h"
#include "time_text.h"
#include "time_word.h"
#include "token.h"
#include "token_filter.h"

/* --- words --- */

static void test_words(void **state) {
    (void)state;
    struct number_words n = {.count = 0};
    static const char *const counts[] = {"123456",      "000123",  "99999999999999999999",
                                         "20260301t15", "123456z", "t123456"};
    static const char *const counts_not[] = {"12345", "12345z", "123456a", "tz", "", "123_456"};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        assert_true(number_word_counts(str_from_c(counts[i])));
    }
    for (size_t i = 0; i < sizeof counts_not / sizeof *counts_not; i++) {
        assert_false(number_word_counts(str_from_c(counts_not[i])));
    }
    number_words_add_text(&n, STR("id=123456 no=12345, x123456 20260301T150004Z 123456-7"));
    number_words_add_text(&n, STR("\xef\xbc\x91\xef\xbc\x92\xef\xbc\x93\xef\xbc\x94\xef\xbc\x95"
                                  "\xef\xbc\x96")); /* full-width 123456 */
    number_words_add_number(&n, 99999);
    number_words_add_number(&n, 100000);
    number_words_add_number(&n, UINT64_MAX);
    number_words_sort(&n);
    assert_int_equal(n.count, 4);
    assert_int_equal(n.keys[0], 100000);
    assert_int_equal(n.keys[1], 123456);
    assert_true(n.keys[2] >= NUMBER_WORD_HASHES);
    number_words_fini(&n);
}

/* --- the index in a file --- */

enum { STRIPES = 3, SPARSE = 2000 };

struct written {
    char path[64];
    struct segment_info info;
    struct file_reader file;
    struct number_index index;
};

#define PLENTY (UINT64_MAX / 8)

/* Stripe i: a counter from 1,000,000 (i + 1) with holes, and sparse numbers that are multiples of
 * i + 7; stripe 1 prints epoch seconds. */
static void write_index(struct buf *out, uint64_t bytes_a_stripe) {
    struct number_index_writer w = {.stripe_count = 0};
    struct intern patterns = INTERN_INIT;
    for (uint64_t i = 0; i < STRIPES; i++) {
        struct number_words words[SEGMENT_STRIPE_BLOCKS] = {{.count = 0}};
        for (uint64_t k = 0; k < SPARSE; k++) {
            number_words_add_number(&words[k / 256], 1000000 * (i + 1) + k * 3);
            number_words_add_number(&words[k % 8], 7000000 + k * 1000 * (i + 7));
        }
        number_words_add_text(&words[i], STR("007007007"));
        for (size_t k = 0; k < SEGMENT_STRIPE_BLOCKS && i < 2; k++) {
            number_words_add_text(&words[k], STR("31415926")); /* 16 blocks, told apart */
            number_words_add_text(&words[k], STR("27182818"));
        }
        number_words_add_text(&words[i], STR("27182818")); /* and one more: all of them */
        intern_clear(&patterns);
        if (i == 1) {
            number_index_pattern(&patterns, STR("%s.%3"), 0, false);
            number_index_pattern(&patterns, STR("%H:%M:%S"), 0, false); /* too short */
        }
        struct number_times times = {.patterns = &patterns, .block_count = 8};
        for (int64_t k = 0; k < 8; k++) { /* 12 seconds each, the last of one is the next's first */
            times.smallest[k] = INT64_C(1772377204) * NS_PER_SECOND + k * 12 * NS_PER_SECOND;
            times.largest[k] = times.smallest[k] + 12 * NS_PER_SECOND;
        }
        number_index_writer_add(&w, words, &times, bytes_a_stripe);
        for (size_t k = 0; k < SEGMENT_STRIPE_BLOCKS; k++) {
            assert_int_equal(words[k].count, 0);
            number_words_fini(&words[k]);
        }
    }
    assert_int_equal(w.patterns.count, 1);
    number_index_writer_end(out, &w);
    number_index_writer_fini(&w);
    intern_fini(&patterns);
}

static enum status open_bytes(struct written *w, struct str bytes) {
    struct err err = ERR_INIT;
    (void)snprintf(w->path, sizeof w->path, "/tmp/konseki-numbers-%d", (int)getpid());
    assert_int_equal(file_write_whole(w->path, FILE_APPEND, bytes, &err), STATUS_OK);
    w->info = (struct segment_info){
        .stripe_count = STRIPES, .rows = STRIPES * SEGMENT_STRIPE_ROWS, .index_bytes = bytes.len};
    assert_int_equal(file_reader_open(&w->file, w->path, &err), STATUS_OK);
    const struct index_source source = {.file = &w->file};
    return number_index_open(&w->index, &w->info, &source);
}

static void close_bytes(struct written *w) {
    file_reader_close(&w->file);
    (void)unlink(w->path);
}

/* The blocks of all stripes: 8 bits a stripe. */
static uint32_t ask(const struct written *w, const char *word) {
    struct index_blocks blocks;
    assert_int_equal(number_index_ask(&blocks, &w->index, str_from_c(word)), STATUS_OK);
    return blocks.of_stripe[0] | (uint32_t)blocks.of_stripe[1] << 8 |
           (uint32_t)blocks.of_stripe[2] << 16;
}

/* Where the words would take too much they get fewer bits, and all are still found. */
static void test_little_room(void **state) {
    (void)state;
    struct buf much = BUF_INIT;
    struct buf little = BUF_INIT;
    struct written w;
    char word[32];
    write_index(&much, PLENTY);
    write_index(&little, 0);
    assert_true(little.len < much.len * 2 / 3);
    assert_int_equal(open_bytes(&w, buf_str(&little)), STATUS_OK);
    for (uint64_t i = 0; i < STRIPES; i++) {
        for (uint64_t k = 0; k < SPARSE; k++) {
            (void)snprintf(word, sizeof word, "%d", (int)(7000000 + k * 1000 * (i + 7)));
            assert_int_equal(ask(&w, word) >> (8 * i + k % 8) & 1, 1);
        }
    }
    number_index_close(&w.index);
    close_bytes(&w);
    buf_fini(&much);
    buf_fini(&little);
}

static void test_found(void **state) {
    (void)state;
    struct buf bytes = BUF_INIT;
    struct written w;
    char word[32];
    uint32_t wrong = 0;
    write_index(&bytes, PLENTY);
    assert_int_equal(bytes.len % FILTER_LINE_BYTES, 0);
    assert_true(bytes.len < STRIPES * SPARSE * 17 / 4); /* the counters take next to nothing */
    assert_int_equal(open_bytes(&w, buf_str(&bytes)), STATUS_OK);
    for (uint64_t i = 0; i < STRIPES; i++) {
        for (uint64_t k = 0; k < SPARSE; k++) {
            (void)snprintf(word, sizeof word, "%d", (int)(1000000 * (i + 1) + k * 3));
            assert_int_equal(ask(&w, word) >> (8 * i + k / 256) & 1, 1);
            (void)snprintf(word, sizeof word, "%d", (int)(7000000 + k * 1000 * (i + 7)));
            assert_int_equal(ask(&w, word) >> (8 * i + k % 8) & 1, 1);
            (void)snprintf(word, sizeof word, "%d", (int)(500000 * (i + 1) + k * 7 + 1));
            wrong += ask(&w, word) != 0;
        }
    }
    assert_true(wrong < STRIPES * SPARSE / 5); /* some lie in the counters */
    assert_int_equal(ask(&w, "007007007"), 1 | 2 << 8 | 4 << 16);
    assert_int_equal(ask(&w, "31415926"), 0xffff);
    assert_int_equal(ask(&w, "27182818"), 0xffffff);
    assert_int_equal(ask(&w, "1772377204"), 0x0100);
    assert_int_equal(ask(&w, "1772377216"), 0x0300);
    assert_int_equal(ask(&w, "1772377300"), 0x8000);
    assert_int_equal(ask(&w, "1772377301"), 0);
    number_index_close(&w.index);
    close_bytes(&w);
    buf_fini(&bytes);
}

/* Any changed byte of the directory, and of the line that is asked, is seen; a cut file too. */
static void test_damage(void **state) {
    (void)state;
    struct buf bytes = BUF_INIT;
    write_index(&bytes, PLENTY);
    uint32_t directory = bytes_le32(bytes.ptr);
    for (uint32_t at = 0; at < directory + 8; at += 1 + at / 16) {
        struct written w;
        bytes.ptr[at] ^= 64;
        assert_int_equal(open_bytes(&w, buf_str(&bytes)), STATUS_DAMAGED);
        close_bytes(&w);
        bytes.ptr[at] ^= 64;
    }
    for (size_t at = (directory + 8 + 63) / 64 * 64; at < bytes.len; at += 64) {
        bytes.ptr[at] ^= 1;
    }
    struct written w;
    struct index_blocks blocks;
    assert_int_equal(open_bytes(&w, buf_str(&bytes)), STATUS_OK);
    assert_int_equal(number_index_ask(&blocks, &w.index, STR("555555")), STATUS_DAMAGED);
    number_index_close(&w.index);
    close_bytes(&w);
    size_t lines = (directory + 8 + 63) / 64 * 64;
    assert_int_equal(open_bytes(&w, str_make(bytes.ptr, lines)), STATUS_OK); /* no lines */
    assert_int_equal(number_index_ask(&blocks, &w.index, STR("555555")), STATUS_DAMAGED);
    number_index_close(&w.index);
    const struct index_source source = {.file = &w.file};
    w.info.index_bytes = 0;
    assert_int_equal(number_index_open(&w.index, &w.info, &source), STATUS_NOT_FOUND);
    w.info.index_bytes = bytes.len * 2;
    w.info.filter_offset = UINT64_MAX - 100;
    assert_int_equal(number_index_open(&w.index, &w.info, &source), STATUS_DAMAGED);
    close_bytes(&w);
    buf_fini(&bytes);
}

/* --- times --- */

static const char *const patterns[] = {
    "%s%9",
    "%s.%3",
    "%s",
    "%Y%m%dT%H%M%SZ",
    "%Y%m%d%H%M%S",
    "%y%m%d %H%M%S",
    "%Y-%m-%dT%H:%M:%S.%9Z",
    "%Y-%m-%dT%H:%M:%S.%6%z",
    "%b %e %H%M%S.%6",
    "%Y%j%Z",
    "%D%L%Y%K%M%S",
    "<%d%m%Y-%k%M%S%3>",
    "%Y%e%H%M%S",
    "x%s 12%H%M%S",
    "%%123456 %Q%H%M%S%",
};

enum { PATTERNS = sizeof patterns / sizeof *patterns };

struct random {
    uint64_t state;
};

static uint64_t random_next(struct random *r) {
    r->state += UINT64_C(0x9e3779b97f4a7c15);
    return hash_u64(r->state);
}

static int64_t random_time(struct random *r) {
    static const int64_t edges[] = {0, -1, INT64_MIN + 1, INT64_MAX, -NS_PER_SECOND};
    uint64_t kind = random_next(r) % 32;
    int64_t t = (int64_t)random_next(r);
    if (kind < sizeof edges / sizeof *edges) {
        return edges[kind];
    }
    return kind > 24 ? t : INT64_C(1772377204) * NS_PER_SECOND + t % (400 * NS_PER_DAY);
}

/* Checks all zoned words of one text; returns their number. */
static unsigned check_words(struct str text, struct str pattern, int32_t zone, int64_t t) {
    struct buf folded = BUF_INIT;
    struct str word;
    unsigned count = 0;
    fold_text(&folded, text);
    struct str rest = buf_str(&folded);
    while (token_next(&word, &rest)) {
        struct time_word w;
        if (!token_is_zoned(word)) {
            continue;
        }
        bool makes = time_word_make(&w, pattern, zone, word);
        if (!makes || !time_word_at(&w, t) || !time_word_in(&w, INT64_MIN, t) ||
            !time_word_in(&w, t - (t > 0 ? 1 : 0), INT64_MAX)) {
            fail_msg("%.*s prints %.*s at %lld, zone %d", STR_ARG(pattern), STR_ARG(word),
                     (long long)t, zone);
        }
        assert_true(!number_word_counts(word) ||
                    time_pattern_has_word(pattern, NUMBER_WORD_DIGITS));
        count++;
    }
    buf_fini(&folded);
    return count;
}

static void test_times_are_known(void **state) {
    (void)state;
    static const int32_t zones[] = {0, 32400, -12600, 86400, -86400};
    struct random r = {5};
    struct buf text = BUF_INIT;
    unsigned words = 0;
    for (int round = 0; round < 20000; round++) {
        struct str pattern = str_from_c(patterns[random_next(&r) % PATTERNS]);
        int32_t zone = zones[random_next(&r) % 5];
        int64_t t = random_time(&r);
        buf_clear(&text);
        time_text_print(&text, pattern, zone, t, NULL);
        words += check_words(buf_str(&text), pattern, zone, t);
    }
    assert_true(words > 20000);
    buf_fini(&text);
}

/* And it says so of few others: times of another second, day or year. */
static void test_times_are_told_apart(void **state) {
    (void)state;
    static const struct {
        const char *pattern;
        const char *word;
        bool makes;
        bool at; /* 2026-03-01T15:00:04.391600352Z */
        bool next_day;
    } cases[] = {
        {"%s%9", "1772377204391600352", true, true, false},
        {"%s%9", "1772377204391600353", true, false, false},
        {"%s%9", "177237720439160035", true, false, false},
        {"%s.%3", "1772377204", true, true, false},
        {"%s.%3", "000123", true, false, false},
        {"%Y%m%d", "20260301", true, true, false},
        {"%Y%m%d", "20260302", true, false, true},
        {"%Y%m%d", "20261301", false, false, false},
        {"%y%m%d", "260301", true, true, false},
        {"%H%M%S", "150004", true, true, true},
        {"%H%M%S", "150005", true, false, false},
        {"%H:%M:%S", "150004", false, false, false},
        {"%S.%6Z", "391600z", true, true, true},
        {"%S.%6Z", "391601z", true, false, false},
        {"%Y%m%dT%H%M%SZ", "20260301t150004z", true, true, false},
        {"%Y%m%dT%H%M%SZ", "20260301t150005z", true, false, false},
        {"%d%m%Y", "01032026", true, true, false},
    };
    const int64_t t = INT64_C(1772377204391600352);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct time_word w;
        struct str pattern = str_from_c(cases[i].pattern);
        assert_int_equal(time_word_make(&w, pattern, 0, str_from_c(cases[i].word)), cases[i].makes);
        assert_int_equal(time_word_at(&w, t), cases[i].at);
        assert_int_equal(time_word_at(&w, t + NS_PER_DAY), cases[i].next_day);
        assert_int_equal(time_word_in(&w, t - 1, t), cases[i].at);
    }
    assert_false(time_pattern_has_word(STR("%Y-%m-%dT%H:%M:%S.%3Z"), 6));
    assert_false(time_pattern_has_word(STR("%b%H%M%S"), 6)); /* a letter: no zoned word */
    assert_true(time_pattern_has_word(STR("%H%M%S"), 6));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),           cmocka_unit_test(test_found),
        cmocka_unit_test(test_little_room),     cmocka_unit_test(test_damage),
        cmocka_unit_test(test_times_are_known), cmocka_unit_test(test_times_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
