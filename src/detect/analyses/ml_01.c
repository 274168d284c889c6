/*
 * ML-01: the display name of From shows another address than the one the mail comes from.
 *
 * Mail programs show the name and hide the address, so `"ceo@own.example" <x@evil.example>` looks
 * like a colleague. Each address-like token of the decoded, folded name is compared with the
 * address; sub-addresses are the same person. The level follows who is imitated.
 */
#include "ml_address.h"
#include "ml_mail.h"
#include "token.h"

/* How the shown address relates to the true one. */
enum relation {
    RELATION_NONE,  /* nothing is shown, or the same address */
    RELATION_LIST,  /* a registered mailing list shows its writer */
    RELATION_VIA,   /* "A via LIST" where LIST is what sends it, of an outside writer */
    RELATION_KIN,   /* another address of the same organisation */
    RELATION_OTHER, /* a foreign organisation's address */
    RELATION_OWN    /* an address of the site, a partner or the recipients' own domain */
};

static bool is_recipient_domain(const struct analysis_event *event, struct str domain) {
    struct str to;
    struct ml_address address;
    uint32_t at = 0;
    while (ml_mail_next(&to, event, FIELD_EMAIL_TO, &at)) {
        if (ml_address_parse(&address, to) && ml_same_organisation(address.domain, domain)) {
            return true;
        }
    }
    return false;
}

/* True for "... via WORD" behind the shown address where the true address is WORD's. */
static bool is_via_sender(struct str behind, const struct ml_address *from) {
    size_t at = str_find(behind, STR(" via "));
    if (at == STR_NONE) {
        return false;
    }
    struct str rest = str_skip(behind, at + sizeof " via " - 1);
    struct str word;
    if (!str_word_next(&word, &rest)) {
        return false;
    }
    while (word.len > 0 && !ascii_is_alnum(word.ptr[word.len - 1])) {
        word.len--;
    }
    return word.len >= 3 && (str_eq_ci(word, from->local) || str_find_ci(from->domain, word) == 0);
}

static enum relation relate(const struct analysis_context *context,
                            const struct analysis_event *event, const struct ml_address *shown,
                            const struct ml_address *from, struct str behind) {
    const struct site *site = context->site;
    if (ml_address_same(shown, from)) {
        return RELATION_NONE;
    }
    if (site_is_mailing_list(site, from->whole)) {
        return RELATION_LIST;
    }
    if (ml_same_organisation(shown->domain, from->domain)) {
        return RELATION_KIN;
    }
    if (site_is_own_mail_domain(site, shown->domain) ||
        site_is_partner_domain(site, shown->domain) || is_recipient_domain(event, shown->domain)) {
        return RELATION_OWN;
    }
    return is_via_sender(behind, from) ? RELATION_VIA : RELATION_OTHER;
}

static enum finding_level level_of(enum relation relation, bool refused) {
    enum finding_level level = relation == RELATION_OWN     ? LEVEL_HIGH
                               : relation == RELATION_OTHER ? LEVEL_MEDIUM
                                                            : LEVEL_LOW;
    return refused && level == LEVEL_HIGH ? LEVEL_MEDIUM : level;
}

static void write_reason(struct ml_state *s, const struct analysis_event *event,
                         enum relation relation, struct str shown) {
    static const struct text2 notes[] = {
        [RELATION_NONE] = {STR_INIT(""), STR_INIT("")},
        [RELATION_LIST] = {STR_INIT(" The sender is a registered mailing list."),
                           STR_INIT("送信元は登録済みのメーリングリストです。")},
        [RELATION_VIA] = {STR_INIT(" It looks like a mailing list that shows its writer."),
                          STR_INIT("投稿者を表示するメーリングリストと思われます。")},
        [RELATION_KIN] = {STR_INIT(" Both addresses belong to one organisation."),
                          STR_INIT("両アドレスは同じ組織に属します。")},
        [RELATION_OTHER] = {STR_INIT(" The two belong to different organisations."),
                            STR_INIT("両アドレスの組織は異なります。")},
        [RELATION_OWN] = {STR_INIT(" The shown address is of the own or a partner organisation."),
                          STR_INIT("表示されたアドレスは自組織または取引先のものです。")},
    };
    struct str from = event_get(event, FIELD_EMAIL_FROM);
    struct str subject = event_get(event, FIELD_EMAIL_SUBJECT);
    bool refused = ml_mail_refused(event);
    ml_mail_recipients(&s->to_en, &s->to_ja, event);
    buf_printf(&s->draft.en,
               "The display name shows %.*s, but the mail comes from %.*s (to %.*s, subject "
               "\"%.*s\"%s).%.*s",
               STR_ARG(shown), STR_ARG(from), STR_ARG(buf_str(&s->to_en)), STR_ARG(subject),
               refused ? ", refused by the server" : "", STR_ARG(notes[relation].en));
    buf_printf(&s->draft.ja,
               "表示名は %.*s ですが、実際の送信元は %.*s です(宛先 %.*s、件名「%.*s」%s)。%.*s",
               STR_ARG(shown), STR_ARG(from), STR_ARG(buf_str(&s->to_ja)), STR_ARG(subject),
               refused ? "、サーバーが拒否" : "", STR_ARG(notes[relation].ja));
}

