/*
 * verify --rebuild: all raw bytes are put together in arrival order and hashed as leaves, and the
 * root of every checkpoint is computed again; the numbers of each source must go on without a gap.
 *
 * Rows that were restored from an export may leave numbers out: exactly as many as the signed note
 * says that was written with them (docs/formats/export.md).
 *
 * In the place of rows that expired stand the hashes that were kept of them (kept.h). Where rows
 * lie in an archive that is offline, gaps are right as far as their count explains them; roots of
 * trees that hold such rows cannot be computed, which is said.
 */
#include "i18n.h"
#include "kept.h"
#include "mem.h"
#include "note_text.h"
#include "store_priv.h"
#include "verify_priv.h"

/* Rows [first, last] that a note calls restored. */
struct restored_range {
    uint64_t first;
    uint64_t last;
    uint64_t skipped; /* numbers that it says are left out */
    uint64_t seen;    /* that are */
};

struct row_check {
    struct verify *v;
    struct restored_range *restored; /* ascending */
    size_t restored_count;
    size_t restored_at; /* the first that does not lie before the row that is looked at */
    struct merkle tree;
    struct chain sources; /* sequence numbers seen */
    size_t next_checkpoint;
    struct kept kept;
    size_t next_kept;
    uint64_t expired; /* rows that kept hashes stand for */
    uint64_t missing; /* rows that are not there, because they are offline */
    uint64_t skipped; /* sequence numbers that are not there */
};

static void check_roots(struct row_check *r) {
    struct verify *v = r->v;
    for (; r->next_checkpoint < v->checkpoint_count; r->next_checkpoint++) {
        const struct verify_checkpoint *c = &v->checkpoints[r->next_checkpoint];
        if (c->rows != r->tree.size) {
            return;
        }
        uint8_t root[SHA256_BYTES];
        merkle_root(&r->tree, root);
        if (r->missing == 0 && memcmp(root, c->root, SHA256_BYTES) != 0) {
            verify_damage(v,
                          "checkpoint %llu: the rows do not give its root: one of the first %llu"
                          " rows was changed",
                          (unsigned long long)c->number, (unsigned long long)c->rows);
        }
    }
}

/* Hashes kept of the rows that come next, up to row `to`. */
static void take_kept(struct row_check *r, uint64_t to) {
    while (r->next_kept < r->kept.count) {
        struct kept_node n = kept_get(&r->kept, r->next_kept);
        uint64_t rows = UINT64_C(1) << n.level;
        if (n.first != r->tree.size || rows > to - r->tree.size) {
            return;
        }
        if (r->missing == 0) {
            merkle_add_subtree(&r->tree, n.hash, n.level);
            check_roots(r);
        } else {
            r->tree.size += rows;
        }
        r->expired += rows;
        r->next_kept++;
    }
}

/* Rows from the tree's size up to `arrival` are not there. False: nothing explains that. */
static bool pass_gap(struct row_check *r, uint64_t arrival) {
    while (r->tree.size < arrival) {
        take_kept(r, arrival);
        if (r->tree.size == arrival) {
            return true;
        }
        if (r->v->result->offline_events == 0) {
            break;
        }
        if (r->missing == 0) {
            verify_note(r->v,
                        "rows from %llu on are offline: roots of later checkpoints are not computed"
                        " again (their signatures and all stored bytes are checked)",
                        (unsigned long long)r->tree.size);
        }
        uint64_t next =
            r->next_kept < r->kept.count ? kept_get(&r->kept, r->next_kept).first : arrival;
        next = next > r->tree.size && next < arrival ? next : arrival;
        r->missing += next - r->tree.size;
        r->tree.size = next; /* no root is asked for any more */
    }
    if (arrival != r->tree.size) {
        verify_damage(r->v, "rows %llu to %llu are missing", (unsigned long long)r->tree.size,
                      (unsigned long long)arrival - 1);
    }
    return arrival == r->tree.size;
}

/* What restored rows the row belongs to; NULL: none. */
static struct restored_range *find_restored(struct row_check *r, uint64_t arrival) {
    while (r->restored_at < r->restored_count && r->restored[r->restored_at].last < arrival) {
        r->restored_at++;
    }
    bool found = r->restored_at < r->restored_count && r->restored[r->restored_at].first <= arrival;
    return found ? &r->restored[r->restored_at] : NULL;
}

static void check_sequence(struct row_check *r, const struct row *row, struct str name) {
    uint32_t source = chain_source(&r->sources, name);
    uint64_t expected = chain_next_sequence(&r->sources, source);
    if (row->sequence == expected) {
        return;
    }
    struct restored_range *range = find_restored(r, row->arrival);
    if (row->sequence > expected && range != NULL) {
        range->seen += row->sequence - expected;
    } else if (r->missing + r->expired == 0 || row->sequence < expected) {
        verify_damage(r->v, "row %llu: source %.*s goes from number %llu to %llu",
                      (unsigned long long)row->arrival, STR_ARG(name),
                      (unsigned long long)expected - 1, (unsigned long long)row->sequence);
    } else {
        r->skipped += row->sequence - expected;
    }
    r->sources.sources.last_sequence[source] = row->sequence;
}

