#include "ioc.h"

#include "file_io.h"
#include "hash.h"
#include "input_file.h"
#include "intern.h"
#include "ioc_text.h"
#include "mem.h"

struct ioc_set {
    struct arena arena;
    struct ioc *items;
    size_t count;
    size_t capacity;
    uint64_t hash;
    struct intern known; /* kind and value: nothing is listed twice */
    struct intern names; /* kind and key of a lookup -> first item; networks by their first bytes */
    uint32_t *first;     /* by id in names: item + 1 */
    size_t first_capacity;
    uint32_t *next; /* by item: the next one with the same key, + 1 */
    size_t next_capacity;
    bool has_prefix[128]; /* is a network with so many bits listed? */
    bool has_v6;
    size_t kinds[IOC_KIND_COUNT];
};

enum { KEY_MAX = 300, KEY_NETWORK = 'n' };
/* Names of mail addresses, beside the kinds. */
static const enum ioc_kind key_mail_host = IOC_KIND_COUNT;

struct ioc_set *ioc_set_create(void) {
    return mem_calloc(1, sizeof(struct ioc_set));
}

void ioc_set_free(struct ioc_set **out) {
    struct ioc_set *set = *out;
    *out = NULL;
    if (!set) {
        return;
    }
    arena_fini(&set->arena);
    intern_fini(&set->known);
    intern_fini(&set->names);
    mem_free(set->items);
    mem_free(set->first);
    mem_free(set->next);
    mem_free(set);
}

size_t ioc_set_count(const struct ioc_set *set) {
    return set->count;
}

const struct ioc *ioc_set_get(const struct ioc_set *set, size_t index) {
    return &set->items[index];
}

uint64_t ioc_set_hash(const struct ioc_set *set) {
    return set->hash;
}

/* Kind byte and text in lower case (addresses: their bytes); 0 if it is too long to be listed. */
static size_t make_key(char key[KEY_MAX], enum ioc_kind kind, struct str text) {
    if (text.len + 1 > KEY_MAX) {
        return 0;
    }
    key[0] = (char)('0' + (int)kind);
    for (size_t i = 0; i < text.len; i++) {
        key[i + 1] = kind == IOC_IP ? text.ptr[i] : ascii_lower(text.ptr[i]);
    }
    return text.len + 1;
}

/* --- adding --- */

static struct str url_host(struct str url) {
    size_t end = 0;
    while (end < url.len && url.ptr[end] != '/' && url.ptr[end] != '?' && url.ptr[end] != '#') {
        end++;
    }
    struct str host = str_head(url, end);
    size_t colon = str_rfind_char(host, ':');
    return colon != STR_NONE && str_find_char(host, ':') == colon ? str_head(host, colon) : host;
}

static struct str url_path(struct str url) {
    size_t end = 0;
    while (end < url.len && url.ptr[end] != '/' && url.ptr[end] != '?' && url.ptr[end] != '#') {
        end++;
    }
    return str_skip(url, end);
}

/* All addresses of a network have its key: mark, bits, the address with the other bits cleared. */
static struct str network_key(char key[KEY_MAX], const struct ip *address, unsigned bits) {
    key[0] = (char)KEY_NETWORK;
    key[1] = (char)bits;
    for (unsigned i = 0; i < sizeof address->bytes; i++) {
        unsigned kept = bits >= 8 * (i + 1) ? 8 : bits > 8 * i ? bits - 8 * i : 0;
        key[2 + i] = (char)(address->bytes[i] & (0xff00U >> kept));
    }
    return str_make(key, 2 + sizeof address->bytes);
}

static void link_network(struct ioc_set *set, uint32_t item, const struct ip_network *network) {
    char key[KEY_MAX];
    uint32_t known = set->names.count;
    uint32_t id =
        intern_add(&set->names, network_key(key, &network->address, network->prefix_bits));
    MEM_GROW(set->first, set->first_capacity, (size_t)id + 1);
    set->has_prefix[network->prefix_bits] = true;
    set->first[id] = id == known ? item + 1 : set->first[id];
}

static void link_item(struct ioc_set *set, uint32_t item, enum ioc_kind kind, struct str text) {
    char key[KEY_MAX];
    size_t len = make_key(key, kind, text);
    if (len == 0) {
        return;
    }
    uint32_t known = set->names.count;
    uint32_t id = intern_add(&set->names, str_make(key, len));
    MEM_GROW(set->first, set->first_capacity, (size_t)id + 1);
    set->next[item] = id == known ? 0 : set->first[id];
    set->first[id] = item + 1;
}

