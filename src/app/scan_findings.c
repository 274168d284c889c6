#include "scan_findings.h"

#include "file_rows.h"
#include "mem.h"

struct keeper {
    struct scan_findings *findings;
    uint32_t row;
};

void scan_findings_fini(struct scan_findings *findings) {
    arena_fini(&findings->arena);
    mem_free(findings->items);
    *findings = (struct scan_findings){.items = NULL};
}

static struct scan_finding *add(struct scan_findings *findings, uint32_t row) {
    MEM_GROW(findings->items, findings->capacity, findings->count + 1);
    struct scan_finding *item = &findings->items[findings->count++];
    *item = (struct scan_finding){.row = row};
    return item;
}

static void keep_hit(const struct sigma_hit *hit, void *ctx) {
    const struct keeper *keeper = ctx;
    struct scan_findings *findings = keeper->findings;
    uint32_t *fields = arena_array(&findings->arena, hit->field_count + 1, sizeof *fields);
    for (size_t i = 0; i < hit->field_count; i++) {
        fields[i] = hit->fields[i];
    }
    add(findings, keeper->row)->hit = (struct sigma_hit){hit->rule, fields, hit->field_count};
}

static void keep_feed(const struct sigma_feed *feed, void *ctx) {
    const struct keeper *keeper = ctx;
    struct scan_findings *findings = keeper->findings;
    struct str *values = arena_array(&findings->arena, feed->value_count + 1, sizeof *values);
    for (size_t i = 0; i < feed->value_count; i++) {
        struct str value = feed->values[i];
        values[i] = value.ptr == NULL ? value : arena_str(&findings->arena, value);
    }
    struct scan_finding *item = add(findings, keeper->row);
    item->is_feed = true;
    item->feed = (struct sigma_feed){feed->rule, values, feed->value_count};
}

bool scan_findings_looks_at(const struct event_filter *events, const struct batch *batch,
                            const struct row *row) {
    return file_rows_is_event(row) && (row->flags & ROW_DAMAGED) == 0 &&
           (events == NULL || event_filter_admits(events, batch, row));
}

void scan_findings_match(struct scan_findings *findings, struct sigma_matcher *matcher,
                         const struct batch *batch, const struct event_filter *events, bool feeds) {
    struct keeper keeper = {.findings = findings};
    arena_reset(&findings->arena);
    findings->count = 0;
    sigma_matcher_feed(matcher, feeds ? keep_feed : NULL, &keeper);
    for (size_t i = 0; i < batch->row_count; i++) {
        keeper.row = (uint32_t)i;
        if (scan_findings_looks_at(events, batch, &batch->rows[i])) {
            sigma_match_row(matcher, batch, &batch->rows[i], keep_hit, &keeper);
        }
    }
    sigma_matcher_feed(matcher, NULL, NULL);
}

void scan_findings_tell(const struct scan_findings *findings, size_t *next, size_t row,
                        sigma_hit_fn *hit, sigma_feed_fn *feed, void *ctx) {
    for (; *next < findings->count && findings->items[*next].row <= row; (*next)++) {
        const struct scan_finding *item = &findings->items[*next];
        if (item->row != row) {
            continue;
        }
        if (!item->is_feed) {
            hit(&item->hit, ctx);
        } else if (feed != NULL) {
            feed(&item->feed, ctx);
        }
    }
}
