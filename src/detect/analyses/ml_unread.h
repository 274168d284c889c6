/*
 * Headers that could not be read to their end, by source and day: what ML-01 and ML-02 say about
 * their own blind spot. A header that the log cut is never counted as clean.
 */
#ifndef KONSEKI_ML_UNREAD_H
#define KONSEKI_ML_UNREAD_H

#include "analysis.h"

struct ml_unread;

struct ml_unread *ml_unread_create(void);
void ml_unread_destroy(struct ml_unread *unread);
/* One header or name of the mail `event`; `unread` if it could not be judged. */
void ml_unread_count(struct ml_unread *unread, const struct analysis_event *event, bool is_unread);
void ml_unread_evict(struct ml_unread *unread, int32_t before_day);
/* Notes the sources of the day that had any: "N of M <what>". */
void ml_unread_cover(const struct ml_unread *unread, const struct analysis_context *context,
                     int32_t day, const char *what_en, const char *what_ja);

#endif
