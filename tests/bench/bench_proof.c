/*
 * Time of single proofs inside the process, without the start of a program.
 *   bench_proof STORE [COUNT]
 * prints one JSON object, processor time in microseconds (what is read lies in the page cache):
 * `open` (the store and its prover), `cold` (a proof by a prover that was just opened: nothing is
 * unpacked yet), `random` (proofs of events anywhere, by one prover), `run` (of events one after
 * the other: mostly in the group of the one before), `check` (what konseki-verify does with one:
 * read the document, the leaf from the raw bytes, the path to the root). Medians, and what one in
 * twenty exceeds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "mem.h"
#include "num.h"
#include "proof_check.h"
#include "prover.h"
#include "row_window.h"

enum { DEFAULT_COUNT = 200, COLD_COUNT = 20, RUN_ROWS = 2000 };

enum { OPEN, COLD, RANDOM, RUN, CHECKING, SAMPLES };
static const char *const sample_names[SAMPLES] = {"open", "cold", "random", "run", "check"};

struct event_name {
    struct str source;
    uint64_t sequence;
};

struct sample {
    double *us;
    size_t count;
};

static void stop_on(enum status status, const struct err *err) {
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "bench_proof: %s\n", err->message);
        _Exit(5);
    }
}

static int64_t cpu_ns(void) {
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void note(struct sample *s, int64_t start_ns) {
    s->us[s->count++] = (double)(cpu_ns() - start_ns) / 1e3;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void print(const char *name, struct sample *s, const char *before) {
    if (s->count > 1) {
        qsort(s->us, s->count, sizeof *s->us, compare);
    }
    (void)printf("%s\"%s\":{\"count\":%zu,\"median\":%.1f,\"p95\":%.1f}", before, name, s->count,
                 s->us[s->count / 2], s->us[s->count * 19 / 20]);
}

struct picking {
    struct event_name *names;
    size_t count;
    struct arena *arena;
};

static enum status take_names(const struct batch *batch, void *ctx, struct err *err) {
    struct picking *p = ctx;
    (void)err;
    for (size_t i = 0; i < batch->row_count; i++) {
        const struct row *row = &batch->rows[i];
        p->names[p->count++] = (struct event_name){
            arena_str(p->arena, intern_text(&batch->names, row->source)), row->sequence};
    }
    return STATUS_OK;
}

/* The names of rows `from`, from + step, ... below `end`. */
static size_t pick(struct event_name *out, size_t count, const struct store *store, uint64_t from,
                   uint64_t step, uint64_t end, struct arena *arena) {
    struct err err = ERR_INIT;
    struct picking p = {out, 0, arena};
    struct row_window *window = row_window_create(store);
    for (size_t i = 0; i < count && from + i * step < end; i++) {
        uint64_t at = from + i * step;
        stop_on(row_window_read(window, at, at + 1, take_names, &p, &err), &err);
    }
    row_window_destroy(&window);
    return p.count;
}

static void prove(struct prover *p, const struct event_name *name, struct arena *arena) {
    struct err err = ERR_INIT;
    struct proof_event e = {.index = 0};
    struct merkle_path path;
    stop_on(prover_find(&e, p, name->source, name->sequence, arena, &err), &err);
    stop_on(prover_path(&path, p, &e, prover_get_checkpoint(p, prover_last(p))->rows, &err), &err);
}

/* Proofs of events in the given order by one prover. */
static void measure(struct sample *out, struct store *store, const struct event_name *names,
                    size_t count) {
    struct err err = ERR_INIT;
    struct prover *p = NULL;
    struct arena arena = ARENA_INIT;
    stop_on(prover_open(&p, store, &err), &err);
    for (size_t i = 0; i < count; i++) {
        int64_t start = cpu_ns();
        prove(p, &names[i], &arena);
        note(out, start);
    }
    prover_close(&p);
    arena_fini(&arena);
}

static void measure_cold(struct sample *opening, struct sample *out, const char *path,
                         const struct event_name *names, size_t count) {
    struct err err = ERR_INIT;
    struct store_options o = {.path = path, .mode = STORE_READ};
    for (size_t i = 0; i < count; i++) {
        struct store *store = NULL;
        struct prover *p = NULL;
        struct arena arena = ARENA_INIT;
        int64_t start = cpu_ns();
        stop_on(store_open(&store, &o, &err), &err);
        stop_on(prover_open(&p, store, &err), &err);
        note(opening, start);
        start = cpu_ns();
        prove(p, &names[i], &arena);
        note(out, start);
        prover_close(&p);
        store_close(&store);
        arena_fini(&arena);
    }
}

