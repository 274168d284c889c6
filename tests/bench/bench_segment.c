/*
 * Writing segments again: reads the rows of segment files of one dataset in the given order, puts
 * them through a builder, and says sizes and speed.
 *   bench_segment fast|deep OUT_FOLDER FILE.seg...
 * prints MB/s of raw bytes (reading apart from building), bytes before and after, and checks that
 * the rows that come out are those that went in (raw bytes and values).
 */
#include <stdio.h>
#include <time.h>

#include "block.h"
#include "hash.h"
#include "mem.h"
#include "segment_builder.h"

struct bench {
    struct segment_builder *builder;
    enum segment_effort effort;
    const char *folder;
    uint64_t outputs;
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t index_out;
    uint64_t raw_bytes;
    size_t memory;
    int64_t build_ns;
    uint64_t rows_in;
    uint64_t hash_in;
    uint64_t rows_out;
    uint64_t hash_out;
};

/* CPU time: other work on the machine does not count. */
static int64_t cpu_ns(void) {
    struct timespec t;
    return clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0 ? t.tv_sec * 1000000000L + t.tv_nsec
                                                            : 0;
}

static void die(const struct err *err) {
    (void)fprintf(stderr, "bench_segment: %s\n", err->message);
    _Exit(5);
}

/* Order-free sum of hashes over rows: raw bytes, times and values. */
static uint64_t row_hash(const struct batch *b, const struct row *row) {
    uint64_t hash =
        hash_str(batch_raw(b, row)) ^ hash_u64((uint64_t)row->time_ns) ^ hash_u64(row->arrival * 3);
    for (uint32_t i = 0; i < row->value_count; i++) {
        const struct value *v = &b->values[row->first_value + i];
        hash = hash_u64(hash ^ hash_str(batch_value_text(b, v)) ^ v->field);
    }
    return hash;
}

static void finish(struct bench *m) {
    struct buf bytes = BUF_INIT;
    struct segment_info info;
    char path[4096];
    int64_t start = cpu_ns();
    segment_builder_finish(&bytes, &info, m->builder);
    m->build_ns += cpu_ns() - start;
    (void)snprintf(path, sizeof path, "%s/%010llu.seg", m->folder,
                   (unsigned long long)m->outputs++);
    m->bytes_out += bytes.len;
    m->index_out += info.index_bytes;
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(bytes.ptr, 1, bytes.len, f) != bytes.len || fclose(f) != 0) {
        (void)fprintf(stderr, "bench_segment: cannot write %s\n", path);
        _Exit(5);
    }
    buf_fini(&bytes);
}

static void add_row(struct bench *m, const struct batch *b) {
    const struct row *row = &b->rows[0];
    m->hash_in += row_hash(b, row);
    m->rows_in++;
    m->raw_bytes += row->raw_len;
    if (m->builder == NULL) {
        m->builder = segment_builder_create((enum dataset)row->dataset, m->effort);
    }
    int64_t start = cpu_ns();
    segment_builder_add(m->builder, b, row);
    m->build_ns += cpu_ns() - start;
    if (segment_builder_is_full(m->builder)) {
        size_t memory = segment_builder_memory(m->builder);
        m->memory = memory > m->memory ? memory : m->memory;
        finish(m);
    }
}

static void count_row(struct bench *m, const struct batch *b) {
    m->hash_out += row_hash(b, &b->rows[0]);
    m->rows_out++;
}

/* Calls `sink` for every row of the file. */
static uint64_t read_rows(struct bench *m, const char *path,
                          void (*sink)(struct bench *m, const struct batch *b)) {
    static const struct block_wants wants = {.raw = true, .all_fields = true};
    struct err err = ERR_INIT;
    struct segment *s = NULL;
    struct batch row;
    batch_init(&row);
    if (segment_open(&s, path, &err) != STATUS_OK) {
        die(&err);
    }
    for (size_t i = 0; i < s->block_count; i++) {
        struct block b;
        if (block_open(&b, s, i, &err) != STATUS_OK) {
            die(&err);
        }
        for (uint32_t at = 0; at < b.info->rows; at++) {
            batch_clear(&row);
            if (block_take_row(&row, &b, at, &wants, &err) != STATUS_OK) {
                die(&err);
            }
            sink(m, &row);
        }
        block_close(&b);
    }
    uint64_t bytes = s->map.size_bytes;
    segment_close(&s);
    batch_fini(&row);
    return bytes;
}

int main(int argc, char **argv) {
    if (argc < 4) {
        (void)fputs("usage: bench_segment fast|deep OUT_FOLDER FILE.seg...\n", stderr);
        return 2;
    }
    struct bench m = {.effort =
                          str_eq(str_from_c(argv[1]), STR("deep")) ? EFFORT_DEEP : EFFORT_FAST,
                      .folder = argv[2]};
    for (int i = 3; i < argc; i++) {
        m.bytes_in += read_rows(&m, argv[i], add_row);
    }
    if (m.builder != NULL && segment_builder_rows(m.builder) > 0) {
        finish(&m);
    }
    segment_builder_destroy(&m.builder);
    int64_t start = cpu_ns();
    for (uint64_t i = 0; i < m.outputs; i++) {
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/%010llu.seg", m.folder, (unsigned long long)i);
        (void)read_rows(&m, path, count_row);
    }
    double read_s = (double)(cpu_ns() - start) / 1e9;
    double mb = (double)m.raw_bytes / 1e6;
    (void)printf("raw_mb %.1f rows %llu segments %llu bytes_in %llu bytes_out %llu index %llu"
                 " build_mb_s %.1f read_mb_s %.1f memory_mb %.1f same %s\n",
                 mb, (unsigned long long)m.rows_in, (unsigned long long)m.outputs,
                 (unsigned long long)m.bytes_in, (unsigned long long)m.bytes_out,
                 (unsigned long long)m.index_out, mb / ((double)m.build_ns / 1e9), mb / read_s,
                 (double)m.memory / 1e6,
                 m.rows_in == m.rows_out && m.hash_in == m.hash_out ? "yes" : "NO");
    return m.rows_in == m.rows_out && m.hash_in == m.hash_out ? 0 : 1;
}
