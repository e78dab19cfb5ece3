"""Rights that reach by product categories, through the public door (CAT-10, PLT-16)."""

import uuid

import httpx
from firms import Person, eventually, permissions, post
from places import DEALS, LINES, refusal
from teams import READ_BY_ALL, Teams, cny

CATALOG = ("catalog.Product", "catalog.ProductSeries", "catalog.ProductCategory")
PLACES_OF = {"products": "Product", "productSeries": "ProductSeries"}


class Shelves:
    """Cards in hardware, with series and products in both and beside them, all named by a word."""

    def __init__(self, teams: Teams) -> None:
        self.teams, self.word = teams, teams.word()
        self.hardware, self.other = self.category("hardware"), self.category("other")
        self.cards = self.category("cards", self.hardware)
        self.series = {
            name: self.make("productSeries", name, productCategoryId=category)
            for name, category in (("gtx", self.cards), ("beside", self.other))
        }
        self.products = {
            name: self.make("products", name, **fields)
            for name, fields in {
                "board": {"productCategoryId": self.hardware},
                "card": {"productCategoryId": self.cards},
                "of gtx": {"productSeriesId": self.series["gtx"], "productCategoryId": self.other},
                "book": {"productCategoryId": self.other},
                "nowhere": {},
            }.items()
        }

    def make(self, collection: str, name: str, **fields: str) -> str:
        body = {"name": f"{name} {self.word}", **fields}
        return post(self.teams.admin, f"/v1/{collection}", body)["id"]

    def category(self, name: str, above: str = "") -> str:
        return self.make(
            "productCategories", name, **({"parentProductCategoryId": above} if above else {})
        )

    def buyer(self, *categories: str) -> Person:
        """Make somebody who reads what lies in some categories, and sells on their own."""
        allowed = permissions(CATALOG, "read", "CATEGORY") + permissions(("sales.*",), "*", "OWN")
        role = self.teams.role("Buyer", allowed + permissions(READ_BY_ALL, "read", "ALL"))
        return self.teams.person(self.teams.west, role, categoryIds=list(categories))

    def seen(self, http: httpx.Client, collection: str = "products") -> list[set[str]]:
        """Give the names somebody sees: by their ids, in a list, counted, searched for."""
        names = getattr(self, {"products": "products", "productSeries": "series"}[collection])
        path, word = f"/v1/{collection}", f'name : "{self.word}"'
        listed = http.get(path, params={"filter": word}).json().get(collection, [])
        groups = http.get(f"{path}:summarize", params={"filter": word, "groupBy": "name"}).json()
        kind = f"catalog.banyan/{PLACES_OF[collection]}"
        asked = {"query": self.word, "resourceTypes": kind, "pageSize": 100}
        hits = http.get("/v1/search", params=asked).json().get("hits", [])
        return [
            {name for name, key in names.items() if http.get(f"{path}/{key}").status_code == 200},
            *(
                {name.removesuffix(f" {self.word}") for name in found}
                for found in (
                    [record["name"] for record in listed],
                    [group["keys"]["name"] for group in groups.get("groups", [])],
                    [hit["title"] for hit in hits],
                )
            ),
        ]


def test_a_category_reaches_what_lies_in_it_and_below_it_wherever_that_is_moved(teams):
    """CAT-10, PLT-16: products, series, their titles, by whatever way one asks for them."""
    shelves = Shelves(teams)
    buyer = shelves.buyer(shelves.hardware)
    sees = shelves.seen

    def move(category: str, above: str) -> None:
        body = {"parentProductCategoryId": above} if above else {}
        post(teams.admin, f"/v1/productCategories/{category}:move", body)

    def put(product: str, category: str) -> None:
        path = f"/v1/products/{shelves.products[product]}"
        teams.admin.patch(path, json={"productCategoryId": category}).raise_for_status()

    eventually(lambda: sees(teams.admin), [shelves.products.keys()] * 4)
    eventually(lambda: sees(buyer), [{"board", "card"}] * 4)
    eventually(lambda: sees(buyer, "productSeries"), [{"gtx"}] * 4)
    by_series = shelves.buyer(shelves.series["gtx"])
    eventually(lambda: sees(by_series), [{"of gtx"}] * 4)
    assert sees(by_series, "productSeries") == [{"gtx"}] * 4

    put("card", shelves.other)
    put("book", shelves.cards)
    eventually(lambda: sees(buyer), [{"board", "book"}] * 4)
    move(shelves.cards, "")
    eventually(lambda: sees(buyer), [{"board"}] * 4)
    eventually(lambda: sees(buyer, "productSeries"), [set()] * 4)
    move(shelves.other, shelves.hardware)
    eventually(lambda: sees(buyer), [{"board", "card", "of gtx"}] * 4)
    categories = buyer.get("/v1/productCategories").json()["productCategories"]
    assert {c["id"] for c in categories} == {shelves.hardware, shelves.other}


def test_a_line_names_its_product_to_those_who_may_read_products_of_its_category(teams):
    """CAT-10, PLT-16: and whoever may not cannot say what is sold by it either."""
    shelves = Shelves(teams)
    buyer = shelves.buyer(shelves.hardware)
    deal = {"name": "Cards", "pipelineId": teams.pipeline, "ownerUserId": buyer.user_id}
    deal_id = post(teams.admin, DEALS, deal)["id"]
    line = {"opportunityId": deal_id, "description": "one", "quantity": "1", "unitPrice": cny("1")}
    line |= {"ownerUserId": buyer.user_id, "productId": shelves.products["book"]}
    path = f"{LINES}/{post(teams.admin, LINES, line)['id']}"
    eventually(lambda: "productName" in teams.admin.get(path).json(), True)
    assert "productName" not in buyer.get(path).json()
    refusals = []
    for target in (shelves.products["book"], str(uuid.uuid4())):
        answer = buyer.patch(path, json={"productId": target, "quantity": "3"})
        refusals.append(refusal(answer, target))
    assert refusals[0] == refusals[1]
    assert buyer.patch(path, json={"productId": shelves.products["card"]}).status_code == 200
    eventually(lambda: buyer.get(path).json().get("productName"), f"card {shelves.word}")
