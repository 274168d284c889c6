#include "archive.h"

#include <limits.h>
#include <stdlib.h>

#include "anchor_line.h"
#include "bytes.h"
#include "i18n.h"
#include "mem.h"
#include "note_text.h"
#include "segment_file.h"
#include "store_path.h"
#include "store_priv.h"
#include "verify_priv.h"

const struct archives *store_get_archives(const struct store *s) {
    return &s->archives;
}

/* --- files --- */

/* The file becomes `bytes`, or stays as it was. */
static enum status replace_file(const char *folder, const char *name, struct str bytes,
                                struct err *err) {
    struct buf path = BUF_INIT;
    enum status status =
        file_replace(store_path(&path, folder, "%s", name), FILE_APPEND, bytes, err);
    if (status == STATUS_OK) {
        status = file_sync_dir(folder, err);
    }
    buf_fini(&path);
    return status;
}

static void keep_first_line(struct str line, void *ctx) {
    struct buf *first = ctx;
    if (first->len == 0) {
        buf_add(first, line);
    }
}

/* Every byte of the file against the signed hashes. */
static enum status test_segment(const char *path, const struct segment_info *info,
                                struct err *err) {
    struct store_verify_result result = {.damaged = false};
    struct buf line = BUF_INIT;
    struct verify v = {.result = &result, .report = keep_first_line, .ctx = &line};
    verify_segment(&v, path, info);
    enum status status = STATUS_OK;
    if (result.damaged) {
        status = err_set(err, STATUS_DAMAGED, "%.*s", STR_ARG(buf_str(&line)));
    }
    buf_fini(&line);
    return status;
}

static enum status write_copy(const char *from, const char *to, struct err *err) {
    struct file_map map;
    enum status status = file_map(&map, from, false, err);
    if (status == STATUS_OK) {
        status = file_remove(to, err); /* of a crash before */
        if (status == STATUS_OK) {
            status = segment_file_write(to, str_make((const char *)map.bytes, map.size_bytes), err);
        }
        file_unmap(&map);
    }
    return status;
}

/* A good copy at `to`: the one that is there, or a new one, read back. */
static enum status copy_segment(const char *from, const char *to, const struct segment_info *info,
                                struct err *err) {
    struct err ignored;
    if (file_exists(to) && test_segment(to, info, &ignored) == STATUS_OK) {
        return STATUS_OK;
    }
    enum status status = test_segment(from, info, err);
    if (status == STATUS_OK) {
        status = write_copy(from, to, err);
    }
    return status == STATUS_OK ? test_segment(to, info, err) : status;
}

/* --- the archive's folder --- */

struct archive_act {
    const struct store *store; /* the view while it is prepared, then the writer's */
    struct archive_options options;
    struct archive_result *result;
    struct segment_info *due; /* copied */
    size_t due_count;
    size_t due_capacity;
    char folder[PATH_MAX]; /* absolute */
    uint64_t id;
    struct buf label;
};

static void hex_of(struct buf *out, const uint8_t *bytes, size_t len) {
    buf_clear(out);
    for (size_t i = 0; i < len; i++) {
        buf_printf(out, "%02x", bytes[i]);
    }
}

static void put_id(struct buf *out, uint64_t id) {
    struct buf hex = BUF_INIT;
    buf_printf(&hex, "%016llx", (unsigned long long)id);
    note_put(out, STR("id"), buf_str(&hex));
    buf_fini(&hex);
}

/* A number that no other archive has: nobody needs to be unable to guess it. */
static uint64_t make_id(const struct archive_act *m) {
    struct buf text = BUF_INIT;
    uint8_t hash[SHA256_BYTES];
    buf_append(&text, m->store->chain.last_hash, SHA256_BYTES);
    buf_printf(&text, "%lld %s", (long long)m->options.now_ns, m->folder);
    sha256_of(hash, buf_str(&text));
    buf_fini(&text);
    uint64_t id = bytes_le64(hash);
    return id == 0 || id == UINT64_MAX ? 1 : id;
}

static struct str last_name(const char *path) {
    struct str text = str_from_c(path);
    size_t slash = str_rfind_char(text, '/');
    return slash == STR_NONE ? text : str_skip(text, slash + 1);
}

