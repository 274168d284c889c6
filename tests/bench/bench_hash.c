/*
 * What hashing costs, by itself.
 *   bench_hash STORE TEXT_FOLDER
 * prints one JSON object, each with bytes and seconds of processor time: `checksums` (XXH3 over
 * every byte of the store's segments: what the checksums of their blocks cost to write), `segments`
 * (SHA-256 over the same: what a checkpoint signs), `leaves` (leaf hashes of the lines of the
 * files, with the tree over them).
 */
#include <stdio.h>
#include <time.h>

#include "buf.h"
#include "file_io.h"
#include "hash.h"
#include "input_file.h"
#include "leaf.h"
#include "merkle.h"

enum { PIECE_BYTES = 4096 }; /* about a chunk */

struct cost {
    uint64_t bytes;
    int64_t ns;
};

struct costs {
    struct cost checksums;
    struct cost segments;
    struct cost leaves;
    uint64_t rows;
    uint64_t mixed; /* so that nothing is left out by the compiler */
    struct merkle tree;
};

static int64_t cpu_ns(void) {
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Reading the pages of a file is no part of hashing it. */
static void touch(struct costs *c, const uint8_t *bytes, uint64_t len) {
    for (uint64_t at = 0; at < len; at += PIECE_BYTES) {
        c->mixed += bytes[at];
    }
}

static enum status add_segment(const char *path, void *ctx) {
    struct costs *c = ctx;
    struct err err = ERR_INIT;
    struct file_map map;
    enum status status = file_map(&map, path, true, &err);
    if (status != STATUS_OK) {
        return status;
    }
    touch(c, map.bytes, map.size_bytes);
    int64_t start = cpu_ns();
    for (uint64_t at = 0; at < map.size_bytes; at += PIECE_BYTES) {
        uint64_t left = map.size_bytes - at;
        c->mixed += hash_bytes(map.bytes + at, left < PIECE_BYTES ? (size_t)left : PIECE_BYTES);
    }
    c->checksums.ns += cpu_ns() - start;
    c->checksums.bytes += map.size_bytes;
    uint8_t hash[SHA256_BYTES];
    start = cpu_ns();
    sha256_of(hash, str_make((const char *)map.bytes, (size_t)map.size_bytes));
    c->segments.ns += cpu_ns() - start;
    c->segments.bytes += map.size_bytes;
    c->mixed += hash[0];
    file_unmap(&map);
    return STATUS_OK;
}

static void add_lines(struct costs *c, struct str rest) {
    int64_t start = cpu_ns();
    while (rest.len > 0) {
        size_t end = str_find_char(rest, '\n');
        struct str line = str_head(rest, end == STR_NONE ? rest.len : end + 1);
        const struct leaf leaf = {STR("bench"), ++c->rows, start, line};
        uint8_t hash[SHA256_BYTES];
        leaf_hash(hash, &leaf);
        merkle_add(&c->tree, hash);
        rest = str_skip(rest, line.len);
    }
    c->leaves.ns += cpu_ns() - start;
}

static enum status add_text(const char *path, void *ctx) {
    struct costs *c = ctx;
    struct err err = ERR_INIT;
    struct input_file file;
    enum status status = input_file_open(&file, path, &err);
    if (status == STATUS_OK) {
        c->leaves.bytes += file.size_bytes;
        touch(c, file.bytes, file.size_bytes);
        add_lines(c, str_make((const char *)file.bytes, file.size_bytes));
        input_file_close(&file);
    }
    return status;
}

static void report(const char *path, const struct err *err, void *ctx) {
    (void)ctx;
    (void)fprintf(stderr, "bench_hash: %s: %s\n", path, err->message);
}

static void print(const char *name, const struct cost *cost, const char *end) {
    (void)printf("\"%s\":{\"bytes\":%llu,\"seconds\":%.6f}%s", name,
                 (unsigned long long)cost->bytes, (double)cost->ns / 1e9, end);
}

int main(int argc, char **argv) {
    static struct costs c;
    struct buf segments = BUF_INIT;
    if (argc != 3) {
        (void)fprintf(stderr, "usage: bench_hash STORE TEXT_FOLDER\n");
        return 2;
    }
    buf_printf(&segments, "%s/segments", argv[1]);
    buf_putc(&segments, '\0');
    bool good = input_walk(segments.ptr, add_segment, report, &c) == STATUS_OK &&
                input_walk(argv[2], add_text, report, &c) == STATUS_OK;
    uint8_t root[SHA256_BYTES];
    merkle_root(&c.tree, root);
    (void)printf("{");
    print("checksums", &c.checksums, ",");
    print("segments", &c.segments, ",");
    print("leaves", &c.leaves, ",");
    (void)printf("\"rows\":%llu,\"mixed\":%u}\n", (unsigned long long)c.rows,
                 (unsigned)(c.mixed & 255) + root[0]);
    buf_fini(&segments);
    return good ? 0 : 5;
}
