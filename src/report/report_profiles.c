#include "report_profiles.h"

#include "conf.h"
#include "file_io.h"
#include "i18n.h"
#include "intern.h"
#include "mem.h"
#include "report_profiles_default.h"

enum {
    TABLE_MAX = 10000, /* rows of a user's file */
    KEY_MAX = 256
};

/* Text to text: keys are interned, the value of key i is values[i]. */
struct pairs {
    struct intern keys;
    struct str *values;
    size_t capacity;
};

struct profile {
    struct str name;
    struct report_columns columns;
};

struct report_profiles {
    struct arena arena;
    struct profile *profiles;
    size_t profile_count;
    size_t profile_capacity;
    struct pairs details;  /* channel, NUL, event id: template */
    struct pairs meanings; /* field, NUL, value in small letters: text */
    struct pairs names;
};

static void pairs_fini(struct pairs *p) {
    intern_fini(&p->keys);
    mem_free(p->values);
}

static void pairs_set(struct pairs *p, struct str key, struct str value) {
    uint32_t id = intern_add(&p->keys, key);
    MEM_GROW(p->values, p->capacity, (size_t)id + 1);
    p->values[id] = value;
}

static bool pairs_get(struct str *out, const struct pairs *p, struct str key) {
    uint32_t id = intern_find(&p->keys, key);
    if (id != INTERN_NONE) {
        *out = p->values[id];
    }
    return id != INTERN_NONE;
}

/* --- reading --- */

struct reader {
    struct report_profiles *profiles;
    const char *path;
    struct err *err;
};

static enum status refuse(const struct reader *r, const struct conf_node *node, const char *what) {
    return err_set(r->err, STATUS_BAD_INPUT, _("%s: line %u: %.*s: %s"), r->path, node->line,
                   STR_ARG(str_head(node->name, 80)), what);
}

static struct profile *profile_of(struct report_profiles *p, struct str name) {
    for (size_t i = 0; i < p->profile_count; i++) {
        if (str_eq_ci(p->profiles[i].name, name)) {
            return &p->profiles[i];
        }
    }
    MEM_GROW(p->profiles, p->profile_capacity, p->profile_count + 1);
    p->profiles[p->profile_count] = (struct profile){.name = name};
    return &p->profiles[p->profile_count++];
}

static enum status read_profile(const struct reader *r, const struct conf_node *node) {
    const struct conf_node *list = conf_find(node, STR("columns"));
    if (list == NULL || list->type != CONF_LIST) {
        return refuse(r, node, _("a profile is a list: columns = [timestamp, level, ...]"));
    }
    struct buf text = BUF_INIT;
    for (const struct conf_node *n = list->first; n != NULL; n = n->next) {
        buf_add(&text, n->type == CONF_TEXT ? n->text : STR("[]"));
        buf_putc(&text, ',');
    }
    struct report_columns columns;
    struct err inner = ERR_INIT;
    enum status s = report_columns_parse(&columns, buf_str(&text), &inner);
    buf_fini(&text);
    if (s != STATUS_OK) {
        return refuse(r, node, inner.message);
    }
    profile_of(r->profiles, node->name)->columns = columns;
    return STATUS_OK;
}

static enum status read_details(const struct reader *r, const struct conf_node *channel) {
    struct buf key = BUF_INIT;
    enum status s = STATUS_OK;
    for (const struct conf_node *n = channel->first; n != NULL && s == STATUS_OK; n = n->next) {
        if (n->type != CONF_TEXT || r->profiles->details.keys.count >= TABLE_MAX) {
            s = refuse(r, n, _("expected: EVENT-ID = \"Label: %Field% | ...\""));
            break;
        }
        buf_clear(&key);
        buf_add(&key, channel->name);
        buf_putc(&key, '\0');
        buf_add(&key, n->name);
        pairs_set(&r->profiles->details, buf_str(&key), n->text);
    }
    buf_fini(&key);
    return s;
}

