#include "export_file.h"

#include <zstd.h>

#include "buf.h"
#include "check.h"
#include "file_io.h"
#include "mem.h"

enum { BUFFER_BYTES = 256 * 1024, ZSTD_LEVEL = 3 };

struct export_file {
    char *path;
    char *part_path;
    struct file file;  /* open while awake */
    struct buf buffer; /* plain bytes that are not written yet */
    struct buf packed;
    ZSTD_CCtx *zstd; /* NULL: asleep, or not compressed */
    bool compressed;
    bool frame_open;
    uint64_t plain_bytes;
};

static char *join(const char *a, const char *b) {
    struct buf text = BUF_INIT;
    buf_printf(&text, "%s%s", a, b);
    char *copy = mem_strdup(text.ptr, text.len);
    buf_fini(&text);
    return copy;
}

enum status export_file_create(struct export_file **out, const char *path, bool compressed,
                               struct err *err) {
    struct export_file *f = mem_calloc(1, sizeof *f);
    f->path = mem_strdup(path, strlen(path));
    f->part_path = join(path, ".part");
    f->file = FILE_INIT;
    f->compressed = compressed;
    /* made anew: a link that somebody put there is not followed */
    enum status status = file_remove(f->part_path, err);
    if (status == STATUS_OK) {
        status = file_open(&f->file, f->part_path, FILE_CREATE_NEW, err);
    }
    if (status != STATUS_OK) {
        export_file_discard(&f);
        return status;
    }
    *out = f;
    return STATUS_OK;
}

bool export_file_is_awake(const struct export_file *file) {
    return file->file.fd >= 0;
}

/* Sends the plain buffer through zstd; ZSTD_e_end closes the frame. */
static enum status compress(struct export_file *f, ZSTD_EndDirective how, struct err *err) {
    if (f->zstd == NULL) {
        f->zstd = ZSTD_createCCtx();
        CHECK(f->zstd != NULL);
        (void)ZSTD_CCtx_setParameter(f->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
        (void)ZSTD_CCtx_setParameter(f->zstd, ZSTD_c_checksumFlag, 1);
    }
    ZSTD_inBuffer in = {f->buffer.ptr, f->buffer.len, 0};
    size_t left;
    do {
        buf_clear(&f->packed);
        ZSTD_outBuffer to = {buf_reserve(&f->packed, BUFFER_BYTES), BUFFER_BYTES, 0};
        left = ZSTD_compressStream2(f->zstd, &to, &in, how);
        CHECK(!ZSTD_isError(left));
        enum status status = file_append(&f->file, to.dst, to.pos, err);
        if (status != STATUS_OK) {
            return status;
        }
    } while (how == ZSTD_e_end ? left > 0 : in.pos < in.size);
    f->frame_open = how != ZSTD_e_end;
    buf_clear(&f->buffer);
    return STATUS_OK;
}

static enum status flush(struct export_file *f, bool ends, struct err *err) {
    if (f->compressed) {
        bool nothing = f->buffer.len == 0 && !(ends && f->frame_open);
        return nothing ? STATUS_OK : compress(f, ends ? ZSTD_e_end : ZSTD_e_continue, err);
    }
    enum status status = STATUS_OK;
    if (f->buffer.len > 0) {
        status = file_append(&f->file, f->buffer.ptr, f->buffer.len, err);
        buf_clear(&f->buffer);
    }
    return status;
}

enum status export_file_write(struct export_file *f, struct str bytes, struct err *err) {
    enum status status = STATUS_OK;
    if (!export_file_is_awake(f)) {
        status = file_open(&f->file, f->part_path, FILE_APPEND, err);
    }
    f->plain_bytes += bytes.len;
    while (status == STATUS_OK && bytes.len > 0) {
        struct str head = str_head(bytes, BUFFER_BYTES - f->buffer.len);
        buf_add(&f->buffer, head);
        bytes = str_skip(bytes, head.len);
        if (f->buffer.len == BUFFER_BYTES) {
            status = flush(f, false, err);
        }
    }
    return status;
}

static void release(struct export_file *f) {
    file_close(&f->file);
    buf_fini(&f->buffer);
    buf_fini(&f->packed);
    (void)ZSTD_freeCCtx(f->zstd);
    f->zstd = NULL;
}

enum status export_file_rest(struct export_file *f, struct err *err) {
    if (!export_file_is_awake(f)) {
        return STATUS_OK;
    }
    enum status status = flush(f, true, err);
    release(f);
    return status;
}

enum status export_file_complete(struct export_file *f, struct err *err) {
    enum status status = STATUS_OK;
    if (!export_file_is_awake(f)) {
        status = file_open(&f->file, f->part_path, FILE_APPEND, err);
    }
    if (status == STATUS_OK && f->compressed && f->plain_bytes == 0) {
        status = compress(f, ZSTD_e_end, err); /* a frame of nothing, so that zstd can read it */
    } else if (status == STATUS_OK) {
        status = flush(f, true, err);
    }
    if (status == STATUS_OK) {
        status = file_sync(&f->file, err);
    }
    release(f);
    return status;
}

static void destroy(struct export_file **file) {
    release(*file);
    mem_free((*file)->path);
    mem_free((*file)->part_path);
    mem_free(*file);
    *file = NULL;
}

enum status export_file_publish(struct export_file **file, struct err *err) {
    enum status status = file_rename((*file)->part_path, (*file)->path, err);
    if (status == STATUS_OK) {
        destroy(file);
    }
    return status;
}

void export_file_discard(struct export_file **file) {
    if (*file == NULL) {
        return;
    }
    struct err ignored = ERR_INIT; /* what cannot be removed keeps its name ending in .part */
    (void)!file_remove((*file)->part_path, &ignored);
    destroy(file);
}
