/*
 * Character data of XML to text: character references (&#10; &#xA;) and the five predefined
 * entities. This is TRANSFORM_XML of the event batch.
 */
#ifndef KONSEKI_XML_TEXT_H
#define KONSEKI_XML_TEXT_H

#include "buf.h"

/* Appends the text of `s`. False if a reference is none of these, unterminated, or to a character
 * that XML cannot hold; it stays as it is and the rest is decoded. */
bool xml_text_decode(struct buf *out, struct str s);

#endif
