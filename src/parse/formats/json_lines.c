/*
 * One JSON object a line: Windows events as Winlogbeat, NXLog, Mordor (OTRF datasets), evtx_dump
 * and konseki itself write them, and any other object (dotted key names, lists repeated, numbers
 * exactly as in the text). Windows events get the same winlog.* fields as EVTX.
 */
#include "json_names.h"
#include "json_shim.h"
#include "json_text.h"
#include "mem.h"
#include "num.h"
#include "parse_time.h"
#include "windows_ecs.h"
#include "windows_names.h"
#include "windows_payload.h"
#include "windows_xml.h"

enum { LEAVES_MAX = 8192, PATHS_MAX = 8192, NULLS_MAX = 256 };

struct leaf {
    uint32_t name; /* id in paths */
    uint32_t off;  /* of the slice, from the start of the document */
    uint32_t len;
    bool escaped;
};

struct state {
    struct json_reader *reader;
    struct intern paths;
    struct json_name *names; /* by id in paths */
    size_t name_capacity;
    uint32_t *names_by_path; /* by the reader's path id: id in paths + 1; 0: not looked up yet */
    size_t names_by_path_capacity;
    struct leaf *leaves;
    size_t leaf_count;
    size_t leaf_capacity;
    uint32_t nulls[NULLS_MAX]; /* ids in paths of the leaves that are null */
    size_t null_count;
    const char *document; /* where the slices of the reader lie */
    struct buf padded;    /* a copy with padding, where the document has none behind it */
    struct buf held;      /* a record or a body that stands in a text of the document */
    struct windows_payload *payload;
    uint32_t nxlog_event_type; /* fields */
    uint32_t nxlog_opcode;
    unsigned signs; /* of all leaves of this document */
    bool dropped;   /* more leaves or paths than we keep */
    enum dataset last;
};

static void *state_create(void) {
    struct state *state = mem_calloc(1, sizeof *state);
    state->payload = windows_payload_create();
    state->nxlog_event_type = schema_field(STR("nxlog.EventType"));
    state->nxlog_opcode = schema_field(STR("nxlog.Opcode"));
    return state;
}

static void state_destroy(void *opaque) {
    struct state *state = opaque;
    if (state->reader != NULL) {
        json_reader_destroy(state->reader);
    }
    intern_fini(&state->paths);
    mem_free(state->names);
    mem_free(state->names_by_path);
    mem_free(state->leaves);
    buf_fini(&state->padded);
    buf_fini(&state->held);
    windows_payload_destroy(&state->payload);
    mem_free(state);
}

static uint32_t find_name(struct state *state, struct str path) {
    uint32_t id = intern_find(&state->paths, path);
    if (id == INTERN_NONE && state->paths.count < PATHS_MAX) {
        id = intern_add(&state->paths, path);
        MEM_GROW(state->names, state->name_capacity, (size_t)id + 1);
        json_name_make(&state->names[id], path);
    }
    return id;
}

/* The name of a leaf's path: looked up once a path. */
static uint32_t name_of_leaf(struct state *state, const struct json_leaf *leaf) {
    if (leaf->path_id == UINT32_MAX) {
        return find_name(state, leaf->path);
    }
    size_t old = state->names_by_path_capacity;
    MEM_GROW(state->names_by_path, state->names_by_path_capacity, (size_t)leaf->path_id + 1);
    for (size_t i = old; i < state->names_by_path_capacity; i++) {
        state->names_by_path[i] = 0;
    }
    uint32_t *known = &state->names_by_path[leaf->path_id];
    if (*known == 0) {
        *known = find_name(state, leaf->path) + 1; /* INTERN_NONE becomes 0: asked again */
    }
    return *known - 1;
}

static void keep_leaf(void *ctx, const struct json_leaf *leaf) {
    struct state *state = ctx;
    uint32_t name = name_of_leaf(state, leaf);
    if (leaf->kind == JSON_NULL) {
        if (state->null_count < NULLS_MAX && name != INTERN_NONE) {
            state->nulls[state->null_count++] = name;
        }
        return;
    }
    if (state->leaf_count >= LEAVES_MAX || name == INTERN_NONE) {
        state->dropped = true;
        return;
    }
    MEM_GROW(state->leaves, state->leaf_capacity, state->leaf_count + 1);
    state->leaves[state->leaf_count++] =
        (struct leaf){.name = name,
                      .off = (uint32_t)(leaf->slice.ptr - state->document),
                      .len = (uint32_t)leaf->slice.len,
                      .escaped = leaf->escaped};
    state->signs |= state->names[name].signs;
}

