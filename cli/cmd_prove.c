/* konseki prove: proofs of events for konseki-verify (docs/formats/proof.md). */
#include <stdio.h>

#include "anchor.h"
#include "clock.h"
#include "commands.h"
#include "file_io.h"
#include "i18n.h"
#include "mem.h"
#include "num.h"
#include "options.h"
#include "prover.h"
#include "public_key.h"
#include "query.h"

enum { STORED_ANCHORS = 8, MAX_SIZES = 64, DEFAULT_LIMIT = 100 };

struct prove {
    /* options */
    const char *store_path;
    const char *query;
    const char *consistency;
    const char *to;
    const char *public_key;
    const char *raw_out;
    uint64_t limit;
    struct option_list anchors;
    /* the run */
    struct store *store;
    struct prover *prover;
    struct proof proof;
    size_t event_capacity;
    struct stored_anchor *stored;
    size_t stored_count;
    uint64_t sizes[MAX_SIZES]; /* trees that the proof speaks of, besides the newest */
    size_t size_count;
    struct proof_consistency put_consistency;
    struct err err; /* of an event out of a query */
};

static void add_size(struct prove *p, uint64_t rows) {
    for (size_t i = 0; i < p->size_count; i++) {
        if (p->sizes[i] == rows) {
            return;
        }
    }
    if (p->size_count < MAX_SIZES) {
        p->sizes[p->size_count++] = rows;
    }
}

/* --- anchors --- */

/* The proof names each root that its paths lead to. */
static void put_anchor(struct prove *p, struct str line, struct str token) {
    struct proof *proof = &p->proof;
    for (size_t i = 0; i < proof->anchor_count; i++) {
        if (str_eq(proof->anchors[i].line, line)) {
            return;
        }
    }
    if (proof->anchor_count < STORED_ANCHORS + MAX_SIZES) {
        struct arena *arena = &proof->arena;
        proof->anchors[proof->anchor_count++] =
            (struct proof_anchor){arena_str(arena, line), arena_str(arena, token)};
    }
}

static bool is_own(const struct prove *p, const struct anchor *a) {
    const struct prover_checkpoint *c = prover_get_checkpoint(p->prover, a->checkpoint);
    return c != NULL && c->rows == a->rows && memcmp(c->hash, a->hash, SHA256_BYTES) == 0;
}

static enum status read_own_anchor(struct anchor *out, struct buf *line, const struct prove *p,
                                   const char *path, struct err *err) {
    enum status status = anchor_line_read(out, line, path, err);
    if (status == STATUS_OK && !is_own(p, out)) {
        status = err_set(err, STATUS_DAMAGED,
                         "%s names checkpoint %llu, which this store does not have like that: it"
                         " is another store, an older copy, or it was rewritten",
                         path, (unsigned long long)out->checkpoint);
    }
    return status;
}

static enum status add_given_anchors(struct prove *p, struct err *err) {
    enum status status = STATUS_OK;
    struct buf line = BUF_INIT;
    for (size_t i = 0; i < p->anchors.count && status == STATUS_OK; i++) {
        struct anchor a;
        status = read_own_anchor(&a, &line, p, p->anchors.items[i], err);
        if (status == STATUS_OK) {
            add_size(p, a.rows);
            put_anchor(p, buf_str(&line), STR_EMPTY);
        }
    }
    buf_fini(&line);
    return status;
}

/* The copies that the store keeps of its anchors, with their time stamps. */
static enum status add_stored_anchors(struct prove *p, struct err *err) {
    enum status status =
        anchors_load(&p->stored, &p->stored_count, STORED_ANCHORS, p->store_path, err);
    for (size_t i = 0; status == STATUS_OK && i < p->stored_count; i++) {
        const struct stored_anchor *s = &p->stored[i];
        if (is_own(p, &s->anchor)) {
            add_size(p, s->anchor.rows);
            put_anchor(p, buf_str(&s->line), buf_str(&s->token));
        }
    }
    return status;
}

/* --- events --- */

static struct proof_event *new_event(struct prove *p) {
    MEM_GROW(p->proof.events, p->event_capacity, p->proof.event_count + 1);
    return &p->proof.events[p->proof.event_count];
}

static enum status add_paths(struct prove *p, struct proof_event *e, struct err *err) {
    enum status status = STATUS_OK;
    e->inclusions = arena_array(&p->proof.arena, p->size_count + 1, sizeof *e->inclusions);
    for (size_t i = 0; i < p->size_count && status == STATUS_OK; i++) {
        struct proof_inclusion *n = &e->inclusions[e->inclusion_count];
        if (p->sizes[i] > e->index) { /* a tree from before the event says nothing about it */
            n->rows = p->sizes[i];
            status = prover_path(&n->path, p->prover, e, n->rows, err);
            e->inclusion_count += status == STATUS_OK;
        }
    }
    return status;
}

static enum status add_event(struct prove *p, struct str source, uint64_t sequence,
                             struct err *err) {
    struct proof_event *e = new_event(p);
    enum status status = prover_find(e, p->prover, source, sequence, &p->proof.arena, err);
    p->proof.event_count += status == STATUS_OK;
    return status;
}