static enum status describe(struct archive_act *m, struct err *err) {
    struct buf text = BUF_INIT;
    struct buf key = BUF_INIT;
    m->id = make_id(m);
    buf_clear(&m->label);
    buf_add(&m->label, m->options.label.len > 0 ? m->options.label : last_name(m->folder));
    hex_of(&key, m->store->chain.first_key, ED25519_PUBLIC_BYTES);
    note_put(&text, STR("format"), STR("1"));
    put_id(&text, m->id);
    note_put(&text, STR("label"), buf_str(&m->label));
    note_put(&text, STR("store"), buf_str(&key));
    note_end(&text);
    buf_putc(&text, '\n');
    enum status status = replace_file(m->folder, ARCHIVE_DESCRIPTION, buf_str(&text), err);
    buf_fini(&text);
    buf_fini(&key);
    return status;
}

static enum status identify(struct archive_act *m, const char *folder, struct err *err) {
    struct buf key = BUF_INIT;
    struct buf own = BUF_INIT;
    enum status status = archive_identify(&m->id, &m->label, &key, folder, err);
    hex_of(&own, m->store->chain.first_key, ED25519_PUBLIC_BYTES);
    if (status == STATUS_OK && !str_eq(buf_str(&key), buf_str(&own))) {
        status = err_set(err, STATUS_BAD_INPUT, "%s is an archive of another store", folder);
    }
    buf_fini(&key);
    buf_fini(&own);
    return status;
}

static enum status resolve(struct archive_act *m, const char *folder, struct err *err) {
    if (realpath(folder, m->folder) == NULL) {
        return err_set(err, STATUS_NOT_FOUND, "there is no folder %s", folder);
    }
    struct buf text = BUF_INIT;
    struct buf back = BUF_INIT;
    note_put(&text, STR("path"), str_from_c(m->folder));
    note_end(&text);
    bool good = note_get(&back, buf_str(&text), STR("path")) &&
                str_eq(buf_str(&back), str_from_c(m->folder));
    buf_fini(&text);
    buf_fini(&back);
    return good ? STATUS_OK
                : err_set(err, STATUS_BAD_INPUT,
                          "the name of folder %s is no UTF-8; a store cannot remember it", folder);
}

static enum status prepare(struct archive_act *m, struct err *err) {
    struct buf path = BUF_INIT;
    enum status status = file_make_dir(m->options.folder, err);
    if (status == STATUS_OK) {
        status = resolve(m, m->options.folder, err);
    }
    if (status == STATUS_OK) {
        status = file_make_dir(store_path(&path, m->folder, "segments"), err);
    }
    if (status == STATUS_OK) {
        status = identify(m, m->folder, err);
        status = status == STATUS_NOT_FOUND ? describe(m, err) : status;
    }
    buf_fini(&path);
    return status;
}

static void note_archive(const struct archive_act *m, struct store *s, struct str by) {
    struct buf text = BUF_INIT;
    note_put(&text, STR("by"), by);
    put_id(&text, m->id);
    note_put(&text, STR("label"), buf_str(&m->label));
    note_put(&text, STR("path"), str_from_c(m->folder));
    note_end(&text);
    (void)store_add_note(s, STR("archive"), buf_str(&text));
    buf_fini(&text);
}

/* The chain as it is now, so that the medium can be read alone. */
static enum status leave_chain(struct archive_act *m, struct err *err) {
    struct buf name = BUF_INIT;
    struct buf line = BUF_INIT;
    struct file_map map;
    enum status status = file_map(&map, store_path(&name, m->store->path, "chain"), true, err);
    if (status == STATUS_OK) {
        struct str bytes = str_make((const char *)map.bytes, map.size_bytes);
        status = replace_file(m->folder, "store-chain", bytes, err);
        file_unmap(&map);
    }
    if (status == STATUS_OK) {
        anchor_line_format(&line, &m->store->chain.last, m->store->chain.last_hash);
        status = replace_file(m->folder, "store-anchor", buf_str(&line), err);
    }
    buf_fini(&name);
    buf_fini(&line);
    return status;
}

/* --- moving --- */

/* Is the segment old enough? */
static bool is_due(struct archive_act *m, const struct retention *rules,
                   const struct segment_info *info) {
    uint32_t days = m->options.days;
    if (info->place != 0) {
        return false;
    }
    if (!m->options.has_days) {
        const struct retention_class *c = retention_of(rules, info->dataset);
        if (c == NULL) {
            m->result->without_class++;
            return false;
        }
        days = c->hot_days;
    }
    return info->time_max < retention_limit(m->options.now_ns, days);
}

