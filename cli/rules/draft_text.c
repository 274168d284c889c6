#include "draft_text.h"

#include "civil.h"
#include "clock.h"
#include "ed25519.h"
#include "json_out.h"

enum { TITLE_MAX = 80 };

/* --- quoting --- */

/* 'text' as YAML; characters that must not stand there become blanks. */
static void add_quoted(struct buf *out, struct str text) {
    buf_putc(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        size_t hidden = draft_hidden_bytes(text, i);
        if (hidden > 0) {
            buf_putc(out, ' ');
            i += hidden - 1;
            continue;
        }
        if (text.ptr[i] == '\'') {
            buf_putc(out, '\'');
        }
        buf_putc(out, text.ptr[i]);
    }
    buf_putc(out, '\'');
}

/* Text as it is to Sigma: '*' and '?' get a backslash; a run of backslashes is doubled where it is
 * longer than one or stands before a wildcard. */
static void add_pattern(struct buf *out, struct str text) {
    struct buf escaped = BUF_INIT;
    for (size_t i = 0; i < text.len;) {
        size_t run = 0;
        while (i + run < text.len && text.ptr[i + run] == '\\') {
            run++;
        }
        char next = i + run < text.len ? text.ptr[i + run] : '\0';
        bool is_wildcard = next == '*' || next == '?';
        for (size_t n = 0; n < (run > 1 || is_wildcard ? 2 * run : run); n++) {
            buf_putc(&escaped, '\\');
        }
        if (is_wildcard) {
            buf_putc(&escaped, '\\');
        }
        if (next != '\0') {
            buf_putc(&escaped, next);
        }
        i += run + 1;
    }
    add_quoted(out, buf_str(&escaped));
    buf_fini(&escaped);
}

/* --- the rule --- */

/* RFC 9562, version 4: random. */
static void add_uuid(struct buf *out) {
    uint8_t random[ED25519_SEED_BYTES]; /* the library's generator of seeds */
    ed25519_random_seed(random);
    random[6] = (uint8_t)((random[6] & 0x0f) | 0x40);
    random[8] = (uint8_t)((random[8] & 0x3f) | 0x80);
    for (size_t i = 0; i < 16; i++) {
        buf_printf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", random[i]);
    }
}

static void add_date(struct buf *out) {
    struct civil now = civil_from_ns(clock_wall_ns());
    buf_printf(out, "%04d-%02d-%02d", (int)now.year, (int)now.month, (int)now.day);
}

/* "process_creation" -> "Process Creation" */
static void add_capitalised(struct buf *out, struct str words) {
    bool is_start = true;
    for (size_t i = 0; i < words.len; i++) {
        char c = words.ptr[i] == '_' || words.ptr[i] == '-' ? ' ' : words.ptr[i];
        buf_putc(out, is_start && c >= 'a' && c <= 'z' ? (char)(c - 32) : c);
        is_start = c == ' ';
    }
}

static struct str kind_of_log(const struct draft *draft) {
    const struct draft_source *s = &draft->source;
    return s->category.len > 0 ? s->category : s->service.len > 0 ? s->service : s->product;
}

/* "Certutil.exe", or "Event 1102". */
static void add_subject(struct buf *out, const struct draft *draft) {
    struct str main = draft->item_count > 0 ? draft->items[0].parts[0] : STR_EMPTY;
    while (main.len > 0 && !ascii_is_alnum(main.ptr[0])) {
        main = str_skip(main, 1);
    }
    if (main.len > 0 && main.len <= TITLE_MAX / 2) {
        add_capitalised(out, main);
    } else {
        buf_printf(out, "Event %.*s", STR_ARG(draft->event_id));
    }
}

static void add_title(struct buf *out, const struct draft *draft) {
    struct buf title = BUF_INIT;
    if (draft->title.len > 0) {
        buf_add(&title, draft->title);
    } else {
        add_subject(&title, draft);
        buf_add(&title, STR(" In "));
        add_capitalised(&title, kind_of_log(draft));
    }
    add_quoted(out, str_head(buf_str(&title), TITLE_MAX));
    buf_fini(&title);
}

static void add_source(struct buf *out, const struct draft_source *source) {
    static const char *const names[] = {"product", "category", "service"};
    const struct str values[] = {source->product, source->category, source->service};
    buf_add(out, STR("logsource:\n"));
    for (size_t i = 0; i < 3; i++) {
        if (values[i].len > 0) {
            buf_printf(out, "    %s: ", names[i]);
            add_quoted(out, values[i]);
            buf_putc(out, '\n');
        }
    }
}

