/*
 * Nodes of the tree come from three places: below TREE_LEVEL from the rows of a group, up to
 * TREE_BLOCK_LEVEL from the file `tree`, above from its block nodes. Each is kept as a pyramid: all
 * complete subtrees over up to 256 nodes next to each other. What comes out is tested against a
 * signed root; if the file `tree` does not lead there (changed, or gone), its nodes are made anew
 * from all rows, in memory.
 */
#include "prover.h"

#include "file_io.h"
#include "mem.h"
#include "store_find.h"
#include "store_path.h"
#include "tree_file.h"
#include "tree_walk.h"

enum { PYRAMID_LEVELS = TREE_LEVEL + 1, PYRAMID_WIDTH = 1 << TREE_LEVEL, EDGE_GROUPS = 4 };

struct pyramid {
    bool ready;
    uint64_t index;              /* which 256 nodes */
    uint32_t count;              /* of them are there */
    uint8_t kept[PYRAMID_WIDTH]; /* level of the node that stands for this leaf: 0, or it expired */
    uint8_t nodes[PYRAMID_LEVELS][PYRAMID_WIDTH][SHA256_BYTES];
};

/* What is kept of the rows of the group. */
struct group_row {
    struct str source; /* in the prover's arena */
    uint64_t sequence;
    int64_t receive_ns;
    uint64_t raw_bytes;
    bool in_container;
    uint32_t container_back;
    uint32_t container_off;
    uint32_t container_len;
};

/* A source's last sequence number went up to `last` with this checkpoint. */
struct source_step {
    uint32_t source;
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
    uint64_t rows; /* sealed */
    struct file_map file;
    struct tree_file made; /* when the file is of no use */
    const uint8_t *nodes;  /* of either */
    uint64_t node_count;
    struct pyramid group;              /* leaves of the event's group */
    struct pyramid edges[EDGE_GROUPS]; /* of groups where trees end that proofs are made for */
    unsigned next_edge;
    struct pyramid block; /* nodes of TREE_LEVEL */
    uint8_t *upper;       /* levels from TREE_BLOCK_LEVEL on, one after the other */
    struct group_row group_rows[TREE_GROUP_ROWS];
    struct arena group_texts;
    size_t hint;
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
            p->steps[p->step_count++] = (struct source_step){i, s->last_sequence[i], checkpoint};
            o->seen[i] = s->last_sequence[i];
        }
    }
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

static void map_tree(struct prover *p) {
    struct buf path = BUF_INIT;
    struct err ignored;
    if (file_map(&p->file, store_path(&path, p->store->path, "tree"), false, &ignored) ==
        STATUS_OK) {
        p->nodes = p->file.bytes;
        p->node_count = p->file.size_bytes / SHA256_BYTES;
    }
    buf_fini(&path);
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
    p->rows = store->chain.last.tree.size;
    map_tree(p);
    *out = p;
    return STATUS_OK;
}

