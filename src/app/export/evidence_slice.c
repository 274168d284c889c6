#include "evidence_slice.h"

#include "json_out.h"
#include "json_text.h"
#include "xml_out.h"
#include "xml_text.h"

enum { SLICE_RAW_BYTES = 64 * 1024, SLICE_TRIES = 8 };

void evidence_slicer_fini(struct evidence_slicer *slicer) {
    buf_fini(&slicer->escaped);
    buf_fini(&slicer->decoded);
}

static bool is_word_byte(char c) {
    return ascii_is_alnum(c) || (c & 0x80) != 0;
}

/* Where the text stands as a word of its own; ptr NULL if nowhere. */
static struct str find_word(struct str raw, struct str text) {
    size_t from = 0;
    for (int i = 0; text.len > 0 && i < SLICE_TRIES; i++) {
        size_t at = str_find(str_skip(raw, from), text);
        if (at == STR_NONE) {
            break;
        }
        at += from;
        size_t end = at + text.len;
        bool begins = at == 0 || !is_word_byte(raw.ptr[at - 1]) || !is_word_byte(text.ptr[0]);
        bool ends =
            end == raw.len || !is_word_byte(raw.ptr[end]) || !is_word_byte(text.ptr[text.len - 1]);
        if (begins && ends) {
            return str_head(str_skip(raw, at), text.len);
        }
        from = at + 1;
    }
    return str_make(NULL, 0);
}

/* The text in one form of escapes; taken if it stands in the line and decodes to the text. */
static bool add_escaped(struct batch *batch, struct evidence_slicer *s, struct str raw,
                        uint32_t field, struct str text, enum transform transform) {
    buf_clear(&s->escaped);
    buf_clear(&s->decoded);
    if (transform == TRANSFORM_JSON) {
        json_out_escaped(&s->escaped, text);
    } else {
        xml_out_text(&s->escaped, text);
    }
    struct str slice = find_word(raw, buf_str(&s->escaped));
    if (slice.ptr == NULL) {
        return false;
    }
    if (transform == TRANSFORM_JSON) {
        (void)json_text_decode(&s->decoded, slice);
    } else if (!xml_text_decode(&s->decoded, slice)) {
        return false;
    }
    if (!str_eq(buf_str(&s->decoded), text)) {
        return false;
    }
    batch_add_decoded(batch, field, text, slice, transform);
    return true;
}

void evidence_add_value(struct batch *batch, struct evidence_slicer *s, uint32_t field,
                        struct str text) {
    const struct row *row = batch_row(batch);
    struct str raw = batch_raw(batch, row);
    if (row->charset != CHARSET_UTF8 || raw.len > SLICE_RAW_BYTES || raw.len == 0) {
        batch_add(batch, field, text);
        return;
    }
    struct str slice = find_word(raw, text);
    if (slice.ptr != NULL) {
        batch_add(batch, field, slice);
        return;
    }
    bool may_be_json = str_find_char(raw, '\\') != STR_NONE;
    bool may_be_xml = str_find_char(raw, '&') != STR_NONE;
    if (!(may_be_json && add_escaped(batch, s, raw, field, text, TRANSFORM_JSON)) &&
        !(may_be_xml && add_escaped(batch, s, raw, field, text, TRANSFORM_XML))) {
        batch_add(batch, field, text);
    }
}
