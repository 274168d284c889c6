#include "line_reader.h"

#include "envelope.h"

/* Small numbers as literals: a constant costs no text. */
static const char *const small_numbers[] = {"0",  "1",  "2",  "3",  "4",  "5",  "6",  "7",
                                            "8",  "9",  "10", "11", "12", "13", "14", "15",
                                            "16", "17", "18", "19", "20", "21", "22", "23"};

void line_reader_init(struct line_reader *reader, const struct parse_settings *settings,
                      struct str host, enum dataset wanted) {
    *reader = (struct line_reader){
        .settings = *settings, .host = host, .wanted = wanted, .last_parser = PARSER_COUNT};
}

/* Controls that are no line ends, nor the separator of the audit daemon's enriched lines. */
static bool has_other_control(struct str s) {
    bool audit = str_find(s, STR("audit(")) != STR_NONE;
    unsigned char allowed = audit ? 0x1d : '\t';
    unsigned found = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        found |= (unsigned)((c < 0x20) & (c != '\t') & (c != '\n') & (c != '\r') & (c != allowed)) |
                 (unsigned)(c == 0x7f);
    }
    return found != 0;
}

/* A lone carriage return in a line is damage, in a document it is not. */
static bool is_damaged(const struct line_reader *reader, struct str s) {
    return has_other_control(s) || (!reader->is_document && str_find_char(s, '\r') != STR_NONE);
}

void line_reader_fini(struct line_reader *reader) {
    for (size_t i = 0; i < PARSER_COUNT; i++) {
        if (reader->states[i] != NULL) {
            registry_parser(i)->state_destroy(reader->states[i]);
        }
    }
    text_converter_fini(&reader->converter);
    buf_fini(&reader->utf8);
    *reader = (struct line_reader){0};
}

static bool is_blank(struct str text) {
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != ' ' && text.ptr[i] != '\t') {
            return false;
        }
    }
    return true;
}

/* The record as UTF-8: itself where it is that, else converted into reader->utf8. */
static struct str to_utf8(struct line_reader *reader, struct row *row, struct str text,
                          enum text_charset charset, bool *control) {
    *control = false;
    if (charset == TEXT_UTF8) {
        unsigned classes = text_classify(text);
        *control = (classes & TEXT_HAS_CONTROL) != 0;
        if (classes == 0 || (classes == TEXT_HAS_HIGH && utf8_is_valid(text))) {
            return text;
        }
        bool certain = false;
        charset = text_detect(text, reader->charset_hint, &certain);
        if (certain && charset != TEXT_UTF8) {
            reader->charset_hint = charset;
        }
        if (charset == TEXT_UTF8 && utf8_is_valid(text)) {
            return text;
        }
    }
    buf_clear(&reader->utf8);
    if (!text_to_utf8(&reader->converter, &reader->utf8, text, charset)) {
        row->flags |= ROW_BAD_ENCODING;
    }
    row->charset = (uint8_t)charset;
    *control = (text_classify(buf_str(&reader->utf8)) & TEXT_HAS_CONTROL) != 0;
    return buf_str(&reader->utf8);
}

static void add_envelope(struct batch *batch, const struct envelope_text *parsed) {
    const struct envelope *e = &parsed->envelope;
    if (e->priority >= 0) {
        batch_add_i64(batch, FIELD_SYSLOG_PRIORITY, e->priority);
        batch_add_constant(batch, FIELD_SYSLOG_FACILITY, small_numbers[e->priority / 8]);
        batch_add_constant(batch, FIELD_SYSLOG_SEVERITY, small_numbers[e->priority % 8]);
    }
    const struct {
        uint32_t field;
        struct str text;
    } words[] = {{FIELD_SYSLOG_APPNAME, e->app},
                 {FIELD_SYSLOG_PROCID, e->pid},
                 {FIELD_SYSLOG_MSGID, e->msgid},
                 {FIELD_SYSLOG_STRUCTURED, parsed->structured}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (words[i].text.len > 0) {
            batch_add(batch, words[i].field, words[i].text);
        }
    }
    if (parsed->repeat_count > 0) {
        batch_add_i64(batch, FIELD_REPEAT_COUNT, (int64_t)parsed->repeat_count);
    }
}

/* --source narrows the search to parsers of its family. */
static bool is_wanted(const struct line_reader *reader, const struct parser *parser) {
    return reader->wanted == DATASET_UNKNOWN ||
           str_eq(dataset_info(reader->wanted)->family, dataset_info(parser->dataset)->family);
}

/* Takes back what a parser may have done to the row (parser.h says what that can be). */
static void restore_row(struct batch *batch, const struct row *before) {
    batch_row_rewind(batch, before->value_count);
    struct row *row = batch_row(batch);
    row->time_ns = before->time_ns;
    row->record_id = before->record_id;
    row->flags = before->flags;
    row->dataset = before->dataset;
}

/* Asks one parser; *before is the row as it was. */
static enum parse_result ask(struct line_reader *reader, size_t index,
                             struct parse_context *context, struct batch *batch, struct str body,
                             const struct row *before) {
    const struct parser *parser = registry_parser(index);
    if (!is_wanted(reader, parser)) {
        return PARSE_NO;
    }
    if (parser->state_create != NULL && reader->states[index] == NULL) {
        reader->states[index] = parser->state_create();
    }
    context->state = reader->states[index];
    batch_row(batch)->dataset = (uint16_t)parser->dataset;
    enum parse_result result = parser->parse(context, batch, body);
    if (result == PARSE_NO) {
        restore_row(batch, before);
    }
    return result;
}

