/*
 * Mining: text that no parser covers is cut at delimiters into tokens. Texts with the same
 * delimiters make a group; in a group, texts that share most of their fixed tokens make a cluster
 * (He et al., "Drain", ICWS 2017). A token that differs within a cluster becomes a variable of it,
 * for good; tokens with digits are variables from the start. What never differs is a literal and
 * costs nothing.
 *
 * Forms of text: words (blanks, quotes, brackets and '=' delimit), and separated fields (',' '|'
 * ';' or tab; a quoted field is one token, empty fields are tokens). Addresses are cut at '@' and
 * before a port, GUIDs at '-'.
 *
 * Columns: a variable behind "key=" has the column of that key wherever it stands. Another shares a
 * column in which its text was seen lately (a message id, a host name), so that texts which
 * return in other places are found in one dictionary. Else it has one of its own.
 *
 * Bounded: at most MINE_MAX_CLUSTERS clusters and MINE_MAX_TOKENS tokens; what is more is one
 * variable. Any cut is exact, so a bad guess only costs bytes. Threads: one a miner.
 */
#ifndef KONSEKI_MINE_H
#define KONSEKI_MINE_H

#include "arena.h"
#include "batch.h"

enum { MINE_MAX_TOKENS = 192, MINE_MAX_CLUSTERS = 8192 };

struct mine_token {
    uint32_t start; /* in the text */
    uint32_t end;
    uint32_t key;   /* hash of "key" if the token stands behind "key="; else 0 */
    uint32_t place; /* of separated fields: number of the field x 16 + part */
    bool has_digit;
    bool is_unit;    /* may hold delimiters: quoted, or the text of another value */
    bool variable;   /* set by mine_match */
    uint64_t column; /* of a variable: what tells its column from others */
};

/* Texts of the row that may return in a text that is cut: they are kept whole there. */
enum { MINE_MAX_COPIES = 128, MINE_COPY_SLOTS = 512, MINE_COPY_MIN_BYTES = 4 };

struct mine_copies {
    struct str texts[MINE_MAX_COPIES];
    uint8_t next[MINE_MAX_COPIES];  /* chain: index + 1 */
    uint8_t slots[MINE_COPY_SLOTS]; /* by the first bytes: index + 1 */
    uint32_t count;
};

/* What is to be cut. */
struct mine_text {
    struct str text;
    enum charset charset;
    bool escaped;                     /* JSON string escapes: those of line ends and tabs delimit */
    uint64_t context;                 /* tells one kind of text from another (a field) */
    const struct mine_copies *copies; /* may be NULL */
};

struct mine_cluster;

struct miner {
    struct arena arena;
    struct mine_cluster **clusters; /* hash table by group; chains */
    uint32_t cluster_count;
    uint64_t *recent; /* by hash of a text: the column key where it was seen last */
    uint32_t *recent_tags;

    /* the text cut last */
    struct mine_token tokens[MINE_MAX_TOKENS];
    uint32_t token_count;
    uint64_t group;  /* of its delimiters */
    uint64_t fields; /* of separated fields: their kind and number */
    char separator;  /* of fields; 0: words */
};

void miner_init(struct miner *m);
void miner_fini(struct miner *m);
/* Forgets all. */
void miner_clear(struct miner *m);

/* Sets tokens, token_count, group and separator. Cost: about 2 ns a byte. */
void mine_tokenise(struct miner *m, const struct mine_text *in);
/* Sets what is variable in the text that was tokenised last. */
void mine_match(struct miner *m, struct str text);
void mine_copies_clear(struct mine_copies *c);
void mine_copies_add(struct mine_copies *c, struct str text);
/* Notes that a text was seen in the column with this key. */
void mine_note(struct miner *m, struct str text, uint64_t column);

#endif
