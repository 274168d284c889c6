/*
 * AD-03: a scheduled task that runs something it should not: a program in a user-writable folder,
 * a script host with encoded or foreign code, a URL or UNC path, a disguised name. Read from the
 * task's XML (4698 created, 4702 updated); 106/140/141/200 of the Task Scheduler log about the
 * same task on the same day are evidence too. Without 4698 the started program's name in 200 is
 * all there is: medium at most, degraded.
 *
 * An unregistered but harmless task is nothing to tell (registration alone is low by the
 * catalogue and would name every installer).
 */
#include "mem.h"
#include "task_action.h"
#include "windows_event.h"

/* One task on one computer and day. */
struct task_day {
    uint32_t computer; /* in texts */
    uint32_t task;
    uint32_t user;
    uint32_t command;
    uint32_t arguments;
    int32_t day;
    bool seen_content;
    bool as_system;
    bool hidden;
    unsigned signs;
    struct evidence_list events;
};

struct ad03 {
    struct draft_builder builder;
    struct intern texts;
    struct intern keys;
    struct task_day *tasks;
    size_t task_capacity;
};

static void *create(const struct analysis_context *context) {
    (void)context;
    return mem_calloc(1, sizeof(struct ad03));
}

static void drop_tasks(struct ad03 *s) {
    for (uint32_t i = 0; i < s->keys.count; i++) {
        evidence_list_fini(&s->tasks[i].events);
    }
    intern_clear(&s->keys);
}

static void destroy(void *state) {
    struct ad03 *s = state;
    drop_tasks(s);
    draft_fini(&s->builder);
    intern_fini(&s->texts);
    intern_fini(&s->keys);
    mem_free(s->tasks);
    mem_free(s);
}

static struct task_day *find_task(struct ad03 *s, const struct analysis_event *event,
                                  struct str task) {
    uint32_t key[3] = {intern_add(&s->texts, event->computer), intern_add(&s->texts, task),
                       (uint32_t)event->day};
    uint32_t known = s->keys.count;
    uint32_t id = intern_add(&s->keys, str_make((const char *)key, sizeof key));
    if (id == known) {
        uint32_t none = intern_add(&s->texts, STR_EMPTY);
        MEM_GROW(s->tasks, s->task_capacity, (size_t)id + 1);
        s->tasks[id] = (struct task_day){.computer = key[0],
                                         .task = key[1],
                                         .user = none,
                                         .command = none,
                                         .arguments = none,
                                         .day = event->day};
    }
    return &s->tasks[id];
}

static void read_content(struct ad03 *s, struct task_day *t, struct str xml) {
    struct task_action action;
    task_action_read(&action, xml);
    struct str command = buf_str(&action.command);
    struct str arguments = buf_str(&action.arguments);
    unsigned signs =
        task_action_is_updater(command, arguments) ? 0u : task_action_signs(command, arguments);
    if (!t->seen_content || signs) {
        t->command = intern_add(&s->texts, command);
        t->arguments = intern_add(&s->texts, arguments);
        t->as_system = action.runs_as_system;
        t->hidden = action.hidden;
    }
    t->signs |= signs;
    t->seen_content = true;
    task_action_fini(&action);
}

static void on_event(void *state, const struct analysis_context *context,
                     const struct analysis_event *event) {
    struct ad03 *s = state;
    struct str task = windows_data(event, "TaskName");
    if (task.len == 0) {
        return;
    }
    struct task_day *t = find_task(s, event, task);
    struct str user = windows_data(event, "SubjectUserName");
    struct str action = windows_data(event, "ActionName");
    struct str xml = windows_data(event, "TaskContent");
    if (xml.len == 0) {
        xml = windows_data(event, "TaskContentNew");
    }
    if (user.len > 0) {
        t->user = intern_add(&s->texts, user);
    }
    if (xml.len > 0) {
        read_content(s, t, xml);
    } else if (action.len > 0 && !t->seen_content && !task_action_is_updater(action, STR_EMPTY)) {
        t->signs |= task_action_signs(action, STR_EMPTY);
        t->command = intern_add(&s->texts, action);
    }
    struct evidence evidence = analysis_evidence(context, event);
    evidence_list_add(&t->events, &evidence);
}

/* A script host alone (a script under Program Files) is usual. */
static bool is_suspicious(const struct task_day *t) {
    return (t->signs &
            (TASK_SIGN_WRITABLE | TASK_SIGN_ENCODED | TASK_SIGN_REMOTE | TASK_SIGN_DISGUISED)) != 0;
}

static enum finding_level level_of(const struct task_day *t) {
    return t->seen_content ? LEVEL_HIGH : LEVEL_MEDIUM;
}

