#include "export_tree.h"

#include <inttypes.h>

#include "export_file.h"
#include "export_name.h"
#include "file_io.h"
#include "json_out.h"
#include "mem.h"
#include "sha256.h"

enum { AWAKE_MAX = 32 };

static const struct str manifest_name = STR_INIT("manifest.jsonl");

/* One file of the tree. */
struct leaf {
    struct export_file *file;
    char *name; /* below the folder */
    uint32_t source;
    uint32_t origin;
    int64_t receive_ns; /* TIME_NONE: a peer, whose records come one by one */
    struct sha256 hash;
    uint64_t events;
    uint64_t bytes;
    uint64_t first_sequence;
    uint64_t last_sequence;
    uint32_t last_line;
    uint64_t last_use;
};

struct export_tree {
    struct export_tree_options options;
    char *part_path;
    struct export_names names;
    struct intern texts; /* sources and origins */
    struct intern keys;  /* source, origin, import: id -> newest leaf */
    uint32_t *leaf_of_key;
    size_t key_capacity;
    struct leaf *leaves;
    size_t count;
    size_t capacity;
    struct intern folders; /* made, in order */
    struct intern owners;  /* partial: containers that are out */
    struct export_file *manifest;
    uint64_t uses;
    uint64_t bytes;
    struct buf text;
    struct buf raw;
    bool published;
};

/* --- the folder --- */

static void note_name(const char *name, void *ctx) {
    (void)name;
    *(bool *)ctx = true;
}

static enum status check_target(const char *path, const char *part_path, struct err *err) {
    bool occupied = false;
    if (file_exists(part_path)) {
        return err_set(err, STATUS_BAD_INPUT,
                       "%s is there: another export, or the rest of one that was killed; remove it",
                       part_path);
    }
    if (!file_exists(path)) {
        return STATUS_OK;
    }
    enum status status = file_list(path, note_name, &occupied, err);
    if (status == STATUS_OK && occupied) {
        return err_set(err, STATUS_BAD_INPUT, "%s is there and not empty; name a new folder", path);
    }
    return status;
}

enum status export_tree_create(struct export_tree **out, const struct export_tree_options *options,
                               struct err *err) {
    struct export_tree *t = mem_calloc(1, sizeof *t);
    t->options = *options;
    struct str path = str_from_c(options->path);
    while (path.len > 1 && path.ptr[path.len - 1] == '/') {
        path.len--;
    }
    buf_add(&t->text, path);
    buf_add(&t->text, STR(".part"));
    t->part_path = mem_strdup(t->text.ptr, t->text.len);
    export_names_reserve(&t->names, manifest_name);
    enum status status = check_target(options->path, t->part_path, err);
    if (status == STATUS_OK) {
        status = file_make_dir(t->part_path, err);
    }
    if (status != STATUS_OK) {
        t->published = true; /* what is there is not ours */
        export_tree_destroy(&t);
        return status;
    }
    *out = t;
    return STATUS_OK;
}

/* "PART/name" with a NUL, in t->text. */
static const char *place(struct export_tree *t, struct str name) {
    buf_clear(&t->text);
    buf_printf(&t->text, "%s/", t->part_path);
    buf_add(&t->text, name);
    buf_putc(&t->text, '\0');
    return t->text.ptr;
}

static enum status make_folders(struct export_tree *t, struct str name, struct err *err) {
    enum status status = STATUS_OK;
    for (size_t i = 0; i < name.len && status == STATUS_OK; i++) {
        uint32_t known = t->folders.count;
        if (name.ptr[i] == '/' && intern_add(&t->folders, str_head(name, i)) == known) {
            status = file_make_dir(place(t, str_head(name, i)), err);
        }
    }
    return status;
}

/* --- files --- */

static enum status make_room(struct export_tree *t, struct err *err) {
    struct leaf *oldest = NULL;
    size_t awake = 0;
    for (size_t i = t->count; i > 0 && awake < AWAKE_MAX; i--) {
        struct leaf *leaf = &t->leaves[i - 1];
        if (leaf->file != NULL && export_file_is_awake(leaf->file)) {
            awake++;
            oldest = oldest == NULL || leaf->last_use < oldest->last_use ? leaf : oldest;
        }
    }
    return awake < AWAKE_MAX ? STATUS_OK : export_file_rest(oldest->file, err);
}

