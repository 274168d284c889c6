"""PX-06: a POST, then tunnels to the same host, and much data going out."""
import company
from clock import MINUTE, SECOND, at

MIB = 1 << 20


def run(world):
    stolen_files(world)
    second_case(world)
    lookalikes(world)


def sequence(world, t, person, host, uploads, story, replies=4100):
    """POST, then one CONNECT per upload size, two minutes apart."""
    world.web(t, person, "POST", f"http://{host}/in/begin", request_bytes=uploads[0],
              reply_bytes=310, milliseconds=640, tag=story)
    for size in uploads[1:]:
        t += 2 * MINUTE + 9 * SECOND
        world.web(t, person, "CONNECT", f"{host}:443", request_bytes=size, reply_bytes=replies,
                  milliseconds=61000, tag=story)


def stolen_files(world):
    person = company.PEOPLE["tamura.e"]
    host = "up.gazou-bin.example"
    story = world.site.plant(
        "PX-06a", "PX-06", "high", {"client": [person.ip], "user": [person.user],
                                    "destination": [host]},
        "夜間、感染PCから POST に続く CONNECT で約31MiBを外部へ送信した。",
        "At night the infected PC sends about 31 MiB: a POST followed by tunnels.")
    sequence(world, at(2, "20:10:33"), person, host,
             [88210, 7 * MIB + 1033, 9 * MIB, 8 * MIB + 77120, 7 * MIB + 9], story)


def second_case(world):
    person = company.PEOPLE["okuda.k"]
    host = "sync.photo-kura.example"
    story = world.site.plant(
        "PX-06b", "PX-06", "high", {"client": [person.ip], "user": [person.user],
                                    "destination": [host]},
        "大阪のPCから、契約の無い写真保管サービスへ約14MiBを送信した。",
        "A PC in Osaka sends about 14 MiB to a photo store nobody has a contract with.")
    sequence(world, at(3, "12:31:20"), person, host, [2048, 6 * MIB, 5 * MIB, 3 * MIB], story)


def lookalikes(world):
    person = company.PEOPLE["kasuga.r"]
    story = world.site.lookalike(
        "PX-06x1", "PX-06", {"client": [person.ip], "destination": [company.STORAGE_HOST]},
        "契約済みストレージへの大きな送信。台帳に許可がある。",
        "A large upload to the contracted storage: registered.")
    sequence(world, at(1, "10:15"), person, company.STORAGE_HOST, [4096, 22 * MIB, 18 * MIB], story)
    other = company.PEOPLE["hamano.s"]
    reader = company.PEOPLE["hirose.m"]
    story = world.site.lookalike(
        "PX-06x2", "PX-06", {"client": [reader.ip], "destination": ["www.shokuhin-hyoji.example"]},
        "同じ並び (POST→CONNECT) だが、送信量はわずか。",
        "The same order of requests, but hardly any data out.")
    sequence(world, at(1, "13:40"), reader, "www.shokuhin-hyoji.example", [1800, 5200, 4100, 3900],
             story)
    story = world.site.lookalike(
        "PX-06x3", "PX-06", {"client": [reader.ip], "destination": ["www.douga-hiroba.example"]},
        "大量なのは受信 (動画の視聴)。", "Much data, but coming in: a video.")
    sequence(world, at(1, "15:02"), reader, "www.douga-hiroba.example", [900, 4100, 3000], story,
             85 * MIB)
    story = world.site.lookalike(
        "PX-06x4", "PX-06", {"client": [other.ip], "destination": ["album.matsuri-foto.example"]},
        "東京支店のプロキシは送信量を記録しない。検知ではなく「評価不能」となるべきもの。",
        "The Tokyo proxy logs no upload size: not evaluable there, neither hit nor clean.")
    sequence(world, at(2, "13:11"), other, "album.matsuri-foto.example", [900, 30 * MIB, 9 * MIB],
             story)
