#include "windows_xml_event.h"

#include "num.h"
#include "windows_place.h"
#include "xml_scan.h"
#include "xml_text.h"

/* One open element. */
struct frame {
    struct str name;
    struct str text;  /* its only run of character data so far */
    struct str label; /* EventData/Data: the Name attribute, not decoded */
    uint8_t place;    /* of its children */
    uint8_t parent_place;
    bool has_label;
    bool has_children;
    bool is_cdata; /* text needs no decoding */
    bool is_made;  /* several runs: text is what they make, in `joined` */
};

struct reader {
    struct batch *batch;
    struct xml_scan scan;
    struct frame frames[XML_DEPTH_LIMIT + 1];
    struct buf *scratch;
    struct buf joined; /* of one leaf with several runs of text */
};

/* TimeCreated and EventRecordID are properties of the row. */
static bool set_attribute(struct reader *r, uint32_t field, struct str text) {
    struct row *row = batch_row(r->batch);
    bool has_zone;
    if (field == FIELD_TIMESTAMP) {
        (void)civil_parse_rfc3339(&row->time_ns, &has_zone, text);
        return true;
    }
    if (field == FIELD_RECORD_ID) {
        (void)num_parse_u64(&row->record_id, str_trim(text));
        return true;
    }
    return false;
}

static void add_value(struct reader *r, uint32_t field, struct str slice) {
    if (set_attribute(r, field, slice)) {
        return;
    }
    if (memchr(slice.ptr, '&', slice.len) == NULL) {
        batch_add(r->batch, field, slice);
        return;
    }
    buf_clear(r->scratch);
    (void)xml_text_decode(r->scratch, slice);
    batch_add_decoded(r->batch, field, buf_str(r->scratch), slice, TRANSFORM_XML);
}

static struct frame *top(struct reader *r) {
    return &r->frames[r->scan.depth];
}

/* Names are followed by "prefix:" only in the body, where they are kept as they are. */
static void on_start(struct reader *r) {
    struct frame *parent = &r->frames[r->scan.depth - 1];
    parent->has_children = true;
    if (parent->place == PLACE_USER_DATA) {
        batch_add(r->batch, windows_user_data_field(), r->scan.name);
    }
    enum windows_place place = (enum windows_place)parent->place;
    *top(r) = (struct frame){.name = r->scan.name,
                             .text = STR_EMPTY,
                             .parent_place = parent->place,
                             .place = (uint8_t)windows_child_place(place, r->scan.name)};
}

static void on_attribute(struct reader *r) {
    struct frame *f = top(r);
    uint32_t field =
        windows_attribute_field((enum windows_place)f->parent_place, f->name, r->scan.name);
    if (field != FIELD_NONE && r->scan.value.len > 0) {
        add_value(r, field, r->scan.value);
    } else if (f->parent_place == PLACE_EVENT_DATA && str_eq(r->scan.name, STR("Name"))) {
        f->label = r->scan.value;
        f->has_label = f->label.len > 0;
    }
}

static void append_run(struct reader *r, struct str run, bool is_cdata) {
    if (is_cdata) {
        buf_add(&r->joined, run);
    } else {
        (void)xml_text_decode(&r->joined, run);
    }
}

static void on_text(struct reader *r, bool is_cdata) {
    struct frame *f = top(r);
    if (f->has_children || r->scan.depth == 0) {
        return;
    }
    if (f->text.len == 0 && !f->is_made) {
        f->text = r->scan.value;
        f->is_cdata = is_cdata;
        return;
    }
    if (!f->is_made) {
        buf_clear(&r->joined);
        append_run(r, f->text, f->is_cdata);
        f->is_made = true;
    }
    append_run(r, r->scan.value, is_cdata);
}

static uint32_t leaf_field(struct reader *r, const struct frame *f) {
    if (!f->has_label || !str_eq(f->name, STR("Data"))) {
        return windows_leaf_field((enum windows_place)f->parent_place, f->name);
    }
    if (memchr(f->label.ptr, '&', f->label.len) == NULL) {
        return windows_body_field(f->label);
    }
    buf_clear(r->scratch);
    (void)xml_text_decode(r->scratch, f->label);
    return windows_body_field(buf_str(r->scratch));
}

static void on_end(struct reader *r) {
    const struct frame *f = &r->frames[r->scan.depth + 1];
    enum windows_place place = (enum windows_place)f->parent_place;
    if (f->has_children || (f->text.len == 0 && !f->is_made && !windows_keeps_empty(place))) {
        return;
    }
    uint32_t field = leaf_field(r, f);
    if (field == FIELD_NONE) {
        return;
    }
    if (f->is_made || f->is_cdata) {
        struct str text = f->is_made ? buf_str(&r->joined) : f->text;
        if (!set_attribute(r, field, text)) {
            batch_add(r->batch, field, text);
        }
    } else {
        add_value(r, field, f->text);
    }
}

const char *windows_xml_event(size_t *broken_at, struct batch *batch, struct str element,
                              struct buf *scratch) {
    struct reader r = {.batch = batch, .scratch = scratch};
    xml_scan_init(&r.scan, element);
    r.frames[0] = (struct frame){.place = PLACE_ROOT};
    const char *what = NULL;
    for (bool more = true; more;) {
        switch (xml_scan_next(&r.scan)) {
        case XML_START:
            on_start(&r);
            break;
        case XML_ATTRIBUTE:
            on_attribute(&r);
            break;
        case XML_TEXT:
            on_text(&r, false);
            break;
        case XML_CDATA:
            on_text(&r, true);
            break;
        case XML_END:
            on_end(&r);
            more = r.scan.depth > 0;
            break;
        case XML_DONE:
            what = "no element";
            more = false;
            break;
        case XML_BROKEN:
            what = r.scan.what;
            more = false;
            break;
        }
    }
    *broken_at = r.scan.at;
    buf_fini(&r.joined);
    return what;
}
