#define _GNU_SOURCE /* memmem */
#include "substring.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* How often a byte is met in logs, roughly. */
static int commonness(char c) {
    if (strchr(" .-:=\",/0123456789", c) != NULL) {
        return 3; /* and NUL */
    }
    if (strchr("etaoinsrlcdpmu", c) != NULL) {
        return 2;
    }
    return c >= 'a' && c <= 'z';
}

/* The rarest place that is not `other`; the first of equals. */
static size_t rarest(struct str text, size_t other) {
    size_t best = other == 0 && text.len > 1 ? 1 : 0;
    for (size_t i = 0; i < text.len; i++) {
        if (i != other && commonness(text.ptr[i]) < commonness(text.ptr[best])) {
            best = i;
        }
    }
    return best;
}

struct substring substring_make(struct str text, bool ignores_case) {
    struct substring s = {.text = text, .ignores_case = ignores_case};
    size_t a = rarest(text, STR_NONE);
    size_t b = rarest(text, a);
    s.places[0] = a < b ? a : b;
    s.places[1] = a < b ? b : a;
    return s;
}

static bool stands_at(const struct substring *s, const char *at) {
    if (!s->ignores_case) {
        return memcmp(at, s->text.ptr, s->text.len) == 0;
    }
    size_t i = 0;
    while (i < s->text.len && ascii_lower(at[i]) == s->text.ptr[i]) {
        i++;
    }
    return i == s->text.len;
}

const char *substring_find_scalar(const struct substring *s, struct str in) {
    if (!s->ignores_case) {
        return memmem(in.ptr, in.len, s->text.ptr, s->text.len);
    }
    for (size_t i = 0; i + s->text.len <= in.len; i++) {
        if (stands_at(s, in.ptr + i)) {
            return in.ptr + i;
        }
    }
    return NULL;
}

#ifdef __SSE2__

enum { STEP = 16 };

/* A byte as it is compared: letters in lower case if case is ignored. */
struct probe {
    __m128i byte;
    __m128i case_bit;
    size_t place;
};

static struct probe make_probe(const struct substring *s, size_t place) {
    char c = s->text.ptr[place];
    bool folds = s->ignores_case && ascii_is_alpha(c);
    return (struct probe){_mm_set1_epi8(c), _mm_set1_epi8(folds ? 0x20 : 0), place};
}

static __m128i fits(const struct probe *p, const char *at) {
    __m128i bytes;
    memcpy(&bytes, at + p->place, sizeof bytes);
    return _mm_cmpeq_epi8(_mm_or_si128(bytes, p->case_bit), p->byte);
}

const char *substring_find(const struct substring *s, struct str in) {
    struct probe first = make_probe(s, s->places[0]);
    struct probe second = make_probe(s, s->places[1]);
    const char *at = in.ptr;
    const char *end = in.ptr + in.len;
    /* sixteen places, each with the whole text behind it */
    for (; (size_t)(end - at) >= s->text.len + STEP - 1; at += STEP) {
        __m128i both = _mm_and_si128(fits(&first, at), fits(&second, at));
        for (unsigned hits = (unsigned)_mm_movemask_epi8(both); hits != 0; hits &= hits - 1) {
            const char *hit = at + __builtin_ctz(hits);
            if (stands_at(s, hit)) {
                return hit;
            }
        }
    }
    return substring_find_scalar(s, str_make(at, (size_t)(end - at)));
}

#else

const char *substring_find(const struct substring *s, struct str in) {
    return substring_find_scalar(s, in);
}

#endif
