#include "tree_nodes.h"

#include "mem.h"
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

struct tree_nodes {
    struct store *store;
    struct row_window *window;
    uint64_t rows; /* sealed */
    struct tree_end ends[2];
    struct file_map file;
    struct tree_file made; /* when the file is of no use */
    const uint8_t *nodes;  /* of either */
    uint64_t node_count;
    struct pyramid group;              /* leaves of the event's group */
    struct pyramid edges[EDGE_GROUPS]; /* of other groups */
    unsigned next_edge;
    struct pyramid block; /* nodes of TREE_LEVEL */
    uint8_t *upper;       /* levels from TREE_BLOCK_LEVEL on, one after the other */
    struct group_row group_rows[TREE_GROUP_ROWS];
    struct arena group_texts;
};

static void map_tree(struct tree_nodes *n) {
    struct buf path = BUF_INIT;
    struct err ignored;
    if (file_map(&n->file, store_path(&path, n->store->path, "tree"), false, &ignored) ==
        STATUS_OK) {
        n->nodes = n->file.bytes;
        n->node_count = n->file.size_bytes / SHA256_BYTES;
    }
    buf_fini(&path);
}

struct tree_nodes *tree_nodes_create(struct store *store) {
    struct tree_nodes *n = mem_calloc(1, sizeof *n);
    n->store = store;
    n->window = row_window_create(store);
    n->rows = store->chain.last.tree.size;
    map_tree(n);
    return n;
}

void tree_nodes_destroy(struct tree_nodes **nodes) {
    struct tree_nodes *n = *nodes;
    if (n == NULL) {
        return;
    }
    row_window_destroy(&n->window);
    arena_fini(&n->group_texts);
    file_unmap(&n->file);
    tree_file_fini(&n->made);
    mem_free(n->upper);
    mem_free(n);
    *nodes = NULL;
}

struct row_window *tree_nodes_get_window(struct tree_nodes *n) {
    return n->window;
}

void tree_nodes_set_ends(struct tree_nodes *n, struct tree_end a, struct tree_end b) {
    n->ends[0] = a;
    n->ends[1] = b;
}

/* --- groups of rows --- */

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

static void take_row(struct tree_nodes *n, uint32_t at, const struct batch *b,
                     const struct row *row) {
    n->group_rows[at] = (struct group_row){
        .source = arena_str(&n->group_texts, intern_text(&b->names, row->source)),
        .sequence = row->sequence,
        .receive_ns = row->receive_ns,
        .raw_bytes = row->raw_len,
        .in_container = (row->flags & ROW_IN_CONTAINER) != 0,
        .container_back = row->container_back,
        .container_off = row->container_off,
        .container_len = row->container_len};
}

struct group_reading {
    struct tree_nodes *nodes;
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
        if (y == &g->nodes->group) {
            g->nodes->group_rows[i] = (struct group_row){.source = STR_EMPTY};
        }
    }
    if (part->row != NULL && y == &g->nodes->group) {
        take_row(g->nodes, at, part->batch, part->row);
    }
    y->count += rows;
}

/* The leaves of a group as far as it is sealed; of n->group also what rows say. */
static enum status load_group(struct pyramid *y, struct tree_nodes *n, uint64_t group,
                              struct err *err) {
    uint64_t from = group << TREE_LEVEL;
    uint64_t to = n->rows - from < TREE_GROUP_ROWS ? n->rows : from + TREE_GROUP_ROWS;
    struct group_reading g = {n, y};
    y->ready = false;
    y->index = group;
    y->count = 0;
    enum status status = tree_walk_few(n->store, n->window, from, to, take_part, &g, err);
    if (status == STATUS_OK) {
        fill_pyramid(y);
    }
    return status;
}

enum status tree_nodes_load(struct tree_nodes *n, uint64_t index, struct err *err) {
    uint64_t group = index >> TREE_LEVEL;
    if (n->group.ready && n->group.index == group) {
        return STATUS_OK;
    }
    arena_reset(&n->group_texts);
    return load_group(&n->group, n, group, err);
}

const struct group_row *tree_nodes_row(const struct tree_nodes *n, uint64_t index,
                                       const uint8_t **leaf) {
    uint32_t at = (uint32_t)(index & (TREE_GROUP_ROWS - 1));
    if (!n->group.ready || n->group.index != index >> TREE_LEVEL || at >= n->group.count) {
        return NULL;
    }
    if (leaf != NULL) {
        *leaf = n->group.nodes[0][at];
    }
    return &n->group_rows[at];
}

bool tree_nodes_find(uint64_t *index, const struct tree_nodes *n, const struct row_name *name) {
    for (uint32_t i = 0; n->group.ready && i < n->group.count; i++) {
        const struct group_row *row = &n->group_rows[i];
        if (row->sequence == name->sequence && str_eq(row->source, name->source)) {
            *index = (n->group.index << TREE_LEVEL) + i;
            return true;
        }
    }
    return false;
}

/* The leaves of any group: the event's, or another one. */
static enum status need_leaves(const struct pyramid **out, struct tree_nodes *n, uint64_t group,
                               struct err *err) {
    *out = &n->group;
    if (n->group.ready && n->group.index == group) {
        return STATUS_OK;
    }
    for (size_t i = 0; i < EDGE_GROUPS; i++) {
        *out = &n->edges[i];
        if (n->edges[i].ready && n->edges[i].index == group) {
            return STATUS_OK;
        }
    }
    struct pyramid *edge = &n->edges[n->next_edge];
    n->next_edge = (n->next_edge + 1) % EDGE_GROUPS;
    *out = edge;
    return load_group(edge, n, group, err);
}

