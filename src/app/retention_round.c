#include "retention_round.h"

#include "archive.h"
#include "clock.h"
#include "expire.h"
#include "mem.h"

static bool has_rules(const struct store *store) {
    struct retention *rules = mem_calloc(1, sizeof *rules);
    retention_load(rules, store_get_chain(store));
    bool has = rules->note > 0;
    retention_fini(rules);
    mem_free(rules);
    return has;
}

enum status retention_round(struct store *store, const char *archive_path, struct err *err) {
    if (!has_rules(store)) {
        return STATUS_OK;
    }
    struct expire_options expiry = {.by = STR("konseki serve"), .now_ns = clock_wall_ns()};
    struct expire_result expired;
    enum status status = store_expire(store, &expiry, &expired, err);
    if (status == STATUS_OK && archive_path[0] != '\0') {
        struct archive_options move = {.folder = archive_path,
                                       .label = STR_EMPTY,
                                       .by = STR("konseki serve"),
                                       .now_ns = clock_wall_ns()};
        struct archive_result moved;
        status = store_archive(store, &move, &moved, err);
    }
    return status;
}
