/*
 * Speed and size of the store on one text file, its lines taken as unknown ones.
 *   bench_store FILE STORE_DIR WORD
 * prints MB/s of append + commit, bytes on disk against the raw bytes, the time of a full scan that
 * rebuilds all raw bytes, and the time to find WORD from opening the store on.
 */
#include <stdio.h>

#include "clock.h"
#include "expr_build.h"
#include "input_file.h"
#include "store.h"

enum { LINES_A_BATCH = 16384 };

static double seconds_since(int64_t start_ns) {
    return (double)(clock_mono_ns() - start_ns) / 1e9;
}

static void die(const struct err *err) {
    (void)fprintf(stderr, "bench_store: %s\n", err->message);
    _Exit(5);
}

static size_t add_lines(struct batch *b, struct str *rest) {
    batch_clear(b);
    uint32_t source = intern_add(&b->names, STR("bench"));
    while (rest->len > 0 && b->row_count < LINES_A_BATCH) {
        size_t end = str_find_char(*rest, '\n');
        struct str line = str_head(*rest, end == STR_NONE ? rest->len : end + 1);
        size_t off = b->raw.len;
        buf_add(&b->raw, line);
        struct row *row = batch_row_begin(b, off, line.len);
        row->source = source;
        row->time_ns = 0;
        row->receive_ns = 0;
        row->flags = ROW_UNPARSED;
        *rest = str_skip(*rest, line.len);
    }
    return b->row_count;
}

static void bench_import(const char *dir, struct str text) {
    struct err err = ERR_INIT;
    struct store *s = NULL;
    struct store_options o = {.path = dir, .mode = STORE_BULK, .create = true};
    int64_t start = clock_mono_ns();
    if (store_open(&s, &o, &err) != STATUS_OK) {
        die(&err);
    }
    struct batch b;
    batch_init(&b);
    struct str rest = text;
    while (add_lines(&b, &rest) > 0) {
        if (store_append(s, &b, &err) != STATUS_OK) {
            die(&err);
        }
    }
    if (store_commit(s, &err) != STATUS_OK) {
        die(&err);
    }
    double seconds = seconds_since(start);
    struct store_stat stat;
    store_get_stat(s, DATASET_COUNT, &stat);
    (void)printf("import_mb_s %.1f\ndisk_ratio %.4f\nindex_share %.4f\nsegments %llu\n",
                 (double)text.len / 1e6 / seconds, (double)stat.disk_bytes / (double)text.len,
                 (double)stat.index_bytes / (double)stat.disk_bytes,
                 (unsigned long long)stat.segments);
    batch_fini(&b);
    store_close(&s);
}

/* Opens the store and counts the rows and raw bytes that match. */
static void bench_scan(const char *name, const char *dir, const struct expr *filter, bool raw) {
    struct err err = ERR_INIT;
    struct store *s = NULL;
    struct store_scan *scan = NULL;
    struct store_options o = {.path = dir, .mode = STORE_READ};
    struct store_scan_options so = STORE_SCAN_ALL;
    so.filter = filter;
    so.want_raw = raw;
    int64_t start = clock_mono_ns();
    if (store_open(&s, &o, &err) != STATUS_OK ||
        store_scan_open(&scan, s, &so, &err) != STATUS_OK) {
        die(&err);
    }
    struct batch b;
    batch_init(&b);
    bool more = true;
    uint64_t rows = 0;
    uint64_t bytes = 0;
    while (more) {
        if (store_scan_next(scan, &b, &more, &err) != STATUS_OK) {
            die(&err);
        }
        rows += b.row_count;
        bytes += b.raw.len;
    }
    double seconds = seconds_since(start);
    const struct store_scan_stats *stats = store_scan_get_stats(scan);
    (void)printf("%s_ms %.2f rows %llu mb_s %.1f segments_pruned %llu/%llu\n", name, seconds * 1e3,
                 (unsigned long long)rows, (double)bytes / 1e6 / seconds,
                 (unsigned long long)stats->segments_pruned,
                 (unsigned long long)stats->segments_total);
    batch_fini(&b);
    store_scan_close(&scan);
    store_close(&s);
}

int main(int argc, char **argv) {
    struct err err = ERR_INIT;
    struct input_file file;
    if (argc != 4) {
        (void)fputs("usage: bench_store FILE STORE_DIR WORD\n", stderr);
        return 2;
    }
    if (input_file_open(&file, argv[1], &err) != STATUS_OK) {
        die(&err);
    }
    bench_import(argv[2], str_make((const char *)file.bytes, file.size_bytes));
    struct expr_set *set = expr_set_create();
    struct expr *word = NULL;
    struct expr_leaf_spec spec = {
        .on_text = true, .test = EXPR_WORDS, .value = str_from_c(argv[3])};
    if (expr_make_leaf(&word, set, &spec, &err) != STATUS_OK) {
        die(&err);
    }
    bench_scan("scan_all", argv[2], NULL, true);
    bench_scan("word", argv[2], word, true);
    expr_set_destroy(&set);
    input_file_close(&file);
    return 0;
}
