#include "postfix_header.h"

#include "mime_mailbox.h"
#include "mime_params.h"
#include "mime_words.h"
#include "num.h"
#include "postfix_text.h"

enum {
    HEADER_CUT_BYTES = 200,  /* "%.200s" of name, colon, blank and value */
    HEADER_BYTES_MAX = 1024, /* the same in UTF-8, and other writers: bounds the search */
    CLIENT_BYTES_MAX = 512
};

struct header_line {
    struct str name;
    struct str value;
    struct str client;   /* "host[address]" or "local" */
    struct str envelope; /* "from=<> to=<> ..." */
    bool cut;
};

/* What may stand behind the envelope's pairs. */
enum envelope_end {
    END_STRICT,   /* nothing */
    END_TEXT,     /* ": TEXT" of the check, or a number (some relays append the line's length) */
    END_ANYTHING, /* the line was cut within the envelope */
    END_COUNT
};

static bool is_end(struct str rest, size_t pairs, enum envelope_end end) {
    uint64_t number;
    switch (end) {
    case END_STRICT:
        return pairs > 0 && rest.len == 0;
    case END_TEXT:
        return pairs > 0 && (str_starts(rest, STR(": ")) || num_parse_u64(&number, rest));
    default:
        return true;
    }
}

/* Splits off " from CLIENT; from=<...> ..." at `mark` where that ends the text. */
static bool split_at(struct header_line *out, struct str text, size_t mark, enum envelope_end end) {
    struct str tail = str_skip(text, mark + sizeof " from " - 1);
    size_t semicolon = str_find(str_head(tail, CLIENT_BYTES_MAX), STR("; "));
    if (semicolon == STR_NONE) {
        return false;
    }
    struct str client = str_head(tail, semicolon);
    bool is_client = str_eq(client, STR("local")) || str_ends(client, STR("]")) ||
                     str_eq(client, STR("unknown"));
    if (!is_client || str_find_char(client, ' ') != STR_NONE) {
        return false;
    }
    struct str envelope = str_skip(tail, semicolon + 2);
    struct str rest = envelope;
    struct str key;
    struct str value;
    size_t pairs = 0;
    while (postfix_take_pair(&key, &value, &rest)) {
        pairs++;
    }
    if (!is_end(rest, pairs, end)) {
        return false;
    }
    out->client = client;
    out->envelope = str_head(envelope, envelope.len - rest.len);
    out->cut = end == END_ANYTHING;
    return true;
}

/* The first envelope that ends like this; of those that end anyhow the last one. */
static size_t find_envelope_ended(struct header_line *out, struct str text, enum envelope_end end) {
    struct str space = str_head(text, HEADER_BYTES_MAX);
    size_t best = STR_NONE;
    size_t found;
    for (size_t from = 0; (found = str_find(str_skip(space, from), STR(" from "))) != STR_NONE;
         from += found + 1) {
        if (!split_at(out, text, from + found, end)) {
            continue;
        }
        best = from + found;
        if (end != END_ANYTHING) {
            break;
        }
    }
    return best;
}

/* Finds where the header ends and the envelope begins. A forged envelope within the value is
 * followed by more text, so the first one that ends the line is the true one; if the line was cut
 * no one ends it, then it is the last. */
static size_t find_envelope(struct header_line *out, struct str text) {
    size_t mark = STR_NONE;
    for (int end = END_STRICT; end < END_COUNT && mark == STR_NONE; end++) {
        mark = find_envelope_ended(out, text, (enum envelope_end)end);
    }
    return mark;
}

static bool parse_header_line(struct header_line *out, struct str text) {
    size_t mark = find_envelope(out, text);
    struct str header = text;
    if (mark == STR_NONE) {
        out->client = STR_EMPTY;
        out->envelope = STR_EMPTY;
    } else {
        header = str_head(text, mark);
    }
    size_t colon = str_find_char(header, ':');
    if (colon == STR_NONE || colon == 0) {
        return false;
    }
    out->name = str_head(header, colon);
    out->value = str_trim(str_skip(header, colon + 1));
    out->cut = out->cut || mark == STR_NONE || header.len >= HEADER_CUT_BYTES;
    return true;
}

static void add_from(struct batch *batch, const struct header_line *line) {
    struct mime_mailbox box = {BUF_INIT, STR_EMPTY, MIME_OK};
    mime_mailbox_parse(&box, line->value, line->cut);
    batch_add(batch, FIELD_EMAIL_FROM_RAW, line->value);
    if (box.address.len > 0) {
        batch_add(batch, FIELD_EMAIL_FROM, box.address);
    }
    if (box.name.len > 0) {
        batch_add(batch, FIELD_EMAIL_FROM_NAME, buf_str(&box.name));
    }
    batch_add_constant(batch, FIELD_EMAIL_FROM_STATE, mime_state_name(box.state));
    buf_fini(&box.name);
}

