/*
 * HTML text out: strings of any bytes become inert text, in elements and between quotes of
 * attributes. Markup characters become references; what steers, hides or reorders text is shown as
 * an escape (cell_text.h). Never fails. Cost: O(length).
 */
#ifndef KONSEKI_HTML_OUT_H
#define KONSEKI_HTML_OUT_H

#include "buf.h"
#include "sigma.h"

void html_out_text(struct buf *out, struct str text);
/* Our own text: it is escaped all the same. */
void html_out_c(struct buf *out, const char *text);
/* <tag class="class">text</tag>; `css` may be NULL. */
void html_out_element(struct buf *out, const char *tag, const char *css, struct str text);
void html_out_number(struct buf *out, const char *tag, uint64_t number);
/* <tag class="level high">high</tag> */
void html_out_level_name(struct buf *out, const char *tag, enum sigma_level level);
/* A cell with the number of hits of a level, in its colour. */
void html_out_level(struct buf *out, int level, uint64_t number);

#endif
