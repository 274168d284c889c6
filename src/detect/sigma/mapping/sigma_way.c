#include "sigma_way.h"

#include "sigma_text.h"

static const struct sigma_rename *rename_of(const struct sigma_way_row *row, struct str name) {
    for (size_t i = 0; i < row->rename_count && name.len > 0; i++) {
        if (str_eq(row->renames[i].name, name)) {
            return &row->renames[i];
        }
    }
    return NULL;
}

/* The test in the event's words: Initiated "true" is Direction "%%14593". */
static struct sigma_test translated(const struct sigma_rename *rename,
                                    const struct sigma_test *test) {
    bool whole = test->kind == SIGMA_TEST_PATTERN || test->kind == SIGMA_TEST_TRUTH;
    for (size_t i = 0; whole && i + 1 < rename->values.count; i += 2) {
        if (str_eq_ci(rename->values.items[i], test->text)) {
            return (struct sigma_test){.kind = SIGMA_TEST_PATTERN,
                                       .text = rename->values.items[i + 1]};
        }
    }
    return *test;
}

/* --- parts: "KEY=value,KEY=value" --- */

static void push_pattern(struct arena *arena, struct sigma_node *any, const struct sigma_node *leaf,
                         struct str text) {
    struct sigma_node *copy = arena_alloc(arena, sizeof *copy);
    *copy = *leaf;
    copy->test = (struct sigma_test){
        .kind = SIGMA_TEST_PATTERN, .cased = leaf->test.cased, .text = arena_str(arena, text)};
    sigma_node_push(arena, any, copy);
}

static void put_pair(struct buf *out, struct str key, struct str value, bool cased) {
    struct buf plain = BUF_INIT;
    buf_printf(&plain, "%.*s=", STR_ARG(key));
    if (cased) {
        buf_add(out, buf_str(&plain));
    } else {
        sigma_fold(out, buf_str(&plain));
    }
    buf_add(out, value);
    buf_fini(&plain);
}

/* The pair alone, first, last or between others; what is open at its end holds those behind. */
static struct sigma_node *part_patterns(struct arena *arena, const struct sigma_node *leaf,
                                        struct str key, bool is_open) {
    struct sigma_node *any = sigma_node_inner(arena, SIGMA_NODE_OR, 0);
    struct buf text = BUF_INIT;
    for (unsigned place = 0; place < (is_open ? 2 : 4); place++) {
        buf_clear(&text);
        if ((place & 1) != 0) {
            buf_putc(&text, (char)SIGMA_STAR);
            buf_putc(&text, ',');
        }
        put_pair(&text, key, leaf->test.text, leaf->test.cased);
        if ((place & 2) != 0) {
            buf_putc(&text, ',');
            buf_putc(&text, (char)SIGMA_STAR);
        }
        push_pattern(arena, any, leaf, buf_str(&text));
    }
    buf_fini(&text);
    return any;
}

/* NULL if the test is not about the value's beginning: then it is of the field as it is. */
static struct sigma_node *part_of(struct arena *arena, const struct sigma_node *leaf,
                                  const struct sigma_rename *rename) {
    const struct sigma_test *test = &leaf->test;
    bool is_text = test->kind == SIGMA_TEST_PATTERN || test->kind == SIGMA_TEST_NUMBER;
    if (rename->part.len == 0 || str_eq(leaf->field, rename->name) || leaf->op != SIGMA_NODE_TEST ||
        !is_text || test->text.len == 0) {
        return NULL;
    }
    struct str begin = str_head(test->text, test->text.len - 1);
    bool is_open = (unsigned char)test->text.ptr[begin.len] == SIGMA_STAR;
    return sigma_pattern_has_wildcard(is_open ? begin : test->text)
               ? NULL
               : part_patterns(arena, leaf, rename->part, is_open);
}

/* --- leaves --- */

static struct sigma_node *leaf_for(struct arena *arena, const struct sigma_node *leaf,
                                   const struct sigma_rename *rename, struct str native) {
    struct sigma_node *copy = arena_alloc(arena, sizeof *copy);
    *copy = *leaf;
    copy->field = native;
    if (leaf->op == SIGMA_NODE_TEST) {
        copy->test = translated(rename, &leaf->test);
    }
    struct sigma_node *parts = part_of(arena, copy, rename);
    return parts != NULL ? parts : copy;
}

