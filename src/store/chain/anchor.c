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
        status =
            file_write_whole(store_path(&name, path, "anchors/%0*llu.anchor", NAME_DIGITS, number),
                             FILE_APPEND, line, err);
    }
    if (status == STATUS_OK && token.len > 0) {
        status =
            file_write_whole(store_path(&name, path, "anchors/%0*llu.tsr", NAME_DIGITS, number),
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

static bool load_anchor(struct stored_anchor *out, const char *store_path_text, uint64_t number) {
    struct buf name = BUF_INIT;
    struct err ignored;
    *out = (struct stored_anchor){.line = BUF_INIT, .token = BUF_INIT};
    const char *path = store_path(&name, store_path_text, "anchors/%0*llu.anchor", NAME_DIGITS,
                                  (unsigned long long)number);
    bool good = anchor_line_read(&out->anchor, &out->line, path, &ignored) == STATUS_OK;
    if (good) {
        read_token(&out->token, store_path_text, number);
    } else {
        buf_fini(&out->line);
    }
    buf_fini(&name);
    return good;
}

enum status anchors_load(struct stored_anchor **out, size_t *count, size_t limit, const char *path,
                         struct err *err) {
    struct names names = {NULL, 0, 0};
    struct buf dir = BUF_INIT;
    *out = mem_calloc(limit, sizeof **out);
    *count = 0;
    store_path(&dir, path, "anchors");
    enum status status =
        file_exists(dir.ptr) ? file_list(dir.ptr, take_name, &names, err) : STATUS_OK;
    for (size_t i = names.count; status == STATUS_OK && i-- > 0 && *count < limit;) {
        *count += load_anchor(&(*out)[*count], path, names.numbers[i]);
    }
    mem_free(names.numbers);
    buf_fini(&dir);
    return status;
}

void anchors_free(struct stored_anchor *anchors, size_t count) {
    for (size_t i = 0; i < count; i++) {
        buf_fini(&anchors[i].line);
        buf_fini(&anchors[i].token);
    }
    mem_free(anchors);
}