static void index_item(struct ioc_set *set, uint32_t item, const struct ioc_line *line) {
    set->kinds[line->kind]++;
    set->has_v6 = set->has_v6 || (line->kind == IOC_IP && !ip_is_v4(&line->network.address));
    if (line->kind == IOC_IP && line->network.prefix_bits < 128) {
        link_network(set, item, &line->network);
    } else if (line->kind == IOC_IP) {
        link_item(set, item, IOC_IP,
                  str_make((const char *)line->network.address.bytes, sizeof(struct ip)));
    } else {
        link_item(set, item, line->kind,
                  line->kind == IOC_URL ? url_host(line->value) : line->value);
    }
}

/* What makes an indicator another one to findings. */
static uint64_t hash_item(enum ioc_kind kind, struct str value, bool weak, int64_t last_seen_ns) {
    struct buf identity = BUF_INIT;
    buf_printf(&identity, "%d %.*s %d %lld", (int)kind, STR_ARG(value), weak,
               (long long)last_seen_ns);
    uint64_t hash = hash_str(buf_str(&identity)) | 1;
    buf_fini(&identity);
    return hash;
}

uint64_t ioc_hash(const struct ioc *ioc) {
    return hash_item(ioc->kind, ioc->value, ioc->weak, ioc->last_seen_ns);
}

static void index_mail(struct ioc_set *set, struct str address) {
    char key[KEY_MAX];
    size_t at = str_rfind_char(address, '@');
    size_t len = make_key(key, key_mail_host, str_skip(address, at + 1));
    if (len > 0) {
        uint32_t id = intern_add(&set->names, str_make(key, len));
        MEM_GROW(set->first, set->first_capacity, (size_t)id + 1);
        set->first[id] = (uint32_t)set->count;
    }
}

static void add_line(struct ioc_set *set, const struct ioc_line *line, const char *file,
                     uint32_t number) {
    struct buf identity = BUF_INIT;
    buf_printf(&identity, "%d %.*s", (int)line->kind, STR_ARG(line->value));
    bool fresh = intern_find(&set->known, buf_str(&identity)) == INTERN_NONE;
    if (fresh) {
        (void)intern_add(&set->known, buf_str(&identity));
        set->hash ^= hash_item(line->kind, line->value, line->weak, line->last_seen_ns);
        uint32_t item = (uint32_t)set->count;
        MEM_GROW(set->items, set->capacity, set->count + 1);
        MEM_GROW(set->next, set->next_capacity, set->count + 1);
        set->next[item] = 0;
        set->items[set->count++] = (struct ioc){line->kind,
                                                arena_str(&set->arena, line->value),
                                                arena_str(&set->arena, line->comment),
                                                arena_str(&set->arena, str_from_c(file)),
                                                number,
                                                line->weak,
                                                line->last_seen_ns};
        index_item(set, item, line);
        if (line->kind == IOC_MAIL) {
            index_mail(set, line->value);
        }
    }
    buf_fini(&identity);
}

void ioc_set_copy(struct ioc_set *set, const struct ioc *ioc) {
    struct buf file = BUF_INIT;
    struct ioc_line line = {.kind = ioc->kind,
                            .value = ioc->value,
                            .comment = ioc->comment,
                            .weak = ioc->weak,
                            .last_seen_ns = ioc->last_seen_ns};
    if (ioc->kind != IOC_IP || ip_network_parse(&line.network, ioc->value)) {
        buf_add(&file, ioc->file);
        buf_putc(&file, '\0');
        add_line(set, &line, file.ptr, ioc->line);
    }
    buf_fini(&file);
}

static bool lists_user_agents(const char *file) {
    struct str name = str_from_c(file);
    size_t slash = str_rfind_char(name, '/');
    name = slash == STR_NONE ? name : str_skip(name, slash + 1);
    return str_starts_ci(name, STR("ua.")) || str_find_ci(name, STR("agent")) != STR_NONE;
}