/* Any of the native fields; null only if all of them are. */
static struct sigma_node *renamed_field(struct arena *arena, struct sigma_node *leaf,
                                        const struct sigma_rename *rename) {
    if (rename == NULL) {
        return leaf;
    }
    if (rename->natives.count == 1) {
        return leaf_for(arena, leaf, rename, rename->natives.items[0]);
    }
    enum sigma_node_op op = leaf->op == SIGMA_NODE_NULL ? SIGMA_NODE_AND : SIGMA_NODE_OR;
    struct sigma_node *all = sigma_node_inner(arena, op, rename->natives.count);
    for (size_t i = 0; i < rename->natives.count; i++) {
        all->children[i] = leaf_for(arena, leaf, rename, rename->natives.items[i]);
    }
    return all;
}

/* FIELDREF: the field on its right, too. */
static struct sigma_node *renamed_leaf(struct arena *arena, const struct sigma_way_row *row,
                                       struct sigma_node *leaf) {
    const struct sigma_rename *other =
        leaf->op == SIGMA_NODE_FIELDREF ? rename_of(row, leaf->other) : NULL;
    const struct sigma_rename *rename = rename_of(row, leaf->field);
    if (other == NULL) {
        return renamed_field(arena, leaf, rename);
    }
    struct sigma_node *any = sigma_node_inner(arena, SIGMA_NODE_OR, other->natives.count);
    for (size_t i = 0; i < other->natives.count; i++) {
        struct sigma_node *copy = arena_alloc(arena, sizeof *copy);
        *copy = *leaf;
        copy->other = other->natives.items[i];
        any->children[i] = renamed_field(arena, copy, rename);
    }
    return any;
}

static struct sigma_node *renamed(struct arena *arena, const struct sigma_way_row *row,
                                  struct sigma_node *n) {
    if (n->op > SIGMA_NODE_NOT) {
        return renamed_leaf(arena, row, n);
    }
    struct sigma_node *copy = NULL;
    for (size_t i = 0; i < n->child_count; i++) {
        struct sigma_node *child = renamed(arena, row, n->children[i]);
        if (child != n->children[i] && copy == NULL) {
            copy = sigma_node_inner(arena, n->op, n->child_count);
            memcpy(copy->children, n->children, n->child_count * sizeof(void *));
        }
        if (copy != NULL) {
            copy->children[i] = child;
        }
    }
    return copy != NULL ? copy : n;
}

static struct sigma_node *condition_node(struct arena *arena,
                                         const struct sigma_condition_row *row) {
    struct sigma_node *any = sigma_node_inner(arena, SIGMA_NODE_OR, row->values.count);
    for (size_t i = 0; i < row->values.count; i++) {
        struct sigma_node *leaf = arena_alloc(arena, sizeof *leaf);
        leaf->op = SIGMA_NODE_TEST;
        leaf->field = row->field;
        leaf->test = (struct sigma_test){.kind = SIGMA_TEST_PATTERN, .text = row->values.items[i]};
        any->children[i] = leaf;
    }
    return any;
}

struct sigma_node *sigma_way_fields(struct arena *arena, const struct sigma_way *way,
                                    struct sigma_node *root) {
    const struct sigma_way_row *row = way->row;
    return row != NULL && row->rename_count > 0 ? renamed(arena, row, root) : root;
}

struct sigma_node *sigma_way_tree(struct arena *arena, const struct sigma_way *way,
                                  struct sigma_node *root) {
    const struct sigma_way_row *row = way->row;
    if (row == NULL) {
        return root;
    }
    struct sigma_node *tree = sigma_way_fields(arena, way, root);
    if (row->condition_count == 0) {
        return tree;
    }
    struct sigma_node *all = sigma_node_inner(arena, SIGMA_NODE_AND, row->condition_count + 1);
    for (size_t i = 0; i < row->condition_count; i++) {
        all->children[i] = condition_node(arena, &row->conditions[i]);
    }
    all->children[row->condition_count] = tree;
    return all;
}
