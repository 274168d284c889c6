"""Mail of an ordinary day: partners, newsletters, colleagues writing out, rejected spam."""
import company
import core
from background.people import moments
from clock import DAY_COUNT, SECOND, at
from sources.postfix import Mail, encoded_word, rfc2231
from world import outside_ip

PARTNER_STAFF = {
    "kitami-hoso.example": ["北見 包子 高橋", "takahashi"],
    "ishikari-unyu.example": ["石狩運輸 配車係", "haisha"],
    "furano-beika.example": ["富良野米菓 中山", "nakayama"],
    "otaru-suisan.example": ["小樽水産 受注担当", "order"],
    "midori-print.example": ["みどり印刷 営業部", "eigyo"],
}
SUBJECTS = ["ご注文の件", "納品書送付のご案内", "見積書の再送について", "打合せ日程のご相談",
            "Re: 包材サンプルの件", "11月度 請求書", "工場見学のお礼", "配送遅延のお詫び"]
ATTACHMENTS = ["見積書_20261109.pdf", "納品書.pdf", "注文一覧.xlsx", "議事録.docx",
               "sample_photo.jpg", "仕様書 ver2.pdf", "catalog2026.pdf"]
INTERNAL_RELAY = ("ex01.ad.tsukimori.example", "10.61.1.25")


def header_from(name, address, charset="utf-8"):
    return f"From: {encoded_word(name, charset)} <{address}>"


def attachment(name, how="2231", kind="application/octet-stream"):
    """A Content-Disposition or Content-Type line with the name in one of the usual ways."""
    if how == "2231":
        return f"Content-Disposition: attachment;??filename*={rfc2231(name)}"
    if how == "2047":
        return f'Content-Type: {kind};??name="{encoded_word(name)}"'
    if how == "iso-2022-jp":
        return f'Content-Type: {kind};??name="{encoded_word(name, "ISO-2022-JP")}"'
    return f'Content-Disposition: attachment; filename="{name}"'


def receive(world, t, sender, client, recipients, headers, size=18000, helo=None, tag=None):
    """A mail from outside to people of the company."""
    name, address = client
    world.postfix.add(Mail(
        t=t, queue_id=world.queue_id(), client=client, sender=sender, recipients=recipients,
        message_id=f"{core.digest(sender + str(t)):08x}.{t // SECOND}@{sender.split('@')[-1]}",
        size=size, headers=headers, helo=helo or name), tag)
    world.dns.query(t - SECOND, "172.30.5.25", world.port(), sender.split("@")[-1], "MX")
    world.fortigate.traffic(t + SECOND, (address, world.port()), (company.PUBLIC_MAIL_IP, 25),
                            "close", sent=size, received=900, duration=2, inbound=True)


def partner_client(domain):
    return (f"mail.{domain}", outside_ip(f"mail.{domain}"))


def run(world):
    for day in range(DAY_COUNT):
        inbound(world, day)
        outbound(world, day)
        rejected(world, day)
        newsletters(world, day)


def inbound(world, day):
    rng = core.chance("mail-in", day)
    people = list(company.PEOPLE.values())
    for t in moments(rng, at(day, "07:50"), at(day, "19:10"), 90):
        domain = rng.choice(company.PARTNERS)
        name, user = PARTNER_STAFF[domain]
        charset = "ISO-2022-JP" if domain == "otaru-suisan.example" else "utf-8"
        headers = [header_from(name, f"{user}@{domain}", charset),
                   f"Subject: {encoded_word(rng.choice(SUBJECTS), charset)}"]
        if rng.random() < 0.35:
            how = rng.choice(["2231", "2047", "iso-2022-jp"])
            headers.append(attachment(rng.choice(ATTACHMENTS), how))
        recipients = [person.mail for person in rng.sample(people, rng.choice([1, 1, 1, 2]))]
        receive(world, t, f"{user}@{domain}", partner_client(domain), recipients, headers,
                rng.randint(4000, 400000))


def outbound(world, day):
    rng = core.chance("mail-out", day)
    people = list(company.PEOPLE.values())
    for t in moments(rng, at(day, "08:30"), at(day, "18:40"), 60):
        person = rng.choice(people)
        domain = rng.choice(company.PARTNERS)
        name, address = partner_client(domain)
        headers = [header_from(f"{person.ja} ({company.NAME_JA})", person.mail),
                   f"Subject: {encoded_word('Re: ' + rng.choice(SUBJECTS))}"]
        if rng.random() < 0.3:
            headers.append(attachment(rng.choice(ATTACHMENTS), "2047"))
        size = rng.randint(3000, 300000)
        world.postfix.add(Mail(
            t=t, queue_id=world.queue_id(), client=INTERNAL_RELAY, sender=person.mail,
            recipients=[f"{PARTNER_STAFF[domain][1]}@{domain}"],
            message_id=f"{core.digest(person.user + str(t)):08X}@{company.AD_DNS}", size=size,
            headers=headers, helo=INTERNAL_RELAY[0], relay=f"{name}[{address}]:25"))
        world.fortigate.traffic(t + SECOND, ("172.30.5.25", world.port()), (address, 25), "close",
                                sent=size, received=800, duration=2)


def rejected(world, day):
    rng = core.chance("mail-spam", day)
    for _ in range(70):
        t = at(day, "00:10") + rng.randrange(23 * 3600) * SECOND
        address = f"198.51.100.{rng.randint(202, 210)}"
        person = rng.choice(list(company.PEOPLE.values()))
        world.postfix.reject(t, ("unknown", address), f"info{rng.randrange(99)}@webpost.example",
                             person.mail)


def newsletters(world, day):
    """One newsletter a day to many, its sender's name plain ASCII."""
    people = list(company.PEOPLE.values())
    client = ("news.shokuhin-tsushin.example", outside_ip("news.shokuhin-tsushin.example"))
    for number, person in enumerate(people[day::4]):
        receive(world, at(day, "10:30") + number * 3 * SECOND, "mag@shokuhin-tsushin.example",
                client, [person.mail],
                ['From: "Shokuhin Tsushin" <mag@shokuhin-tsushin.example>',
                 f"Subject: {encoded_word('【週刊】食品通信 第' + str(410 + day) + '号')}"], 52000)
