#include "export_text.h"

#include <inttypes.h>

#include "clock.h"
#include "column_text.h"
#include "event_json.h"
#include "evidence.h"
#include "export_lines.h"
#include "json_out.h"
#include "mem.h"
#include "store_restore.h"

struct export_text {
    struct export_text_options options;
    struct event_json *json;
    struct evidence_writer *evidence;
    struct buf anchor;      /* the store's last checkpoint */
    struct intern owners;   /* containers that are out */
    struct batch container; /* a chunk that is fetched */
    struct buf line;
    struct buf cell;
    struct buf scratch;
};

struct export_text *export_text_create(const struct export_text_options *options) {
    struct export_text *t = mem_calloc(1, sizeof *t);
    struct err ignored = ERR_INIT; /* the head does without */
    t->options = *options;
    t->json = event_json_create();
    t->evidence = evidence_writer_create();
    batch_init(&t->container);
    if (store_make_anchor(&t->anchor, options->store_path, &ignored) != STATUS_OK) {
        buf_clear(&t->anchor);
    }
    return t;
}

void export_text_destroy(struct export_text **text) {
    struct export_text *t = *text;
    if (t == NULL) {
        return;
    }
    event_json_destroy(&t->json);
    evidence_writer_destroy(&t->evidence);
    intern_fini(&t->owners);
    batch_fini(&t->container);
    buf_fini(&t->anchor);
    buf_fini(&t->line);
    buf_fini(&t->cell);
    buf_fini(&t->scratch);
    mem_free(t);
    *text = NULL;
}

/* --- head and tail --- */

static void put_time(struct buf *out, const char *name, int64_t ns) {
    char time[CIVIL_RFC3339_BYTES];
    if (ns != INT64_MIN && ns != INT64_MAX) {
        buf_printf(out, ",\"%s\":\"%.*s\"", name, (int)civil_format_rfc3339(time, ns), time);
    }
}

static void put_text(struct buf *out, const char *name, struct str text) {
    buf_printf(out, ",\"%s\":", name);
    json_out_string(out, text);
}

static void head_jsonl(struct buf *out, const struct export_text *t,
                       const struct export_part *part) {
    struct str anchor = buf_str(&t->anchor);
    buf_printf(out, EXPORT_HEAD_START "%d", EXPORT_FORMAT);
    put_text(out, "program", STR("konseki " KONSEKI_VERSION));
    put_time(out, "created", clock_wall_ns());
    buf_printf(out, ",\"part\":%u", (unsigned)part->number);
    if (t->options.query != NULL) {
        put_text(out, "query", str_from_c(t->options.query));
    }
    put_time(out, "from", t->options.from_ns);
    put_time(out, "to", t->options.to_ns);
    if (anchor.len > 0) {
        put_text(out, "anchor", str_trim(anchor));
    }
    buf_add(out, STR("}}\n"));
}

/* The register of imported files, so that the same content is known after a restore too. */
static void put_inputs(struct buf *out, const struct export_text *t) {
    size_t count;
    const struct store_input *inputs = store_get_inputs(t->options.store, &count);
    for (size_t i = 0; i < count; i++) {
        char hex[SHA256_HEX_BYTES];
        sha256_hex(hex, inputs[i].sha256);
        buf_printf(out, EXPORT_INPUT_START "{\"sha256\":\"%.*s\"", SHA256_HEX_BYTES, hex);
        put_text(out, "path", inputs[i].path);
        buf_printf(out, ",\"bytes\":%" PRIu64 ",\"events\":%" PRIu64, inputs[i].bytes,
                   inputs[i].events);
        put_time(out, "time", inputs[i].imported_ns);
        buf_add(out, STR("}}}\n"));
    }
}

static void head_csv(struct buf *out, const struct export_text *t) {
    if (t->options.bom) {
        buf_add(out, STR("\xef\xbb\xbf"));
    }
    for (size_t c = 0; c < t->options.output->column_count; c++) {
        if (c > 0) {
            buf_putc(out, ',');
        }
        output_append_csv_name(out, t->options.output->columns[c].name);
    }
    buf_add(out, STR("\r\n"));
}

void export_text_head(struct buf *out, const struct export_part *part, void *ctx) {
    const struct export_text *t = ctx;
    if (t->options.format == EXPORT_JSONL) {
        bool whole = t->options.query == NULL && t->options.from_ns == INT64_MIN &&
                     t->options.to_ns == INT64_MAX;
        head_jsonl(out, t, part);
        if (whole && part->number == 1) {
            put_inputs(out, t);
        }
    } else if (t->options.format == EXPORT_CSV) {
        head_csv(out, t);
    }
}

