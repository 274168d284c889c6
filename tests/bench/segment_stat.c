/*
 * Where the bytes of segments go:
 *   segment_stat [-n COLUMNS] [-d DATASETS] FILE.seg...
 * prints bytes by dataset and part (row numbers, columns, dictionaries, directories, templates,
 * token filters, footer), then the columns that take most. Kinds of columns: F slice of a field,
 * G gap, X extra value, B binary; types: D dictionary, N number, T text; #: row numbers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "mem.h"
#include "num.h"
#include "segment.h"

enum { MAX_COLUMNS = 20000 };

struct column_sum {
    enum dataset dataset;
    char kind;
    char type;
    struct str name;
    uint64_t values;
    uint64_t data;
    uint64_t entries;
    uint64_t dictionary;
};

struct dataset_sum {
    uint64_t segments;
    uint64_t rows;
    uint64_t total;
    uint64_t data;
    uint64_t dictionaries;
    uint64_t numbers;
    uint64_t directories;
    uint64_t templates;
    uint64_t filters;
    uint64_t rest;
};

struct sums {
    struct dataset_sum datasets[DATASET_COUNT];
    struct column_sum *columns;
    size_t column_count;
    struct arena arena;
    uint64_t chunks_end; /* of the chunks of this segment that were counted */
};

static void die(const struct err *err) {
    (void)fprintf(stderr, "segment_stat: %s\n", err->message);
    _Exit(5);
}

static struct column_sum *find_sum(struct sums *sums, enum dataset dataset, char kind, char type,
                                   struct str name) {
    for (size_t i = 0; i < sums->column_count; i++) {
        struct column_sum *c = &sums->columns[i];
        if (c->dataset == dataset && c->kind == kind && c->type == type && str_eq(c->name, name)) {
            return c;
        }
    }
    if (sums->column_count == MAX_COLUMNS) {
        return &sums->columns[MAX_COLUMNS - 1];
    }
    struct column_sum *c = &sums->columns[sums->column_count++];
    *c = (struct column_sum){.dataset = dataset, .kind = kind, .type = type};
    c->name = arena_str(&sums->arena, name);
    return c;
}

static struct column_sum *sum_of(struct sums *sums, const struct segment *s, size_t column) {
    const struct segment_column *c = &s->columns[column];
    struct str name = c->field == FIELD_NONE ? STR("-") : schema_name(c->field);
    return find_sum(sums, s->dataset, "FGXB"[c->kind], "DNT"[c->type], name);
}

/* Stored bytes; a chunk that is an earlier one again takes none. */
static uint64_t bytes_of(struct sums *sums, const struct chunk_ref *ref) {
    bool again = ref->inline_bytes == NULL && ref->offset < sums->chunks_end;
    sums->chunks_end = again ? sums->chunks_end : ref->offset + ref->stored_len;
    return again ? 0 : ref->stored_len;
}

static void add_block(struct sums *sums, struct segment *s, const struct segment_block *b) {
    static const char *const names[ROW_CHUNK_COUNT] = {"template", "time", "others"};
    struct dataset_sum *d = &sums->datasets[s->dataset];
    for (int i = 0; i < ROW_CHUNK_COUNT; i++) {
        struct column_sum *c = find_sum(sums, s->dataset, '#', ' ', str_from_c(names[i]));
        c->values += b->rows;
        uint64_t bytes = bytes_of(sums, &b->numbers[i]);
        c->data += bytes;
        d->numbers += bytes;
    }
    for (size_t i = 0; i < s->column_count; i++) {
        if (b->column_counts[i] > 0) {
            struct column_sum *c = sum_of(sums, s, i);
            c->values += b->column_counts[i];
            uint64_t bytes = bytes_of(sums, &b->columns[i]);
            c->data += bytes;
            d->data += bytes;
        }
    }
}

static void add_stripe(struct sums *sums, struct segment *s, size_t number) {
    struct err err = ERR_INIT;
    struct dataset_sum *d = &sums->datasets[s->dataset];
    if (segment_stripe_load(s, number, &err) != STATUS_OK) {
        die(&err);
    }
    const struct segment_stripe *t = &s->stripes[number];
    d->directories += t->directory.stored_len;
    d->filters += (uint64_t)t->filter_lines * FILTER_LINE_BYTES;
    for (uint32_t i = 0; i < t->block_count; i++) {
        add_block(sums, s, &s->blocks[t->first_block + i]);
    }
    for (size_t i = 0; i < s->column_count; i++) {
        if (s->columns[i].type == COLUMN_DICTIONARY && s->columns[i].parts[number].count > 0) {
            struct column_sum *c = sum_of(sums, s, i);
            c->entries += s->columns[i].parts[number].count;
            uint64_t bytes = bytes_of(sums, &t->dictionaries[i]);
            c->dictionary += bytes;
            d->dictionaries += bytes;
        }
    }
}