static enum status begin_leaf(struct export_tree *t, uint32_t key, const struct batch *batch,
                              const struct row *row, int64_t receive_ns, struct err *err) {
    struct str source = intern_text(&batch->names, row->source);
    struct str origin =
        row->origin == INTERN_NONE ? STR_EMPTY : intern_text(&batch->names, row->origin);
    enum status status = make_room(t, err);
    if (status != STATUS_OK) {
        return status;
    }
    MEM_GROW(t->leaves, t->capacity, t->count + 1);
    struct leaf *leaf = &t->leaves[t->count];
    *leaf = (struct leaf){.source = intern_add(&t->texts, source),
                          .origin = intern_add(&t->texts, origin),
                          .receive_ns = receive_ns,
                          .first_sequence = row->sequence};
    sha256_init(&leaf->hash);
    buf_clear(&t->raw);
    export_names_make(&t->raw, &t->names, source, origin);
    leaf->name = mem_strdup(t->raw.ptr, t->raw.len);
    t->leaf_of_key[key] = (uint32_t)t->count++;
    status = make_folders(t, str_from_c(leaf->name), err);
    return status == STATUS_OK
               ? export_file_create(&leaf->file, place(t, str_from_c(leaf->name)), false, err)
               : status;
}

/* The file that the row's bytes belong to; begun when it is new. */
static enum status find_leaf(struct leaf **out, struct export_tree *t, const struct batch *batch,
                             const struct row *row, struct err *err) {
    bool is_file = row->line > 0 || row->dataset == DATASET_WINDOWS_EVTX;
    int64_t receive_ns = is_file ? row->receive_ns : TIME_NONE;
    struct str source = intern_text(&batch->names, row->source);
    buf_clear(&t->text);
    buf_printf(&t->text, "%" PRId64 " %zu ", receive_ns, source.len);
    buf_add(&t->text, source);
    if (row->origin != INTERN_NONE) {
        buf_putc(&t->text, ' ');
        buf_add(&t->text, intern_text(&batch->names, row->origin));
    }
    uint32_t known = t->keys.count;
    uint32_t key = intern_add(&t->keys, buf_str(&t->text));
    MEM_GROW(t->leaf_of_key, t->key_capacity, (size_t)key + 1);
    enum status status = STATUS_OK;
    bool again =
        key < known && row->line > 0 && row->line < t->leaves[t->leaf_of_key[key]].last_line;
    if (key == known || again) {
        status = begin_leaf(t, key, batch, row, receive_ns, err);
    }
    *out = &t->leaves[t->leaf_of_key[key]];
    return status;
}

static enum status put(struct export_tree *t, struct leaf *leaf, struct str bytes,
                       struct err *err) {
    enum status status = export_file_is_awake(leaf->file) ? STATUS_OK : make_room(t, err);
    leaf->last_use = ++t->uses;
    leaf->bytes += bytes.len;
    t->bytes += bytes.len;
    sha256_add(&leaf->hash, bytes.ptr, bytes.len);
    return status == STATUS_OK ? export_file_write(leaf->file, bytes, err) : status;
}

/* The bytes of an EVTX row lie in the chunk's first row; if that did not come, in the store. */
static enum status put_container(struct export_tree *t, struct leaf *leaf,
                                 const struct batch *batch, const struct row *row,
                                 struct err *err) {
    struct str source = intern_text(&batch->names, row->source);
    uint64_t sequence = row->sequence - row->container_back;
    buf_clear(&t->text);
    buf_printf(&t->text, "%" PRIu64 " ", sequence);
    buf_add(&t->text, source);
    uint32_t known = t->owners.count;
    if (intern_add(&t->owners, buf_str(&t->text)) != known) {
        return STATUS_OK;
    }
    if ((row->flags & ROW_IN_CONTAINER) == 0) {
        return put(t, leaf, batch_raw(batch, row), err);
    }
    buf_clear(&t->raw);
    enum status status = store_read_raw(t->options.store, source, sequence, &t->raw, err);
    return status == STATUS_OK ? put(t, leaf, buf_str(&t->raw), err) : status;
}

enum status export_tree_add(struct export_tree *t, const struct batch *batch, const struct row *row,
                            struct err *err) {
    if ((row->flags & ROW_DERIVED) != 0) {
        return STATUS_OK; /* has no bytes of its own */
    }
    struct leaf *leaf = NULL;
    enum status status = find_leaf(&leaf, t, batch, row, err);
    if (status != STATUS_OK) {
        return status;
    }
    leaf->events++;
    leaf->last_sequence = row->sequence;
    leaf->last_line = row->line;
    bool in_container = (row->flags & ROW_IN_CONTAINER) != 0;
    if (in_container || row->dataset == DATASET_WINDOWS_EVTX) {
        return put_container(t, leaf, batch, row, err);
    }
    return put(t, leaf, batch_raw(batch, row), err);
}

/* --- the end --- */

static void put_text(struct buf *out, const char *name, struct str text) {
    buf_printf(out, "\"%s\":", name);
    json_out_string(out, text);
}