static bool read_restored(struct restored_range *out, struct str text) {
    *out = (struct restored_range){.seen = 0};
    return note_get_u64(&out->first, text, STR("arrival_first")) &&
           note_get_u64(&out->last, text, STR("arrival_last")) &&
           note_get_u64(&out->skipped, text, STR("skipped")) && out->first <= out->last;
}

static void load_restored(struct row_check *r) {
    const struct chain *c = &r->v->chain;
    size_t capacity = 0;
    for (size_t i = 0; i < c->note_count; i++) {
        struct restored_range range;
        uint64_t after = r->restored_count > 0 ? r->restored[r->restored_count - 1].last : 0;
        if (str_eq(c->notes[i].kind, STR("restored")) && read_restored(&range, c->notes[i].text) &&
            (r->restored_count == 0 || range.first > after)) {
            MEM_GROW(r->restored, capacity, r->restored_count + 1);
            r->restored[r->restored_count++] = range;
        }
    }
}

/* Rows that are gone since (expired, offline) may take their numbers with them. */
static void check_restored(struct row_check *r) {
    uint64_t gone = r->missing + r->expired;
    for (size_t i = 0; i < r->restored_count; i++) {
        const struct restored_range *range = &r->restored[i];
        bool too_many = range->seen > range->skipped && range->seen - range->skipped > gone;
        if (too_many || (gone == 0 && range->seen != range->skipped)) {
            verify_damage(r->v,
                          "rows %llu to %llu were restored from an export without %llu sequence"
                          " numbers; %llu are missing",
                          (unsigned long long)range->first, (unsigned long long)range->last,
                          (unsigned long long)range->skipped, (unsigned long long)range->seen);
        } else {
            verify_note(r->v,
                        "rows %llu to %llu were restored from an export that left %llu sequence"
                        " numbers out (signed)",
                        (unsigned long long)range->first, (unsigned long long)range->last,
                        (unsigned long long)range->skipped);
        }
    }
}

static bool check_row(struct row_check *r, const struct batch *b, const struct row *row) {
    if (row->arrival != r->tree.size && !pass_gap(r, row->arrival)) {
        return false;
    }
    check_sequence(r, row, intern_text(&b->names, row->source));
    uint8_t leaf[SHA256_BYTES];
    store_leaf(leaf, b, row);
    if (r->missing == 0) {
        merkle_add(&r->tree, leaf);
        check_roots(r);
    } else {
        r->tree.size++;
    }
    return true;
}

static void check_end(struct row_check *r) {
    uint64_t size = r->v->chain.last.tree.size;
    if (r->tree.size < size && !pass_gap(r, size)) {
        return;
    }
    uint64_t offline = r->v->result->offline_events;
    if (r->missing > offline || r->skipped > r->missing + r->expired) {
        verify_damage(r->v,
                      "%llu rows and %llu sequence numbers are missing; only %llu rows expired, and"
                      " %llu are offline",
                      (unsigned long long)r->missing, (unsigned long long)r->skipped,
                      (unsigned long long)r->expired, (unsigned long long)offline);
    }
}

static void scan_rows(struct row_check *r, struct store_scan *scan) {
    struct err err = ERR_INIT;
    struct batch batch;
    batch_init(&batch);
    bool more = true;
    while (more) {
        if (store_scan_next(scan, &batch, &more, &err) != STATUS_OK) {
            verify_damage(r->v, "rows from %llu on cannot be checked: %s",
                          (unsigned long long)r->tree.size, err.message);
            break;
        }
        for (size_t i = 0; i < batch.row_count && more; i++) {
            more = check_row(r, &batch, &batch.rows[i]);
        }
    }
    batch_fini(&batch);
    if (err.status == STATUS_OK) {
        check_end(r);
        check_restored(r);
    }
}

void verify_rows(struct verify *v) {
    struct err err = ERR_INIT;
    struct store *s = NULL;
    struct store_scan *scan = NULL;
    struct store_options so = {.path = v->options->path, .mode = STORE_READ};
    if (store_open(&s, &so, &err) != STATUS_OK) {
        verify_damage(v, "%s", err.message);
        return;
    }
    struct store_scan_options o = STORE_SCAN_ALL;
    o.want_raw = true;
    o.include_derived = true;
    o.arrival_to = v->chain.last.tree.size;
    struct row_check r = {.v = v};
    load_restored(&r);
    chain_init(&r.sources);
    if (kept_open(&r.kept, v->options->path, &v->chain, false, &err) != STATUS_OK) {
        verify_damage(v, "%s", err.message);
    } else if (store_scan_open(&scan, s, &o, &err) != STATUS_OK) {
        verify_damage(v, "%s", err.message);
    } else {
        check_roots(&r);
        scan_rows(&r, scan);
    }
    kept_close(&r.kept);
    mem_free(r.restored);
    chain_fini(&r.sources);
    store_scan_close(&scan);
    store_close(&s);
}
