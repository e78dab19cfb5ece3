"""The quick test of a name's key lets nobody go who is alike (PLT-17)."""

import itertools
import random

import pytest
from banyan.party.v1 import organization_pb2

from party.folding import organization_name
from party.matching import (
    WORTH_A_LOOK,
    OrganizationTraits,
    compare_organizations,
    name_test,
    organization_traits,
)

CHINESE = (
    ("", "中国", "深圳市", "广东省深圳市", "昆山", "（上海）"),
    ("华为", "华", "大疆创新", "大疆创兴", "华瑞恒鼎", "华瑞恒丰", "ＴＣＬ"),
    ("", "技术", "精密机械", "机械精密", "电子科技", "（中国）", "银行"),
    ("", "有限公司", "股份有限公司", "（集团）", "有限公司苏州分公司"),
)
LATIN = (
    ("", "The ", "China "),
    ("Siemens", "Seimens", "SIÉMENS", "Norvikkes", "Norviktrel", "Nor Vik Kes", "General", "A"),
    ("", " Energy", " Precision", " Precision Tools", " Tools Precision", " Bank"),
    ("", " GmbH & Co. KG", " Ltd., China", " S.A.", "  "),
)  # fmt: skip


def names(count: int = 250) -> list[str]:
    """Make names of parts, with what people do to names when they type."""
    chance = random.Random(17)
    made = ["".join(parts) for kind in (CHINESE, LATIN) for parts in itertools.product(*kind)]
    found = chance.sample(made, count - 3)
    for place in range(0, len(found), 5):
        name = found[place]
        at = chance.randrange(len(name) + 1)
        found[place] = chance.choice(
            (name[:at] + name[at + 1 :], f" {name}", name.upper(), f"{name[:at]} {name[at:]}")
        )
    return [*found, "", "!!", "中国"]


@pytest.mark.parametrize("score_min", [0, 0.01, 0.42, WORTH_A_LOOK, 0.6, 0.75])
def test_whose_key_fails_is_not_so_much_alike(score_min):
    everybody = [OrganizationTraits(organization_name(name)) for name in names()]
    alike = refused = 0
    for one in everybody:
        passes = name_test(one, score_min)
        for other in everybody:
            score = compare_organizations(one, other).score
            wanted = score > 0 and score >= score_min
            passed = passes(other.name.key)
            assert passed or not wanted, (one, other, score)
            alike += wanted
            refused += not passed
    assert alike > 300, "many are alike"
    assert refused > len(everybody) ** 2 / 2, "and most of the others need not be read"


def test_the_key_begins_with_the_brand_and_ends_with_the_trade():
    for text in names():
        name = organization_name(text)
        assert name.key.startswith(name.brand)
        assert name.key.endswith(name.trade)


def test_traits_follow_what_they_are_read_from():
    """What is remembered is remembered by its values: a changed record has others at once."""
    one = organization_pb2.Organization(
        name="华为技术有限公司", phone="89 63600", country_code="DE"
    )
    assert organization_traits(one).phone == "498963600"
    one.country_code = "FR"
    assert organization_traits(one).phone == "338963600"
    one.name = "Siemens"
    assert organization_traits(one).name.brand == "siemens"