static void manifest_line(struct buf *out, struct export_tree *t, struct leaf *leaf) {
    uint8_t digest[SHA256_BYTES];
    char hex[SHA256_HEX_BYTES];
    char time[CIVIL_RFC3339_BYTES];
    struct store_input input;
    sha256_finish(&leaf->hash, digest);
    sha256_hex(hex, digest);
    buf_putc(out, '{');
    put_text(out, "path", str_from_c(leaf->name));
    buf_printf(out, ",\"bytes\":%" PRIu64 ",\"sha256\":\"%.*s\",", leaf->bytes, SHA256_HEX_BYTES,
               hex);
    put_text(out, "source", intern_text(&t->texts, leaf->source));
    buf_putc(out, ',');
    put_text(out, "origin", intern_text(&t->texts, leaf->origin));
    buf_printf(out,
               ",\"events\":%" PRIu64 ",\"first_sequence\":%" PRIu64 ",\"last_sequence\":%" PRIu64
               ",",
               leaf->events, leaf->first_sequence, leaf->last_sequence);
    if (leaf->receive_ns != TIME_NONE) {
        put_text(out, "imported", str_make(time, civil_format_rfc3339(time, leaf->receive_ns)));
        buf_putc(out, ',');
    }
    bool whole = store_find_input(t->options.store, digest, &input);
    buf_printf(out, "\"partial\":%s,\"identical_to_import\":%s}\n",
               t->options.partial ? "true" : "false", whole ? "true" : "false");
}

static enum status write_manifest(struct export_tree *t, struct err *err) {
    enum status status = export_file_create(&t->manifest, place(t, manifest_name), false, err);
    for (size_t i = 0; i < t->count && status == STATUS_OK; i++) {
        buf_clear(&t->raw);
        manifest_line(&t->raw, t, &t->leaves[i]);
        status = export_file_write(t->manifest, buf_str(&t->raw), err);
    }
    if (status == STATUS_OK) {
        status = export_file_complete(t->manifest, err);
    }
    return status == STATUS_OK ? export_file_publish(&t->manifest, err) : status;
}

static enum status sync_folders(struct export_tree *t, struct err *err) {
    enum status status = file_sync_dir(t->part_path, err);
    for (uint32_t i = 0; i < t->folders.count && status == STATUS_OK; i++) {
        status = file_sync_dir(place(t, intern_text(&t->folders, i)), err);
    }
    return status;
}

enum status export_tree_publish(struct export_tree *t, struct err *err) {
    enum status status = STATUS_OK;
    for (size_t i = 0; i < t->count && status == STATUS_OK; i++) {
        status = export_file_complete(t->leaves[i].file, err);
        if (status == STATUS_OK) {
            status = export_file_publish(&t->leaves[i].file, err);
        }
    }
    if (status == STATUS_OK) {
        status = write_manifest(t, err);
    }
    if (status == STATUS_OK) {
        status = sync_folders(t, err);
    }
    if (status == STATUS_OK) {
        status = file_rename(t->part_path, t->options.path, err);
    }
    t->published = status == STATUS_OK;
    return status;
}

size_t export_tree_count(const struct export_tree *tree) {
    return tree->count;
}

uint64_t export_tree_bytes(const struct export_tree *tree) {
    return tree->bytes;
}

/* Files that are whole already have their names below PATH.part; they go too. */
static void remove_files(struct export_tree *t) {
    struct err ignored = ERR_INIT;
    for (size_t i = 0; i < t->count; i++) {
        (void)!file_remove(place(t, str_from_c(t->leaves[i].name)), &ignored);
    }
    (void)!file_remove(place(t, manifest_name), &ignored);
    for (uint32_t i = t->folders.count; i > 0; i--) { /* inner ones were made last */
        file_remove_dir(place(t, intern_text(&t->folders, i - 1)));
    }
    file_remove_dir(t->part_path);
}

void export_tree_destroy(struct export_tree **tree) {
    struct export_tree *t = *tree;
    if (t == NULL) {
        return;
    }
    for (size_t i = 0; i < t->count; i++) {
        export_file_discard(&t->leaves[i].file);
    }
    export_file_discard(&t->manifest);
    if (!t->published) {
        remove_files(t);
    }
    for (size_t i = 0; i < t->count; i++) {
        mem_free(t->leaves[i].name);
    }
    export_names_fini(&t->names);
    intern_fini(&t->texts);
    intern_fini(&t->keys);
    intern_fini(&t->folders);
    intern_fini(&t->owners);
    mem_free(t->leaf_of_key);
    mem_free(t->leaves);
    mem_free(t->part_path);
    buf_fini(&t->text);
    buf_fini(&t->raw);
    mem_free(t);
    *tree = NULL;
}
