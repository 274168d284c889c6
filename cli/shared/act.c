#include "act.h"

#include <pwd.h>
#include <unistd.h>

#include "commands.h"
#include "i18n.h"
#include "mem.h"

struct str act_who(const char *by) {
    if (by != NULL && by[0] != '\0') {
        return str_from_c(by);
    }
    const struct passwd *p = getpwuid(geteuid());
    return p != NULL ? str_from_c(p->pw_name) : STR("unknown");
}

bool act_open(struct store **out, const char *path, struct err *err) {
    struct store_options options = {
        .path = path, .mode = STORE_BULK, .writer_name = "konseki " KONSEKI_VERSION};
    return store_open(out, &options, err) == STATUS_OK;
}

int act_fail(enum status status, const struct err *err) {
    output_error(NULL, err);
    return status == STATUS_BAD_INPUT ? EXIT_USAGE : EXIT_STORE;
}

int act_list_store(struct listing *list, const char *path,
                   void (*rows)(struct listing *list, struct store *store)) {
    struct store *store = NULL;
    struct err err = ERR_INIT;
    struct store_options options = {.path = path, .mode = STORE_READ};
    enum status status = store_open(&store, &options, &err);
    if (status != STATUS_OK) {
        return act_fail(status, &err);
    }
    listing_begin(list);
    rows(list, store);
    int code = listing_end(list);
    store_close(&store);
    return code;
}

struct str act_datasets(struct buf *out, uint64_t datasets) {
    buf_clear(out);
    for (int d = 0; d < DATASET_COUNT; d++) {
        struct str name = dataset_info((enum dataset)d)->name;
        if ((datasets >> d & 1) != 0) {
            if (out->len > 0) {
                buf_putc(out, ',');
            }
            buf_add(out, name.len > 0 ? name : STR("unknown"));
        }
    }
    return buf_str(out);
}
