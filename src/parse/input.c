/* Reads the lines of one input; Windows event files go to their own readers. */
#include "input.h"

#include "csv_table.h"
#include "evtx.h"
#include "framer.h"
#include "json_framer.h"
#include "json_shim.h"
#include "line_reader.h"
#include "mem.h"
#include "windows_xml.h"

enum { BATCH_ROWS = 16384, BATCH_BYTES = 1 << 20, CARVE_HEAD_BYTES = 65536 };

struct parse_input {
    struct parse_input_options options;
    struct evtx_reader *evtx;       /* if the input is an event log file */
    struct windows_xml_reader *xml; /* if it is XML of events */
    struct framer framer;           /* else: lines */
    struct line_reader reader;
    struct parse_input_counts counts;
};

/* True if the user left the choice to us or named this format. */
static bool may_be(const struct parse_input_options *options, enum dataset dataset) {
    return options->dataset == DATASET_UNKNOWN || options->dataset == dataset;
}

static bool may_be_json(const struct parse_input_options *options) {
    return may_be(options, DATASET_JSON) || may_be(options, DATASET_WINDOWS_JSON) ||
           may_be(options, DATASET_WINDOWS_NXLOG) || may_be(options, DATASET_WINDOWS_WINLOGBEAT);
}

/* Does the text begin with the header of a table? */
static bool begins_with_header(const struct framer *at_start) {
    struct framer framer = *at_start;
    struct text_converter converter = {0};
    struct frame frame;
    struct buf utf8 = BUF_INIT;
    bool found = false;
    for (int lines = 0; lines < CSV_LINES_BEFORE_ROWS && !found; lines++) {
        framer.more_follows = false;
        if (!framer_next(&framer, &frame) || frame.part) {
            break;
        }
        const char *bytes = (const char *)framer.bytes + frame.off + frame.text_off;
        buf_clear(&utf8);
        (void)text_to_utf8(&converter, &utf8, str_make(bytes, frame.text_len), framer.charset);
        found = csv_table_is_header(buf_str(&utf8));
        if (!found && !csv_table_is_preamble(buf_str(&utf8))) {
            break;
        }
    }
    buf_fini(&utf8);
    text_converter_fini(&converter);
    return found;
}

/* How text is cut into records; line by line where nothing else is sure. */
static void find_form(struct parse_input *input) {
    const struct parse_input_options *options = &input->options;
    if (may_be_json(options) && json_framer_is_document(&input->framer)) {
        input->framer.form = FRAMER_JSON;
    } else if ((may_be(options, DATASET_CSV) || may_be(options, DATASET_WINDOWS_CSV)) &&
               begins_with_header(&input->framer)) {
        input->framer.form = FRAMER_TABLE;
        input->reader.is_table = true;
        input->reader.last_parser = PARSER_INDEX_csv_table;
    }
    input->reader.is_document = input->framer.form != FRAMER_LINES;
}

bool parse_input_needs_whole(const uint8_t *bytes, size_t size_bytes,
                             const struct parse_input_options *options) {
    size_t head = size_bytes < CARVE_HEAD_BYTES ? size_bytes : (size_t)CARVE_HEAD_BYTES;
    bool is_binary = head > 0 && memchr(bytes, 0, head) != NULL;
    return (options->carve && is_binary) ||
           (may_be(options, DATASET_WINDOWS_EVTX) && evtx_is_file(bytes, size_bytes)) ||
           (may_be(options, DATASET_WINDOWS_XML) && windows_xml_is_file(bytes, size_bytes));
}

size_t parse_input_left(const struct parse_input *input) {
    return input->framer.size_bytes - input->framer.pos;
}

void parse_input_window(struct parse_input *input, const uint8_t *bytes, size_t size_bytes,
                        bool more_follows) {
    framer_window(&input->framer, bytes, size_bytes, more_follows);
}

struct parse_input *parse_input_open(const uint8_t *bytes, size_t size_bytes,
                                     const struct parse_input_options *options) {
    struct parse_input *input = mem_calloc(1, sizeof *input);
    input->options = *options;
    if (may_be(options, DATASET_WINDOWS_EVTX) && evtx_is_file(bytes, size_bytes)) {
        struct evtx_options evtx_options = {.recover_slack = options->recover_slack};
        input->evtx = evtx_reader_open(bytes, size_bytes, &evtx_options);
        return input;
    }
    bool xml = may_be(options, DATASET_WINDOWS_XML) && windows_xml_is_file(bytes, size_bytes);
    if (!xml && options->carve && evtx_has_chunk(bytes, size_bytes)) {
        const struct evtx_options evtx_options = {.recover_slack = true};
        input->evtx = evtx_reader_open(bytes, size_bytes, &evtx_options);
        return input;
    }
    if (xml) {
        input->xml = windows_xml_reader_open(bytes, size_bytes, options->record_limit_bytes);
        return input;
    }
    framer_init(&input->framer, bytes, size_bytes, options->record_limit_bytes);
    input->framer.more_follows = options->more_follows;
    line_reader_init(&input->reader, &options->settings, options->host, options->dataset);
    find_form(input);
    return input;
}

