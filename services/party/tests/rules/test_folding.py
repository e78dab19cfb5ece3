"""What people write in many ways is folded to the same text (PLT-17)."""

import pytest

from party.folding import (
    OrganizationName,
    email_key,
    organization_name,
    person_key,
    person_names,
    phone_key,
    tax_id_key,
)

CHINESE = {
    "华为技术有限公司": ("华为", "技术", "", ""),
    "华为技术股份有限公司": ("华为", "技术", "", ""),
    " 华为 技术 有限责任公司 ": ("华为", "技术", "", ""),
    "华为终端有限公司": ("华为", "终端", "", ""),
    "深圳市华为技术有限公司": ("华为", "技术", "深圳", ""),
    "广东省深圳市华为技术有限公司": ("华为", "技术", "深圳", ""),
    "华为技术（深圳）有限公司": ("华为", "技术", "深圳", ""),
    "华为技术(中国)有限公司": ("华为", "技术", "", ""),
    "中国华为技术有限公司": ("华为", "技术", "", ""),
    "华为技术有限公司深圳分公司": ("华为", "技术", "", "深圳"),
    "中国工商银行股份有限公司北京市分行": ("工商", "银行", "", "北京"),
    "万科（集团）股份有限公司": ("万科", "", "", ""),
    "ＴＣＬ集团股份有限公司": ("tcl", "", "", ""),
    "ＩＢＭ（中国）有限公司": ("ibm", "", "", ""),
    "ABB中国有限公司": ("abb", "", "", ""),
    "深圳市腾讯计算机系统有限公司": ("腾讯", "计算机系统", "深圳", ""),
    # Nothing in them but regions and trades: what there is tells them apart.
    "中国银行": ("中国银行", "", "", ""),
    "中国农业银行股份有限公司": ("中国农业银行", "", "", ""),
    "上海有限公司": ("上海", "", "", ""),
    "银行": ("银行", "", "", ""),
    "公司": ("公司", "", "", ""),
}
LATIN = {
    "Siemens AG": ("siemens", "", "", ""),
    "SIEMENS": ("siemens", "", "", ""),
    "Siemens Ltd., China": ("siemens", "", "", ""),
    "Siemens (Shanghai) Co., Ltd.": ("siemens", "", "shanghai", ""),
    "Shanghai Siemens Co Ltd": ("siemens", "", "shanghai", ""),
    "L’Oréal S.A.": ("loreal", "", "", ""),
    "Loreal SA": ("loreal", "", "", ""),
    "Johnson & Johnson": ("johnson johnson", "", "", ""),
    "Johnson and Johnson, Inc.": ("johnson johnson", "", "", ""),
    "Müller GmbH & Co. KG": ("muller", "", "", ""),
    "Huawei Technologies Co., Ltd.": ("huawei", "technologies", "", ""),
    "ＨＵＡＷＥＩ　ＤＥＶＩＣＥ CO LTD": ("huawei", "device", "", ""),
    "The Boeing Company": ("boeing", "", "", ""),
    "Bank of China Limited": ("bank china", "", "", ""),
    "Agricultural Bank of China": ("agricultural", "bank", "", ""),
    "General Electric Company": ("general electric", "", "", ""),
    "!!": ("", "", "", ""),
    "": ("", "", "", ""),
}


@pytest.mark.parametrize(("written", "parts"), [*CHINESE.items(), *LATIN.items()])
def test_an_organizations_name_is_taken_apart(written, parts):
    assert organization_name(written) == OrganizationName(*parts)


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("李娜", "娜李"),
        ("李 娜", "娜李"),
        ("娜 李", "娜李"),
        ("李娜女士", "娜李"),
        ("李娜 (Anna)", "娜李"),
        ("欧阳 娜娜", "娜娜欧阳"),
        ("王伟2", "2 王伟"),
        ("Li Na", "li na"),
        ("NA  LI", "li na"),
        ("Li, Na", "li na"),
        ("Ms. Na Li", "li na"),
        ("José García", "garcia jose"),
        ("J. R. R. Tolkien", "j r r tolkien"),
        ("O'Neill", "oneill"),
        ("", ""),
    ],
)
def test_a_persons_name_is_found_whatever_its_order(written, key):
    assert person_key(written) == key


@pytest.mark.parametrize(
    ("parts", "names"),
    [
        (("李娜",), {"李娜"}),
        (("娜 李",), {"娜李", "李娜"}),
        (("娜李", "娜", "李"), {"娜李", "李娜"}),
        (("Na Li",), {"na li", "li na"}),
        (("Na", "Na", "Li"), {"na", "na li", "li na"}),
        (("Anna Maria Li",), {"anna li maria"}),
        (("Li Maria Anna",), {"anna li maria"}),
        (("",), set()),
    ],
)
def test_a_persons_name_may_be_written_in_several_ways(parts, names):
    assert person_names(*parts) == names


@pytest.mark.parametrize(
    "written",
    [
        "0755-28780808",
        "(0755) 2878 0808",
        "075528780808",
        "０７５５－２８７８０８０８",
        "+86 755 28780808",
        "+86 (0)755 2878 0808",
        "+86 0755 28780808",
        "0086-755-28780808",
        "86-755-28780808",
        "0755-28780808-8001",
        "0755-28780808转8001",
        "0755-28780808 ext. 12",
    ],
)
def test_a_telephone_in_shenzhen_is_one_number(written):
    assert phone_key(written) == "8675528780808"


@pytest.mark.parametrize(
    ("written", "country", "key"),
    [
        ("138 0013 8000", "", "8613800138000"),
        ("8613800138000", "", "8613800138000"),
        ("+86-138-0013-8000", "DE", "8613800138000"),
        ("400-830-8300", "CN", "864008308300"),
        ("089 63600", "DE", "498963600"),
        ("+49 (0)89 63600", "", "498963600"),
        ("0049 89 636 00", "", "498963600"),
        ("06 1234567", "IT", "39061234567"),
        ("+39 06 1234567", "", "39061234567"),
        ("(415) 555-2671", "US", "14155552671"),
        ("0755-28780808", "XX", "8675528780808"),
        ("95588", "", ""),
        ("+86 512", "", ""),
        ("n/a", "", ""),
        ("", "", ""),
    ],
)
def test_a_number_begins_with_its_country(written, country, key):
    assert phone_key(written, country) == key


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("91440300192203821A", "91440300192203821A"),
        ("９１４４０３００ 19220382-1a", "91440300192203821A"),
        ("DE 123.456.789", "DE123456789"),
        ("de123456789", "DE123456789"),
        ("无", ""),
        ("n/a", ""),
        ("000000000000000000", ""),
        ("12345", ""),
        ("UNKNOWN", ""),
        ("", ""),
    ],
)
def test_a_tax_number_is_capitals_and_digits(written, key):
    assert tax_id_key(written) == key


@pytest.mark.parametrize(
    ("written", "key"),
    [
        (" Li.Na@Example.COM ", "li.na@example.com"),
        ("ｌｉ＠ｘ.cn", "li@x.cn"),
        ("none", ""),
        ("", ""),
    ],
)
def test_an_email_is_small_letters(written, key):
    assert email_key(written) == key
