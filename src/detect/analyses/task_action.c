#include "task_action.h"

/* --- the XML --- */

static const struct {
    struct str from;
    char to;
} entities[] = {{STR_INIT("&amp;"), '&'},
                {STR_INIT("&lt;"), '<'},
                {STR_INIT("&gt;"), '>'},
                {STR_INIT("&quot;"), '"'},
                {STR_INIT("&apos;"), '\''}};

static void decode(struct buf *out, struct str text) {
    size_t i = 0;
    while (i < text.len) {
        size_t taken = 0;
        for (size_t e = 0; e < sizeof entities / sizeof entities[0] && !taken; e++) {
            if (str_starts(str_skip(text, i), entities[e].from)) {
                buf_putc(out, entities[e].to);
                taken = entities[e].from.len;
            }
        }
        if (!taken) {
            buf_putc(out, text.ptr[i]);
            taken = 1;
        }
        i += taken;
    }
}

/* Text between <name ...> and </name>, from *at on, which moves behind it. */
static bool next_element(struct str *out, struct str xml, const char *open, const char *close,
                         size_t *at) {
    size_t start = str_find_ci(str_skip(xml, *at), str_from_c(open));
    if (start == STR_NONE) {
        return false;
    }
    start += *at + strlen(open);
    size_t gt = str_find_char(str_skip(xml, start), '>');
    if (gt == STR_NONE) {
        return false;
    }
    start += gt + 1;
    size_t len = str_find_ci(str_skip(xml, start), str_from_c(close));
    *out = str_head(str_skip(xml, start), len);
    *at = start + out->len;
    return true;
}

static void read_all(struct buf *out, struct str xml, const char *open, const char *close) {
    struct str text;
    size_t at = 0;
    while (next_element(&text, xml, open, close, &at)) {
        if (out->len > 0) {
            buf_putc(out, ' ');
        }
        decode(out, str_trim(text));
    }
}

void task_action_read(struct task_action *out, struct str xml) {
    struct str text;
    size_t at = 0;
    *out = (struct task_action){BUF_INIT, BUF_INIT, false, false};
    read_all(&out->command, xml, "<Command", "</Command>");
    read_all(&out->arguments, xml, "<Arguments", "</Arguments>");
    if (next_element(&text, xml, "<UserId", "</UserId>", &at)) {
        text = str_trim(text);
        out->runs_as_system = str_eq_ci(text, STR("S-1-5-18")) || str_ends_ci(text, STR("SYSTEM"));
    }
    at = 0;
    if (next_element(&text, xml, "<Hidden", "</Hidden>", &at)) {
        out->hidden = str_eq_ci(str_trim(text), STR("true"));
    }
}

void task_action_fini(struct task_action *action) {
    buf_fini(&action->command);
    buf_fini(&action->arguments);
}

/* --- judging --- */

static bool has_any(struct str text, const struct str *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (str_find_ci(text, words[i]) != STR_NONE) {
            return true;
        }
    }
    return false;
}

#define HAS_ANY(text, words) has_any((text), (words), sizeof(words) / sizeof(words)[0])

/* Folders that ordinary users may write to. */
static const struct str writable[] = {STR_INIT("\\Users\\"),
                                      STR_INIT("\\AppData\\"),
                                      STR_INIT("%appdata%"),
                                      STR_INIT("%localappdata%"),
                                      STR_INIT("%temp%"),
                                      STR_INIT("%tmp%"),
                                      STR_INIT("\\Temp\\"),
                                      STR_INIT("\\ProgramData\\"),
                                      STR_INIT("%programdata%"),
                                      STR_INIT("%public%"),
                                      STR_INIT("\\PerfLogs\\"),
                                      STR_INIT("\\$Recycle.Bin\\"),
                                      STR_INIT("\\Windows\\Tasks\\"),
                                      STR_INIT("\\Windows\\Tracing\\"),
                                      STR_INIT("\\Intel\\"),
                                      STR_INIT("\\Windows\\debug\\"),
                                      STR_INIT("\\spool\\drivers\\color\\")};

/* Programs that run what they are told to. */
static const struct str hosts[] = {
    STR_INIT("powershell"), STR_INIT("pwsh"),      STR_INIT("cmd"),      STR_INIT("wscript"),
    STR_INIT("cscript"),    STR_INIT("mshta"),     STR_INIT("rundll32"), STR_INIT("regsvr32"),
    STR_INIT("certutil"),   STR_INIT("bitsadmin"), STR_INIT("msbuild"),  STR_INIT("installutil"),
    STR_INIT("regasm"),     STR_INIT("regsvcs"),   STR_INIT("msiexec"),  STR_INIT("forfiles"),
    STR_INIT("pcalua"),     STR_INIT("wmic"),      STR_INIT("hh"),       STR_INIT("schtasks"),
    STR_INIT("curl"),       STR_INIT("python")};