/* The document must have readable bytes behind it: true in the raw bytes of the batch if its
 * buffer has room left, else it is copied. */
static struct str with_padding(struct state *state, const struct batch *batch, struct str body) {
    struct str room = str_make(batch->raw.ptr, batch->raw.capacity);
    bool inside = str_within(body, room) &&
                  (size_t)(room.ptr + room.len - (body.ptr + body.len)) >= JSON_PADDING_BYTES;
    if (inside) {
        return body;
    }
    buf_clear(&state->padded);
    (void)buf_reserve(&state->padded, body.len + JSON_PADDING_BYTES);
    buf_add(&state->padded, body);
    memset(state->padded.ptr + state->padded.len, 0, JSON_PADDING_BYTES);
    return buf_str(&state->padded);
}

static enum json_dialect find_dialect(unsigned signs) {
    if ((signs & JSON_SIGN_BEAT) != 0) {
        return JSON_DIALECT_BEAT;
    }
    if ((signs & JSON_SIGN_NESTED) != 0) {
        return JSON_DIALECT_NESTED;
    }
    if ((signs & JSON_SIGN_WRAPPED) != 0) {
        return JSON_DIALECT_WRAPPED;
    }
    if ((signs & JSON_SIGN_OLD_BEAT) != 0) {
        return JSON_DIALECT_OLD_BEAT;
    }
    if ((signs & JSON_SIGN_LISTING_ID) != 0 && (signs & JSON_SIGN_LISTING_LOG) != 0) {
        return JSON_DIALECT_LISTING;
    }
    if ((signs & JSON_SIGN_ECMD) != 0 && (signs & JSON_SIGN_WINDOWS) != 0) {
        return JSON_DIALECT_ECMD;
    }
    bool event = (signs & JSON_SIGN_EVENT_ID) != 0;
    return event && (signs & (JSON_SIGN_NXLOG | JSON_SIGN_WINDOWS)) != 0 ? JSON_DIALECT_FLAT
                                                                         : JSON_DIALECT_OTHER;
}

static enum dataset dataset_of(enum json_dialect dialect, unsigned signs) {
    switch (dialect) {
    case JSON_DIALECT_BEAT:
    case JSON_DIALECT_OLD_BEAT:
        return DATASET_WINDOWS_WINLOGBEAT;
    case JSON_DIALECT_FLAT:
        return (signs & JSON_SIGN_NXLOG) != 0 ? DATASET_WINDOWS_NXLOG : DATASET_WINDOWS_JSON;
    case JSON_DIALECT_NESTED:
    case JSON_DIALECT_WRAPPED:
    case JSON_DIALECT_LISTING:
    case JSON_DIALECT_ECMD:
        return DATASET_WINDOWS_JSON;
    default:
        return DATASET_JSON;
    }
}

/* --- values --- */

struct document {
    struct state *state;
    struct str body; /* the same text as state->document, in the record */
    enum json_dialect dialect;
};

static struct str leaf_slice(const struct document *d, const struct leaf *leaf) {
    return str_make(d->body.ptr + leaf->off, leaf->len);
}

static uint32_t field_of_name(const struct document *d, uint32_t name) {
    struct state *state = d->state;
    return json_name_field(&state->names[name], intern_text(&state->paths, name), d->dialect);
}

static uint32_t leaf_field(const struct document *d, const struct leaf *leaf) {
    return field_of_name(d, leaf->name);
}

static void add_leaf(const struct document *d, struct batch *batch, uint32_t field,
                     const struct leaf *leaf) {
    struct str slice = leaf_slice(d, leaf);
    if (!leaf->escaped) {
        batch_add(batch, field, slice);
        return;
    }
    batch_add_json(batch, field, slice);
}

/* NXLog prints the keywords as a signed decimal, all others as the event has them. */
static void add_keywords(struct batch *batch, uint32_t field, struct str s) {
    static const char digits[] = "0123456789abcdef";
    int64_t value = 0;
    char text[18] = "0x";
    if (!num_parse_i64(&value, s)) {
        batch_add(batch, field, s);
        return;
    }
    size_t len = 2;
    bool started = false;
    for (int shift = 60; shift >= 0; shift -= 4) {
        unsigned nibble = (unsigned)((uint64_t)value >> shift) & 15;
        started |= nibble != 0 || shift == 0;
        if (started) {
            text[len++] = digits[nibble];
        }
    }
    batch_add(batch, field, str_make(text, len));
}

