#include "sigma_codec.h"

#include "bytes.h"
#include "mem.h"

enum { BLOCK_ALIGN = 64 };

/* The next `len` bytes of the input; NULL when there are not as many. */
static const char *take(struct sigma_codec *c, size_t len) {
    if (c->failed || len > c->in.len - c->at) {
        c->failed = true;
        return NULL;
    }
    c->at += len;
    return c->in.ptr + c->at - len;
}

void sigma_codec_raw(struct sigma_codec *c, void *bytes, size_t len) {
    if (c->out != NULL) {
        buf_append(c->out, bytes, len);
        return;
    }
    const char *from = take(c, len);
    if (from != NULL) {
        memcpy(bytes, from, len);
    } else {
        memset(bytes, 0, len);
    }
}

void sigma_codec_u8(struct sigma_codec *c, uint8_t *value, uint8_t limit) {
    sigma_codec_raw(c, value, 1);
    if (*value >= limit) {
        c->failed = true;
        *value = c->out != NULL ? *value : 0;
    }
}

void sigma_codec_bool(struct sigma_codec *c, bool *value) {
    uint8_t byte = *value;
    sigma_codec_u8(c, &byte, 2);
    *value = byte != 0;
}

void sigma_codec_u32(struct sigma_codec *c, uint32_t *value, uint64_t limit) {
    uint8_t bytes[4];
    bytes_put_le32(bytes, *value);
    sigma_codec_raw(c, bytes, sizeof bytes);
    *value = bytes_le32(bytes);
    if (*value >= limit) {
        c->failed = true;
        *value = c->out != NULL ? *value : 0;
    }
}

void sigma_codec_size(struct sigma_codec *c, size_t *value) {
    uint8_t bytes[8];
    bytes_put_le64(bytes, *value);
    sigma_codec_raw(c, bytes, sizeof bytes);
    *value = (size_t)bytes_le64(bytes);
}

void sigma_codec_double(struct sigma_codec *c, double *value) {
    uint64_t bits;
    memcpy(&bits, value, sizeof bits);
    size_t wide = (size_t)bits;
    sigma_codec_size(c, &wide);
    bits = wide;
    memcpy(value, &bits, sizeof bits);
}

void sigma_codec_count(struct sigma_codec *c, size_t *count, size_t least_bytes) {
    sigma_codec_size(c, count);
    if (c->out == NULL && (c->failed || *count > (c->in.len - c->at) / least_bytes)) {
        c->failed = true;
        *count = 0;
    }
}

void sigma_codec_str(struct sigma_codec *c, struct str *text) {
    size_t len = text->len;
    sigma_codec_count(c, &len, 1);
    if (c->out != NULL) {
        buf_add(c->out, *text);
    } else {
        const char *from = take(c, len);
        *text = from != NULL ? arena_str(c->arena, str_make(from, len)) : STR_EMPTY;
    }
}

void sigma_codec_strs(struct sigma_codec *c, const struct str **texts, size_t *count) {
    sigma_codec_count(c, count, sizeof(uint64_t));
    struct str *fresh = c->out == NULL ? arena_array(c->arena, *count + 1, sizeof *fresh) : NULL;
    for (size_t i = 0; i < *count; i++) {
        struct str text = fresh == NULL ? (*texts)[i] : STR_EMPTY;
        sigma_codec_str(c, &text);
        if (fresh != NULL) {
            fresh[i] = text;
        }
    }
    *texts = fresh != NULL ? fresh : *texts;
}

void sigma_codec_cstr(struct sigma_codec *c, const char **text) {
    struct str s = *text != NULL ? str_from_c(*text) : STR_EMPTY;
    sigma_codec_str(c, &s);
    *text = c->out != NULL ? *text : s.ptr;
}

void sigma_codec_block(struct sigma_codec *c, struct str *block) {
    static const char zeros[BLOCK_ALIGN];
    size_t len = block->len;
    sigma_codec_count(c, &len, 1);
    size_t here = c->out != NULL ? c->out->len : c->at;
    size_t padding = (BLOCK_ALIGN - here % BLOCK_ALIGN) % BLOCK_ALIGN;
    if (c->out != NULL) {
        buf_append(c->out, zeros, padding);
        buf_add(c->out, *block);
        return;
    }
    (void)take(c, padding);
    const char *from = take(c, len);
    *block = from != NULL ? str_make(from, len) : STR_EMPTY;
}

void sigma_codec_ids(struct sigma_codec *c, struct sigma_ids *ids, uint64_t limit) {
    sigma_codec_count(c, &ids->count, sizeof(uint32_t));
    if (c->out == NULL) {
        ids->capacity = 0; /* the arena's */
        ids->ids = arena_array(c->arena, ids->count + 1, sizeof *ids->ids);
    }
    for (size_t i = 0; i < ids->count; i++) {
        sigma_codec_u32(c, &ids->ids[i], limit);
    }
}

void *sigma_codec_heap_array(struct sigma_codec *c, void *items, size_t *count, size_t item_bytes,
                             size_t least_bytes) {
    sigma_codec_count(c, count, least_bytes);
    return c->out != NULL ? items : mem_calloc(*count + 1, item_bytes);
}
