#include "tree_file.h"

#include "store_path.h"
#include "store_priv.h"
#include "tree_walk.h"

void tree_file_fini(struct tree_file *t) {
    buf_fini(&t->fresh);
}

void tree_file_add(struct tree_file *t, struct merkle *tree, const uint8_t leaf[SHA256_BYTES]) {
    uint8_t nodes[2][SHA256_BYTES];
    unsigned count = merkle_add_noting(tree, leaf, TREE_LEVEL, nodes);
    buf_append(&t->fresh, nodes[0], (size_t)count * SHA256_BYTES);
}

static enum status append(struct store *s, struct err *err) {
    struct tree_file *t = &s->tree_file;
    struct buf path = BUF_INIT;
    struct file f = FILE_INIT;
    bool fresh = t->stored == 0;
    enum status status = file_open(&f, store_path(&path, s->path, "tree"), FILE_APPEND, err);
    if (status == STATUS_OK) {
        f.size_bytes = t->stored * SHA256_BYTES;
        status = file_append(&f, t->fresh.ptr, t->fresh.len, err);
    }
    if (status == STATUS_OK) {
        status = file_sync(&f, err);
    }
    file_close(&f);
    if (status == STATUS_OK && fresh) {
        status = file_sync_dir(s->path, err);
    }
    buf_fini(&path);
    return status;
}

enum status tree_file_write(struct store *s, struct err *err) {
    struct tree_file *t = &s->tree_file;
    enum status status = STATUS_OK;
    if (t->fresh.len > 0 && !t->broken) {
        status = append(s, err);
    }
    if (status == STATUS_OK) {
        t->stored += t->fresh.len / SHA256_BYTES;
        buf_clear(&t->fresh);
    }
    return status;
}

void tree_file_add_subtree(struct tree_file *t, struct merkle *tree,
                           const uint8_t root[SHA256_BYTES], unsigned level) {
    uint8_t nodes[2][SHA256_BYTES];
    unsigned count = merkle_add_subtree_noting(tree, root, level, TREE_LEVEL, nodes);
    buf_append(&t->fresh, nodes[0], (size_t)count * SHA256_BYTES);
}

void tree_file_add_many(struct tree_file *t, struct merkle *tree, uint8_t (*leaves)[SHA256_BYTES],
                        size_t count) {
    enum { GROUP = 1 << MERKLE_SUBTREE_LEVEL };
    size_t i = 0;
    while (i < count) {
        if (tree->size % GROUP != 0 || count - i < GROUP) {
            tree_file_add(t, tree, leaves[i++]);
            continue;
        }
        uint8_t root[SHA256_BYTES];
        merkle_subtree(root, leaves + i, MERKLE_SUBTREE_LEVEL);
        tree_file_add_subtree(t, tree, root, MERKLE_SUBTREE_LEVEL);
        i += GROUP;
    }
}

/* --- filling up --- */

struct filling {
    struct tree_file *file;
    struct merkle *tree;
};

static void add_part(const struct tree_part *part, void *ctx) {
    struct filling *f = ctx;
    tree_file_add_subtree(f->file, f->tree, part->hash, part->level);
}

/* Whole groups among `nodes` nodes; the last one is left out when its block's node is missing. */
static uint64_t whole_groups(uint64_t nodes) {
    uint64_t rest = nodes % (TREE_BLOCK_GROUPS + 1);
    uint64_t groups = nodes / (TREE_BLOCK_GROUPS + 1) * TREE_BLOCK_GROUPS + rest;
    return groups - (rest == TREE_BLOCK_GROUPS);
}

/* The tree of the rows of the groups in `map`, as far as the next nodes need it. */
static void resume_tree(struct merkle *tree, const struct file_map *map, uint64_t groups) {
    uint64_t first = groups / TREE_BLOCK_GROUPS * TREE_BLOCK_GROUPS;
    *tree = (struct merkle){.size = first << TREE_LEVEL};
    for (uint64_t g = first; g < groups; g++) {
        merkle_add_subtree(tree, map->bytes + tree_file_group_at(g) * SHA256_BYTES, TREE_LEVEL);
    }
}

/* The rest of the sealed rows. */
static enum status fill_up(struct store *s, struct merkle *tree, struct err *err) {
    struct filling f = {&s->tree_file, tree};
    enum status status = tree_walk(s, tree->size, s->chain.last.tree.size, add_part, &f, err);
    if (status != STATUS_OK) { /* rows are damaged or gone: proofs are slow, nothing else */
        buf_clear(&s->tree_file.fresh);
        s->tree_file.broken = true;
        return STATUS_OK;
    }
    return tree_file_write(s, err);
}

/* What a crash left beyond the last checkpoint. */
static enum status cut(struct store *s, uint64_t bytes, struct err *err) {
    struct buf path = BUF_INIT;
    struct file f = FILE_INIT;
    enum status status = file_open(&f, store_path(&path, s->path, "tree"), FILE_APPEND, err);
    if (status == STATUS_OK) {
        status = file_truncate(&f, bytes, err);
    }
    file_close(&f);
    buf_fini(&path);
    return status;
}

enum status tree_file_open(struct store *s, struct err *err) {
    struct tree_file *t = &s->tree_file;
    struct buf path = BUF_INIT;
    struct file_map map = {NULL, 0, false};
    struct merkle tree;
    uint64_t wanted = tree_file_nodes(s->chain.last.tree.size);
    enum status status = file_map(&map, store_path(&path, s->path, "tree"), false, err);
    buf_fini(&path);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return status;
    }
    uint64_t bytes = map.size_bytes;
    uint64_t there = bytes / SHA256_BYTES;
    uint64_t groups = whole_groups(there < wanted ? there : wanted);
    t->stored = there < wanted ? tree_file_nodes(groups << TREE_LEVEL) : wanted;
    resume_tree(&tree, &map, groups);
    file_unmap(&map);
    status = STATUS_OK;
    if (bytes > t->stored * SHA256_BYTES) {
        status = cut(s, t->stored * SHA256_BYTES, err);
    }
    return status == STATUS_OK && t->stored < wanted ? fill_up(s, &tree, err) : status;
}
