#include "sigma_source.h"

#include <string.h>

#include "input_file.h"
#include "mem.h"
#include "sigma_case.h"

enum { RULE_FILE_LIMIT = 4 << 20 };

struct reading {
    struct sigma_sources *sources;
    const char *argument; /* the path as given: taken whatever its name */
    struct err *err;
    bool failed;
};

static bool is_rule_name(const char *path) {
    struct str s = str_from_c(path);
    return (str_ends_ci(s, STR(".yml")) || str_ends_ci(s, STR(".yaml"))) && !sigma_case_is_name(s);
}

static void keep(struct sigma_sources *s, const char *path, const struct input_file *file) {
    MEM_GROW(s->files, s->capacity, s->count + 1);
    struct sigma_source_file *f = &s->files[s->count++];
    *f = (struct sigma_source_file){.path_off = s->paths.len,
                                    .path_len = strlen(path),
                                    .off = s->bytes.len,
                                    .is_too_large = file->size_bytes > RULE_FILE_LIMIT};
    buf_append(&s->paths, path, f->path_len + 1);
    if (!f->is_too_large) {
        f->len = file->size_bytes;
        buf_append(&s->bytes, file->bytes, f->len);
    }
}

static enum status visit(const char *path, void *ctx) {
    struct reading *r = ctx;
    struct input_file file;
    if (!is_rule_name(path) && strcmp(path, r->argument) != 0) {
        return STATUS_OK;
    }
    enum status s = input_file_open(&file, path, r->err);
    if (s == STATUS_OK) {
        keep(r->sources, path, &file);
        input_file_close(&file);
    }
    return s;
}

static void unreadable(const char *path, const struct err *err, void *ctx) {
    struct reading *r = ctx;
    (void)path; /* the message names it */
    if (!r->failed) {
        r->failed = true;
        (void)err_set(r->err, STATUS_ENVIRONMENT, "%s", err->message);
    }
}

enum status sigma_sources_read(struct sigma_sources *sources, const char *const *paths,
                               size_t path_count, struct err *err) {
    struct reading r = {.sources = sources, .err = err};
    enum status s = STATUS_OK;
    for (size_t i = 0; i < path_count && s == STATUS_OK; i++) {
        r.argument = paths[i];
        s = input_walk(paths[i], visit, unreadable, &r);
        s = s == STATUS_OK && r.failed ? STATUS_ENVIRONMENT : s;
    }
    return s;
}

void sigma_sources_release_bytes(struct sigma_sources *sources) {
    buf_fini(&sources->bytes);
}

void sigma_sources_fini(struct sigma_sources *sources) {
    buf_fini(&sources->paths);
    buf_fini(&sources->bytes);
    mem_free(sources->files);
    sigma_placeholders_free(&sources->placeholders);
    *sources = (struct sigma_sources){.files = NULL};
}
