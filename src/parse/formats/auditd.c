/*
 * The Linux audit daemon's log, and the kernel's audit lines in syslog (audit-userspace,
 * auparse; linux/audit.h for the numbers of types):
 *   [node=HOST ]type=EXECVE msg=audit(SECONDS.MILLIS:SERIAL): key=value key="value" ...
 *   audit: type=1300 audit(SECONDS.MILLIS:SERIAL): key=value ...
 * Every key becomes auditd.<key>. What the kernel does not trust it writes in hexadecimal: such
 * texts are decoded. Messages of programs stand in msg='...'. The enriched form adds names behind
 * a 0x1D (SYSCALL=execve AUID="bob").
 */
#include "kv.h"
#include "mem.h"
#include "net_fields.h"
#include "num.h"
#include "parse_time.h"

enum role {
    ROLE_PLAIN_TEXT, /* may be in hexadecimal */
    ROLE_NAME,
    ROLE_COMM,
    ROLE_COMMAND,
    ROLE_ACCOUNT,
    ROLE_PID,
    ROLE_UID,
    ROLE_ADDRESS,
    ROLE_OUTCOME
};

static const struct kv_role roles[] = {
    {STR_INIT("name"), ROLE_NAME},         {STR_INIT("comm"), ROLE_COMM},
    {STR_INIT("proctitle"), ROLE_COMMAND}, {STR_INIT("cmd"), ROLE_COMMAND},
    {STR_INIT("acct"), ROLE_ACCOUNT},      {STR_INIT("pid"), ROLE_PID},
    {STR_INIT("uid"), ROLE_UID},           {STR_INIT("addr"), ROLE_ADDRESS},
    {STR_INIT("success"), ROLE_OUTCOME},   {STR_INIT("res"), ROLE_OUTCOME},
    {STR_INIT("exe"), ROLE_PLAIN_TEXT},    {STR_INIT("cwd"), ROLE_PLAIN_TEXT},
    {STR_INIT("path"), ROLE_PLAIN_TEXT},   {STR_INIT("dir"), ROLE_PLAIN_TEXT},
    {STR_INIT("key"), ROLE_PLAIN_TEXT},    {STR_INIT("data"), ROLE_PLAIN_TEXT},
};

/* Types that the kernel names by number in syslog. */
static const struct {
    struct str number;
    const char *name;
} types[] = {
    {STR_INIT("1105"), "USER_START"}, {STR_INIT("1112"), "USER_LOGIN"},
    {STR_INIT("1123"), "USER_CMD"},   {STR_INIT("1300"), "SYSCALL"},
    {STR_INIT("1302"), "PATH"},       {STR_INIT("1305"), "CONFIG_CHANGE"},
    {STR_INIT("1306"), "SOCKADDR"},   {STR_INIT("1307"), "CWD"},
    {STR_INIT("1309"), "EXECVE"},     {STR_INIT("1326"), "SECCOMP"},
    {STR_INIT("1327"), "PROCTITLE"},  {STR_INIT("1400"), "AVC"},
};

struct state {
    struct kv_names names;
    struct buf decoded;
};

struct record {
    struct str node;
    struct str type;
    struct str stamp; /* SECONDS.MILLIS */
    struct str serial;
    struct str rest;
};

static void *state_create(void) {
    struct state *state = mem_calloc(1, sizeof *state);
    kv_names_init(&state->names, STR("auditd"), roles, sizeof roles / sizeof roles[0]);
    return state;
}

static void state_destroy(void *opaque) {
    struct state *state = opaque;
    kv_names_fini(&state->names);
    buf_fini(&state->decoded);
    mem_free(state);
}

/* --- the head --- */

static bool take_prefix(struct str *rest, struct str prefix) {
    if (!str_starts(*rest, prefix)) {
        return false;
    }
    *rest = str_skip(*rest, prefix.len);
    return true;
}

static bool take_until(struct str *out, struct str *rest, char end) {
    size_t at = str_find_char(*rest, end);
    if (at == STR_NONE) {
        return false;
    }
    *out = str_head(*rest, at);
    *rest = str_skip(*rest, at + 1);
    return true;
}

static bool take_head(struct record *r, struct str body) {
    (void)take_prefix(&body, STR("audit: "));
    if (take_prefix(&body, STR("node=")) && !take_until(&r->node, &body, ' ')) {
        return false;
    }
    if (!take_prefix(&body, STR("type=")) || !take_until(&r->type, &body, ' ') ||
        r->type.len == 0 || r->type.len > 64) {
        return false;
    }
    (void)take_prefix(&body, STR("msg="));
    if (!take_prefix(&body, STR("audit(")) || !take_until(&r->stamp, &body, ':') ||
        !take_until(&r->serial, &body, ')') || !take_prefix(&body, STR(":"))) {
        return false;
    }
    r->rest = body;
    return true;
}

static void add_type(const struct record *r, struct batch *batch) {
    uint32_t field = schema_field(STR("auditd.type"));
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (str_eq(r->type, types[i].number)) {
            batch_add_constant(batch, field, types[i].name);
            return;
        }
    }
    batch_add(batch, field, r->type);
}

/* --- values --- */

/* Upper-case hexadecimal, as the kernel writes it. */
static bool is_encoded(struct str s) {
    bool hex = s.len >= 2 && s.len % 2 == 0;
    for (size_t i = 0; hex && i < s.len; i++) {
        hex = ascii_is_digit(s.ptr[i]) || (s.ptr[i] >= 'A' && s.ptr[i] <= 'F');
    }
    return hex;
}