static const struct str encoded[] = {STR_INIT("-enc"),
                                     STR_INIT("-e "),
                                     STR_INIT("-ec "),
                                     STR_INIT("FromBase64"),
                                     STR_INIT("DownloadString"),
                                     STR_INIT("DownloadFile"),
                                     STR_INIT("IEX"),
                                     STR_INIT("Invoke-Expression"),
                                     STR_INIT("Invoke-WebRequest"),
                                     STR_INIT("-w hidden"),
                                     STR_INIT("-windowstyle hid"),
                                     STR_INIT("Net.WebClient"),
                                     STR_INIT("-nop")};

/* Programs of System32; elsewhere the name is a disguise. */
static const struct str system_programs[] = {
    STR_INIT("svchost.exe"),   STR_INIT("lsass.exe"),    STR_INIT("csrss.exe"),
    STR_INIT("services.exe"),  STR_INIT("winlogon.exe"), STR_INIT("smss.exe"),
    STR_INIT("taskhostw.exe"), STR_INIT("spoolsv.exe"),  STR_INIT("dllhost.exe"),
    STR_INIT("conhost.exe"),   STR_INIT("wininit.exe")};

static const struct str updaters[] = {
    STR_INIT("\\Microsoft\\OneDrive\\OneDriveStandaloneUpdater.exe"),
    STR_INIT("\\Microsoft\\OneDrive\\OneDriveLauncher.exe"),
    STR_INIT("\\Google\\Update\\GoogleUpdate.exe"),
    STR_INIT("\\Microsoft\\EdgeUpdate\\MicrosoftEdgeUpdate.exe"),
    STR_INIT("\\Microsoft\\Teams\\Update.exe"),
    STR_INIT("\\Zoom\\bin\\Zoom.exe"),
    STR_INIT("\\Mozilla Firefox\\default-browser-agent.exe"),
    STR_INIT("\\ProgramData\\Microsoft\\Windows Defender\\Platform\\")};

/* The file's name without folder, quotes and ".exe". */
static struct str program_name(struct str command) {
    command = str_trim(command);
    if (str_starts(command, STR("\""))) {
        command = str_skip(command, 1);
        command = str_head(command, str_find_char(command, '"'));
    }
    size_t slash = str_rfind_char(command, '\\');
    command = slash == STR_NONE ? command : str_skip(command, slash + 1);
    size_t exe = str_find_ci(command, STR(".exe"));
    return str_head(command, exe == STR_NONE ? str_find_char(command, ' ') : exe);
}

static bool is_host(struct str name) {
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        if (str_eq_ci(name, hosts[i])) {
            return true;
        }
    }
    return str_starts_ci(name, STR("python"));
}

static bool is_remote(struct str text) {
    static const struct str schemes[] = {STR_INIT("http://"), STR_INIT("https://"),
                                         STR_INIT("ftp://"), STR_INIT("file://")};
    struct str bare = str_starts(text, STR("\"")) ? str_skip(text, 1) : text;
    return HAS_ANY(text, schemes) || str_starts(bare, STR("\\\\")) ||
           str_find(text, STR(" \\\\")) != STR_NONE || str_find(text, STR("\"\\\\")) != STR_NONE;
}

static bool is_disguised(struct str command) {
    bool system_folder = str_find_ci(command, STR("\\System32\\")) != STR_NONE ||
                         str_find_ci(command, STR("\\SysWOW64\\")) != STR_NONE ||
                         str_find_ci(command, STR("%SystemRoot%")) != STR_NONE ||
                         str_find_ci(command, STR("%windir%")) != STR_NONE;
    return !system_folder && str_find_char(command, '\\') != STR_NONE &&
           HAS_ANY(command, system_programs);
}

unsigned task_action_signs(struct str command, struct str arguments) {
    struct str name = program_name(command);
    bool host = is_host(name);
    unsigned signs = host ? TASK_SIGN_HOST : TASK_SIGN_NONE;
    bool shell = str_eq_ci(name, STR("powershell")) || str_eq_ci(name, STR("pwsh")) ||
                 str_eq_ci(name, STR("cmd"));
    if (HAS_ANY(command, writable) || (host && HAS_ANY(arguments, writable))) {
        signs |= TASK_SIGN_WRITABLE;
    }
    if (shell && HAS_ANY(arguments, encoded)) {
        signs |= TASK_SIGN_ENCODED;
    }
    if (is_remote(command) || (host && is_remote(arguments))) {
        signs |= TASK_SIGN_REMOTE;
    }
    return signs | (is_disguised(command) ? (unsigned)TASK_SIGN_DISGUISED : 0u);
}

bool task_action_is_updater(struct str command, struct str arguments) {
    struct str name = program_name(command);
    return !is_host(name) && HAS_ANY(command, updaters) && !is_remote(arguments);
}