void parse_input_close(struct parse_input **input) {
    if (*input != NULL) {
        evtx_reader_close(&(*input)->evtx);
        windows_xml_reader_close(&(*input)->xml);
        line_reader_fini(&(*input)->reader);
        mem_free(*input);
        *input = NULL;
    }
}

static void count_row(struct parse_input_counts *counts, const struct row *row) {
    counts->events++;
    counts->unparsed += (row->flags & ROW_UNPARSED) != 0;
    counts->blank += (row->flags & ROW_BLANK) != 0;
    counts->meta += (row->flags & ROW_META) != 0;
    counts->damaged += (row->flags & ROW_DAMAGED) != 0;
    counts->continued += (row->flags & ROW_CONTINUED) != 0;
    if ((row->flags & (ROW_BLANK | ROW_META)) == 0) {
        counts->by_dataset[row->dataset]++;
    }
}

static bool next_frame(struct framer *framer, struct frame *frame) {
    return framer->form == FRAMER_JSON ? json_framer_next(framer, frame)
                                       : framer_next(framer, frame);
}

/* The raw bytes never move while a row is built: parse_input_next reserved the room. */
static void add_line(struct parse_input *input, struct batch *batch, const struct frame *frame,
                     uint32_t source, uint32_t origin) {
    size_t raw_off = batch->raw.len;
    buf_append(&batch->raw, input->framer.bytes + frame->off, frame->len);
    struct row *row = batch_row_begin(batch, raw_off, frame->len);
    row->source = source;
    row->origin = origin;
    row->line = frame->line;
    row->receive_ns = input->options.receive_ns;
    row->flags |= frame->part ? ROW_CONTINUED : 0U;
    struct str text = str_make(batch->raw.ptr + raw_off + frame->text_off, frame->text_len);
    if (frame->meta) {
        row->flags |= ROW_META | ROW_TIME_RECEIVED;
        row->time_ns = row->receive_ns;
    } else if (frame->first) {
        line_reader_read(&input->reader, batch, text, input->framer.charset);
    } else {
        line_reader_skip_part(&input->reader, batch, text, input->framer.charset);
    }
    count_row(&input->counts, batch_row(batch));
}

/* Event log files and XML: their readers make the rows. */
static bool next_windows(struct parse_input *input, struct batch *batch,
                         const struct windows_reader_stamp *stamp) {
    size_t first = batch->row_count;
    bool more = input->evtx != NULL ? evtx_reader_next(input->evtx, batch, stamp)
                                    : windows_xml_reader_next(input->xml, batch, stamp);
    for (size_t i = first; i < batch->row_count; i++) {
        count_row(&input->counts, &batch->rows[i]);
    }
    return more;
}

bool parse_input_next(struct parse_input *input, struct batch *batch) {
    uint32_t source = intern_add(&batch->names, input->options.source);
    uint32_t origin = input->options.origin.len > 0
                          ? intern_add(&batch->names, input->options.origin)
                          : INTERN_NONE;
    if (input->evtx != NULL || input->xml != NULL) {
        struct windows_reader_stamp stamp = {input->options.receive_ns, source, origin};
        return next_windows(input, batch, &stamp);
    }
    struct frame frame;
    size_t left = input->framer.size_bytes - input->framer.pos;
    size_t most = BATCH_BYTES + input->framer.limit_bytes;
    (void)buf_reserve(&batch->raw, (left < most ? left : most) + JSON_PADDING_BYTES);
    size_t rows = 0;
    while (rows < BATCH_ROWS && batch->raw.len < BATCH_BYTES &&
           next_frame(&input->framer, &frame)) {
        add_line(input, batch, &frame, source, origin);
        rows++;
    }
    return rows > 0;
}

const struct parse_input_counts *parse_input_get_counts(const struct parse_input *input) {
    return &input->counts;
}

struct parse_input_health parse_input_get_health(const struct parse_input *input) {
    if (input->evtx == NULL) {
        return (struct parse_input_health){.is_event_log = false};
    }
    const struct evtx_counts n = evtx_reader_counts(input->evtx);
    return (struct parse_input_health){.is_event_log = true,
                                       .has_header = n.has_header,
                                       .bad_header = n.bad_header,
                                       .is_dirty = n.is_dirty,
                                       .records = n.records,
                                       .damaged = n.damaged - n.bad_slack,
                                       .recovered = n.recovered,
                                       .chunks = n.chunks,
                                       .bad_chunks = n.bad_chunks,
                                       .header_chunks = n.header_chunks};
}

enum dataset parse_input_kind(const struct parse_input *input) {
    const uint64_t *counts = input->counts.by_dataset;
    enum dataset best = DATASET_UNKNOWN;
    for (int id = DATASET_UNKNOWN + 1; id < DATASET_COUNT; id++) {
        if (counts[id] > counts[best]) {
            best = (enum dataset)id;
        }
    }
    return best;
}
