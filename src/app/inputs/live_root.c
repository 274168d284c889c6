#include "live_root.h"

#include "buf.h"
#include "i18n.h"
#include "input_file.h"
#include "mem.h"

enum { NAME_BYTES = 512, DECODE_ROUNDS = 2, ARCHIVE_TIME_BYTES = 24 };

/* --- names --- */

/* `%3A` and the like as triage tools write them; `%4`, the slash in the name of a log, stays. */
static size_t decode_once(char *name, size_t len) {
    size_t to = 0;
    for (size_t i = 0; i < len; i++) {
        int high = i + 2 < len && name[i] == '%' ? ascii_hex_value(name[i + 1]) : -1;
        int low = high >= 0 ? ascii_hex_value(name[i + 2]) : -1;
        int byte = high * 16 + low;
        /* letters behind "%4" belong to the log's name: only what a path cannot hold was escaped */
        bool is_escape = low >= 0 && byte < 0x7f && !ascii_is_alnum((char)byte) && byte >= 0x20;
        name[to++] = is_escape ? (char)byte : name[i];
        i += is_escape ? 2 : 0;
    }
    return to;
}

/* The whole name, or with '*' at the end of `wanted` what it begins with. */
static bool fits(struct str name, struct str wanted) {
    bool is_prefix = str_ends(wanted, STR("*"));
    return is_prefix ? str_starts_ci(name, str_head(wanted, wanted.len - 1))
                     : str_eq_ci(name, wanted);
}

static bool is_called(const char *name, struct str wanted) {
    char text[NAME_BYTES];
    size_t len = strlen(name);
    if (len >= sizeof text) {
        return false;
    }
    memcpy(text, name, len);
    for (int round = 0; round < DECODE_ROUNDS; round++) {
        if (fits(str_make(text, len), wanted)) {
            return true;
        }
        len = decode_once(text, len);
    }
    return fits(str_make(text, len), wanted);
}

/* "Archive-Security-2026-03-02-09-10-11-123", a full log that was put aside -> "Security". */
static struct str without_archive(struct str name) {
    if (!str_starts_ci(name, STR("Archive-")) || name.len <= 8 + ARCHIVE_TIME_BYTES) {
        return name;
    }
    struct str time = str_skip(name, name.len - ARCHIVE_TIME_BYTES);
    for (size_t i = 0; i < time.len; i++) {
        bool is_dash = i == 0 || i == 5 || i == 8 || i == 11 || i == 14 || i == 17 || i == 20;
        if (is_dash ? time.ptr[i] != '-' : !ascii_is_digit(time.ptr[i])) {
            return name;
        }
    }
    return str_skip(str_head(name, name.len - ARCHIVE_TIME_BYTES), 8);
}

/* "Microsoft-Windows-Sysmon%4Operational.evtx" -> "Microsoft-Windows-Sysmon/Operational". */
static struct str channel_of(struct arena *arena, const char *name) {
    char text[NAME_BYTES];
    struct buf out = BUF_INIT;
    size_t len = strlen(name);
    len = len < sizeof text ? len : sizeof text;
    memcpy(text, name, len);
    for (int round = 0; round < DECODE_ROUNDS; round++) {
        len = decode_once(text, len);
    }
    len -= len >= 5 ? 5 : 0; /* ".evtx" */
    for (size_t i = 0; i < len; i++) {
        bool slash = text[i] == '%' && i + 1 < len && text[i + 1] == '4';
        buf_putc(&out, slash ? '/' : text[i]);
        i += slash ? 1 : 0;
    }
    struct str channel = arena_str(arena, without_archive(buf_str(&out)));
    buf_fini(&out);
    return channel;
}

/* --- folders --- */

struct search {
    struct live_finds *finds;
    size_t looked_at; /* folders */
};

static const char *join(struct arena *arena, const char *folder, const char *name) {
    struct buf path = BUF_INIT;
    size_t len = strlen(folder);
    bool slash = len > 0 && folder[len - 1] == '/';
    buf_printf(&path, "%s%s%s", folder, slash ? "" : "/", name);
    buf_putc(&path, '\0');
    const char *joined = arena_str(arena, buf_str(&path)).ptr;
    buf_fini(&path);
    return joined;
}

/* The event logs among the names of a folder. */
static void add_evtx(struct live_finds *finds, const char *folder, const struct input_names *names,
                     bool is_elsewhere) {
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i].name;
        if (!names->items[i].is_folder && str_ends_ci(str_from_c(name), STR(".evtx"))) {
            MEM_GROW(finds->logs, finds->capacity, finds->count + 1);
            finds->logs[finds->count++] =
                (struct live_log){.path = join(&finds->arena, folder, name),
                                  .channel = channel_of(&finds->arena, name),
                                  .is_elsewhere = is_elsewhere};
            finds->elsewhere += is_elsewhere;
        }
    }
}