void prover_close(struct prover **prover) {
    struct prover *p = *prover;
    if (p == NULL) {
        return;
    }
    chain_fini(&p->chain);
    arena_fini(&p->heads);
    arena_fini(&p->group_texts);
    file_unmap(&p->file);
    tree_file_fini(&p->made);
    mem_free(p->checkpoints);
    mem_free(p->steps);
    mem_free(p->upper);
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

/* --- nodes --- */

static void fill_pyramid(struct pyramid *y) {
    for (unsigned level = 1; level < PYRAMID_LEVELS; level++) {
        for (uint32_t i = 0; i < y->count >> level; i++) {
            if (y->kept[(size_t)i << level] < level) {
                merkle_node(y->nodes[level][i], y->nodes[level - 1][2 * i],
                            y->nodes[level - 1][2 * i + 1]);
            }
        }
    }
    y->ready = true;
}

static void take_row(struct prover *p, uint32_t at, const struct batch *b, const struct row *row) {
    p->group_rows[at] = (struct group_row){
        .source = arena_str(&p->group_texts, intern_text(&b->names, row->source)),
        .sequence = row->sequence,
        .receive_ns = row->receive_ns,
        .raw_bytes = row->raw_len,
        .in_container = (row->flags & ROW_IN_CONTAINER) != 0,
        .container_back = row->container_back,
        .container_off = row->container_off,
        .container_len = row->container_len};
}

struct group_reading {
    struct prover *prover;
    struct pyramid *pyramid;
};

/* A leaf, or the kept root of expired rows: these are put in their place by fill_pyramid. */
static void take_part(const struct tree_part *part, void *ctx) {
    struct group_reading *g = ctx;
    struct pyramid *y = g->pyramid;
    uint32_t at = y->count;
    uint32_t rows = UINT32_C(1) << part->level;
    memcpy(y->nodes[part->level][at >> part->level], part->hash, SHA256_BYTES);
    for (uint32_t i = at; i < at + rows; i++) {
        y->kept[i] = (uint8_t)part->level;
        if (y == &g->prover->group) {
            g->prover->group_rows[i] = (struct group_row){.source = STR_EMPTY};
        }
    }
    if (part->row != NULL && y == &g->prover->group) {
        take_row(g->prover, at, part->batch, part->row);
    }
    y->count += rows;
}

/* The leaves of a group as far as it is sealed; of the event's group also what rows say. */
static enum status read_rows(struct pyramid *y, struct prover *p, struct err *err) {
    uint64_t from = y->index << TREE_LEVEL;
    uint64_t to = p->rows - from < TREE_GROUP_ROWS ? p->rows : from + TREE_GROUP_ROWS;
    struct group_reading g = {p, y};
    y->count = 0;
    return tree_walk(p->store, from, to, take_part, &g, err);
}

static enum status load_group(struct pyramid *y, struct prover *p, uint64_t group,
                              struct err *err) {
    y->ready = false;
    y->index = group;
    enum status status = read_rows(y, p, err);
    if (status == STATUS_OK) {
        fill_pyramid(y);
    }
    return status;
}

/* Makes p->group that of an event. */
static enum status need_group(struct prover *p, uint64_t group, struct err *err) {
    if (p->group.ready && p->group.index == group) {
        return STATUS_OK;
    }
    arena_reset(&p->group_texts);
    return load_group(&p->group, p, group, err);
}

/* The leaves of any group: the event's, or one at the edge of a tree. */
static enum status need_leaves(const struct pyramid **out, struct prover *p, uint64_t group,
                               struct err *err) {
    *out = &p->group;
    if (p->group.ready && p->group.index == group) {
        return STATUS_OK;
    }
    for (size_t i = 0; i < EDGE_GROUPS; i++) {
        *out = &p->edges[i];
        if (p->edges[i].ready && p->edges[i].index == group) {
            return STATUS_OK;
        }
    }
    struct pyramid *edge = &p->edges[p->next_edge];
    p->next_edge = (p->next_edge + 1) % EDGE_GROUPS;
    *out = edge;
    return load_group(edge, p, group, err);
}

static enum status no_node(struct err *err) {
    return err_set(err, STATUS_DAMAGED, "the file \"tree\" is too short");
}

static enum status need_block(struct prover *p, uint64_t block, struct err *err) {
    struct pyramid *y = &p->block;
    if (y->ready && y->index == block) {
        return STATUS_OK;
    }
    uint64_t first = block * TREE_BLOCK_GROUPS;
    uint64_t groups = (p->rows >> TREE_LEVEL) - first;
    y->ready = false;
    y->index = block;
    y->count = groups < TREE_BLOCK_GROUPS ? (uint32_t)groups : TREE_BLOCK_GROUPS;
    uint64_t at = tree_file_group_at(first);
    if (at > p->node_count || y->count > p->node_count - at) {
        return no_node(err);
    }
    memcpy(y->nodes[0], p->nodes + at * SHA256_BYTES, (size_t)y->count * SHA256_BYTES);
    fill_pyramid(y);
    return STATUS_OK;
}

/* Where the nodes of a level begin in `upper`; level counts from TREE_BLOCK_LEVEL. */
static uint64_t upper_start(uint64_t blocks, unsigned level) {
    uint64_t start = 0;
    for (unsigned i = 0; i < level; i++) {
        start += blocks >> i;
    }
    return start;
}

static enum status need_upper(struct prover *p, struct err *err) {
    uint64_t blocks = p->rows >> TREE_BLOCK_LEVEL;
    if (p->upper != NULL) {
        return STATUS_OK;
    }
    if (tree_file_nodes(p->rows) > p->node_count) {
        return no_node(err);
    }
    p->upper = mem_alloc((size_t)(2 * blocks + 1) * SHA256_BYTES);
    for (uint64_t i = 0; i < blocks; i++) {
        memcpy(p->upper + i * SHA256_BYTES, p->nodes + tree_file_block_at(i) * SHA256_BYTES,
               SHA256_BYTES);
    }
    for (unsigned level = 1; blocks >> level > 0; level++) {
        const uint8_t *below = p->upper + upper_start(blocks, level - 1) * SHA256_BYTES;
        uint8_t *here = p->upper + upper_start(blocks, level) * SHA256_BYTES;
        for (uint64_t i = 0; i < blocks >> level; i++) {
            merkle_node(here + i * SHA256_BYTES, below + 2 * i * SHA256_BYTES,
                        below + (2 * i + 1) * SHA256_BYTES);
        }
    }
    return STATUS_OK;
}

static enum status subtree(uint8_t out[SHA256_BYTES], unsigned level, uint64_t index, void *ctx,
                           struct err *err) {
    struct prover *p = ctx;
    enum status status;
    const uint8_t *node;
    if (level < TREE_LEVEL) {
        const struct pyramid *leaves = NULL;
        status = need_leaves(&leaves, p, index >> (TREE_LEVEL - level), err);
        node = leaves->nodes[level][index & (((uint64_t)PYRAMID_WIDTH >> level) - 1)];
    } else if (level < TREE_BLOCK_LEVEL) {
        unsigned above = level - TREE_LEVEL;
        status = need_block(p, index >> (TREE_LEVEL - above), err);
        node = p->block.nodes[above][index & (((uint64_t)PYRAMID_WIDTH >> above) - 1)];
    } else {
        status = need_upper(p, err);
        uint64_t start = upper_start(p->rows >> TREE_BLOCK_LEVEL, level - TREE_BLOCK_LEVEL);
        node = status == STATUS_OK ? p->upper + (start + index) * SHA256_BYTES : NULL;
    }
    if (status == STATUS_OK) {
        memcpy(out, node, SHA256_BYTES);
    }
    return status;
}

struct making {
    struct tree_file *file;
    struct merkle tree;
};

static void make_part(const struct tree_part *part, void *ctx) {
    struct making *m = ctx;
    tree_file_add_subtree(m->file, &m->tree, part->hash, part->level);
}

/* The nodes of the file from all rows, in memory. */
static enum status make_nodes(struct prover *p, struct err *err) {
    struct making m = {.file = &p->made};
    enum status status = tree_walk(p->store, 0, p->rows, make_part, &m, err);
    p->nodes = (const uint8_t *)p->made.fresh.ptr;
    p->node_count = p->made.fresh.len / SHA256_BYTES;
    p->block.ready = false;
    mem_free(p->upper);
    p->upper = NULL;
    return status;
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

enum status prover_path(struct merkle_path *out, struct prover *p, const struct proof_event *event,
                        uint64_t rows, struct err *err) {
    uint8_t root[SHA256_BYTES];
    enum status status = prover_root(root, p, rows, err);
    if (status != STATUS_OK) {
        return status;
    }
    status = need_group(p, event->index >> TREE_LEVEL, err);
    if (status != STATUS_OK) {
        return status;
    }
    for (int try = 0; try < 2; try++) {
        status = merkle_prove_inclusion(out, event->index, rows, subtree, p, err);
        if (status == STATUS_OK &&
            merkle_inclusion_holds(out, event->leaf, event->index, rows, root)) {
            return STATUS_OK;
        }
        if (p->made.fresh.len > 0 || make_nodes(p, err) != STATUS_OK) {
            break;
        }
    }
    return err_set(err, STATUS_DAMAGED,
                   "the rows do not lead to the signed root: the store was changed; run konseki"
                   " verify --rebuild");
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
    for (int try = 0; try < 2 && status == STATUS_OK; try++) {
        status = merkle_prove_consistency(&out->path, old_rows, new_rows, subtree, p, err);
        if (status == STATUS_OK && merkle_consistency_holds(&out->path, old_rows, out->old_root,
                                                            new_rows, out->new_root)) {
            return STATUS_OK;
        }
        status = p->made.fresh.len > 0 ? STATUS_DAMAGED : make_nodes(p, err);
    }
    return status == STATUS_DAMAGED
               ? err_set(err, STATUS_DAMAGED,
                         "the rows do not lead to the signed root: the store was changed; run"
                         " konseki verify --rebuild")
               : status;
}

/* --- finding the event --- */

/* [*from, *to): the arrival numbers among which the row must be; false if it is not sealed. */
static bool find_range(const struct prover *p, const struct row_name *name, uint64_t *from,
                       uint64_t *to) {
    uint32_t source = intern_find(&p->chain.sources.names, name->source);
    for (size_t i = 0; i < p->step_count && source != INTERN_NONE; i++) {
        const struct source_step *step = &p->steps[i];
        if (step->source == source && step->last >= name->sequence) {
            *from = step->checkpoint > 0 ? p->checkpoints[step->checkpoint - 1].rows : 0;
            *to = p->checkpoints[step->checkpoint].rows;
            return true;
        }
    }
    return false;
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

static bool find_in_group(const struct prover *p, const struct row_name *name, uint64_t *arrival) {
    for (uint32_t i = 0; p->group.ready && i < p->group.count; i++) {
        if (p->group_rows[i].sequence == name->sequence &&
            str_eq(p->group_rows[i].source, name->source)) {
            *arrival = (p->group.index << TREE_LEVEL) + i;
            return true;
        }
    }
    return false;
}

static enum status find_row(uint64_t *arrival, struct prover *p, const struct row_name *name,
                            struct err *err) {
    uint64_t from = 0;
    uint64_t to = 0;
    if (find_in_group(p, name, arrival)) {
        return STATUS_OK;
    }
    if (find_range(p, name, &from, &to)) {
        enum status status = store_find_row(arrival, p->store, name, from, to, &p->hint, err);
        if (status != STATUS_NOT_FOUND || p->chain.expired_count == 0) {
            return status;
        }
        return err_set(err, STATUS_NOT_FOUND,
                       "the store has no event %.*s-%llu any more: it expired",
                       STR_ARG(name->source), (unsigned long long)name->sequence);
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
        status = need_group(p, e->index >> TREE_LEVEL, err);
    }
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t at = (uint32_t)(e->index & (TREE_GROUP_ROWS - 1));
    if (at >= p->group.count || p->group_rows[at].sequence != name->sequence) {
        return err_set(err, STATUS_DAMAGED, "row %llu is missing", (unsigned long long)e->index);
    }
    *row = p->group_rows[at];
    memcpy(e->leaf, p->group.nodes[0][at], SHA256_BYTES);
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
