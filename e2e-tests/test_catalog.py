"""A firm prices its products and forecasts by them, through the public door (CAT-01 to CAT-06)."""

import uuid

import httpx

STAGES = [
    {"key": "new", "name": "New", "probability": 10, "outcome": "OPEN"},
    {"key": "won", "name": "Won", "probability": 100, "outcome": "WON"},
    {"key": "lost", "name": "Lost", "probability": 0, "outcome": "LOST"},
]


def post(http: httpx.Client, path: str, **body) -> dict:
    answer = http.post(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def cny(amount: str) -> dict:
    return {"currencyCode": "CNY", "amount": amount}


def name(what: str) -> str:
    return f"{what} {uuid.uuid4()}"


def test_from_a_category_to_a_priced_line_of_a_deal(banyan):
    with banyan.client() as http:
        hardware = post(http, "/v1/productCategories", name=name("Hardware"))["id"]
        cards = post(
            http, "/v1/productCategories", name=name("Cards"), parentProductCategoryId=hardware
        )["id"]
        series = post(http, "/v1/productSeries", name=name("GTX"), productCategoryId=cards)["id"]
        product = post(
            http, "/v1/products", name="GTX Pro", code=name("GTX-PRO"), productSeriesId=series,
            price=cny("4821"), cost=cny("3050.50"), unitOfMeasure="piece",
        )["id"]  # fmt: skip
        refused = http.delete(f"/v1/productCategories/{cards}")
        assert (refused.status_code, refused.json()["reason"]) == (422, "HAS_PRODUCTS")
        price_list = post(http, "/v1/priceLists", name=name("2026"), validFrom="2026-01-01")["id"]
        for quantity, price in (("1", "4800.123456"), ("10", "4500")):
            post(
                http, "/v1/priceListItems", priceListId=price_list, productId=product,
                minimumQuantity=quantity, unitPrice=cny(price),
            )  # fmt: skip
        discount = post(
            http, "/v1/discounts", name="Spring", productCategoryId=hardware, percent="12.5",
            validUntil="2026-03-31",
        )["id"]  # fmt: skip

        asked = {"date": "2026-03-31", "quantity": "9.5", "priceListId": price_list}
        quoted = http.get(f"/v1/products/{product}:price", params=asked)
        assert quoted.status_code == 200, quoted.text
        price = quoted.json()
        assert price["date"] == "2026-03-31"
        assert price["listPrice"] == cny("4800.123456")
        assert price["netUnitPrice"] == cny("4200.108024")
        assert (price["discountId"], price["discountPercent"]) == (discount, "12.5")
        after = http.get(f"/v1/products/{product}:price", params=asked | {"date": "2026-04-01"})
        assert after.json()["netUnitPrice"] == cny("4800.123456")
        assert "discountId" not in after.json()

        pipeline = post(http, "/v1/pipelines", name=name("Direct"), stages=STAGES)["id"]
        deal = post(http, "/v1/opportunities", name="Cards", pipelineId=pipeline)["id"]
        post(
            http, "/v1/opportunityLines", opportunityId=deal, description="Cards", quantity="9.5",
            productId=product, unitPrice=price["listPrice"],
            discountPercent=price["discountPercent"],
        )  # fmt: skip
        query = {"groupBy": "productId", "measures": "sum:amount",
                 "filter": f'productId = "{product}"'}  # fmt: skip
        groups = http.get("/v1/opportunityLines:summarize", params=query).json()["groups"]
        assert [(g["keys"]["productId"], g["values"]["sum:amount"]) for g in groups] == [
            (product, cny("39901.03"))
        ]
