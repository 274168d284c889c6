/*
 * Blue Coat / Symantec ProxySG access logs: W3C extended log format (ELFF), whose "#Fields:" line
 * says the order and may come again with another one. Times are UTC by the format. cs-bytes is
 * what the client sent. Header lines of any ELFF file are META; data lines are ours only when the
 * fields are those of a proxy.
 */
#include "mem.h"
#include "net_fields.h"
#include "num.h"
#include "parse_time.h"

enum { FIELDS_MAX = 96 };

enum special {
    SPECIAL_NONE,
    SPECIAL_DATE,
    SPECIAL_TIME,
    SPECIAL_ELAPSED,
    SPECIAL_CLIENT,
    SPECIAL_SERVER,
    SPECIAL_METHOD,
    SPECIAL_SCHEME,
    SPECIAL_HOST,
    SPECIAL_PORT,
    SPECIAL_PATH,
    SPECIAL_QUERY,
    SPECIAL_FILTER,
    SPECIAL_ACTION,
    SPECIAL_USER,
    SPECIAL_SENT,
    SPECIAL_RECEIVED,
    SPECIAL_COUNT
};

static const struct {
    struct str name;
    enum special special;
    uint32_t field; /* FIELD_NONE: only the special meaning */
} known[] = {
    {STR_INIT("date"), SPECIAL_DATE, FIELD_NONE},
    {STR_INIT("time"), SPECIAL_TIME, FIELD_NONE},
    {STR_INIT("time-taken"), SPECIAL_ELAPSED, FIELD_NONE},
    {STR_INIT("c-ip"), SPECIAL_CLIENT, FIELD_NONE},
    {STR_INIT("r-ip"), SPECIAL_SERVER, FIELD_NONE},
    {STR_INIT("s-ip"), SPECIAL_NONE, FIELD_SERVER_IP},
    {STR_INIT("cs-username"), SPECIAL_USER, FIELD_NONE},
    {STR_INIT("cs-method"), SPECIAL_METHOD, FIELD_HTTP_METHOD},
    {STR_INIT("cs-uri-scheme"), SPECIAL_SCHEME, FIELD_URL_SCHEME},
    {STR_INIT("cs-host"), SPECIAL_HOST, FIELD_URL_DOMAIN},
    {STR_INIT("cs-uri-port"), SPECIAL_PORT, FIELD_URL_PORT},
    {STR_INIT("cs-uri-path"), SPECIAL_PATH, FIELD_URL_PATH},
    {STR_INIT("cs-uri-query"), SPECIAL_QUERY, FIELD_URL_QUERY},
    {STR_INIT("cs-uri"), SPECIAL_NONE, FIELD_URL_FULL},
    {STR_INIT("sc-status"), SPECIAL_NONE, FIELD_HTTP_STATUS},
    {STR_INIT("sc-bytes"), SPECIAL_RECEIVED, FIELD_HTTP_RESPONSE_BYTES},
    {STR_INIT("cs-bytes"), SPECIAL_SENT, FIELD_HTTP_REQUEST_BYTES},
    {STR_INIT("cs(Referer)"), SPECIAL_NONE, FIELD_HTTP_REFERRER},
    {STR_INIT("cs(User-Agent)"), SPECIAL_NONE, FIELD_USER_AGENT},
    {STR_INIT("rs(Content-Type)"), SPECIAL_NONE, FIELD_HTTP_MIME},
    {STR_INIT("cs-categories"), SPECIAL_NONE, FIELD_RULE_CATEGORY},
    {STR_INIT("sc-filter-category"), SPECIAL_NONE, FIELD_RULE_CATEGORY},
    {STR_INIT("sc-filter-result"), SPECIAL_FILTER, FIELD_NONE},
    {STR_INIT("s-action"), SPECIAL_ACTION, FIELD_EVENT_ACTION},
    {STR_INIT("cs(X-Forwarded-For)"), SPECIAL_NONE, FIELD_NETWORK_FORWARDED_IP},
    {STR_INIT("x-exception-id"), SPECIAL_NONE, FIELD_EVENT_REASON},
};

struct column {
    enum special special;
    uint32_t field;
    uint32_t native; /* bluecoat.<name> for what has no ECS field */
};

struct state {
    struct column columns[FIELDS_MAX];
    size_t count; /* 0: no header yet, or not that of a proxy */
};

static void *state_create(void) {
    return mem_calloc(1, sizeof(struct state));
}

static void state_destroy(void *opaque) {
    mem_free(opaque);
}