static enum status copy_out(struct archive_act *m, const struct segment_info *info,
                            struct err *err) {
    struct buf from = BUF_INIT;
    struct buf to = BUF_INIT;
    enum status status =
        copy_segment(store_path_segment(&from, m->store->path, info->number),
                     archive_segment_path(&to, m->folder, info->number), info, err);
    buf_fini(&from);
    buf_fini(&to);
    return status;
}

static void count(struct archive_result *r, const struct segment_info *info) {
    r->segments++;
    r->rows += info->rows;
    r->bytes += info->file_bytes;
}

static bool is_cancelled(const struct archive_act *m) {
    return m->options.cancel != NULL && atomic_load(m->options.cancel);
}

/* Copies what is due. */
static enum status copy_due(struct archive_act *m, const struct retention *rules, struct err *err) {
    const struct chain *c = &m->store->chain;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < c->segment_count && status == STATUS_OK; i++) {
        const struct segment_info *info = &c->segments[i];
        if (!is_due(m, rules, info)) {
            continue;
        }
        if (m->due_count == 0 && !m->options.dry_run) {
            status = prepare(m, err);
        }
        if (status == STATUS_OK && !m->options.dry_run) {
            status = is_cancelled(m) ? STATUS_CANCELLED : copy_out(m, info, err);
        }
        if (status == STATUS_OK) {
            MEM_GROW(m->due, m->due_capacity, m->due_count + 1);
            m->due[m->due_count++] = *info;
            count(m->result, info);
        }
    }
    return status;
}

static enum status check_rules(const struct archive_options *o, const struct retention *rules,
                               struct err *err) {
    return o->has_days || rules->note > 0
               ? STATUS_OK
               : err_set(err, STATUS_BAD_INPUT,
                         "the store has no rules of retention (konseki retention set); give"
                         " --older-than DAYS");
}

void archive_discard(struct archive_act **act) {
    struct archive_act *m = *act;
    if (m != NULL) {
        buf_fini(&m->label);
        mem_free(m->due);
        mem_free(m);
        *act = NULL;
    }
}

enum status archive_prepare(struct archive_act **out, const struct store *view,
                            const struct archive_options *options, struct archive_result *result,
                            struct err *err) {
    struct archive_act *m = mem_calloc(1, sizeof *m);
    struct retention *rules = mem_calloc(1, sizeof *rules);
    *result = (struct archive_result){.id = 0};
    *out = NULL;
    *m = (struct archive_act){
        .store = view, .options = *options, .result = result, .label = BUF_INIT};
    retention_load(rules, &view->chain);
    enum status status = check_rules(options, rules, err);
    if (status == STATUS_OK) {
        status = copy_due(m, rules, err);
    }
    retention_fini(rules);
    mem_free(rules);
    if (status == STATUS_OK && m->due_count > 0 && !options->dry_run) {
        result->id = m->id;
        *out = m;
        return STATUS_OK;
    }
    archive_discard(&m); /* copies without a checkpoint mean nothing */
    return status;
}

/* Are the segments where they were, and in no other act? */
static bool is_still_right(const struct archive_act *m, const struct store *s) {
    bool right = s->fate_count == 0;
    for (size_t i = 0; i < m->due_count && right; i++) {
        const struct segment_info *info = chain_find_segment(&s->chain, m->due[i].number);
        right = info != NULL && info->place == 0;
    }
    return right;
}

static enum status commit_move(struct archive_act *m, struct store *s, struct err *err) {
    struct buf path = BUF_INIT;
    const struct archive *known = archives_find(&s->archives, m->id);
    enum status status = file_sync_dir(store_path(&path, m->folder, "segments"), err);
    buf_fini(&path);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < m->due_count; i++) {
        store_add_fate(s, m->due[i].number, SEGMENT_ARCHIVED, m->id);
    }
    if (known == NULL || !str_eq(known->path, str_from_c(m->folder))) { /* new to the chain */
        note_archive(m, s, m->options.by);
    }
    status = store_seal(s, err);
    return status == STATUS_OK ? leave_chain(m, err) : status;
}

