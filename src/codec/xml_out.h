/*
 * XML text out (XML 1.0, 5th edition): strings of any bytes become well-formed character data.
 * Markup characters become entities; characters that XML cannot hold (controls, U+FFFE, U+FFFF)
 * and bytes that are no UTF-8 become U+FFFD; CR, LF and, in attributes, TAB become character
 * references: a reader would normalise them, and a text stays on one line.
 */
#ifndef KONSEKI_XML_OUT_H
#define KONSEKI_XML_OUT_H

#include "buf.h"

void xml_out_text(struct buf *out, struct str text);
/* For between double quotes. */
void xml_out_attribute(struct buf *out, struct str text);
/* A name: characters that no XML name may hold become '_'. Never empty. */
void xml_out_name(struct buf *out, struct str name);

#endif
