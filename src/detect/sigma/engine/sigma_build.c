/*
 * Threads: each takes the next job by `next`; a job writes to its own half of its slot only, the
 * tests are only read. Nothing else is shared.
 */
#include "sigma_build.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "check.h"
#include "cpu.h"
#include "mem.h"

enum {
    THREADS_MAX = 2,           /* each holds the tables of a database that it compiles */
    WEIGHT_OF_REGEX = 100,     /* in literals, by time */
    THREADS_FROM_WEIGHT = 2000 /* below, a thread costs more than it gives */
};

/* One database. */
struct job {
    struct sigma_slot *slot;
    size_t weight;
    bool is_of_regexes;
};

struct work {
    const struct sigma_set_test *tests;
    struct job *jobs;
    size_t count;
    atomic_size_t next;
    atomic_bool failed;
};

static int heavier_first(const void *a, const void *b) {
    const struct job *x = a, *y = b;
    return (x->weight < y->weight) - (x->weight > y->weight);
}

/* The sum of the weights. */
static size_t list_jobs(struct work *work, struct sigma_slot *slots, size_t slot_count) {
    size_t sum = 0;
    for (size_t i = 0; i < slot_count; i++) {
        size_t literals = slots[i].literals.keys.count;
        size_t regexes = slots[i].regexes.count * WEIGHT_OF_REGEX;
        work->jobs[work->count++] = (struct job){&slots[i], literals, false};
        work->jobs[work->count++] = (struct job){&slots[i], regexes, true};
        sum += literals + regexes;
    }
    if (work->count > 0) {
        qsort(work->jobs, work->count, sizeof *work->jobs, heavier_first);
    }
    return sum;
}

static void *build_some(void *ctx) {
    struct work *work = ctx;
    for (size_t i; (i = atomic_fetch_add(&work->next, 1)) < work->count;) {
        const struct job *job = &work->jobs[i];
        if (job->is_of_regexes) {
            sigma_slot_build_regexes(job->slot, work->tests);
        } else if (!sigma_slot_build_literals(job->slot)) {
            atomic_store(&work->failed, true);
        }
    }
    return NULL;
}

static void build_all(struct work *work, unsigned others) {
    pthread_t threads[THREADS_MAX];
    unsigned started = 0;
    while (started < others && started < THREADS_MAX &&
           pthread_create(&threads[started], NULL, build_some, work) == 0) {
        started++;
    }
    (void)build_some(work);
    for (unsigned i = 0; i < started; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
}

bool sigma_build_slots(struct sigma_slot *slots, size_t slot_count,
                       const struct sigma_set_test *tests) {
    struct work work = {.tests = tests};
    work.jobs = mem_calloc(2 * slot_count + 1, sizeof *work.jobs);
    bool is_much = list_jobs(&work, slots, slot_count) >= THREADS_FROM_WEIGHT;
    unsigned cores = cpu_count();
    unsigned threads = cores < THREADS_MAX ? cores : (unsigned)THREADS_MAX;
    build_all(&work, is_much ? threads - 1 : 0);
    mem_free(work.jobs);
    return !atomic_load(&work.failed);
}