/* --- nodes of the file --- */

static enum status no_node(struct err *err) {
    return err_set(err, STATUS_DAMAGED, "the file \"tree\" is too short");
}

static enum status need_block(struct tree_nodes *n, uint64_t block, struct err *err) {
    struct pyramid *y = &n->block;
    if (y->ready && y->index == block) {
        return STATUS_OK;
    }
    uint64_t first = block * TREE_BLOCK_GROUPS;
    uint64_t groups = (n->rows >> TREE_LEVEL) - first;
    y->ready = false;
    y->index = block;
    y->count = groups < TREE_BLOCK_GROUPS ? (uint32_t)groups : TREE_BLOCK_GROUPS;
    uint64_t at = tree_file_group_at(first);
    if (at > n->node_count || y->count > n->node_count - at) {
        return no_node(err);
    }
    memcpy(y->nodes[0], n->nodes + at * SHA256_BYTES, (size_t)y->count * SHA256_BYTES);
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

static enum status need_upper(struct tree_nodes *n, struct err *err) {
    uint64_t blocks = n->rows >> TREE_BLOCK_LEVEL;
    if (n->upper != NULL) {
        return STATUS_OK;
    }
    if (tree_file_nodes(n->rows) > n->node_count) {
        return no_node(err);
    }
    n->upper = mem_alloc((size_t)(2 * blocks + 1) * SHA256_BYTES);
    for (uint64_t i = 0; i < blocks; i++) {
        memcpy(n->upper + i * SHA256_BYTES, n->nodes + tree_file_block_at(i) * SHA256_BYTES,
               SHA256_BYTES);
    }
    for (unsigned level = 1; blocks >> level > 0; level++) {
        const uint8_t *below = n->upper + upper_start(blocks, level - 1) * SHA256_BYTES;
        uint8_t *here = n->upper + upper_start(blocks, level) * SHA256_BYTES;
        for (uint64_t i = 0; i < blocks >> level; i++) {
            merkle_node(here + i * SHA256_BYTES, below + 2 * i * SHA256_BYTES,
                        below + (2 * i + 1) * SHA256_BYTES);
        }
    }
    return STATUS_OK;
}

/* --- any node --- */

/* The roots of a tree's complete subtrees: for each set bit of its rows the one before its end. */
static const uint8_t *find_in_end(const struct tree_end *e, unsigned level, uint64_t index) {
    if ((e->rows >> level & 1) == 0 || index != (e->rows >> level) - 1) {
        return NULL;
    }
    uint64_t below = e->rows & ((UINT64_C(1) << level) - 1);
    size_t at = (size_t)__builtin_popcountll(below) * SHA256_BYTES;
    return at + SHA256_BYTES <= e->roots.len ? (const uint8_t *)e->roots.ptr + at : NULL;
}

static enum status need_node(const uint8_t **node, struct tree_nodes *n, unsigned level,
                             uint64_t index, struct err *err) {
    enum status status;
    if (level < TREE_LEVEL) {
        const struct pyramid *leaves = NULL;
        status = need_leaves(&leaves, n, index >> (TREE_LEVEL - level), err);
        *node = leaves->nodes[level][index & (((uint64_t)PYRAMID_WIDTH >> level) - 1)];
    } else if (level < TREE_BLOCK_LEVEL) {
        unsigned above = level - TREE_LEVEL;
        status = need_block(n, index >> (TREE_LEVEL - above), err);
        *node = n->block.nodes[above][index & (((uint64_t)PYRAMID_WIDTH >> above) - 1)];
    } else {
        status = need_upper(n, err);
        uint64_t start = upper_start(n->rows >> TREE_BLOCK_LEVEL, level - TREE_BLOCK_LEVEL);
        *node = status == STATUS_OK ? n->upper + (start + index) * SHA256_BYTES : NULL;
    }
    return status;
}

enum status tree_nodes_subtree(uint8_t out[SHA256_BYTES], unsigned level, uint64_t index, void *ctx,
                               struct err *err) {
    struct tree_nodes *n = ctx;
    const uint8_t *node = find_in_end(&n->ends[0], level, index);
    enum status status = STATUS_OK;
    if (node == NULL) {
        node = find_in_end(&n->ends[1], level, index);
    }
    if (node == NULL) {
        status = need_node(&node, n, level, index, err);
    }
    if (status == STATUS_OK) {
        memcpy(out, node, SHA256_BYTES);
    }
    return status;
}

/* --- making the file's nodes again --- */

struct making {
    struct tree_file *file;
    struct merkle tree;
};

static void make_part(const struct tree_part *part, void *ctx) {
    struct making *m = ctx;
    tree_file_add_subtree(m->file, &m->tree, part->hash, part->level);
}

enum status tree_nodes_remake(struct tree_nodes *n, struct err *err) {
    struct making m = {.file = &n->made};
    if (n->made.fresh.len > 0) {
        return STATUS_BAD_INPUT;
    }
    enum status status = tree_walk(n->store, 0, n->rows, make_part, &m, err);
    n->nodes = (const uint8_t *)n->made.fresh.ptr;
    n->node_count = n->made.fresh.len / SHA256_BYTES;
    n->block.ready = false;
    mem_free(n->upper);
    n->upper = NULL;
    tree_nodes_set_ends(n, (struct tree_end){0}, (struct tree_end){0});
    return status;
}
