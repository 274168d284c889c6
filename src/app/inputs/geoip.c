#include "geoip.h"

#include <maxminddb.h>
#include <netinet/in.h>

#include "i18n.h"
#include "ip.h"
#include "mem.h"

struct geoip {
    MMDB_s *databases;
    size_t count;
};

enum status geoip_open(struct geoip **out, const char *const *paths, size_t count,
                       struct err *err) {
    struct geoip *geoip = mem_calloc(1, sizeof *geoip);
    geoip->databases = mem_calloc(count + 1, sizeof *geoip->databases);
    for (size_t i = 0; i < count; i++) {
        int got = MMDB_open(paths[i], MMDB_MODE_MMAP, &geoip->databases[i]);
        if (got != MMDB_SUCCESS) {
            geoip_close(&geoip);
            return err_set(err, STATUS_BAD_INPUT, _("%s: not a readable MMDB database: %s"),
                           paths[i], MMDB_strerror(got));
        }
        geoip->count++;
    }
    *out = geoip;
    return STATUS_OK;
}

void geoip_close(struct geoip **geoip) {
    struct geoip *gone = *geoip;
    if (gone != NULL) {
        for (size_t i = 0; i < gone->count; i++) {
            MMDB_close(&gone->databases[i]);
        }
        mem_free(gone->databases);
        mem_free(gone);
        *geoip = NULL;
    }
}

/* Takes the text at the path, if it is there and nobody told it before. */
static void take_text(struct str *out, MMDB_entry_s *entry, const char *const *path) {
    MMDB_entry_data_s data;
    if (out->len == 0 && MMDB_aget_value(entry, &data, path) == MMDB_SUCCESS && data.has_data &&
        data.type == MMDB_DATA_TYPE_UTF8_STRING) {
        *out = str_make(data.utf8_string, data.data_size);
    }
}

static void read_entry(struct geoip_place *out, MMDB_entry_s *entry) {
    static const char *const country[] = {"country", "iso_code", NULL};
    static const char *const city[] = {"city", "names", "en", NULL};
    static const char *const as_name[] = {"autonomous_system_organization", NULL};
    static const char *const as_number[] = {"autonomous_system_number", NULL};
    MMDB_entry_data_s data;
    take_text(&out->country, entry, country);
    take_text(&out->city, entry, city);
    take_text(&out->as_name, entry, as_name);
    if (out->as_number == 0 && MMDB_aget_value(entry, &data, as_number) == MMDB_SUCCESS &&
        data.has_data && data.type == MMDB_DATA_TYPE_UINT32) {
        out->as_number = data.uint32;
    }
}

static void look_up(struct geoip_place *out, const MMDB_s *database, const struct ip *address) {
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    int error = MMDB_SUCCESS;
    bool is_v4 = ip_is_v4(address);
    memcpy(&v4.sin_addr, address->bytes + 12, 4);
    memcpy(&v6.sin6_addr, address->bytes, 16);
    if (!is_v4 && database->metadata.ip_version == 4) {
        return;
    }
    const struct sockaddr *socket =
        is_v4 ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6;
    MMDB_lookup_result_s found = MMDB_lookup_sockaddr(database, socket, &error);
    if (error == MMDB_SUCCESS && found.found_entry) {
        read_entry(out, &found.entry);
    }
}

bool geoip_find(struct geoip_place *out, struct geoip *geoip, struct str text) {
    struct ip address;
    *out = (struct geoip_place){STR_EMPTY, STR_EMPTY, STR_EMPTY, 0};
    if (text.len < 2 || text.len >= IP_TEXT_BYTES || !ip_parse(&address, text) ||
        ip_is_private(&address) || ip_is_multicast_or_broadcast(&address)) {
        return false;
    }
    for (size_t i = 0; i < geoip->count; i++) {
        look_up(out, &geoip->databases[i], &address);
    }
    return out->country.len + out->city.len + out->as_name.len > 0 || out->as_number != 0;
}