/* "<source>-<sequence>"; a source id may hold dashes itself. */
static bool split_id(struct str *source, uint64_t *sequence, struct str id) {
    size_t dash = id.len;
    while (dash > 0 && id.ptr[dash - 1] != '-') {
        dash--;
    }
    *source = str_head(id, dash > 0 ? dash - 1 : 0);
    return dash > 1 && num_parse_u64(sequence, str_skip(id, dash));
}

static enum status add_named(struct prove *p, const struct positionals *ids, struct err *err) {
    enum status status = STATUS_OK;
    for (int i = 0; i < ids->count && status == STATUS_OK; i++) {
        struct str source;
        uint64_t sequence = 0;
        status = split_id(&source, &sequence, str_from_c(ids->items[i]))
                     ? add_event(p, source, sequence, err)
                     : err_set(err, STATUS_BAD_INPUT,
                               "\"%s\" is no event id: expected SOURCE-NUMBER as in event.id",
                               ids->items[i]);
    }
    return status;
}

static bool take_row(const struct batch *batch, const struct row *row, void *ctx) {
    struct prove *p = ctx;
    return add_event(p, intern_text(&batch->names, row->source), row->sequence, &p->err) ==
           STATUS_OK;
}

static enum status add_found(struct prove *p, struct err *err) {
    struct query *query = NULL;
    struct query_error error;
    struct query_settings settings = {.now_ns = clock_wall_ns()};
    if (!options_zone(&settings.zone, NULL, p->store_path)) {
        return err_set(err, STATUS_BAD_INPUT, "the store's time zone cannot be read");
    }
    if (query_parse(&query, str_from_c(p->query), &settings, &error) != STATUS_OK) {
        return err_set(err, STATUS_BAD_INPUT, "the query: %s", error.message);
    }
    struct query_run_options options = {
        .from_ns = INT64_MIN, .to_ns = INT64_MAX, .limit = p->limit};
    struct query_run_stats stats;
    enum status status =
        query_get_output(query)->shape == QUERY_EVENTS
            ? query_run(query, p->store, &options, &stats, take_row, p, err)
            : err_set(err, STATUS_BAD_INPUT, "the query must give events: leave its stages out");
    query_free(&query);
    if (status == STATUS_OK && p->err.status != STATUS_OK) {
        *err = p->err;
        status = p->err.status;
    }
    return status;
}

/* --- signed heads --- */

static uint64_t last_index(const struct prove *p) {
    uint64_t index = 0;
    for (size_t i = 0; i < p->proof.event_count; i++) {
        index = p->proof.events[i].index > index ? p->proof.events[i].index : index;
    }
    return index;
}

/* From the checkpoint that the pinned key signed to the one that holds all events; without a key
 * the newest alone. */
static enum status add_checkpoints(struct prove *p, struct err *err) {
    uint64_t end = prover_last(p->prover);
    uint64_t begin = end;
    if (p->public_key != NULL) {
        uint8_t key[ED25519_PUBLIC_BYTES];
        enum status status = public_key_read(key, p->public_key, err);
        if (status != STATUS_OK) {
            return status;
        }
        for (begin = 1; begin <= end; begin++) {
            if (memcmp(prover_get_checkpoint(p->prover, begin)->key, key, sizeof key) == 0) {
                break;
            }
        }
        if (begin > end) {
            return err_set(err, STATUS_DAMAGED, "no checkpoint is signed with the key in %s",
                           p->public_key);
        }
        uint64_t first = prover_first_with(p->prover, last_index(p));
        end = first > begin ? first : begin;
    }
    p->proof.checkpoints =
        arena_array(&p->proof.arena, (size_t)(end - begin) + 1, sizeof *p->proof.checkpoints);
    for (uint64_t n = begin; n > 0 && n <= end; n++) {
        const struct prover_checkpoint *c = prover_get_checkpoint(p->prover, n);
        p->proof.checkpoints[p->proof.checkpoint_count++] = c->record;
        if (n == end) {
            add_size(p, c->rows);
        }
    }
    return STATUS_OK;
}

static enum status add_all_paths(struct prove *p, struct err *err) {
    enum status status = STATUS_OK;
    for (size_t i = 0; i < p->proof.event_count && status == STATUS_OK; i++) {
        status = add_paths(p, &p->proof.events[i], err);
    }
    return status;
}

static enum status prove_events(struct prove *p, const struct positionals *ids, struct err *err) {
    p->proof.anchors =
        arena_array(&p->proof.arena, STORED_ANCHORS + MAX_SIZES, sizeof *p->proof.anchors);
    enum status status = add_stored_anchors(p, err); /* first: they have time stamps */
    if (status == STATUS_OK) {
        status = add_given_anchors(p, err);
    }
    if (status == STATUS_OK) {
        status = add_named(p, ids, err);
    }
    if (status == STATUS_OK && p->query != NULL) {
        status = add_found(p, err);
    }
    if (status == STATUS_OK && p->proof.event_count == 0) {
        status = err_set(err, STATUS_NOT_FOUND, "the query finds no event");
    }
    if (status == STATUS_OK) {
        status = add_checkpoints(p, err);
    }
    return status == STATUS_OK ? add_all_paths(p, err) : status;
}

