/* Modifiers that encode a value: utf16 and its kin, base64, base64offset. */
#include "i18n.h"
#include "sigma_encode.h"
#include "sigma_modifier_apply.h"
#include "sigma_text.h"

enum { DASH_LIMIT = 4 };

/* Wildcards stay wildcards, but only beside ASCII: other characters make bytes that would be taken
 * for them, and base64 takes no wildcards anyway. */
static enum status apply_utf16(const struct sigma_apply *a, struct sigma_value *v, bool big,
                               bool bom) {
    if (!sigma_value_to_text(v)) {
        return sigma_apply_refuse(a, N_("needs text"));
    }
    bool ascii = true;
    for (size_t i = 0; i < v->text.len; i++) {
        bool token = sigma_is_token(v->text.ptr[i]);
        v->has_tokens = v->has_tokens || token;
        ascii = ascii && (token || (unsigned char)v->text.ptr[i] < 0x80);
    }
    if (v->has_tokens && !ascii) {
        return sigma_apply_refuse(a, N_("takes no wildcards beside other than ASCII text"));
    }
    v->kind = SIGMA_VALUE_BYTES;
    v->bom = bom;
    return sigma_encode_utf16(&v->text, big) ? STATUS_OK
                                             : sigma_apply_refuse(a, N_("needs valid text"));
}

static bool is_encodable(struct sigma_value *v) {
    return (v->kind == SIGMA_VALUE_BYTES || sigma_value_to_text(v));
}

/* Takes the bytes to encode out of the value, which is left with empty text. */
static enum status take_bytes(struct buf *out, const struct sigma_apply *a, struct sigma_value *v) {
    if (!is_encodable(v)) {
        return sigma_apply_refuse(a, N_("needs text"));
    }
    bool tokens = v->has_tokens;
    for (size_t i = 0; v->kind == SIGMA_VALUE_PATTERN && i < v->text.len; i++) {
        tokens = tokens || sigma_is_token(v->text.ptr[i]);
    }
    if (tokens) {
        return sigma_apply_refuse(a, N_("takes no wildcards"));
    }
    *out = BUF_INIT;
    buf_add(out, v->bom ? STR("\xFF\xFE") : STR_EMPTY);
    buf_add(out, buf_str(&v->text));
    buf_clear(&v->text);
    v->bom = false;
    v->kind = SIGMA_VALUE_PATTERN;
    return STATUS_OK;
}

static enum status apply_base64(const struct sigma_apply *a, struct sigma_value *v) {
    struct buf bytes;
    enum status s = take_bytes(&bytes, a, v);
    if (s == STATUS_OK) {
        sigma_encode_base64(&v->text, buf_str(&bytes));
        buf_fini(&bytes);
    }
    return s;
}

static enum status apply_base64_offset(const struct sigma_apply *a, struct sigma_value *v) {
    struct buf bytes;
    enum status s = take_bytes(&bytes, a, v);
    if (s != STATUS_OK) {
        return s;
    }
    bool too_short = false;
    for (size_t shift = 3; shift-- > 0;) {
        struct sigma_value *variant = v;
        if (shift > 0) {
            variant = sigma_value_add_variant(v);
        }
        sigma_encode_base64_offset(&variant->text, buf_str(&bytes), shift);
        too_short = too_short || variant->text.len == 0;
    }
    buf_fini(&bytes);
    return too_short ? sigma_apply_refuse(a, N_("needs a longer value")) : STATUS_OK;
}

static struct buf with_dash(struct str text, size_t at, const char *dash) {
    struct buf out = BUF_INIT;
    buf_add(&out, str_head(text, at));
    buf_add(&out, str_from_c(dash));
    buf_add(&out, str_skip(text, at + 1));
    return out;
}

enum status sigma_apply_dashes(const struct sigma_apply *a, struct sigma_value *v) {
    static const char *const dashes[] = {"/", "\xE2\x80\x93", "\xE2\x80\x94", "\xE2\x80\x95"};
    size_t at;
    for (size_t expanded = 0; v->kind == SIGMA_VALUE_PATTERN &&
                              (at = str_find_char(buf_str(&v->text), (char)SIGMA_DASH)) != STR_NONE;
         expanded++) {
        if (expanded == DASH_LIMIT) {
            return sigma_apply_refuse(a, N_("behind 'windash' takes at most 4 dashes"));
        }
        for (size_t i = 0; i < sizeof dashes / sizeof dashes[0]; i++) {
            sigma_value_add_variant(v)->text = with_dash(buf_str(&v->text), at, dashes[i]);
        }
        v->text.ptr[at] = '-';
    }
    return STATUS_OK;
}

enum status sigma_apply_encoding(const struct sigma_apply *a, struct sigma_value *v) {
    switch (a->key->modifiers[a->at]) {
    case SIGMA_MOD_BASE64:
        return apply_base64(a, v);
    case SIGMA_MOD_BASE64OFFSET:
        return apply_base64_offset(a, v);
    case SIGMA_MOD_UTF16BE:
        return apply_utf16(a, v, true, false);
    case SIGMA_MOD_UTF16:
        return apply_utf16(a, v, false, true);
    default: /* utf16le, wide */
        return apply_utf16(a, v, false, false);
    }
}

enum status sigma_apply_finish_bytes(struct sigma_apply *a, struct sigma_value *v) {
    if (v->kind != SIGMA_VALUE_BYTES) {
        return STATUS_OK;
    }
    struct buf text = BUF_INIT;
    buf_add(&text, v->bom ? STR("\xEF\xBB\xBF") : STR_EMPTY);
    buf_add(&text, buf_str(&v->text));
    buf_fini(&v->text);
    v->text = text;
    v->kind = SIGMA_VALUE_PATTERN;
    if (v->has_tokens || sigma_is_ascii(str_skip(buf_str(&text), v->bom ? 3 : 0))) {
        return STATUS_OK;
    }
    a->at = a->key->count - 1;
    return sigma_apply_refuse(
        a, N_("on other than ASCII text needs 'base64' or 'base64offset' behind it"));
}

bool sigma_modifier_is_encoding(enum sigma_modifier_id id) {
    return id == SIGMA_MOD_BASE64 || id == SIGMA_MOD_BASE64OFFSET ||
           (id >= SIGMA_MOD_UTF16LE && id <= SIGMA_MOD_WIDE);
}
