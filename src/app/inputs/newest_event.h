/*
 * The time of the newest event below some paths, for bounds that count back from it ("--last 7d"):
 * an image that is a year old has no events of the last week. All files are read once for it.
 */
#ifndef KONSEKI_NEWEST_EVENT_H
#define KONSEKI_NEWEST_EVENT_H

#include "file_rows.h"

/* TIME_NONE if no event has a time of its own. Events with a time after tomorrow (a clock that was
 * wrong) do not count. `options`: as for the reading itself; its callbacks are not called. */
int64_t newest_event_ns(const struct file_rows_options *options, const char *const *paths,
                        size_t path_count);

#endif
