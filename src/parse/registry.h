/* The parsers of tables/parsers.def, by index. */
#ifndef KONSEKI_REGISTRY_H
#define KONSEKI_REGISTRY_H

#include "parser.h"

enum parser_index {
#define PARSER(name) PARSER_INDEX_##name,
#include "parsers.def"
    PARSER_COUNT
};

#define PARSER(name) extern const struct parser name##_parser;
#include "parsers.def"

const struct parser *registry_parser(size_t index);

#endif