/* The bytes; those that separate arguments become blanks. */
static struct str decode(struct buf *out, struct str hex) {
    buf_clear(out);
    for (size_t i = 0; i + 1 < hex.len; i += 2) {
        char c = (char)(ascii_hex_value(hex.ptr[i]) << 4 | ascii_hex_value(hex.ptr[i + 1]));
        buf_putc(out, c == '\0' ? ' ' : c);
    }
    return buf_str(out);
}

/* a0, a1 ... of EXECVE are texts; those of SYSCALL are numbers. */
static bool is_argument(const struct record *r, struct str key) {
    bool execve = str_eq(r->type, STR("EXECVE")) || str_eq(r->type, STR("1309"));
    return execve && key.len >= 2 && key.ptr[0] == 'a' && ascii_is_digit(key.ptr[1]);
}

static void add_outcome(struct batch *batch, struct str text) {
    if (str_eq(text, STR("yes")) || str_eq(text, STR("success")) || str_eq(text, STR("1"))) {
        batch_add_constant(batch, FIELD_EVENT_OUTCOME, "success");
    } else if (str_eq(text, STR("no")) || str_eq(text, STR("failed")) || str_eq(text, STR("0"))) {
        batch_add_constant(batch, FIELD_EVENT_OUTCOME, "failure");
    }
}

/* What the value means in ECS. */
static void add_meaning(struct batch *batch, uint8_t role, struct str text) {
    static const uint32_t fields[] = {[ROLE_NAME] = FIELD_FILE_PATH,
                                      [ROLE_COMM] = FIELD_PROCESS_NAME,
                                      [ROLE_COMMAND] = FIELD_PROCESS_COMMAND,
                                      [ROLE_ACCOUNT] = FIELD_USER_NAME};
    if (text.len == 0 || str_eq(text, STR("?")) || str_eq(text, STR("(null)"))) {
        return;
    }
    if (role == ROLE_PID) {
        net_add_number(batch, FIELD_PROCESS_PID, text);
    } else if (role == ROLE_UID) {
        batch_add(batch, FIELD_USER_ID, text);
    } else if (role == ROLE_OUTCOME) {
        add_outcome(batch, text);
    } else if (role == ROLE_ADDRESS && net_is_ip(text)) {
        batch_add(batch, FIELD_SOURCE_IP, text);
    } else if (role >= ROLE_NAME && role <= ROLE_ACCOUNT) {
        batch_add(batch, fields[role], text);
    }
}

static void add_pair(struct state *state, struct batch *batch, const struct record *r,
                     const struct kv *pair) {
    struct kv_name name = kv_names_get(&state->names, pair->key);
    bool text = name.role <= ROLE_ACCOUNT || is_argument(r, pair->key);
    struct str value = pair->value;
    if (name.field == FIELD_NONE) {
        return;
    }
    if (text && !pair->quoted && is_encoded(value)) {
        value = decode(&state->decoded, value);
    }
    batch_add(batch, name.field, value);
    add_meaning(batch, name.role, value);
}

/* Pairs up to the end; false if a quoted one is cut. */
static bool add_pairs(struct state *state, struct batch *batch, const struct record *r,
                      struct str text) {
    struct str part;
    bool whole = true;
    while (str_split_next(&part, &text, '\x1d')) {
        struct kv pair;
        while (kv_next(&pair, &part)) {
            whole = whole && !pair.unclosed;
            if (pair.has_value) {
                add_pair(state, batch, r, &pair);
            }
        }
    }
    return whole;
}

/* The pairs around and inside msg='...'. */
static bool add_all(struct state *state, struct batch *batch, const struct record *r) {
    struct str open = STR("msg='");
    size_t at = str_find(r->rest, open);
    if (at == STR_NONE) {
        return add_pairs(state, batch, r, r->rest);
    }
    struct str inner = str_skip(r->rest, at + open.len);
    size_t end = str_rfind_char(inner, '\'');
    bool whole = add_pairs(state, batch, r, str_head(r->rest, at));
    whole = add_pairs(state, batch, r, str_head(inner, end)) && whole && end != STR_NONE;
    return end == STR_NONE ? whole : add_pairs(state, batch, r, str_skip(inner, end + 1)) && whole;
}

static enum parse_result parse(struct parse_context *context, struct batch *batch,
                               struct str body) {
    struct record r = {.node = STR_EMPTY};
    int64_t time_ns = TIME_NONE;
    if (!take_head(&r, body) || !time_read_epoch(&time_ns, r.stamp)) {
        return PARSE_NO;
    }
    batch_row(batch)->time_ns = time_ns;
    batch_add_constant(batch, FIELD_EVENT_CATEGORY, "audit");
    add_type(&r, batch);
    batch_add(batch, schema_field(STR("auditd.serial")), r.serial);
    if (r.node.len > 0) {
        batch_add(batch, FIELD_HOST_NAME, r.node);
    }
    return add_all(context->state, batch, &r) ? PARSE_YES : PARSE_DAMAGED;
}

const struct parser auditd_parser = {.name = "auditd",
                                     .dataset = DATASET_AUDITD,
                                     .parse = parse,
                                     .state_create = state_create,
                                     .state_destroy = state_destroy};
