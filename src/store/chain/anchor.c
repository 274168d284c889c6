#include "anchor.h"

#include "chain.h"
#include "file_io.h"
#include "mem.h"
#include "num.h"
#include "store_path.h"

enum { NAME_DIGITS = 10 };

enum status store_make_anchor(struct buf *out, const char *path, struct err *err) {
    struct chain chain;
    chain_init(&chain);
    enum status status = chain_read_on(&chain, path, NULL, NULL, err);
    if (status == STATUS_OK && chain.last.number == 0) {
        status = err_set(err, STATUS_NOT_FOUND, "%s has no checkpoint yet", path);
    }
    if (status == STATUS_OK) {
        anchor_line_format(out, &chain.last, chain.last_hash);
    }
    chain_fini(&chain);
    return status;
}

enum status store_keep_anchor(const char *path, struct str line, struct str token,
                              struct err *err) {
    struct anchor anchor;
    struct buf name = BUF_INIT;
    if (anchor_line_parse(&anchor, line) != ANCHOR_GOOD) {
        return err_set(err, STATUS_BAD_INPUT, "the line is no anchor");
    }
    enum status status = file_make_dir(store_path(&name, path, "anchors"), err);
    unsigned long long number = anchor.checkpoint;
    if (status == STATUS_OK) {
        status = file_replace(store_path(&name, path, "anchors/%0*llu.anchor", NAME_DIGITS, number),
                              FILE_APPEND, line, err);
    }
    if (status == STATUS_OK && token.len > 0) {
        status = file_replace(store_path(&name, path, "anchors/%0*llu.tsr", NAME_DIGITS, number),
                              FILE_APPEND, token, err);
    }
    buf_fini(&name);
    return status;
}

/* --- reading --- */

struct names {
    uint64_t *numbers;
    size_t count;
    size_t capacity;
};

static void take_name(const char *name, void *ctx) {
    struct names *n = ctx;
    struct str s = str_from_c(name);
    uint64_t number = 0;
    if (str_ends(s, STR(".anchor")) &&
        num_parse_u64(&number, str_head(s, s.len - sizeof ".anchor" + 1))) {
        MEM_GROW(n->numbers, n->capacity, n->count + 1);
        n->numbers[n->count++] = number;
    }
}

static void read_token(struct buf *out, const char *store_path_text, uint64_t number) {
    struct buf name = BUF_INIT;
    struct file_map map;
    struct err ignored;
    const char *path = store_path(&name, store_path_text, "anchors/%0*llu.tsr", NAME_DIGITS,
                                  (unsigned long long)number);
    if (file_map(&map, path, true, &ignored) == STATUS_OK) {
        buf_append(out, map.bytes, map.size_bytes);
        file_unmap(&map);
    }
    buf_fini(&name);
}

enum status anchor_load(struct stored_anchor *out, const char *store_path_text, uint64_t number,
                        struct err *err) {
    struct buf name = BUF_INIT;
    *out = (struct stored_anchor){.line = BUF_INIT, .token = BUF_INIT};
    const char *path = store_path(&name, store_path_text, "anchors/%0*llu.anchor", NAME_DIGITS,
                                  (unsigned long long)number);
    enum status status = anchor_line_read(&out->anchor, &out->line, path, err);
    if (status == STATUS_OK) {
        read_token(&out->token, store_path_text, number);
    } else {
        buf_fini(&out->line);
    }
    buf_fini(&name);
    return status;
}

void anchor_unload(struct stored_anchor *anchor) {
    buf_fini(&anchor->line);
    buf_fini(&anchor->token);
}

enum status anchors_list(uint64_t **numbers, size_t *count, const char *path, struct err *err) {
    struct names names = {NULL, 0, 0};
    struct buf dir = BUF_INIT;
    store_path(&dir, path, "anchors");
    enum status status =
        file_exists(dir.ptr) ? file_list(dir.ptr, take_name, &names, err) : STATUS_OK;
    buf_fini(&dir);
    if (status != STATUS_OK) {
        mem_free(names.numbers);
        return status;
    }
    *numbers = names.numbers;
    *count = names.count;
    return STATUS_OK;
}

enum status anchors_load(struct stored_anchor **out, size_t *count, size_t limit, const char *path,
                         struct err *err) {
    uint64_t *numbers = NULL;
    size_t left = 0;
    struct err ignored;
    *out = mem_calloc(limit, sizeof **out);
    *count = 0;
    enum status status = anchors_list(&numbers, &left, path, err);
    while (status == STATUS_OK && left > 0 && *count < limit) {
        *count += anchor_load(&(*out)[*count], path, numbers[--left], &ignored) == STATUS_OK;
    }
    mem_free(numbers);
    return status;
}

void anchors_free(struct stored_anchor *anchors, size_t count) {
    for (size_t i = 0; i < count; i++) {
        anchor_unload(&anchors[i]);
    }
    mem_free(anchors);
}
