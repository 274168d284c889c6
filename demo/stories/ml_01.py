"""ML-01: an address in the display name that is not the sender's."""
import company
from background.mail import header_from, partner_client, receive
from clock import SECOND, at
from sources.postfix import encoded_word
from stories.ml_02 import DOUBLE_EXTENSION_HEADER, plant_double_extension

FORGED = ("takahashi.kitami@freemail.example", "takahashi@kitami-hoso.example")
FREE_MAIL_CLIENT = ("out3.freemail.example", "198.51.100.31")


def run(world):
    partner_name(world)
    own_name(world)
    same_organisation(world)
    lookalikes(world)


def partner_name(world):
    """The first step of the intrusion: forged name and executable in one mail."""
    person = company.PEOPLE["tamura.e"]
    story = world.site.plant(
        "ML-01a", "ML-01", "high", {"sender": [FORGED[0]], "recipient": [person.mail]},
        "表示名に取引先のアドレスを書き、実際の差出人はフリーメール (ISO-2022-JP)。",
        "The display name shows a partner's address, the mail comes from a free mail account.")
    attachment_story = plant_double_extension(world, FORGED[0], person)
    name = f"北見包装 経理 高橋 <{FORGED[1]}>"
    receive(world, at(0, "09:42:18"), FORGED[0], FREE_MAIL_CLIENT, [person.mail], [
        header_from(name, FORGED[0], "ISO-2022-JP"),
        f"Subject: {encoded_word('11月度ご請求書の件', 'ISO-2022-JP')}",
        DOUBLE_EXTENSION_HEADER], 412033, tag=(story, attachment_story))


def own_name(world):
    people = [company.PEOPLE[user] for user in ("hoshino.k", "mikami.t", "ebina.c")]
    sender = "support@jimu-cloud-login.example"
    story = world.site.plant(
        "ML-01b", "ML-01", "high", {"sender": [sender],
                                    "recipient": [person.mail for person in people]},
        "自社の情報システム課を名乗る表示名 (全角＠)。差出人は社外。",
        "The display name pretends to be our own help desk, written with a full-width at sign.")
    receive(world, at(1, "08:55:40"), sender, ("vps12.kashi-server.example", "198.51.100.47"),
            [person.mail for person in people], [
                header_from("情報システム課 helpdesk＠tsukimori.example", sender),
                f"Subject: {encoded_word('【重要】パスワード有効期限のお知らせ')}"], 9120, tag=story)


def same_organisation(world):
    person = company.PEOPLE["mikami.t"]
    sender = "takahashi@kitami-hoso.example"
    story = world.site.plant(
        "ML-01c", "ML-01", "low", {"sender": [sender], "recipient": [person.mail]},
        "表示名と差出人が違うが、同じ組織のドメイン (部署アドレスと個人)。低、ただし隠さない。",
        "Name and sender differ within one organisation: low, but never hidden.")
    receive(world, at(2, "11:02:10"), sender, partner_client("kitami-hoso.example"),
            [person.mail], [f'From: "keiri@kitami-hoso.example" <{sender}>',
                            f"Subject: {encoded_word('納品書送付のご案内')}"], tag=story)


def lookalikes(world):
    person = company.PEOPLE["sakuma.n"]
    cases = [
        ("ML-01x1", "nakayama@furano-beika.example", "furano-beika.example",
         'From: "NAKAYAMA@furano-beika.example" <nakayama@furano-beika.example>',
         "表示名が本人のアドレスそのもの (大文字小文字の違いだけ)。",
         "The display name is the sender's own address in capitals."),
        ("ML-01x2", "foodsafety@foodsafety-ml.example", "foodsafety-ml.example",
         'From: "order@otaru-suisan.example via foodsafety" <foodsafety@foodsafety-ml.example>',
         "メーリングリストが投稿者のアドレスを表示名に入れたもの。台帳に許可がある。",
         "A mailing list that shows the writer's address; registered."),
        ("ML-01x3", "order@otaru-suisan.example", "otaru-suisan.example",
         'From: "order+nov@otaru-suisan.example" <order@otaru-suisan.example>',
         "サブアドレス (+nov) の違いだけ。", "The same address but for its sub-address."),
    ]
    for number, (key, sender, domain, header, ja, en) in enumerate(cases):
        story = world.site.lookalike(key, "ML-01", {"sender": [sender],
                                                    "recipient": [person.mail]}, ja, en)
        receive(world, at(2, "14:20") + number * 600 * SECOND, sender, partner_client(domain),
                [person.mail], [header, "Subject: Re: sample"], tag=story)
