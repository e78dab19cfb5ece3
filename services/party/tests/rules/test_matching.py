"""How alike two records are, and why (PLT-17): what is the same is found, what is not is left."""

import itertools

import pytest
from banyan.party.v1 import contact_pb2, match_pb2, organization_pb2

from party.folding import organization_name
from party.matching import (
    WORTH_A_LOOK,
    compare_contacts,
    compare_organizations,
    contact_traits,
    dice,
    name_likeness,
    organization_traits,
)

HUAWEI = "华为技术有限公司"
ONE, OTHER = "91440300192203821A", "914403007152137717"
HERE, THERE = "01978b6e-0000-7000-8000-000000000001", "01978b6e-0000-7000-8000-000000000002"

# Chinese and Latin names, and how alike they are: 1 is the same, 0 is not similar.
NAMES = [
    (HUAWEI, "华为技术股份有限公司", 1),
    (HUAWEI, "深圳市华为技术有限公司", 1),
    (HUAWEI, "华为技术（中国）有限公司", 1),
    ("深圳市大疆创新科技有限公司", "大疆创新科技", 1),
    ("万科（集团）股份有限公司", "万科集团", 1),
    ("ＴＣＬ集团股份有限公司", "TCL Corp.", 1),
    (HUAWEI, "华为终端有限公司", 0.7),
    (HUAWEI, "华为技术服务有限公司", 0.775),
    (HUAWEI, "华为", 0.85),
    (HUAWEI, "华为技术有限公司深圳分公司", 0.8),
    ("上海华联超市有限公司", "北京华联超市有限公司", 0.8),
    ("中国农业银行股份有限公司", "农业银行", 0.875),
    ("中国银行", "中国农业银行", 0),
    ("中国银行", "上海银行", 0),
    ("工商银行", "农业银行", 0),
    ("东方航空", "南方航空", 0),
    ("中国移动", "中国电信", 0),
    ("中国石油天然气集团有限公司", "中国石油化工集团有限公司", 0),
    ("中国石油", "中国石化", 0),
    ("华为", "华晨", 0),
    ("昆山精工机械有限公司", "昆山精功机械有限公司", 0),
    ("上海华为终端有限公司", "北京华为技术有限公司", 0),
    ("Siemens AG", "SIEMENS", 1),
    ("Siemens AG", "Siemens Ltd., China", 1),
    ("L'Oréal S.A.", "Loreal SA", 1),
    ("Johnson & Johnson", "Johnson and Johnson, Inc.", 1),
    ("Müller GmbH & Co. KG", "MULLER", 1),
    ("Siemens AG", "Siemens Energy AG", 0.85),
    ("Huawei Technologies Co., Ltd.", "Huawei Device Co., Ltd.", 0.7),
    ("Microsoft Corporation", "Mircosoft Corp", 0.8125),
    ("Betasoloin", "Betasolution", 0.8),
    ("Betasoloin", "Betatech", 0),
    ("Bank of China", "Agricultural Bank of China", 0),
    ("General Electric Company", "General Motors Company", 0),
    ("Deutsche Bank AG", "Deutsche Telekom AG", 0),
    ("!!", "??", 0),
    ("", "", 0),
]


@pytest.mark.parametrize(("one", "other", "likeness"), NAMES)
def test_names_of_organizations(one, other, likeness):
    a, b = organization_name(one), organization_name(other)
    assert name_likeness(a, b) == pytest.approx(likeness)
    assert name_likeness(b, a) == name_likeness(a, b), "it does not matter who was there first"


ORGANIZATIONS = [
    ({"tax_id": ONE}, {"name": "完全不同", "tax_id": ONE.lower()}, 0.95, "SAME_TAX_ID"),
    ({"tax_id": ONE}, {"name": HUAWEI, "tax_id": ONE}, 0.99, "SAME_TAX_ID SAME_NAME"),
    ({}, {"name": "深圳市华为技术有限公司"}, 0.75, "SAME_NAME"),
    ({"tax_id": ONE}, {"name": HUAWEI}, 0.75, "SAME_NAME"),
    # The same name, but the tax office says that they are two.
    ({"tax_id": ONE}, {"name": HUAWEI, "tax_id": OTHER}, 0.38, "SAME_NAME DIFFERENT_TAX_ID"),
    ({"tax_id": ONE}, {"name": "完全不同", "tax_id": OTHER}, 0, "DIFFERENT_TAX_ID"),
    ({}, {"name": "华为终端有限公司"}, 0.42, "SIMILAR_NAME"),
    ({}, {"name": "华为"}, 0.51, "SIMILAR_NAME"),
    (
        {"phone": "0755-28780808"},
        {"name": "华为终端有限公司", "phone": "+86 755 2878 0808"},
        0.65,
        "SIMILAR_NAME SAME_PHONE",
    ),
    (
        {"phone": "0755-28780808", "email": "Info@Huawei.com"},
        {"name": "完全不同", "phone": "+86 755 2878 0808", "email": "info@huawei.com"},
        0.64,
        "SAME_EMAIL SAME_PHONE",
    ),
    ({"email": "info@x.cn"}, {"name": "完全不同", "email": "info@x.cn"}, 0.4, "SAME_EMAIL"),
    ({"phone": "95588"}, {"name": "完全不同", "phone": "95588"}, 0, ""),
    ({"tax_id": "无", "email": "无"}, {"name": "完全不同", "tax_id": "无", "email": "无"}, 0, ""),
]


