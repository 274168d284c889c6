/*
 * Text of logs and rules for people: on a terminal, in a page, in a spreadsheet's cell. Bytes that
 * could move a cursor, reorder or hide text, or begin a formula are made harmless. Any bytes may
 * come in; nothing fails. Cost: O(length).
 */
#ifndef KONSEKI_CELL_TEXT_H
#define KONSEKI_CELL_TEXT_H

#include "buf.h"

/* The character that `s` (not empty) begins with, -1 for a byte that is no UTF-8; its bytes. */
size_t cell_text_next(int32_t *c, struct str s);
/* Would the character move the cursor, reorder the text or hide in it? */
bool cell_text_is_unsafe(int32_t c);
/* Columns of text on a terminal. */
int cell_text_width(struct str text);
/* Appends text with unsafe characters as escapes: \n, \x1b, \u202e; invalid bytes as \xNN. */
void cell_text_visible(struct buf *out, struct str text);
/* A cell of RFC 4180: quoted where needed, a leading apostrophe where a spreadsheet would run it,
 * unsafe characters but tabs and ends of lines as escapes. */
void cell_text_csv(struct buf *out, struct str cell);
/* A column's name: "@timestamp" is our own and stays; others may come out of a record. */
void cell_text_csv_name(struct buf *out, struct str name);

#endif
