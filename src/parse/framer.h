/*
 * Bytes -> lines. A line ends with LF (or the UTF-16 code unit of LF), its terminator belongs to
 * it, and the last line may have none. Lines over the limit come in parts. Nothing is copied or
 * lost: the frames in order are the input.
 *
 * An input that is unpacked on the way comes in windows: while `more_follows` is set the line at
 * the end of a window is left where it is until framer_window brings the rest of it.
 */
#ifndef KONSEKI_FRAMER_H
#define KONSEKI_FRAMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "charset.h"

enum framer_form {
    FRAMER_LINES,
    FRAMER_TABLE, /* lines; inside of double quotes a line end is text (RFC 4180) */
    FRAMER_JSON   /* json_framer.h */
};

/* Where json_framer is. */
struct json_place {
    enum json_level {
        JSON_LEVEL_TOP,
        JSON_LEVEL_ARRAY,
        JSON_LEVEL_WRAPPED, /* in the list of a wrapper */
        JSON_LEVEL_TAIL     /* behind that list */
    } level;
    unsigned depth; /* in the object that is over the limit, or in the wrapper's rest */
    bool in_string;
    bool escaped;
};

struct framer {
    const uint8_t *bytes;
    size_t size_bytes;
    size_t pos;
    size_t limit_bytes;        /* longest part; at least 16 */
    enum text_charset charset; /* UTF8 (any one-byte LF), UTF16LE or UTF16BE */
    uint32_t line;             /* number of the next frame's line */
    bool inside;               /* the last frame was a part and its line goes on */
    bool begun;                /* a frame was given: no byte order mark comes any more */
    enum framer_form form;
    struct json_place json; /* FRAMER_JSON */
    unsigned open_quotes;   /* FRAMER_TABLE: quotes that nobody closed */
    bool more_follows;      /* what is behind `bytes` comes with the next window */
};

struct frame {
    size_t off;
    size_t len;      /* with the terminator */
    size_t text_off; /* from `off`: behind a byte order mark */
    size_t text_len; /* without byte order mark and terminator (LF, CR LF) */
    uint32_t line;   /* from 1; saturates */
    bool part;       /* of a line over the limit */
    bool first;      /* of its line */
    bool meta;       /* has no text: what stands between records */
};

/* Detects UTF-16 by BOM or by the look of the first bytes. limit_bytes 0: 1 MiB. */
void framer_init(struct framer *f, const uint8_t *bytes, size_t size_bytes, size_t limit_bytes);
/* The next window. It begins with what was left of the last one: bytes[pos .. size_bytes), which is
 * shorter than twice limit_bytes. */
void framer_window(struct framer *f, const uint8_t *bytes, size_t size_bytes, bool more_follows);
/* False at the end of the input or, while more follows, of the window's last whole line. */
bool framer_next(struct framer *f, struct frame *out);

#endif
