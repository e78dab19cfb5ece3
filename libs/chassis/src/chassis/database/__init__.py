"""PostgreSQL: one schema and three roles per service, tenants as rows behind row-level security."""

from chassis.database.address import Address, Role
from chassis.database.database import Database, Transaction, transaction_is_open
from chassis.database.failures import translated
from chassis.database.pool import Pool, Record
from chassis.database.tables import TENANT_ID, chassis_tables

__all__ = [
    "TENANT_ID",
    "Address",
    "Database",
    "Pool",
    "Record",
    "Role",
    "Transaction",
    "chassis_tables",
    "transaction_is_open",
    "translated",
]
