"""ML-02: executable attachments under all kinds of names."""
import company
from background.mail import attachment, header_from, partner_client, receive
from clock import MINUTE, at
from sources.postfix import encoded_word, rfc2231

DOUBLE_EXTENSION = "請求書_11月.pdf.exe"
DOUBLE_EXTENSION_HEADER = ("Content-Disposition: attachment;??filename*=" +
                           rfc2231(DOUBLE_EXTENSION))
RLO_NAME = "見積_\u202efdp.scr"  # shown as 見積_rcs.pdf


def plant_double_extension(world, sender, person):
    """The attachment of the intrusion's mail; the mail itself is sent by ml_01."""
    return world.site.plant(
        "ML-02a", "ML-02", "critical", {"sender": [sender], "recipient": [person.mail],
                                        "file": [DOUBLE_EXTENSION]},
        "二重拡張子の実行ファイル (RFC 2231 で符号化された名前)。",
        "An executable with a double extension, its name encoded after RFC 2231.")


def run(world):
    right_to_left(world)
    script(world)
    harmless_names(world)
    cut_name(world)


def right_to_left(world):
    person = company.PEOPLE["asakura.m"]
    sender = "eigyo@midori-prlnt.example"
    story = world.site.plant(
        "ML-02b", "ML-02", "critical", {"sender": [sender], "recipient": [person.mail],
                                        "file": [RLO_NAME]},
        "文字の並びを逆転させる制御文字 (U+202E) で拡張子を偽装した .scr。",
        "A .scr whose extension is disguised by a right-to-left override (U+202E).")
    receive(world, at(1, "13:31:02"), sender, ("mail.midori-prlnt.example", "198.51.100.61"),
            [person.mail], [
                header_from("みどり印刷 営業部", sender),
                f"Subject: {encoded_word('お見積りの件')}",
                f'Content-Type: application/octet-stream;??name="{encoded_word(RLO_NAME)}"'],
            288120, tag=story)


def script(world):
    people = [company.PEOPLE[user] for user in ("kuroki.b", "takeda.w")]
    sender = "scan@webpost.example"
    story = world.site.plant(
        "ML-02c", "ML-02", "high", {"sender": [sender], "file": ["SCAN_1112.JS"],
                                    "recipient": [person.mail for person in people]},
        "大文字の .JS (スクリプト)。スキャナからの通知を装う。",
        "A script, .JS in capitals, posing as a message of the scanner.")
    receive(world, at(3, "09:14:55"), sender, ("mx4.webpost.example", "198.51.100.66"),
            [person.mail for person in people], [
                'From: "Scanner" <scan@webpost.example>', "Subject: Scan from MFP",
                attachment("SCAN_1112.JS", "plain")], 40110, tag=story)


def harmless_names(world):
    person = company.PEOPLE["yokoi.d"]
    names = ["setup.exe.pdf", "manual_exe.docx", "議事録.scr案.xlsx"]
    story = world.site.lookalike(
        "ML-02x1", "ML-02", {"recipient": [person.mail], "file": names},
        "名前の途中に exe や scr があるが、拡張子は文書。",
        "exe or scr inside the name, but the extension is that of a document.")
    for number, name in enumerate(names):
        receive(world, at(0, "15:05") + number * 40 * MINUTE, "eigyo@midori-print.example",
                partner_client("midori-print.example"), [person.mail], [
                    header_from("みどり印刷 営業部", "eigyo@midori-print.example"),
                    attachment(name, ("2231", "plain", "2047")[number])], tag=story)


def cut_name(world):
    """Longer than the 200 bytes that Postfix logs: nobody can know the extension."""
    person = company.PEOPLE["goto.h"]
    name = "旭川工場向け冷凍かぼちゃコロッケ製造ライン点検結果報告書および改善提案書一式第三版最終.pdf"
    story = world.site.lookalike(
        "ML-02x2", "ML-02", {"recipient": [person.mail]},
        "添付名が200バイトで切れている。検知でも安全でもなく「評価不能」と示すべきもの。",
        "The name is cut at 200 bytes: neither a hit nor clean, to be shown as not evaluable.")
    receive(world, at(2, "16:48:30"), "nakayama@furano-beika.example",
            partner_client("furano-beika.example"), [person.mail], [
                header_from("富良野米菓 中山", "nakayama@furano-beika.example"),
                attachment(name, "iso-2022-jp")], tag=story)
