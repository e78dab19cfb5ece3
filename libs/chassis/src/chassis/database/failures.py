"""What PostgreSQL refuses, in the words of the one error type."""

import contextlib
import re
from collections.abc import Generator

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as SaturatedError

from chassis import errors

_DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
_KEY = re.compile(r"Key \((.*?)\)=")


@contextlib.contextmanager
def translated() -> Generator[None]:
    """Turn database errors that a caller can act upon into `chassis.errors`.

    What remains (a syntax error, a missing table) is our own fault and stays as it is: it becomes
    an opaque INTERNAL at the edge.
    """
    try:
        yield
    except asyncpg.PostgresError as error:
        known = _known(error)
        if known is None:
            raise
        raise known from error
    except SaturatedError as error:
        raise errors.Unavailable("DATABASE_BUSY", retry_after=1) from error
    except (ConnectionError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        raise errors.Unavailable("DATABASE_UNAVAILABLE", retry_after=1) from error


def unwrapped(error: DBAPIError) -> BaseException:
    """Give the driver's own error out of SQLAlchemy's."""
    cause: BaseException | None = error.orig
    while cause is not None and not isinstance(cause, _DRIVER_ERRORS):
        cause = cause.__cause__
    return cause or error


def _known(error: asyncpg.PostgresError) -> errors.Error | None:
    match error:
        case asyncpg.UniqueViolationError():
            return errors.AlreadyExists("ALREADY_EXISTS", key=_key_of(error))
        case asyncpg.ForeignKeyViolationError():
            if "still referenced" in (error.detail or ""):
                return errors.FailedPrecondition("STILL_REFERENCED", by=error.table_name or "")
            return errors.invalid_field(_key_of(error), "REFERENCE_NOT_FOUND")
        case asyncpg.CheckViolationError() | asyncpg.ExclusionViolationError():
            return errors.FailedPrecondition("RULE_BROKEN", rule=error.constraint_name or "")
        case asyncpg.CharacterNotInRepertoireError() | asyncpg.UntranslatableCharacterError():
            return errors.Invalid("INVALID_TEXT")
        case asyncpg.NumericValueOutOfRangeError() | asyncpg.DatetimeFieldOverflowError():
            return errors.Invalid("VALUE_OUT_OF_RANGE")
        case asyncpg.QueryCanceledError():
            return errors.DeadlineExceeded("STATEMENT_TOO_SLOW")
        case asyncpg.DeadlockDetectedError() | asyncpg.SerializationError():
            return errors.Conflict("BUSY_RECORD", retry_after=0.05)
        case (
            asyncpg.PostgresConnectionError()
            | asyncpg.OperatorInterventionError()
            | asyncpg.InsufficientResourcesError()
        ):
            return errors.Unavailable("DATABASE_UNAVAILABLE", retry_after=1)
        case _ if type(error) is asyncpg.DataError:  # the driver could not encode a value
            return errors.Invalid("VALUE_OUT_OF_RANGE")
        case _:
            return None


def _key_of(error: asyncpg.PostgresError) -> str:
    """Name what the violated key is of, without the tenant that every key begins with.

    PostgreSQL keeps the columns to itself where a row-level policy stands; the name of the key
    tells them too (``source_name_key``).
    """
    match = _KEY.search(error.detail or "")
    if match:
        return ", ".join(column for column in match[1].split(", ") if column != "tenant_id")
    name = (error.constraint_name or "").removeprefix(f"{error.table_name}_")
    return "id" if name == "pkey" else name.rpartition("_")[0]