void ioc_set_read(struct ioc_set *set, struct str text, const char *file, ioc_report_fn *report,
                  void *ctx) {
    struct buf scratch = BUF_INIT;
    struct str line;
    uint32_t number = 0;
    bool user_agents = lists_user_agents(file);
    while (str_split_next(&line, &text, '\n')) {
        struct ioc_line parsed;
        number++;
        if (line.len > 8192) {
            line = str_head(line, 8192);
        }
        enum ioc_line_result result = ioc_line_parse(&parsed, &scratch, line, user_agents);
        if (result == IOC_LINE_OK) {
            add_line(set, &parsed, file, number);
        } else if (result == IOC_LINE_BAD && report) {
            report(file, number, str_trim(line), ctx);
        }
    }
    buf_fini(&scratch);
}

struct load_context {
    struct ioc_set *set;
    ioc_report_fn *report;
    void *ctx;
    struct err *err;
    enum status status;
};

static enum status load_file(const char *path, void *ctx) {
    struct load_context *load = ctx;
    struct input_file file;
    enum status status = input_file_open(&file, path, load->err);
    if (status == STATUS_OK) {
        ioc_set_read(load->set, str_make((const char *)file.bytes, file.size_bytes), path,
                     load->report, load->ctx);
        input_file_close(&file);
    }
    return status;
}

static void load_failed(const char *path, const struct err *why, void *ctx) {
    struct load_context *load = ctx;
    (void)path;
    if (load->status == STATUS_OK) {
        load->status = err_set(load->err, STATUS_ENVIRONMENT, "%s", why->message);
    }
}

enum status ioc_set_load(struct ioc_set *set, const char *path, ioc_report_fn *report, void *ctx,
                         struct err *err) {
    struct load_context load = {set, report, ctx, err, STATUS_OK};
    enum status status = input_walk(path, load_file, load_failed, &load);
    return status == STATUS_OK ? load.status : status;
}

/* --- looking up --- */

/* The first item with the key, + 1; 0: none. */
static uint32_t find_first(const struct ioc_set *set, enum ioc_kind kind, struct str text) {
    char key[KEY_MAX];
    size_t len = make_key(key, kind, text);
    if (len == 0 || set->names.count == 0) {
        return 0;
    }
    uint32_t id = intern_find(&set->names, str_make(key, len));
    return id == INTERN_NONE ? 0 : set->first[id];
}

const struct ioc *ioc_find_ip(const struct ioc_set *set, const struct ip *address) {
    uint32_t item =
        find_first(set, IOC_IP, str_make((const char *)address->bytes, sizeof address->bytes));
    for (unsigned bits = 128; bits-- > 0 && item == 0;) {
        char key[KEY_MAX];
        uint32_t id = set->has_prefix[bits]
                          ? intern_find(&set->names, network_key(key, address, bits))
                          : INTERN_NONE;
        item = id == INTERN_NONE ? 0 : set->first[id];
    }
    return item == 0 ? NULL : &set->items[item - 1];
}

const struct ioc *ioc_find_domain(const struct ioc_set *set, struct str host) {
    if (str_ends(host, STR("."))) {
        host = str_head(host, host.len - 1);
    }
    size_t dot = ioc_has_kind(set, IOC_DOMAIN) ? str_find_char(host, '.') : STR_NONE;
    while (dot != STR_NONE) { /* what is listed has a dot */
        uint32_t item = find_first(set, IOC_DOMAIN, host);
        if (item) {
            return &set->items[item - 1];
        }
        host = str_skip(host, dot + 1);
        dot = str_find_char(host, '.');
    }
    return NULL;
}

/* `prefix` ends where an element of the path, the query or the whole ends. */
static bool path_has_prefix(struct str path, struct str prefix) {
    if (prefix.len == 0 || str_eq(prefix, STR("/"))) {
        return true;
    }
    if (!str_starts(path, prefix)) {
        return false;
    }
    char last = prefix.ptr[prefix.len - 1];
    if (path.len == prefix.len || last == '/' || last == '?' || last == '=') {
        return true;
    }
    char next = path.ptr[prefix.len];
    return next == '/' || next == '?' || next == '#' || next == '&';
}

const struct ioc *ioc_find_url(const struct ioc_set *set, struct str host, struct str path) {
    const struct ioc *best = NULL;
    size_t best_len = 0;
    for (uint32_t item = find_first(set, IOC_URL, host); item; item = set->next[item - 1]) {
        const struct ioc *ioc = &set->items[item - 1];
        struct str prefix = url_path(ioc->value);
        if (path_has_prefix(path, prefix) && (!best || prefix.len > best_len)) {
            best = ioc;
            best_len = prefix.len;
        }
    }
    return best;
}

