"""The order system and the nightly batch: lines that no parser knows."""
import company
import core
from background.people import moments
from clock import DAY_COUNT, SECOND, at

PRODUCTS = ["月見だんご 12個入", "北の甘酒 500ml", "十勝小豆あん 1kg", "冷凍かぼちゃコロッケ",
            "昆布つゆ 1.8L", "ポテトもち ﾁｰｽﾞ"]
CUSTOMERS = ["スーパー北斗", "生協みなみ", "道の駅ゆきむし", "㈱ソラチ商事", "百貨店 丸十"]


def run(world):
    for day in range(DAY_COUNT):
        orders(world, day)
        batch(world, day)


def orders(world, day):
    rng = core.chance("orders", day)
    people = [p for p in company.PEOPLE.values() if "営業" in p.department]
    for t in moments(rng, at(day, "08:20"), at(day, "18:50"), 260):
        person = rng.choice(people)
        number = f"J2611{rng.randrange(10**5):05d}"
        quantity, product = rng.randint(1, 400), rng.choice(PRODUCTS)
        level = "警告" if rng.random() < 0.03 else "情報"
        text = (f"在庫不足: {product} 残{quantity}" if level == "警告" else
                f"受注登録 番号={number} 得意先={rng.choice(CUSTOMERS)} 品名={product} 数量={quantity}")
        world.orders.line(t, level, person.user, text)


def batch(world, day):
    t = at(day, "01:30")
    world.batch.line(t, "日次処理　開始")
    for number, name in enumerate(["受注取込", "在庫引当", "出荷指示", "請求データ作成", "予実表更新"]):
        t += 97 * SECOND
        count = core.digest(f"{name}{day}") % 3000
        world.batch.line(t, f"{number + 1:02d}　{name}　{count}件　正常終了")
    world.batch.line(t + 5 * SECOND, "日次処理　終了　異常なし")