/* The parser of the last record first, then all others in table order. */
static enum parse_result ask_all(struct line_reader *reader, struct parse_context *context,
                                 struct batch *batch, struct str body) {
    const struct row before = *batch_row(batch);
    size_t last = reader->last_parser;
    enum parse_result result =
        last < PARSER_COUNT ? ask(reader, last, context, batch, body, &before) : PARSE_NO;
    for (size_t i = 0; i < PARSER_COUNT && result == PARSE_NO; i++) {
        if (i != last) {
            result = ask(reader, i, context, batch, body, &before);
            reader->last_parser = result == PARSE_NO ? last : i;
        }
    }
    return result;
}

static void add_host(const struct line_reader *reader, const struct envelope *envelope,
                     struct batch *batch) {
    const struct row *row = batch_row(batch);
    struct str host = envelope->host.len > 0 ? envelope->host : reader->host;
    struct str known;
    if (envelope->host.len > 0) {
        batch_add(batch, FIELD_SYSLOG_HOSTNAME, envelope->host);
    }
    row = batch_row(batch);
    if (host.len == 0 || batch_find(&known, batch, row, FIELD_HOST_NAME)) {
        return;
    }
    batch_add(batch, FIELD_HOST_NAME, host);
    struct str family = dataset_info((enum dataset)row->dataset)->family;
    bool observes = str_eq(family, STR("firewall")) || str_eq(family, STR("router")) ||
                    str_eq(family, STR("proxy"));
    if (observes && !batch_find(&known, batch, batch_row(batch), FIELD_OBSERVER_NAME)) {
        batch_add(batch, FIELD_OBSERVER_NAME, host);
    }
}

static void parse_text(struct line_reader *reader, struct batch *batch, struct str text) {
    struct envelope_text parsed;
    if (reader->is_table) {
        parsed = (struct envelope_text){.envelope = {.priority = -1, .time_ns = TIME_NONE},
                                        .body = text};
    } else {
        envelope_parse(&parsed, &reader->settings, &reader->years, text);
    }
    struct parse_context context = {.settings = &reader->settings,
                                    .envelope = &parsed.envelope,
                                    .years = &reader->years,
                                    .line = text,
                                    .is_table = reader->is_table};
    if (parsed.envelope.present) {
        add_envelope(batch, &parsed);
    }
    enum parse_result result = ask_all(reader, &context, batch, parsed.body);
    if (result == PARSE_NO && parsed.body_with_host.len > 0) {
        parsed.envelope.host = STR_EMPTY;
        result = ask_all(reader, &context, batch, parsed.body_with_host);
        if (result == PARSE_NO) {
            size_t len = str_find_char(parsed.body_with_host, ' ');
            parsed.envelope.host = str_head(parsed.body_with_host, len);
        }
    }
    struct row *row = batch_row(batch);
    if (row->time_ns == TIME_NONE && parsed.envelope.time_ns != TIME_NONE) {
        row->time_ns = parsed.envelope.time_ns;
        row->flags |= parsed.flags;
    }
    if (result == PARSE_NO && parsed.envelope.present) {
        row->dataset = DATASET_SYSLOG;
        /* cut behind its header; RFC 5424 allows an empty message */
        row->flags |= parsed.bsd && parsed.body.len == 0 ? ROW_DAMAGED : 0U;
        batch_add(batch, FIELD_MESSAGE, parsed.body);
    } else if (result == PARSE_NO) {
        row->flags |= ROW_UNPARSED;
    } else if (result == PARSE_META) {
        row->flags |= ROW_META;
        return;
    } else if (result == PARSE_DAMAGED) {
        row->flags |= ROW_DAMAGED;
    }
    add_host(reader, &parsed.envelope, batch);
}

static void finish_time(struct batch *batch) {
    struct row *row = batch_row(batch);
    if (row->time_ns == TIME_NONE) {
        row->time_ns = row->receive_ns;
        row->flags |= ROW_TIME_RECEIVED;
    }
}

void line_reader_read(struct line_reader *reader, struct batch *batch, struct str text,
                      enum text_charset charset) {
    bool control = false;
    struct str utf8 = to_utf8(reader, batch_row(batch), text, charset, &control);
    control = control && is_damaged(reader, utf8);
    if (is_blank(utf8)) {
        batch_row(batch)->flags |= ROW_BLANK;
    } else {
        batch_row(batch)->flags |= control ? ROW_DAMAGED : 0U;
        parse_text(reader, batch, utf8);
    }
    reader->last_dataset = (enum dataset)batch_row(batch)->dataset;
    finish_time(batch);
}

void line_reader_skip_part(struct line_reader *reader, struct batch *batch, struct str text,
                           enum text_charset charset) {
    struct row *row = batch_row(batch);
    row->dataset = (uint16_t)reader->last_dataset;
    bool control = false;
    (void)to_utf8(reader, row, text, charset, &control);
    finish_time(batch);
}