/* "bluecoat.x-virus-id" from "x-virus-id"; parentheses become dots ("cs(Referer)"). */
static uint32_t native_field(struct str name) {
    char text[80] = "bluecoat.";
    size_t len = strlen(text);
    for (size_t i = 0; i < name.len && len < sizeof text; i++) {
        char c = name.ptr[i];
        if (ascii_is_alnum(c) || c == '-' || c == '_' || c == '.') {
            text[len++] = c;
        } else if (c == '(') {
            text[len++] = '.';
        }
    }
    return schema_field(str_make(text, len));
}

static struct column make_column(struct str name) {
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (str_eq_ci(name, known[i].name)) {
            return (struct column){known[i].special, known[i].field, FIELD_NONE};
        }
    }
    return (struct column){SPECIAL_NONE, FIELD_NONE, native_field(name)};
}

static void read_fields(struct state *state, struct str names) {
    struct str name;
    bool host = false;
    bool client = false;
    state->count = 0;
    while (str_word_next(&name, &names) && state->count < FIELDS_MAX) {
        struct column column = make_column(name);
        host |= column.special == SPECIAL_HOST || column.field == FIELD_URL_FULL;
        client |= column.special == SPECIAL_CLIENT;
        state->columns[state->count++] = column;
    }
    if (!host || !client) {
        state->count = 0; /* a web server's or a mail server's log */
    }
}

/* "#Fields:", "#Software:" ... of any ELFF file. */
static bool read_header(struct state *state, struct batch *batch, struct str body) {
    static const struct str directives[] = {STR_INIT("#Software:"),   STR_INIT("#Version:"),
                                            STR_INIT("#Start-Date:"), STR_INIT("#End-Date:"),
                                            STR_INIT("#Date:"),       STR_INIT("#Remark:"),
                                            STR_INIT("#Log-type:")};
    if (str_starts(body, STR("#Fields:"))) {
        read_fields(state, str_skip(body, STR("#Fields:").len));
    } else {
        bool any = false;
        for (size_t i = 0; i < sizeof directives / sizeof *directives; i++) {
            any |= str_starts(body, directives[i]);
        }
        if (!any) {
            return false;
        }
    }
    batch_row(batch)->dataset = state->count > 0 || str_find(body, STR("SGOS")) != STR_NONE
                                    ? DATASET_BLUECOAT
                                    : DATASET_UNKNOWN;
    return true;
}

/* The next word, or "quoted text". */
static bool take_value(struct str *out, struct str *rest, bool *unclosed) {
    struct str s = str_trim(*rest);
    if (s.len > 0 && s.ptr[0] == '"') {
        size_t close = str_find_char(str_skip(s, 1), '"');
        *unclosed |= close == STR_NONE;
        *out = str_head(str_skip(s, 1), close);
        *rest = str_skip(s, close == STR_NONE ? s.len : close + 2);
        return true;
    }
    return str_word_next(out, rest);
}

struct line {
    struct str special[SPECIAL_COUNT];
};

/* A word that ends like a date: the start of another record that was glued to this one. */
static bool has_date(struct str s) {
    struct str word;
    while (str_word_next(&word, &s)) {
        struct read_time time = {0};
        struct str tail = str_skip(word, word.len >= 10 ? word.len - 10 : 0);
        if (word.len >= 10 && tail.ptr[4] == '-' && time_take_date(&time, &tail) && tail.len == 0) {
            return true;
        }
    }
    return false;
}

static bool says_something(struct str s) {
    return s.len > 0 && !str_eq(s, STR("-"));
}

static size_t read_values(const struct state *state, struct batch *batch, struct line *line,
                          struct str rest, bool *unclosed) {
    struct str value;
    size_t n = 0;
    while (n < state->count && take_value(&value, &rest, unclosed)) {
        const struct column *column = &state->columns[n++];
        line->special[column->special] = value;
        if (!says_something(value)) {
            continue;
        }
        if (column->field == FIELD_URL_QUERY && value.ptr[0] == '?') {
            value = str_skip(value, 1);
        }
        if (column->field != FIELD_NONE && value.len > 0) {
            batch_add(batch, column->field, value);
        }
        if (column->native != FIELD_NONE) {
            batch_add(batch, column->native, value);
        }
    }
    return str_trim(rest).len > 0 ? n + 1 : n;
}

