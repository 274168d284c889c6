/* Rows of cells: tables and csv. */
#include "output.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utf8proc.h>

#include "err.h"
#include "i18n.h"
#include "mem.h"

enum {
    HELD_ROWS = 200,
    CELL_MAX_COLUMNS = 60,
    FITTED_MIN_COLUMNS = 24, /* a time with milliseconds; what is wider gives way on a terminal */
    GAP_COLUMNS = 2,
    LAST_MIN_COLUMNS = FITTED_MIN_COLUMNS
};

struct output {
    FILE *file;
    enum output_format format;
    size_t column_count;
    int width;
    int *widths; /* by column; from the rows held back */
    int *limits; /* by column: no cell is shown wider */
    struct buf *headers;
    struct buf *held; /* cells of the rows held back, row by row */
    size_t held_rows;
    output_style_fn *style; /* of styled_column; NULL: none */
    size_t styled_column;
    bool is_whole;   /* cells are not cut */
    bool is_started; /* the header is out, widths are fixed */
    bool failed;
};

bool output_write(FILE *file, struct str bytes) {
    return fwrite(bytes.ptr, 1, bytes.len, file) == bytes.len;
}

void output_error(const char *command, const struct err *err) {
    struct buf text = BUF_INIT;
    output_append_visible(&text, str_from_c(err->message));
    fprintf(stderr, "konseki%s%s: %.*s\n", command != NULL ? " " : "",
            command != NULL ? command : "", STR_ARG(buf_str(&text)));
    buf_fini(&text);
}

bool output_finish(FILE *file) {
    if (fflush(file) == 0 && ferror(file) == 0) {
        return true;
    }
    if (errno == EPIPE) {
        return true; /* the reader has seen enough */
    }
    char text[128];
    fprintf(stderr, _("konseki: the output could not be written: %s\n"),
            err_errno(errno, text, sizeof text));
    return false;
}

void output_set_whole(struct output *out) {
    out->is_whole = true;
}

int output_terminal_width(void) {
    struct winsize size;
    if (isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
        size.ws_col > 0) {
        return size.ws_col;
    }
    return 0;
}

/* --- text --- */

void output_append_local_time(struct buf *out, int64_t ns, const struct zone *zone) {
    char text[CIVIL_RFC3339_BYTES];
    int64_t local = zone_to_local(zone, ns);
    int64_t offset_minutes = (local - ns) / NS_PER_MINUTE;
    (void)civil_format_rfc3339(text, local);
    buf_append(out, text, 23);
    if (offset_minutes == 0) {
        buf_putc(out, 'Z');
        return;
    }
    int64_t size = offset_minutes < 0 ? -offset_minutes : offset_minutes;
    buf_printf(out, "%c%02d:%02d", offset_minutes < 0 ? '-' : '+', (int)(size / 60 % 100),
               (int)(size % 60));
}

/* --- tables --- */

/* How many bytes from `at` on are the next character, and its columns. */
static size_t next_character(int *columns, struct str text, size_t at) {
    int32_t c;
    size_t length = cell_text_next(&c, str_skip(text, at));
    *columns = c < 0 ? 1 : utf8proc_charwidth(c);
    return length;
}

/* The beginning of the text that fits into `columns` with an ellipsis; returns its columns. */
static int append_head(struct buf *out, struct str text, int columns) {
    int used = 0;
    int w = 0;
    size_t at = 0;
    while (at < text.len) {
        size_t length = next_character(&w, text, at);
        if (used + w > columns - 1) {
            break;
        }
        used += w;
        at += length;
    }
    buf_append(out, text.ptr, at);
    buf_add(out, STR("\xe2\x80\xa6"));
    return used + 1;
}