static void add_item(struct buf *out, const struct draft_item *item) {
    static const char *const modifiers[] = {"", "|endswith", "|contains"};
    bool has_list = item->part_count > 1;
    buf_printf(out, "        %.*s%s%s:", STR_ARG(item->name), modifiers[item->comparison],
               has_list ? "|all" : "");
    for (size_t i = 0; i < item->part_count; i++) {
        buf_add(out, has_list ? STR("\n            - ") : STR(" "));
        add_pattern(out, item->parts[i]);
    }
    buf_putc(out, '\n');
}

static void add_detection(struct buf *out, const struct draft *draft) {
    buf_add(out, STR("detection:\n    selection:\n"));
    if (draft->channel.len > 0) {
        buf_add(out, STR("        Channel: "));
        add_pattern(out, draft->channel);
        buf_putc(out, '\n');
    }
    if (draft->provider.len > 0) {
        buf_add(out, STR("        Provider_Name: "));
        add_pattern(out, draft->provider);
        buf_putc(out, '\n');
    }
    if (draft->event_id.len > 0) {
        buf_printf(out, "        EventID: %.*s\n", STR_ARG(draft->event_id));
    }
    for (size_t i = 0; i < draft->item_count; i++) {
        add_item(out, &draft->items[i]);
    }
    buf_add(out, STR("    condition: selection\n"));
}

void draft_write_rule(struct buf *out, const struct draft *draft) {
    buf_add(out, STR("title: "));
    add_title(out, draft);
    buf_add(out, STR("\nid: "));
    add_uuid(out);
    buf_add(out, STR("\nstatus: experimental\n"
                     "# Say what the behaviour is and why it is bad.\n"
                     "description: "));
    struct buf text = BUF_INIT;
    buf_printf(&text, "Detects what was seen in %.*s", STR_ARG(draft->made_from));
    add_quoted(out, buf_str(&text));
    buf_fini(&text);
    buf_add(out, STR("\n# references: where the behaviour is described\n"));
    if (draft->author.len > 0) {
        buf_add(out, STR("author: "));
        add_quoted(out, draft->author);
        buf_putc(out, '\n');
    }
    buf_add(out, STR("date: "));
    add_date(out);
    buf_add(out, STR("\n# tags: a tactic and a technique, such as attack.execution and "
                     "attack.t1059.001\n"));
    add_source(out, &draft->source);
    add_detection(out, draft);
    buf_add(out, STR("falsepositives:\n    - Unknown\nlevel: medium\n"));
}

/* --- the case --- */

static void add_value(struct buf *out, const struct sigma_event_value *v) {
    if (v->is_null) {
        buf_add(out, STR("null"));
    } else {
        json_out_string(out, v->text); /* a JSON string is a double-quoted one of YAML */
    }
}

/* All values of a name as one member, at the first of them. */
static void add_member(struct buf *out, const struct draft *draft, size_t at, bool is_first) {
    const struct sigma_event_value *values = draft->values;
    size_t same = 0;
    for (size_t i = 0; i < draft->value_count; i++) {
        bool is_same = !values[i].is_structure && str_eq(values[i].name, values[at].name);
        if (is_same && i < at) {
            return;
        }
        same += is_same;
    }
    buf_add(out, is_first ? STR("        - ") : STR("          "));
    json_out_string(out, values[at].name);
    buf_add(out, same > 1 ? STR(": [") : STR(": "));
    for (size_t i = at, n = 0; i < draft->value_count; i++) {
        if (!values[i].is_structure && str_eq(values[i].name, values[at].name)) {
            buf_add(out, n++ > 0 ? STR(", ") : STR_EMPTY);
            add_value(out, &values[i]);
        }
    }
    buf_add(out, same > 1 ? STR("]\n") : STR("\n"));
}

void draft_write_case(struct buf *out, const struct draft *draft) {
    bool is_first = true;
    buf_add(out, STR("cases:\n    - name: "));
    add_quoted(out, draft->made_from);
    buf_add(out, STR("\n      expect: match\n      events:\n"));
    for (size_t i = 0; i < draft->value_count; i++) {
        if (!draft->values[i].is_structure) {
            add_member(out, draft, i, is_first);
            is_first = false;
        }
    }
}
