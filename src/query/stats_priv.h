/* What the files of the stage `stats` share: rows and columns in (stage_stats.c, stats_columnar.c),
 * groups out (stats_out.c). */
#ifndef KONSEKI_STATS_PRIV_H
#define KONSEKI_STATS_PRIV_H

#include "accumulator.h"
#include "stage.h"
#include "stats_groups.h"

enum { STATS_TEXT_BYTES = 64 }; /* memory of a text beside its bytes, about */

struct stats {
    size_t aggregate_count;
    struct stats_groups groups;
    struct accumulator *accumulators; /* by group * aggregate_count + aggregate */
    size_t accumulator_capacity;
    struct aggregate_set *sets; /* by aggregate */
    uint32_t *ids;              /* of the group being looked for, by column */
    struct buf scratch;
    struct buf value_scratch;
    uint64_t used_bytes;
};

/* Start of the span of the time; spans of a day and more follow the calendar of the zone, weeks
 * begin on Monday. */
int64_t stats_span_start(const struct stage_spec *spec, int64_t ns);
/* The id of a text of a column; new ones count as memory. */
uint32_t stats_text_id(struct stats *s, struct intern *texts, struct str text);
uint32_t stats_span_id(struct stats *s, int64_t start_ns);
/* The group of these ids, one a column; it is made if it is not there. */
uint32_t stats_find_group(struct stage *stage, const uint32_t *ids);

/* Gives the results to the next stage without rows (stats_chain.c); false: it cannot. */
bool stats_give_whole(struct stage *stage);

enum status stats_finish(struct stage *stage, struct err *err);

#endif