void export_text_tail(struct buf *out, const struct export_part *part, void *ctx) {
    const struct export_text *t = ctx;
    char hex[SHA256_HEX_BYTES];
    if (t->options.format == EXPORT_JSONL) {
        sha256_hex(hex, part->sha256);
        buf_printf(out, EXPORT_TAIL_START "{\"events\":%" PRIu64 ",\"sha256\":\"%.*s\"}}}\n",
                   part->lines, SHA256_HEX_BYTES, hex);
    }
}

/* --- lines --- */

static enum status write_line(struct export_text *t, struct export_parts *parts, int64_t time_ns,
                              struct err *err) {
    /* rows of an aggregation have no time: they go to the first day there is */
    int64_t local_ns = time_ns == TIME_NONE ? 0 : zone_to_local(t->options.zone, time_ns);
    return export_parts_write(parts, buf_str(&t->line), local_ns, err);
}

static enum status write_jsonl(struct export_text *t, struct export_parts *parts,
                               const struct batch *batch, const struct row *row, struct err *err) {
    buf_clear(&t->line);
    event_json_append(&t->line, t->json, batch, row, true);
    evidence_append(&t->line, t->evidence, batch, row);
    buf_putc(&t->line, '\n');
    return write_line(t, parts, row->time_ns, err);
}

/* The row that holds the chunk is not among the rows that were asked for: a row of its bytes alone,
 * marked as no event, takes its place, so that the import can give the file's bytes back. */
static enum status write_container(struct export_text *t, struct export_parts *parts,
                                   const struct batch *batch, const struct row *row,
                                   uint64_t sequence, struct err *err) {
    struct str source = intern_text(&batch->names, row->source);
    batch_clear(&t->container);
    enum status status = store_read_raw(t->options.store, source, sequence, &t->container.raw, err);
    if (status != STATUS_OK) {
        return status;
    }
    struct row *made = batch_row_begin(&t->container, 0, t->container.raw.len);
    made->time_ns = row->time_ns;
    made->receive_ns = row->receive_ns;
    made->sequence = sequence;
    made->dataset = row->dataset;
    made->charset = CHARSET_BINARY;
    made->flags = ROW_META;
    made->source = intern_add(&t->container.names, source);
    if (row->origin != INTERN_NONE) {
        made->origin = intern_add(&t->container.names, intern_text(&batch->names, row->origin));
    }
    return write_jsonl(t, parts, &t->container, made, err);
}

/* Notes the containers that go out; writes one that did not when a row of it does. */
static enum status keep_container(struct export_text *t, struct export_parts *parts,
                                  const struct batch *batch, const struct row *row,
                                  struct err *err) {
    bool inside = (row->flags & ROW_IN_CONTAINER) != 0;
    if (!inside && row->dataset != DATASET_WINDOWS_EVTX) {
        return STATUS_OK;
    }
    uint64_t sequence = row->sequence - row->container_back;
    buf_clear(&t->cell);
    buf_printf(&t->cell, "%" PRIu64 " ", sequence);
    buf_add(&t->cell, intern_text(&batch->names, row->source));
    uint32_t known = t->owners.count;
    bool is_new = intern_add(&t->owners, buf_str(&t->cell)) == known;
    return is_new && inside ? write_container(t, parts, batch, row, sequence, err) : STATUS_OK;
}

static enum status write_plain(struct export_text *t, struct export_parts *parts,
                               const struct batch *batch, const struct row *row, struct err *err) {
    buf_clear(&t->line);
    if (t->options.output->shape == QUERY_EVENTS) {
        event_json_append(&t->line, t->json, batch, row, true);
    } else {
        event_json_append_columns(&t->line, t->json, t->options.output, batch, row);
    }
    buf_putc(&t->line, '\n');
    return write_line(t, parts, row->time_ns, err);
}

static enum status write_csv(struct export_text *t, struct export_parts *parts,
                             const struct batch *batch, const struct row *row, struct err *err) {
    buf_clear(&t->line);
    for (size_t c = 0; c < t->options.output->column_count; c++) {
        buf_clear(&t->cell);
        column_text_append(&t->cell, &t->options.output->columns[c], batch, row, t->json,
                           &t->scratch);
        if (c > 0) {
            buf_putc(&t->line, ',');
        }
        output_append_csv(&t->line, buf_str(&t->cell));
    }
    buf_add(&t->line, STR("\r\n"));
    return write_line(t, parts, row->time_ns, err);
}

enum status export_text_add(struct export_text *t, struct export_parts *parts,
                            const struct batch *batch, const struct row *row, struct err *err) {
    if (t->options.format == EXPORT_CSV) {
        return write_csv(t, parts, batch, row, err);
    }
    if (t->options.format == EXPORT_PLAIN_JSONL) {
        return write_plain(t, parts, batch, row, err);
    }
    enum status status = keep_container(t, parts, batch, row, err);
    return status == STATUS_OK ? write_jsonl(t, parts, batch, row, err) : status;
}
