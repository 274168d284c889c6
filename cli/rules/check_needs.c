#include "check_needs.h"

#include <stdlib.h>

#include "json_out.h"
#include "mem.h"

static void count(struct check_needs *needs, struct str name, bool only) {
    uint32_t id = intern_add(&needs->names, name);
    size_t before = needs->capacity;
    MEM_GROW(needs->items, needs->capacity, (size_t)id + 1);
    memset(needs->items + before, 0, (needs->capacity - before) * sizeof *needs->items);
    needs->items[id].rules++;
    needs->items[id].only += only;
}

/* What a way needs; where the mapping does not say, its events themselves. */
static struct str need_of(const struct sigma_runs *runs, const struct sigma_runs_way *way) {
    return way->needs.len > 0 ? way->needs : runs->needs.len > 0 ? runs->needs : way->name;
}

static bool is_named_before(const struct sigma_runs *runs, size_t at) {
    for (size_t i = 0; i < at; i++) {
        if (runs->ways[i].how != SIGMA_RUNS_NOT &&
            str_eq(need_of(runs, &runs->ways[i]), need_of(runs, &runs->ways[at]))) {
            return true;
        }
    }
    return false;
}

void check_needs_add(struct check_needs *needs, const struct sigma_runs *runs) {
    size_t different = 0;
    for (size_t i = 0; i < runs->way_count; i++) {
        different += runs->ways[i].how != SIGMA_RUNS_NOT && !is_named_before(runs, i);
    }
    for (size_t i = 0; i < runs->way_count; i++) {
        if (runs->ways[i].how != SIGMA_RUNS_NOT && !is_named_before(runs, i)) {
            count(needs, need_of(runs, &runs->ways[i]), different == 1);
        }
    }
    if (runs->way_count == 0) {
        count(needs, runs->needs.len > 0 ? runs->needs : STR("a log source that is in no mapping"),
              true);
    }
}

struct sorted {
    struct check_need need;
    struct str name;
};

static int compare(const void *a, const void *b) {
    const struct sorted *x = a, *y = b;
    if (x->need.rules != y->need.rules) {
        return x->need.rules < y->need.rules ? 1 : -1;
    }
    return str_compare(x->name, y->name);
}

void check_needs_print(struct buf *out, const struct check_needs *needs, bool jsonl) {
    struct sorted *rows = mem_calloc(needs->names.count + 1, sizeof *rows);
    for (uint32_t i = 0; i < needs->names.count; i++) {
        rows[i] = (struct sorted){needs->items[i], intern_text(&needs->names, i)};
    }
    qsort(rows, needs->names.count, sizeof *rows, compare);
    for (uint32_t i = 0; i < needs->names.count; i++) {
        if (jsonl) {
            buf_printf(out, "{\"rules\":%zu,\"only\":%zu,\"needs\":", rows[i].need.rules,
                       rows[i].need.only);
            json_out_string(out, rows[i].name);
            buf_add(out, STR("}\n"));
        } else {
            buf_printf(out, "%6zu %6zu  ", rows[i].need.rules, rows[i].need.only);
            output_append_visible(out, rows[i].name);
            buf_putc(out, '\n');
        }
    }
    mem_free(rows);
}

void check_needs_fini(struct check_needs *needs) {
    intern_fini(&needs->names);
    mem_free(needs->items);
}
