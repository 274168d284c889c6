#include "restore_lines.h"

#include <zstd.h>

#include "buf.h"
#include "check.h"
#include "mem.h"

enum { LINE_MAX_BYTES = 64 << 20, STEP_BYTES = 256 * 1024, WINDOW_LOG_MAX = 23 };

struct restore_lines {
    struct str bytes;
    size_t used;     /* of `bytes` */
    ZSTD_DCtx *zstd; /* NULL: plain */
    bool in_frame;
    struct buf plain; /* unpacked */
    size_t taken;     /* of `plain` */
};

struct restore_lines *restore_lines_open(struct str bytes) {
    struct restore_lines *l = mem_calloc(1, sizeof *l);
    l->bytes = bytes;
    if (str_starts(bytes, STR("\x28\xb5\x2f\xfd"))) {
        l->zstd = ZSTD_createDCtx();
        CHECK(l->zstd != NULL);
        (void)ZSTD_DCtx_setParameter(l->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    }
    return l;
}

void restore_lines_close(struct restore_lines **lines) {
    if (*lines != NULL) {
        (void)ZSTD_freeDCtx((*lines)->zstd);
        buf_fini(&(*lines)->plain);
        mem_free(*lines);
        *lines = NULL;
    }
}

size_t restore_lines_used(const struct restore_lines *lines) {
    return lines->used;
}

static enum status too_long(struct err *err) {
    return err_set(err, STATUS_BAD_INPUT, "a line is longer than %d MiB", LINE_MAX_BYTES >> 20);
}

static enum status next_plain(struct restore_lines *l, struct str *line, bool *more,
                              struct err *err) {
    struct str rest = str_skip(l->bytes, l->used);
    size_t end = str_find_char(rest, '\n');
    *more = rest.len > 0;
    *line = str_head(rest, end == STR_NONE ? rest.len : end);
    l->used += line->len + (end == STR_NONE ? 0 : 1);
    return line->len > LINE_MAX_BYTES ? too_long(err) : STATUS_OK;
}

/* Unpacks some more; *ended when there is nothing left. */
static enum status unpack(struct restore_lines *l, bool *ended, struct err *err) {
    if (l->taken > 0) { /* only what is not taken yet stays */
        memmove(l->plain.ptr, l->plain.ptr + l->taken, l->plain.len - l->taken);
        l->plain.len -= l->taken;
        l->taken = 0;
    }
    *ended = l->used == l->bytes.len && !l->in_frame;
    if (*ended) {
        return STATUS_OK;
    }
    ZSTD_outBuffer out = {buf_reserve(&l->plain, STEP_BYTES), STEP_BYTES, 0};
    ZSTD_inBuffer in = {l->bytes.ptr, l->bytes.len, l->used};
    size_t left = ZSTD_decompressStream(l->zstd, &out, &in);
    if (ZSTD_isError(left)) {
        return err_set(err, STATUS_BAD_INPUT, "its zstd frames are broken: %s",
                       ZSTD_getErrorName(left));
    }
    l->in_frame = left > 0;
    l->used = in.pos;
    l->plain.len += out.pos;
    if (l->in_frame && out.pos == 0 && l->used == l->bytes.len) {
        return err_set(err, STATUS_BAD_INPUT, "its last zstd frame is cut");
    }
    return STATUS_OK;
}

static enum status next_packed(struct restore_lines *l, struct str *line, bool *more,
                               struct err *err) {
    size_t searched = 0;
    for (;;) {
        struct str rest = str_skip(buf_str(&l->plain), l->taken);
        size_t end = str_find_char(str_skip(rest, searched), '\n');
        if (end != STR_NONE) {
            *line = str_head(rest, searched + end);
            l->taken += line->len + 1;
            *more = true;
            return STATUS_OK;
        }
        searched = rest.len;
        bool ended = false;
        enum status status = searched > LINE_MAX_BYTES ? too_long(err) : unpack(l, &ended, err);
        if (status != STATUS_OK) {
            return status;
        }
        if (ended) {
            *line = str_skip(buf_str(&l->plain), l->taken);
            l->taken = l->plain.len;
            *more = line->len > 0;
            return STATUS_OK;
        }
    }
}

enum status restore_lines_next(struct restore_lines *l, struct str *line, bool *more,
                               struct err *err) {
    return l->zstd == NULL ? next_plain(l, line, more, err) : next_packed(l, line, more, err);
}
