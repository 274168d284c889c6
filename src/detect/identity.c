#include "identity.h"

#include "mem.h"

enum { HOST_NAME_BYTES = 256 }; /* of what a DHCP client calls itself */

struct lease {
    struct ip address;
    int64_t time_ns;
    uint32_t host; /* in names */
};

struct identity {
    const struct site *site;
    struct intern names;
    struct intern addresses; /* 16 raw bytes */
    struct lease *leases;    /* by time, as they came */
    size_t lease_count;
    size_t lease_capacity;
    uint32_t *latest; /* by id in addresses: index of the latest lease + 1 */
    size_t latest_capacity;
};

static const int64_t lease_life_ns = IDENTITY_LEASE_DAYS * NS_PER_DAY;

struct identity *identity_create(const struct site *site) {
    struct identity *identity = mem_calloc(1, sizeof *identity);
    identity->site = site;
    return identity;
}

void identity_destroy(struct identity **out) {
    struct identity *identity = *out;
    *out = NULL;
    if (identity) {
        intern_fini(&identity->names);
        intern_fini(&identity->addresses);
        mem_free(identity->leases);
        mem_free(identity->latest);
        mem_free(identity);
    }
}

void identity_clear(struct identity *identity) {
    identity->lease_count = 0;
    intern_clear(&identity->addresses);
    intern_clear(&identity->names);
}

static struct str address_key(const struct ip *address) {
    return str_make((const char *)address->bytes, sizeof address->bytes);
}

static void add_lease(struct identity *identity, const struct ip *address, struct str host,
                      int64_t time_ns) {
    uint32_t known = identity->addresses.count;
    uint32_t id = intern_add(&identity->addresses, address_key(address));
    MEM_GROW(identity->latest, identity->latest_capacity, (size_t)id + 1);
    host = str_head(str_head(host, str_find_char(host, '.')), HOST_NAME_BYTES);
    uint32_t name = intern_add_lower(&identity->names, host);
    if (id < known) {
        struct lease *last = &identity->leases[identity->latest[id] - 1];
        if (last->host == name) {
            last->time_ns = time_ns; /* renewed */
            return;
        }
    }
    MEM_GROW(identity->leases, identity->lease_capacity, identity->lease_count + 1);
    identity->leases[identity->lease_count++] = (struct lease){*address, time_ns, name};
    identity->latest[id] = (uint32_t)identity->lease_count;
}

void identity_learn(struct identity *identity, const struct batch *batch, const struct row *row) {
    struct str text;
    struct str host;
    struct ip address;
    bool has_address = batch_find(&text, batch, row, FIELD_DHCP_LEASE_IP) ||
                       batch_find(&text, batch, row, FIELD_CLIENT_IP);
    bool has_host = batch_find(&host, batch, row, FIELD_CLIENT_DOMAIN) ||
                    batch_find(&host, batch, row, FIELD_CLIENT_ADDRESS);
    struct ip not_a_name;
    if (has_address && has_host && host.len > 0 && ip_parse(&address, text) &&
        !ip_parse(&not_a_name, host)) {
        add_lease(identity, &address, host, row->time_ns);
    }
}

/* Old leases only cost memory; they are dropped when half of them are old. */
void identity_evict(struct identity *identity, int64_t before_ns) {
    size_t old = 0;
    for (size_t i = 0; i < identity->lease_count; i++) {
        old += identity->leases[i].time_ns < before_ns;
    }
    if (old < 1024 || old * 2 < identity->lease_count) {
        return;
    }
    size_t kept = 0;
    intern_clear(&identity->addresses);
    for (size_t i = 0; i < identity->lease_count; i++) {
        if (identity->leases[i].time_ns >= before_ns) {
            identity->leases[kept++] = identity->leases[i];
            uint32_t id =
                intern_add(&identity->addresses, address_key(&identity->leases[kept - 1].address));
            MEM_GROW(identity->latest, identity->latest_capacity, (size_t)id + 1);
            identity->latest[id] = (uint32_t)kept;
        }
    }
    identity->lease_count = kept;
}

struct str identity_host(const struct identity *identity, const struct ip *address,
                         int64_t time_ns) {
    const struct site_host *host = site_host_at(identity->site, address);
    if (host) {
        return host->name;
    }
    uint32_t id = intern_find(&identity->addresses, address_key(address));
    if (id == INTERN_NONE) {
        return STR_EMPTY;
    }
    const struct lease *lease = &identity->leases[identity->latest[id] - 1];
    return lease->time_ns >= time_ns - lease_life_ns ? intern_text(&identity->names, lease->host)
                                                     : STR_EMPTY;
}

struct str identity_user(const struct identity *identity, struct str host) {
    const struct site_user *user = site_user_of_pc(identity->site, host);
    return user ? user->login : STR_EMPTY;
}
