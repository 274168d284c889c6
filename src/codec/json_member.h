/*
 * Members of a JSON object, one call each: a comma is put before every member that does not follow
 * the opening brace, so that members can be left out freely. Names and texts may hold any bytes
 * (json_out.h). Opening and closing braces are the caller's. Cost: O(length). Never fails.
 */
#ifndef KONSEKI_JSON_MEMBER_H
#define KONSEKI_JSON_MEMBER_H

#include "buf.h"

/* "name": and nothing behind it: the value comes from the caller. */
void json_member(struct buf *out, struct str name);
void json_member_text(struct buf *out, struct str name, struct str text);
/* Left out when the text is empty. */
void json_member_some_text(struct buf *out, struct str name, struct str text);
void json_member_number(struct buf *out, struct str name, uint64_t number);
void json_member_bool(struct buf *out, struct str name, bool value);
/* ["a","b"]; an empty list is []. */
void json_member_texts(struct buf *out, struct str name, const struct str *items, size_t count);

#endif
