#include "scan_target.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "file_io.h"
#include "i18n.h"
#include "mem.h"
#include "scratch_file.h"

enum { FLUSH_BYTES = 1 << 18 };

/* --- files --- */

/* A report among the evidence would be read as evidence, and change it. */
static enum status check_place(const char *path, const struct scan_target_rules *rules,
                               struct err *err) {
    for (size_t i = 0; i < rules->input_count; i++) {
        if (path_is_within(path, rules->inputs[i])) {
            return err_set(err, STATUS_BAD_INPUT,
                           _("--out %s: lies in the input %s; choose another folder"), path,
                           rules->inputs[i]);
        }
    }
    for (size_t i = 0; i < rules->other_count && file_exists(path); i++) {
        if (path_is_within(path, rules->others[i])) {
            return err_set(err, STATUS_BAD_INPUT, _("--out %s: is read by this scan (%s)"), path,
                           rules->others[i]);
        }
    }
    if (!rules->overwrite && file_exists(path)) {
        return err_set(err, STATUS_BAD_INPUT, _("--out %s: is there; --overwrite replaces it"),
                       path);
    }
    return STATUS_OK;
}

static enum status open_file(struct scan_target *target, const char *path, bool overwrite,
                             struct err *err) {
    struct file file = FILE_INIT;
    enum status s = file_open(&file, path, overwrite ? FILE_APPEND : FILE_CREATE_NEW, err);
    if (s == STATUS_OK && file.size_bytes > 0) {
        s = file_truncate(&file, 0, err);
    }
    if (s == STATUS_OK) {
        int fd = dup(file.fd);
        target->file = fd >= 0 ? fdopen(fd, "w") : NULL;
        if (target->file == NULL) {
            char text[128];
            s = err_set(err, STATUS_ENVIRONMENT, _("--out %s: %s"), path,
                        err_errno(errno, text, sizeof text));
        }
    }
    file_close(&file);
    return s;
}

enum status scan_target_open(struct scan_target *target, const char *path,
                             const struct scan_target_rules *rules, struct err *err) {
    if (path == NULL) {
        target->file = stdout;
        return STATUS_OK;
    }
    enum status s = check_place(path, rules, err);
    target->is_new = !file_exists(path);
    if (s == STATUS_OK) {
        s = open_file(target, path, rules->overwrite, err);
    }
    if (s == STATUS_OK) {
        target->path = mem_strdup(path, strlen(path));
    }
    return s;
}

/* --- tables --- */

/* Of a level's name, or how it begins (--abbreviate). */
static const char *style_of_level(struct str cell) {
    static const char *const styles[REPORT_LEVELS] = {NULL, "32", "33", "31", "1;31"};
    for (int level = 0; level < REPORT_LEVELS; level++) {
        if (cell.len > 0 && str_starts(sigma_level_name((enum sigma_level)level), cell)) {
            return styles[level];
        }
    }
    return NULL;
}

/* https://no-color.org: set and not empty means no colours. */
static bool has_colours(FILE *file) {
    const char *no_colour = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    return (no_colour == NULL || no_colour[0] == '\0') && isatty(fileno(file)) == 1 &&
           terminal != NULL && strcmp(terminal, "dumb") != 0;
}

static void begin_table(struct scan_target *target) {
    struct str headers[REPORT_COLUMNS_MAX] = {{NULL, 0}};
    size_t level = REPORT_COLUMNS_MAX;
    for (size_t i = 0; i < target->columns.count; i++) {
        headers[i] = report_column_name(target->columns.ids[i]);
        level = target->columns.ids[i] == COLUMN_LEVEL ? i : level;
    }
    int width = target->width != SCAN_TARGET_TERMINAL ? target->width
                : target->path == NULL                ? output_terminal_width()
                                                      : 0;
    target->table =
        output_create(target->file, OUTPUT_TABLE, headers, target->columns.count, width, false);
    if (target->width == 0) {
        output_set_whole(target->table);
    }
    if (level < REPORT_COLUMNS_MAX && !target->no_colour && has_colours(target->file)) {
        output_set_style(target->table, level, style_of_level);
    }
}

static bool table_row(struct scan_target *target, const struct report_hit *hit) {
    struct str cells[REPORT_COLUMNS_MAX];
    size_t ends[REPORT_COLUMNS_MAX];
    size_t from = 0;
    buf_clear(&target->text);
    for (size_t i = 0; i < target->columns.count; i++) {
        report_column_cell(&target->text, target->columns.ids[i], hit, &target->writer.view.style);
        ends[i] = target->text.len;
    }
    for (size_t i = 0; i < target->columns.count; i++) {
        cells[i] = str_make(target->text.len > 0 ? target->text.ptr + from : "", ends[i] - from);
        from = ends[i];
    }
    return output_row(target->table, cells);
}

/* --- all forms --- */

static bool flush(struct scan_target *target) {
    bool written = target->text.len == 0 || output_write(target->file, buf_str(&target->text));
    buf_clear(&target->text);
    return written;
}

void scan_target_begin(struct scan_target *target) {
    if (target->writer.form == REPORT_TABLE) {
        begin_table(target);
    } else {
        report_writer_begin(&target->writer, &target->text);
    }
}

bool scan_target_hit(struct scan_target *target, const struct report_hit *hit) {
    if (target->failed) {
        return false;
    }
    if (target->table != NULL) {
        target->failed = !table_row(target, hit);
    } else {
        report_writer_hit(&target->writer, &target->text, hit);
        target->failed = target->text.len >= FLUSH_BYTES && !flush(target);
    }
    return !target->failed;
}

/* A file must be whole: what a closed pipe may leave out is missing here. */
static bool close_file(struct scan_target *target) {
    bool written = fflush(target->file) == 0 && ferror(target->file) == 0;
    int code = errno;
    written = fclose(target->file) == 0 && written;
    if (!written) {
        char text[128];
        fprintf(stderr, _("konseki scan: %s could not be written: %s\n"), target->path,
                err_errno(code, text, sizeof text));
    }
    return written;
}

bool scan_target_close(struct scan_target *target, const struct report_run *run) {
    bool written = true;
    if (target->table != NULL) {
        written = output_destroy(&target->table);
    } else if (target->file != NULL && !target->failed && run != NULL) {
        report_writer_end(&target->writer, &target->text, run);
        (void)flush(target);
    }
    if (target->path != NULL && target->file != NULL) {
        written = close_file(target) && written;
    } else if (target->file != NULL) {
        written = output_finish(target->file) && written;
    }
    if (run == NULL && target->is_new && target->path != NULL) {
        written = file_remove(target->path, NULL) == STATUS_OK && written;
    }
    buf_fini(&target->text);
    mem_free(target->path);
    *target = (struct scan_target){.file = NULL};
    return written;
}
