#include "sigma_mapping.h"

#include "hash.h"
#include "input_file.h"
#include "mem.h"
#include "sigma_mapping_default.h"
#include "sigma_mapping_read.h"

enum { MAPPING_FILE_LIMIT = 4 << 20 };

void sigma_mapping_free(struct sigma_mapping **mapping) {
    struct sigma_mapping *m = *mapping;
    if (m == NULL) {
        return;
    }
    mem_free(m->sources);
    mem_free(m->services);
    mem_free(m->composed);
    mem_free(m->fields);
    mem_free(m->events);
    arena_fini(&m->arena);
    mem_free(m);
    *mapping = NULL;
}

static enum status read_text(struct sigma_mapping *m, struct str text, const char *path,
                             struct err *err) {
    bool is_default = path[0] == '\0';
    struct mapping_reader reader = {m, is_default ? "sigma-mapping.conf" : path, is_default, err};
    size_t before = m->source_count;
    enum status s = sigma_mapping_read(&reader, text);
    if (s != STATUS_OK) {
        return s;
    }
    /* the sources of this file come before those that were there */
    size_t count = m->source_count - before;
    struct sigma_source *own = mem_calloc(count + 1, sizeof *own);
    memcpy(own, m->sources + before, count * sizeof *own);
    memmove(m->sources + count, m->sources, before * sizeof *own);
    memcpy(m->sources, own, count * sizeof *own);
    mem_free(own);
    m->hash = m->hash * 31 + hash_str(text);
    return STATUS_OK;
}

static enum status read_file(struct sigma_mapping *m, const char *path, struct err *err) {
    struct input_file file;
    enum status s = input_file_open(&file, path, err);
    if (s != STATUS_OK) {
        return s;
    }
    if (file.size_bytes > MAPPING_FILE_LIMIT) {
        s = err_set(err, STATUS_BAD_INPUT, "%s: %zu bytes; at most 4 MiB are allowed", path,
                    (size_t)file.size_bytes);
    } else {
        const char *kept = arena_str(&m->arena, str_from_c(path)).ptr;
        s = read_text(m, str_make((const char *)file.bytes, file.size_bytes), kept, err);
    }
    input_file_close(&file);
    return s;
}

enum status sigma_mapping_load(struct sigma_mapping **out, const char *const *paths, size_t count,
                               struct err *err) {
    struct sigma_mapping *m = mem_calloc(1, sizeof *m);
    struct str text = str_make(sigma_mapping_default, sigma_mapping_default_size);
    enum status s = read_text(m, text, "", err);
    for (size_t i = 0; i < count && s == STATUS_OK; i++) {
        s = read_file(m, paths[i], err);
    }
    if (s != STATUS_OK) {
        sigma_mapping_free(&m);
        return s;
    }
    *out = m;
    return STATUS_OK;
}

const struct sigma_service *sigma_mapping_service(const struct sigma_mapping *mapping,
                                                  struct str name) {
    for (size_t i = mapping->service_count; i-- > 0;) { /* what was said last counts */
        if (str_eq_ci(mapping->services[i].name, name)) {
            return &mapping->services[i];
        }
    }
    return NULL;
}

const struct sigma_composed *sigma_mapping_composed(const struct sigma_mapping *mapping,
                                                    struct str name) {
    bool is_braced = str_starts(name, STR("{"));
    for (size_t i = mapping->composed_count; is_braced && i-- > 0;) { /* the last counts */
        if (str_eq(mapping->composed[i].name, name)) {
            return &mapping->composed[i];
        }
    }
    return NULL;
}

const struct sigma_event_row *sigma_mapping_event(const struct sigma_mapping *mapping,
                                                  struct str channel, struct str id) {
    for (size_t i = mapping->event_count; i-- > 0;) {
        const struct sigma_event_row *row = &mapping->events[i];
        if (str_eq(row->id, id) && str_eq_ci(row->channel, channel)) {
            return row;
        }
    }
    return NULL;
}

static bool has_word(const char *words, struct str word) {
    struct str rest = str_from_c(words);
    struct str one;
    while (word.len > 0 && str_word_next(&one, &rest)) {
        if (str_eq(one, word)) {
            return true;
        }
    }
    return false;
}

bool sigma_field_row_is_of(const struct sigma_field_row *row, struct str dataset,
                           struct str family) {
    return row->families[0] == '*' || has_word(row->families, dataset) ||
           has_word(row->families, family);
}

bool sigma_field_row_next(struct str *field, enum sigma_meaning *meaning, struct str *rest) {
    if (!str_word_next(field, rest)) {
        return false;
    }
    bool last = str_ends(*field, STR("#name"));
    *meaning = last ? SIGMA_MEANS_LAST_PART : SIGMA_MEANS_VALUE;
    *field = str_head(*field, field->len - (last ? STR("#name").len : 0));
    return true;
}

enum sigma_meaning sigma_field_row_means(const struct sigma_field_row *row, struct str field) {
    struct str rest = str_from_c(row->fields);
    struct str one;
    enum sigma_meaning meaning;
    while (sigma_field_row_next(&one, &meaning, &rest)) {
        if (str_eq(one, field)) {
            return meaning;
        }
    }
    return SIGMA_NOT_MEANT;
}

struct str sigma_last_part(struct str path) {
    size_t back = str_rfind_char(path, '\\');
    path = back == STR_NONE ? path : str_skip(path, back + 1);
    size_t slash = str_rfind_char(path, '/');
    return slash == STR_NONE ? path : str_skip(path, slash + 1);
}
