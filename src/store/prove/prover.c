/* What checkpoints say (where events are, which roots are signed) beside what the rows are
 * (tree_nodes.h). */
#include "prover.h"

#include "mem.h"
#include "tree_nodes.h"

/* A source's last sequence number went up from `before` to `last` with this checkpoint. */
struct source_step {
    uint32_t source;
    uint64_t before;
    uint64_t last;
    size_t checkpoint; /* index */
};

struct prover {
    struct store *store;
    struct chain chain;
    struct prover_checkpoint *checkpoints;
    size_t checkpoint_count;
    size_t checkpoint_capacity;
    struct source_step *steps;
    size_t step_count;
    size_t step_capacity;
    struct arena heads;
    struct tree_nodes *nodes;
};

/* --- opening --- */

struct opening {
    struct prover *prover;
    uint64_t until; /* number of the checkpoint that the store ends with */
    uint64_t *seen; /* last sequence by source */
    size_t seen_capacity;
    size_t seen_count;
    const char *problem;
};

static void note_sources(struct opening *o, size_t checkpoint) {
    struct prover *p = o->prover;
    const struct chain_sources *s = &p->chain.sources;
    MEM_GROW(o->seen, o->seen_capacity, s->names.count);
    for (; o->seen_count < s->names.count; o->seen_count++) {
        o->seen[o->seen_count] = 0;
    }
    for (uint32_t i = 0; i < s->names.count; i++) {
        if (s->last_sequence[i] != o->seen[i]) {
            MEM_GROW(p->steps, p->step_capacity, p->step_count + 1);
            p->steps[p->step_count++] =
                (struct source_step){i, o->seen[i], s->last_sequence[i], checkpoint};
            o->seen[i] = s->last_sequence[i];
        }
    }
}

/* Of the complete subtrees, low bit first. */
static struct str copy_roots(struct arena *arena, const struct merkle *tree) {
    size_t count = (size_t)__builtin_popcountll(tree->size);
    uint8_t *roots = arena_array(arena, count + 1, SHA256_BYTES);
    size_t at = 0;
    for (unsigned level = 0; level < 64; level++) {
        if ((tree->size >> level & 1) != 0) {
            memcpy(roots + SHA256_BYTES * at++, tree->nodes[level], SHA256_BYTES);
        }
    }
    return str_make((const char *)roots, count * SHA256_BYTES);
}

static void take_record(const struct chain_record *r, void *ctx) {
    struct opening *o = ctx;
    struct prover *p = o->prover;
    if (r->problem[0] != '\0' && o->problem == NULL) {
        o->problem = r->problem;
    }
    if (r->checkpoint->number > o->until) {
        return; /* the writer went on since the store was opened */
    }
    MEM_GROW(p->checkpoints, p->checkpoint_capacity, p->checkpoint_count + 1);
    struct prover_checkpoint *c = &p->checkpoints[p->checkpoint_count++];
    c->number = r->checkpoint->number;
    c->rows = r->checkpoint->tree.size;
    memcpy(c->hash, r->hash, SHA256_BYTES);
    memcpy(c->key, r->checkpoint->public_key, ED25519_PUBLIC_BYTES);
    c->record.head = arena_str(&p->heads, r->head);
    memcpy(c->record.signature, r->signature, ED25519_SIGNATURE_BYTES);
    c->roots = copy_roots(&p->heads, &r->checkpoint->tree);
    note_sources(o, p->checkpoint_count - 1);
}

static enum status read_chain(struct prover *p, struct err *err) {
    struct opening o = {.prover = p, .until = p->store->chain.last.number};
    enum status status = chain_read_on(&p->chain, p->store->path, take_record, &o, err);
    if (status == STATUS_OK && o.problem != NULL) {
        status = err_set(err, STATUS_DAMAGED, "the chain of checkpoints is damaged: %s", o.problem);
    }
    mem_free(o.seen);
    return status;
}

enum status prover_open(struct prover **out, struct store *store, struct err *err) {
    struct prover *p = mem_calloc(1, sizeof *p);
    p->store = store;
    chain_init(&p->chain);
    enum status status = read_chain(p, err);
    if (status != STATUS_OK) {
        prover_close(&p);
        return status;
    }
    p->nodes = tree_nodes_create(store);
    *out = p;
    return STATUS_OK;
}

void prover_close(struct prover **prover) {
    struct prover *p = *prover;
    if (p == NULL) {
        return;
    }
    tree_nodes_destroy(&p->nodes);
    chain_fini(&p->chain);
    arena_fini(&p->heads);
    mem_free(p->checkpoints);
    mem_free(p->steps);
    mem_free(p);
    *prover = NULL;
}