@pytest.mark.parametrize(("one", "other", "score", "reasons"), ORGANIZATIONS)
def test_organizations(one, other, score, reasons):
    pair = [organization_pb2.Organization(**({"name": HUAWEI} | record)) for record in (one, other)]
    a, b = map(organization_traits, pair)
    match = compare_organizations(a, b)
    assert (match.score, told(match)) == (score, reasons.split())
    assert compare_organizations(b, a) == match


CONTACTS = [
    ({}, {"name": "娜 李"}, 0.45, "SAME_NAME"),
    ({"given_name": "娜", "family_name": "李"}, {"name": "娜李"}, 0.45, "SAME_NAME"),
    ({"email": "a@b.cn"}, {"name": "王伟", "email": " A@B.cn"}, 0.85, "SAME_EMAIL"),
    ({"email": "a@b.cn"}, {"email": "a@b.cn"}, 0.92, "SAME_EMAIL SAME_NAME"),
    ({"organization_id": HERE}, {"organization_id": HERE}, 0.61, "SAME_NAME SAME_ORGANIZATION"),
    ({"organization_id": HERE}, {"organization_id": THERE}, 0.45, "SAME_NAME"),
    ({"organization_id": HERE}, {"name": "王伟", "organization_id": HERE}, 0, ""),
    # Colleagues at one switchboard are not one person.
    (
        {"phone": "0755-28780808", "organization_id": HERE},
        {"name": "王伟", "phone": "0755-28780808", "organization_id": HERE},
        0.45,
        "SAME_PHONE",
    ),
    ({"mobile": "13800138000"}, {"phone": "+86 138 0013 8000"}, 0.7, "SAME_PHONE SAME_NAME"),
    ({"name": "李小龙"}, {"name": "李小明"}, 0, ""),
    ({"name": "Li Na"}, {"name": "NA LI"}, 0.45, "SAME_NAME"),
    ({"name": "José García"}, {"name": "Garcia, Jose"}, 0.45, "SAME_NAME"),
    ({"name": "Jonathan Smith"}, {"name": "Smith, Jonatan"}, 0.26, "SIMILAR_NAME"),
    ({"name": "Jonathan Smith"}, {"name": "Mary Smith"}, 0, ""),
    ({"name": "!"}, {"name": "?"}, 0, ""),
]


@pytest.mark.parametrize(("one", "other", "score", "reasons"), CONTACTS)
def test_contacts(one, other, score, reasons):
    pair = [contact_pb2.Contact(**({"name": "李娜"} | record)) for record in (one, other)]
    a, b = map(contact_traits, pair)
    match = compare_contacts(a, b)
    assert (match.score, told(match)) == (score, reasons.split())
    assert compare_contacts(b, a) == match


def told(match) -> list[str]:
    return [
        match_pb2.MatchReason.Name(reason).removeprefix("MATCH_REASON_")
        for reason, _ in match.evidence
    ]


def test_people_are_asked_about_the_same_and_not_about_sisters():
    """What is worth a look, and what is only listed, lie on two sides of the line."""
    asked = [score >= WORTH_A_LOOK for *_, score, reasons in ORGANIZATIONS if reasons]
    assert asked == [True, True, True, True, False, False, False, True, True, True, False]


@pytest.mark.parametrize(
    ("a", "b", "share"),
    [
        ("night", "nacht", 0.25),
        ("aaaa", "aa", 0.5),
        ("华为", "华为", 1),
        ("华为", "为华", 0),
        ("a", "a", 0),
        ("", "ab", 0),
    ],
)
def test_dice_is_the_share_of_common_pairs(a, b, share):
    assert dice(a, b) == share


def test_a_score_is_between_0_and_1_and_more_reasons_never_lower_it():
    fields = {"tax_id": ONE, "email": "a@b.cn", "phone": "0755-28780808"}
    scores: dict[frozenset[str], float] = {}
    for count in range(len(fields) + 1):
        for chosen in itertools.combinations(fields, count):
            record = organization_pb2.Organization(
                name=HUAWEI, **{name: fields[name] for name in chosen}
            )
            traits = organization_traits(record)
            scores[frozenset(chosen)] = compare_organizations(traits, traits).score
    for one, other in itertools.product(scores, scores):
        assert 0 <= scores[one] <= 1
        assert not one <= other or scores[one] <= scores[other]