static void add_logs(struct live_finds *finds, const char *folder) {
    struct input_names names = {.items = NULL};
    if (input_names_read(&names, folder) != STATUS_OK) {
        return;
    }
    finds->folder_count++;
    add_evtx(finds, folder, &names, false);
    input_names_fini(&names);
}

/* Goes down the folders of event logs from all called `chain[0]`; true if they are there. */
static bool follow(struct search *search, const char *folder, const struct str *chain,
                   size_t length) {
    struct input_names names = {.items = NULL};
    bool found = false;
    if (length == 0) {
        add_logs(search->finds, folder);
        return true;
    }
    if (input_names_read(&names, folder) != STATUS_OK) {
        return false;
    }
    for (size_t i = 0; i < names.count; i++) {
        if (names.items[i].is_folder && is_called(names.items[i].name, chain[0])) {
            const char *below = join(&search->finds->arena, folder, names.items[i].name);
            found = follow(search, below, chain + 1, length - 1) || found;
        }
    }
    input_names_fini(&names);
    return found;
}

/* Folders of Windows, programs and users, where no log is redirected to. */
static bool is_known_folder(const char *name) {
    static const struct str known[] = {STR_INIT("Windows"),
                                       STR_INIT("Windows.old*"),
                                       STR_INIT("Program Files*"),
                                       STR_INIT("ProgramData"),
                                       STR_INIT("Users"),
                                       STR_INIT("$Recycle.Bin"),
                                       STR_INIT("System Volume Information")};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (is_called(name, known[i])) {
            return true;
        }
    }
    return false;
}

static bool is_enough(struct search *search) {
    search->finds->is_cut = search->finds->is_cut || ++search->looked_at > LIVE_FOLDERS_LIMIT;
    return search->finds->is_cut;
}

/* Event logs beside Windows, on its volume. */
static void look_elsewhere(struct search *search, const char *folder, int depth) {
    struct input_names names = {.items = NULL};
    if (is_enough(search) || input_names_read(&names, folder) != STATUS_OK) {
        return;
    }
    add_evtx(search->finds, folder, &names, true);
    for (size_t i = 0; i < names.count && depth < LIVE_ELSEWHERE_DEPTH; i++) {
        const char *name = names.items[i].name;
        if (names.items[i].is_folder && !(depth == 0 && is_known_folder(name))) {
            look_elsewhere(search, join(&search->finds->arena, folder, name), depth + 1);
        }
    }
    input_names_fini(&names);
}

static void look(struct search *search, const char *folder, int depth) {
    static const struct str now[] = {STR_INIT("Windows"), STR_INIT("System32"), STR_INIT("winevt"),
                                     STR_INIT("Logs")};
    static const struct str before[] = {STR_INIT("Windows.old*"), STR_INIT("Windows"),
                                        STR_INIT("System32"), STR_INIT("winevt"), STR_INIT("Logs")};
    if (is_enough(search)) {
        return;
    }
    bool is_volume = follow(search, folder, now, sizeof now / sizeof *now);
    (void)follow(search, folder, before, sizeof before / sizeof *before);
    if (is_volume) {
        look_elsewhere(search, folder, 0);
        return;
    }
    struct input_names names = {.items = NULL};
    if (depth >= LIVE_DEPTH_LIMIT || input_names_read(&names, folder) != STATUS_OK) {
        return;
    }
    add_evtx(search->finds, folder, &names, true);
    for (size_t i = 0; i < names.count && !search->finds->is_cut; i++) {
        const char *name = names.items[i].name;
        if (names.items[i].is_folder && !is_called(name, before[0])) {
            look(search, join(&search->finds->arena, folder, name), depth + 1);
        }
    }
    input_names_fini(&names);
}

enum status live_root_find(struct live_finds *finds, const char *root, struct err *err) {
    struct search search = {.finds = finds};
    size_t before = finds->folder_count;
    look(&search, root, 0);
    if (finds->folder_count > before) {
        return STATUS_OK;
    }
    return err_set(err, STATUS_NOT_FOUND,
                   _("%s: no Windows/System32/winevt/Logs here: is it the root of an image, or a "
                     "folder that a triage tool filled?"),
                   root);
}

void live_finds_fini(struct live_finds *finds) {
    arena_fini(&finds->arena);
    mem_free(finds->logs);
    *finds = (struct live_finds){.count = 0};
}