/* --- checkpoints --- */

const struct prover_checkpoint *prover_get_checkpoint(const struct prover *p, uint64_t number) {
    return number > 0 && number <= p->checkpoint_count ? &p->checkpoints[number - 1] : NULL;
}

uint64_t prover_last(const struct prover *p) {
    return p->checkpoint_count;
}

uint64_t prover_first_with(const struct prover *p, uint64_t index) {
    size_t low = 0;
    size_t high = p->checkpoint_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->checkpoints[middle].rows > index) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return (uint64_t)low + 1;
}

/* --- proofs --- */

/* The root that a checkpoint signed for `rows`; NULL if none has that size. */
static const struct prover_checkpoint *signed_at(const struct prover *p, uint64_t rows) {
    uint64_t number = rows > 0 ? prover_first_with(p, rows - 1) : 1;
    const struct prover_checkpoint *c = prover_get_checkpoint(p, number);
    return c != NULL && c->rows == rows ? c : NULL;
}

static void signed_root(uint8_t out[SHA256_BYTES], const struct prover_checkpoint *c) {
    struct checkpoint head;
    (void)checkpoint_decode(&head, c->record.head); /* was decoded when the chain was folded */
    memcpy(out, head.root, SHA256_BYTES);
}

enum status prover_root(uint8_t out[SHA256_BYTES], struct prover *p, uint64_t rows,
                        struct err *err) {
    const struct prover_checkpoint *c = signed_at(p, rows);
    if (c == NULL) {
        return err_set(err, STATUS_NOT_FOUND, "no checkpoint of the store has %llu rows",
                       (unsigned long long)rows);
    }
    signed_root(out, c);
    return STATUS_OK;
}

static struct tree_end end_of(const struct prover *p, uint64_t rows) {
    const struct prover_checkpoint *c = signed_at(p, rows);
    return (struct tree_end){rows, c->roots};
}

static enum status not_signed(struct err *err) {
    return err_set(err, STATUS_DAMAGED,
                   "the rows do not lead to the signed root: the store was changed; run konseki"
                   " verify --rebuild");
}

