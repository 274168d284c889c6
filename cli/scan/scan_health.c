#include "scan_health.h"

#include <stdio.h>

#include "i18n.h"
#include "output.h"

enum { TOLD_MAX = 20 };

/* Less than its own header says, or less than a header. */
static bool is_cut_short(const struct parse_input_health *found) {
    return found->has_header ? found->header_chunks > found->chunks : found->chunks == 0;
}

static bool is_damaged(const struct parse_input_health *found) {
    bool fails = found->bad_chunks > 0 || found->bad_header || is_cut_short(found);
    return found->damaged > 0 || (fails && !found->is_dirty);
}

static void add_facts(struct buf *out, const struct parse_input_health *found) {
    buf_printf(out, _("%llu of %llu chunks fail their checksum, %llu of %llu records damaged"),
               (unsigned long long)found->bad_chunks, (unsigned long long)found->chunks,
               (unsigned long long)found->damaged, (unsigned long long)found->records);
    if (found->bad_header) {
        buf_add(out, str_from_c(_(", the file header fails its checksum")));
    }
    if (found->header_chunks > found->chunks) {
        buf_printf(out, _(", cut short: the file header counts %llu chunks"),
                   (unsigned long long)found->header_chunks);
    }
    if (!found->has_header) {
        buf_add(out, str_from_c(_(", there is no file header")));
    }
    if (found->is_dirty) {
        buf_add(out, str_from_c(_(", not closed (dirty)")));
    }
    if (found->recovered > 0) {
        buf_printf(out, _(", %llu recovered from slack"), (unsigned long long)found->recovered);
    }
}

void scan_health_tell(struct scan_health *health, const char *path,
                      const struct parse_input_health *found) {
    bool damaged = is_damaged(found);
    health->damaged_files += damaged ? 1 : 0;
    if (!health->all && (!damaged || health->told_count >= TOLD_MAX)) {
        return;
    }
    struct buf line = BUF_INIT;
    buf_add(&line, STR("konseki scan: "));
    output_append_visible(&line, str_from_c(path));
    buf_add(&line, STR(": "));
    buf_add(&line, str_from_c(damaged ? _("damaged: ") : _("intact: ")));
    add_facts(&line, found);
    buf_putc(&line, '\n');
    (void)output_write(stderr, buf_str(&line));
    buf_fini(&line);
    health->told_count += damaged ? 1 : 0;
}

void scan_health_finish(const struct scan_health *health) {
    if (health->damaged_files > 0) {
        fprintf(stderr,
                _("%llu event log files are damaged; what could be read of them was looked at\n"),
                (unsigned long long)health->damaged_files);
    }
    if (!health->all && health->damaged_files > health->told_count) {
        fprintf(stderr, _("(--validate-checksums tells of each)\n"));
    }
}
