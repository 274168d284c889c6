/* Postfix mail logs (docs/formats/postfix.md): every daemon's lines, one event a line. */
#ifndef KONSEKI_POSTFIX_H
#define KONSEKI_POSTFIX_H

#include "parser.h"

extern const struct parser postfix_parser;

#endif
