/* What the files of this folder share: the inside of a leaf, a set and a scratch. */
#ifndef KONSEKI_EXPR_PRIV_H
#define KONSEKI_EXPR_PRIV_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "automaton.h"
#include "expr_build.h"
#include "wildcard.h"

/* A text read in every way it can be compared. */
struct operand {
    struct str text;
    struct str folded;
    bool is_integer;
    bool is_number;
    bool is_ip;
    bool is_time;
    int64_t integer;
    double number;
    struct ip ip;
    int64_t time_ns;
};

struct bound {
    bool is_set;
    bool inclusive;
    struct operand operand;
};

struct operand_set;

struct expr_leaf {
    bool on_text;
    enum expr_test test;
    uint32_t index;  /* in the set, from 0 */
    uint32_t field;  /* FIELD_NONE: by `name` */
    struct str name; /* lower case ASCII, marked as a wildcard pattern */
    struct wildcard name_wildcard;
    struct operand value;             /* EQUALS */
    struct operand_set *values;       /* EQUALS_ANY */
    const struct expr_leaf **members; /* EQUALS_ANY: the leaves that it stands for */
    size_t member_count;
    struct bound low; /* RANGE */
    struct bound high;
    struct ip_network network;          /* CIDR */
    struct wildcard wildcard;           /* WILDCARD on a field */
    struct wildcard_text wildcard_text; /* WILDCARD on the search text */
    pcre2_code *regex;                  /* REGEX */
    struct str *words;                  /* WORDS, in order */
    size_t word_count;
    struct str longest_word;
    struct str *tokens; /* expr_leaf_tokens */
    size_t token_count;
    struct expr_fragment fragment; /* TEXT with REGEX or WILDCARD */
    struct expr_list list;         /* LISTED */
    struct automaton *automaton;   /* TEXT with REGEX; NULL: none */
};

struct expr_set {
    struct arena arena;
    struct expr_leaf **leaves;
    size_t leaf_count;
    size_t leaf_capacity;
};

/* Which columns a leaf by name selects, by field id: 0 not known yet, 1 no, 2 yes. */
struct select_cache {
    uint8_t *known;
    size_t count;
};

struct expr_scratch {
    pcre2_match_data *match_data;
    pcre2_match_context *match_context;
    pcre2_jit_stack *jit_stack;
    uint64_t given_up;
    struct select_cache *selects; /* by leaf index */
    size_t leaf_count;
    struct buf fold;      /* a folded value */
    struct buf attribute; /* text of an attribute */
    struct buf text;      /* search text, when it has to be made */
    struct buf folded_text;
    struct str search_text; /* of the row at hand */
    bool has_search_text;
    bool has_folded_text;
};

void operand_init(struct operand *out, struct arena *arena, struct str text);
/* Compares a value with an operand in the way of the field's type: *order <0, 0, >0; false if
 * the two cannot be compared. */
bool operand_compare(int *order, struct str value, const struct operand *operand,
                     enum field_type type, struct buf *fold);
bool operand_is_ascii(struct str s);
/* An address as operand_equals compares it. */
bool operand_parse_ip(struct ip *out, struct str value);
bool operand_parse_time(int64_t *out, struct str text);
bool operand_equals(struct str value, const struct operand *operand, enum field_type type,
                    struct buf *fold);

enum status regex_compile(pcre2_code **out, size_t *error_at, struct str pattern, bool ignore_case,
                          struct err *err);
bool regex_match(const pcre2_code *regex, struct str text, struct expr_scratch *scratch);
/* True if '.' takes all but LF (PCRE2 can be built otherwise). */
bool regex_newline_is_lf(const pcre2_code *regex);

/* fragment.c: the longest run of ASCII letters, digits and '_' in the text; and one that every text
 * that the regular expression matches holds. Parts of the argument; may be empty. */
struct str fragment_of_text(struct str text);
struct str fragment_of_regex(struct str pattern);

bool leaf_selects(const struct expr_leaf *leaf, uint32_t field, struct str name);
bool leaf_match_value(const struct expr_leaf *leaf, struct str text, enum field_type type,
                      struct expr_scratch *scratch);
/* A leaf's test on a search text that is folded already where the test needs it */
bool leaf_match_text(const struct expr_leaf *leaf, struct str text, struct str folded,
                     struct expr_scratch *scratch);
/* Does this test on the search text look at its folded form? */
bool leaf_wants_folded(const struct expr_leaf *leaf);

#endif