bool ioc_has_url_host(const struct ioc_set *set, struct str host) {
    return set->kinds[IOC_URL] > 0 && find_first(set, IOC_URL, host) != 0;
}

bool ioc_has_mail_host(const struct ioc_set *set, struct str host) {
    return set->kinds[IOC_MAIL] > 0 && find_first(set, key_mail_host, host) != 0;
}

bool ioc_has_kind(const struct ioc_set *set, enum ioc_kind kind) {
    return set->kinds[kind] > 0;
}

const char *ioc_kind_name(enum ioc_kind kind) {
    static const char *const names[IOC_KIND_COUNT] = {
        [IOC_IP] = "address", [IOC_DOMAIN] = "domain",         [IOC_URL] = "url",
        [IOC_HASH] = "hash",  [IOC_USER_AGENT] = "user_agent", [IOC_MAIL] = "mail"};
    return names[kind];
}

bool ioc_has_v6(const struct ioc_set *set) {
    return set->has_v6;
}

const struct ioc *ioc_find_text(const struct ioc_set *set, enum ioc_kind kind, struct str value) {
    uint32_t item = find_first(set, kind, value);
    return item ? &set->items[item - 1] : NULL;
}

/* --- the register of a store --- */

static void register_path(struct buf *out, const char *store_dir) {
    buf_printf(out, "%s/ioc.csv", store_dir);
    buf_putc(out, '\0');
}

enum status ioc_register_load(struct ioc_set *set, const char *store_dir, struct err *err) {
    struct buf path = BUF_INIT;
    struct input_file file;
    struct err why = ERR_INIT;
    register_path(&path, store_dir);
    enum status status = input_file_open(&file, path.ptr, &why);
    if (status == STATUS_OK) {
        ioc_set_read(set, str_make((const char *)file.bytes, file.size_bytes), path.ptr, NULL,
                     NULL);
        input_file_close(&file);
    } else if (status != STATUS_NOT_FOUND) {
        status = err_set(err, status, "%s", why.message);
    }
    buf_fini(&path);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static void format_line(struct buf *out, const struct ioc *ioc) {
    bool agent = ioc->kind == IOC_USER_AGENT;
    bool quoted = agent || ioc->kind == IOC_URL;
    const char *scheme = ioc->kind == IOC_URL ? "http://" : "";
    buf_printf(out, "%s%s%s%.*s%s,%.*s\n", quoted ? "\"" : "", agent ? "ua:" : "", scheme,
               STR_ARG(ioc->value), quoted ? "\"" : "", STR_ARG(ioc->comment));
}

enum status ioc_register_add(const char *store_dir, const struct ioc_set *set, int64_t now_ns,
                             struct err *err) {
    struct ioc_set *known = ioc_set_create();
    struct buf path = BUF_INIT;
    struct buf lines = BUF_INIT;
    struct file file = FILE_INIT;
    char day[CIVIL_RFC3339_BYTES];
    (void)civil_format_rfc3339(day, now_ns);
    register_path(&path, store_dir);
    enum status status = ioc_register_load(known, store_dir, err);
    for (size_t i = 0; i < set->count && status == STATUS_OK; i++) {
        size_t before = known->count;
        struct buf line = BUF_INIT;
        format_line(&line, &set->items[i]);
        ioc_set_read(known, buf_str(&line), path.ptr, NULL, NULL);
        if (known->count > before) {
            buf_add(&lines, buf_str(&line));
        }
        buf_fini(&line);
    }
    if (status == STATUS_OK && lines.len > 0) {
        status = file_open(&file, path.ptr, FILE_APPEND, err);
        struct buf text = BUF_INIT;
        buf_printf(&text, "# registered %.10s\n", day);
        buf_add(&text, buf_str(&lines));
        if (status == STATUS_OK) {
            status = file_append(&file, text.ptr, text.len, err);
        }
        if (status == STATUS_OK) {
            status = file_sync(&file, err);
        }
        buf_fini(&text);
        file_close(&file);
    }
    buf_fini(&lines);
    buf_fini(&path);
    ioc_set_free(&known);
    return status;
}