static bool is_nxlog_event_type(struct str s) {
    static const struct str types[] = {STR_INIT("INFO"),          STR_INIT("AUDIT_SUCCESS"),
                                       STR_INIT("AUDIT_FAILURE"), STR_INIT("ERROR"),
                                       STR_INIT("WARNING"),       STR_INIT("CRITICAL"),
                                       STR_INIT("VERBOSE"),       STR_INIT("DEBUG")};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (str_eq(s, types[i])) {
            return true;
        }
    }
    return false;
}

/* True for the values of the event itself: the others come behind the ECS copies. */
static bool is_native(const struct document *d, const struct leaf *leaf) {
    return (d->state->names[leaf->name].native >> d->dialect & 1) != 0;
}

static void add_flat_value(const struct document *d, struct batch *batch,
                           const struct json_name *name, const struct leaf *leaf) {
    uint32_t field = leaf_field(d, leaf);
    struct str slice = leaf_slice(d, leaf);
    bool flat = d->dialect == JSON_DIALECT_FLAT;
    uint64_t number = 0;
    if (flat && (name->signs & JSON_IS_KEYWORDS) != 0) {
        add_keywords(batch, field, slice);
    } else if (flat && (name->signs & JSON_IS_EVENT_TYPE) != 0 && is_nxlog_event_type(slice)) {
        batch_add(batch, d->state->nxlog_event_type, slice);
    } else if (flat && (name->signs & JSON_IS_OPCODE) != 0 && !num_parse_u64(&number, slice)) {
        batch_add(batch, d->state->nxlog_opcode, slice);
    } else {
        add_leaf(d, batch, field, leaf);
    }
}

static void set_record_id(const struct document *d, struct batch *batch, const struct leaf *leaf) {
    uint64_t id = 0;
    if (num_parse_u64(&id, leaf_slice(d, leaf))) {
        batch_row(batch)->record_id = id;
    }
}

/* Texts of leaves that hold more: their own text, decoded. */
static struct str held_text(struct state *state, struct str slice, bool escaped) {
    buf_clear(&state->held);
    if (escaped) {
        (void)json_text_decode(&state->held, slice);
    } else {
        buf_add(&state->held, slice);
    }
    return str_trim(buf_str(&state->held));
}

/* The event's body in a text: JSON of EvtxECmd, XML of Azure's tables. False: a value. */
static bool add_held_body(const struct document *d, struct batch *batch, const struct leaf *leaf) {
    struct state *state = d->state;
    if ((state->names[leaf->name].signs & JSON_HOLDS_BODY) == 0) {
        return false;
    }
    struct str text = held_text(state, leaf_slice(d, leaf), leaf->escaped);
    if (windows_payload_is_json(text)) {
        return windows_payload_add_json(state->payload, batch, text);
    }
    if (str_starts(text, STR("<"))) {
        return windows_payload_add_xml(state->payload, batch, text);
    }
    state->signs |= JSON_LACKS_NAMES;
    return false;
}

/* {"@Name": "Image", "#text": "..."}: as converters from XML write Data elements. */
static bool add_data_element(const struct document *d, struct batch *batch, const struct leaf *leaf,
                             struct str *data_name) {
    uint32_t signs = d->state->names[leaf->name].signs;
    if ((signs & JSON_IS_DATA_NAME) != 0) {
        *data_name = leaf_slice(d, leaf);
        return true;
    }
    if ((signs & JSON_IS_DATA_TEXT) == 0 || data_name->len == 0) {
        return false;
    }
    add_leaf(d, batch, windows_body_field(*data_name), leaf);
    *data_name = STR_EMPTY;
    return true;
}

/* Values came without their names: Sysmon's message has both. */
static void add_message_body(const struct document *d, struct batch *batch) {
    struct str channel;
    struct state *state = d->state;
    bool lacks_names = (state->signs & JSON_LACKS_NAMES) != 0 || d->dialect == JSON_DIALECT_LISTING;
    bool is_sysmon = lacks_names &&
                     batch_find(&channel, batch, batch_row(batch), FIELD_WINLOG_CHANNEL) &&
                     str_eq_ci(channel, STR("Microsoft-Windows-Sysmon/Operational"));
    for (size_t i = 0; is_sysmon && i < state->leaf_count; i++) {
        const struct leaf *leaf = &state->leaves[i];
        if ((state->names[leaf->name].signs & JSON_IS_MESSAGE) != 0) {
            windows_payload_add_message(batch,
                                        held_text(state, leaf_slice(d, leaf), leaf->escaped));
        }
    }
}

