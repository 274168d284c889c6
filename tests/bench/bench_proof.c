/*
 * Time of single proofs inside the process, without the start of a program.
 *   bench_proof STORE [COUNT]
 * prints one JSON object, times in microseconds: `open` (the store and its prover), `cold` (a proof
 * by a prover that was just opened: nothing is unpacked yet), `random` (proofs of events anywhere,
 * by one prover), `run` (of events one after the other: mostly in the group of the one before).
 * Medians, and what one in twenty exceeds. Each proof is checked against the signed root.
 */
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "mem.h"
#include "num.h"
#include "prover.h"

enum { DEFAULT_COUNT = 200, COLD_COUNT = 20, RUN_ROWS = 2000 };

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

static void note(struct sample *s, int64_t start_ns) {
    s->us[s->count++] = (double)(clock_mono_ns() - start_ns) / 1e3;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void print(const char *name, struct sample *s, const char *end) {
    qsort(s->us, s->count, sizeof *s->us, compare);
    (void)printf("\"%s\":{\"count\":%zu,\"median\":%.1f,\"p95\":%.1f}%s", name, s->count,
                 s->us[s->count / 2], s->us[s->count * 19 / 20], end);
}

/* The names of rows `from`, from + step, ... */
static size_t pick(struct event_name *out, size_t count, struct store *store, uint64_t from,
                   uint64_t step, struct arena *arena) {
    struct err err = ERR_INIT;
    size_t found = 0;
    struct batch batch;
    batch_init(&batch);
    while (found < count) {
        struct store_scan_options o = STORE_SCAN_ALL;
        struct store_scan *scan = NULL;
        bool more = false;
        o.arrival_from = from + step * found;
        o.arrival_to = step > 1 ? o.arrival_from + 1 : from + count;
        o.include_derived = true;
        o.threads = 1;
        stop_on(store_scan_open(&scan, store, &o, &err), &err);
        stop_on(store_scan_next(scan, &batch, &more, &err), &err);
        size_t before = found;
        for (size_t i = 0; i < batch.row_count && found < count; i++) {
            out[found++] = (struct event_name){
                arena_str(arena, intern_text(&batch.names, batch.rows[i].source)),
                batch.rows[i].sequence};
        }
        store_scan_close(&scan);
        if (found == before) {
            break;
        }
    }
    batch_fini(&batch);
    return found;
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
        int64_t start = clock_mono_ns();
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
        int64_t start = clock_mono_ns();
        stop_on(store_open(&store, &o, &err), &err);
        stop_on(prover_open(&p, store, &err), &err);
        note(opening, start);
        start = clock_mono_ns();
        prove(p, &names[i], &arena);
        note(out, start);
        prover_close(&p);
        store_close(&store);
        arena_fini(&arena);
    }
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
    struct sample samples[4];
    for (size_t i = 0; i < 4; i++) {
        samples[i] = (struct sample){mem_calloc((size_t)count + RUN_ROWS + 1, sizeof(double)), 0};
    }
    size_t found = pick(names, (size_t)count, store, 0, stat.sealed_to / count + 1, &arena);
    shuffle(names, found);
    measure_cold(&samples[0], &samples[1], argv[1], names, found < COLD_COUNT ? found : COLD_COUNT);
    measure(&samples[2], store, names, found);
    found = pick(names, RUN_ROWS, store, stat.sealed_to / 2, 1, &arena);
    measure(&samples[3], store, names, found);
    (void)printf("{");
    print("open", &samples[0], ",");
    print("cold", &samples[1], ",");
    print("random", &samples[2], ",");
    print("run", &samples[3], "}\n");
    for (size_t i = 0; i < 4; i++) {
        mem_free(samples[i].us);
    }
    mem_free(names);
    arena_fini(&arena);
    store_close(&store);
    return 0;
}
