/*
 * old_store DIR DAYS ROWS: appends rows that happened and arrived DAYS ago (no program can be told
 * that it is another day): of "fw" (dataset fortigate) and "srv" (syslog) in turn, one commit.
 */
#include <stdio.h>

#include "clock.h"
#include "num.h"
#include "store.h"

static void add_row(struct batch *b, uint64_t i, int64_t time_ns) {
    bool firewall = i % 3 != 0;
    char line[96];
    int len =
        snprintf(line, sizeof line, "%s says number %llu of day %lld\n", firewall ? "fw" : "srv",
                 (unsigned long long)i, (long long)(time_ns / NS_PER_DAY));
    size_t off = b->raw.len;
    buf_append(&b->raw, line, (size_t)len);
    struct row *row = batch_row_begin(b, off, (size_t)len);
    row->time_ns = time_ns;
    row->receive_ns = time_ns;
    row->source = intern_add(&b->names, firewall ? STR("fw") : STR("srv"));
    row->origin = INTERN_NONE;
    row->dataset = firewall ? DATASET_FORTIGATE : DATASET_SYSLOG;
    row->flags = ROW_UNPARSED;
}

int main(int argc, char **argv) {
    uint64_t days = 0;
    uint64_t rows = 0;
    struct err err = ERR_INIT;
    struct store *s = NULL;
    struct batch b;
    if (argc != 4 || !num_parse_u64(&days, str_from_c(argv[2])) || days > 36500 ||
        !num_parse_u64(&rows, str_from_c(argv[3]))) {
        return 2;
    }
    int64_t time_ns = clock_wall_ns() - (int64_t)days * NS_PER_DAY;
    batch_init(&b);
    for (uint64_t i = 0; i < rows; i++) {
        add_row(&b, i, time_ns);
    }
    struct store_options o = {.path = argv[1], .mode = STORE_BULK, .create = true};
    bool good = store_open(&s, &o, &err) == STATUS_OK && store_append(s, &b, &err) == STATUS_OK &&
                store_commit(s, &err) == STATUS_OK;
    store_close(&s);
    batch_fini(&b);
    if (!good) {
        fprintf(stderr, "%s\n", err.message);
    }
    return good ? 0 : 1;
}
