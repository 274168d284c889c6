/*
 * Cutting a row into a template and variables. The template says how the raw bytes are put
 * together (literal bytes and columns, in order) and which pieces make up the value of which field;
 * the variables go to the columns. Rows of one shape share the template, so that a field's name, a
 * literal and the structure are stored once.
 *
 * Raw bytes are cut at both ends of every value that is a slice of them: overlapping and nested
 * values are runs of pieces. What no value covers is cut again at words that hold digits (numbers,
 * addresses, times): those become variables, the rest stays literal. In coarse mode such a gap is
 * one variable as a whole: for rows whose shape is rare.
 *
 * Ownership: texts of variables are borrowed from the batch. Threads: one a cutter.
 * Cost: O(raw bytes + values * pieces they cover).
 */
#ifndef KONSEKI_CUT_H
#define KONSEKI_CUT_H

#include "batch.h"
#include "layout.h"

struct cut_variable {
    const char *ptr;
    uint32_t len;
    uint32_t column;
};

/* What a column holds. */
enum column_kind {
    COLUMN_OF_FIELD = 0,  /* pieces of the raw bytes that belong to a field */
    COLUMN_OF_GAP = 1,    /* pieces between fields */
    COLUMN_OF_EXTRA = 2,  /* values of a field that are not in the raw bytes */
    COLUMN_OF_BINARY = 3, /* raw bytes that are no text: no words, not searched */
    COLUMN_KIND_COUNT
};

struct cut_column {
    uint64_t key;
    enum column_kind kind;
    uint32_t field; /* FIELD_NONE for gaps */
};

struct cut_owner;
struct cut_bound;

struct cutter {
    struct cut_column *columns;
    size_t column_count;
    size_t column_capacity;
    uint32_t *slots; /* hash table over columns: index + 1 */
    uint32_t slot_count;

    /* of the row cut last */
    struct buf key;          /* its template, in the form that is stored */
    unsigned template_flags; /* TEMPLATE_CROSSING, TEMPLATE_ENCODED; in the key too */
    struct cut_variable *variables;
    size_t variable_count;
    size_t variable_capacity;

    uint32_t *field_columns[2]; /* by field id: column + 1 of COLUMN_OF_FIELD, COLUMN_OF_EXTRA */
    size_t field_capacity[2];

    struct cut_bound *bounds; /* scratch */
    size_t bound_capacity;
    uint64_t *marks; /* a bit a byte of the row: a slice begins or ends there; zero between rows */
    uint32_t *bound_at;    /* by byte of the row: index in bounds, where a mark is */
    size_t mark_capacity;  /* words of 64 */
    size_t place_capacity; /* of bound_at */
    struct cut_owner *owners;
    size_t owner_capacity;
    struct buf decoded;
};

void cutter_init(struct cutter *c);
void cutter_fini(struct cutter *c);
/* Forgets the row, keeps the columns. Sets key and appends nothing to older variables: the
 * variables of the row are variables[0 .. variable_count). */
void cutter_row(struct cutter *c, const struct batch *b, const struct row *row, bool coarse);

#endif
