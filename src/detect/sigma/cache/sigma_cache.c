#define PCRE2_CODE_UNIT_WIDTH 8
#include "sigma_cache.h"

#include <pcre2.h>
#include <stdlib.h>

#include "build_id.h"
#include "bytes.h"
#include "file_io.h"
#include "i18n.h"
#include "private_file.h"

enum { IMAGE_LIMIT_BYTES = 512 << 20 };
#define ENDING ".sigma"

/* --- the key --- */

static void add_text(struct sha256 *h, struct str text) {
    uint8_t len[8];
    bytes_put_le64(len, text.len);
    sha256_add(h, len, sizeof len);
    sha256_add(h, text.ptr, text.len);
}

static void add_number(struct sha256 *h, uint64_t number) {
    uint8_t bytes[8];
    bytes_put_le64(bytes, number);
    sha256_add(h, bytes, sizeof bytes);
}

/* What decides how a set is compiled, besides the rules: this program, its libraries, the
 * processor, the language. */
static void add_surroundings(struct sha256 *h, struct str build) {
    hs_platform_info_t platform = {0};
    char pcre2[64] = "";
    (void)hs_populate_platform(&platform);
    (void)pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
    add_text(h, STR("konseki " KONSEKI_VERSION));
    add_text(h, build);
    add_text(h, str_from_c(hs_version()));
    add_text(h, str_from_c(pcre2));
    add_text(h, str_from_c(gettext(""))); /* the catalogue's head: refusals are kept translated */
    add_number(h, platform.tune);
    add_number(h, platform.cpu_features);
}

bool sigma_cache_key(struct sigma_cache_key *out, const struct sigma_sources *sources,
                     const struct sigma_mapping *mapping,
                     const struct sigma_load_options *options) {
    struct str build = build_id();
    struct sha256 h;
    if (options->cache_folder == NULL || build.len == 0) {
        return false;
    }
    sha256_init(&h);
    add_surroundings(&h, build);
    add_number(&h, options->everywhere);
    add_number(&h, mapping->hash);
    add_number(&h, sources->count);
    for (size_t i = 0; i < sources->count; i++) {
        add_text(&h, sigma_source_path(sources, i));
        add_number(&h, sources->files[i].is_too_large);
        add_text(&h, sigma_source_bytes(sources, i));
    }
    struct buf placeholders = BUF_INIT;
    sigma_placeholders_describe(&placeholders, sources->placeholders);
    add_text(&h, buf_str(&placeholders));
    buf_fini(&placeholders);
    sha256_finish(&h, out->hash);
    return true;
}

/* --- files --- */

static void path_of(struct buf *out, const char *folder, const struct sigma_cache_key *key) {
    char name[SHA256_HEX_BYTES];
    sha256_hex(name, key->hash);
    buf_printf(out, "%s/%.*s" ENDING, folder, SHA256_HEX_BYTES, name);
    buf_putc(out, '\0');
}

bool sigma_cache_get(struct sigma_rules *set, const char *folder,
                     const struct sigma_cache_key *key) {
    struct buf path = BUF_INIT;
    struct file_map map;
    bool taken = false;
    path_of(&path, folder, key);
    /* A copy: whoever shortens the file cannot end this process. */
    if (private_file_is_mine(path.ptr) && file_map(&map, path.ptr, true, NULL) == STATUS_OK) {
        taken = sigma_image_read(set, str_make((const char *)map.bytes, map.size_bytes), key);
        file_unmap(&map);
    }
    if (taken) {
        private_file_touch(path.ptr);
    }
    buf_fini(&path);
    return taken;
}

void sigma_cache_put(struct sigma_rules *set, const char *folder,
                     const struct sigma_cache_key *key) {
    struct buf image = BUF_INIT;
    struct buf path = BUF_INIT;
    path_of(&path, folder, key);
    if (private_folder_make(folder) && sigma_image_write(&image, set, key) &&
        image.len <= IMAGE_LIMIT_BYTES &&
        file_replace(path.ptr, FILE_SECRET, buf_str(&image), NULL) == STATUS_OK) {
        private_folder_prune(folder, STR(ENDING), SIGMA_CACHE_KEPT);
    }
    buf_fini(&image);
    buf_fini(&path);
}

bool sigma_cache_default_folder(struct buf *out) {
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    buf_clear(out);
    if (cache != NULL && cache[0] == '/') { /* XDG: other paths than absolute are ignored */
        buf_printf(out, "%s/konseki", cache);
    } else if (home != NULL && home[0] == '/') {
        buf_printf(out, "%s/.cache/konseki", home);
    } else {
        return false;
    }
    buf_putc(out, '\0');
    return true;
}
