/*
 * Compiled predicates over events: a tree of AND, OR, NOT and leaves. A leaf tests either one
 * field ("any value of the field passes") or the search text of the row.
 *
 * The same tree is evaluated row by row (expr_match_row) and, by the store, per distinct value of
 * a column (expr_leaf_match_value), after pruning with the facts below. Immutable once compiled;
 * may be used by several threads, each with its own struct expr_scratch.
 *
 * Text comparison folds case and width (NFKC + case folding, codec/token.h) unless a leaf says
 * otherwise. Search text of a row = its raw bytes as UTF-8, or, for rows without raw text (EVTX),
 * its values joined by newlines.
 */
#ifndef KONSEKI_EXPR_H
#define KONSEKI_EXPR_H

#include "arena.h"
#include "automaton.h"
#include "batch.h"
#include "err.h"
#include "ip.h"

enum expr_op {
    EXPR_ALL, /* matches every row */
    EXPR_AND,
    EXPR_OR,
    EXPR_NOT,
    EXPR_FIELD, /* leaf on a field */
    EXPR_TEXT   /* leaf on the search text */
};

enum expr_test {
    EXPR_EXISTS,    /* the field is there (its value may be empty) */
    EXPR_EQUALS,    /* whole value, folded; numbers and addresses in their canonical form */
    EXPR_WILDCARD,  /* whole value, folded, with * and ? */
    EXPR_REGEX,     /* PCRE2, unanchored, UTF-8, case-sensitive */
    EXPR_RANGE,     /* numbers, times, addresses or text between bounds */
    EXPR_CIDR,      /* address in a network */
    EXPR_WORDS,     /* tokens in sequence (a word or a phrase) */
    EXPR_LISTED,    /* what struct expr_list says */
    EXPR_EQUALS_ANY /* EQUALS of one of many: what expr_make_group makes of such leaves */
};

/*
 * A test whose owner stands outside: is this value one of a list (FIELD leaves), does this search
 * text name one (TEXT leaves)? Called from several threads; must depend on the text only.
 *
 * TEXT leaves: a text may be cut between bytes x and y unless x is `open` and y is `inner`: what is
 * in the text is in one of the parts (inner bytes are open too). Nothing is in a text that has none
 * of the bytes `marks` and whose runs of letters and digits are all shorter than `unmarked_bytes`.
 */
struct expr_list {
    bool (*has)(const void *ctx, struct str text);
    const void *ctx;
    bool (*is_inner)(char c); /* NULL: unknown, texts are looked at as a whole */
    bool (*is_open)(char c);
    struct str marks;
    uint32_t unmarked_bytes;
};

struct expr_leaf; /* expr_priv.h */

struct expr {
    enum expr_op op;
    struct expr **children;
    size_t child_count;
    struct expr_leaf *leaf; /* FIELD, TEXT */
};

struct expr_scratch;
struct expr_scratch *expr_scratch_create(const struct expr *root);
void expr_scratch_destroy(struct expr_scratch **scratch);

bool expr_match_row(const struct expr *e, const struct batch *b, const struct row *row,
                    struct expr_scratch *scratch);

/* --- for the store: what to read and what to skip --- */

/* FIELD leaf: does it test the column called `name` with this id? (names may hold wildcards) */
bool expr_leaf_selects(const struct expr *leaf, uint32_t field, struct str name);
/* FIELD leaf: the single field id if it tests exactly one, else FIELD_NONE. */
uint32_t expr_leaf_field(const struct expr *leaf);
/* FIELD leaf: one name, no pattern, that is not in the schema: a value that a record brought along,
 * never an attribute of the row. */
bool expr_leaf_is_foreign(const struct expr *leaf);
/* Leaf of either kind on one value or one search text (UTF-8). EXISTS is always true here. */
bool expr_leaf_match_value(const struct expr *leaf, struct str text, enum field_type type,
                           struct expr_scratch *scratch);
/*
 * Folded tokens (codec/token.h) every matching row's search text must hold as whole tokens.
 * TEXT leaves: the inner words of the phrase; FIELD leaves with EQUALS: the tokens of the value
 * (they stand in the search text too, unless the value was derived). Returns the count.
 */
size_t expr_leaf_tokens(const struct expr *leaf, const struct str **out_tokens);
/* FIELD leaf: true if of values that are plain integers (canonical decimal) exactly those from *low
 * to *high pass. */
bool expr_leaf_integers(const struct expr *leaf, enum field_type type, int64_t *low, int64_t *high);
/* The leaves of an EQUALS_ANY leaf, one of which passes where it does; 0: it is another one. */
size_t expr_leaf_member_count(const struct expr *leaf);
/* As expr_leaf_tokens, of one of them. */
size_t expr_leaf_member_tokens(const struct expr *leaf, size_t member,
                               const struct str **out_tokens);
/* EQUALS_ANY leaf: true if of values that are plain integers only some from *low to *high pass:
 * those that expr_leaf_has_integer names. */
bool expr_leaf_listed_integers(const struct expr *leaf, enum field_type type, int64_t *low,
                               int64_t *high);
bool expr_leaf_has_integer(const struct expr *leaf, int64_t number);
/*
 * TEXT leaves that look for parts of words: a run of ASCII letters, digits and '_' that stands in
 * one word of every matching search text. Empty if none is known.
 */
struct expr_fragment {
    struct str text;
    bool is_raw;      /* stands so in the search text as it is; else in its folded form */
    bool ignore_case; /* is_raw: ASCII case apart; then `text` is in lower case */
};
const struct expr_fragment *expr_leaf_fragment(const struct expr *leaf);
/* TEXT leaves with a regular expression: an automaton over the search text, which must be UTF-8;
 * NULL if none is known. */
const struct automaton *expr_leaf_automaton(const struct expr *leaf);
/* What a leaf with EXPR_LISTED asks; NULL: another test. */
const struct expr_list *expr_leaf_list(const struct expr *leaf);
/* Narrows [*from_ns, *to_ns) to what the tree can match by AND-ed @timestamp ranges. */
void expr_time_bounds(const struct expr *root, int64_t *from_ns, int64_t *to_ns);
/* True if the tree asks for derived rows (a positive event.kind leaf); else they are left out. */
bool expr_wants_derived(const struct expr *root);
/* False if no row of the dataset can match, by what the tree says of event.dataset. */
bool expr_may_match_dataset(const struct expr *root, enum dataset dataset);

/* True if TEXT leaves are about the row's values, not its raw bytes. */
bool expr_searches_values(const struct row *row);
/* Text of the row that TEXT leaves and tokens are about; may use `scratch`. Borrowed. */
struct str expr_search_text(const struct batch *b, const struct row *row, struct buf *scratch);

#endif