/* field, NUL, value; false: longer than any that has a meaning. */
static bool meaning_key(char key[KEY_MAX], size_t *length, struct str field, struct str value) {
    *length = field.len + 1 + value.len;
    if (value.len == 0 || *length > KEY_MAX) {
        return false;
    }
    memcpy(key, field.ptr, field.len);
    key[field.len] = '\0';
    for (size_t i = 0; i < value.len; i++) {
        key[field.len + 1 + i] = ascii_lower(value.ptr[i]);
    }
    return true;
}

static enum status read_values(const struct reader *r, const struct conf_node *field) {
    char key[KEY_MAX];
    size_t length;
    for (const struct conf_node *n = field->first; n != NULL; n = n->next) {
        if (n->type != CONF_TEXT || r->profiles->meanings.keys.count >= TABLE_MAX ||
            !meaning_key(key, &length, field->name, n->name)) {
            return refuse(r, n, _("expected: VALUE = \"what it means\""));
        }
        pairs_set(&r->profiles->meanings, str_make(key, length), n->text);
    }
    return STATUS_OK;
}

static enum status read_names(const struct reader *r, const struct conf_node *section) {
    for (const struct conf_node *n = section->first; n != NULL; n = n->next) {
        if (n->type != CONF_TEXT || r->profiles->names.keys.count >= TABLE_MAX) {
            return refuse(r, n, _("expected: \"long name\" = short"));
        }
        pairs_set(&r->profiles->names, n->name, n->text);
    }
    return STATUS_OK;
}

static enum status read_each(const struct reader *r, const struct conf_node *section,
                             enum status (*read)(const struct reader *, const struct conf_node *)) {
    enum status s = STATUS_OK;
    for (const struct conf_node *n = section->first; n != NULL && s == STATUS_OK; n = n->next) {
        s = n->type == CONF_SECTION ? read(r, n) : refuse(r, n, _("expected a section { ... }"));
    }
    return s;
}

static enum status read_text(const struct reader *r, struct str text) {
    struct conf_node *root;
    enum status s = conf_parse(&root, &r->profiles->arena, text, r->path, r->err);
    if (s != STATUS_OK) {
        return s;
    }
    for (const struct conf_node *n = root->first; n != NULL && s == STATUS_OK; n = n->next) {
        if (n->type == CONF_SECTION && str_eq(n->name, STR("profile"))) {
            s = read_each(r, n, read_profile);
        } else if (n->type == CONF_SECTION && str_eq(n->name, STR("details"))) {
            s = read_each(r, n, read_details);
        } else if (n->type == CONF_SECTION && str_eq(n->name, STR("values"))) {
            s = read_each(r, n, read_values);
        } else if (n->type == CONF_SECTION && str_eq(n->name, STR("abbreviations"))) {
            s = read_names(r, n);
        } else {
            s = refuse(r, n, _("expected profile, details, values or abbreviations"));
        }
    }
    return s;
}

static enum status read_file(struct reader *r) {
    struct file_map map;
    enum status s = file_map(&map, r->path, true, r->err);
    if (s != STATUS_OK) {
        return s;
    }
    /* the tree borrows nothing of the text */
    s = read_text(r, str_make(map.size_bytes > 0 ? (const char *)map.bytes : "", map.size_bytes));
    file_unmap(&map);
    return s;
}

enum status report_profiles_load(struct report_profiles **out, const char *path, struct err *err) {
    struct report_profiles *profiles = mem_calloc(1, sizeof *profiles);
    struct reader r = {profiles, "share/scan-profiles.conf", err};
    enum status s = read_text(&r, str_make(report_profiles_default, report_profiles_default_size));
    if (s == STATUS_OK && path != NULL) {
        r.path = path;
        s = read_file(&r);
    }
    if (s != STATUS_OK) {
        report_profiles_free(&profiles);
        return s;
    }
    *out = profiles;
    return STATUS_OK;
}

