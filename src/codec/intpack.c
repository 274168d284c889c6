#include "intpack.h"

enum intpack_mode { MODE_CONSTANT = 0, MODE_OFFSET = 1, MODE_DIFFERENCE = 2 };

enum { POWERS = 4, POWER_STEP = 3 };
static const int64_t powers[POWERS] = {1, 1000, 1000000, 1000000000};

/* The largest of 1, 10^3, 10^6, 10^9 that divides all values. */
static unsigned common_power(const int64_t *values, size_t count) {
    unsigned power = POWERS - 1;
    for (size_t i = 0; i < count && power > 0; i++) {
        while (power > 0 && values[i] % powers[power] != 0) {
            power--;
        }
    }
    return power;
}

static unsigned bit_length(uint64_t value) {
    return value == 0 ? 0 : 64 - (unsigned)__builtin_clzll(value);
}

struct plan {
    enum intpack_mode mode;
    int64_t base;
    unsigned width; /* bytes */
};

static struct plan choose(const int64_t *values, size_t count, int64_t divisor) {
    int64_t min = values[0];
    int64_t max = values[0];
    for (size_t i = 1; i < count; i++) {
        min = values[i] < min ? values[i] : min;
        max = values[i] > max ? values[i] : max;
    }
    min /= divisor;
    max /= divisor;
    uint64_t offset_bits = 0;
    uint64_t difference_bits = 0;
    uint64_t widest = 0;
    uint64_t last = (uint64_t)(values[0] / divisor);
    for (size_t i = 0; i < count; i++) {
        uint64_t value = (uint64_t)(values[i] / divisor);
        uint64_t difference = wire_zigzag((int64_t)(value - last));
        offset_bits += bit_length(value - (uint64_t)min);
        difference_bits += bit_length(difference);
        widest |= difference;
        last = value;
    }
    if (min == max) {
        return (struct plan){MODE_CONSTANT, min, 0};
    }
    if (difference_bits < offset_bits) {
        return (struct plan){MODE_DIFFERENCE, values[0] / divisor, (bit_length(widest) + 7) / 8};
    }
    unsigned bits = bit_length((uint64_t)max - (uint64_t)min);
    return (struct plan){MODE_OFFSET, min, (bits + 7) / 8};
}

static void put_planes(uint8_t *planes, const struct plan *plan, const int64_t *values,
                       size_t count, int64_t divisor) {
    uint64_t last = (uint64_t)plan->base;
    for (size_t i = 0; i < count; i++) {
        uint64_t value = (uint64_t)(values[i] / divisor);
        uint64_t coded = plan->mode == MODE_DIFFERENCE ? wire_zigzag((int64_t)(value - last))
                                                       : value - (uint64_t)plan->base;
        for (unsigned byte = 0; byte < plan->width; byte++) {
            planes[byte * count + i] = (uint8_t)(coded >> (8 * byte));
        }
        last = value;
    }
}

void intpack_encode(struct buf *out, const int64_t *values, size_t count) {
    if (count == 0) {
        return;
    }
    unsigned power = common_power(values, count);
    struct plan plan = choose(values, count, powers[power]);
    buf_putc(out, (char)plan.mode);
    buf_putc(out, (char)(power * POWER_STEP));
    buf_putc(out, (char)plan.width);
    wire_put_i64(out, plan.base);
    size_t bytes = plan.width * count;
    uint8_t *planes = (uint8_t *)buf_reserve(out, bytes);
    put_planes(planes, &plan, values, count, powers[power]);
    out->len += bytes;
}

/* Gathers the planes: values[i] = the coded number i. */
static void get_planes(int64_t *values, size_t count, const uint8_t *planes, unsigned width) {
    memset(values, 0, count * sizeof *values);
    for (unsigned byte = 0; byte < width; byte++) {
        for (size_t i = 0; i < count; i++) {
            values[i] =
                (int64_t)((uint64_t)values[i] | (uint64_t)planes[byte * count + i] << (8 * byte));
        }
    }
}

bool intpack_decode(int64_t *values, size_t count, struct wire *w) {
    if (count == 0) {
        return true;
    }
    struct str head = wire_bytes(w, 3);
    int64_t base = wire_i64(w);
    if (w->failed || head.ptr[0] > MODE_DIFFERENCE || head.ptr[0] < 0 || head.ptr[1] < 0 ||
        head.ptr[1] % POWER_STEP != 0 || head.ptr[1] / POWER_STEP >= POWERS || head.ptr[2] < 0 ||
        head.ptr[2] > 8) {
        w->failed = true;
        return false;
    }
    unsigned width = (unsigned)head.ptr[2];
    struct str planes = wire_bytes(w, width * count);
    if (w->failed) {
        return false;
    }
    uint64_t factor = (uint64_t)powers[head.ptr[1] / POWER_STEP];
    get_planes(values, count, (const uint8_t *)planes.ptr, width);
    uint64_t last = (uint64_t)base;
    for (size_t i = 0; i < count; i++) {
        uint64_t value = head.ptr[0] == MODE_DIFFERENCE
                             ? last + (uint64_t)wire_unzigzag((uint64_t)values[i])
                             : (uint64_t)base + (uint64_t)values[i];
        last = value;
        values[i] = (int64_t)(value * factor);
    }
    return true;
}
