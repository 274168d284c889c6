/*
 * Matching one event: begin, add its values, end. The batch binding (sigma_row.c) and bare objects
 * (sigma_event.c) both come this way.
 */
#ifndef KONSEKI_SIGMA_MATCH_H
#define KONSEKI_SIGMA_MATCH_H

#include "sigma_group.h"

void sigma_match_begin(struct sigma_matcher *m, const struct sigma_origin *origin);
/* True if some rule that may apply to this event looks at the slot; values of others need not come.
 */
bool sigma_match_wants(const struct sigma_matcher *m, uint32_t slot);
/* `field` is the event field that the hit will name (FIELD_NONE: none). The text must stay valid
 * until the end. */
void sigma_match_value(struct sigma_matcher *m, uint32_t slot, struct str text, uint32_t field);
void sigma_match_null(struct sigma_matcher *m, uint32_t slot);

/* For who sees the same values again and again (sigma_screen.c). The number of this event's group;
 * begin_in begins an event of a group; false: the group was forgotten, begin with the origin. */
uint64_t sigma_match_group(const struct sigma_matcher *m);
bool sigma_match_begin_in(struct sigma_matcher *m, uint64_t group);
/* Borrowed until the next begin. */
const struct sigma_group *sigma_match_group_of(const struct sigma_matcher *m);
/* What values of the slot are asked depends on this number only. */
uint32_t sigma_match_slot_key(struct sigma_matcher *m, uint32_t slot);
/* The tests that the text passes, found out anew; borrowed until the next value. */
const struct sigma_ids *sigma_match_tests(struct sigma_matcher *m, uint32_t slot, struct str text);
/* As sigma_match_value, of a value that passes these tests and is not compared with others. */
void sigma_match_known(struct sigma_matcher *m, uint32_t slot, const struct sigma_ids *tests,
                       uint32_t field);
/* Ends the event: does any variant match? Nobody is told. */
bool sigma_match_any(struct sigma_matcher *m);

void sigma_match_end(struct sigma_matcher *m, sigma_hit_fn *hit, void *ctx);

/* What keywords see of raw bytes: without the terminator. */
struct str sigma_row_line(struct str raw);

struct sigma_profile *sigma_profile_create(const struct sigma_rules *set);
void sigma_profile_destroy(struct sigma_profile **profile);
const struct sigma_scanner *sigma_matcher_scanner(const struct sigma_matcher *m);
const struct sigma_rules *sigma_matcher_rules(const struct sigma_matcher *m);
/* Memory of the binding of fields to slots; freed with the matcher. */
struct sigma_binding;
struct sigma_binding **sigma_matcher_binding(struct sigma_matcher *m);
void sigma_binding_destroy(struct sigma_binding **binding);

#endif