/* The end of the text in the same way: of a path that is what tells it from others. */
static int append_tail(struct buf *out, struct str text, int columns) {
    int left = output_text_width(text);
    int w = 0;
    size_t at = 0;
    while (at < text.len && left > columns - 1) {
        at += next_character(&w, text, at);
        left -= w;
    }
    buf_add(out, STR("\xe2\x80\xa6"));
    buf_add(out, str_skip(text, at));
    return left + 1;
}

enum { CELL_IS_LAST = 1, CELL_IS_PATH = 2, CELL_IS_WHOLE = 4 };

/* The text cut to `columns` (unless it is to stay whole), then filled up to them (unless it is the
 * last). */
static void append_cell(struct buf *out, struct str text, int columns, unsigned marks) {
    int width = output_text_width(text);
    if (columns > 0 && width > columns && (marks & CELL_IS_WHOLE) != 0) {
        buf_add(out, text);
        width = columns;
    } else if (columns > 0 && width > columns) {
        width = (marks & CELL_IS_PATH) != 0 ? append_tail(out, text, columns)
                                            : append_head(out, text, columns);
    } else {
        buf_add(out, text);
    }
    for (int i = width; (marks & CELL_IS_LAST) == 0 && i < columns + GAP_COLUMNS; i++) {
        buf_putc(out, ' ');
    }
}

static bool is_path_column(const struct output *out, size_t column) {
    struct str name = buf_str(&out->headers[column]);
    return str_eq(name, STR("file")) || str_eq(name, STR("image"));
}

/* The widest columns but the last give way, one step after the other, until `too_many` are saved
 * or all are narrow. Returns how many were saved. */
static int fit_widths(struct output *out, int too_many) {
    int saved = 0;
    while (saved < too_many) {
        size_t widest = 0;
        for (size_t c = 1; c + 1 < out->column_count; c++) {
            widest = out->widths[c] > out->widths[widest] ? c : widest;
        }
        if (out->widths[widest] <= FITTED_MIN_COLUMNS) {
            break;
        }
        out->limits[widest] = --out->widths[widest];
        saved++;
    }
    return saved;
}

static void fix_widths(struct output *out) {
    int used = 0;
    for (size_t c = 0; c < out->column_count; c++) {
        int widest = output_text_width(buf_str(&out->headers[c]));
        for (size_t r = 0; r < out->held_rows; r++) {
            int width = output_text_width(buf_str(&out->held[r * out->column_count + c]));
            widest = width > widest ? width : widest;
        }
        out->widths[c] = widest > CELL_MAX_COLUMNS ? CELL_MAX_COLUMNS : widest;
        out->limits[c] = CELL_MAX_COLUMNS;
        used += c + 1 < out->column_count ? out->widths[c] + GAP_COLUMNS : 0;
    }
    if (out->width > 0 && out->column_count > 1) {
        int last = out->widths[out->column_count - 1];
        used -= fit_widths(out, used + last - out->width);
    }
    int left = out->width - used;
    out->widths[out->column_count - 1] = out->width == 0           ? 0
                                         : left > LAST_MIN_COLUMNS ? left
                                                                   : LAST_MIN_COLUMNS;
}

/* A column grows when a later row needs more; what was written before stays as it is. */
static void widen(struct output *out, const struct buf *cells) {
    for (size_t c = 0; c + 1 < out->column_count; c++) {
        int width = output_text_width(buf_str(&cells[c]));
        width = width > out->limits[c] ? out->limits[c] : width;
        out->widths[c] = width > out->widths[c] ? width : out->widths[c];
    }
}