void report_profiles_free(struct report_profiles **profiles) {
    struct report_profiles *gone = *profiles;
    if (gone == NULL) {
        return;
    }
    arena_fini(&gone->arena);
    mem_free(gone->profiles);
    pairs_fini(&gone->details);
    pairs_fini(&gone->meanings);
    pairs_fini(&gone->names);
    mem_free(gone);
    *profiles = NULL;
}

/* --- use --- */

enum status report_profiles_columns(struct report_columns *out,
                                    const struct report_profiles *profiles, struct str name,
                                    struct err *err) {
    struct buf known = BUF_INIT;
    for (size_t i = 0; i < profiles->profile_count; i++) {
        if (str_eq_ci(profiles->profiles[i].name, name)) {
            *out = profiles->profiles[i].columns;
            buf_fini(&known);
            return STATUS_OK;
        }
        buf_putc(&known, ' ');
        buf_add(&known, profiles->profiles[i].name);
    }
    (void)err_set(err, STATUS_BAD_INPUT, _("no profile \"%.*s\"; there are:%.*s"),
                  STR_ARG(str_head(name, 60)), STR_ARG(buf_str(&known)));
    buf_fini(&known);
    return STATUS_BAD_INPUT;
}

struct str report_profiles_short(const struct report_profiles *profiles, struct str text) {
    struct str name;
    return pairs_get(&name, &profiles->names, text) ? name : text;
}

struct str report_profiles_meaning(const struct report_profiles *profiles, struct str field,
                                   struct str value) {
    char key[KEY_MAX];
    size_t length;
    struct str text;
    bool is_known = meaning_key(key, &length, field, value) &&
                    pairs_get(&text, &profiles->meanings, str_make(key, length));
    return is_known ? text : STR_EMPTY;
}

/* Takes the part before the next " | " out of *rest. */
static struct str take_part(struct str *rest) {
    size_t end = str_find(*rest, STR(" | "));
    struct str part = str_head(*rest, end == STR_NONE ? rest->len : end);
    *rest = str_skip(*rest, end == STR_NONE ? rest->len : end + 3);
    return part;
}

/* Appends the part with its fields filled in; false if it names fields and none of them is there.
 */
static bool add_part(struct buf *out, struct str part, report_lookup_fn *lookup, void *ctx) {
    size_t named = 0;
    size_t found = 0;
    while (part.len > 0) {
        size_t open = str_find_char(part, '%');
        size_t close = open == STR_NONE ? STR_NONE : str_find_char(str_skip(part, open + 1), '%');
        if (close == STR_NONE) {
            buf_add(out, part);
            break;
        }
        buf_add(out, str_head(part, open));
        size_t before = out->len;
        bool is_there = lookup(out, str_head(str_skip(part, open + 1), close), ctx);
        named++;
        found += is_there && out->len > before;
        part = str_skip(part, open + close + 2);
    }
    return named == 0 || found > 0;
}

bool report_profiles_details(struct buf *out, const struct report_profiles *profiles,
                             struct str channel, struct str event_id, report_lookup_fn *lookup,
                             void *ctx) {
    char key[KEY_MAX];
    struct str rest;
    if (channel.len + 1 + event_id.len > sizeof key) {
        return false;
    }
    memcpy(key, channel.ptr, channel.len);
    key[channel.len] = '\0';
    memcpy(key + channel.len + 1, event_id.ptr, event_id.len);
    if (!pairs_get(&rest, &profiles->details, str_make(key, channel.len + 1 + event_id.len))) {
        return false;
    }
    size_t start = out->len;
    while (rest.len > 0) {
        size_t before = out->len;
        buf_add(out, before > start ? STR(REPORT_PART_MARK) : STR_EMPTY);
        if (!add_part(out, take_part(&rest), lookup, ctx)) {
            out->len = before;
        }
    }
    return out->len > start;
}