static void add_segment(struct sums *sums, const char *path) {
    struct err err = ERR_INIT;
    struct segment *s = NULL;
    if (segment_open(&s, path, &err) != STATUS_OK) {
        die(&err);
    }
    struct dataset_sum *d = &sums->datasets[s->dataset];
    d->segments++;
    d->rows += s->row_count;
    d->total += s->map.size_bytes;
    sums->chunks_end = 0;
    for (size_t i = 0; i < s->template_chunk_count; i++) {
        d->templates += s->template_chunks[i].ref.stored_len;
    }
    for (size_t i = 0; i < s->stripe_count; i++) {
        add_stripe(sums, s, i);
    }
    segment_close(&s);
}

static int by_total(const void *a, const void *b) {
    const struct dataset_sum *const *x = a;
    const struct dataset_sum *const *y = b;
    return (*x)->total > (*y)->total ? -1 : (*x)->total < (*y)->total;
}

static int by_bytes(const void *a, const void *b) {
    const struct column_sum *x = a;
    const struct column_sum *y = b;
    uint64_t p = x->data + x->dictionary;
    uint64_t q = y->data + y->dictionary;
    return p > q ? -1 : p < q;
}

static void print_sum(struct str name, const struct dataset_sum *d) {
    uint64_t rest = d->total - d->data - d->dictionaries - d->numbers - d->directories -
                    d->templates - d->filters;
    (void)printf("%-18.*s %5llu %9llu %9llu %9llu %8llu %8llu %8llu %8llu %8llu %8llu\n",
                 STR_ARG(name), (unsigned long long)d->segments, (unsigned long long)d->rows,
                 (unsigned long long)d->total, (unsigned long long)d->data,
                 (unsigned long long)d->dictionaries, (unsigned long long)d->numbers,
                 (unsigned long long)d->directories, (unsigned long long)d->templates,
                 (unsigned long long)d->filters, (unsigned long long)rest);
}

static void add_up(struct dataset_sum *to, const struct dataset_sum *d) {
    to->segments += d->segments;
    to->rows += d->rows;
    to->total += d->total;
    to->data += d->data;
    to->dictionaries += d->dictionaries;
    to->numbers += d->numbers;
    to->directories += d->directories;
    to->templates += d->templates;
    to->filters += d->filters;
}

static void print_columns(const struct sums *sums, enum dataset dataset, int limit) {
    for (size_t i = 0; i < sums->column_count && limit > 0; i++) {
        const struct column_sum *c = &sums->columns[i];
        if (c->dataset == dataset) {
            limit--;
            (void)printf("    %c:%-40.*s %c values %9llu data %9llu entries %8llu bytes %8llu\n",
                         c->kind, STR_ARG(c->name), c->type, (unsigned long long)c->values,
                         (unsigned long long)c->data, (unsigned long long)c->entries,
                         (unsigned long long)c->dictionary);
        }
    }
}

static void print_all(struct sums *sums, int64_t datasets, int64_t columns) {
    const struct dataset_sum *sorted[DATASET_COUNT];
    struct dataset_sum all = {.segments = 0};
    (void)printf("%-18s %5s %9s %9s %9s %8s %8s %8s %8s %8s %8s\n", "dataset", "segs", "rows",
                 "total", "data", "dicts", "numbers", "director", "templ", "filters", "rest");
    for (size_t i = 0; i < DATASET_COUNT; i++) {
        sorted[i] = &sums->datasets[i];
        add_up(&all, sorted[i]);
    }
    qsort(sorted, DATASET_COUNT, sizeof *sorted, by_total);
    qsort(sums->columns, sums->column_count, sizeof *sums->columns, by_bytes);
    print_sum(STR("all"), &all);
    for (size_t i = 0; i < DATASET_COUNT && sorted[i]->segments > 0; i++) {
        enum dataset dataset = (enum dataset)(sorted[i] - sums->datasets);
        print_sum(dataset == DATASET_UNKNOWN ? STR("(unknown)") : dataset_info(dataset)->name,
                  sorted[i]);
        if ((int64_t)i < datasets) {
            print_columns(sums, dataset, (int)columns);
        }
    }
}

int main(int argc, char **argv) {
    int64_t columns = 12;
    int64_t datasets = 0;
    int option;
    while ((option = getopt(argc, argv, "n:d:")) != -1) {
        int64_t *number = option == 'n' ? &columns : &datasets;
        if (option == '?' || !num_parse_i64(number, str_from_c(optarg))) {
            return 2;
        }
    }
    struct sums sums = {.column_count = 0};
    sums.columns = mem_calloc(MAX_COLUMNS, sizeof *sums.columns);
    for (int i = optind; i < argc; i++) {
        add_segment(&sums, argv[i]);
    }
    print_all(&sums, datasets, columns);
    mem_free(sums.columns);
    arena_fini(&sums.arena);
    return 0;
}