static void add_native_values(const struct document *d, struct batch *batch) {
    struct str data_name = STR_EMPTY;
    for (size_t i = 0; i < d->state->leaf_count; i++) {
        const struct leaf *leaf = &d->state->leaves[i];
        const struct json_name *name = &d->state->names[leaf->name];
        uint32_t field = leaf_field(d, leaf);
        if ((name->signs & JSON_IS_RECORD_ID) != 0) {
            set_record_id(d, batch, leaf);
        }
        bool is_more =
            (name->signs & (JSON_HOLDS_BODY | JSON_IS_DATA_NAME | JSON_IS_DATA_TEXT)) != 0;
        if (is_more &&
            (add_held_body(d, batch, leaf) || add_data_element(d, batch, leaf, &data_name))) {
            continue;
        }
        if (field != FIELD_NONE && is_native(d, leaf)) {
            add_flat_value(d, batch, name, leaf);
        }
    }
    add_message_body(d, batch);
}

/* What a beat says about the event beside winlog.*: only where we did not say it ourselves. */
static void add_other_values(const struct document *d, struct batch *batch, bool windows) {
    uint32_t own_count = batch_row(batch)->value_count;
    for (size_t i = 0; i < d->state->leaf_count; i++) {
        const struct leaf *leaf = &d->state->leaves[i];
        uint32_t field = leaf_field(d, leaf);
        if (field == FIELD_NONE || (windows && is_native(d, leaf))) {
            continue;
        }
        struct row own = *batch_row(batch);
        own.value_count = own_count;
        struct str known;
        if (windows && field < FIELD_STATIC_COUNT && batch_find(&known, batch, &own, field)) {
            continue;
        }
        add_leaf(d, batch, field, leaf);
    }
}

static void add_nulls(const struct document *d, struct batch *batch) {
    for (size_t i = 0; i < d->state->null_count; i++) {
        uint32_t field = field_of_name(d, d->state->nulls[i]);
        if (field != FIELD_NONE) {
            batch_add_null(batch, field);
        }
    }
}

/* --- time --- */

/* "/Date(1704164645123)/" as PowerShell 5 and ASP.NET write times: milliseconds. In the text of the
 * document the slashes are escaped or not. */
static bool read_dot_net(int64_t *out_ns, struct str text) {
    size_t from = str_find(text, STR("/Date("));
    if (from > 1) {
        return false;
    }
    struct str number = str_skip(text, from + STR("/Date(").len);
    int64_t ms = 0;
    return num_parse_i64(&ms, str_head(number, str_find_char(number, ')'))) &&
           !__builtin_mul_overflow(ms, NS_PER_SECOND / 1000, out_ns);
}

static bool read_time(const struct document *d, struct parse_context *context,
                      const struct leaf *leaf, int64_t *out_ns, uint32_t *flags, bool *zoned) {
    struct read_time time;
    struct str text = leaf_slice(d, leaf);
    *zoned = true;
    if (time_read_epoch(out_ns, text)) {
        return true;
    }
    if (!time_take_iso(&time, &text)) {
        return read_dot_net(out_ns, leaf_slice(d, leaf));
    }
    *zoned = time.has_zone;
    *out_ns = time_resolve(context->settings, context->years, &time, flags);
    return *out_ns != TIME_NONE;
}

/* The event's own time if it says its zone, or ours is known; else @timestamp; else others. */
static void set_time(const struct document *d, struct parse_context *context, struct batch *batch) {
    int best = 0;
    for (size_t i = 0; i < d->state->leaf_count; i++) {
        const struct leaf *leaf = &d->state->leaves[i];
        enum json_time kind = (enum json_time)d->state->names[leaf->name].time;
        bool zoned = false;
        uint32_t flags = 0;
        int64_t ns = 0;
        if (kind == JSON_NO_TIME || !read_time(d, context, leaf, &ns, &flags, &zoned)) {
            continue;
        }
        bool sure = zoned || !context->settings->zone_is_guess;
        int rank = kind == JSON_TIME_DEVICE      ? (zoned  ? 6
                                                    : sure ? 5
                                                           : 2)
                   : kind == JSON_TIME_TIMESTAMP ? (d->dialect == JSON_DIALECT_BEAT ? 7 : 4)
                                                 : (sure ? 3 : 1);
        if (rank > best) {
            best = rank;
            batch_row(batch)->time_ns = ns;
            batch_row(batch)->flags =
                (batch_row(batch)->flags & ~(uint32_t)ROW_ZONE_GUESSED) | flags;
        }
    }
}

