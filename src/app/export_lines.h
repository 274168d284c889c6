/* Head and tail of an exported file of JSON lines (docs/formats/export.md): how they begin. */
#ifndef KONSEKI_EXPORT_LINES_H
#define KONSEKI_EXPORT_LINES_H

#define EXPORT_HEAD_START "{\"konseki.export\":{\"format\":"
#define EXPORT_TAIL_START "{\"konseki.export\":{\"end\":"

enum { EXPORT_FORMAT = 1 };

#endif
