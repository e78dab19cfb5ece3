"""Looking for what is alike costs the same in a table of any size (PLT-17, PLT-19)."""

import uuid

import asyncpg
import pytest

from chassis.database import Role
from party.likeness import CONTACTS, ORGANIZATIONS

ROWS = 3_000
# What an import of that many leaves behind, without the calls.
FILL = {
    "organization": """
        INSERT INTO party.organization (tenant_id, id, create_time, update_time, name, roles,
            employee_count, founded_year, version, title_sort_key, tax_id_key, email_key,
            phone_key, name_key)
        SELECT $1, i, now(), now(), i::text, '{}', 0, 0, 1, i::text, i::text, i::text, i::text,
            i::text FROM unnest($2::uuid[]) AS rows (i)""",
    "contact": """
        INSERT INTO party.contact (tenant_id, id, create_time, update_time, name, functions, skills,
            interests, decision_role, decision_degree, version, title_sort_key, email, phone_key,
            mobile_key, name_key)
        SELECT $1, i, now(), now(), i::text, '{}', '{}', '{}', 0, 0, 1, i::text, i::text, i::text,
            i::text, i::text
        FROM unnest($2::uuid[]) AS rows (i)""",
}
# What is like records that are not there; of one that is, it alone would be filtered out.
NOT_THERE = [str(uuid.UUID(int=0))] * 3
CASES = {
    "organization": (ORGANIZATIONS, lambda keys: [NOT_THERE, *[keys] * 4]),
    "contact": (CONTACTS, lambda keys: [NOT_THERE, *[keys] * 4, [None] * 3]),
}


@pytest.mark.parametrize("table", CASES)
async def test_no_question_reads_the_table(firm, table):
    database = firm.world.host.databases["party"]
    ids = [str(uuid.uuid4()) for _ in range(ROWS)]
    await database.write(firm.tenant_id, FILL[table], firm.tenant_id, ids)
    owner = await asyncpg.connect(firm.world.host.address.dsn("party", Role.OWNER))
    try:
        await owner.execute(f"ANALYZE party.{table}")
    finally:
        await owner.close()
    likeness, arguments = CASES[table]
    for question, given in (
        (likeness.candidates, arguments(ids[7:10])),
        (f"SELECT t.id FROM party.{table} t WHERE {likeness.holders}", [[ids[7]]]),
        (likeness.known_sql, [[ids[7]]]),
    ):
        plan = await firm.rows(
            f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) {question}",
            *given,
        )
        text = "\n".join(row[0] for row in plan)
        assert "Seq Scan" not in text, text
        assert "Rows Removed by Filter" not in text, text
