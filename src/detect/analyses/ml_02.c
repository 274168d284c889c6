/*
 * ML-02: an attachment that runs when it is opened.
 *
 * Names come from Content-Type and Content-Disposition headers that Postfix logged. A name that
 * was cut or could not be decoded and shows no executable extension is not evaluable, never clean.
 */
#include "ml_mail.h"
#include "ml_name.h"

/* What the names of one mail amount to. */
struct verdict {
    struct str file; /* the name that decides */
    struct ml_name name;
    enum finding_level level;
    bool unsure; /* the name goes on behind the cut */
    bool any;
};

static enum finding_level level_of(const struct ml_name *name, bool unsure, bool refused) {
    unsigned hiding =
        ML_TRICK_DOUBLE_EXTENSION | ML_TRICK_REVERSED | ML_TRICK_SPACES | ML_TRICK_NUL;
    enum finding_level level = LEVEL_LOW;
    if (name->class == ML_CLASS_EXECUTABLE) {
        level = (name->tricks & hiding) != 0 ? LEVEL_CRITICAL : LEVEL_HIGH;
    } else if ((name->tricks & (ML_TRICK_REVERSED | ML_TRICK_NUL)) != 0) {
        level = LEVEL_HIGH; /* nobody names a document so */
    }
    if ((refused || unsure) && level > LEVEL_MEDIUM) {
        level = LEVEL_MEDIUM;
    }
    return level;
}

/* Documents with macros and pages count, archives do not: they are every day's mail. */
static bool is_reported(const struct ml_name *name) {
    return name->class == ML_CLASS_EXECUTABLE || name->class == ML_CLASS_ACTIVE ||
           (name->tricks & (ML_TRICK_REVERSED | ML_TRICK_NUL)) != 0;
}

static void judge(struct verdict *verdict, struct ml_state *s,
                  const struct analysis_context *context, const struct analysis_event *event,
                  struct str file, struct str state) {
    struct ml_name name;
    bool unsure = str_eq(state, STR("truncated"));
    bool garbled = str_eq(state, STR("undecodable"));
    ml_name_classify(&name, &s->folded, file, param_count(context->params, PARAM_ID_ML02_SPACES));
    bool reported = is_reported(&name);
    bool blind = name.class == ML_CLASS_OPAQUE || unsure || (garbled && name.extension.len == 0);
    name.extension = STR_EMPTY; /* it lies in a buffer that the next name uses */
    ml_unread_count(s->unread, event, blind && !reported);
    enum finding_level level = level_of(&name, unsure, ml_mail_refused(event));
    if (reported && (!verdict->any || level > verdict->level)) {
        *verdict = (struct verdict){file, name, level, unsure, true};
    }
}

static const struct trick_text {
    unsigned trick;
    const char *en;
    const char *ja;
} TRICKS[] = {
    {ML_TRICK_DOUBLE_EXTENSION, " Double extension.", "二重拡張子です。"},
    {ML_TRICK_REVERSED, " The name is displayed in reversed order (U+202E or its like).",
     "文字の表示順が反転されています(U+202E等)。"},
    {ML_TRICK_SPACES, " Blanks push the extension out of sight.",
     "空白で拡張子が見えないようにされています。"},
    {ML_TRICK_TRAILING, " It ends in dots or blanks, which Windows drops.",
     "末尾にWindowsが無視するドットか空白があります。"},
    {ML_TRICK_NUL, " It holds a NUL byte.", "NULバイトを含みます。"},
};

/* The name for people: what would turn the text around or break the line is written out. */
static void show_name(struct buf *out, struct str name) {
    buf_clear(out);
    for (size_t i = 0; i < name.len; i++) {
        struct str rest = str_skip(name, i);
        unsigned char c = (unsigned char)name.ptr[i];
        bool bidi = rest.len >= 3 && c == 0xE2 &&
                    ((rest.ptr[1] == '\x80' && (unsigned char)rest.ptr[2] >= 0xAA &&
                      (unsigned char)rest.ptr[2] <= 0xAE) ||
                     (rest.ptr[1] == '\x81' && (unsigned char)rest.ptr[2] >= 0xA6 &&
                      (unsigned char)rest.ptr[2] <= 0xA9));
        if (bidi) {
            unsigned code = 0x2000u + (rest.ptr[1] == '\x80' ? 0u : 0x40u) +
                            ((unsigned char)rest.ptr[2] & 0x3Fu);
            buf_printf(out, "[U+%04X]", code);
            i += 2;
        } else if (c < ' ' || c == 0x7F) {
            buf_printf(out, "[%02X]", c);
        } else {
            buf_putc(out, (char)c);
        }
    }
}