/* --- consistency --- */

static enum status prove_consistency(struct prove *p, struct err *err) {
    struct anchor from;
    struct anchor until;
    struct buf line = BUF_INIT;
    enum status status = read_own_anchor(&from, &line, p, p->consistency, err);
    const struct prover_checkpoint *last = prover_get_checkpoint(p->prover, prover_last(p->prover));
    uint64_t rows = last != NULL ? last->rows : 0;
    if (status == STATUS_OK && p->to != NULL) {
        status = read_own_anchor(&until, &line, p, p->to, err);
        rows = until.rows;
    }
    buf_fini(&line);
    if (status == STATUS_OK) {
        status = prover_consistency(&p->put_consistency, p->prover, from.rows, rows, err);
    }
    p->proof.consistencies = &p->put_consistency;
    p->proof.consistency_count = status == STATUS_OK;
    return status;
}

/* --- the command --- */

/* The bytes that the proof of the first event speaks of. */
static enum status write_raw(const struct prove *p, struct err *err) {
    const struct proof_event *e = &p->proof.events[0];
    struct buf raw = BUF_INIT;
    struct file f = FILE_INIT;
    enum status status = store_read_raw(p->store, e->source, e->sequence, &raw, err);
    if (status == STATUS_OK) {
        status = file_open(&f, p->raw_out, FILE_APPEND, err);
    }
    if (status == STATUS_OK) {
        status = file_truncate(&f, 0, err);
    }
    if (status == STATUS_OK) {
        status = file_append(&f, raw.ptr, raw.len, err);
    }
    file_close(&f);
    buf_fini(&raw);
    return status;
}

static enum status prove(struct prove *p, const struct positionals *ids, struct err *err) {
    struct store_options options = {.path = p->store_path, .mode = STORE_READ};
    enum status status = store_open(&p->store, &options, err);
    if (status == STATUS_OK) {
        status = prover_open(&p->prover, p->store, err);
    }
    if (status == STATUS_OK) {
        status = p->consistency != NULL ? prove_consistency(p, err) : prove_events(p, ids, err);
    }
    if (status == STATUS_OK && p->raw_out != NULL) {
        status = write_raw(p, err);
    }
    return status;
}

static void prove_fini(struct prove *p) {
    prover_close(&p->prover);
    store_close(&p->store);
    anchors_free(p->stored, p->stored_count);
    mem_free(p->proof.events);
    mem_free(p->anchors.items);
    arena_fini(&p->proof.arena);
}

static int run(struct prove *p, const struct positionals *ids) {
    struct err err = ERR_INIT;
    enum status status = prove(p, ids, &err);
    if (status != STATUS_OK) {
        output_error(NULL, &err);
        return status == STATUS_NOT_FOUND && p->prover != NULL ? EXIT_NEGATIVE
               : status == STATUS_BAD_INPUT                    ? EXIT_USAGE
                                                               : EXIT_STORE;
    }
    struct buf out = BUF_INIT;
    proof_write(&out, &p->proof);
    bool written = output_write(stdout, buf_str(&out)) && output_finish(stdout);
    buf_fini(&out);
    return written ? EXIT_DONE : EXIT_STORE;
}

int cmd_prove(int argc, char **argv) {
    struct prove p = {.limit = DEFAULT_LIMIT};
    const char *lang = NULL;
    struct positionals ids;
    const struct option_spec specs[] = {{"store", OPTION_TEXT, &p.store_path, NULL},
                                        {"anchor", OPTION_LIST, &p.anchors, NULL},
                                        {"query", OPTION_TEXT, &p.query, NULL},
                                        {"limit", OPTION_NUMBER, &p.limit, NULL},
                                        {"pubkey", OPTION_TEXT, &p.public_key, NULL},
                                        {"raw-out", OPTION_TEXT, &p.raw_out, NULL},
                                        {"consistency", OPTION_TEXT, &p.consistency, NULL},
                                        {"to", OPTION_TEXT, &p.to, NULL},
                                        {"lang", OPTION_LANG, &lang, NULL}};
    int code = EXIT_USAGE;
    if (options_parse(&ids, specs, sizeof specs / sizeof specs[0], argc, argv)) {
        bool events = ids.count > 0 || p.query != NULL;
        if (p.store_path == NULL || events == (p.consistency != NULL) ||
            (p.to != NULL && p.consistency == NULL) || (p.raw_out != NULL && !events)) {
            fprintf(stderr, "%s\n",
                    _("konseki: usage: konseki prove --store DIR [--anchor FILE]... [--pubkey FILE]"
                      " [--raw-out FILE] EVENT_ID... | --query Q [--limit N] | --consistency"
                      " OLD_ANCHOR [--to NEW_ANCHOR]"));
        } else {
            code = run(&p, &ids);
        }
    }
    prove_fini(&p);
    return code;
}