enum status archive_commit(struct archive_act **act, struct store *s, struct archive_result *result,
                           struct err *err) {
    struct archive_act *m = *act;
    enum status status = store_seal(s, err); /* what waits is no part of this act */
    m->store = s;
    if (status == STATUS_OK && is_still_right(m, s)) {
        status = commit_move(m, s, err);
    } else if (status == STATUS_OK) {
        *result = (struct archive_result){.id = 0};
    }
    archive_discard(act);
    return status;
}

enum status store_archive(struct store *s, const struct archive_options *options,
                          struct archive_result *result, struct err *err) {
    struct archive_act *act = NULL;
    *result = (struct archive_result){.id = 0};
    enum status status = store_seal(s, err); /* what waits is no part of this act */
    if (status == STATUS_OK) {
        status = archive_prepare(&act, s, options, result, err);
    }
    return status == STATUS_OK && act != NULL ? archive_commit(&act, s, result, err) : status;
}

/* --- attaching --- */

enum status store_attach(struct store *s, const char *folder, struct str by, uint64_t *id,
                         struct err *err) {
    struct archive_act *m = mem_calloc(1, sizeof *m);
    *m = (struct archive_act){.store = s, .label = BUF_INIT};
    enum status status = resolve(m, folder, err);
    if (status == STATUS_OK) {
        status = identify(m, m->folder, err);
    }
    if (status == STATUS_OK && archives_find(&s->archives, m->id) == NULL) {
        status = err_set(err, STATUS_NOT_FOUND,
                         "%s is an archive (%016llx) that this store does not know", folder,
                         (unsigned long long)m->id);
    }
    if (status == STATUS_OK) {
        *id = m->id;
        note_archive(m, s, by);
        status = store_seal(s, err);
    }
    buf_fini(&m->label);
    mem_free(m);
    return status;
}

/* --- recalling --- */

/* By id in hexadecimal, or by label (which must be one archive's). */
static const struct archive *find_named(const struct archives *a, struct str name) {
    const struct archive *found = NULL;
    struct buf id = BUF_INIT;
    for (size_t i = 0; i < a->count; i++) {
        buf_clear(&id);
        buf_printf(&id, "%016llx", (unsigned long long)a->items[i].id);
        if (str_eq(name, buf_str(&id))) {
            found = &a->items[i];
            break;
        }
        if (str_eq(name, a->items[i].label)) {
            if (found != NULL) {
                found = NULL;
                break;
            }
            found = &a->items[i];
        }
    }
    buf_fini(&id);
    return found;
}

static enum status copy_back(struct store *s, const struct segment_info *info, struct err *err) {
    struct buf from = BUF_INIT;
    struct buf to = BUF_INIT;
    const char *path;
    store_keep_file(s, info->number);
    enum status status = store_need_segment(&path, &from, s, info, err);
    if (status == STATUS_OK) {
        status = copy_segment(path, store_path_segment(&to, s->path, info->number), info, err);
    }
    buf_fini(&from);
    buf_fini(&to);
    return status;
}

enum status store_recall(struct store *s, struct str name, struct archive_result *result,
                         struct err *err) {
    *result = (struct archive_result){.id = 0};
    enum status status = store_seal(s, err);
    if (status != STATUS_OK) {
        return status;
    }
    const struct archive *a = find_named(&s->archives, name);
    if (a == NULL) {
        return err_set(err, STATUS_NOT_FOUND,
                       "no archive, or more than one, is called '%.*s'; konseki archive list shows"
                       " them with their ids",
                       STR_ARG(str_head(name, 200)));
    }
    result->id = a->id;
    for (size_t i = 0; i < s->chain.segment_count && status == STATUS_OK; i++) {
        const struct segment_info *info = &s->chain.segments[i];
        if (info->place == a->id) {
            status = copy_back(s, info, err);
            store_add_fate(s, info->number, SEGMENT_RECALLED, 0);
            count(result, info);
        }
    }
    if (status != STATUS_OK) {
        s->fate_count = 0;
        return status;
    }
    struct buf dir = BUF_INIT;
    status = file_sync_dir(store_path(&dir, s->path, "segments"), err);
    buf_fini(&dir);
    return status == STATUS_OK ? store_seal(s, err) : status;
}
