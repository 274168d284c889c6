#include "ip.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "num.h"

/* One to three digits without a leading zero, up to 255; the bytes used, 0 if it is none. */
static size_t parse_octet(uint8_t *out, struct str s) {
    unsigned value = 0;
    size_t n = 0;
    while (n < s.len && n < 4 && ascii_is_digit(s.ptr[n])) {
        value = value * 10 + (unsigned)(s.ptr[n] - '0');
        n++;
    }
    *out = (uint8_t)value;
    return n > 3 || value > 255 || (n > 1 && s.ptr[0] == '0') ? 0 : n;
}

static bool parse_v4(uint8_t out[4], struct str s) {
    for (int i = 0; i < 4; i++) {
        size_t n = parse_octet(&out[i], s);
        bool dotted = i == 3 ? n == s.len : n < s.len && s.ptr[n] == '.';
        if (n == 0 || !dotted) {
            return false;
        }
        s = str_skip(s, n + 1);
    }
    return true;
}

static void set_v4(struct ip *out, const uint8_t v4[4]) {
    memset(out->bytes, 0, 10);
    out->bytes[10] = 0xff;
    out->bytes[11] = 0xff;
    memcpy(out->bytes + 12, v4, 4);
}

bool ip_parse(struct ip *out, struct str s) {
    uint8_t v4[4];
    if (s.len >= 7 && s.len <= 15 && parse_v4(v4, s)) {
        set_v4(out, v4);
        return true;
    }
    if (s.len >= 2 && s.ptr[0] == '[' && s.ptr[s.len - 1] == ']') {
        s = str_make(s.ptr + 1, s.len - 2);
    }
    size_t zone = str_find_char(s, '%');
    if (zone != STR_NONE) {
        s = str_head(s, zone);
    }
    char text[IP_TEXT_BYTES];
    if (s.len < 2 || s.len >= sizeof text || str_find_char(s, ':') == STR_NONE) {
        return false;
    }
    memcpy(text, s.ptr, s.len);
    text[s.len] = '\0';
    struct ip parsed;
    if (inet_pton(AF_INET6, text, parsed.bytes) != 1) {
        return false;
    }
    *out = parsed;
    return true;
}

bool ip_network_parse(struct ip_network *out, struct str s) {
    size_t slash = str_find_char(s, '/');
    struct ip_network network;
    if (!ip_parse(&network.address, slash == STR_NONE ? s : str_head(s, slash))) {
        return false;
    }
    uint64_t bits = 128;
    if (slash != STR_NONE) {
        bool v4 = ip_is_v4(&network.address) && str_find_char(s, ':') == STR_NONE;
        if (!num_parse_u64(&bits, str_skip(s, slash + 1)) || bits > (v4 ? 32u : 128u)) {
            return false;
        }
        bits += v4 ? 96 : 0;
    }
    network.prefix_bits = (uint8_t)bits;
    *out = network;
    return true;
}

bool ip_network_has(const struct ip_network *network, const struct ip *address) {
    size_t whole = network->prefix_bits / 8;
    unsigned rest = network->prefix_bits % 8;
    if (network->prefix_bits < 96 && ip_is_v4(address)) {
        return false; /* ::/0 means IPv6, not the form in which IPv4 is kept here */
    }
    if (memcmp(network->address.bytes, address->bytes, whole) != 0) {
        return false;
    }
    if (rest == 0) {
        return true;
    }
    unsigned difference = (unsigned)(network->address.bytes[whole] ^ address->bytes[whole]);
    return difference >> (8 - rest) == 0;
}

bool ip_is_v4(const struct ip *address) {
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return memcmp(address->bytes, mapped, sizeof mapped) == 0;
}

static size_t format_v4(char *out, const uint8_t v4[4]) {
    size_t len = 0;
    for (int i = 0; i < 4; i++) {
        len += num_format_u64(out + len, v4[i]);
        out[len++] = '.';
    }
    return len - 1;
}

size_t ip_format(char *out, const struct ip *address) {
    char text[INET6_ADDRSTRLEN];
    if (ip_is_v4(address)) {
        size_t len = format_v4(text, address->bytes + 12);
        memcpy(out, text, len);
        return len;
    }
    if (inet_ntop(AF_INET6, address->bytes, text, sizeof text) == NULL) {
        text[0] = '\0';
    }
    size_t len = strlen(text);
    memcpy(out, text, len);
    return len;
}

#define V4(a, b, c, d, bits)                                                                       \
    { {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}}, 96 + (bits) }

static bool in_any(const struct ip *address, const struct ip_network *networks, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (ip_network_has(&networks[i], address)) {
            return true;
        }
    }
    return false;
}

bool ip_is_private(const struct ip *address) {
    static const struct ip_network networks[] = {
        V4(10, 0, 0, 0, 8),
        V4(172, 16, 0, 0, 12),
        V4(192, 168, 0, 0, 16),
        V4(127, 0, 0, 0, 8),
        V4(169, 254, 0, 0, 16),
        V4(100, 64, 0, 0, 10),
        V4(0, 0, 0, 0, 8),
        {{{0xfc}}, 7},
        {{{0xfe, 0x80}}, 10},
        {{{0}}, 128},
        {{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}, 128}};
    return in_any(address, networks, sizeof networks / sizeof networks[0]);
}

bool ip_is_multicast_or_broadcast(const struct ip *address) {
    static const struct ip_network networks[] = {
        V4(224, 0, 0, 0, 4), V4(255, 255, 255, 255, 32), {{{0xff}}, 8}};
    return in_any(address, networks, sizeof networks / sizeof networks[0]);
}
