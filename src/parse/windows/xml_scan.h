/*
 * A small pull scanner for XML elements in memory: slices of the text, no copies, no heap. What
 * events need and no more: elements, attributes, character data, CDATA, comments and processing
 * instructions (skipped). DOCTYPE and every other <! is refused, so there are no entities to
 * expand. Names, nesting and quoting are checked; namespaces are left in the names.
 */
#ifndef KONSEKI_XML_SCAN_H
#define KONSEKI_XML_SCAN_H

#include "str.h"

enum xml_token {
    XML_START,     /* start tag begins: name */
    XML_ATTRIBUTE, /* name, value (between the quotes, references not resolved) */
    XML_TEXT,      /* value: character data, references not resolved */
    XML_CDATA,     /* value: as it is */
    XML_END,       /* end tag or "/>": name */
    XML_DONE,      /* the end of the text, with no element open */
    XML_BROKEN     /* not well-formed, or cut: `what` and the position `at` */
};

enum { XML_DEPTH_LIMIT = 64 };

struct xml_scan {
    struct str text;
    size_t at;
    struct str name;
    struct str value;
    const char *what;
    bool in_tag;
    size_t depth;
    struct str open[XML_DEPTH_LIMIT];
};

void xml_scan_init(struct xml_scan *scan, struct str text);
enum xml_token xml_scan_next(struct xml_scan *scan);

#endif
