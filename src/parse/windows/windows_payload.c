#include "windows_payload.h"

#include "json_shim.h"
#include "json_text.h"
#include "mem.h"
#include "windows_names.h"
#include "windows_xml_event.h"

enum { NAME_BYTES_MAX = 256 };

struct windows_payload {
    struct json_reader *json;
    struct buf padded; /* a text with what simdjson wants behind it, or made into an element */
    struct buf decoded;
    struct batch *batch; /* of the call */
    struct str name;     /* of the Data element whose text has not come yet */
    char name_bytes[NAME_BYTES_MAX];
};

struct windows_payload *windows_payload_create(void) {
    return mem_calloc(1, sizeof(struct windows_payload));
}

void windows_payload_destroy(struct windows_payload **payload) {
    struct windows_payload *p = *payload;
    if (p == NULL) {
        return;
    }
    if (p->json != NULL) {
        json_reader_destroy(p->json);
    }
    buf_fini(&p->padded);
    buf_fini(&p->decoded);
    mem_free(p);
    *payload = NULL;
}

/* --- JSON --- */

static void add_named(struct windows_payload *p, struct str text) {
    batch_add(p->batch, windows_body_field(p->name), text);
    p->name = STR_EMPTY;
}

/* A leaf of {"EventData":{"Data":[{"@Name":"A","#text":"b"}, ...]}} or {"UserData":{...}}. */
static void add_leaf(void *ctx, const struct json_leaf *leaf) {
    struct windows_payload *p = ctx;
    struct str text = leaf->slice;
    if (leaf->escaped) {
        buf_clear(&p->decoded);
        (void)json_text_decode(&p->decoded, leaf->slice);
        text = buf_str(&p->decoded);
    }
    if (str_eq(leaf->path, STR("EventData.Data.@Name"))) {
        if (p->name.len > 0) {
            add_named(p, STR_EMPTY);
        }
        text = str_head(text, sizeof p->name_bytes);
        memcpy(p->name_bytes, text.ptr, text.len);
        p->name = str_make(p->name_bytes, text.len);
    } else if (str_eq(leaf->path, STR("EventData.Data.#text")) && p->name.len > 0) {
        add_named(p, text);
    } else if (str_starts(leaf->path, STR("EventData.")) ||
               str_starts(leaf->path, STR("UserData."))) {
        size_t dot = str_rfind_char(leaf->path, '.');
        struct str name = str_skip(leaf->path, dot + 1);
        batch_add(p->batch, windows_body_field(name), text);
    }
}

bool windows_payload_is_json(struct str text) {
    return str_take_char(&text, '{') && (str_starts(str_trim(text), STR("\"EventData\"")) ||
                                         str_starts(str_trim(text), STR("\"UserData\"")));
}

bool windows_payload_add_json(struct windows_payload *p, struct batch *batch, struct str text) {
    if (p->json == NULL) {
        p->json = json_reader_create();
    }
    p->batch = batch;
    p->name = STR_EMPTY;
    buf_clear(&p->padded);
    buf_add(&p->padded, text);
    memset(buf_reserve(&p->padded, JSON_PADDING_BYTES), 0, JSON_PADDING_BYTES);
    enum json_result result = json_reader_read(p->json, buf_str(&p->padded), add_leaf, p);
    if (p->name.len > 0) {
        add_named(p, STR_EMPTY);
    }
    return result == JSON_OK;
}

/* --- XML --- */

/* From `open` to the next `close`. */
static struct str find_body(struct str text, struct str open, struct str close) {
    size_t from = str_find(text, open);
    if (from == STR_NONE) {
        return STR_EMPTY;
    }
    text = str_skip(text, from);
    size_t to = str_find(text, close);
    return to == STR_NONE ? STR_EMPTY : str_head(text, to + close.len);
}

bool windows_payload_add_xml(struct windows_payload *p, struct batch *batch, struct str text) {
    struct str body = find_body(text, STR("<EventData"), STR("</EventData>"));
    if (body.len == 0) {
        body = find_body(text, STR("<UserData"), STR("</UserData>"));
    }
    if (body.len == 0) {
        return false;
    }
    size_t broken_at = 0;
    buf_clear(&p->padded);
    buf_add(&p->padded, STR("<Event>"));
    buf_add(&p->padded, body);
    buf_add(&p->padded, STR("</Event>"));
    return windows_xml_event(&broken_at, batch, buf_str(&p->padded), &p->decoded) == NULL;
}

/* --- messages --- */

static bool is_word(struct str name) {
    for (size_t i = 0; i < name.len; i++) {
        if (!ascii_is_alnum(name.ptr[i])) {
            return false;
        }
    }
    return name.len > 0;
}

void windows_payload_add_message(struct batch *batch, struct str text) {
    struct str line;
    (void)str_split_next(&line, &text, '\n'); /* "Process Create:" */
    while (str_split_next(&line, &text, '\n')) {
        line = str_trim(line);
        size_t colon = str_find_char(line, ':');
        if (colon != STR_NONE && is_word(str_head(line, colon))) {
            batch_add(batch, windows_body_field(str_head(line, colon)),
                      str_trim(str_skip(line, colon + 1)));
        }
    }
}