/* The document of one event's proof, as konseki prove writes it. */
static void write_one(struct buf *out, struct prover *p, const struct event_name *name) {
    struct err err = ERR_INIT;
    struct proof_event e = {.index = 0};
    struct proof_inclusion inclusion = {prover_get_checkpoint(p, prover_last(p))->rows, {0}};
    struct proof proof = {.events = &e, .event_count = 1, .arena = ARENA_INIT};
    stop_on(prover_find(&e, p, name->source, name->sequence, &proof.arena, &err), &err);
    stop_on(prover_path(&inclusion.path, p, &e, inclusion.rows, &err), &err);
    e.inclusions = &inclusion;
    e.inclusion_count = 1;
    buf_clear(out);
    proof_write(out, &proof);
    arena_fini(&proof.arena);
}

static void check_one(struct str json, struct str raw, uint64_t rows, const uint8_t *root) {
    struct err err = ERR_INIT;
    struct proof proof;
    stop_on(proof_read(&proof, json, "proof", &err), &err);
    if (!proof_raw_fits(&proof.events[0], raw) ||
        proof_check_root(&proof.events[0], &proof, NULL, rows, root) != PROOF_HOLDS) {
        (void)err_set(&err, STATUS_DAMAGED, "a proof does not hold");
        stop_on(err.status, &err);
    }
    proof_fini(&proof);
}

static void measure_checks(struct sample *out, struct store *store, const struct event_name *names,
                           size_t count) {
    struct err err = ERR_INIT;
    struct prover *p = NULL;
    struct buf json = BUF_INIT;
    struct buf raw = BUF_INIT;
    uint8_t root[SHA256_BYTES];
    stop_on(prover_open(&p, store, &err), &err);
    uint64_t rows = prover_get_checkpoint(p, prover_last(p))->rows;
    stop_on(prover_root(root, p, rows, &err), &err);
    for (size_t i = 0; i < count; i++) {
        write_one(&json, p, &names[i]);
        buf_clear(&raw);
        stop_on(store_read_raw(store, names[i].source, names[i].sequence, &raw, &err), &err);
        int64_t start = cpu_ns();
        check_one(buf_str(&json), buf_str(&raw), rows, root);
        note(out, start);
    }
    prover_close(&p);
    buf_fini(&json);
    buf_fini(&raw);
}

/* The order is that of a multiplication by an odd number: far from each other, the same each time.
 */
static void shuffle(struct event_name *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        size_t other = (i * 7919 + 13) % count;
        struct event_name held = names[i];
        names[i] = names[other];
        names[other] = held;
    }
}

int main(int argc, char **argv) {
    uint64_t count = DEFAULT_COUNT;
    struct err err = ERR_INIT;
    struct store *store = NULL;
    if (argc < 2 || (argc > 2 && !num_parse_u64(&count, str_from_c(argv[2]))) || count == 0) {
        (void)fprintf(stderr, "usage: bench_proof STORE [COUNT]\n");
        return 2;
    }
    struct store_options o = {.path = argv[1], .mode = STORE_READ};
    stop_on(store_open(&store, &o, &err), &err);
    struct store_stat stat;
    store_get_stat(store, DATASET_COUNT, &stat);
    struct arena arena = ARENA_INIT;
    struct event_name *names = mem_calloc((size_t)count + RUN_ROWS + 1, sizeof *names);
    struct sample samples[SAMPLES];
    for (size_t i = 0; i < SAMPLES; i++) {
        samples[i] = (struct sample){mem_calloc((size_t)count + RUN_ROWS + 1, sizeof(double)), 0};
    }
    size_t found =
        pick(names, (size_t)count, store, 0, stat.sealed_to / count + 1, stat.sealed_to, &arena);
    shuffle(names, found);
    size_t few = found < COLD_COUNT ? found : COLD_COUNT;
    measure_cold(&samples[OPEN], &samples[COLD], argv[1], names, few);
    measure(&samples[RANDOM], store, names, found);
    measure_checks(&samples[CHECKING], store, names, few);
    found = pick(names, RUN_ROWS, store, stat.sealed_to / 2, 1, stat.sealed_to, &arena);
    measure(&samples[RUN], store, names, found);
    for (size_t i = 0; i < SAMPLES; i++) {
        print(sample_names[i], &samples[i], i == 0 ? "{" : ",");
        mem_free(samples[i].us);
    }
    (void)printf("}\n");
    mem_free(names);
    arena_fini(&arena);
    store_close(&store);
    return 0;
}