static void add_reply_to(struct batch *batch, const struct header_line *line) {
    struct mime_mailbox box = {BUF_INIT, STR_EMPTY, MIME_OK};
    mime_mailbox_parse(&box, line->value, line->cut);
    if (box.address.len > 0) {
        batch_add(batch, FIELD_EMAIL_REPLY_TO, box.address);
    }
    buf_fini(&box.name);
}

static void add_subject(struct batch *batch, const struct header_line *line) {
    struct buf subject = BUF_INIT;
    (void)mime_words_decode(&subject, line->value);
    bool same = str_eq(buf_str(&subject), line->value);
    batch_add(batch, FIELD_EMAIL_SUBJECT, same ? line->value : buf_str(&subject));
    buf_fini(&subject);
}

/* True for parts that are attachments or may be: their name may lie behind the cut. */
static bool may_have_name(struct str value) {
    return !str_starts_ci(value, STR("multipart/")) && !str_starts_ci(value, STR("text/plain")) &&
           !str_starts_ci(value, STR("inline;")) && !str_eq_ci(value, STR("inline"));
}

static void add_names(struct batch *batch, const struct header_line *line) {
    struct mime_file_name names[MIME_FILE_NAMES_MAX];
    struct buf text = BUF_INIT;
    size_t count = mime_file_names(names, &text, line->value, line->cut);
    for (size_t i = 0; i < count; i++) {
        batch_add(batch, FIELD_EMAIL_ATTACHMENT, str_make(text.ptr + names[i].off, names[i].len));
        batch_add_constant(batch, FIELD_EMAIL_ATTACHMENT_STATE, mime_state_name(names[i].state));
    }
    if (count == 0 && line->cut && may_have_name(line->value)) {
        batch_add(batch, FIELD_EMAIL_ATTACHMENT, STR_EMPTY);
        batch_add_constant(batch, FIELD_EMAIL_ATTACHMENT_STATE, mime_state_name(MIME_TRUNCATED));
    }
    buf_fini(&text);
}

static void add_content_type(struct batch *batch, const struct header_line *line) {
    size_t end = 0;
    while (end < line->value.len && strchr("; \t?", line->value.ptr[end]) == NULL) {
        end++;
    }
    if (end > 0) {
        batch_add(batch, FIELD_EMAIL_CONTENT_TYPE, str_head(line->value, end));
    }
    add_names(batch, line);
}

static const struct header_kind {
    struct str name;
    void (*add)(struct batch *batch, const struct header_line *line);
} HEADER_KINDS[] = {
    {STR_INIT("From"), add_from},
    {STR_INIT("Subject"), add_subject},
    {STR_INIT("Reply-To"), add_reply_to},
    {STR_INIT("Content-Type"), add_content_type},
    {STR_INIT("Content-Disposition"), add_names},
};

static void add_header(struct batch *batch, const struct header_line *line) {
    batch_add(batch, FIELD_EMAIL_HEADER_NAME, line->name);
    batch_add(batch, FIELD_EMAIL_HEADER_VALUE, line->value);
    for (size_t i = 0; i < sizeof HEADER_KINDS / sizeof HEADER_KINDS[0]; i++) {
        if (str_eq_ci(line->name, HEADER_KINDS[i].name)) {
            HEADER_KINDS[i].add(batch, line);
        }
    }
    if (line->cut && line->client.len > 0) {
        batch_row(batch)->flags |= ROW_TRUNCATED;
    }
}

bool postfix_header_add(struct batch *batch, struct str text) {
    bool is_body = str_starts(text, STR("body "));
    bool is_header = str_starts(text, STR("header ")) || str_starts(text, STR("mime_header "));
    if (!is_body && !is_header) {
        return false;
    }
    struct header_line line = {.cut = false};
    struct str content = str_skip(text, str_find_char(text, ' ') + 1);
    if (is_body) {
        (void)find_envelope(&line, content);
    } else if (parse_header_line(&line, content)) {
        add_header(batch, &line);
    }
    if (line.client.len > 0) {
        (void)postfix_add_peer(batch, line.client, POSTFIX_PEER_CLIENT);
        (void)postfix_add_pairs(batch, line.envelope);
    }
    return true;
}
