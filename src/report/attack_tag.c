#include "attack_tag.h"

struct tactic {
    struct str tag;
    struct str name;
    struct str short_name;
};

static const struct tactic tactics[ATTACK_TACTICS] = {
#define ATTACK_TACTIC(tag, id, name, short) {STR_INIT(tag), STR_INIT(name), STR_INIT(short)},
#include "attack_tactics.def"
};

static bool is_same_word(struct str a, struct str b) {
    for (size_t i = 0; i < a.len && i < b.len; i++) {
        char x = a.ptr[i] == '_' ? '-' : ascii_lower(a.ptr[i]);
        if (x != b.ptr[i]) {
            return false;
        }
    }
    return a.len == b.len;
}

static bool are_digits(struct str s, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (i >= s.len || !ascii_is_digit(s.ptr[i])) {
            return false;
        }
    }
    return true;
}

/* t1059 or t1059.001 */
static bool is_technique(struct str s) {
    if (s.len < 5 || ascii_lower(s.ptr[0]) != 't' || !are_digits(str_skip(s, 1), 4)) {
        return false;
    }
    return s.len == 5 || (s.len == 9 && s.ptr[5] == '.' && are_digits(str_skip(s, 6), 3));
}

struct attack_tag attack_tag_read(struct str tag) {
    struct attack_tag out = {.kind = ATTACK_OTHER_TAG};
    if (!str_starts_ci(tag, STR("attack."))) {
        return out;
    }
    struct str word = str_skip(tag, 7);
    if (is_technique(word)) {
        out.kind = ATTACK_TECHNIQUE_TAG;
        memcpy(out.technique, word.ptr, word.len);
        out.technique[0] = 'T';
        return out;
    }
    for (size_t i = 0; i < ATTACK_TACTICS; i++) {
        if (is_same_word(word, tactics[i].tag)) {
            out.kind = ATTACK_TACTIC_TAG;
            out.tactic = i;
            return out;
        }
    }
    return out;
}

struct str attack_tactic_name(size_t tactic) {
    return tactics[tactic].name;
}

struct str attack_tactic_short(size_t tactic) {
    return tactics[tactic].short_name;
}