enum status prover_path(struct merkle_path *out, struct prover *p, const struct proof_event *event,
                        uint64_t rows, struct err *err) {
    uint8_t root[SHA256_BYTES];
    enum status status = prover_root(root, p, rows, err);
    if (status == STATUS_OK) {
        status = tree_nodes_load(p->nodes, event->index, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    tree_nodes_set_ends(p->nodes, end_of(p, rows), (struct tree_end){.rows = 0});
    for (int try = 0; try < 2; try++) {
        status = merkle_prove_inclusion(out, event->index, rows, tree_nodes_subtree, p->nodes, err);
        if (status == STATUS_OK &&
            merkle_inclusion_holds(out, event->leaf, event->index, rows, root)) {
            return STATUS_OK;
        }
        if (status == STATUS_ENVIRONMENT || tree_nodes_remake(p->nodes, err) != STATUS_OK) {
            break;
        }
    }
    return status == STATUS_ENVIRONMENT ? status : not_signed(err);
}

enum status prover_consistency(struct proof_consistency *out, struct prover *p, uint64_t old_rows,
                               uint64_t new_rows, struct err *err) {
    out->old_rows = old_rows;
    out->new_rows = new_rows;
    if (old_rows == 0 || old_rows > new_rows) {
        return err_set(err, STATUS_BAD_INPUT,
                       "no consistency can be proven from %llu rows to %llu: the older tree must"
                       " have rows and must not be the larger one",
                       (unsigned long long)old_rows, (unsigned long long)new_rows);
    }
    enum status status = prover_root(out->old_root, p, old_rows, err);
    if (status == STATUS_OK) {
        status = prover_root(out->new_root, p, new_rows, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    tree_nodes_set_ends(p->nodes, end_of(p, old_rows), end_of(p, new_rows));
    for (int try = 0; try < 2 && status == STATUS_OK; try++) {
        status = merkle_prove_consistency(&out->path, old_rows, new_rows, tree_nodes_subtree,
                                          p->nodes, err);
        if (status == STATUS_OK && merkle_consistency_holds(&out->path, old_rows, out->old_root,
                                                            new_rows, out->new_root)) {
            return STATUS_OK;
        }
        status = tree_nodes_remake(p->nodes, err);
    }
    return status == STATUS_ENVIRONMENT ? status : not_signed(err);
}

/* --- finding the event --- */

/* The step that gave the row its number; NULL if it is not sealed. */
static const struct source_step *find_step(const struct prover *p, const struct row_name *name) {
    uint32_t source = intern_find(&p->chain.sources.names, name->source);
    for (size_t i = 0; i < p->step_count && source != INTERN_NONE; i++) {
        if (p->steps[i].source == source && p->steps[i].last >= name->sequence) {
            return &p->steps[i];
        }
    }
    return NULL;
}

static bool is_unsealed(const struct prover *p, const struct row_name *name) {
    for (int d = 0; d < DATASET_COUNT; d++) {
        const struct batch *b = p->store->unsealed.batches[d];
        for (size_t i = 0; b != NULL && i < b->row_count; i++) {
            if (b->rows[i].sequence == name->sequence &&
                str_eq(intern_text(&b->names, b->rows[i].source), name->source)) {
                return true;
            }
        }
    }
    return false;
}

/* Among the rows of the step's checkpoint, and where it is if one source came after the other, as
 * files that are imported do. */
static struct row_range range_of(const struct prover *p, const struct source_step *step,
                                 const struct row_name *name) {
    uint64_t from = step->checkpoint > 0 ? p->checkpoints[step->checkpoint - 1].rows : 0;
    uint64_t near = from + (name->sequence - step->before - 1);
    for (const struct source_step *s = step; s > p->steps && s[-1].checkpoint == step->checkpoint;
         s--) {
        near += s[-1].last - s[-1].before;
    }
    return (struct row_range){from, p->checkpoints[step->checkpoint].rows, near};
}

static enum status find_sealed(uint64_t *arrival, struct prover *p, const struct source_step *step,
                               const struct row_name *name, struct err *err) {
    const struct row_range range = range_of(p, step, name);
    enum status status =
        row_window_find(arrival, tree_nodes_get_window(p->nodes), name, &range, err);
    if (status != STATUS_NOT_FOUND || p->chain.expired_count == 0) {
        return status;
    }
    return err_set(err, STATUS_NOT_FOUND, "the store has no event %.*s-%llu any more: it expired",
                   STR_ARG(name->source), (unsigned long long)name->sequence);
}

static enum status find_row(uint64_t *arrival, struct prover *p, const struct row_name *name,
                            struct err *err) {
    if (tree_nodes_find(arrival, p->nodes, name)) {
        return STATUS_OK;
    }
    const struct source_step *step = find_step(p, name);
    if (step != NULL) {
        return find_sealed(arrival, p, step, name, err);
    }
    if (is_unsealed(p, name)) {
        return err_set(err, STATUS_NOT_FOUND,
                       "event %.*s-%llu is not sealed yet: no signed checkpoint holds it; wait for"
                       " the next seal (seal.interval), or stop the server",
                       STR_ARG(name->source), (unsigned long long)name->sequence);
    }
    return err_set(err, STATUS_NOT_FOUND, "the store has no event %.*s-%llu", STR_ARG(name->source),
                   (unsigned long long)name->sequence);
}

static enum status take_event(struct proof_event *e, struct prover *p, const struct row_name *name,
                              struct group_row *row, struct err *err) {
    enum status status = find_row(&e->index, p, name, err);
    if (status == STATUS_OK) {
        status = tree_nodes_load(p->nodes, e->index, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const uint8_t *leaf = NULL;
    const struct group_row *found = tree_nodes_row(p->nodes, e->index, &leaf);
    if (found == NULL || found->sequence != name->sequence ||
        !str_eq(found->source, name->source)) {
        return err_set(err, STATUS_DAMAGED, "row %llu is missing", (unsigned long long)e->index);
    }
    *row = *found;
    memcpy(e->leaf, leaf, SHA256_BYTES);
    return STATUS_OK;
}

enum status prover_find(struct proof_event *out, struct prover *p, struct str source,
                        uint64_t sequence, struct arena *arena, struct err *err) {
    struct proof_event e = {.index = 0};
    struct group_row row;
    struct row_name name = {arena_str(arena, source), sequence};
    enum status status = take_event(&e, p, &name, &row, err);
    if (status == STATUS_OK && row.in_container) { /* the bytes are those of an earlier row */
        e.in_container = true;
        e.offset = row.container_off;
        e.length = row.container_len;
        name.sequence = sequence - row.container_back;
        status = take_event(&e, p, &name, &row, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    e.id = arena_printf(arena, "%.*s-%llu", STR_ARG(source), (unsigned long long)sequence);
    e.source = name.source;
    e.sequence = name.sequence;
    e.receive_ns = row.receive_ns;
    e.raw_bytes = row.raw_bytes;
    *out = e;
    return STATUS_OK;
}
