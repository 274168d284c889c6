#include "proof_sound.h"

#include <stdlib.h>

#include "anchor_line.h"
#include "i18n.h"
#include "json_out.h"
#include "mem.h"
#include "proof_check.h"
#include "timestamp.h"

/* "The tree of the first `rows` rows has this root." */
struct claim {
    uint64_t rows;
    uint8_t root[SHA256_BYTES];
};

struct claims {
    struct claim *items;
    size_t count;
    size_t capacity;
};

static void add_claim(struct claims *c, uint64_t rows, const uint8_t root[SHA256_BYTES]) {
    MEM_GROW(c->items, c->capacity, c->count + 1);
    c->items[c->count].rows = rows;
    memcpy(c->items[c->count++].root, root, SHA256_BYTES);
}

static int compare_claims(const void *a, const void *b) {
    const struct claim *x = a;
    const struct claim *y = b;
    return x->rows < y->rows ? -1 : x->rows > y->rows;
}

/* By rows, each once; false if two of them contradict each other. */
static bool sort_claims(struct claims *c) {
    size_t kept = 0;
    if (c->count > 0) {
        qsort(c->items, c->count, sizeof *c->items, compare_claims);
    }
    for (size_t i = 0; i < c->count; i++) {
        bool again = kept > 0 && c->items[kept - 1].rows == c->items[i].rows;
        if (again && memcmp(c->items[kept - 1].root, c->items[i].root, SHA256_BYTES) != 0) {
            return false;
        }
        kept += !again;
        c->items[kept - 1] = c->items[i];
    }
    c->count = kept;
    return true;
}

/* --- what claims roots --- */

static const char *check_anchors(struct claims *claims, const struct proof *p) {
    for (size_t i = 0; i < p->anchor_count; i++) {
        const struct proof_anchor *put = &p->anchors[i];
        struct err ignored = ERR_INIT;
        struct anchor a;
        if (anchor_line_parse(&a, put->line) != ANCHOR_GOOD) {
            return _("an anchor in it was changed");
        }
        if (put->token.len > 0 && timestamp_fits(put->token, put->line, &ignored) != STATUS_OK) {
            return _("a time stamp in it is not for its anchor");
        }
        add_claim(claims, a.rows, a.root);
    }
    return NULL;
}

static const char *check_heads(struct claims *claims, const struct proof *p) {
    struct checkpoint before = {.number = 0};
    uint8_t before_hash[SHA256_BYTES] = {0};
    for (size_t i = 0; i < p->checkpoint_count; i++) {
        struct checkpoint c;
        const char *problem = proof_check_head(&c, before_hash, &before, &p->checkpoints[i]);
        if (problem != NULL) {
            return problem;
        }
        add_claim(claims, c.tree.size, c.root);
        before = c;
    }
    return NULL;
}

static const char *check_consistencies(struct claims *claims, const struct proof *p) {
    for (size_t i = 0; i < p->consistency_count; i++) {
        const struct proof_consistency *c = &p->consistencies[i];
        if (!merkle_consistency_holds(&c->path, c->old_rows, c->old_root, c->new_rows,
                                      c->new_root)) {
            return _("a consistency in it does not hold");
        }
        add_claim(claims, c->old_rows, c->old_root);
        add_claim(claims, c->new_rows, c->new_root);
    }
    return NULL;
}

/* --- events --- */

/* As JSON prints them: bytes that are no text look alike then. */
static bool prints_alike(struct str a, struct str b) {
    struct buf first = BUF_INIT;
    struct buf second = BUF_INIT;
    json_out_string(&first, a);
    json_out_string(&second, b);
    bool same = str_eq(buf_str(&first), buf_str(&second));
    buf_fini(&first);
    buf_fini(&second);
    return same;
}

/* A record of a container has a number of its own; the source is the container's. */
static bool is_called_right(const struct proof_event *e) {
    struct buf name = BUF_INIT;
    size_t digits = 0;
    while (digits < e->id.len && ascii_is_digit(e->id.ptr[e->id.len - 1 - digits])) {
        digits++;
    }
    buf_add(&name, e->source);
    buf_putc(&name, '-');
    if (e->in_container) {
        buf_add(&name, str_skip(e->id, e->id.len - digits));
    } else {
        buf_printf(&name, "%llu", (unsigned long long)e->sequence);
    }
    bool right = digits > 0 && prints_alike(e->id, buf_str(&name)) &&
                 prints_alike(e->source_text, e->source);
    buf_fini(&name);
    return right;
}

static bool has_claimed_paths(const struct proof_event *e, const struct claims *claims) {
    for (size_t i = 0; i < e->inclusion_count; i++) {
        const struct proof_inclusion *n = &e->inclusions[i];
        const struct claim wanted = {.rows = n->rows};
        const struct claim *c = claims->count == 0 ? NULL
                                                   : bsearch(&wanted, claims->items, claims->count,
                                                             sizeof *claims->items, compare_claims);
        if (c == NULL || !merkle_inclusion_holds(&n->path, e->leaf, e->index, n->rows, c->root)) {
            return false;
        }
    }
    return true;
}

static const char *check_events(const struct claims *claims, const struct proof *p) {
    for (size_t i = 0; i < p->event_count; i++) {
        if (!is_called_right(&p->events[i])) {
            return _("an event in it is not called as its source and number say");
        }
        if (!has_claimed_paths(&p->events[i], claims)) {
            return _("a path in it leads to no root that it names");
        }
    }
    return NULL;
}

bool proof_is_sound(const struct proof *p, const char **problem) {
    struct claims claims = {0};
    const char *found = check_anchors(&claims, p);
    found = found == NULL ? check_heads(&claims, p) : found;
    found = found == NULL ? check_consistencies(&claims, p) : found;
    if (found == NULL && !sort_claims(&claims)) {
        found = _("it names two roots for one tree");
    }
    found = found == NULL ? check_events(&claims, p) : found;
    mem_free(claims.items);
    *problem = found;
    return found == NULL;
}
