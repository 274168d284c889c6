#include "formula_words.h"

#include "time_word.h"
#include "token_filter.h"

static bool is_word_byte(char c) {
    return ascii_is_alnum(c) || c == '_' || (uint8_t)c >= 0x80;
}

static bool is_digits(struct str word) {
    size_t digits = 0;
    while (digits < word.len && ascii_is_digit(word.ptr[digits])) {
        digits++;
    }
    return digits == word.len;
}

/* --- times --- */

/* How many bytes a part of a pattern prints (time_text.h); sets whether a blank or sign may stand
 * before or in it. */
static void part_lengths(size_t *least, size_t *most, bool *splits, char part) {
    *splits = part == 'e' || part == 'k' || part == 'z' || part == 'Z' || part == 's';
    *least = 1;
    switch (part) {
    case 'Y':
        *least = *most = 4;
        break;
    case 'b':
    case 'a':
    case 'j':
        *least = *most = 3;
        break;
    case 's':
        *most = 20;
        break;
    case 'Z':
        *most = 4;
        break;
    case 'y':
    case 'm':
    case 'd':
    case 'H':
    case 'M':
    case 'S':
        *least = *most = 2;
        break;
    default:
        *most = ascii_is_digit(part) ? (size_t)(part - '0') : 2;
        *least = ascii_is_digit(part) ? *most : 1;
        break;
    }
}

/* Can a word of the pattern's text have this length? Only lengths are compared: enough to leave out
 * nearly all words that are no times. */
static bool prints_length(struct str pattern, size_t length) {
    size_t least = SIZE_MAX; /* of the word at hand; SIZE_MAX: none */
    size_t most = 0;
    for (size_t i = 0; i <= pattern.len; i++) {
        char c = i < pattern.len ? pattern.ptr[i] : ' ';
        size_t part_least = 1;
        size_t part_most = 1;
        bool splits = false;
        bool word = is_word_byte(c);
        if (c == '%' && i + 1 < pattern.len) {
            part_lengths(&part_least, &part_most, &splits, pattern.ptr[++i]);
            word = pattern.ptr[i] != '%';
        }
        if (word) {
            least = least == SIZE_MAX || splits ? part_least : least + part_least;
            most += part_most;
        } else {
            if (least != SIZE_MAX && length >= least && length <= most) {
                return true;
            }
            least = SIZE_MAX;
            most = 0;
        }
    }
    return false;
}

static bool has_plain_letters(struct str pattern) {
    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.ptr[i];
        if (c == '%') {
            i++;
        } else if (is_word_byte(c) && !ascii_is_digit(c) && c != 'T' && c != 'Z') {
            return true;
        }
    }
    return false;
}

/* Without letters of its own a pattern prints digits, T, Z and names. */
static bool time_can_print(const struct formula *f, struct str word, bool is_part) {
    struct str pattern = f->pattern;
    struct time_word times;
    bool names = false;
    for (size_t i = 0; i + 1 < pattern.len; i++) {
        names = names ||
                (pattern.ptr[i] == '%' && (pattern.ptr[i + 1] == 'b' || pattern.ptr[i + 1] == 'a'));
    }
    bool can = true;
    for (size_t i = 0; i < word.len && !names && !has_plain_letters(pattern); i++) {
        char c = ascii_lower(word.ptr[i]);
        can = can && (ascii_is_digit(c) || c == 't' || c == 'z');
    }
    if (is_part || !can || !prints_length(pattern, word.len)) {
        return is_part && can;
    }
    return !token_is_zoned(word) || time_word_make(&times, pattern, f->zone_seconds, word);
}

/* --- numbers --- */

/* Printed numbers have no zeros in front. */
static bool is_number(struct str word, bool is_part) {
    return is_digits(word) && (is_part || word.len <= 1 || word.ptr[0] != '0');
}

static bool scale_can_print(const struct formula *f, struct str word, bool is_part) {
    if (is_part || f->k <= 0) {
        return is_number(word, is_part);
    }
    size_t zeros = 0; /* times a power of ten: so many zeros at the end, or all of it is 0 */
    while (zeros < word.len && word.ptr[word.len - 1 - zeros] == '0') {
        zeros++;
    }
    return is_number(word, is_part) && (zeros == word.len || zeros >= (size_t)f->k);
}

/* --- joined texts --- */

/* True if a word of the text can reach from the pattern into an operand. */
static bool joins_words(struct str pattern) {
    for (size_t i = 0; i < pattern.len; i++) {
        bool left = i > 0 && (is_word_byte(pattern.ptr[i - 1]) || pattern.ptr[i - 1] == '\0');
        bool right =
            i + 1 < pattern.len && (is_word_byte(pattern.ptr[i + 1]) || pattern.ptr[i + 1] == '\0');
        if (pattern.ptr[i] == '\0' && (left || right)) {
            return true;
        }
    }
    return false;
}

static bool is_ascii(struct str text) {
    bool ascii = true;
    for (size_t i = 0; i < text.len; i++) {
        ascii = ascii && (uint8_t)text.ptr[i] < 0x80;
    }
    return ascii;
}

enum formula_words formula_words(const struct formula *f, struct str word, bool is_part) {
    bool can = true;
    switch (f->kind) {
    case FORMULA_SAME:
    case FORMULA_LOWER:
    case FORMULA_UPPER:
        can = false;
        break;
    case FORMULA_BEFORE:
    case FORMULA_AFTER:
        can = is_word_byte((char)f->k);
        break;
    case FORMULA_SCALE:
        can = scale_can_print(f, word, is_part);
        break;
    case FORMULA_SUM:
    case FORMULA_DIFFERENCE:
        can = is_number(word, is_part);
        break;
    case FORMULA_TIME:
        return time_can_print(f, word, is_part) ? FORMULA_PRINTS_BY_TIME : FORMULA_PRINTS_NOT;
    case FORMULA_START:
        can = time_can_print(f, word, is_part);
        break;
    case FORMULA_JOIN:
        can = joins_words(f->pattern) || !is_ascii(f->pattern) || !is_ascii(word) ||
              str_find_ci(f->pattern, word) != STR_NONE;
        break;
    default:
        break;
    }
    return can ? FORMULA_PRINTS_MAYBE : FORMULA_PRINTS_NOT;
}