static void list_signs(struct buf *en, struct buf *ja, unsigned signs) {
    static const struct {
        unsigned sign;
        const char *en;
        const char *ja;
    } names[] = {
        {TASK_SIGN_WRITABLE, "a file in a folder that users may write to",
         "利用者が書き込めるフォルダーのファイル"},
        {TASK_SIGN_ENCODED, "encoded, hidden or downloaded code",
         "符号化・隠蔽・ダウンロードされたコード"},
        {TASK_SIGN_REMOTE, "a URL or UNC path", "URLまたはUNCパス"},
        {TASK_SIGN_DISGUISED, "a system program's name at the wrong place",
         "本来の場所にないシステムプログラム名"},
        {TASK_SIGN_HOST, "a program that runs others' code", "他のコードを実行するプログラム"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (signs & names[i].sign) {
            buf_printf(en, "%s%s", en->len > 0 ? ", " : "", names[i].en);
            buf_printf(ja, "%s%s", ja->len > 0 ? "、" : "", names[i].ja);
        }
    }
}

static void describe(struct ad03 *s, const struct task_day *t) {
    struct draft_builder *b = &s->builder;
    struct str user = intern_text(&s->texts, t->user);
    struct str computer = intern_text(&s->texts, t->computer);
    struct str task = intern_text(&s->texts, t->task);
    struct str command = str_head(intern_text(&s->texts, t->command), 200);
    struct str arguments = str_head(intern_text(&s->texts, t->arguments), 200);
    struct buf en = BUF_INIT;
    struct buf ja = BUF_INIT;
    list_signs(&en, &ja, t->signs);
    buf_printf(&b->en, "The task %.*s on %.*s%s%.*s runs \"%.*s %.*s\"%s%s: %.*s.", STR_ARG(task),
               STR_ARG(computer), user.len > 0 ? ", created by " : "", STR_ARG(user),
               STR_ARG(command), STR_ARG(arguments), t->as_system ? " as SYSTEM" : "",
               t->hidden ? ", hidden" : "", STR_ARG(buf_str(&en)));
    buf_printf(&b->ja, "%.*s のタスク %.*s%s%.*s%s が「%.*s %.*s」を実行します%s%s。特徴: %.*s。",
               STR_ARG(computer), STR_ARG(task), user.len > 0 ? "(作成者 " : "", STR_ARG(user),
               user.len > 0 ? ")" : "", STR_ARG(command), STR_ARG(arguments),
               t->as_system ? "(SYSTEM権限)" : "", t->hidden ? "(非表示)" : "",
               STR_ARG(buf_str(&ja)));
    buf_fini(&en);
    buf_fini(&ja);
}

static void emit(struct ad03 *s, const struct analysis_context *context, const struct task_day *t) {
    struct draft_builder *b = &s->builder;
    struct evidence events[EVIDENCE_HEAD + EVIDENCE_TAIL];
    draft_begin(b);
    draft_key(b, intern_text(&s->texts, t->computer));
    draft_key(b, intern_text(&s->texts, t->task));
    draft_entity(b, ENTITY_HOST, intern_text(&s->texts, t->computer));
    draft_entity(b, ENTITY_USER, intern_text(&s->texts, t->user));
    draft_entity(b, ENTITY_TASK, intern_text(&s->texts, t->task));
    draft_entity(b, ENTITY_FILE, intern_text(&s->texts, t->command));
    describe(s, t);
    struct finding_draft draft = draft_take(b, level_of(t));
    draft.event_count = evidence_list_shown(&t->events);
    for (size_t i = 0; i < draft.event_count; i++) {
        events[i] = *evidence_list_get(&t->events, i);
    }
    draft.events = events;
    draft.count = t->events.count;
    if (!t->seen_content) {
        draft.evaluable = EVALUABLE_DEGRADED;
        draft.missing =
            (struct text2){STR("4698 with the task's content"), STR("タスクの内容を含む4698")};
    }
    analysis_emit(context, t->day, &draft);
}

static void evaluate(void *state, const struct analysis_context *context, int32_t day) {
    struct ad03 *s = state;
    for (uint32_t i = 0; i < s->keys.count; i++) {
        if (s->tasks[i].day == day && is_suspicious(&s->tasks[i])) {
            emit(s, context, &s->tasks[i]);
        }
    }
}

static void evict(void *state, int32_t before_day) {
    (void)before_day; /* the open day only */
    drop_tasks(state);
}

static const struct analysis_field fields[] = {{"winlog.event_id", true},
                                               {"winlog.computer_name", true},
                                               {"winlog.event_data.TaskName", true},
                                               {"winlog.event_data.TaskContent", false},
                                               {"winlog.event_data.TaskContentNew", false},
                                               {"winlog.event_data.SubjectUserName", false},
                                               {"winlog.event_data.ActionName", false},
                                               {NULL, false}};
static const uint32_t codes[] = {4698, 4702, 106, 140, 200, 0};

const struct analysis analysis_ad_03 = {
    .id = "AD-03",
    .name_en = "Suspicious scheduled task",
    .name_ja = "不審なタスク",
    .attack = "T1053.005",
    .families = "windows",
    .fields = fields,
    .codes = codes,
    .join_gap_days = 2,
    .next =
        {{"Collect the task's XML (C:\\Windows\\System32\\Tasks) and the program's hash.",
          "タスクのXML(C:\\Windows\\System32\\Tasks)とプログラムのハッシュ値を取得してください。"},
         {"Look for the same task and file on other computers.",
          "ほかのコンピューターに同じタスクやファイルがないか確認してください。"},
         {"Find out from where the creating logon came (4624 with the same LogonId).",
          "作成時のログオン元(同じLogonIdの4624)を確認してください。"}},
    .do_not = {{"Do not delete the task before it is preserved.",
                "保全の前にタスクを削除しないでください。"}},
    .create = create,
    .destroy = destroy,
    .event = on_event,
    .evaluate = evaluate,
    .evict = evict,
};
