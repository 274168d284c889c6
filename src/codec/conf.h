/*
 * Configuration text in the syntax of UCL (the "universal configuration language": a superset of
 * JSON that people write by hand), as a tree whose nodes know their lines:
 *
 *   # comment          / * comment * /
 *   name = value       name: value      name value;
 *   name = "text with \"escapes\" \u3042"         'text as it is'
 *   list = [a, "b", 3]
 *   section { name = value }      section title { ... }   (= section { title { ... } })
 *   a.b = value is the name "a.b"; sections and dotted names are the caller's to join
 *   a repeated name gives several nodes; the whole file may also stand in { } (plain JSON)
 *
 * The library of that name (vstakhov/libucl) is not packaged for Debian 12 and tells lines for
 * syntax errors only; macros, includes, variables and multi-line heredocs are left out on purpose.
 * All values are texts; units are read by the caller (num.h).
 *
 * Ownership: nodes and texts lie in the caller's arena. Limits: 4 MiB of text, 16 levels.
 */
#ifndef KONSEKI_CONF_H
#define KONSEKI_CONF_H

#include "arena.h"
#include "err.h"

enum conf_type { CONF_TEXT, CONF_LIST, CONF_SECTION };

struct conf_node {
    enum conf_type type;
    struct str name;         /* empty for items of a list and for the root */
    struct str text;         /* CONF_TEXT; NUL-terminated behind its end */
    unsigned line;           /* from 1 */
    struct conf_node *first; /* children of LIST and SECTION, in order */
    struct conf_node *next;  /* sibling */
};

/* `path` is for messages only. BAD_INPUT: "path: line N: what". */
enum status conf_parse(struct conf_node **out, struct arena *arena, struct str text,
                       const char *path, struct err *err) MUST_CHECK;
/* First child with this name; NULL if there is none. */
const struct conf_node *conf_find(const struct conf_node *section, struct str name);

#endif
