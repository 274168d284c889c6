/* How the lines of an exported file begin that are no rows (docs/formats/export.md). */
#ifndef KONSEKI_EXPORT_LINES_H
#define KONSEKI_EXPORT_LINES_H

#define EXPORT_HEAD_START  "{\"konseki.export\":{\"format\":"
#define EXPORT_INPUT_START "{\"konseki.export\":{\"input\":"
#define EXPORT_TAIL_START  "{\"konseki.export\":{\"end\":"

enum { EXPORT_FORMAT = 1 };

#endif