/* --- a document --- */

/* `text` has its padding behind it. */
static enum json_result read_leaves(struct state *state, struct str text) {
    state->leaf_count = 0;
    state->null_count = 0;
    state->signs = 0;
    state->dropped = false;
    state->document = text.ptr;
    return json_reader_read(state->reader, text, keep_leaf, state);
}

/* The record that a text of the document holds, XML or JSON ("_raw" of Splunk's exports, "event" of
 * its collector); empty: none. */
static struct str held_record(struct state *state, struct str body) {
    for (size_t i = 0; i < state->leaf_count; i++) {
        const struct leaf *leaf = &state->leaves[i];
        struct str slice = str_make(body.ptr + leaf->off, leaf->len);
        bool may = (state->names[leaf->name].signs & JSON_HOLDS_RECORD) != 0 && slice.len > 1 &&
                   (slice.ptr[0] == '<' || slice.ptr[0] == '{' || slice.ptr[0] == '\\');
        struct str text = may ? held_text(state, slice, leaf->escaped) : STR_EMPTY;
        if (str_starts(text, STR("<Event")) || str_starts(text, STR("{"))) {
            memset(buf_reserve(&state->held, JSON_PADDING_BYTES), 0, JSON_PADDING_BYTES);
            return str_trim(buf_str(&state->held));
        }
    }
    return STR_EMPTY;
}

static enum parse_result add_document(struct parse_context *context, struct batch *batch,
                                      struct str body, enum json_result result) {
    struct state *state = context->state;
    struct document d = {.state = state, .body = body, .dialect = find_dialect(state->signs)};
    bool broken = result != JSON_OK || state->dropped;
    enum dataset dataset = dataset_of(d.dialect, state->signs);
    dataset =
        broken && dataset == DATASET_JSON && state->last != DATASET_UNKNOWN ? state->last : dataset;
    bool windows = d.dialect != JSON_DIALECT_OTHER;
    batch_row(batch)->dataset = (uint16_t)dataset;
    if (windows) {
        add_native_values(&d, batch);
        windows_ecs_add(batch);
    }
    add_other_values(&d, batch, windows);
    add_nulls(&d, batch);
    set_time(&d, context, batch);
    if (!broken) {
        state->last = dataset;
    }
    return broken ? PARSE_DAMAGED : PARSE_YES;
}

static enum parse_result parse(struct parse_context *context, struct batch *batch,
                               struct str body) {
    struct state *state = context->state;
    body = str_trim(body);
    if (body.len < 2 || body.ptr[0] != '{') {
        return PARSE_NO;
    }
    if (state->reader == NULL) {
        state->reader = json_reader_create();
        json_reader_tell_null(state->reader);
    }
    enum json_result result = read_leaves(state, with_padding(state, batch, body));
    if (result == JSON_NONE && (state->last == DATASET_UNKNOWN || body.len < 16)) {
        return PARSE_NO;
    }
    struct str held = (state->signs & JSON_HOLDS_RECORD) != 0 && result == JSON_OK
                          ? held_record(state, body)
                          : STR_EMPTY;
    if (str_starts(held, STR("<"))) {
        batch_row(batch)->dataset = DATASET_WINDOWS_XML;
        return windows_xml_parser.parse(context, batch, held);
    }
    if (held.len > 0) {
        buf_clear(&state->padded); /* `held` is for bodies in the record's own texts again */
        buf_append(&state->padded, held.ptr, held.len + JSON_PADDING_BYTES);
        body = str_make(state->padded.ptr, held.len);
        result = read_leaves(state, body);
    }
    return add_document(context, batch, body, result);
}

const struct parser json_lines_parser = {.name = "json_lines",
                                         .dataset = DATASET_JSON,
                                         .parse = parse,
                                         .state_create = state_create,
                                         .state_destroy = state_destroy};