static bool write_line(struct output *out, const struct buf *cells) {
    struct buf line = BUF_INIT;
    widen(out, cells);
    for (size_t c = 0; c < out->column_count; c++) {
        const char *style = out->style != NULL && c == out->styled_column && cells != out->headers
                                ? out->style(buf_str(&cells[c]))
                                : NULL;
        if (style != NULL) {
            buf_printf(&line, "\x1b[%sm", style);
        }
        append_cell(&line, buf_str(&cells[c]), out->widths[c],
                    (c + 1 == out->column_count ? CELL_IS_LAST : 0U) |
                        (out->is_whole ? CELL_IS_WHOLE : 0U) |
                        (is_path_column(out, c) ? CELL_IS_PATH : 0U));
        buf_add(&line, style != NULL ? STR("\x1b[0m") : STR_EMPTY);
    }
    while (line.len > 0 && line.ptr[line.len - 1] == ' ') {
        line.len--;
    }
    buf_putc(&line, '\n');
    bool good = output_write(out->file, buf_str(&line));
    buf_fini(&line);
    return good;
}

static bool start_table(struct output *out) {
    fix_widths(out);
    out->is_started = true;
    bool good = write_line(out, out->headers);
    for (size_t r = 0; r < out->held_rows && good; r++) {
        good = write_line(out, &out->held[r * out->column_count]);
    }
    return good;
}

static void set_cells(struct output *out, struct buf *to, const struct str *cells) {
    for (size_t c = 0; c < out->column_count; c++) {
        buf_clear(&to[c]);
        output_append_visible(&to[c], cells[c]);
    }
}

static bool table_row(struct output *out, const struct str *cells) {
    if (!out->is_started) {
        set_cells(out, &out->held[out->held_rows * out->column_count], cells);
        out->held_rows++;
        return out->held_rows < HELD_ROWS || start_table(out);
    }
    set_cells(out, out->held, cells); /* the held rows are out: their buffers serve */
    return write_line(out, out->held);
}

/* --- csv --- */

static bool csv_row(struct output *out, const struct str *cells, bool is_header) {
    struct buf line = BUF_INIT;
    for (size_t c = 0; c < out->column_count; c++) {
        if (c > 0) {
            buf_putc(&line, ',');
        }
        (is_header ? output_append_csv_name : output_append_csv)(&line, cells[c]);
    }
    buf_add(&line, STR("\r\n"));
    bool good = output_write(out->file, buf_str(&line));
    buf_fini(&line);
    return good;
}

/* --- the writer --- */

struct output *output_create(FILE *file, enum output_format format, const struct str *headers,
                             size_t column_count, int width, bool bom) {
    struct output *out = mem_calloc(1, sizeof *out);
    *out = (struct output){
        .file = file, .format = format, .column_count = column_count, .width = width};
    out->widths = mem_calloc(column_count, sizeof *out->widths);
    out->limits = mem_calloc(column_count, sizeof *out->limits);
    out->headers = mem_calloc(column_count, sizeof *out->headers);
    out->held = mem_calloc(column_count * HELD_ROWS, sizeof *out->held);
    set_cells(out, out->headers, headers);
    if (format == OUTPUT_CSV) {
        out->failed =
            (bom && !output_write(file, STR("\xef\xbb\xbf"))) || !csv_row(out, headers, true);
    }
    return out;
}

void output_set_style(struct output *out, size_t column, output_style_fn *style) {
    out->styled_column = column;
    out->style = style;
}

bool output_row(struct output *out, const struct str *cells) {
    if (!out->failed) {
        out->failed =
            out->format == OUTPUT_CSV ? !csv_row(out, cells, false) : !table_row(out, cells);
    }
    return !out->failed;
}

bool output_destroy(struct output **out) {
    struct output *o = *out;
    if (o == NULL) {
        return true;
    }
    if (o->format == OUTPUT_TABLE && !o->is_started && !o->failed && o->held_rows > 0) {
        (void)start_table(o);
    }
    bool good = output_finish(o->file);
    for (size_t i = 0; i < o->column_count * HELD_ROWS; i++) {
        buf_fini(&o->held[i]);
    }
    for (size_t i = 0; i < o->column_count; i++) {
        buf_fini(&o->headers[i]);
    }
    mem_free(o->held);
    mem_free(o->headers);
    mem_free(o->widths);
    mem_free(o->limits);
    mem_free(o);
    *out = NULL;
    return good;
}
