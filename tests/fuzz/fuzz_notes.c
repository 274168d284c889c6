/*
 * Notes of the chain: any bytes as rules, a hold, a release. What is read can be written and read
 * again; a hold that cannot be read holds everything; rules that cannot be read keep everything.
 */
#include "chain.h"
#include "check.h"
#include "hold.h"
#include "note_text.h"
#include "retention.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct copying {
    struct buf text;
    size_t pairs;
};

static void copy_pair(struct str name, struct str value, void *ctx) {
    struct copying *c = ctx;
    note_put(&c->text, name, value);
    c->pairs += value.len > 0;
}

static void count_pair(struct str name, struct str value, void *ctx) {
    (void)name;
    (void)value;
    ++*(size_t *)ctx;
}

static bool is_any(struct str source, void *ctx) {
    (void)source;
    (void)ctx;
    return true;
}

static void check_copy(struct str text) {
    struct copying c = {BUF_INIT, 0};
    size_t pairs = 0;
    if (note_read(text, copy_pair, &c)) {
        note_end(&c.text);
        CHECK(note_read(buf_str(&c.text), count_pair, &pairs) && pairs == c.pairs);
    }
    buf_fini(&c.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct str text = str_make((const char *)data, size);
    struct chain_note notes[] = {{.kind = STR("retention"), .text = text},
                                 {.kind = STR("hold"), .text = text},
                                 {.kind = STR("release"), .text = text}};
    struct chain chain = {.notes = notes, .note_count = sizeof notes / sizeof *notes};
    const struct segment_info info = {.dataset = DATASET_SYSLOG, .rows = 1};
    size_t ignored = 0;
    struct retention rules;
    struct holds holds;
    check_copy(text);
    retention_load(&rules, &chain);
    CHECK(rules.note == 1);
    bool readable = note_read(text, count_pair, &ignored);
    for (int d = 0; d < DATASET_COUNT; d++) {
        const struct retention_class *c = retention_of(&rules, (enum dataset)d);
        CHECK(c == NULL || (readable && c->hot_days >= 1 && c->hot_days <= c->total_days &&
                            c->total_days <= RETENTION_MAX_DAYS));
    }
    holds_load(&holds, &chain);
    for (size_t i = 0; i < holds.count; i++) {
        CHECK(holds.items[i].is_readable ||
              holds_find(&holds, &info, INT64_MAX, is_any, NULL) != NULL);
    }
    holds_fini(&holds);
    retention_fini(&rules);
    return 0;
}
