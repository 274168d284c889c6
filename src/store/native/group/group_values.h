/*
 * The values of slots (group_plan.h) in the rows of a block, as small ids: 0, 1, 2 ... a slot. A
 * value's text is made once, when its id is new or later; ids follow from codes and numbers. Values
 * of several recipes get several ids even where their texts are equal: who reads the ids compares
 * the texts.
 *
 * Rows come in windows, and in these in chunks of one class of templates, so that each step is a
 * plain loop over arrays which stay in the first cache.
 *
 * Threads: one. Ownership: borrows the plan; texts live until group_values_fini.
 */
#ifndef KONSEKI_GROUP_VALUES_H
#define KONSEKI_GROUP_VALUES_H

#include "group_codes.h"
#include "group_text.h"
#include "id_table.h"

#define GROUP_NO_ID UINT32_MAX

/* What a text is for a sum. */
enum group_number { GROUP_NUMBER_NONE, GROUP_NUMBER_INTEGER, GROUP_NUMBER_FRACTION };

/* The values of one slot, by id. */
struct group_slot {
    struct str *texts;
    size_t text_capacity;
    uint32_t count;
    bool is_summed;
    int64_t *integers; /* of summed slots */
    size_t integer_capacity;
    uint8_t *kinds; /* enum group_number */
    size_t kind_capacity;
};

struct group_values {
    const struct group_plan *plan;
    struct arena arena;
    struct group_slot slots[GROUP_SLOTS];
    struct group_maker *makers; /* by recipe */
    struct group_streams streams;
    uint32_t identity; /* the recipe whose numbers are ids, if there is one */
    uint64_t *keys;    /* scratch: by row of the chunk */
    int64_t *numbers;
    uint32_t *codes;
    uint32_t *ids[GROUP_SLOTS];
    int64_t *integers[GROUP_SLOTS];
    struct group_text_codes code_text;
    struct buf texts; /* of the chunk's rows */
    size_t *ends;     /* in `texts` */
    size_t text_bytes;
};

void group_values_init(struct group_values *out, const struct group_plan *plan);
void group_values_fini(struct group_values *v);
/* About how many bytes it holds. */
size_t group_values_bytes(const struct group_values *v);

/* The ids of the recipe's values in the chunk's rows. GROUP_NO_ID: a row of a dataset without a
 * name. Valid until the slot is asked again. The text of an id may have to be made yet. */
enum status group_values_ids(const uint32_t **out, struct group_values *v, uint32_t recipe,
                             const struct group_chunk *chunk, struct err *err) MUST_CHECK;
/* Makes the text of an id, if it is not there: slots[slot].texts[id]. */
enum status group_values_text(struct group_values *v, uint32_t slot, uint32_t id,
                              struct err *err) MUST_CHECK;

/* Values without ids on the way: the numbers of group_codes.h, which get ids when all rows are in.
 * Not of summed slots. */
bool group_values_has_codes(const struct group_values *v, uint32_t recipe);
/* The numbers are below this; 0: it has none. */
uint32_t group_values_code_count(const struct group_values *v, uint32_t recipe);
const uint32_t *group_values_codes(struct group_values *v, uint32_t recipe,
                                   const struct group_chunk *chunk);
/* Gives a number that has no id one. */
enum status group_values_add_code(uint32_t *id, struct group_values *v, uint32_t recipe,
                                  uint32_t number, struct err *err) MUST_CHECK;

/* The numbers to sum up; ids[i] is then the value's id, or ids is NULL where all are integers.
 * *fits false: a value is a fraction or negative, which only rows can sum up. */
enum status group_values_integers(const int64_t **out, const uint32_t **ids, bool *fits,
                                  struct group_values *v, uint32_t recipe,
                                  const struct group_chunk *chunk, struct err *err) MUST_CHECK;

#endif
