#include "registry.h"

#include "check.h"

static const struct parser *const parsers[PARSER_COUNT] = {
#define PARSER(name) &name##_parser,
#include "parsers.def"
};

const struct parser *registry_parser(size_t index) {
    CHECK(index < PARSER_COUNT);
    return parsers[index];
}