static void emit(struct ml_state *s, const struct analysis_context *context,
                 const struct analysis_event *event, enum relation relation, struct str shown) {
    struct draft_builder *b = &s->draft;
    draft_begin(b);
    draft_key(b, event_get(event, FIELD_EMAIL_FROM));
    draft_key(b, shown);
    ml_mail_entities(b, event);
    draft_entity(b, ENTITY_SENDER, shown);
    write_reason(s, event, relation, shown);
    struct finding_draft draft = draft_take(b, level_of(relation, ml_mail_refused(event)));
    draft.suppress = relation == RELATION_LIST;
    if (draft.suppress) {
        draft.suppressed_by = STR("site file: mailing list");
    }
    analysis_emit_event(context, event, &draft);
}

/* The worst shown address of the name. */
static enum relation judge_name(struct str *shown, const struct analysis_context *context,
                                const struct analysis_event *event, struct str name,
                                const struct ml_address *from) {
    enum relation worst = RELATION_NONE;
    struct ml_address address;
    struct str rest = name;
    while (ml_address_next(&address, &rest)) {
        enum relation relation = relate(context, event, &address, from, rest);
        if (relation > worst) {
            worst = relation;
            *shown = address.whole;
        }
    }
    return worst;
}

static void on_event(void *state, const struct analysis_context *context,
                     const struct analysis_event *event) {
    struct ml_state *s = state;
    struct str header_state = event_get(event, FIELD_EMAIL_FROM_STATE);
    struct ml_address from;
    struct str shown = STR_EMPTY;
    if (header_state.len == 0) {
        return; /* no From header was logged: the needed field says so */
    }
    buf_clear(&s->folded);
    buf_clear(&s->scratch);
    fold_text(&s->folded, event_get(event, FIELD_EMAIL_FROM_NAME));
    fold_text(&s->scratch, event_get(event, FIELD_EMAIL_FROM));
    enum relation relation = RELATION_NONE;
    if (ml_address_parse(&from, buf_str(&s->scratch))) {
        relation = judge_name(&shown, context, event, buf_str(&s->folded), &from);
    }
    bool readable = str_eq(header_state, STR("ok"));
    ml_unread_count(s->unread, event, !readable && relation == RELATION_NONE);
    if (relation != RELATION_NONE) {
        emit(s, context, event, relation, shown);
    }
}

static void cover(void *state, const struct analysis_context *context, int32_t day) {
    ml_unread_cover(((struct ml_state *)state)->unread, context, day,
                    "From headers are cut or undecodable in the log",
                    "Fromヘッダーがログで切れているか復号できない");
}

static const struct analysis_field fields[] = {
    {"email.from.original", true}, ML_MAIL_FIELDS, {NULL, false}};

const struct analysis analysis_ml_01 = {
    .id = "ML-01",
    .name_en = "Display name shows another address",
    .name_ja = "From表示名偽装",
    .attack = "T1656",
    .families = "mail",
    .fields = fields,
    .only_derived = true,
    .join_gap_days = 1,
    .next = {{"Warn the recipients and pull the mail from their mailboxes.",
              "受信者に注意喚起し、メールボックスから該当メールを回収してください。"},
             {"Look in the proxy log whether somebody followed a link of the mail.",
              "プロキシーログでメール内のリンクへのアクセスの有無を確認してください。"},
             {"Ask the person whose address is shown by telephone.",
              "表示されたアドレスの本人に電話で確認してください。"}},
    .do_not = {{"Do not reply to the mail or open it to test it.",
                "試しに返信したり開いたりしないでください。"}},
    .create = ml_state_create,
    .destroy = ml_state_destroy,
    .event = on_event,
    .evict = ml_state_evict,
    .coverage = cover,
};
