#include "report_writer.h"

#include "i18n.h"

static const struct {
    struct str name;
    const struct report_form_type *type;
    const char *what;
} forms[REPORT_FORM_COUNT] = {
#define REPORT_FORM(id, name, type, what) {STR_INIT(name), &type, what},
#include "report_forms.def"
};

/* Rows of a table are laid out by who has the terminal (cli/scan/scan_target.c). */
const struct report_form_type report_table = {.columns = REPORT_COLUMNS_NEEDED};

const struct report_form_type *report_form_type(enum report_form form) {
    return forms[form].type;
}

struct str report_form_name(enum report_form form) {
    return forms[form].name;
}

const char *report_form_what(enum report_form form) {
    return forms[form].what;
}

bool report_form_find(enum report_form *out, struct str name) {
    for (size_t i = 0; i < REPORT_FORM_COUNT; i++) {
        if (str_eq(name, forms[i].name)) {
            *out = (enum report_form)i;
            return true;
        }
    }
    return false;
}

void report_form_names(struct buf *out) {
    for (size_t i = 0; i < REPORT_FORM_COUNT; i++) {
        buf_add(out, i > 0 ? STR(" | ") : STR_EMPTY);
        buf_add(out, forms[i].name);
    }
}

void report_writer_begin(struct report_writer *writer, struct buf *out) {
    const struct report_form_type *type = forms[writer->form].type;
    writer->hits = 0;
    if (type->begin != NULL) {
        type->begin(out, &writer->view);
    }
}

void report_writer_hit(struct report_writer *writer, struct buf *out,
                       const struct report_hit *hit) {
    const struct report_form_type *type = forms[writer->form].type;
    bool is_first = writer->hits++ == 0;
    if (type->hit != NULL) {
        type->hit(out, &writer->view, hit, is_first);
    }
}

void report_writer_end(struct report_writer *writer, struct buf *out,
                       const struct report_run *run) {
    const struct report_form_type *type = forms[writer->form].type;
    if (type->end != NULL) {
        type->end(out, &writer->view, run);
    }
}
