/*
 * JSON documents -> one frame an event: arrays of objects, objects printed over many lines, objects
 * one behind the other on a line, or with commas between them, and the wrappers {"Records":[..]}
 * (CloudTrail), {"value":[..]} (Azure),
 * {"Events":[..]}, {"hits":{"hits":[..]}} (Elasticsearch) and the like, also several in one file;
 * the output of evtx_dump ("Record 1" before each object). One object a line is none of these: the
 * framer of lines reads it.
 *
 * A frame is the separators before an object, the object, and the separators behind it up to the
 * next one: the frames in order are the input. Separators alone (an empty array) are a frame
 * without text, flagged `meta`. Objects over the limit come in parts. What is neither object nor
 * separator is a frame up to the end of its line.
 *
 * UTF-8 and UTF-16 (PowerShell 5 writes it). Works on windows like framer.h. Cost: each byte is
 * looked at twice.
 */
#ifndef KONSEKI_JSON_FRAMER_H
#define KONSEKI_JSON_FRAMER_H

#include "framer.h"

/* By the first bytes; `f` is at its start and says the encoding. */
bool json_framer_is_document(const struct framer *f);
/* As framer_next. */
bool json_framer_next(struct framer *f, struct frame *out);

#endif