static bool set_time(struct batch *batch, const struct line *line) {
    struct read_time time = {0};
    struct str date = line->special[SPECIAL_DATE];
    struct str clock = line->special[SPECIAL_TIME];
    if (date.ptr == NULL || clock.ptr == NULL || !time_take_date(&time, &date) ||
        !time_take_clock(&time, &clock)) {
        return false;
    }
    int64_t ns = civil_to_ns(&time.civil);
    if (ns != TIME_NONE) {
        batch_row(batch)->time_ns = ns;
    }
    return ns != TIME_NONE;
}

static void add_verdict(struct batch *batch, const struct line *line) {
    bool denied = str_eq(line->special[SPECIAL_FILTER], STR("DENIED")) ||
                  str_find(line->special[SPECIAL_ACTION], STR("DENIED")) != STR_NONE;
    net_add_verdict(batch, denied ? VERDICT_DENIED : VERDICT_ALLOWED);
}

/* url.full from its columns: "http://host/path?query", for CONNECT "host:443". */
static void add_url(struct batch *batch, const struct line *line) {
    char text[4096];
    size_t len = 0;
    bool connect = str_eq(line->special[SPECIAL_METHOD], STR("CONNECT"));
    struct str query = line->special[SPECIAL_QUERY];
    bool asked = says_something(query) && query.ptr[0] != '?';
    bool scheme = !connect && says_something(line->special[SPECIAL_SCHEME]);
    const struct str parts[] = {scheme ? line->special[SPECIAL_SCHEME] : STR_EMPTY,
                                scheme ? STR("://") : STR_EMPTY,
                                line->special[SPECIAL_HOST],
                                connect ? STR(":") : STR_EMPTY,
                                connect ? line->special[SPECIAL_PORT] : line->special[SPECIAL_PATH],
                                connect || !asked ? STR_EMPTY : STR("?"),
                                connect ? STR_EMPTY : query};
    if (!says_something(line->special[SPECIAL_HOST])) {
        return;
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (says_something(parts[i]) && parts[i].len <= sizeof text - len) {
            memcpy(text + len, parts[i].ptr, parts[i].len);
            len += parts[i].len;
        }
    }
    batch_add(batch, FIELD_URL_FULL, str_make(text, len));
}

static void add_rest(struct batch *batch, const struct line *line) {
    uint64_t ms = 0;
    batch_add_constant(batch, FIELD_EVENT_CATEGORY, "web");
    net_add_address(batch, FIELD_SOURCE_IP, FIELD_SOURCE_DOMAIN, line->special[SPECIAL_CLIENT]);
    net_add_address(batch, FIELD_DESTINATION_IP, FIELD_DESTINATION_DOMAIN,
                    line->special[SPECIAL_SERVER]);
    net_add_number(batch, FIELD_SOURCE_BYTES, line->special[SPECIAL_SENT]);
    net_add_number(batch, FIELD_DESTINATION_BYTES, line->special[SPECIAL_RECEIVED]);
    struct str user = line->special[SPECIAL_USER];
    if (says_something(user)) {
        size_t slash = str_rfind_char(user, '\\');
        batch_add(batch, FIELD_USER_NAME, slash == STR_NONE ? user : str_skip(user, slash + 1));
    }
    if (num_parse_u64(&ms, line->special[SPECIAL_ELAPSED]) && ms < UINT64_C(100000000000)) {
        batch_add_i64(batch, FIELD_EVENT_DURATION, (int64_t)ms * (NS_PER_SECOND / 1000));
    }
    add_verdict(batch, line);
    add_url(batch, line);
}

static enum parse_result parse(struct parse_context *context, struct batch *batch,
                               struct str body) {
    struct state *state = context->state;
    bool unclosed = false;
    if (str_starts(body, STR("#"))) {
        return read_header(state, batch, body) ? PARSE_META : PARSE_NO;
    }
    if (state->count == 0) {
        return PARSE_NO;
    }
    struct line line;
    for (int i = 0; i < SPECIAL_COUNT; i++) {
        line.special[i] = STR_EMPTY;
    }
    size_t n = read_values(state, batch, &line, body, &unclosed);
    if (!set_time(batch, &line) || n < 3) {
        return PARSE_NO;
    }
    add_rest(batch, &line);
    bool glued = n > state->count && has_date(str_skip(body, 10));
    return n >= state->count && !unclosed && !glued ? PARSE_YES : PARSE_DAMAGED;
}

const struct parser bluecoat_parser = {.name = "bluecoat",
                                       .dataset = DATASET_BLUECOAT,
                                       .parse = parse,
                                       .state_create = state_create,
                                       .state_destroy = state_destroy};
