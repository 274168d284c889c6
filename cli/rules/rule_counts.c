#include "rule_counts.h"

#include <stdlib.h>

#include "json_out.h"
#include "mem.h"

static const char *const words[] = {"level", "status", "product", "category", "tactic"};

enum { WORD_COUNT = sizeof words / sizeof words[0] };

bool rule_counts_parse(enum rule_count_key *out, const char *word) {
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (strcmp(word, words[i]) == 0) {
            *out = (enum rule_count_key)i;
            return true;
        }
    }
    return false;
}

static void count(struct rule_counts *counts, struct str name) {
    uint32_t id = intern_add_lower(&counts->names, name.len > 0 ? name : STR("(none)"));
    if (id >= counts->capacity) {
        size_t before = counts->capacity;
        MEM_GROW(counts->counts, counts->capacity, (size_t)id + 1);
        memset(counts->counts + before, 0, (counts->capacity - before) * sizeof *counts->counts);
    }
    counts->counts[id]++;
}

/* "attack.execution", but not "attack.t1059", "attack.g0010", "attack.ds0005". */
static bool is_tactic(struct str *name, struct str tag) {
    if (!str_starts_ci(tag, STR("attack."))) {
        return false;
    }
    *name = str_skip(tag, sizeof "attack." - 1);
    return name->len > 0 && !ascii_is_digit(name->ptr[name->len - 1]);
}

static void count_tactics(struct rule_counts *counts, const struct sigma_rule_info *rule) {
    struct str name;
    bool has_any = false;
    for (size_t i = 0; i < rule->tag_count; i++) {
        if (is_tactic(&name, rule->tags[i])) {
            has_any = true;
            count(counts, name);
        }
    }
    if (!has_any) {
        count(counts, STR_EMPTY);
    }
}

void rule_counts_add(struct rule_counts *counts, const struct sigma_rule_info *rule) {
    switch (counts->key) {
    case COUNT_LEVEL:
        count(counts, sigma_level_name(rule->level));
        return;
    case COUNT_STATUS:
        count(counts, rule->status);
        return;
    case COUNT_PRODUCT:
        count(counts, rule->product);
        return;
    case COUNT_CATEGORY:
        count(counts, rule->category);
        return;
    case COUNT_TACTIC:
        count_tactics(counts, rule);
        return;
    }
}

struct counted {
    struct str name;
    size_t count;
};

static int compare(const void *a, const void *b) {
    const struct counted *x = a, *y = b;
    int order = (x->count < y->count) - (x->count > y->count);
    return order != 0 ? order : str_compare(x->name, y->name);
}

static struct counted *sorted(const struct rule_counts *counts) {
    struct counted *rows = mem_calloc((size_t)counts->names.count + 1, sizeof *rows);
    for (uint32_t i = 0; i < counts->names.count; i++) {
        rows[i] = (struct counted){intern_text(&counts->names, i), counts->counts[i]};
    }
    qsort(rows, counts->names.count, sizeof *rows, compare);
    return rows;
}

static bool print_json(const struct rule_counts *counts, const struct counted *row) {
    struct buf line = BUF_INIT;
    buf_printf(&line, "{\"%s\":", words[counts->key]);
    json_out_string(&line, row->name);
    buf_printf(&line, ",\"count\":%zu}\n", row->count);
    bool is_written = output_write(stdout, buf_str(&line));
    buf_fini(&line);
    return is_written;
}

bool rule_counts_print(const struct rule_counts *counts, enum output_format format) {
    const struct str headers[2] = {str_from_c(words[counts->key]), STR("count")};
    struct counted *rows = sorted(counts);
    struct output *table = format == OUTPUT_JSONL
                               ? NULL
                               : output_create(stdout, format, headers, 2, output_terminal_width(),
                                               format == OUTPUT_CSV);
    bool go_on = true;
    for (size_t i = 0; i < counts->names.count && go_on; i++) {
        char number[24];
        int len = snprintf(number, sizeof number, "%zu", rows[i].count);
        const struct str cells[2] = {rows[i].name, str_make(number, (size_t)len)};
        go_on = table != NULL ? output_row(table, cells) : print_json(counts, &rows[i]);
    }
    mem_free(rows);
    return table == NULL || output_destroy(&table);
}

void rule_counts_fini(struct rule_counts *counts) {
    intern_fini(&counts->names);
    mem_free(counts->counts);
}