static void write_reason(struct ml_state *s, const struct analysis_event *event,
                         const struct verdict *v) {
    struct str sender = event_get(event, FIELD_EMAIL_FROM);
    sender = sender.len > 0 ? sender : event_get(event, FIELD_EMAIL_SENDER);
    bool runs = v->name.class == ML_CLASS_EXECUTABLE;
    bool refused = ml_mail_refused(event);
    ml_mail_recipients(&s->to_en, &s->to_ja, event);
    show_name(&s->scratch, v->file);
    struct str shown = buf_str(&s->scratch);
    buf_printf(&s->draft.en, "A mail from %.*s to %.*s carries \"%.*s\"%s, %s.", STR_ARG(sender),
               STR_ARG(buf_str(&s->to_en)), STR_ARG(shown),
               refused ? " (refused by the server)" : "",
               runs ? "which runs when it is opened"
                    : "which can hold macros or script, or hides its kind");
    buf_printf(&s->draft.ja, "%.*s から %.*s 宛のメールに「%.*s」が添付されています%s。%s",
               STR_ARG(sender), STR_ARG(buf_str(&s->to_ja)), STR_ARG(shown),
               refused ? "(サーバーが拒否)" : "",
               runs ? "開くと実行される種類のファイルです。"
                    : "マクロやスクリプトを含み得るか、種類を隠したファイルです。");
    for (size_t i = 0; i < sizeof TRICKS / sizeof TRICKS[0]; i++) {
        if ((v->name.tricks & TRICKS[i].trick) != 0 &&
            (runs || TRICKS[i].trick != ML_TRICK_DOUBLE_EXTENSION)) {
            buf_add(&s->draft.en, str_from_c(TRICKS[i].en));
            buf_add(&s->draft.ja, str_from_c(TRICKS[i].ja));
        }
    }
}

static void emit(struct ml_state *s, const struct analysis_context *context,
                 const struct analysis_event *event, const struct verdict *v) {
    struct draft_builder *b = &s->draft;
    struct str sender = event_get(event, FIELD_EMAIL_FROM);
    draft_begin(b);
    draft_key(b, sender.len > 0 ? sender : event_get(event, FIELD_EMAIL_SENDER));
    draft_key(b, v->file);
    ml_mail_entities(b, event);
    draft_entity(b, ENTITY_FILE, v->file);
    write_reason(s, event, v);
    struct finding_draft draft = draft_take(b, v->level);
    if (v->unsure) {
        draft.evaluable = EVALUABLE_DEGRADED;
        draft.missing = (struct text2){STR("the end of the file name (cut in the log)"),
                                       STR("ファイル名の末尾(ログで切れている)")};
    }
    analysis_emit_event(context, event, &draft);
}

static void on_event(void *state, const struct analysis_context *context,
                     const struct analysis_event *event) {
    struct ml_state *s = state;
    struct verdict verdict = {.file = STR_EMPTY, .any = false};
    struct str file;
    struct str file_state;
    uint32_t file_at = 0;
    uint32_t state_at = 0;
    while (ml_mail_next(&file_state, event, FIELD_EMAIL_ATTACHMENT_STATE, &state_at)) {
        if (!ml_mail_next(&file, event, FIELD_EMAIL_ATTACHMENT, &file_at)) {
            file = STR_EMPTY;
        }
        judge(&verdict, s, context, event, file, file_state);
    }
    if (verdict.any) {
        emit(s, context, event, &verdict);
    }
}

static void cover(void *state, const struct analysis_context *context, int32_t day) {
    ml_unread_cover(
        ((struct ml_state *)state)->unread, context, day,
        "attachment names are cut, undecodable or hidden in winmail.dat",
        "添付ファイル名がログで切れているか復号できない、またはwinmail.datに隠れている");
}

static const struct analysis_field fields[] = {{"email.content_type", true},
                                               {"email.attachments.file.name", false},
                                               {"email.attachments.state", false},
                                               ML_MAIL_FIELDS,
                                               {NULL, false}};

const struct analysis analysis_ml_02 = {
    .id = "ML-02",
    .name_en = "Executable attachment",
    .name_ja = "実行ファイル添付",
    .attack = "T1566.001",
    .families = "mail",
    .fields = fields,
    .only_derived = true,
    .join_gap_days = 1,
    .next = {{"Quarantine the mail and get the attachment's hash from the mail gateway.",
              "メールを隔離し、ゲートウェイから添付ファイルのハッシュを取得してください。"},
             {"Ask the recipients whether they opened it; if so isolate the PC and keep it on.",
              "受信者に開封の有無を確認し、開封した場合は端末を隔離し、電源は切らないでください。"},
             {"Search for the same sender, file name and message id domain over all mails.",
              "同じ送信者・ファイル名・Message-IDのドメインを全メールで検索してください。"}},
    .do_not = {{"Do not delete the file from the PC.", "端末からファイルを削除しないでください。"}},
    .create = ml_state_create,
    .destroy = ml_state_destroy,
    .event = on_event,
    .evict = ml_state_evict,
    .coverage = cover,
};
