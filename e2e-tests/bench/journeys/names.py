"""Invented customers, half of them Chinese, half written in Latin letters."""

import random
from dataclasses import dataclass

_CITIES = (
    ("上海", "CN"), ("北京", "CN"), ("深圳", "CN"), ("苏州", "CN"), ("昆山", "CN"), ("杭州", "CN"),
    ("成都", "CN"), ("武汉", "CN"), ("青岛", "CN"), ("佛山", "CN"), ("大连", "CN"), ("厦门", "CN"),
)  # fmt: skip
_TOWNS = (
    ("Hamburg", "DE"), ("Lyon", "FR"), ("Gdańsk", "PL"), ("Porto", "PT"), ("Malmö", "SE"),
    ("Leeds", "GB"), ("Austin", "US"), ("Torino", "IT"), ("Brno", "CZ"), ("Bergen", "NO"),
)  # fmt: skip
# The common ones first: names are made of few signs, and of the first far more often.
_SIGNS = (
    "华瑞恒鼎盛达德隆信诚远宏博凯润泽晨旭锦程嘉禾天元东方中兴海川安康永丰金石新明"
    "国泰和顺福源广联通星宇科创威力立群益百佳美乐迪奥克斯凌云龙腾飞翔江河山林森松"
    "柏青蓝白玉宝珠银铭铂钧钰铠锐锋鸿鹏鹤骏骐麒麟启智慧思维维博学文景轩雅逸"
)
_OFTEN = [1 / (rank + 8) for rank in range(len(_SIGNS))]
_TRADES = (
    ("精密机械", "machinery"), ("电子科技", "electronics"), ("生物医药", "pharma"),
    ("新能源", "energy"), ("汽车零部件", "automotive"), ("软件", "software"),
    ("食品", "food"), ("物流", "logistics"), ("环保设备", "environment"), ("纺织", "textiles"),
)  # fmt: skip
_FORMS = ("有限公司", "股份有限公司", "集团有限公司")
_SYLLABLES = (
    "nor", "vik", "kes", "trel", "bran", "dor", "mar", "lin", "hal", "den", "sol", "mer", "tor",
    "gan", "pel", "rix", "ves", "tan", "cal", "lum", "bor", "eth", "fen", "wyn", "ost", "arv",
    "quil", "zan", "jor", "tes", "ulm", "rho", "pra", "sig", "nev", "hov", "ire", "gau", "bex",
)  # fmt: skip
_WORKS = (
    ("Precision", "machinery"), ("Electronics", "electronics"), ("Biotech", "pharma"),
    ("Energy", "energy"), ("Castings", "automotive"), ("Software", "software"),
    ("Foods", "food"), ("Freight", "logistics"), ("Filters", "environment"),
    ("Weaving", "textiles"),
)  # fmt: skip
_ENDINGS = ("GmbH", "Ltd", "AB", "S.A.", "Inc.", "s.r.o.")


@dataclass(frozen=True)
class Customer:
    """What is known of an invented customer.

    Attributes:
        brand: the part of its name one remembers; it stands inside a Chinese name and begins a
            Latin one.
    """

    name: str
    brand: str
    city: str
    country_code: str
    industry: str


def customer(chance: random.Random) -> Customer:
    """Invent a customer."""
    if chance.random() < 0.5:
        city, country = chance.choice(_CITIES)
        trade, industry = chance.choice(_TRADES)
        brand = "".join(chance.choices(_SIGNS, _OFTEN, k=chance.choice((2, 2, 3))))
        return Customer(f"{city}{brand}{trade}{chance.choice(_FORMS)}", brand, city, country,
                        industry)  # fmt: skip
    town, country = chance.choice(_TOWNS)
    work, industry = chance.choice(_WORKS)
    brand = "".join(chance.choices(_SYLLABLES, k=3)).capitalize()
    return Customer(f"{brand} {work} {chance.choice(_ENDINGS)}", brand, town, country, industry)
